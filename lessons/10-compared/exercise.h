/* The exercise of lesson 10: a sixth row. */
#ifndef LESSONS_10_COMPARED_EXERCISE_H
#define LESSONS_10_COMPARED_EXERCISE_H

#include <stddef.h>

#include "transport.h"

/*
 * Long polling whose answers bring all messages that there are, not one each. The server, the
 * client and the link are those of the lesson, and follow this row as they follow the others: see
 * transport.h for what its fields say. They call the two functions below.
 */
extern const struct transport batches;

/*
 * Puts an answer with so many messages, 1 at least, as text that ends with '\0', and gives its
 * length, which is less than size. It is ANSWER of texts.h with another body and its length:
 * "Hello" so many times, one a line, without an end of line behind the last.
 *   1 message   "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nHello"
 *   2 messages  the same with Content-Length: 11, and "Hello\nHello"
 */
size_t put_batch(char *answer, size_t size, unsigned messages);

/* How many messages an answer has, which put_batch has put, or which says NOTHING. */
unsigned count_batch(const char *answer);

/*
 * Your prediction for the columns of bytes: what has crossed the wire, both ways together, when so
 * many messages have come in answers with in_each (the last answer has what is left), and the
 * client listens for the next. The check counts whether that is so.
 */
unsigned long batch_bytes(unsigned messages, unsigned in_each);

#endif
