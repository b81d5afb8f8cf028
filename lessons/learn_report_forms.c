/* The report as lines, as JSON and as a page. */
#include <stdio.h>
#include <string.h>

#include "learn_report.h"
#include "learn_say.h"
#include "learn_words.h"

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static const char *check_word(const struct state *state)
{
	return !state->has_check ? "none" : state->passed ? "passed" : "open";
}

static void nothing(void)
{
}

/* "" where the lesson has no values. */
static const char *receipt_of(const struct learn *learn, const struct lesson *lesson,
                              char receipt[RECEIPT_SIZE])
{
	return progress_receipt(&learn->progress, lesson->folder, receipt) ? receipt : "";
}

static void begin_text(const struct learn *learn, const struct lesson *only)
{
	char now[32];

	(void)only;
	printf("pushlab lessons, %s\n", learn_now(now));
	say("Kept in %s.", learn_shown(learn->progress.path));
}

static void lesson_text(const struct learn *learn, const struct lesson *lesson,
                        const struct state *state, bool first)
{
	char receipt[RECEIPT_SIZE];

	(void)first;
	printf("\n%02u %s\n", lesson->number, lesson->title);
	printf("  run: %s; check: %s; hints: %u; solution seen: %s\n", yes_no(state->ran),
	       check_word(state), state->hints, yes_no(state->solution));
	printf("  predictions right: %u of %u; quiz right: %u of %u\n", state->predict.right,
	       state->predict.questions, state->quiz.right, state->quiz.questions);
	if (*receipt_of(learn, lesson, receipt))
		printf("  receipt: %s %s\n", lesson->folder, receipt);
}

static void question_text(const struct quiz_question *question, enum part part,
                          const struct answer *answer, const double *measured, bool first)
{
	char words[WORDS_MAX];

	(void)first;
	if (!answer)
		return;
	printf("    %s %s: %s", part_name(part), question->id, verdict_name(answer->verdict));
	if (*answer->said)
		printf(", said %s", words_said(question, answer->said, words));
	if (measured) {
		words_with_unit(question, *measured, words, sizeof words);
		printf(", measured %s", words);
	}
	putchar('\n');
}

const struct report_form report_text = {begin_text, lesson_text, question_text, nothing, nothing};

static void begin_json(const struct learn *learn, const struct lesson *only)
{
	char now[32];

	(void)only;
	printf("{\"made\":\"%s\",\"current\":\"%s\",\"lessons\":[", learn_now(now),
	       learn_current(learn)->folder);
}

static void lesson_json(const struct learn *learn, const struct lesson *lesson,
                        const struct state *state, bool first)
{
	const char *ran = progress_get(&learn->progress, lesson->folder, "ran");
	char receipt[RECEIPT_SIZE];

	printf("%s\n{\"lesson\":\"%s\",\"title\":", first ? "" : ",", lesson->folder);
	say_json(lesson->title);
	fputs(",\"ran\":", stdout);
	say_json(ran);
	fputs(",\"receipt\":", stdout);
	say_json(*receipt_of(learn, lesson, receipt) ? receipt : NULL);
	printf(",\"check\":\"%s\",\"hints\":%u,\"solution\":%s", check_word(state), state->hints,
	       state->solution ? "true" : "false");
	printf(",\"predictions\":{\"questions\":%u,\"answered\":%u,\"right\":%u}",
	       state->predict.questions, state->predict.answered, state->predict.right);
	printf(",\"quiz\":{\"questions\":%u,\"answered\":%u,\"right\":%u},\"answers\":[",
	       state->quiz.questions, state->quiz.answered, state->quiz.right);
}

static void question_json(const struct quiz_question *question, enum part part,
                          const struct answer *answer, const double *measured, bool first)
{
	printf("%s\n {\"part\":\"%s\",\"id\":\"%s\",\"verdict\":", first ? "" : ",",
	       part_name(part), question->id);
	say_json(answer ? verdict_name(answer->verdict) : NULL);
	fputs(",\"said\":", stdout);
	say_json(answer && *answer->said ? answer->said : NULL);
	if (measured)
		printf(",\"measured\":%.6g}", *measured);
	else
		fputs(",\"measured\":null}", stdout);
}

