/* The messages of the exercise: one copy of each, for all who are to get it. */
#ifndef LESSONS_15_CHAT_MESSAGE_H
#define LESSONS_15_CHAT_MESSAGE_H

#include <stddef.h>

#define LINE_MOST 64

struct message {
	unsigned holders; /* the last one that releases it frees it */
	size_t size;
	char text[LINE_MOST]; /* a line, with its '\n' */
};

/* A new one, its text made as printf does. It has one holder: you. */
struct message *message_new(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* It has one holder more. Gives the message, so that it can be held and kept in one line. */
struct message *message_hold(struct message *message);

/* It has one holder less. */
void message_release(struct message *message);

/* How many there are in memory. */
size_t messages_alive(void);

#endif
