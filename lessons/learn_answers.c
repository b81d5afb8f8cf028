/* The file that --answers names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn_ask.h"
#include "learn_near.h"
#include "learn_say.h"

/* The ids of all questions of all lessons. */
struct ids {
	char **items;
	size_t count;
};

static void add_ids(struct ids *ids, const struct quiz *quiz)
{
	char **longer = realloc(ids->items, (ids->count + quiz->count + 1) * sizeof *longer);

	if (!longer)
		return;
	ids->items = longer;
	for (size_t i = 0; i < quiz->count; i++) {
		const char *id = quiz->questions[i].id;
		char *copy = id ? strdup(id) : NULL;

		if (copy)
			longer[ids->count++] = copy;
	}
}

static struct ids all_ids(const struct learn *learn)
{
	static const char *const names[] = {"predict.md", "quiz.md"};
	struct ids ids = {0};

	for (size_t i = 0; i < learn->lessons.count; i++) {
		for (size_t j = 0; j < 2; j++) {
			struct quiz_fault fault;
			struct quiz quiz;
			char path[PATH_MAX];

			quiz_read(&quiz,
			          learn_file(learn, &learn->lessons.items[i], names[j], path),
			          &fault);
			add_ids(&ids, &quiz);
			quiz_free(&quiz);
		}
	}
	return ids;
}

static int check(const struct learn *learn, const struct pair *pair, const struct ids *ids)
{
	const char *const *words = (const char *const *)ids->items;
	size_t nearest;

	if (!ids->count)
		return complain("%s:%u: no lesson has a question", learn->answers_path, pair->line);
	nearest = near_find(pair->key, words, ids->count);
	if (strcmp(words[nearest], pair->key) == 0)
		return 0;
	return complain("%s:%u: no question has the id '%s'; the nearest is '%s'",
	                learn->answers_path, pair->line, pair->key, words[nearest]);
}

int ask_check_answers(const struct learn *learn)
{
	struct ids ids;
	int status = 0;

	if (!learn->answers_path)
		return 0;
	ids = all_ids(learn);
	for (size_t i = 0; !status && i < learn->answers.count; i++)
		status = check(learn, &learn->answers.items[i], &ids);
	for (size_t i = 0; i < ids.count; i++)
		free(ids.items[i]);
	free(ids.items);
	return status;
}
