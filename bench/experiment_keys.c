#include "experiment_keys.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link_profiles.h"

int key_wrong(const struct key_errors *errors, const struct setting *setting, const char *format,
              ...)
{
	char what[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	if (!setting)
		snprintf(errors->text, errors->size, "%s: %s", errors->path, what);
	else if (setting->line)
		snprintf(errors->text, errors->size, "%s:%d: key '%s': %s", errors->path,
		         setting->line, setting->key, what);
	else
		snprintf(errors->text, errors->size, "--set %s=%s: %s", setting->key,
		         setting->value, what);
	return -EINVAL;
}

void key_list_append(char *list, size_t size, const char *word)
{
	size_t length = strlen(list);

	snprintf(list + length, size - length, "%s%s", length ? ", " : "", word);
}

const struct key *key_find(const char *name, int sections)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (experiment_keys[i].sections & sections &&
		    strcmp(experiment_keys[i].name, name) == 0)
			return &experiment_keys[i];
	}
	return NULL;
}

bool key_concerns(const struct key *key, const char *transport)
{
	size_t length = strlen(transport);

	if (!key->transport)
		return true;
	for (const char *word = key->transport; *word; word += strspn(word, " ")) {
		size_t size = strcspn(word, " ");

		if (size == length && memcmp(word, transport, size) == 0)
			return true;
		word += size;
	}
	return false;
}

/* "1 to 10", "0, or 0.5 to 10" */
static void describe_range(const struct key *key, char *text, size_t size)
{
	snprintf(text, size, "%s%.15g to %.15g", key->or_zero ? "0, or " : "", key->min, key->max);
}

static int wrong_number(const struct key_errors *errors, const struct setting *setting,
                        const struct key *key, const char *word, bool number)
{
	char range[64];

	describe_range(key, range, sizeof(range));
	if (number)
		return key_wrong(errors, setting, "'%s' is out of range (allowed: %s)", word,
		                 range);
	return key_wrong(errors, setting, "'%s' is not a %snumber%s (allowed: %s)", word,
	                 key->kind == KEY_UINT ? "whole " : "",
	                 key->min > 0 && !key->or_zero ? " above 0" : "", range);
}

static int read_number(const struct key_errors *errors, const struct setting *setting,
                       const struct key *key, const char *word, double *number)
{
	/* Neither "inf" nor "0x10", which strtod would take. */
	const char *characters = key->kind == KEY_UINT ? "0123456789" : "0123456789.eE+-";
	char *end;

	*number = strtod(word, &end);
	if (*word == '\0' || *end != '\0' || word[strspn(word, characters)] != '\0' ||
	    (key->min > 0 && !key->or_zero && *number <= 0))
		return wrong_number(errors, setting, key, word, false);
	if ((*number < key->min && !(key->or_zero && *number == 0)) || *number > key->max)
		return wrong_number(errors, setting, key, word, true);
	return 0;
}

static int read_word(const struct key_errors *errors, const struct setting *setting,
                     const struct key *key, const char *word, double *number)
{
	char allowed[64] = "";

	for (size_t i = 0; i < sizeof(key->words) / sizeof(*key->words) && key->words[i]; i++) {
		if (strcmp(word, key->words[i]) == 0) {
			*number = (double)i;
			return 0;
		}
		key_list_append(allowed, sizeof(allowed), key->words[i]);
	}
	return key_wrong(errors, setting, "'%s' is not known (allowed: %s)", word, allowed);
}

static int read_profile(const struct key_errors *errors, const struct setting *setting,
                        const char *word, double *number)
{
	char known[128] = "none";

	*number = 0;
	if (strcmp(word, "none") == 0)
		return 0;
	for (size_t i = 0; link_profiles[i].name; i++) {
		if (strcmp(word, link_profiles[i].name) == 0) {
			*number = (double)i + 1;
			return 0;
		}
		key_list_append(known, sizeof(known), link_profiles[i].name);
	}
	return key_wrong(errors, setting, "'%s' is not known (allowed: %s)", word, known);
}

