#include "check_fail.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

struct check_result *check_result;

static void add_line(char *message, size_t size, const char *label, const char *text)
{
	size_t used = strlen(message);

	if (text != NULL)
		snprintf(message + used, size - used, "%-9s %s\n", label, text);
}

/* The first message of a case is kept: a process that it forked may have had one too. */
void check_fail(const char *where, const char *expected, const char *got, const char *help)
{
	char message[sizeof(check_result->message)] = "";

	add_line(message, sizeof(message), "where:", where);
	add_line(message, sizeof(message), "expected:", expected);
	add_line(message, sizeof(message), "got:", got);
	add_line(message, sizeof(message), "help:", help);
	fflush(stdout);
	if (check_result == NULL) /* outside of check_main */
		fputs(message, stderr);
	else if (check_result->message[0] == '\0')
		strcpy(check_result->message, message);
	_exit(1);
}

void check_number(const char *what, long expected, long got, const char *help)
{
	char numbers[2][32];

	if (expected == got)
		return;
	snprintf(numbers[0], sizeof(numbers[0]), "%ld", expected);
	snprintf(numbers[1], sizeof(numbers[1]), "%ld", got);
	check_fail(what, numbers[0], numbers[1], help);
}

void check_that(bool holds, const char *what, const char *help)
{
	if (!holds)
		check_fail(NULL, what, "that is not so", help);
}
