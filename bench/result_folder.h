/* The folder that a result is kept in. */
#ifndef BENCH_RESULT_FOLDER_H
#define BENCH_RESULT_FOLDER_H

#include <stddef.h>
#include <stdio.h>

/* The path results/NAME-UTC in the project. 0, -ENOENT where the project has no folder results,
 * or -ENAMETOOLONG. */
int result_folder_name(char *path, size_t size, const char *name);

/*
 * Makes the folder, and those above it, with a copy of the experiment's file in it, and opens an
 * empty runs.jsonl there, which the caller closes. 0, -EEXIST where there is a runs.jsonl, or
 * another negative errno.
 */
int result_folder_make(const char *path, const char *experiment_path, FILE **runs);

#endif
