#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* inih tells its handler no line numbers, so the lines are counted as they are handed to it. */
struct reader {
	FILE *file;
	struct settings *settings;
	const char *path;
	int line;
	bool indented; /* the line at hand */
	int status;    /* the first error; then `error` says it */
	char *error;
	size_t error_size;
};

/* Some versions of inih leave comments in indented lines. */
static void cut_comment(char *line)
{
	for (char *c = strchr(line, ';'); c; c = strchr(c + 1, ';')) {
		if (c > line && isspace((unsigned char)c[-1])) {
			strcpy(c, "\n");
			return;
		}
	}
}

static char *next_line(char *line, int size, void *user)
{
	struct reader *reader = user;

	if (reader->status || !fgets(line, size, reader->file))
		return NULL;
	reader->line++;
	reader->indented = isspace((unsigned char)line[0]);
	if (!strchr(line, '\n') && !feof(reader->file)) {
		reader->status = -EINVAL;
		snprintf(reader->error, reader->error_size,
		         "%s:%d: the line is longer than %d bytes; a value may go on in indented "
		         "lines",
		         reader->path, reader->line, size - 2);
		return NULL;
	}
	cut_comment(line);
	return line;
}

static int out_of_memory(struct reader *reader)
{
	reader->status = -ENOMEM;
	snprintf(reader->error, reader->error_size, "%s: out of memory", reader->path);
	return 0;
}

static int extend(struct reader *reader, struct setting *setting, const char *value)
{
	char *longer = NULL;

	if (asprintf(&longer, "%s %s", setting->value, value) < 0)
		return out_of_memory(reader);
	free(setting->value);
	setting->value = longer;
	return 1;
}

static int append(struct reader *reader, const char *section, const char *key, const char *value)
{
	struct settings *settings = reader->settings;
	struct setting *items =
	        realloc(settings->items, (settings->count + 1) * sizeof(*settings->items));
	struct setting *item;

	if (!items)
		return out_of_memory(reader);
	settings->items = items;
	item = &items[settings->count++];
	item->section = strdup(section);
	item->key = strdup(key);
	item->value = strdup(value);
	item->line = reader->line;
	return item->section && item->key && item->value ? 1 : out_of_memory(reader);
}

static int take(void *user, const char *section, const char *key, const char *value)
{
	struct reader *reader = user;
	struct settings *settings = reader->settings;
	const struct setting *same = settings_find(settings, section, key);

	if (reader->status)
		return 0;
	if (!same)
		return append(reader, section, key, value);
	if (reader->indented && same == &settings->items[settings->count - 1])
		return extend(reader, &settings->items[settings->count - 1], value);
	reader->status = -EINVAL;
	snprintf(reader->error, reader->error_size,
	         "%s:%d: key '%s' is given twice in [%s] (first in line %d)", reader->path,
	         reader->line, key, section, same->line);
	return 0;
}

static int parse(struct reader *reader)
{
	int line = ini_parse_stream(next_line, reader, take, reader);

	if (reader->status)
		return reader->status;
	if (ferror(reader->file)) {
		reader->status = -EIO;
		snprintf(reader->error, reader->error_size, "%s: cannot be read", reader->path);
	} else if (line > 0) {
		reader->status = -EINVAL;
		snprintf(reader->error, reader->error_size,
		         "%s:%d: neither [section] nor KEY = VALUE nor a comment", reader->path,
		         line);
	} else if (line < 0) {
		out_of_memory(reader);
	}
	return reader->status;
}

int settings_read(struct settings *out, const char *path, char *error, size_t error_size)
{
	struct reader reader = {.settings = out, .path = path};
	int status;

	*out = (struct settings){0};
	reader.error = error;
	reader.error_size = error_size;
	reader.file = fopen(path, "re");
	if (!reader.file) {
		status = -errno;
		snprintf(error, error_size, "%s: %s", path,
		         status == -ENOENT ? "no such file" : strerror(-status));
		return status;
	}
	status = parse(&reader);
	fclose(reader.file);
	return status;
}

const struct setting *settings_find(const struct settings *settings, const char *section,
                                    const char *key)
{
	for (size_t i = 0; i < settings->count; i++) {
		const struct setting *item = &settings->items[i];

		if (strcmp(item->section, section) == 0 && strcmp(item->key, key) == 0)
			return item;
	}
	return NULL;
}

void settings_free(struct settings *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		free(settings->items[i].section);
		free(settings->items[i].key);
		free(settings->items[i].value);
	}
	free(settings->items);
	*settings = (struct settings){0};
}
