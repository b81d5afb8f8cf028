#include "matrix.h"

#include <stddef.h>
#include <string.h>

#include "stack/lws.h"
#include "stack/mhd.h"

#define CELL(transport, stack) &transport##_##stack,
#define ROW(transport)         STACKS_OF(CELL, transport)
const struct endpoint *const matrix_endpoints[] = {TRANSPORTS(ROW) NULL};

/* The stacks that have a runtime. */
static const struct stack_ops *const stacks[] = {&mhd_stack, &lws_stack};

#define CLIENT(transport) &transport##_client,
static const struct client_ops *const clients[] = {TRANSPORTS(CLIENT)};

const struct endpoint *matrix_endpoint(const char *transport, const char *stack)
{
	for (const struct endpoint *const *e = matrix_endpoints; *e; e++)
		if (!strcmp((*e)->transport, transport) && !strcmp((*e)->stack, stack))
			return *e;
	return NULL;
}

const struct endpoint *matrix_first(const char *transport)
{
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
