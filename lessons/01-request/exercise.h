/* The exercise of lesson 1: where does a message end? */
#ifndef LESSONS_01_REQUEST_EXERCISE_H
#define LESSONS_01_REQUEST_EXERCISE_H

#include <sys/types.h>

/*
 * data is what has been read from a connection so far: size bytes, with no '\0' behind them. How
 * many of them are the first HTTP message, head and body?
 *
 * 0 while the message is not all there. What is behind it belongs to the next one. A head ends with
 * an empty line; the body has as many bytes as Content-Length says (its name may be written in any
 * case, and blanks (spaces or tabs) may stand before its value), and none where there is no such
 * line (so it is with requests). -1 where the value is no number. HTTP allows blanks behind the
 * value too ("5 \r\n"); to keep this simple they are left out here: nothing tests them.
 */
ssize_t message_size(const char *data, size_t size);

#endif
