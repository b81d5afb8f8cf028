#include "show.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "stage.h"

#define HEX_MOST  16  /* bytes shown in hex */
#define TEXT_MOST 40  /* and as text */
#define WIDE      120 /* columns of a terminal that are enough for that and a name */

/* How much of a part is shown and how wide that is, in bytes; a text's ellipsis counts as one. */
struct columns {
	size_t hex_most, text_most;
	bool narrow; /* the name has a line of its own */
	size_t hex, text;
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
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

static void print_part(const uint8_t *data, size_t offset, size_t size, const char *name,
                       const struct columns *columns)
{
	size_t taken = smaller(size, columns->text_most + 1);

	printf("%6zu  ", offset);
	print_hex(data + offset, size, columns);
	print_text(data + offset, size, columns);
	if (name != NULL && columns->narrow)
		printf("\n        %s", name);
	else if (name != NULL)
		printf("%*s  %s", (int)(columns->text - taken), "", name);
	putchar('\n');
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

/* Where stdout is no terminal lines are whole, however long: who keeps them wants all of them. */
static struct columns measure(size_t size, const struct show_part *parts)
{
	const size_t width = stage_columns();
	struct columns columns = {HEX_MOST, TEXT_MOST, false, 0, 0};

	if (width > 0 && width < WIDE)
		columns = (struct columns){8, 36, true, 0, 0};
	for (size_t offset = 0; offset < size;) {
		struct show_part part = next_part(&parts, size - offset, columns.hex_most);
		size_t hex = smaller(part.size, columns.hex_most);
		size_t text = smaller(part.size, columns.text_most + 1);

		columns.hex = hex > columns.hex ? hex : columns.hex;
		columns.text = text > columns.text ? text : columns.text;
		offset += part.size;
	}
	return columns;
}

void show_bytes(const char *who, const void *data, size_t size, const struct show_part *parts)
{
	const struct columns columns = measure(size, parts);

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
