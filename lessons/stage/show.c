#include "show.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "stage.h"

#define HEX_MOST  16 /* bytes shown in hex */
#define TEXT_MOST 40 /* and as text */

/* The widths of the columns, in bytes; the ellipsis of a text counts as one. */
struct columns {
	size_t hex, text;
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void print_hex(const uint8_t *data, size_t size, size_t column)
{
	size_t shown = smaller(size, HEX_MOST);

	for (size_t i = 0; i < shown; i++)
		printf("%02x ", data[i]);
	printf("%*s", (int)(3 * (column - shown)), "");
	printf("%s ", size > shown ? "…" : " ");
}

static void print_text(const uint8_t *data, size_t size)
{
	size_t shown = smaller(size, TEXT_MOST);

	for (size_t i = 0; i < shown; i++)
		putchar(data[i] < 0x80 && isprint(data[i]) ? data[i] : '.');
	if (size > shown)
		printf("…");
}

static void print_part(const uint8_t *data, size_t offset, size_t size, const char *name,
                       struct columns columns)
{
	printf("%6zu  ", offset);
	print_hex(data + offset, size, columns.hex);
	print_text(data + offset, size);
	if (name != NULL) {
		size_t taken = size > TEXT_MOST ? TEXT_MOST + 1 : size;

		printf("%*s  %s", taken < columns.text ? (int)(columns.text - taken) : 0, "", name);
	}
	putchar('\n');
}

/* What the next part is: where the list is at its end, what is left. *parts moves on. */
static struct show_part next_part(const struct show_part **parts, size_t left)
{
	struct show_part part = {0, NULL};

	if (*parts == NULL)
		return (struct show_part){smaller(left, HEX_MOST), NULL};
	part = **parts;
	if (part.name == NULL)
		return (struct show_part){left, "the rest"};
	(*parts)++;
	if (part.size == 0 || part.size > left)
		part.size = left;
	return part;
}

static struct columns measure(size_t size, const struct show_part *parts)
{
	struct columns columns = {0, 0};

	for (size_t offset = 0; offset < size;) {
		struct show_part part = next_part(&parts, size - offset);

		if (smaller(part.size, HEX_MOST) > columns.hex)
			columns.hex = smaller(part.size, HEX_MOST);
		if (smaller(part.size, TEXT_MOST + 1) > columns.text)
			columns.text = smaller(part.size, TEXT_MOST + 1);
		offset += part.size;
	}
	return columns;
}

void show_bytes(const char *who, const void *data, size_t size, const struct show_part *parts)
{
	struct columns columns = measure(size, parts);

	if (stage_silent())
		return;
	printf("%s, %zu byte%s:\n", who, size, size == 1 ? "" : "s");
	for (size_t offset = 0; offset < size;) {
		struct show_part part = next_part(&parts, size - offset);

		print_part(data, offset, part.size, part.name, columns);
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