static int unknown_cell(const struct key_errors *errors, const struct setting *setting,
                        const char *word)
{
	char known[384] = "";

	for (size_t i = 0; matrix_endpoints[i]; i++) {
		const struct endpoint *cell = matrix_endpoints[i];
		char name[64];

		snprintf(name, sizeof(name), "%s/%s", cell->transport, cell->stack);
		if (!cell->hole)
			key_list_append(known, sizeof(known), name);
	}
	key_list_append(known, sizeof(known), "floor/epoll"); /* it stands beside the matrix */
	return key_wrong(errors, setting, "'%s' is no cell (known: %s)", word, known);
}

static int read_cell(const struct key_errors *errors, const struct setting *setting,
                     const char *word, const struct endpoint **cell)
{
	char transport[32];
	const char *slash = strchr(word, '/');

	if (!slash || slash - word >= (ptrdiff_t)sizeof(transport))
		return unknown_cell(errors, setting, word);
	memcpy(transport, word, (size_t)(slash - word));
	transport[slash - word] = '\0';
	*cell = matrix_endpoint(transport, slash + 1);
	if (!*cell)
		return unknown_cell(errors, setting, word);
	if ((*cell)->hole)
		return key_wrong(errors, setting, "%s does not exist: %s", word, (*cell)->hole);
	return 0;
}

static int read_value(const struct key_errors *errors, const struct setting *setting,
                      const struct key *key, const char *word, struct key_values *values)
{
	size_t i = values->count;
	int status;

	if (i == EXPERIMENT_VALUES_MAX)
		return key_wrong(errors, setting, "more than %d values", EXPERIMENT_VALUES_MAX);
	if (key->kind == KEY_CELL)
		status = read_cell(errors, setting, word, &values->cells[i]);
	else if (key->kind == KEY_WORD || key->kind == KEY_FLAG)
		status = read_word(errors, setting, key, word, &values->numbers[i]);
	else if (key->kind == KEY_PROFILE)
		status = read_profile(errors, setting, word, &values->numbers[i]);
	else
		status = read_number(errors, setting, key, word, &values->numbers[i]);
	if (status)
		return status;
	for (size_t j = 0; j < i; j++) {
		if (values->cells[j] == values->cells[i] &&
		    values->numbers[j] == values->numbers[i])
			return key_wrong(errors, setting, "'%s' is there twice", word);
	}
	values->count++;
	return 0;
}

char *key_trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	return text;
}

int key_read_list(const struct key_errors *errors, const struct setting *setting,
                  const struct key *key, struct key_values *values)
{
	char *copy = strdup(setting->value), *rest = copy, *word;
	int status = copy ? 0 : -ENOMEM;

	*values = (struct key_values){0};
	while (status == 0 && (word = strsep(&rest, ",")))
		status = read_value(errors, setting, key, key_trim(word), values);
	free(copy);
	return status;
}

static int read_seed(const struct key_errors *errors, const struct setting *setting, uint64_t *seed)
{
	char *end;

	errno = 0;
	*seed = strtoull(setting->value, &end, 10);
	if (errno || *end || setting->value[strspn(setting->value, "0123456789")] ||
	    end == setting->value)
		return key_wrong(errors, setting, "'%s' is not a whole number (allowed: 0 to %llu)",
		                 setting->value, (unsigned long long)UINT64_MAX);
	return 0;
}

/* A name becomes a part of paths. */
static int check_identifier(const struct key_errors *errors, const struct setting *setting,
                            double max)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                                 "0123456789._-";
	size_t length = strlen(setting->value);

	if (length == 0 || length > (size_t)max || setting->value[0] == '.' ||
	    strspn(setting->value, characters) != length)
		return key_wrong(errors, setting,
		                 "'%s' is not a name (allowed: 1 to %g of A-Z a-z 0-9 . _ -, the "
		                 "first no dot)",
		                 setting->value, max);
	return 0;
}

static int check_sentence(const struct key_errors *errors, const struct setting *setting,
                          double max)
{
	if (strlen(setting->value) > (size_t)max)
		return key_wrong(errors, setting, "longer than %g bytes", max);
	return 0;
}

