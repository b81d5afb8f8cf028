#include "output.h"

#include <stdlib.h>
#include <string.h>

#include "../stage/child.h"

void output_add(struct output *output, const void *data, size_t size)
{
	while (output->room - output->put < size) {
		output->room = output->room > 0 ? 2 * output->room : 512;
		output->bytes = realloc(output->bytes, output->room);
		if (!output->bytes)
			child_give_up("get memory for what is to be sent");
	}
	memcpy(output->bytes + output->put, data, size);
	output->put += size;
}

void output_took(struct output *output, size_t size)
{
	output->sent += size;
	if (output->sent == output->put)
		output_free(output);
}

void output_free(struct output *output)
{
	free(output->bytes);
	*output = (struct output){0};
}
