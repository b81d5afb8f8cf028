#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "quiz/hash.h"

#define KEY_MAX 256

static const char *const verdicts[] = {
        [VERDICT_SAID] = "said",
        [VERDICT_RIGHT] = "right",
        [VERDICT_WRONG] = "wrong",
        [VERDICT_SKIPPED] = "skipped",
};

const char *verdict_name(enum verdict verdict)
{
	return verdicts[verdict];
}

const char *part_name(enum part part)
{
	return part == PART_QUIZ ? "quiz" : "predict";
}

static const char *full_key(char *full, const char *lesson, const char *key)
{
	snprintf(full, KEY_MAX, "%s%s%s", lesson ? lesson : "", lesson ? "." : "", key);
	return full;
}

static const char *question_key(char *full, const char *lesson, enum part part, const char *id)
{
	snprintf(full, KEY_MAX, "%s.%s.%s", lesson, part_name(part), id);
	return full;
}

static int read_pairs(struct pairs *pairs, const char *path, unsigned *line)
{
	int err = pairs_read(pairs, path, line);

	return err == -ENOENT ? 0 : err;
}

int progress_open(struct progress *progress, const char *path, unsigned *line)
{
	*progress = (struct progress){.path = strdup(path)};
	*line = 0;
	return progress->path ? read_pairs(&progress->pairs, path, line) : -ENOMEM;
}

void progress_close(struct progress *progress)
{
	free(progress->path);
	pairs_free(&progress->pairs);
	*progress = (struct progress){0};
}

/* The folder of the file, locked until it is closed; or a negative errno. */
static int lock(const char *path)
{
	char copy[PATH_MAX];
	int folder, err;

	if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
		return -ENAMETOOLONG;
	folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	while (flock(folder, LOCK_EX)) {
		err = -errno;
		if (err == -EINTR)
			continue;
		close(folder);
		return err;
	}
	return folder;
}

/* A new file beside the old one, on disk and closed. */
static int write_file(const struct pairs *pairs, const char *path)
{
	FILE *file = fopen(path, "we");
	int err = 0;

	if (!file)
		return -errno;
	fputs("# What build/learn knows of you. Copy this file to go on elsewhere.\n", file);
	pairs_print(pairs, file);
	if (fflush(file) || fsync(fileno(file)))
		err = -errno;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}

/* Only one writes at a time, so one name does, and a kill leaves no more than one file. */
static int replace_file(const struct pairs *pairs, const char *path, int folder)
{
	char written[PATH_MAX];
	int err;

	if (snprintf(written, sizeof written, "%s.new", path) >= (int)sizeof written)
		return -ENAMETOOLONG;
	err = write_file(pairs, written);
	if (err || rename(written, path)) {
		err = err ? err : -errno;
		unlink(written);
		return err;
	}
	/* Some file systems cannot do it to a folder; the rename holds nevertheless. */
	fsync(folder);
	return 0;
}

static int set_all(struct pairs *pairs, const struct pairs *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const char *value = changes->items[i].value;
		int err = pairs_set(pairs, changes->items[i].key, *value ? value : NULL);

		if (err)
			return err;
	}
	return 0;
}

/* Applies changes ("" takes a key out) to what the file holds by now. */
static int change(struct progress *progress, const struct pairs *changes)
{
	struct pairs fresh = {0};
	unsigned line;
	int folder = lock(progress->path);
	int err = folder < 0 ? folder : read_pairs(&fresh, progress->path, &line);

	if (err)
		pairs_free(&fresh);
	if (!err) {
		pairs_free(&progress->pairs);
		progress->pairs = fresh;
	}
	if (set_all(&progress->pairs, changes))
		err = -ENOMEM;
	if (!err)
		err = replace_file(&progress->pairs, progress->path, folder);
	if (folder >= 0)
		close(folder);
	return err;
}

static int change_one(struct progress *progress, const char *key, const char *value)
{
	struct pairs changes = {0};
	int err = pairs_set(&changes, key, value ? value : "");

	if (!err)
		err = change(progress, &changes);
	pairs_free(&changes);
	return err;
}

