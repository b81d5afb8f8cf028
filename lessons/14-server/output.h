/* Bytes that are to be sent, and which the kernel has no room for yet. */
#ifndef LESSONS_14_SERVER_OUTPUT_H
#define LESSONS_14_SERVER_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

/* All 0 while there are none: then it owns no memory either. */
struct output {
	uint8_t *bytes;
	size_t sent, put, room; /* what lies between sent and put is pending */
};

/* Puts more behind what is pending. Without memory for it the program ends. */
void output_add(struct output *output, const void *data, size_t size);

/* So many bytes have been sent. */
void output_took(struct output *output, size_t size);

/* Forgets what is pending. */
void output_free(struct output *output);

#endif
