#include "publish_log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A lock inside an entry would be private to one process. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "entries are shared between processes");

/* published_ns is stored last: once it is not 0, scheduled_ns can be read. */
struct entry {
	uint64_t scheduled_ns;
	_Atomic uint64_t published_ns;
};

struct publish_log {
	size_t capacity;
	struct entry *entries;
};

static int enlarge(int fd, size_t size)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size < (off_t)size && ftruncate(fd, (off_t)size) < 0)
		return -errno;
	return 0;
}

static int map(struct publish_log *log, int fd, size_t size)
{
	void *memory;
	int status = enlarge(fd, size);

	if (status < 0)
		return status;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	log->entries = memory;
	return 0;
}

int publish_log_open(struct publish_log **out, int fd, size_t capacity)
{
	struct publish_log *log;
	int status;

	if (capacity > PTRDIFF_MAX / sizeof(*log->entries))
		return -EINVAL;
	log = malloc(sizeof(*log));
	if (!log)
		return -ENOMEM;
	log->capacity = capacity;
	status = map(log, fd, capacity * sizeof(*log->entries));
	if (status < 0) {
		free(log);
		return status;
	}
	*out = log;
	return 0;
}

void publish_log_close(struct publish_log **log)
{
	if (!*log)
		return;
	munmap((*log)->entries, (*log)->capacity * sizeof(*(*log)->entries));
	free(*log);
	*log = NULL;
}

/* NULL where there is no room for id; id 0, which no message has, wraps round to there. */
static struct entry *entry_of(const struct publish_log *log, uint64_t id)
{
	return id - 1 < log->capacity ? &log->entries[id - 1] : NULL;
}

void publish_log_note(struct publish_log *log, uint64_t id, uint64_t scheduled_ns,
                      uint64_t published_ns)
{
	struct entry *entry = entry_of(log, id);

	if (!entry)
		return;
	entry->scheduled_ns = scheduled_ns;
	atomic_store_explicit(&entry->published_ns, published_ns, memory_order_release);
}

int publish_log_read(const struct publish_log *log, uint64_t id, uint64_t *scheduled_ns,
                     uint64_t *published_ns)
{
	struct entry *entry = entry_of(log, id);
	uint64_t published;

	if (!entry)
		return -ENOENT;
	published = atomic_load_explicit(&entry->published_ns, memory_order_acquire);
	if (published == 0)
		return -ENOENT;
	*scheduled_ns = entry->scheduled_ns;
	*published_ns = published;
	return 0;
}
