#include "experiment.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expectation.h"
#include "experiment_keys.h"
#include "parameters.h"
#include "settings.h"
#include "up.h"

/* An experiment while it is read. */
struct draft {
	struct experiment *experiment;
	struct settings file, set;
	struct key_values values[KEYS_SWEPT];
	struct key_errors errors;
};

static int section_bit(const char *name)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): the list is empty there */
	if (strcmp(name, "experiment") == 0)
		return IN_EXPERIMENT;
	if (strcmp(name, "run") == 0)
		return IN_RUN;
	if (strcmp(name, "expected") == 0)
		return IN_EXPECTED;
	return strcmp(name, "quick") == 0 ? IN_QUICK : 0;
}

static int unknown_key(struct draft *draft, const struct setting *setting, int section)
{
	char allowed[512] = "";

	for (size_t i = 0; i < KEYS; i++) {
		if (experiment_keys[i].sections & section)
			key_list_append(allowed, sizeof(allowed), experiment_keys[i].name);
	}
	return key_wrong(&draft->errors, setting, "no such key in [%s] (allowed: %s)",
	                 setting->section, allowed);
}

static int read_setting(struct draft *draft, const struct setting *setting, const struct key *key)
{
	ptrdiff_t id = key - experiment_keys;

	if (id < KEYS_SWEPT)
		return key_read_list(&draft->errors, setting, key, &draft->values[id]);
	return key_read_single(&draft->errors, setting, key, draft->experiment);
}

/* Every line is looked at, so that a mistake in [quick] shows without --quick. */
static int check_settings(struct draft *draft, const struct settings *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		const struct setting *setting = &settings->items[i];
		int section = section_bit(setting->section);
		const struct key *key = key_find(setting->key, section);
		int status;

		if (!section)
			return key_wrong(
			        &draft->errors, setting,
			        "in [%s], which is no section (allowed: [experiment], [run], "
			        "[quick], [expected])",
			        setting->section);
		if (!key && section != IN_EXPECTED)
			return unknown_key(draft, setting, section);
		status = key ? read_setting(draft, setting, key)
		             : expectation_check(&draft->errors, setting);
		if (status)
			return status;
	}
	return 0;
}

/* The setting that counts: of the command line, else of [quick] if asked for, else the file's. */
static const struct setting *chosen(const struct draft *draft, const struct key *key, bool quick)
{
	const struct setting *setting = settings_find(&draft->set, "run", key->name);

	if (!setting && quick && key->sections & IN_QUICK)
		setting = settings_find(&draft->file, "quick", key->name);
	if (!setting)
		setting = settings_find(&draft->file,
		                        key->sections & IN_EXPERIMENT ? "experiment" : "run",
		                        key->name);
	return setting;
}

static int rank(const struct setting *setting)
{
	if (!setting)
		return 0;
	if (setting->line == 0) /* --set */
		return 3;
	return strcmp(setting->section, "quick") == 0 ? 2 : 1;
}

/* A link profile stands for the whole link: what a place that counts less says of it is void. */
static bool is_void(const struct draft *draft, const struct key *key, const struct setting *setting,
                    bool quick)
{
	return key->of_profile && setting &&
	       rank(setting) < rank(chosen(draft, &experiment_keys[KEY_LINK_PROFILE], quick));
}

static int choose_settings(struct draft *draft, bool quick)
{
	for (size_t i = 0; i < KEYS; i++) {
		const struct key *key = &experiment_keys[i];
		const struct setting *setting = chosen(draft, key, quick);
		struct setting standard = {.key = (char *)key->name,
		                           .value = (char *)key->standard};
		int status;

		if (is_void(draft, key, setting, quick))
			setting = NULL;
		if (!setting && !key->standard)
			return key_wrong(&draft->errors, NULL, "no key '%s' in [%s]", key->name,
			                 key->sections & IN_EXPERIMENT ? "experiment" : "run");
		status = read_setting(draft, setting ? setting : &standard, key);
		if (status)
			return status;
		if (i < KEYS_SWEPT)
			draft->values[i].given = setting != NULL;
	}
	return 0;
}

