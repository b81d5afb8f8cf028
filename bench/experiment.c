#include "experiment.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../transports/matrix.h"
#include "settings.h"

/* The sweep counts these up like digits, the last one fastest; the keys that only one transport
 * has come after the cells, so that a cell's rows stay together. */
enum key_id {
	SUBSCRIBERS,
	RATE_HZ,
	ARRIVALS,
	PAYLOAD_BYTES,
	FORMAT,
	HEADERS,
	WARMUP_S,
	MAIN_S,
	CELLS,
	POLL_INTERVAL_MS,
	BATCH,
	SWEPT, /* how many may be lists */
	NAME = SWEPT,
	QUESTION,
	PREDICTION,
	BLOCKS,
	SEED,
	KEYS
};

enum kind { CELL, REAL, UINT, WORD, FLAG, SEED_NUMBER, IDENTIFIER, SENTENCE };

enum { IN_EXPERIMENT = 1, IN_RUN = 2, IN_QUICK = 4, IN_ROWS = IN_RUN | IN_QUICK };

struct key {
	const char *name;
	int sections;
	enum kind kind;
	double min, max;
	const char *words[4];  /* WORD, FLAG: indexed by value */
	const char *transport; /* the only one to which it means something; NULL: all */
	const char *standard;  /* the value where none is given */
	size_t offset;         /* in run_parameters, or struct experiment where not swept */
};

struct values {
	size_t count;
	double numbers[EXPERIMENT_VALUES_MAX]; /* words by their index */
	const struct endpoint *cells[EXPERIMENT_VALUES_MAX];
};

/* An experiment while it is read. */
struct draft {
	struct experiment *experiment;
	const char *path;
	struct settings file, set;
	struct values values[SWEPT];
	char *error;
	size_t error_size;
};

static const struct key keys[KEYS];

/* Puts "where: what" into draft->error; setting may be NULL: then only the path is named. */
__attribute__((format(printf, 3, 4))) static int
wrong(struct draft *draft, const struct setting *setting, const char *format, ...)
{
	char what[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	if (!setting)
		snprintf(draft->error, draft->error_size, "%s: %s", draft->path, what);
	else if (setting->line)
		snprintf(draft->error, draft->error_size, "%s:%d: key '%s': %s", draft->path,
		         setting->line, setting->key, what);
	else
		snprintf(draft->error, draft->error_size, "--set %s=%s: %s", setting->key,
		         setting->value, what);
	return -EINVAL;
}

/* Appends to a list for an error line; what does not fit is cut. */
static void list_append(char *list, size_t size, const char *word)
{
	size_t length = strlen(list);

	snprintf(list + length, size - length, "%s%s", length ? ", " : "", word);
}

static int section_bit(const char *name)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): the list is empty there */
	if (strcmp(name, "experiment") == 0)
		return IN_EXPERIMENT;
	if (strcmp(name, "run") == 0)
		return IN_RUN;
	return strcmp(name, "quick") == 0 ? IN_QUICK : 0;
}

static const struct key *find_key(const char *name, int section)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (keys[i].sections & section && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	}
	return NULL;
}

static int unknown_key(struct draft *draft, const struct setting *setting, int section)
{
	char allowed[256] = "";

	for (size_t i = 0; i < KEYS; i++) {
		if (keys[i].sections & section)
			list_append(allowed, sizeof(allowed), keys[i].name);
	}
	return wrong(draft, setting, "no such key in [%s] (allowed: %s)", setting->section,
	             allowed);
}

static int wrong_number(struct draft *draft, const struct setting *setting, const struct key *key,
                        const char *word, bool number)
{
	if (number)
		return wrong(draft, setting, "'%s' is out of range (allowed: %.15g to %.15g)", word,
		             key->min, key->max);
	return wrong(draft, setting, "'%s' is not a %snumber%s (allowed: %.15g to %.15g)", word,
	             key->kind == UINT ? "whole " : "", key->min > 0 ? " above 0" : "", key->min,
	             key->max);
}

