#include "exercise.h"

#include <string.h>
#include <strings.h>

/*
 * As it is, this takes all that has been read for one message. That works on your own machine most
 * of the time. TCP carries a stream of bytes, though: half a message may come, or one and a half.
 */
ssize_t message_size(const char *data, size_t size)
{
	/* TODO: find the empty line that ends the head (it may not be there yet), then the line
	 * that begins with Content-Length: and add what it says. exercise.h has the rules. */
	(void)data;
	return (ssize_t)size;
}
