/* An INI file as a list of settings that know their line. */
#ifndef BENCH_SETTINGS_H
#define BENCH_SETTINGS_H

#include <stddef.h>

struct setting {
	char *section, *key, *value; /* owned */
	int line;                    /* from 1; where the value begins */
};

struct settings {
	struct setting *items; /* owned; in the order of the file */
	size_t count;
};

/*
 * Reads the file. A value goes on in the lines below it that are indented; ';' and '#' begin a
 * comment. A key given twice in a section is an error. 0, or a negative errno with one line in
 * `error` that says where and what (PATH:LINE: …). Afterwards settings_free is due in any case.
 */
int settings_read(struct settings *out, const char *path, char *error, size_t error_size);

/* The setting, or NULL. */
const struct setting *settings_find(const struct settings *settings, const char *section,
                                    const char *key);

void settings_free(struct settings *settings);

#endif
