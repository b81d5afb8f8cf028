#include "learn_words.h"

#include <stdio.h>

const char *words_said(const struct quiz_question *question, const char *said, char text[WORDS_MAX])
{
	size_t used = 0;

	if (question->kind > QUIZ_ORDER) {
		snprintf(text, WORDS_MAX, "%s", said);
		return text;
	}
	text[0] = '\0';
	for (; *said && used < WORDS_MAX; said++) {
		const struct quiz_option *option = quiz_option(question, *said);

		if (option)
			used += (size_t)snprintf(text + used, WORDS_MAX - used, "%s\"%s\"",
			                         used ? ", " : "", option->text);
	}
	return text;
}
