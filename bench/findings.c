#include "findings.h"

#include <math.h>
#include <string.h>

#include "expression.h"
#include "parameters.h"

#define LINE_MAX_BYTES 1024
#define BLOCKS_MIN     5 /* of fewer all may have the same arm ahead by chance once in eight times */

/* A sentence that grows. */
struct sentence {
	char text[LINE_MAX_BYTES];
	size_t used;
	unsigned items;
};

/* To whom sentences are told, and how many were. */
struct teller {
	void (*line)(void *user, const char *text);
	void *user;
	unsigned told;
};

static void tell(struct teller *teller, const char *text)
{
	teller->line(teller->user, text);
	teller->told++;
}

static void append(struct sentence *sentence, const char *text)
{
	int length = snprintf(sentence->text + sentence->used,
	                      sizeof(sentence->text) - sentence->used, "%s", text);

	sentence->used += (size_t)length;
	if (sentence->used >= sizeof(sentence->text))
		sentence->used = sizeof(sentence->text) - 1;
}

static void append_item(struct sentence *sentence, const char *text)
{
	append(sentence, sentence->items++ ? ", " : " ");
	append(sentence, text);
}

/* Expectations */

static void put_value(char *cell, double value, const char *unit)
{
	double size = fabs(value);
	int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 || size == 0 ? 2 : 4;

	snprintf(cell, TABLE_CELL_BYTES, "%.*f%s%s", decimals, value, *unit ? " " : "", unit);
}

static void put_bounds(char *cell, const struct expectation *expectation)
{
	const char *space = *expectation->unit ? " " : "";

	if (expectation->low == expectation->high)
		snprintf(cell, TABLE_CELL_BYTES, "%g%s%s", expectation->low, space,
		         expectation->unit);
	else
		snprintf(cell, TABLE_CELL_BYTES, "%g to %g%s%s", expectation->low,
		         expectation->high, space, expectation->unit);
}

static double measured(const struct expectation *expectation, const struct summary *summary)
{
	const char *ignored;
	double value = NAN;

	expression_evaluate(expectation->expression, summary, &value, &ignored);
	return value;
}

static bool has_held(const struct expectation *expectation, double value)
{
	return value >= expectation->low && value <= expectation->high;
}

static void fill_row(char (*cells)[TABLE_CELL_BYTES], const struct expectation *expectation,
                     const struct summary *summary)
{
	double value = measured(expectation, summary);

	snprintf(cells[0], TABLE_CELL_BYTES, "%s", expectation->what);
	put_bounds(cells[1], expectation);
	if (isnan(value)) {
		strcpy(cells[2], "-");
		strcpy(cells[3], "not measured in this run");
		return;
	}
	put_value(cells[2], value, expectation->unit);
	strcpy(cells[3], has_held(expectation, value) ? "yes" : "no");
}

int findings_table(struct table *out, const struct experiment *experiment,
                   const struct summary *summary)
{
	static const struct table_column columns[] = {
	        {"what was predicted", "", true},
	        {"expected", "", true},
	        {"measured", "", false},
	        {"held", "", true},
	};
	int status = table_open(out, columns, sizeof(columns) / sizeof(*columns),
	                        experiment->expected_count);

	for (size_t i = 0; status == 0 && i < experiment->expected_count; i++)
		fill_row(out->rows[i], &experiment->expected[i], summary);
	return status;
}

/* Closed forms */

/* What is measured, what is predicted of it, and how both are said. */
struct form {
	enum summary_value measured, model;
	const char *what, *unit;
	int decimals;
};

/* As a share of what was predicted; NAN where that is none, or a matter of course. */
static double deviation(const struct summary_row *row, const struct form *form)
{
	double model = row->values[form->model];
	double share = row->values[form->measured] / model - 1;
	bool of_course = form->model == MODEL_MESSAGES_PER_RESPONSE && model == 1;

	return isfinite(share) && !of_course ? share : NAN;
}