static int check_payload(struct draft *draft, bool quick)
{
	const struct key_values *sizes = &draft->values[KEY_PAYLOAD_BYTES];
	const struct key_values *formats = &draft->values[KEY_FORMAT];

	for (size_t i = 0; i < sizes->count * formats->count; i++) {
		double size = sizes->numbers[i % sizes->count];
		size_t word = (size_t)formats->numbers[i / sizes->count];
		size_t least = message_min_bytes((enum message_format)word);

		if (size < (double)least)
			return key_wrong(&draft->errors,
			                 chosen(draft, &experiment_keys[KEY_PAYLOAD_BYTES], quick),
			                 "%g is below the minimum of format %s, which is %zu", size,
			                 experiment_keys[KEY_FORMAT].words[word], least);
	}
	return 0;
}

static bool any_above_0(const struct key_values *values)
{
	for (size_t i = 0; i < values->count; i++) {
		if (values->numbers[i] > 0)
			return true;
	}
	return false;
}

static double lowest(const struct key_values *values)
{
	double low = values->numbers[0];

	for (size_t i = 1; i < values->count; i++)
		low = fmin(low, values->numbers[i]);
	return low;
}

static double highest(const struct key_values *values)
{
	double high = values->numbers[0];

	for (size_t i = 1; i < values->count; i++)
		high = fmax(high, values->numbers[i]);
	return high;
}

/* What is asked of a sweep is asked of all its combinations. */
static int check_publishers(struct draft *draft, bool quick)
{
	const struct key_values *values = draft->values;
	const struct setting *up = chosen(draft, &experiment_keys[KEY_RATE_UP_HZ], quick);
	double size = lowest(&values[KEY_PAYLOAD_BYTES]);

	if (!any_above_0(&values[KEY_RATE_UP_HZ]))
		return 0;
	if (any_above_0(&values[KEY_FORMAT])) /* json is the first of them */
		return key_wrong(&draft->errors, up, "clients publish nothing but format = json");
	if (any_above_0(&values[KEY_CUTS]))
		return key_wrong(&draft->errors, up,
		                 "not together with cuts: where a cut takes an answer away, nobody "
		                 "knows whether the message was published");
	if (size < UP_MESSAGE_MIN_BYTES)
		return key_wrong(&draft->errors,
		                 chosen(draft, &experiment_keys[KEY_PAYLOAD_BYTES], quick),
		                 "%g is below the minimum of what clients publish, which is %d",
		                 size, UP_MESSAGE_MIN_BYTES);
	return 0;
}

static int check_slow_readers(struct draft *draft, bool quick)
{
	const struct key_values *values = draft->values;
	const struct setting *slow = chosen(draft, &experiment_keys[KEY_SLOW_READERS], quick);
	double most = highest(&values[KEY_SLOW_READERS]);
	double subscribers = lowest(&values[KEY_SUBSCRIBERS]);

	if (most == 0)
		return 0;
	if (most >= subscribers)
		return key_wrong(&draft->errors, slow,
		                 "'%g' is not below subscribers (allowed: 0 to %g)", most,
		                 subscribers - 1);
	if (any_above_0(&values[KEY_CUTS]) || any_above_0(&values[KEY_RATE_UP_HZ]))
		return key_wrong(&draft->errors, slow,
		                 "not together with cuts or rate_up_hz: a slow reader neither "
		                 "connects again nor publishes");
	return 0;
}

static int check_connections(struct draft *draft, bool quick)
{
	const struct key_values *values = draft->values;

	if (any_above_0(&values[KEY_CONNECTIONS_MAX]) &&
	    (any_above_0(&values[KEY_CUTS]) || any_above_0(&values[KEY_RATE_UP_HZ]) ||
	     any_above_0(&values[KEY_SLOW_READERS])))
		return key_wrong(&draft->errors,
		                 chosen(draft, &experiment_keys[KEY_CONNECTIONS_MAX], quick),
		                 "not together with cuts, rate_up_hz or slow_readers: a browser's "
		                 "limit is modelled for receiving alone");
	return 0;
}

/* The row for one value of each key; false where the combination is another one's double, since
 * it differs only in a key that means nothing to the transport. */
