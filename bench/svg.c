#include "svg.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STYLE                                                                                      \
	" fill=\"none\" color=\"black\" stroke=\"currentColor\" stroke-width=\"1.00\""             \
	" stroke-linecap=\"butt\" stroke-linejoin=\"miter\""
#define FONT    " font-family=\"DejaVu Sans\" font-size=\"13.00\" "
#define DEFINED "</defs>\n"

/* In this order; no replacement is longer. */
static const struct {
	const char *from, *to;
} replacements[] = {
        {"<g" STYLE ">", "<g>"},
        {FONT, " "},
        {"rgb(119, 119, 119)", "#777"},
        {"rgb(221, 221, 221)", "#ddd"},
        {"rgb(34,34,34)", "#222"},
        {"\n\t\t", "\n"},
        {"\n\t", "\n"},
        {"\n\n", "\n"},
        {"  '/>", "'/>"},
        {"<g>\n</g>\n", ""},
        {"\n</g>", "</g>"},
};

static void replace(char *text, const char *from, const char *to)
{
	size_t from_size = strlen(from), to_size = strlen(to);
	char *out = text;

	for (char *found; (found = strstr(text, from)); text = found + from_size) {
		memmove(out, text, (size_t)(found - text));
		out += found - text;
		memcpy(out, to, to_size);
		out += to_size;
	}
	memmove(out, text, strlen(text) + 1);
}

/* The whole file, to be freed; NULL with errno set. */
static char *read_text(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = NULL;
		errno = EIO;
	}
	fclose(file);
	return text;
}

/* Up to the plot, with the definitions or without, then all of the plot in one more group. */
static void write_parts(FILE *out, const char *text, const char *definitions, const char *plot,
                        const char *end)
{
	bool used = strstr(plot, "'#gp") || strstr(plot, "url(#");

	fwrite(text, 1, (size_t)((used ? plot : definitions) - text), out);
	fputs("<g" STYLE FONT ">\n", out);
	fwrite(plot, 1, (size_t)(end - plot), out);
	fprintf(out, "</g>\n%s", end);
}

static int write_text(const char *path, const char *text)
{
	const char *definitions = strstr(text, "<defs>");
	const char *plot = definitions ? strstr(definitions, DEFINED) : NULL;
	const char *end = plot ? strstr(plot, "</svg>") : NULL;
	int status = 0;
	FILE *file;

	if (!end)
		return 0;
	file = fopen(path, "we");
	if (!file)
		return -errno;
	write_parts(file, text, definitions, plot + strlen(DEFINED), end);
	if (ferror(file))
		status = -EIO;
	if (fclose(file) && status == 0)
		status = -errno;
	return status;
}

int svg_compact(const char *path)
{
	char *text = read_text(path);
	bool is_known;
	int status;

	if (!text)
		return -errno;
	is_known = strstr(text, "<g" STYLE ">");
	for (size_t i = 0; i < sizeof(replacements) / sizeof(*replacements); i++)
		replace(text, replacements[i].from, replacements[i].to);
	status = is_known ? write_text(path, text) : 0;
	free(text);
	return status;
}
