#include "learn_ask.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "learn_say.h"
#include "quiz/grade.h"

static bool has_letters(const struct quiz_question *question)
{
	return question->kind <= QUIZ_ORDER;
}

static void print_question(const struct ask *ask)
{
	const struct quiz_question *question = ask->question;

	printf("\n%s %zu of %zu (%s, %s)\n", ask->part == PART_QUIZ ? "Question" : "Prediction",
	       ask->number, ask->count, ask->lesson->folder, question->id);
	say("%s", question->title);
	if (question->text) {
		putchar('\n');
		say_markdown(question->text, 0);
	}
	if (question->option_count)
		putchar('\n');
	for (size_t i = 0; i < question->option_count; i++)
		say("  %c. %s", (int)('A' + i), quiz_option(question, ask->order[i])->text);
	putchar('\n');
}

static void say_expected(const struct ask *ask)
{
	char expected[120];

	grade_expects(ask->question, expected, sizeof expected);
	say("Type %s; Enter skips%s, q ends.", expected,
	    ask->question->hint ? ", ? gives a hint" : "");
}

/* A line of stdin without its end, cut where it is too long; false: there is none. */
static bool read_line(char *line, size_t size)
{
	char *end;

	if (!fgets(line, (int)size, stdin))
		return false;
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	while (!end) {
		int c = getchar();

		if (c == EOF || c == '\n')
			break;
	}
	return true;
}

/* Letters as shown become those of the file; what is no option stays no option. */
static void read_shown_letters(struct ask *ask)
{
	for (char *c = ask->said; *c; c++) {
		int index = toupper((unsigned char)*c) - 'A';

		if (!isalpha((unsigned char)*c))
			continue;
		*c = index < (int)ask->question->option_count ? ask->order[index] : '?';
	}
}

static void add_letter(char *letters, char letter)
{
	size_t used = strlen(letters);

	snprintf(letters + used, ASK_SAID_MAX - used, "%s%c", used ? ", " : "", letter);
}

/* The answer as it is kept and shown: letters in capitals, with commas, sorted where it may be. */
static void tidy(struct ask *ask)
{
	const struct quiz_question *question = ask->question;
	char letters[ASK_SAID_MAX] = "";

	if (!has_letters(question))
		return;
	for (char *c = ask->said; *c; c++) {
		*c = (char)toupper((unsigned char)*c);
		if (question->kind == QUIZ_ORDER && isalpha((unsigned char)*c))
			add_letter(letters, *c);
	}
	for (size_t i = 0; question->kind != QUIZ_ORDER && i < question->option_count; i++) {
		if (strchr(ask->said, question->options[i].letter))
			add_letter(letters, question->options[i].letter);
	}
	strcpy(ask->said, letters);
}

/* What a line other than an answer asks for; false: it is an answer. */
static bool take_wish(struct ask *ask, const char *line, int *status, bool *again)
{
	*again = true;
	*status = 0;
	if (!*line && ask->learn->rules.forbid_skip) {
		say("Here every question is to be answered (class.conf: forbid_skip).");
	} else if (!*line) {
		ask->skipped = true;
		*again = false;
	} else if (strcmp(line, "?") == 0) {
		if (ask->question->hint)
			say("Hint: %s", ask->question->hint);
		else
			say("This one has no hint.");
	} else if (strcmp(line, "q") == 0) {
		*status = ASK_STOPPED;
		*again = false;
	} else {
		return false;
	}
	return true;
}

/* An option in words becomes its letter; false: it is none. */
static bool take_words(struct ask *ask)
{
	const char letter = ask->question->kind == QUIZ_SINGLE
	                            ? grade_option_said(ask->question, ask->said)
	                            : 0;

	if (letter)
		snprintf(ask->said, sizeof ask->said, "%c", letter);
	return letter;
}

static int ask_terminal(struct ask *ask)
{
	char expected[120];
	int status;
	bool again;

	grade_expects(ask->question, expected, sizeof expected);
	say_expected(ask);
	for (;;) {
		fputs("Your answer: ", stdout);
		fflush(stdout);
		if (!read_line(ask->said, sizeof ask->said)) {
			putchar('\n');
			return ASK_STOPPED;
		}
		memmove(ask->said, ask->said + strspn(ask->said, " \t"),
		        strlen(ask->said + strspn(ask->said, " \t")) + 1);
		if (take_wish(ask, ask->said, &status, &again)) {
			if (!again)
				return status;
			continue;
		}
		if (!take_words(ask) && has_letters(ask->question))
			read_shown_letters(ask);
		if (grade_answer(ask->question, ask->said, NULL) != GRADE_UNREADABLE)
			return 0;
		say("That cannot be read as an answer; it is %s.", expected);
	}
}

static const struct pair *find_answer(const struct ask *ask)
{
	const struct pairs *answers = &ask->learn->answers;

	for (size_t i = 0; i < answers->count; i++) {
		if (strcmp(answers->items[i].key, ask->question->id) == 0)
			return &answers->items[i];
	}
	return NULL;
}

static int take_answer(struct ask *ask, const struct pair *pair)
{
	char expected[120];

	if (!ask->learn->json)
		say("Your answer: %s", *pair->value ? pair->value : "none");
	ask->skipped = !*pair->value;
	if (ask->skipped)
		return 0;
	snprintf(ask->said, sizeof ask->said, "%s", pair->value);
	take_words(ask);
	if (grade_answer(ask->question, ask->said, NULL) != GRADE_UNREADABLE)
		return 0;
	grade_expects(ask->question, expected, sizeof expected);
	return complain("%s:%u: %s = %.60s: the answer is %s", ask->learn->answers_path, pair->line,
	                pair->key, pair->value, expected);
}

int ask_question(struct ask *ask)
{
	const struct pair *pair = find_answer(ask);
	const bool asks = !pair && ask->learn->terminal;
	const uint64_t seed = asks ? (uint64_t)time(NULL) : 0;
	struct quiz_question fixed = *ask->question;
	int status = 0;

	/* Where nobody is asked the letters are those of the file. */
	fixed.fixed = fixed.fixed || !asks;
	quiz_shuffle(&fixed, seed ^ fixed.hash, ask->order);
	ask->skipped = false;
	ask->said[0] = '\0';
	if (!ask->learn->json)
		print_question(ask);
	if (pair)
		status = take_answer(ask, pair);
	else if (asks)
		status = ask_terminal(ask);
	else
		ask->skipped = true;
	if (ask->skipped)
		ask->said[0] = '\0';
	tidy(ask);
	return status;
}

void ask_keep(struct ask *ask, const char *said)
{
	for (size_t i = 0; i < ask->question->option_count; i++)
		ask->order[i] = ask->question->options[i].letter;
	snprintf(ask->said, sizeof ask->said, "%s", said);
	ask->skipped = false;
}

int ask_status(int status)
{
	if (status != ASK_STOPPED)
		return status;
	say("Stopped. What you have answered is kept.");
	return 0;
}

enum verdict ask_verdict(const struct ask *ask, const double *measured)
{
	if (ask->skipped)
		return VERDICT_SKIPPED;
	if (ask->question->kind == QUIZ_MEASURED && !measured)
		return VERDICT_SAID;
	return grade_answer(ask->question, ask->said, measured) == GRADE_RIGHT ? VERDICT_RIGHT
	                                                                       : VERDICT_WRONG;
}
