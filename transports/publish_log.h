/*
 * When each message was due and when it was really put into the hub, in a file that the server
 * writes and the harness reads while it is written. It gives the harness the second latency
 * (from the actual publish instant) without a byte more in the messages.
 */
#ifndef TRANSPORTS_PUBLISH_LOG_H
#define TRANSPORTS_PUBLISH_LOG_H

#include <stddef.h>
#include <stdint.h>

struct publish_log; /* a mapping of the file */

/* Maps the file open at fd for capacity messages, enlarging it as needed; fd may be closed
 * afterwards. Sets *out, or gives a negative errno. Both sides pass the same capacity. */
int publish_log_open(struct publish_log **out, int fd, size_t capacity);

/* Unmaps. NULL is fine; sets NULL. */
void publish_log_close(struct publish_log **log);

/* Notes that message id (from 1) was due at scheduled_ns and published at published_ns
 * (CLOCK_MONOTONIC). Ids above the capacity are ignored. */
void publish_log_note(struct publish_log *log, uint64_t id, uint64_t scheduled_ns,
                      uint64_t published_ns);

/* What was noted for id. 0, or -ENOENT where nothing was. */
int publish_log_read(const struct publish_log *log, uint64_t id, uint64_t *scheduled_ns,
                     uint64_t *published_ns);

#endif