/* Puts the setting of a key that is not swept into the experiment. */
int key_read_single(const struct key_errors *errors, const struct setting *setting,
                    const struct key *key, struct experiment *experiment)
{
	char *at = (char *)experiment + key->offset;
	double number = 0;
	int status;

	switch (key->kind) {
	case KEY_UINT:
		status = read_number(errors, setting, key, setting->value, &number);
		if (status == 0)
			*(unsigned *)at = (unsigned)number;
		return status;
	case KEY_SEED_NUMBER:
		return read_seed(errors, setting, &experiment->seed);
	case KEY_IDENTIFIER:
		status = check_identifier(errors, setting, key->max);
		break;
	default:
		status = check_sentence(errors, setting, key->max);
		break;
	}
	if (status == 0)
		strcpy(at, setting->value);
	return status;
}

static void set_profile(struct run_parameters *row, const struct link_profile *profile)
{
	snprintf(row->link_profile, sizeof(row->link_profile), "%s", profile->name);
	row->link = profile->settings;
}

void key_set_parameter(struct run_parameters *row, const struct key *key, double number)
{
	void *at = (char *)row + key->offset;

	if (key->kind == KEY_PROFILE) {
		if (number > 0)
			set_profile(row, &link_profiles[(size_t)number - 1]);
	} else if (key->kind == KEY_REAL)
		*(double *)at = number;
	else if (key->kind == KEY_FLAG)
		*(bool *)at = number != 0;
	else
		*(unsigned *)at = (unsigned)number; /* an enum of ours is an unsigned int */
}

#define ROW(member)        .sections = IN_ROWS, .offset = offsetof(struct run_parameters, member)
#define EXPERIMENT(member) .sections = IN_EXPERIMENT, .offset = offsetof(struct experiment, member)