const char *progress_get(const struct progress *progress, const char *lesson, const char *key)
{
	char full[KEY_MAX];

	return pairs_get(&progress->pairs, full_key(full, lesson, key));
}

int progress_set(struct progress *progress, const char *lesson, const char *key, const char *value)
{
	char full[KEY_MAX];

	return change_one(progress, full_key(full, lesson, key), value);
}

static bool read_verdict(const char *word, size_t size, enum verdict *verdict)
{
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		if (strlen(verdicts[i]) == size && strncmp(verdicts[i], word, size) == 0) {
			*verdict = (enum verdict)i;
			return true;
		}
	}
	return false;
}

bool progress_answer(const struct progress *progress, const char *lesson, enum part part,
                     const char *id, uint64_t hash, struct answer *answer)
{
	char full[KEY_MAX], expected[32];
	const char *value = pairs_get(&progress->pairs, question_key(full, lesson, part, id));
	size_t size = (size_t)snprintf(expected, sizeof expected, "%016" PRIx64 " ", hash);

	/* An answer by another hash was given to another question. */
	if (!value || strncmp(value, expected, size) != 0)
		return false;
	value += size;
	size = strcspn(value, " ");
	answer->said = value + size + (value[size] == ' ');
	return read_verdict(value, size, &answer->verdict);
}

int progress_set_answer(struct progress *progress, const char *lesson, enum part part,
                        const char *id, uint64_t hash, struct answer answer)
{
	char full[KEY_MAX], *value;
	int err;

	if (asprintf(&value, "%016" PRIx64 " %s%s%s", hash, verdicts[answer.verdict],
	             *answer.said ? " " : "", answer.said) < 0)
		return -ENOMEM;
	err = change_one(progress, question_key(full, lesson, part, id), value);
	free(value);
	return err;
}

bool progress_value(const struct progress *progress, const char *lesson, const char *key,
                    double *value)
{
	char full[KEY_MAX], *end;
	const char *text;

	snprintf(full, sizeof full, "%s.value.%s", lesson, key);
	text = pairs_get(&progress->pairs, full);
	if (!text)
		return false;
	*value = strtod(text, &end);
	return end > text && *end == '\0';
}

bool progress_receipt(const struct progress *progress, const char *lesson,
                      char receipt[RECEIPT_SIZE])
{
	static const char characters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* no I, L, O, U */
	char beginning[KEY_MAX];
	size_t size = (size_t)snprintf(beginning, sizeof beginning, "%s.value.", lesson);
	uint64_t sum = 0;
	bool any = false;

	for (size_t i = 0; i < progress->pairs.count; i++) {
		const struct pair *pair = &progress->pairs.items[i];

		if (strncmp(pair->key, beginning, size) != 0)
			continue;
		sum += hash_text(hash_text(HASH_START, pair->key), pair->value);
		any = true;
	}
	sum ^= sum >> 32;
	for (size_t i = 0; i + 1 < RECEIPT_SIZE; i++, sum >>= 5)
		receipt[i] = characters[sum % 32];
	receipt[RECEIPT_SIZE - 1] = '\0';
	return any;
}

int progress_set_values(struct progress *progress, const char *lesson, const struct pairs *values)
{
	struct pairs changes = {0};
	char full[KEY_MAX];
	size_t size = (size_t)snprintf(full, sizeof full, "%s.value.", lesson);
	int err = 0;

	for (size_t i = 0; !err && i < progress->pairs.count; i++) {
		if (strncmp(progress->pairs.items[i].key, full, size) == 0)
			err = pairs_set(&changes, progress->pairs.items[i].key, "");
	}
	for (size_t i = 0; !err && i < values->count; i++) {
		snprintf(full, sizeof full, "%s.value.%s", lesson, values->items[i].key);
		err = pairs_set(&changes, full, values->items[i].value);
	}
	if (!err)
		err = change(progress, &changes);
	pairs_free(&changes);
	return err;
}
