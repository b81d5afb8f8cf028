/* The server of lesson 15's first part: a chat with a log, and a way to it that is cut once. */
#ifndef LESSONS_15_CHAT_CHAT_H
#define LESSONS_15_CHAT_CHAT_H

#include <stdbool.h>

#define LOG_MOST  16
#define TEXT_MOST 64

/* What it knows; in memory that is shared, so that we can look. */
struct chat {
	unsigned posted;               /* messages in the log; their ids are 1, 2, 3 and so on */
	char log[LOG_MOST][TEXT_MOST]; /* each "SENDER:NUMBER TEXT"; the number is the sender's */
	double away_ms;                /* how long the way is gone, once it is cut */
	double back;                   /* when it is there again; 0: not cut yet */
	unsigned posts;                /* messages that came from clients, the same again too */
};

/* Puts the first messages into the log. */
void chat_begin(struct chat *chat, double away_ms);

/* How often that message stands in the log. */
unsigned chat_count(const struct chat *chat, const char *text);

/*
 * Serves one connection; user is a struct chat. The request's path may end with "?last=ID": what
 * the log has behind that id is sent first, each as "ID SENDER:NUMBER TEXT". Then it waits for one
 * message, and adds it to the log, unless that has one of this sender with this number. The first
 * time that it does, half of the message's frame goes back, and the connection is cut; others post
 * four messages while the way is gone. Whoever asks in that time gets 503 from the proxy that
 * stands in front. Later connections are closed with 1000.
 */
void chat_serve(int connection, void *user);

#endif