static int read_number(struct draft *draft, const struct setting *setting, const struct key *key,
                       const char *word, double *number)
{
	/* Neither "inf" nor "0x10", which strtod would take. */
	const char *characters = key->kind == UINT ? "0123456789" : "0123456789.eE+-";
	char *end;

	*number = strtod(word, &end);
	if (*word == '\0' || *end != '\0' || word[strspn(word, characters)] != '\0' ||
	    (key->min > 0 && *number <= 0))
		return wrong_number(draft, setting, key, word, false);
	if (*number < key->min || *number > key->max)
		return wrong_number(draft, setting, key, word, true);
	return 0;
}

static int read_word(struct draft *draft, const struct setting *setting, const struct key *key,
                     const char *word, double *number)
{
	char allowed[64] = "";

	for (size_t i = 0; i < sizeof(key->words) / sizeof(*key->words) && key->words[i]; i++) {
		if (strcmp(word, key->words[i]) == 0) {
			*number = (double)i;
			return 0;
		}
		list_append(allowed, sizeof(allowed), key->words[i]);
	}
	return wrong(draft, setting, "'%s' is not known (allowed: %s)", word, allowed);
}

static int unknown_cell(struct draft *draft, const struct setting *setting, const char *word)
{
	char known[384] = "";

	for (size_t i = 0; matrix_endpoints[i]; i++) {
		const struct endpoint *cell = matrix_endpoints[i];
		char name[64];

		snprintf(name, sizeof(name), "%s/%s", cell->transport, cell->stack);
		if (!cell->hole)
			list_append(known, sizeof(known), name);
	}
	return wrong(draft, setting, "'%s' is no cell (known: %s)", word, known);
}

static int read_cell(struct draft *draft, const struct setting *setting, const char *word,
                     const struct endpoint **cell)
{
	char transport[32];
	const char *slash = strchr(word, '/');

	if (!slash || slash - word >= (ptrdiff_t)sizeof(transport))
		return unknown_cell(draft, setting, word);
	memcpy(transport, word, (size_t)(slash - word));
	transport[slash - word] = '\0';
	*cell = matrix_endpoint(transport, slash + 1);
	if (!*cell)
		return unknown_cell(draft, setting, word);
	if ((*cell)->hole)
		return wrong(draft, setting, "%s does not exist: %s", word, (*cell)->hole);
	return 0;
}

static int read_value(struct draft *draft, const struct setting *setting, const struct key *key,
                      const char *word, struct values *values)
{
	size_t i = values->count;
	int status;

	if (i == EXPERIMENT_VALUES_MAX)
		return wrong(draft, setting, "more than %d values", EXPERIMENT_VALUES_MAX);
	if (key->kind == CELL)
		status = read_cell(draft, setting, word, &values->cells[i]);
	else if (key->kind == WORD || key->kind == FLAG)
		status = read_word(draft, setting, key, word, &values->numbers[i]);
	else
		status = read_number(draft, setting, key, word, &values->numbers[i]);
	if (status)
		return status;
	for (size_t j = 0; j < i; j++) {
		if (values->cells[j] == values->cells[i] &&
		    values->numbers[j] == values->numbers[i])
			return wrong(draft, setting, "'%s' is there twice", word);
	}
	values->count++;
	return 0;
}

static char *trimmed(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	return text;
}

static int read_list(struct draft *draft, const struct setting *setting, const struct key *key,
                     struct values *values)
{
	char *copy = strdup(setting->value), *rest = copy, *word;
	int status = copy ? 0 : -ENOMEM;

	*values = (struct values){0};
	while (status == 0 && (word = strsep(&rest, ",")))
		status = read_value(draft, setting, key, trimmed(word), values);
	free(copy);
	return status;
}

static int read_seed(struct draft *draft, const struct setting *setting)
{
	char *end;

	errno = 0;
	draft->experiment->seed = strtoull(setting->value, &end, 10);
	if (errno || *end || setting->value[strspn(setting->value, "0123456789")] ||
	    end == setting->value)
		return wrong(draft, setting, "'%s' is not a whole number (allowed: 0 to %llu)",
		             setting->value, (unsigned long long)UINT64_MAX);
	return 0;
}

