#include "svg.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STYLE                                                                                      \
	" fill=\"none\" color=\"black\" stroke=\"currentColor\" stroke-width=\"1.00\""             \
	" stroke-linecap=\"butt\" stroke-linejoin=\"miter\""
#define FONT    " font-family=\"DejaVu Sans\" font-size=\"13.00\" "
#define NEAR    0.25 /* pixels */
#define DEFINED "</defs>\n"

/* In this order; every replacement is shorter. */
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
	char *out = text;

	for (char *found; (found = strstr(text, from)); text = found + strlen(from)) {
		memmove(out, text, (size_t)(found - text));
		out = stpcpy(out + (found - text), to);
	}
	memmove(out, text, strlen(text) + 1);
}

/* A point of a path: "L617.24,646.00 ". */
struct point {
	double x, y;
	char *text;
	size_t size;
};

/* The point that is at `text`; size 0 where there is none. */
static struct point read_point(char *text)
{
	struct point point = {.text = text};
	char *end = text;

	if (*text != 'M' && *text != 'L')
		return point;
	point.x = strtod(text + 1, &end);
	if (*end == ',')
		point.y = strtod(end + 1, &end);
	point.size = (size_t)(end - text) + strspn(end, " \n");
	return point;
}

/* Lines from the last bend of a curve that pass the points since then at most NEAR away. */
struct cone {
	double low, high; /* their slopes */
};

static const struct cone every_way = {-INFINITY, INFINITY};
static const struct cone no_way = {1, -1};

static struct cone narrowed(struct cone cone, const struct point *bend, const struct point *point)
{
	double run = point->x - bend->x, rise = point->y - bend->y;

	if (run <= 0)
		return no_way;
	return (struct cone){fmax(cone.low, (rise - NEAR) / run),
	                     fmin(cone.high, (rise + NEAR) / run)};
}

static bool holds(const struct cone *cone, const struct point *bend, const struct point *point)
{
	double slope = (point->y - bend->y) / (point->x - bend->x);

	return point->x > bend->x && cone->low <= slope && slope <= cone->high;
}

static char *put_point(char *to, const struct point *point)
{
	if (point->size)
		memmove(to, point->text, point->size);
	return to + point->size;
}

/* Moves the path at *from to where it fits, without the points that bend it by next to nothing;
 * *from is behind it then. Gives the end of what was moved. */
static char *thin_path(char *to, char **from)
{
	struct point bend = {0}, last = {0}, point;
	struct cone cone = every_way;

	for (; (point = read_point(*from)).size; *from += point.size) {
		if (*point.text == 'M') {
			to = put_point(put_point(to, &last), &point);
			bend = point;
			cone = every_way;
			last.size = 0;
			continue;
		}
		if (last.size && !holds(&cone, &bend, &point)) {
			to = put_point(to, &last);
			bend = last;
			cone = every_way;
		}
		cone = narrowed(cone, &bend, &point);
		last = point;
	}
	return put_point(to, &last);
}

/* The definitions are to another scale. */
static void thin_curves(char *text)
{
	static const char path[] = " d='";
	char *to;

	text = strstr(text, DEFINED);
	if (!text)
		return;
	to = text;
	for (char *found; (found = strstr(text, path));) {
		char *points = found + strlen(path);

		memmove(to, text, (size_t)(points - text));
		to += points - text;
		text = points;
		to = thin_path(to, &text);
	}
	memmove(to, text, strlen(text) + 1);
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
	thin_curves(text);
	status = is_known ? write_text(path, text) : 0;
	free(text);
	return status;
}
