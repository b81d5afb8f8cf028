/* The keys of an experiment's file: what each may be set to, and where its value goes. */
#ifndef BENCH_EXPERIMENT_KEYS_H
#define BENCH_EXPERIMENT_KEYS_H

#include "../transports/matrix.h"
#include "experiment.h"
#include "settings.h"

/* The sweep counts these up like digits, the last one fastest; the keys that only some transports
 * have come after the cells, so that a cell's rows stay together. */
enum key_id {
	KEY_SUBSCRIBERS,
	KEY_RATE_HZ,
	KEY_RATE_UP_HZ,
	KEY_ARRIVALS,
	KEY_PAYLOAD_BYTES,
	KEY_FORMAT,
	KEY_HEADERS,
	KEY_CUTS,
	KEY_LINK_PROFILE, /* before what it sets */
	KEY_LINK_DELAY_MS,
	KEY_LINK_JITTER_MS,
	KEY_LINK_LOSS,
	KEY_LINK_LOSS_BURST,
	KEY_LINK_RATE_MBIT,
	KEY_LINK_RATE_UP_MBIT,
	KEY_LINK_QUEUE,
	KEY_WARMUP_S,
	KEY_MAIN_S,
	KEY_CELLS,
	KEY_TLS,
	KEY_POLL_INTERVAL_MS,
	KEY_BATCH,
	KEY_SLOW_READERS,
	KEY_CONNECTIONS_MAX,
	KEYS_SWEPT, /* how many may be lists */
	KEY_NAME = KEYS_SWEPT,
	KEY_QUESTION,
	KEY_PREDICTION,
	KEY_CLAIM,
	KEY_CLAIM_SOURCE,
	KEY_CLAIM_VERDICT,
	KEY_P99_MAX_MS,
	KEY_ROUND_TRIP_P99_MAX_MS,
	KEY_BLOCKS,
	KEY_SEED,
	KEYS
};

enum key_kind {
	KEY_CELL,
	KEY_REAL,
	KEY_UINT,
	KEY_WORD,
	KEY_FLAG,
	KEY_PROFILE,
	KEY_SEED_NUMBER,
	KEY_IDENTIFIER,
	KEY_SENTENCE
};

enum { IN_EXPERIMENT = 1, IN_RUN = 2, IN_QUICK = 4, IN_EXPECTED = 8, IN_ROWS = IN_RUN | IN_QUICK };

struct key {
	const char *name;
	int sections;
	enum key_kind kind;
	double min, max;
	bool or_zero;          /* 0 is allowed too */
	bool of_profile;       /* a link profile sets it too */
	const char *words[4];  /* KEY_WORD, KEY_FLAG: indexed by value */
	const char *transport; /* those to which it means something: "sse websocket"; NULL: all */
	const char *standard;  /* the value where none is given */
	size_t offset;         /* in run_parameters, or struct experiment where not swept */
};

extern const struct key experiment_keys[KEYS];

/* The values of a key that may be a list. */
struct key_values {
	size_t count;
	bool given;                            /* else it is the key's standard */
	double numbers[EXPERIMENT_VALUES_MAX]; /* words by their index; profiles from 1, 0: none */
	const struct endpoint *cells[EXPERIMENT_VALUES_MAX];
};

/* Where it is said what is wrong. */
struct key_errors {
	const char *path; /* of the file */
	char *text;
	size_t size;
};

/* Says "where: what" and gives -EINVAL; setting may be NULL: then only the path is named. */
int key_wrong(const struct key_errors *errors, const struct setting *setting, const char *format,
              ...) __attribute__((format(printf, 3, 4)));

/* Appends to a list for an error line; what does not fit is cut. */
void key_list_append(char *list, size_t size, const char *word);

/* The text without blanks at its ends; those behind it are cut off in place. */
char *key_trim(char *text);

/* The key of that name in the sections given, or NULL. */
const struct key *key_find(const char *name, int sections);

/* Whether the key means something to that transport. */
bool key_concerns(const struct key *key, const char *transport);

/* Reads the setting as a list of values. 0, -EINVAL (said), or -ENOMEM. */
int key_read_list(const struct key_errors *errors, const struct setting *setting,
                  const struct key *key, struct key_values *values);

/* Reads the setting of a key that is not swept into the experiment. 0 or -EINVAL (said). */
int key_read_single(const struct key_errors *errors, const struct setting *setting,
                    const struct key *key, struct experiment *experiment);

/* Puts one number of a key's values into the row; a profile's number: its whole link. */
void key_set_parameter(struct run_parameters *row, const struct key *key, double number);

#endif