static void say_form(const struct summary *summary, const struct form *form, struct teller *teller)
{
	const struct summary_row *furthest = NULL;
	unsigned rows = 0;
	char text[LINE_MAX_BYTES];

	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->rows[i];

		if (isnan(deviation(row, form)))
			continue;
		rows++;
		if (!furthest || fabs(deviation(row, form)) > fabs(deviation(furthest, form)))
			furthest = row;
	}
	if (!furthest)
		return;
	if (fabs(deviation(furthest, form)) < 0.0005)
		snprintf(text, sizeof(text), "%s of %u row%s as the closed form says.", form->what,
		         rows, rows == 1 ? " are" : "s are");
	else
		snprintf(
		        text, sizeof(text),
		        "%s of %u row%s within %.1f %% of the closed form; the furthest is %s, by %+.*f%s.",
		        form->what, rows, rows == 1 ? " are" : "s are",
		        fabs(deviation(furthest, form)) * 100, furthest->label, form->decimals,
		        furthest->values[form->measured] - furthest->values[form->model],
		        form->unit);
	tell(teller, text);
}

static void say_forms(const struct summary *summary, struct teller *teller)
{
	static const struct form forms[] = {
	        {LATENCY_MEAN_MS, MODEL_MEAN_MS, "Mean latencies", " ms", 2},
	        {WIRE_BYTES_PER_MESSAGE, MODEL_WIRE_BYTES_PER_MESSAGE, "Bytes on the wire", " B",
	         1},
	        {WIRE_BYTES_PER_IDLE_MINUTE, MODEL_WIRE_BYTES_PER_IDLE_MINUTE,
	         "Bytes of an idle minute", " B", 0},
	        {MESSAGES_PER_RESPONSE, MODEL_MESSAGES_PER_RESPONSE, "Messages per response", "",
	         2},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		say_form(summary, &forms[i], teller);
}

/* CPU, run against run */

static bool is_one_cadence(const struct summary *summary)
{
	for (size_t i = 0; i < summary->count; i++)
		if (*summary->rows[i].variant)
			return false;
	return true;
}

static const struct summary_row *row_of(const struct summary *summary, const char *transport,
                                        const char *stack)
{
	for (size_t i = 0; i < summary->count; i++) {
		const struct run_parameters *own = &summary->rows[i].parameters;

		if (strcmp(own->transport, transport) == 0 && strcmp(own->stack, stack) == 0)
			return &summary->rows[i];
	}
	return NULL;
}

/* "sse/mhd 1.15 [1.02 1.34]" where that leaves 1 out, else its name under `same`. */
static void sort_ratio(struct sentence *different, struct sentence *same,
                       const struct summary_row *row, const struct summary_ratio *ratio)
{
	char text[192];

	if (ratio->pairs < BLOCKS_MIN)
		return;
	if (ratio->interval.low <= 1 && ratio->interval.high >= 1) {
		append_item(same, row->label);
		return;
	}
	snprintf(text, sizeof(text), "%s %.2f [%.2f %.2f]", row->label, ratio->median,
	         ratio->interval.low, ratio->interval.high);
	append_item(different, text);
}

static void say_ratios(const char *to, struct sentence *different, struct sentence *same,
                       struct teller *teller)
{
	struct sentence all = {.used = 0};
	char text[192];

	if (different->items + same->items == 0)
		return;
	snprintf(text, sizeof(text), "Server CPU a message, as a multiple of that of %s:", to);
	append(&all, text);
	append(&all, different->text);
	if (same->items) {
		append(&all,
		       different->items ? "; no difference measured:" : " no difference measured:");
		append(&all, same->text);
	}
	append(&all, ".");
	tell(teller, all.text);
}

static void say_cpu_of_libraries(const struct summary *summary, struct teller *teller)
{
	struct sentence different = {.used = 0}, same = {.used = 0};

	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->rows[i];
		const struct summary_row *epoll =
		        row_of(summary, row->parameters.transport, "epoll");
		struct summary_ratio ratio;

		if (!epoll || epoll == row)
			continue;
		ratio = summary_ratio(row, epoll, SERVER_CPU_US_PER_MESSAGE);
		sort_ratio(&different, &same, row, &ratio);
	}
	say_ratios("the same transport on epoll", &different, &same, teller);
}

static void say_cpu_of_transports(const struct summary *summary, struct teller *teller)
{
	const struct summary_row *websocket = row_of(summary, "websocket", "epoll");
	struct sentence different = {.used = 0}, same = {.used = 0};

	for (size_t i = 0; websocket && i < summary->count; i++) {
		const struct summary_row *row = &summary->rows[i];
		struct summary_ratio ratio;

		if (row == websocket || strcmp(row->parameters.stack, "epoll") != 0)
			continue;
		ratio = summary_ratio(row, websocket, SERVER_CPU_US_PER_MESSAGE);
		sort_ratio(&different, &same, row, &ratio);
	}
	say_ratios("websocket/epoll", &different, &same, teller);
}

/* The knee */

