/* A link that loses one message: a child process on loopback, in one direction. */
#ifndef LESSONS_12_DATAGRAMS_LOSSY_H
#define LESSONS_12_DATAGRAMS_LOSSY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct message {
	int number;
	double sent_ms; /* when it is to be sent, by net_now_ms, which all processes here share */
};

/* The first five say what link it is. */
struct lossy {
	bool ordered;     /* TCP at both ends, and nothing overtakes; else datagrams */
	bool repairs;     /* what is lost comes later; else never */
	int lost;         /* the message's number */
	double delay_ms;  /* of each message */
	double repair_ms; /* how much later it comes */
	uint16_t port;    /* send messages here */
	pid_t pid;
};

/*
 * Passes messages on to a port, TCP's or UDP's, after the delay. The loss is acted: the link knows
 * which message it is. Where it is repaired, it is held for repair_ms more, as if its sender had
 * noticed and sent it again; in an ordered link all that comes behind it is held too, until it has
 * gone. With TCP it waits for one connection, and ends it where its sender has.
 */
void lossy_start(struct lossy *lossy, uint16_t to_port);

void lossy_stop(struct lossy *lossy);

#endif