static bool make_row(const struct draft *draft, const size_t *digits, struct run_parameters *row)
{
	const struct endpoint *cell = draft->values[KEY_CELLS].cells[digits[KEY_CELLS]];

	*row = (struct run_parameters){0};
	snprintf(row->transport, sizeof(row->transport), "%s", cell->transport);
	snprintf(row->stack, sizeof(row->stack), "%s", cell->stack);
	for (size_t i = 0; i < KEYS_SWEPT; i++) {
		if (i == KEY_CELLS)
			continue;
		if (experiment_keys[i].of_profile && *row->link_profile && !draft->values[i].given)
			continue;
		if (key_concerns(&experiment_keys[i], cell->transport))
			key_set_parameter(row, &experiment_keys[i],
			                  draft->values[i].numbers[digits[i]]);
		else if (digits[i] > 0)
			return false;
	}
	return true;
}

/* The next combination; false after the last. */
static bool count_up(const struct draft *draft, size_t *digits)
{
	for (size_t i = KEYS_SWEPT; i-- > 0;) {
		if (++digits[i] < draft->values[i].count)
			return true;
		digits[i] = 0;
	}
	return false;
}

static int make_rows(struct draft *draft)
{
	struct experiment *experiment = draft->experiment;
	size_t digits[KEYS_SWEPT] = {0};
	size_t most = 1;

	for (size_t i = 0; i < KEYS_SWEPT; i++) {
		most *= draft->values[i].count;
		if (most > EXPERIMENT_ROWS_MAX)
			return key_wrong(&draft->errors, NULL,
			                 "more than %d combinations of values",
			                 EXPERIMENT_ROWS_MAX);
	}
	experiment->rows = calloc(most, sizeof(*experiment->rows));
	if (!experiment->rows)
		return -ENOMEM;
	do {
		if (make_row(draft, digits, &experiment->rows[experiment->rows_count]))
			experiment->rows_count++;
	} while (count_up(draft, digits));
	return 0;
}

/* TRANSPORT, /STACK or TRANSPORT/STACK */
static bool matches(const struct run_parameters *row, const char *pattern)
{
	size_t length = strcspn(pattern, "/");

	if (length > 0 &&
	    (strlen(row->transport) != length || strncmp(row->transport, pattern, length) != 0))
		return false;
	return pattern[length] == '\0' || strcmp(row->stack, pattern + length + 1) == 0;
}

static bool any_matches(const struct experiment *experiment, const char *pattern)
{
	for (size_t i = 0; i < experiment->rows_count; i++) {
		if (matches(&experiment->rows[i], pattern))
			return true;
	}
	return false;
}

static int nothing_matches(struct draft *draft, const char *pattern)
{
	const struct key_values *cells = &draft->values[KEY_CELLS];
	char known[384] = "";

	for (size_t i = 0; i < cells->count; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s/%s", cells->cells[i]->transport,
		         cells->cells[i]->stack);
		key_list_append(known, sizeof(known), name);
	}
	snprintf(draft->errors.text, draft->errors.size, "--only %s: none of the cells of %s (%s)",
	         pattern, draft->errors.path, known);
	return -EINVAL;
}

static int keep_only(struct draft *draft, const char *const *only)
{
	struct experiment *experiment = draft->experiment;
	size_t kept = 0;

	for (size_t i = 0; only[i]; i++) {
		if (!any_matches(experiment, only[i]))
			return nothing_matches(draft, only[i]);
	}
	for (size_t i = 0; i < experiment->rows_count; i++) {
		bool keep = false;

		for (size_t j = 0; only[j]; j++)
			keep = keep || matches(&experiment->rows[i], only[j]);
		if (keep)
			experiment->rows[kept++] = experiment->rows[i];
	}
	experiment->rows_count = kept;
	return 0;
}