const struct key experiment_keys[KEYS] = {
        [KEY_SUBSCRIBERS] = {"subscribers", ROW(subscribers), .kind = KEY_UINT, .min = 1,
                             .max = 1e5, .standard = "100"},
        [KEY_RATE_HZ] = {"rate_hz", ROW(rate_hz), .kind = KEY_REAL, .min = 0.001, .max = 1e5,
                         .or_zero = true, .standard = "10"},
        [KEY_RATE_UP_HZ] = {"rate_up_hz", ROW(rate_up_hz), .kind = KEY_REAL, .min = 0.001,
                            .max = 1e5, .or_zero = true, .standard = "0"},
        [KEY_ARRIVALS] = {"arrivals", ROW(arrivals), .kind = KEY_WORD,
                          .words = {[ARRIVALS_EVEN] = "even", [ARRIVALS_POISSON] = "poisson"},
                          .standard = "poisson"},
        [KEY_PAYLOAD_BYTES] = {"payload_bytes", ROW(payload_bytes), .kind = KEY_UINT, .min = 1,
                               .max = 1 << 20, .standard = "100"},
        [KEY_FORMAT] = {"format", ROW(format), .kind = KEY_WORD,
                        .words = {[MESSAGE_JSON] = "json",
                                  [MESSAGE_LEAN] = "lean",
                                  [MESSAGE_BINARY] = "binary"},
                        .standard = "json"},
        [KEY_HEADERS] = {"headers", ROW(headers), .kind = KEY_WORD,
                         .words = {[HTTP_HEADERS_LEAN] = "lean",
                                   [HTTP_HEADERS_BROWSER] = "browser",
                                   [HTTP_HEADERS_KAAZING] = "kaazing"},
                         .standard = "lean"},
        [KEY_CUTS] = {"cuts", ROW(cuts), .kind = KEY_UINT, .max = 1000, .standard = "0"},
        [KEY_LINK_PROFILE] = {"link_profile", ROW(link_profile), .kind = KEY_PROFILE,
                              .standard = "none"},
        [KEY_LINK_DELAY_MS] = {"link_delay_ms", ROW(link.delay_ms), .kind = KEY_REAL, .min = 0,
                               .max = 1e4, .of_profile = true, .standard = "0"},
        [KEY_LINK_JITTER_MS] = {"link_jitter_ms", ROW(link.jitter_ms), .kind = KEY_REAL, .min = 0,
                                .max = 1e4, .of_profile = true, .standard = "0"},
        [KEY_LINK_LOSS] = {"link_loss", ROW(link.loss), .kind = KEY_REAL, .min = 0, .max = 0.5,
                           .of_profile = true, .standard = "0"},
        [KEY_LINK_LOSS_BURST] = {"link_loss_burst", ROW(link.loss_burst), .kind = KEY_REAL,
                                 .min = 1, .max = 1000, .or_zero = true, .of_profile = true,
                                 .standard = "0"},
        [KEY_LINK_RATE_MBIT] = {"link_rate_mbit", ROW(link.rate_mbit), .kind = KEY_REAL,
                                .min = 0.01, .max = 1e4, .or_zero = true, .of_profile = true,
                                .standard = "0"},
        [KEY_LINK_RATE_UP_MBIT] = {"link_rate_up_mbit", ROW(link.rate_up_mbit), .kind = KEY_REAL,
                                   .min = 0.01, .max = 1e4, .or_zero = true, .of_profile = true,
                                   .standard = "0"},
        [KEY_LINK_QUEUE] = {"link_queue", ROW(link.queue), .kind = KEY_UINT, .min = 1, .max = 1e5,
                            .standard = "100"},
        [KEY_WARMUP_S] = {"warmup_s", ROW(warmup_s), .kind = KEY_REAL, .min = 0, .max = 3600,
                          .standard = "2"},
        [KEY_MAIN_S] = {"main_s", ROW(main_s), .kind = KEY_REAL, .min = 0.1, .max = 86400,
                        .standard = "10"},
        [KEY_CELLS] = {"cells", .sections = IN_ROWS, .kind = KEY_CELL},
        [KEY_TLS] = {"tls", ROW(tls), .kind = KEY_FLAG, .words = {"no", "yes"}, .standard = "no"},
        [KEY_POLL_INTERVAL_MS] = {"poll_interval_ms", ROW(poll_interval_ms), .kind = KEY_REAL,
                                  .min = 1, .max = 3.6e6, .transport = "polling",
                                  .standard = "1000"},
        [KEY_BATCH] = {"batch", ROW(batch), .kind = KEY_FLAG, .words = {"no", "yes"},
                       .transport = "longpoll", .standard = "yes"},
        [KEY_SLOW_READERS] = {"slow_readers", ROW(slow_readers), .kind = KEY_UINT, .max = 1e5,
                              .transport = "sse websocket", .standard = "0"},
        [KEY_CONNECTIONS_MAX] = {"connections_max", ROW(connections_max), .kind = KEY_UINT,
                                 .max = 1e5, .transport = "polling longpoll sse", .standard = "0"},
        [KEY_NAME] = {"name", EXPERIMENT(name), .kind = KEY_IDENTIFIER, .max = 63},
        [KEY_QUESTION] = {"question", EXPERIMENT(question), .kind = KEY_SENTENCE, .max = 255,
                          .standard = ""},
        [KEY_PREDICTION] = {"prediction", EXPERIMENT(prediction), .kind = KEY_SENTENCE, .max = 511,
                            .standard = ""},
        [KEY_CLAIM] = {"claim", EXPERIMENT(claim), .kind = KEY_SENTENCE, .max = 255,
                       .standard = ""},
        [KEY_CLAIM_SOURCE] = {"claim_source", EXPERIMENT(claim_source), .kind = KEY_SENTENCE,
                              .max = 255, .standard = ""},
        [KEY_CLAIM_VERDICT] = {"claim_verdict", EXPERIMENT(claim_verdict), .kind = KEY_SENTENCE,
                               .max = 255, .standard = ""},
        [KEY_P99_MAX_MS] = {"p99_max_ms", EXPERIMENT(p99_max_ms), .kind = KEY_UINT, .max = 1e6,
                            .standard = "0"},
        [KEY_ROUND_TRIP_P99_MAX_MS] = {"round_trip_p99_max_ms", EXPERIMENT(round_trip_p99_max_ms),
                                       .kind = KEY_UINT, .max = 1e6, .standard = "0"},
        [KEY_BLOCKS] = {"blocks", .sections = IN_EXPERIMENT | IN_QUICK,
                        .offset = offsetof(struct experiment, blocks), .kind = KEY_UINT, .min = 1,
                        .max = 1000, .standard = "5"},
        [KEY_SEED] = {"seed", EXPERIMENT(seed), .kind = KEY_SEED_NUMBER, .standard = "1"},
};
