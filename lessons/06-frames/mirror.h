/* The wire of this lesson: what is sent to a child process, and what comes back from it. */
#ifndef LESSONS_06_FRAMES_MIRROR_H
#define LESSONS_06_FRAMES_MIRROR_H

#include <stddef.h>
#include <stdint.h>

/* The longest payload that we try, and room for a frame with it: no header is above 14 bytes. */
#define LONGEST 65536
#define ROOM    (14 + LONGEST)

/* The mirror, for net_serve: it sends back the bytes that it got, and looks at none of them. It
 * sends nothing before it has read all: our frames are small. */
void mirror(int connection, void *user);

/* Sends a question to a port and reads until the end, ROOM bytes at most. */
size_t ask(uint16_t port, const void *question, size_t size, uint8_t *answer);

#endif
