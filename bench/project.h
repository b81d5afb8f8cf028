/* Where the project's own files are, wherever it was unpacked. */
#ifndef BENCH_PROJECT_H
#define BENCH_PROJECT_H

#include <stddef.h>

/*
 * The path of `relative` ("scripts/plots"), looked for in the directory of this executable, then
 * in every directory above it. 0, -ENOENT, or -ENAMETOOLONG where size is too small.
 */
int project_path(char *out, size_t size, const char *relative);

#endif
