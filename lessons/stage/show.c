#include "show.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "stage.h"
#include "wrap.h"

#define OFFSET    8  /* columns before the hex */
#define HEX_MOST  16 /* bytes shown in hex */
#define HEX_LEAST 8
#define TEXT_MOST 40 /* and as text */

/* How much of a part is shown and how wide that is, in bytes; a text's ellipsis counts as one. */
struct columns {
	size_t hex_most, text_most;
	bool narrow; /* the name has lines of its own */
	size_t hex, text, name;
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static void print_hex(const uint8_t *data, size_t size, const struct columns *columns)
{
	size_t shown = smaller(size, columns->hex_most);

	for (size_t i = 0; i < shown; i++)
		printf("%02x ", data[i]);
	printf("%*s", (int)(3 * (columns->hex - shown)), "");
	printf("%s ", size > shown ? "…" : " ");
}

static void print_text(const uint8_t *data, size_t size, const struct columns *columns)
{
	size_t shown = smaller(size, columns->text_most);

	for (size_t i = 0; i < shown; i++)
		putchar(data[i] < 0x80 && isprint(data[i]) ? data[i] : '.');
	if (size > shown)
		printf("…");
}

static void print_name(const char *name)
{
	char line[256];

	snprintf(line, sizeof(line), "%*s%s", OFFSET, "", name);
	wrap_print(stdout, line, stage_columns());
}

static void print_part(const uint8_t *data, size_t offset, size_t size, const char *name,
                       const struct columns *columns)
{
	size_t taken = smaller(size, columns->text_most + 1);

	printf("%6zu  ", offset);
	print_hex(data + offset, size, columns);
	print_text(data + offset, size, columns);
	if (name != NULL && !columns->narrow)
		printf("%*s  %s", (int)(columns->text - taken), "", name);
	putchar('\n');
	if (name != NULL && columns->narrow)
		print_name(name);
}

/* What the next part is: where the list is at its end, what is left. *parts moves on. */
static struct show_part next_part(const struct show_part **parts, size_t left, size_t most)
{
	struct show_part part = {0, NULL};

	if (*parts == NULL)
		return (struct show_part){smaller(left, most), NULL};
	part = **parts;
	if (part.name == NULL)
		return (struct show_part){left, "the rest"};
	(*parts)++;
	if (part.size == 0 || part.size > left)
		part.size = left;
	return part;
}

/* The widths where no more than this is shown of a part. */
static struct columns measure(size_t size, const struct show_part *parts, size_t hex_most,
                              size_t text_most)
{
	struct columns columns = {.hex_most = hex_most, .text_most = text_most};

	for (size_t offset = 0; offset < size;) {
		struct show_part part = next_part(&parts, size - offset, hex_most);
		size_t name = part.name == NULL ? 0 : wrap_columns(part.name, strlen(part.name));

		columns.hex = larger(columns.hex, smaller(part.size, hex_most));
		columns.text = larger(columns.text, smaller(part.size, text_most + 1));
		columns.name = larger(columns.name, name);
		offset += part.size;
	}
	return columns;
}

/* Of the widest line. */
static size_t width_of(const struct columns *columns)
{
	size_t width = OFFSET + 3 * columns->hex + 2 + columns->text;

	return columns->narrow || columns->name == 0 ? width : width + 2 + columns->name;
}

/* Cuts text to what the terminal has room for; false: there is no room for `least`. */
static bool cut_text(struct columns *columns, size_t least)
{
	const size_t width = stage_columns();
	const size_t others = width_of(columns) - columns->text + 1; /* with the ellipsis */

	if (width < others + least)
		return false;
	columns->text_most = smaller(width - others, TEXT_MOST);
	columns->text = columns->text_most + 1;
	return true;
}

/* The longest text that can be shown whole. */
static size_t longest_whole(size_t size, const struct show_part *parts)
{
	size_t longest = 0;

	for (size_t offset = 0; offset < size;) {
		struct show_part part = next_part(&parts, size - offset, HEX_LEAST);

		if (part.size <= TEXT_MOST)
			longest = larger(longest, part.size);
		offset += part.size;
	}
	return longest;
}

/* Where stdout is no terminal lines are whole, however long: who keeps them wants all of them. Else
 * a dump has the first form that there is room for: with less hex, which is the text once more;
 * with less of the texts that are cut anyhow; with names below the bytes. */
static struct columns choose(size_t size, const struct show_part *parts)
{
	const size_t width = stage_columns();
	struct columns columns = {0};

	for (int narrow = 0; narrow < 2; narrow++) {
		for (size_t hex = HEX_MOST; hex >= HEX_LEAST; hex -= HEX_MOST - HEX_LEAST) {
			columns = measure(size, parts, hex, TEXT_MOST);
			columns.narrow = narrow;
			if (width == 0 || width_of(&columns) <= width)
				return columns;
		}
		if (cut_text(&columns, larger(longest_whole(size, parts), HEX_LEAST)))
			return columns;
	}
	if (!cut_text(&columns, HEX_LEAST))
		columns.text_most = columns.text = HEX_LEAST;
	return columns;
}

void show_bytes(const char *who, const void *data, size_t size, const struct show_part *parts)
{
	const struct columns columns = choose(size, parts);

	if (stage_silent())
		return;
	printf("%s, %zu byte%s:\n", who, size, size == 1 ? "" : "s");
	for (size_t offset = 0; offset < size;) {
		struct show_part part = next_part(&parts, size - offset, columns.hex_most);

		print_part(data, offset, part.size, part.name, &columns);
		offset += part.size;
	}
	putchar('\n');
	fflush(stdout);
}

size_t show_line(const char *text)
{
	size_t size = strcspn(text, "\n");

	return size + (text[size] == '\n');
}