/* Of a key given twice the later counts: it comes first in the list. */
static int take_set(struct draft *draft, const char *const *set)
{
	size_t count = 0;

	while (set[count])
		count++;
	draft->set.items = calloc(count + 1, sizeof(*draft->set.items));
	if (!draft->set.items)
		return -ENOMEM;
	for (size_t i = count; i-- > 0;) {
		size_t length = strcspn(set[i], "=");
		struct setting *item = &draft->set.items[draft->set.count];

		if (set[i][length] == '\0') {
			snprintf(draft->errors.text, draft->errors.size,
			         "--set %s: not KEY=VALUE, as in --set rate_hz=10", set[i]);
			return -EINVAL;
		}
		draft->set.count++;
		item->section = strdup("run");
		item->key = strndup(set[i], length);
		item->value = strdup(set[i] + length + 1);
		if (!item->section || !item->key || !item->value)
			return -ENOMEM;
	}
	return 0;
}

static int take_options(struct draft *draft, const struct experiment_options *options)
{
	struct setting seed = {.key = (char *)"seed", .value = (char *)options->seed};

	if (options->repeat)
		draft->experiment->blocks = options->repeat;
	if (options->seed &&
	    key_read_single(&draft->errors, &seed, &experiment_keys[KEY_SEED], draft->experiment)) {
		snprintf(draft->errors.text, draft->errors.size,
		         "--seed %s: not a whole number (allowed: 0 to %llu)", options->seed,
		         (unsigned long long)UINT64_MAX);
		return -EINVAL;
	}
	return options->only && options->only[0] ? keep_only(draft, options->only) : 0;
}

static int take_expected(struct draft *draft)
{
	struct experiment *experiment = draft->experiment;
	int status = 0;

	experiment->expected = calloc(draft->file.count + 1, sizeof(*experiment->expected));
	if (!experiment->expected)
		return -ENOMEM;
	for (size_t i = 0; status == 0 && i < draft->file.count; i++) {
		if (section_bit(draft->file.items[i].section) == IN_EXPECTED)
			status = expectation_read(
			        &draft->errors, &draft->file.items[i],
			        &experiment->expected[experiment->expected_count++]);
	}
	return status;
}

static int read_draft(struct draft *draft, const struct experiment_options *options)
{
	int status = settings_read(&draft->file, draft->errors.path, draft->errors.text,
	                           draft->errors.size);

	if (status == 0)
		status = check_settings(draft, &draft->file);
	if (status == 0 && options->set)
		status = take_set(draft, options->set);
	if (status == 0)
		status = check_settings(draft, &draft->set);
	if (status == 0)
		status = choose_settings(draft, options->quick);
	if (status == 0)
		status = check_payload(draft, options->quick);
	if (status == 0)
		status = check_publishers(draft, options->quick);
	if (status == 0)
		status = check_slow_readers(draft, options->quick);
	if (status == 0)
		status = check_connections(draft, options->quick);
	if (status == 0)
		status = make_rows(draft);
	if (status == 0)
		status = take_expected(draft);
	return status ? status : take_options(draft, options);
}

int experiment_read(struct experiment *out, const char *path,
                    const struct experiment_options *options, char *error, size_t error_size)
{
	struct draft *draft = calloc(1, sizeof(*draft));
	int status = draft ? 0 : -ENOMEM;

	*out = (struct experiment){0};
	snprintf(error, error_size, "%s: out of memory", path);
	if (draft) {
		draft->experiment = out;
		draft->errors = (struct key_errors){path, error, error_size};
		status = read_draft(draft, options);
		settings_free(&draft->file);
		settings_free(&draft->set);
		free(draft);
	}
	if (status)
		experiment_free(out);
	return status;
}

int experiment_drop_link(struct experiment *experiment)
{
	for (size_t i = 1; i < experiment->rows_count; i++)
		if (parameters_difference(&experiment->rows[i], &experiment->rows[0]) &
		    PARAMETER_LINK)
			return -EINVAL;
	for (size_t i = 0; i < experiment->rows_count; i++) {
		struct run_parameters *row = &experiment->rows[i];

		row->link = (struct link_settings){.queue = row->link.queue};
		*row->link_profile = '\0';
	}
	return 0;
}

void experiment_free(struct experiment *experiment)
{
	for (size_t i = 0; i < experiment->expected_count; i++)
		expectation_free(&experiment->expected[i]);
	free(experiment->expected);
	experiment->expected = NULL;
	experiment->expected_count = 0;
	free(experiment->rows);
	experiment->rows = NULL;
	experiment->rows_count = 0;
}
