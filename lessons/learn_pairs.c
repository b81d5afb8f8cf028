#include "learn_pairs.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Cuts spaces at both ends. */
static char *trim(char *text)
{
	size_t size;

	while (isspace((unsigned char)*text))
		text++;
	size = strlen(text);
	while (size && isspace((unsigned char)text[size - 1]))
		size--;
	text[size] = '\0';
	return text;
}

static struct pair *find(const struct pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++) {
		if (strcmp(pairs->items[i].key, key) == 0)
			return &pairs->items[i];
	}
	return NULL;
}

static void take_out(struct pairs *pairs, struct pair *pair)
{
	free(pair->key);
	free(pair->value);
	memmove(pair, pair + 1, (size_t)(&pairs->items[pairs->count] - (pair + 1)) * sizeof *pair);
	pairs->count--;
}

static struct pair *add(struct pairs *pairs, const char *key)
{
	struct pair *longer = realloc(pairs->items, (pairs->count + 1) * sizeof *longer);
	char *copy = strdup(key);

	if (longer)
		pairs->items = longer;
	if (!longer || !copy) {
		free(copy);
		return NULL;
	}
	longer[pairs->count] = (struct pair){.key = copy};
	return &longer[pairs->count++];
}

static char *copy_line(const char *value)
{
	char *copy = strdup(value);

	for (char *c = copy; c && *c; c++) {
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	}
	return copy;
}

int pairs_set(struct pairs *pairs, const char *key, const char *value)
{
	struct pair *pair = find(pairs, key);
	char *copy;

	if (!value) {
		if (pair)
			take_out(pairs, pair);
		return 0;
	}
	copy = copy_line(value);
	if (copy && !pair)
		pair = add(pairs, key);
	if (!copy || !pair) {
		free(copy);
		return -ENOMEM;
	}
	free(pair->value);
	pair->value = copy;
	return 0;
}

static int take_line(struct pairs *pairs, char *text, unsigned line)
{
	char *equals, *key;
	int err;

	text = trim(text);
	if (!*text || *text == '#')
		return 0;
	equals = strchr(text, '=');
	if (!equals)
		return -EINVAL;
	*equals = '\0';
	key = trim(text);
	if (!*key)
		return -EINVAL;
	err = pairs_set(pairs, key, trim(equals + 1));
	if (!err)
		find(pairs, key)->line = line;
	return err;
}

int pairs_parse(struct pairs *pairs, FILE *file, unsigned *line)
{
	char *text = NULL;
	size_t capacity = 0;
	int err = 0;

	*pairs = (struct pairs){0};
	for (*line = 0; !err && getline(&text, &capacity, file) >= 0;)
		err = take_line(pairs, text, ++*line);
	if (!err && ferror(file))
		err = -EIO;
	free(text);
	return err;
}

int pairs_read(struct pairs *pairs, const char *path, unsigned *line)
{
	FILE *file = fopen(path, "re");
	int err;

	*pairs = (struct pairs){0};
	*line = 0;
	if (!file)
		return -errno;
	err = pairs_parse(pairs, file, line);
	fclose(file);
	return err;
}

const char *pairs_get(const struct pairs *pairs, const char *key)
{
	const struct pair *pair = find(pairs, key);

	return pair ? pair->value : NULL;
}

void pairs_print(const struct pairs *pairs, FILE *file)
{
	for (size_t i = 0; i < pairs->count; i++)
		fprintf(file, "%s = %s\n", pairs->items[i].key, pairs->items[i].value);
}

void pairs_free(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->items[i].key);
		free(pairs->items[i].value);
	}
	free(pairs->items);
	*pairs = (struct pairs){0};
}
