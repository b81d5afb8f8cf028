#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "check_fail.h"

#define HEX_MOST  ((size_t)16) /* bytes shown around a difference */
#define TEXT_MOST ((size_t)60)

struct slice {
	const uint8_t *data;
	size_t size;
};

static size_t first_difference(struct slice a, struct slice b)
{
	size_t at = 0;

	while (at < a.size && at < b.size && a.data[at] == b.data[at])
		at++;
	return at;
}

/* What is shown of both. */
struct window {
	size_t from, size;
	int digits; /* of either's size */
};

/* "7 bytes: 81 05 ...  ..". Gives the column of the first byte in hex. */
static size_t print_hex(char *line, size_t size, struct slice bytes, struct window window)
{
	size_t used = (size_t)snprintf(line, size, "%*zu bytes", window.digits, bytes.size);
	size_t end = window.from + window.size;
	size_t column;

	if (window.from > 0)
		used += (size_t)snprintf(line + used, size - used, ", from byte %zu", window.from);
	used += (size_t)snprintf(line + used, size - used, ": ");
	column = used;
	for (size_t i = window.from; i < end; i++)
		if (i < bytes.size)
			used += (size_t)snprintf(line + used, size - used, "%02x ", bytes.data[i]);
		else
			used += (size_t)snprintf(line + used, size - used, "   ");
	used += (size_t)snprintf(line + used, size - used, " ");
	for (size_t i = window.from; i < end && i < bytes.size; i++)
		line[used++] = bytes.data[i] < 0x80 && isprint(bytes.data[i]) ? bytes.data[i] : '.';
	while (line[used - 1] == ' ')
		used--;
	line[used] = '\0';
	return column;
}

static struct window choose_window(struct slice a, struct slice b, size_t difference)
{
	size_t longest = a.size > b.size ? a.size : b.size;
	struct window window = {.from = difference < HEX_MOST ? 0 : difference / 8 * 8 - 8,
	                        .digits = snprintf(NULL, 0, "%zu", longest)};

	window.size = longest - window.from < HEX_MOST ? longest - window.from : HEX_MOST;
	return window;
}

static void fail_bytes(const char *what, struct slice expected, struct slice got, const char *help)
{
	size_t at = first_difference(expected, got);
	struct window window = choose_window(expected, got, at);
	char where[256], lines[2][256], with_caret[640];
	size_t column;

	snprintf(where, sizeof(where), "%s, first different at byte %zu", what, at);
	print_hex(lines[0], sizeof(lines[0]), expected, window);
	column = print_hex(lines[1], sizeof(lines[1]), got, window);
	/* Each line begins with 10 columns for its label. */
	snprintf(with_caret, sizeof(with_caret), "%s\n%*s^", lines[1],
	         (int)(10 + column + 3 * (at - window.from)), "");
	check_fail(where, lines[0], with_caret, help);
}

void check_bytes(const char *what, const void *expected, size_t expected_size, const void *got,
                 size_t got_size, const char *help)
{
	struct slice wanted = {expected, expected_size};
	struct slice had = {got, got == NULL ? 0 : got_size};

	if (wanted.size != had.size || first_difference(wanted, had) < had.size)
		fail_bytes(what, wanted, had, help);
}

static size_t print_character(char *text, size_t size, uint8_t byte)
{
	static const char special[] = "\r\n\t\"\\";
	const char *at = byte == '\0' ? NULL : strchr(special, byte);

	if (at != NULL)
		return (size_t)snprintf(text, size, "\\%c", "rnt\"\\"[at - special]);
	if (byte < 0x20 || byte > 0x7e)
		return (size_t)snprintf(text, size, "\\x%02x", byte);
	return (size_t)snprintf(text, size, "%c", byte);
}

/* As in C, from `from` on. */
static void print_text(char *text, size_t size, const char *from, bool begun)
{
	size_t shown = 0;
	size_t used = (size_t)snprintf(text, size, "%s\"", begun ? "…" : "");

	for (; shown < TEXT_MOST && from[shown] != '\0'; shown++)
		used += print_character(text + used, size - used, (uint8_t)from[shown]);
	snprintf(text + used, size - used, "\"%s", from[shown] != '\0' ? "…" : "");
}

void check_text(const char *what, const char *expected, const char *got, const char *help)
{
	char where[256], texts[2][8 + 4 * TEXT_MOST];
	size_t at, from;

	if (got == NULL) {
		print_text(texts[0], sizeof(texts[0]), expected, false);
		check_fail(what, texts[0], "nothing (NULL)", help);
	}
	if (strcmp(expected, got) == 0)
		return;
	at = first_difference((struct slice){(const uint8_t *)expected, strlen(expected)},
	                      (struct slice){(const uint8_t *)got, strlen(got)});
	from = at < TEXT_MOST ? 0 : at - TEXT_MOST / 2;
	snprintf(where, sizeof(where), "%s, first different at byte %zu", what, at);
	print_text(texts[0], sizeof(texts[0]), expected + from, from > 0);
	print_text(texts[1], sizeof(texts[1]), got + from, from > 0);
	check_fail(from > 0 ? where : what, texts[0], texts[1], help);
}