/* A name becomes a part of paths. */
static int check_identifier(struct draft *draft, const struct setting *setting, double max)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                                 "0123456789._-";
	size_t length = strlen(setting->value);

	if (length == 0 || length > (size_t)max || setting->value[0] == '.' ||
	    strspn(setting->value, characters) != length)
		return wrong(draft, setting,
		             "'%s' is not a name (allowed: 1 to %g of A-Z a-z 0-9 . _ -, the "
		             "first no dot)",
		             setting->value, max);
	return 0;
}

static int check_sentence(struct draft *draft, const struct setting *setting, double max)
{
	if (strlen(setting->value) > (size_t)max)
		return wrong(draft, setting, "longer than %g bytes", max);
	return 0;
}

/* Puts the setting of a key that is not swept into the experiment. */
static int read_single(struct draft *draft, const struct setting *setting, const struct key *key)
{
	char *at = (char *)draft->experiment + key->offset;
	double number = 0;
	int status;

	switch (key->kind) {
	case UINT:
		status = read_number(draft, setting, key, setting->value, &number);
		if (status == 0)
			*(unsigned *)at = (unsigned)number;
		return status;
	case SEED_NUMBER:
		return read_seed(draft, setting);
	case IDENTIFIER:
		status = check_identifier(draft, setting, key->max);
		break;
	default:
		status = check_sentence(draft, setting, key->max);
		break;
	}
	if (status == 0)
		strcpy(at, setting->value);
	return status;
}

static int read_setting(struct draft *draft, const struct setting *setting, const struct key *key)
{
	if (key - keys < SWEPT)
		return read_list(draft, setting, key, &draft->values[key - keys]);
	return read_single(draft, setting, key);
}

