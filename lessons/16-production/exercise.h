/* The exercise of lesson 16: a server that leaves without losing anything. */
#ifndef LESSONS_16_PRODUCTION_EXERCISE_H
#define LESSONS_16_PRODUCTION_EXERCISE_H

#include "server.h"

/*
 * SIGTERM has come: whoever runs this server wants it to end, often because a newer version is
 * there to take over. It is called for each SIGTERM; all but the first are to change nothing.
 *
 *   - Nobody is let in any more.
 *   - Every client is told 1001, going away. Whose handshake is not over (`ready` is false) still
 *     speaks HTTP and would not understand a frame: hang up.
 *   - The clients have limit_ms from now on to answer.
 */
void drain_begin(struct server *server, double now_ms);

/*
 * For how many ms the server may go on, at most; 0: it leaves now. It asks before each wait for its
 * clients, and waits no longer than that.
 *
 *   - As long as no drain has begun: INFINITY (math.h).
 *   - When the last client is gone: 0. Whoever is still there may have messages under way to us,
 *     or may not have read yet what waits for it.
 *   - When the limit is over: 0, whoever is still there.
 */
double drain_left(const struct server *server, double now_ms);

#endif
