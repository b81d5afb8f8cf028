#include "matrix.h"

#include <stddef.h>
#include <string.h>

#define CELL(transport, stack) &transport##_##stack,
#define ROW(transport)         STACKS_OF(CELL, transport)
const struct endpoint *const matrix_endpoints[] = {TRANSPORTS(ROW) NULL};

#define STACK(name) &name##_stack,
static const struct stack_ops *const stacks[] = {STACKS(STACK)};

#define CLIENT(transport) &transport##_client,
static const struct client_ops *const clients[] = {TRANSPORTS(CLIENT) & floor_client};

const struct endpoint *matrix_endpoint(const char *transport, const char *stack)
{
	for (const struct endpoint *const *e = matrix_endpoints; *e; e++)
		if (!strcmp((*e)->transport, transport) && !strcmp((*e)->stack, stack))
			return *e;
	if (!strcmp(transport, floor_epoll.transport) && !strcmp(stack, floor_epoll.stack))
		return &floor_epoll;
	return NULL;
}

const struct endpoint *matrix_first(const char *transport)
{
	if (!strcmp(transport, floor_epoll.transport))
		return &floor_epoll;
	for (const struct endpoint *const *e = matrix_endpoints; *e; e++)
		if (!strcmp((*e)->transport, transport) && !(*e)->hole)
			return *e;
	return NULL;
}

const struct stack_ops *matrix_stack(const char *stack)
{
	for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++)
		if (!strcmp(stacks[i]->name, stack))
			return stacks[i];
	return NULL;
}

const struct client_ops *matrix_client(const char *transport)
{
	for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
		if (!strcmp(clients[i]->transport, transport))
			return clients[i];
	return NULL;
}
