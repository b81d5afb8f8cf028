#include "learn_say.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "stage/wrap.h"

enum {
	WIDTH = 72,
	WIDTH_LEAST = 20,
	WIDTH_MOST = 100 /* longer lines are hard to read */
};

static size_t width = WIDTH;

void say_open(size_t columns)
{
	struct winsize size;

	if (!columns && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		columns = size.ws_col;
	if (!columns)
		columns = WIDTH;
	width = columns < WIDTH_LEAST ? WIDTH_LEAST : columns > WIDTH_MOST ? WIDTH_MOST : columns;
}

void say(const char *format, ...)
{
	va_list values;
	char *text;
	int size;

	va_start(values, format);
	size = vasprintf(&text, format, values);
	va_end(values);
	if (size < 0)
		exit(complain_of(EXIT_NOT_DONE, "out of memory"));
	if (size)
		wrap_print(stdout, text, width);
	else
		putchar('\n');
	free(text);
}

/* Joined, such a line would lose what it says. */
static bool keeps_its_line(const char *line)
{
	const size_t digits = strspn(line, "0123456789");

	return *line == ' ' || *line == '|' || *line == '>' || !strncmp(line, "- ", 2) ||
	       !strncmp(line, "* ", 2) || (digits && !strncmp(line + digits, ". ", 2));
}

struct paragraph {
	FILE *file;
	char *text;
	size_t size;
	int indent;
	bool empty;
};

static void open_paragraph(struct paragraph *paragraph)
{
	paragraph->file = open_memstream(&paragraph->text, &paragraph->size);
	if (!paragraph->file)
		exit(complain_of(EXIT_NOT_DONE, "out of memory"));
	paragraph->empty = true;
}

static void end_paragraph(struct paragraph *paragraph)
{
	fclose(paragraph->file);
	if (!paragraph->empty)
		wrap_print(stdout, paragraph->text, width);
	free(paragraph->text);
}

static void add_line(struct paragraph *paragraph, const char *line, size_t size)
{
	if (paragraph->empty)
		fprintf(paragraph->file, "%*s", paragraph->indent, "");
	else
		fputc(' ', paragraph->file);
	fwrite(line, 1, size, paragraph->file);
	paragraph->empty = false;
}

void say_markdown(const char *text, int indent)
{
	struct paragraph paragraph = {.indent = indent};
	bool fenced = false, after_heading = false;

	open_paragraph(&paragraph);
	while (*text) {
		size_t size = strcspn(text, "\n");
		bool fence = !strncmp(text, "```", 3), heading = *text == '#' && !fenced;

		if (fence || fenced || !size || heading || after_heading || keeps_its_line(text)) {
			end_paragraph(&paragraph);
			open_paragraph(&paragraph);
		}
		after_heading = heading;
		if (!fence && (fenced || !size))
			printf("%*s%.*s\n", size ? indent : 0, "", (int)size, text);
		else if (!fence)
			add_line(&paragraph, text, size);
		fenced = fenced != fence;
		text += size + (text[size] == '\n');
	}
	end_paragraph(&paragraph);
}

static void print_complaint(const char *format, va_list values)
{
	fflush(stdout);
	fputs("learn: ", stderr);
	vfprintf(stderr, format, values);
	fputc('\n', stderr);
}

int complain(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	print_complaint(format, values);
	va_end(values);
	return EXIT_USAGE;
}

int complain_of(int status, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	print_complaint(format, values);
	va_end(values);
	return status;
}

void say_json(const char *text)
{
	if (!text) {
		fputs("null", stdout);
		return;
	}
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			printf("\\u%04x", (unsigned)*text);
		else
			putchar(*text);
	}
	putchar('"');
}