/* Every line is looked at, so that a mistake in [quick] shows without --quick. */
static int check_settings(struct draft *draft, const struct settings *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		const struct setting *setting = &settings->items[i];
		int section = section_bit(setting->section);
		const struct key *key = find_key(setting->key, section);
		int status;

		if (!section)
			return wrong(draft, setting,
			             "in [%s], which is no section (allowed: [experiment], [run], "
			             "[quick])",
			             setting->section);
		if (!key)
			return unknown_key(draft, setting, section);
		status = read_setting(draft, setting, key);
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

static int choose_settings(struct draft *draft, bool quick)
{
	for (size_t i = 0; i < KEYS; i++) {
		const struct key *key = &keys[i];
		const struct setting *setting = chosen(draft, key, quick);
		struct setting standard = {.key = (char *)key->name,
		                           .value = (char *)key->standard};
		int status;

		if (!setting && !key->standard)
			return wrong(draft, NULL, "no key '%s' in [%s]", key->name,
			             key->sections & IN_EXPERIMENT ? "experiment" : "run");
		status = read_setting(draft, setting ? setting : &standard, key);
		if (status)
			return status;
	}
	return 0;
}

static int check_payload(struct draft *draft, bool quick)
{
	const struct values *sizes = &draft->values[PAYLOAD_BYTES];
	const struct values *formats = &draft->values[FORMAT];

	for (size_t i = 0; i < sizes->count * formats->count; i++) {
		double size = sizes->numbers[i % sizes->count];
		size_t word = (size_t)formats->numbers[i / sizes->count];
		size_t least = message_min_bytes((enum message_format)word);

		if (size < (double)least)
			return wrong(draft, chosen(draft, &keys[PAYLOAD_BYTES], quick),
			             "%g is below the minimum of format %s, which is %zu", size,
			             keys[FORMAT].words[word], least);
	}
	return 0;
}

static void set_parameter(struct run_parameters *row, const struct key *key, double number)
{
	void *at = (char *)row + key->offset;

	if (key->kind == REAL)
		*(double *)at = number;
	else if (key->kind == FLAG)
		*(bool *)at = number != 0;
	else
		*(unsigned *)at = (unsigned)number; /* an enum of ours is an unsigned int */
}

/* The row for one value of each key; false where the combination is another one's double, since
 * it differs only in a key that means nothing to the transport. */
static bool make_row(const struct draft *draft, const size_t *digits, struct run_parameters *row)
{
	const struct endpoint *cell = draft->values[CELLS].cells[digits[CELLS]];

	*row = (struct run_parameters){0};
	snprintf(row->transport, sizeof(row->transport), "%s", cell->transport);
	snprintf(row->stack, sizeof(row->stack), "%s", cell->stack);
	for (size_t i = 0; i < SWEPT; i++) {
		const char *only = keys[i].transport;

		if (i == CELLS)
			continue;
		if (!only || strcmp(only, cell->transport) == 0)
			set_parameter(row, &keys[i], draft->values[i].numbers[digits[i]]);
		else if (digits[i] > 0)
			return false;
	}
	return true;
}

/* The next combination; false after the last. */
static bool count_up(const struct draft *draft, size_t *digits)
{
	for (size_t i = SWEPT; i-- > 0;) {
		if (++digits[i] < draft->values[i].count)
			return true;
		digits[i] = 0;
	}
	return false;
}

static int make_rows(struct draft *draft)
{
	struct experiment *experiment = draft->experiment;
	size_t digits[SWEPT] = {0};
	size_t most = 1;

	for (size_t i = 0; i < SWEPT; i++) {
		most *= draft->values[i].count;
		if (most > EXPERIMENT_ROWS_MAX)
			return wrong(draft, NULL, "more than %d combinations of values",
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
	const struct values *cells = &draft->values[CELLS];
	char known[384] = "";

	for (size_t i = 0; i < cells->count; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s/%s", cells->cells[i]->transport,
		         cells->cells[i]->stack);
		list_append(known, sizeof(known), name);
	}
	snprintf(draft->error, draft->error_size, "--only %s: none of the cells of %s (%s)",
	         pattern, draft->path, known);
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
			snprintf(draft->error, draft->error_size,
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
	if (options->seed && read_seed(draft, &seed)) {
		snprintf(draft->error, draft->error_size,
		         "--seed %s: not a whole number (allowed: 0 to %llu)", options->seed,
		         (unsigned long long)UINT64_MAX);
		return -EINVAL;
	}
	return options->only && options->only[0] ? keep_only(draft, options->only) : 0;
}

static int read_draft(struct draft *draft, const struct experiment_options *options)
{
	int status = settings_read(&draft->file, draft->path, draft->error, draft->error_size);

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
		status = make_rows(draft);
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
		draft->path = path;
		draft->error = error;
		draft->error_size = error_size;
		status = read_draft(draft, options);
		settings_free(&draft->file);
		settings_free(&draft->set);
		free(draft);
	}
	if (status)
		experiment_free(out);
	return status;
}

void experiment_free(struct experiment *experiment)
{
	free(experiment->rows);
	experiment->rows = NULL;
	experiment->rows_count = 0;
}

/* Fisher and Yates. */
static void shuffle(struct run_spec *specs, size_t count, uint64_t *random)
{
	for (size_t i = count; i > 1; i--) {
		size_t other = (size_t)(random_unit(random) * (double)i);
		struct run_spec spec = specs[i - 1];

		specs[i - 1] = specs[other];
		specs[other] = spec;
	}
}

static void plan_block(const struct experiment *experiment, unsigned block, struct run_spec *specs)
{
	uint64_t random = experiment->seed, seed;

	/* Hashed, so that the blocks of seed 1 are not those of seed 2 moved by one. */
	random = random_next(&random) + block;
	seed = random_next(&random) >> 11;
	for (size_t i = 0; i < experiment->rows_count; i++) {
		specs[i] = (struct run_spec){.block = block, .seed = seed};
		memcpy(specs[i].experiment, experiment->name, sizeof(specs[i].experiment));
		specs[i].parameters = experiment->rows[i];
	}
	shuffle(specs, experiment->rows_count, &random);
	for (size_t i = 0; i < experiment->rows_count; i++)
		specs[i].order = (unsigned)i + 1;
}

int experiment_plan(const struct experiment *experiment, struct run_spec **out, size_t *count)
{
	struct run_spec *specs =
	        calloc(experiment->blocks * experiment->rows_count + 1, sizeof(*specs));

	if (!specs)
		return -ENOMEM;
	for (unsigned block = 1; block <= experiment->blocks; block++)
		plan_block(experiment, block, specs + (block - 1) * experiment->rows_count);
	*out = specs;
	*count = experiment->blocks * experiment->rows_count;
	return 0;
}

double experiment_seconds(const struct run_spec *specs, size_t count)
{
	double seconds = 0;

	for (size_t i = 0; i < count; i++)
		seconds += specs[i].parameters.warmup_s + specs[i].parameters.main_s;
	return seconds;
}

#define ROW(member)        .sections = IN_ROWS, .offset = offsetof(struct run_parameters, member)
#define EXPERIMENT(member) .sections = IN_EXPERIMENT, .offset = offsetof(struct experiment, member)

static const struct key keys[KEYS] = {
        [SUBSCRIBERS] = {"subscribers", ROW(subscribers), .kind = UINT, .min = 1, .max = 1e5,
                         .standard = "100"},
        [RATE_HZ] = {"rate_hz", ROW(rate_hz), .kind = REAL, .min = 0.001, .max = 1e5,
                     .standard = "10"},
        [ARRIVALS] = {"arrivals", ROW(arrivals), .kind = WORD,
                      .words = {[ARRIVALS_EVEN] = "even", [ARRIVALS_POISSON] = "poisson"},
                      .standard = "poisson"},
        [PAYLOAD_BYTES] = {"payload_bytes", ROW(payload_bytes), .kind = UINT, .min = 1,
                           .max = 1 << 20, .standard = "100"},
        [FORMAT] = {"format", ROW(format), .kind = WORD,
                    .words = {[MESSAGE_JSON] = "json",
                              [MESSAGE_LEAN] = "lean",
                              [MESSAGE_BINARY] = "binary"},
                    .standard = "json"},
        [HEADERS] = {"headers", ROW(headers), .kind = WORD,
                     .words = {[HTTP_HEADERS_LEAN] = "lean", [HTTP_HEADERS_BROWSER] = "browser"},
                     .standard = "lean"},
        [WARMUP_S] = {"warmup_s", ROW(warmup_s), .kind = REAL, .min = 0, .max = 3600,
                      .standard = "2"},
        [MAIN_S] = {"main_s", ROW(main_s), .kind = REAL, .min = 0.1, .max = 86400,
                    .standard = "10"},
        [CELLS] = {"cells", .sections = IN_ROWS, .kind = CELL},
        [POLL_INTERVAL_MS] = {"poll_interval_ms", ROW(poll_interval_ms), .kind = REAL, .min = 1,
                              .max = 3.6e6, .transport = "polling", .standard = "1000"},
        [BATCH] = {"batch", ROW(batch), .kind = FLAG, .words = {"no", "yes"},
                   .transport = "longpoll", .standard = "yes"},
        [NAME] = {"name", EXPERIMENT(name), .kind = IDENTIFIER, .max = 63},
        [QUESTION] = {"question", EXPERIMENT(question), .kind = SENTENCE, .max = 255,
                      .standard = ""},
        [PREDICTION] = {"prediction", EXPERIMENT(prediction), .kind = SENTENCE, .max = 255,
                        .standard = ""},
        [BLOCKS] = {"blocks", .sections = IN_EXPERIMENT | IN_QUICK,
                    .offset = offsetof(struct experiment, blocks), .kind = UINT, .min = 1,
                    .max = 1000, .standard = "5"},
        [SEED] = {"seed", EXPERIMENT(seed), .kind = SEED_NUMBER, .standard = "1"},
};
