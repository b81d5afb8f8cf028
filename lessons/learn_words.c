#include "learn_words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *words_said(const struct quiz_question *question, const char *said, char text[WORDS_MAX])
{
	size_t used = 0;

	if (question->kind > QUIZ_ORDER) {
		snprintf(text, WORDS_MAX, "%s", said);
		return text;
	}
	text[0] = '\0';
	for (; *said && used < WORDS_MAX; said++) {
		const struct quiz_option *option = quiz_option(question, *said);

		if (option)
			used += (size_t)snprintf(text + used, WORDS_MAX - used, "%s\"%s\"",
			                         used ? ", " : "", option->text);
	}
	return text;
}

void words_number(double number, char *text, size_t size)
{
	const bool whole = number == floor(number) && fabs(number) < 1e12;

	snprintf(text, size, whole || fabs(number) >= 100 ? "%.0f" : "%.3g", number);
}

void words_add_unit(const struct quiz_question *question, const char *number, char *text,
                    size_t size)
{
	const char *unit = question->unit;
	size_t length = unit ? strlen(unit) : 0;

	if (length > 3 && unit[length - 1] == 's' && strcmp(number, "1") == 0)
		length--;
	snprintf(text, size, "%s%s%.*s", number, unit ? " " : "", (int)length, unit ? unit : "");
}

void words_with_unit(const struct quiz_question *question, double number, char *text, size_t size)
{
	char plain[40];

	words_number(number, plain, sizeof plain);
	words_add_unit(question, plain, text, size);
}
