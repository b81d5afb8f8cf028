#include "finish.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "quantity.h"

int quiz_complain(struct quiz_fault *fault, unsigned line, const char *format, ...)
{
	va_list values;

	fault->line = line;
	va_start(values, format);
	vsnprintf(fault->what, sizeof fault->what, format, values);
	va_end(values);
	return -EINVAL;
}

/* Cuts blank lines and spaces at both ends; frees text in which nothing is left. */
static void trim(char **text)
{
	size_t size, start;

	if (!*text)
		return;
	size = strlen(*text);
	while (size && isspace((unsigned char)(*text)[size - 1]))
		size--;
	(*text)[size] = '\0';
	start = strspn(*text, "\n");
	memmove(*text, *text + start, size > start ? size - start + 1 : 1);
	if (size <= start) {
		free(*text);
		*text = NULL;
	}
}

/* The answer line of a measured question explains, so it is left out. */
static uint64_t hash_question(const struct quiz_question *question)
{
	uint64_t hash = HASH_START;

	hash = hash_text(hash, quiz_kind_name(question->kind));
	hash = hash_text(hash, question->title);
	hash = hash_text(hash, question->text);
	hash = hash_text(hash, question->unit);
	hash = hash_text(hash, question->metric);
	if (question->kind != QUIZ_MEASURED)
		hash = hash_text(hash, question->answer);
	for (size_t i = 0; i < question->option_count; i++) {
		hash = hash_text(hash, (const char[]){question->options[i].letter, '\0'});
		hash = hash_text(hash, question->options[i].text);
	}
	return hash;
}

/* How many letters may be right: the least and the most. */
static bool has_right_count(const struct quiz_question *question, size_t count)
{
	if (question->kind == QUIZ_SINGLE)
		return count == 1;
	if (question->kind == QUIZ_ORDER)
		return count == question->option_count;
	return count >= 1;
}

static int finish_letters(struct quiz_question *question, struct quiz_fault *fault)
{
	char letters[QUIZ_OPTIONS_MAX + 1] = "";
	size_t count = 0;

	for (const char *c = question->answer; *c; c++) {
		if (*c == ',' || isspace((unsigned char)*c))
			continue;
		if (!quiz_option(question, *c) || strchr(letters, *c))
			return quiz_complain(fault, question->line,
			                     "answer '%s': letters of its options, once each",
			                     question->answer);
		letters[count++] = *c;
	}
	if (!has_right_count(question, count))
		return quiz_complain(fault, question->line, "answer '%s' is too few or too many",
		                     question->answer);
	question->letters = strdup(letters);
	return question->letters ? 0 : -ENOMEM;
}

static int finish_options(struct quiz_question *question, struct quiz_fault *fault)
{
	if (question->option_count < 2)
		return quiz_complain(fault, question->line, "needs two options: - [ ] A. TEXT");
	for (size_t i = 0; i < question->option_count; i++) {
		const struct quiz_option *option = &question->options[i];

		if (!option->why && question->kind != QUIZ_ORDER)
			return quiz_complain(fault, question->line,
			                     "option %c has no reason: - %c: TEXT", option->letter,
			                     option->letter);
	}
	return finish_letters(question, fault);
}

static int finish_number(struct quiz_question *question, struct quiz_fault *fault)
{
	struct quiz_within within;
	const char *unit;

	if (!quantity_answer(question->answer, &question->number, &within, &unit))
		return quiz_complain(fault, question->line, "answer '%s' is no number",
		                     question->answer);
	if (question->within.size < 0)
		question->within = within;
	if (!question->unit && *unit) {
		question->unit = strdup(unit);
		return question->unit ? 0 : -ENOMEM;
	}
	return 0;
}

static int finish_measured(struct quiz_question *question, struct quiz_fault *fault)
{
	if (!question->metric)
		return quiz_complain(fault, question->line, "kind=measured needs metric=KEY");
	if (question->within.size < 0)
		question->within = (struct quiz_within){WITHIN_PERCENT, 10};
	return 0;
}

static int finish_kind(struct quiz_question *question, struct quiz_fault *fault)
{
	if (question->kind <= QUIZ_ORDER)
		return finish_options(question, fault);
	if (question->option_count)
		return quiz_complain(fault, question->line, "kind=%s has no options",
		                     quiz_kind_name(question->kind));
	if (question->kind == QUIZ_NUMBER)
		return finish_number(question, fault);
	if (question->kind == QUIZ_MEASURED)
		return finish_measured(question, fault);
	return 0;
}

/* A page shows a word as `word`; nobody types it so. */
static void drop_backquotes(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text != '`')
			*to++ = *text;
	}
	*to = '\0';
}

int quiz_finish(struct quiz_question *question, struct quiz_fault *fault)
{
	int err;

	trim(&question->text);
	trim(&question->why);
	trim(&question->answer);
	if (!question->id)
		return quiz_complain(fault, question->line,
		                     "no <!-- quiz id=… kind=… --> below the heading");
	if (!question->answer)
		return quiz_complain(fault, question->line,
		                     "no **Answer:** in <details><summary>Answer</summary>");
	drop_backquotes(question->answer);
	if (question->verify && question->kind != QUIZ_NUMBER)
		return quiz_complain(fault, question->line, "verify= is for kind=number");
	err = finish_kind(question, fault);
	if (err == -ENOMEM)
		quiz_complain(fault, question->line, "out of memory");
	question->hash = hash_question(question);
	return err;
}
