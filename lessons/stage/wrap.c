#include "wrap.h"

#include <string.h>

size_t wrap_columns(const char *text, size_t size)
{
	size_t columns = 0;

	for (size_t i = 0; i < size; i++)
		columns += (text[i] & 0xc0) != 0x80;
	return columns;
}

/* Words from a column on, in as many lines as they need, each of which begins there. */
static void print_words(FILE *out, const char *words, size_t size, size_t indent, size_t width)
{
	size_t column = indent;

	for (size_t at = 0, word; at < size; at += word) {
		word = strcspn(words + at, " \n");
		size_t columns = wrap_columns(words + at, word);

		if (column > indent && column + 1 + columns > width)
			column = (size_t)fprintf(out, "\n%*s", (int)indent, "") - 1;
		else if (column > indent)
			column += fputc(' ', out) == ' ';
		fwrite(words + at, 1, word, out);
		column += columns;
		word += strspn(words + at + word, " ");
	}
	fputc('\n', out);
}

static void print_line(FILE *out, const char *line, size_t size, size_t width)
{
	size_t indent = strspn(line, " ");

	if (indent < size)
		fprintf(out, "%*s", (int)indent, "");
	print_words(out, line + indent, size - indent, indent, width);
}

void wrap_hanging(FILE *out, const char *label, const char *text, size_t width)
{
	fputs(label, out);
	print_words(out, text, strlen(text), wrap_columns(label, strlen(label)), width);
}

void wrap_print(FILE *out, const char *text, size_t width)
{
	while (*text != '\0') {
		size_t size = strcspn(text, "\n");

		print_line(out, text, size, width);
		text += size + (text[size] == '\n');
	}
}
