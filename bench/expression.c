#include "expression.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CELL_MAX 192

struct reader {
	const char *at;
	char word[EXPRESSION_WORD_MAX]; /* the one at hand; empty at the end */
	const struct summary *summary;
	const char *why; /* the first thing that is wrong; NULL: nothing */
};

static double fail(struct reader *reader, const char *why)
{
	if (!reader->why)
		reader->why = why;
	reader->word[0] = '\0';
	return NAN;
}

static void next(struct reader *reader)
{
	size_t length;

	reader->at += strspn(reader->at, " \t");
	length = strcspn(reader->at, " \t");
	if (length >= sizeof(reader->word)) {
		fail(reader, "a word is too long");
		return;
	}
	memcpy(reader->word, reader->at, length);
	reader->word[length] = '\0';
	reader->at += length;
}

static bool is(const struct reader *reader, const char *word)
{
	return strcmp(reader->word, word) == 0;
}

/* COLUMN=VALUE, once for each & */
static bool conditions_hold(struct reader *reader, char *conditions, const struct summary_row *row)
{
	char *condition, cell[CELL_MAX];

	if (strcmp(conditions, "-") == 0)
		return true;
	while ((condition = strsep(&conditions, "&"))) {
		char *wanted = strchr(condition, '=');

		if (!wanted) {
			fail(reader, "a condition is not COLUMN=VALUE");
			return false;
		}
		*wanted++ = '\0';
		if (summary_cell(row, condition, cell, sizeof(cell))) {
			fail(reader, "a condition names no column of summary.csv");
			return false;
		}
		if (strcmp(cell, wanted) != 0)
			return false;
	}
	return true;
}

static bool is_of(const struct summary_row *row, const char *cell)
{
	size_t length = strlen(row->parameters.transport);

	return strncmp(cell, row->parameters.transport, length) == 0 && cell[length] == '/' &&
	       strcmp(cell + length + 1, row->parameters.stack) == 0;
}

static double value_of(struct reader *reader, const char *cell, const char *conditions,
                       const char *column)
{
	char own[EXPRESSION_WORD_MAX], text[CELL_MAX];

	for (size_t i = 0; reader->summary && i < reader->summary->count && !reader->why; i++) {
		const struct summary_row *row = &reader->summary->rows[i];

		strcpy(own, conditions);
		if (!is_of(row, cell) || !conditions_hold(reader, own, row))
			continue;
		summary_cell(row, column, text, sizeof(text));
		return *text ? strtod(text, NULL) : NAN;
	}
	return NAN;
}

static double read_value(struct reader *reader)
{
	static const struct summary_row none;
	char word[EXPRESSION_WORD_MAX], own[EXPRESSION_WORD_MAX], text[CELL_MAX];
	char *rest = word, *cell, *conditions;

	strcpy(word, reader->word);
	cell = strsep(&rest, ":");
	conditions = strsep(&rest, ":");
	if (!rest || !strchr(cell, '/'))
		return fail(reader, "a value is not TRANSPORT/STACK:CONDITIONS:COLUMN");
	if (summary_cell(&none, rest, text, sizeof(text)))
		return fail(reader, "a value names no column of summary.csv");
	strcpy(own, conditions);
	conditions_hold(reader, own, &none); /* says what is wrong with them */
	return value_of(reader, cell, conditions, rest);
}

static double read_sum(struct reader *reader, unsigned depth);

static double read_factor(struct reader *reader, unsigned depth)
{
	char *end;
	double number = strtod(reader->word, &end);

	if (depth > 8)
		return fail(reader, "too many parentheses");
	if (is(reader, "(")) {
		next(reader);
		number = read_sum(reader, depth + 1);
		if (!is(reader, ")"))
			return fail(reader, "a parenthesis is not closed");
	} else if (end == reader->word || *end) {
		number = read_value(reader);
	}
	next(reader);
	return number;
}

static double read_product(struct reader *reader, unsigned depth)
{
	double product = read_factor(reader, depth);

	while (is(reader, "*") || is(reader, "/")) {
		bool divide = is(reader, "/");

		next(reader);
		if (divide)
			product /= read_factor(reader, depth);
		else
			product *= read_factor(reader, depth);
	}
	return product;
}

static double read_sum(struct reader *reader, unsigned depth)
{
	double sum = read_product(reader, depth);

	while (is(reader, "+") || is(reader, "-")) {
		bool less = is(reader, "-");

		next(reader);
		sum += less ? -read_product(reader, depth) : read_product(reader, depth);
	}
	return sum;
}

int expression_evaluate(const char *text, const struct summary *summary, double *result,
                        const char **why)
{
	struct reader reader = {.at = text, .summary = summary};

	next(&reader);
	*result = read_sum(&reader, 0);
	if (*reader.word && !reader.why)
		reader.why = "there is no operator (+ - * /) between two of its words";
	*why = reader.why;
	return reader.why ? -EINVAL : 0;
}
