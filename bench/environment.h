/* What a result was measured on. */
#ifndef BENCH_ENVIRONMENT_H
#define BENCH_ENVIRONMENT_H

#include <jansson.h>
#include <stddef.h>

/*
 * Writes environment.json into dir: cpu model and count, kernel, governor, mitigations, memory,
 * library versions, compiler and flags, git commit (with "-dirty"), lab mode, CPUs allowed,
 * congestion control, descriptor limit, date (UTC), and the command of this process. What this
 * machine does not tell is null. 0 or a negative errno.
 */
int environment_write(const char *dir, const char *lab_mode);

/* What stands in dir/environment.json; the caller drops the reference. NULL with *status set to a
 * negative errno: -ENOENT where it is not there, -EBADMSG where it is no JSON. */
json_t *environment_read(const char *dir, int *status);

/* One line for captions, from dir/environment.json: "2 × AMD EPYC … (virtual), Linux 6.18,
 * loopback, 2026-11-23". 0 or a negative errno. */
int environment_caption(const char *dir, char *caption, size_t size);

/* The command by which the result was made, as one would type it; "" where that is not known.
 * 0 or a negative errno. */
int environment_command(const char *dir, char *command, size_t size);

#define ENVIRONMENT_HASH_SIZE 17

/* What tells one dir/environment.json from another: the first 16 hexadecimal digits of its
 * SHA-256. 0 or a negative errno. */
int environment_hash(const char *dir, char hash[ENVIRONMENT_HASH_SIZE]);

#endif
