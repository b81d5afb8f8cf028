/* What is said after an answer: said, measured, right, and why. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "learn_ask.h"
#include "learn_say.h"
#include "learn_words.h"
#include "quiz/grade.h"

/* "within 10 %", or "" where it must be the very number. */
static void within_text(const struct quiz_question *question, char *text, size_t size)
{
	const struct quiz_within within = question->within;

	text[0] = '\0';
	if (within.kind == WITHIN_PERCENT)
		snprintf(text, size, "within %g %%", within.size);
	else if (within.kind == WITHIN_FACTOR)
		snprintf(text, size, "within a factor of %g", within.size);
	else if (within.size > 0)
		snprintf(text, size, "within %g", within.size);
}

/* ", within 10 %" where what was said is right for that alone, else "". */
static void grace_text(const struct ask *ask, double right, char *text, size_t size)
{
	char said[40], exact[40], within[60];
	double number;

	text[0] = '\0';
	within_text(ask->question, within, sizeof within);
	if (!*within || !grade_number_said(ask->question, ask->said, &number))
		return;
	words_number(number, said, sizeof said);
	words_number(right, exact, sizeof exact);
	if (strcmp(said, exact) != 0)
		snprintf(text, size, ", %s", within);
}

/* What was said, with the unit where it was left out. */
static void said_text(const struct ask *ask, char *text, size_t size)
{
	const char *said = ask->said;
	const size_t length = strlen(said);

	if (length && isdigit((unsigned char)said[length - 1]))
		words_add_unit(ask->question, said, text, size);
	else
		snprintf(text, size, "%s", said);
}

/* The letters that are shown for those of the file. */
static void shown_letters(const struct ask *ask, const char *letters, char *text)
{
	size_t used = 0;
	char shown[QUIZ_OPTIONS_MAX + 1] = "";

	for (const char *c = letters; *c; c++) {
		const char *at = memchr(ask->order, *c, ask->question->option_count);

		if (at)
			shown[used++] = (char)('A' + (at - ask->order));
	}
	used = 0;
	if (ask->question->kind != QUIZ_ORDER) {
		for (int letter = 'A'; letter < 'A' + QUIZ_OPTIONS_MAX; letter++) {
			if (strchr(shown, letter))
				used += (size_t)sprintf(text + used, "%s%c", used ? ", " : "",
				                        letter);
		}
		return;
	}
	for (const char *c = shown; *c; c++)
		used += (size_t)sprintf(text + used, "%s%c", used ? ", " : "", *c);
}

/* "measured, about T/2 + d": the part that is a rule, or NULL. */
static const char *rule_of(const struct quiz_question *question)
{
	const char *rule = question->answer;

	if (question->kind != QUIZ_MEASURED)
		return NULL;
	if (strncmp(rule, "measured", 8) == 0)
		rule += 8 + strspn(rule + 8, ",;: ");
	return *rule ? rule : NULL;
}

static void right_answer(const struct ask *ask, char *text, size_t size)
{
	const struct quiz_question *question = ask->question;

	text[0] = '\0';
	if (question->letters) {
		shown_letters(ask, question->letters, text);
	} else if (question->kind == QUIZ_NUMBER) {
		words_with_unit(question, question->number, text, size);
	} else if (question->kind == QUIZ_TEXT) {
		snprintf(text, size, "%.*s", (int)strcspn(question->answer, "|"), question->answer);
		while (*text && isspace((unsigned char)text[strlen(text) - 1]))
			text[strlen(text) - 1] = '\0';
	}
}

static void print_measured(const struct ask *ask, enum verdict verdict, double measured)
{
	char was[80], said[ASK_SAID_MAX + 40], within[60], grace[64];

	words_with_unit(ask->question, measured, was, sizeof was);
	within_text(ask->question, within, sizeof within);
	grace_text(ask, measured, grace, sizeof grace);
	said_text(ask, said, sizeof said);
	if (verdict == VERDICT_SKIPPED)
		say("Skipped; it was %s.", was);
	else if (verdict == VERDICT_RIGHT)
		say("You said %s, it was %s: right%s.", said, was, grace);
	else
		say("You said %s, it was %s: not %s.", said, was, *within ? within : "right");
}

static void print_verdict(const struct ask *ask, enum verdict verdict)
{
	char right[400], said[ASK_SAID_MAX + 40], grace[64] = "";

	right_answer(ask, right, sizeof right);
	if (ask->question->kind == QUIZ_NUMBER)
		grace_text(ask, ask->question->number, grace, sizeof grace);
	said_text(ask, said, sizeof said);
	if (!*right)
		say("%s%s; it was not measured, so there is nothing to compare with.",
		    verdict == VERDICT_SKIPPED ? "Skipped" : "You said ", said);
	else if (verdict == VERDICT_RIGHT)
		say("Right%s: %s%s.", grace, *grace ? "it is " : "", right);
	else if (verdict == VERDICT_WRONG)
		say("Not right: it is %s.", right);
	else
		say("Skipped; it is %s.", right);
}

static void print_reasons(const struct ask *ask)
{
	const struct quiz_question *question = ask->question;
	const char *rule = rule_of(question);

	for (size_t i = 0; i < question->option_count; i++) {
		const struct quiz_option *option = quiz_option(question, ask->order[i]);

		if (!option->why)
			continue;
		say("  %c%s: %s", (int)('A' + i),
		    question->kind == QUIZ_ORDER                ? ""
		    : strchr(question->letters, option->letter) ? " (right)"
		                                                : " (not)",
		    option->why);
	}
	/* It names the number that the lesson as it stands gives. */
	if (rule && !ask->changed)
		say("Rule: %s%s", rule, strchr(".!?", rule[strlen(rule) - 1]) ? "" : ".");
	if (question->why)
		say_markdown(question->why, 0);
}

static void print_json(const struct ask *ask, enum verdict verdict, const double *measured)
{
	char right[400];

	right_answer(ask, right, sizeof right);
	printf("{\"lesson\":\"%s\",\"part\":\"%s\",\"id\":\"%s\",\"kind\":\"%s\",\"verdict\":\"%s\"",
	       ask->lesson->folder, part_name(ask->part), ask->question->id,
	       quiz_kind_name(ask->question->kind), verdict_name(verdict));
	fputs(",\"said\":", stdout);
	say_json(ask->skipped ? NULL : ask->said);
	fputs(",\"right\":", stdout);
	say_json(*right ? right : NULL);
	if (measured && isfinite(*measured))
		printf(",\"measured\":%.6g", *measured);
	else
		fputs(",\"measured\":null", stdout);
	fputs(",\"unit\":", stdout);
	say_json(ask->question->unit);
	puts("}");
}

void ask_explain(const struct ask *ask, enum verdict verdict, const double *measured)
{
	if (ask->learn->json) {
		print_json(ask, verdict, measured);
		return;
	}
	if (measured)
		print_measured(ask, verdict, *measured);
	else
		print_verdict(ask, verdict);
	print_reasons(ask);
}
