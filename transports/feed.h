/* Help for tests: input that ends where memory ends, and allocations that fail. */
#ifndef TRANSPORTS_FEED_H
#define TRANSPORTS_FEED_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * The allocation by malloc, calloc or realloc that fails, counted from now: 1 is the next; 0 or
 * less: none does. It counts down to 0, so a value above 0 after a call says that the call made
 * fewer allocations. What libc or a shared library allocates for itself is not counted (strdup,
 * getline). Defined in feed.c, which every test program links with
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc.
 */
extern long feed_fail_at;

/* A copy of some bytes that ends right before a page nobody may touch: an over-read crashes. */
struct feed_guard {
	uint8_t *data;
	size_t size;

	/* private */
	void *map;
	size_t map_size;
};

/* Aborts where there is no memory: a test has nothing to do then. */
static inline struct feed_guard feed_guard_open(const void *data, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t usable = (size + page - 1) / page * page;
	struct feed_guard guard = {.size = size, .map_size = usable + page};

	guard.map = mmap(NULL, guard.map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	                 -1, 0);
	if (guard.map == MAP_FAILED || mprotect((uint8_t *)guard.map + usable, page, PROT_NONE) < 0)
		abort();
	guard.data = (uint8_t *)guard.map + usable - size;
	if (size > 0)
		memcpy(guard.data, data, size);
	return guard;
}

static inline void feed_guard_close(struct feed_guard *guard)
{
	munmap(guard->map, guard->map_size);
	*guard = (struct feed_guard){0};
}

#endif
