#include "grade.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "quantity.h"

enum { OPTION_MAX = 400 /* no answer is as long */ };

/* The letters said, in capitals and without what parts them; false: no options, or one twice. */
static bool read_letters(const struct quiz_question *question, const char *said, char *letters)
{
	size_t count = 0;

	for (; *said; said++) {
		char letter = (char)toupper((unsigned char)*said);

		if (*said == ',' || isspace((unsigned char)*said))
			continue;
		if (!quiz_option(question, letter) || memchr(letters, letter, count))
			return false;
		letters[count++] = letter;
	}
	letters[count] = '\0';
	return count > 0;
}

static bool same_set(const char *some, const char *others)
{
	return strlen(some) == strlen(others) && strspn(some, others) == strlen(some);
}

static enum grade grade_letters(const struct quiz_question *question, const char *said)
{
	char letters[QUIZ_OPTIONS_MAX + 1];
	bool right;

	if (!read_letters(question, said, letters))
		return GRADE_UNREADABLE;
	if (question->kind == QUIZ_SINGLE && letters[1])
		return GRADE_UNREADABLE;
	if (question->kind == QUIZ_ORDER) {
		if (strlen(letters) != question->option_count)
			return GRADE_UNREADABLE;
		right = strcmp(letters, question->letters) == 0;
	} else {
		right = same_set(letters, question->letters);
	}
	return right ? GRADE_RIGHT : GRADE_WRONG;
}

