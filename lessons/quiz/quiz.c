#include "quiz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finish.h"

const char *quiz_kind_name(enum quiz_kind kind)
{
	static const char *const names[] = {
	        [QUIZ_SINGLE] = "single", [QUIZ_MULTIPLE] = "multiple",
	        [QUIZ_ORDER] = "order",   [QUIZ_TEXT] = "text",
	        [QUIZ_NUMBER] = "number", [QUIZ_MEASURED] = "measured",
	};

	return names[kind];
}

const struct quiz_option *quiz_option(const struct quiz_question *question, char letter)
{
	for (size_t i = 0; i < question->option_count; i++) {
		if (question->options[i].letter == letter)
			return &question->options[i];
	}
	return NULL;
}

const struct quiz_question *quiz_find(const struct quiz *quiz, const char *id)
{
	for (size_t i = 0; i < quiz->count; i++) {
		if (strcmp(quiz->questions[i].id, id) == 0)
			return &quiz->questions[i];
	}
	return NULL;
}

/* splitmix64: seeds that differ little give numbers that differ much. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void quiz_shuffle(const struct quiz_question *question, uint64_t seed, char *order)
{
	for (size_t i = 0; i < question->option_count; i++)
		order[i] = question->options[i].letter;
	if (question->fixed)
		return;
	for (size_t i = question->option_count; i > 1; i--) {
		size_t other = next_random(&seed) % i;
		char letter = order[i - 1];

		order[i - 1] = order[other];
		order[other] = letter;
	}
}

/* The whole file, or NULL with errno set. */
static char *read_text(FILE *file)
{
	char *text = NULL;
	size_t capacity = 0;

	/* No text has the byte 0, so this reads to the end. */
	if (getdelim(&text, &capacity, '\0', file) >= 0)
		return text;
	free(text);
	return ferror(file) ? NULL : strdup("");
}

int quiz_read(struct quiz *quiz, const char *path, struct quiz_fault *fault)
{
	FILE *file = fopen(path, "re");
	char *text = file ? read_text(file) : NULL;
	int err = text ? 0 : -errno;

	*quiz = (struct quiz){0};
	if (file)
		fclose(file);
	if (text)
		err = quiz_parse(quiz, text, fault);
	else
		quiz_complain(fault, 0, "%s", strerror(-err));
	free(text);
	return err;
}

static void free_question(struct quiz_question *question)
{
	for (size_t i = 0; i < question->option_count; i++) {
		free(question->options[i].text);
		free(question->options[i].why);
	}
	free(question->id);
	free(question->title);
	free(question->text);
	free(question->hint);
	free(question->answer);
	free(question->letters);
	free(question->unit);
	free(question->metric);
	free(question->verify);
	free(question->why);
}

void quiz_free(struct quiz *quiz)
{
	for (size_t i = 0; i < quiz->count; i++)
		free_question(&quiz->questions[i]);
	free(quiz->questions);
	*quiz = (struct quiz){0};
}
