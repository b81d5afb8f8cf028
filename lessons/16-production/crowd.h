/* Many clients at once, who only listen. */
#ifndef LESSONS_16_PRODUCTION_CROWD_H
#define LESSONS_16_PRODUCTION_CROWD_H

#include <stdint.h>

struct crowd {
	unsigned size;
	int *clients; /* connections */
};

/* Connects them, one after the other. */
void crowd_connect(struct crowd *crowd, unsigned size, uint16_t port);

/* How the clients fare right now: something has come to them, their connection has ended, or
 * neither. What came remains to be read. */
struct fares {
	unsigned heard, ended, silent;
};

struct fares crowd_fares(const struct crowd *crowd);

/* The client says that it will send no more: its server takes that for its end. */
void crowd_one_leaves(struct crowd *crowd, unsigned client);

void crowd_leave(struct crowd *crowd);

#endif