/* Whether the two are the same but for case, and for spaces where there is one or more. */
static bool same_text(const char *some, const char *others, size_t size)
{
	const char *end = others + size;

	for (;;) {
		const char *a = some + strspn(some, " \t"), *b = others;

		while (b < end && isspace((unsigned char)*b))
			b++;
		if (!*a || b == end)
			return !*a && b == end;
		if ((a == some) != (b == others) ||
		    tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		some = a + 1;
		others = b + 1;
	}
}

/* In small letters, without backquotes, one space between words, and no full stop at the end. */
static void make_plain(const char *text, char *plain, size_t size)
{
	size_t used = 0;

	for (; *text && used + 1 < size; text++) {
		if (isspace((unsigned char)*text) ? used && plain[used - 1] != ' ' : *text != '`')
			plain[used++] = isspace((unsigned char)*text)
			                        ? ' '
			                        : (char)tolower((unsigned char)*text);
	}
	while (used && (plain[used - 1] == ' ' || plain[used - 1] == '.'))
		used--;
	plain[used] = '\0';
}

char grade_option_said(const struct quiz_question *question, const char *said)
{
	char wanted[OPTION_MAX], text[OPTION_MAX], letter = 0;

	make_plain(said, wanted, sizeof wanted);
	if (strlen(wanted) < 2)
		return 0;
	for (size_t i = 0; i < question->option_count; i++) {
		make_plain(question->options[i].text, text, sizeof text);
		if (strcmp(text, wanted) != 0)
			continue;
		if (letter)
			return 0;
		letter = question->options[i].letter;
	}
	return letter;
}

static enum grade grade_text(const char *answer, const char *said)
{
	said += strspn(said, " \t");
	if (!*said)
		return GRADE_UNREADABLE;
	for (;;) {
		size_t size;

		answer += strspn(answer, " \t");
		size = strcspn(answer, "|");
		if (same_text(said, answer, size))
			return GRADE_RIGHT;
		if (!answer[size])
			return GRADE_WRONG;
		answer += size + 1;
	}
}

/* "B", "byte" and "bytes" are the same unit; "s" and "ms" are not. */
static bool is_unit(const char *said, const char *unit)
{
	size_t said_size = strlen(said), size = unit ? strlen(unit) : 0;

	while (said_size && isspace((unsigned char)said[said_size - 1]))
		said_size--;
	return !unit || strncasecmp(said, unit, said_size < size ? said_size : size) == 0;
}

static bool is_one_of(const char *word, const char *const *words)
{
	const size_t size = strcspn(word, " \t.");

	for (; *words; words++) {
		if (strlen(*words) == size && strncasecmp(word, *words, size) == 0)
			return true;
	}
	return false;
}

/* By what a number in the unit said is to be multiplied for one in the question's; 0: by nothing,
 * the two have nothing to do with each other. */
static double factor_of(const char *said, const char *unit)
{
	static const char *const seconds[] = {"s", "sec", "secs", "second", "seconds", NULL};
	static const char *const milliseconds[] = {"ms", "msec", "millisecond", "milliseconds",
	                                           NULL};

	if (unit && strcmp(unit, "ms") == 0 && is_one_of(said, seconds))
		return 1000;
	if (unit && strcmp(unit, "s") == 0 && is_one_of(said, milliseconds))
		return 0.001;
	if (unit && strcmp(unit, "ms") == 0 && is_one_of(said, milliseconds))
		return 1;
	return is_unit(said, unit) ? 1 : 0;
}

bool grade_number_said(const struct quiz_question *question, const char *said, double *number)
{
	const char *unit;
	double factor;

	if (!quantity_read(said, number, &unit))
		return false;
	factor = factor_of(unit, question->unit);
	*number *= factor;
	return factor > 0;
}

static enum grade grade_number(const struct quiz_question *question, const char *said,
                               const double *measured)
{
	double number, right = measured ? *measured : question->number;

	if (!grade_number_said(question, said, &number))
		return GRADE_UNREADABLE;
	if (question->kind == QUIZ_MEASURED && !measured)
		return GRADE_WRONG;
	return quantity_near(number, right, question->within) ? GRADE_RIGHT : GRADE_WRONG;
}

enum grade grade_answer(const struct quiz_question *question, const char *said,
                        const double *measured)
{
	switch (question->kind) {
	case QUIZ_SINGLE:
	case QUIZ_MULTIPLE:
	case QUIZ_ORDER:
		return grade_letters(question, said);
	case QUIZ_TEXT:
		return grade_text(question->answer, said);
	case QUIZ_NUMBER:
	case QUIZ_MEASURED:
		return grade_number(question, said, measured);
	}
	return GRADE_UNREADABLE;
}

/* With an example that is as good as any: the last one, then the others as they stand. */
static void expects_order(const struct quiz_question *question, char *text, size_t size)
{
	const int last = 'A' + (int)question->option_count - 1;
	char example[3 * QUIZ_OPTIONS_MAX + 1] = "";

	for (int letter = 'A'; letter < last; letter++)
		sprintf(example + strlen(example), ", %c", letter);
	snprintf(text, size, "all letters from A to %c, the first one first, such as %c%s", last,
	         last, example);
}

/* Frames are counted; what is measured is in bytes, or in a unit of a few letters. */
static void expects_number(const char *unit, char *text, size_t size)
{
	if (!unit)
		snprintf(text, size, "a number");
	else if (strlen(unit) <= 3 || strcmp(unit, "bytes") == 0)
		snprintf(text, size, "a number in %s", unit);
	else
		snprintf(text, size, "a number of %s, such as 3", unit);
}

void grade_expects(const struct quiz_question *question, char *text, size_t size)
{
	const int last = 'A' + (int)question->option_count - 1;

	switch (question->kind) {
	case QUIZ_SINGLE:
		snprintf(text, size, "a letter from A to %c", last);
		break;
	case QUIZ_MULTIPLE:
		snprintf(text, size, "all letters that are right, such as A, %c", last);
		break;
	case QUIZ_ORDER:
		expects_order(question, text, size);
		break;
	case QUIZ_TEXT:
		snprintf(text, size, "a word or a few");
		break;
	case QUIZ_NUMBER:
	case QUIZ_MEASURED:
		expects_number(question->unit, text, size);
		break;
	}
}
