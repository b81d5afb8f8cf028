/* Runs a program and waits for its end. */
#ifndef BENCH_COMMAND_H
#define BENCH_COMMAND_H

#include <stddef.h>

/*
 * Runs argv[0], found on PATH, in `directory`. output, which may be NULL, gets the first
 * size - 1 bytes that it writes to stdout, zero-terminated; its errors go nowhere then, else both
 * go where ours go. Returns its exit status (128 + signal where one ended it), or a negative errno:
 * -ENOENT where there is no such program.
 */
int command_run(const char *const argv[], const char *directory, char *output, size_t size);

#endif
