#include "wrap.h"

#include <string.h>

size_t wrap_columns(const char *text, size_t size)
{
	size_t columns = 0;

	for (size_t i = 0; i < size; i++)
		columns += (text[i] & 0xc0) != 0x80;
	return columns;
}

static void print_line(FILE *out, const char *line, size_t size, size_t width)
{
	size_t indent = strspn(line, " ");
	size_t column = 0;

	for (size_t at = indent, word; at < size; at += word) {
		word = strcspn(line + at, " \n");
		size_t columns = wrap_columns(line + at, word);

		if (column > indent && column + 1 + columns > width) {
			fputc('\n', out);
			column = 0;
		}
		if (column == 0)
			column = (size_t)fprintf(out, "%*s", (int)indent, "");
		else
			column += fputc(' ', out) == ' ';
		fwrite(line + at, 1, word, out);
		column += columns;
		word += strspn(line + at + word, " ");
	}
	fputc('\n', out);
}

void wrap_print(FILE *out, const char *text, size_t width)
{
	while (*text != '\0') {
		size_t size = strcspn(text, "\n");

		print_line(out, text, size, width);
		text += size + (text[size] == '\n');
	}
}