static void end_lesson_json(void)
{
	fputs("]}", stdout);
}

static void end_json(void)
{
	puts("\n]}");
}

const struct report_form report_json = {begin_json, lesson_json, question_json, end_lesson_json,
                                        end_json};

/* What Markdown has between backticks is code. */
static void print_html(const char *text)
{
	bool code = false;

	for (; *text; text++) {
		switch (*text) {
		case '`':
			code = !code && strchr(text + 1, '`');
			fputs(code ? "<code>" : "</code>", stdout);
			break;
		case '<':
			fputs("&lt;", stdout);
			break;
		case '&':
			fputs("&amp;", stdout);
			break;
		default:
			putchar(*text);
		}
	}
}

static void overview_html(const struct learn *learn)
{
	puts("<table>\n<tr><th>lesson<th>run<th>check<th>hints<th>solution seen<th>predictions right"
	     "<th>quiz right</tr>");
	for (size_t i = 0; i < learn->lessons.count; i++) {
		const struct lesson *lesson = &learn->lessons.items[i];
		struct state state = state_of(learn, lesson);

		printf("<tr><td><a href=\"#%s\">%u. ", lesson->folder, lesson->number);
		print_html(lesson->title);
		printf("</a><td>%s<td>%s<td>%u<td>%s<td>%u of %u<td>%u of %u</tr>\n",
		       yes_no(state.ran), check_word(&state), state.hints, yes_no(state.solution),
		       state.predict.right, state.predict.questions, state.quiz.right,
		       state.quiz.questions);
	}
	puts("</table>");
}

static void begin_html(const struct learn *learn, const struct lesson *only)
{
	char now[32];

	puts("<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	     "<meta name=\"viewport\" content=\"width=device-width\">\n"
	     "<title>pushlab lessons</title>\n"
	     "<style>body{font:1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
	     "table{border-collapse:collapse}td,th{border:1px solid;padding:.2rem .5rem;"
	     "text-align:left}td:last-child{white-space:nowrap}</style>");
	printf("<h1>pushlab lessons</h1>\n<p>%s</p>\n", learn_now(now));
	if (!only)
		overview_html(learn);
}

static void lesson_html(const struct learn *learn, const struct lesson *lesson,
                        const struct state *state, bool first)
{
	char receipt[RECEIPT_SIZE];

	(void)first;
	printf("<h2 id=\"%s\">%u. ", lesson->folder, lesson->number);
	print_html(lesson->title);
	printf("</h2>\n<p>Run: %s. Check: %s. Hints: %u. Solution seen: %s. Predictions right: %u of "
	       "%u. Quiz right: %u of %u.</p>\n",
	       yes_no(state->ran), check_word(state), state->hints, yes_no(state->solution),
	       state->predict.right, state->predict.questions, state->quiz.right,
	       state->quiz.questions);
	if (*receipt_of(learn, lesson, receipt))
		printf("<p>Receipt: %s %s</p>\n", lesson->folder, receipt);
	puts("<table>\n<tr><th>part<th>question<th>said<th>measured<th>verdict</tr>");
}

static void question_html(const struct quiz_question *question, enum part part,
                          const struct answer *answer, const double *measured, bool first)
{
	char words[WORDS_MAX];

	(void)first;
	printf("<tr><td>%s<td>", part_name(part));
	print_html(question->title);
	fputs("<td>", stdout);
	print_html(answer ? words_said(question, answer->said, words) : "");
	fputs("<td>", stdout);
	if (measured) {
		words_with_unit(question, *measured, words, sizeof words);
		print_html(words);
	}
	printf("<td>%s</tr>\n", answer ? verdict_name(answer->verdict) : "not asked");
}

static void end_lesson_html(void)
{
	puts("</table>");
}

static void end_html(void)
{
	puts("</html>");
}

const struct report_form report_html = {begin_html, lesson_html, question_html, end_lesson_html,
                                        end_html};