static bool keeps_up(const struct summary_row *row, unsigned p99_max_ms)
{
	return row->runs > 0 && row->values[LATENCY_P99_MS] <= p99_max_ms;
}

static bool same_but_rate(const struct summary_row *a, const struct summary_row *b)
{
	return parameters_same_cell(&a->parameters, &b->parameters) &&
	       (parameters_difference(&a->parameters, &b->parameters) & ~PARAMETER_RATE) == 0;
}

/* Up from the row of the lowest rate; *knee and *beyond may stay NULL. Gives how many rates. */
static unsigned find_knee(const struct summary *summary, const struct summary_row *lowest,
                          unsigned p99_max_ms, const struct summary_row **knee,
                          const struct summary_row **beyond)
{
	unsigned rates = 0;

	*knee = *beyond = NULL;
	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->rows[i];

		if (!same_but_rate(lowest, row))
			continue;
		rates++;
		if (!*beyond && keeps_up(row, p99_max_ms))
			*knee = row;
		else if (!*beyond)
			*beyond = row;
	}
	return rates;
}

static void append_beyond(struct sentence *sentence, const struct summary *summary,
                          const struct summary_row *beyond)
{
	char text[320];

	if (!beyond)
		snprintf(text, sizeof(text), ", the highest tried.");
	else if (beyond->runs)
		snprintf(text, sizeof(text), "; at %g it is %.1f ms.", beyond->parameters.rate_hz,
		         beyond->values[LATENCY_P99_MS]);
	else
		snprintf(text, sizeof(text), "; at %g no run was valid: %s.",
		         beyond->parameters.rate_hz, summary_reason(summary, beyond));
	append(sentence, text);
}

static void say_knee(const struct summary *summary, const struct summary_row *lowest,
                     unsigned p99_max_ms, struct teller *teller)
{
	const struct summary_row *knee, *beyond;
	struct sentence sentence = {.used = 0};
	char text[192];

	if (find_knee(summary, lowest, p99_max_ms, &knee, &beyond) < 2)
		return;
	snprintf(text, sizeof(text), "%s/%s: p99 within %u ms and nothing lost up to ",
	         lowest->parameters.transport, lowest->parameters.stack, p99_max_ms);
	append(&sentence, text);
	snprintf(text, sizeof(text), "no rate that was tried");
	if (knee)
		snprintf(text, sizeof(text), "%g messages/s (%.1f ms, %u of %u runs valid)",
		         knee->parameters.rate_hz, knee->values[LATENCY_P99_MS], knee->runs,
		         knee->runs + knee->invalid_runs);
	append(&sentence, text);
	append_beyond(&sentence, summary, beyond);
	tell(teller, sentence.text);
}

static void say_knees(const struct experiment *experiment, const struct summary *summary,
                      struct teller *teller)
{
	if (!experiment->p99_max_ms)
		return;
	for (size_t i = 0; i < summary->count; i++) {
		size_t before = 0;

		while (before < i && !same_but_rate(&summary->rows[before], &summary->rows[i]))
			before++;
		if (before == i)
			say_knee(summary, &summary->rows[i], experiment->p99_max_ms, teller);
	}
}

/* The file's verdict holds as long as all that it expects does. */
static void say_verdict(const struct experiment *experiment, const struct summary *summary,
                        struct teller *teller)
{
	struct sentence sentence = {.used = 0};
	bool held = true;

	if (!*experiment->claim_verdict)
		return;
	for (size_t i = 0; i < experiment->expected_count; i++)
		held = held && has_held(&experiment->expected[i],
		                        measured(&experiment->expected[i], summary));
	append(&sentence, "The claim that was put to the test: ");
	append(&sentence, held ? experiment->claim_verdict
	                       : "open, since not all that was predicted has held");
	append(&sentence, ".");
	tell(teller, sentence.text);
}

void findings_lines(const struct experiment *experiment, const struct summary *summary,
                    void (*line)(void *user, const char *text), void *user)
{
	struct teller teller = {line, user, 0};

	say_verdict(experiment, summary, &teller);
	say_forms(summary, &teller);
	say_knees(experiment, summary, &teller);
	if (is_one_cadence(summary)) {
		say_cpu_of_libraries(summary, &teller);
		say_cpu_of_transports(summary, &teller);
	}
	if (!teller.told && !experiment->expected_count)
		tell(&teller, "The file has no prediction in numbers, no closed form holds, and "
		              "there are too few blocks to compare CPU: see the figures.");
}
