/* The ports that another process listens on. */
#ifndef LESSONS_STAGE_PORTS_H
#define LESSONS_STAGE_PORTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* TCP ports, over IPv4 and IPv6, as /proc has them: the first `most`. Gives their number. */
size_t ports_listened_on(pid_t pid, uint16_t *ports, size_t most);

#endif
