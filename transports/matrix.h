/* The only registration: which transports and stacks there are. */
#ifndef TRANSPORTS_MATRIX_H
#define TRANSPORTS_MATRIX_H

#include "client.h"
#include "server.h"

/* Add a transport: one word, one folder. */
#define TRANSPORTS(X) X(polling) X(longpoll) X(sse) X(websocket)
/* Add a stack: one word, one runtime, one cell in each folder; the linker names those owed. */
#define STACKS(X)               X(mhd) X(lws) X(epoll)
#define STACKS_OF(X, transport) X(transport, mhd) X(transport, lws) X(transport, epoll)

#define MATRIX_CELL(transport, stack) extern const struct endpoint transport##_##stack;
#define MATRIX_STACK(stack)           extern const struct stack_ops stack##_stack;
#define MATRIX_CLIENT(transport)      extern const struct client_ops transport##_client;
#define MATRIX_ROW(transport)         STACKS_OF(MATRIX_CELL, transport)
STACKS(MATRIX_STACK)
TRANSPORTS(MATRIX_CLIENT)
TRANSPORTS(MATRIX_ROW)

/* Every cell, holes too, row by row; NULL ends the list. */
extern const struct endpoint *const matrix_endpoints[];

/* The floor: what the harness itself costs, measured over a transport that does nothing (raw TCP,
 * messages with a length before them). It stands beside the matrix, on one stack. */
extern const struct endpoint floor_epoll;
extern const struct client_ops floor_client;

/* The cell, which may be a hole, or the floor; NULL where a name is unknown. */
const struct endpoint *matrix_endpoint(const char *transport, const char *stack);

/* The first stack in STACKS on which the transport exists; NULL where the name is unknown. */
const struct endpoint *matrix_first(const char *transport);

/* NULL where the name is unknown. */
const struct stack_ops *matrix_stack(const char *stack);
const struct client_ops *matrix_client(const char *transport);

#endif
