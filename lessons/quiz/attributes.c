#include "finish.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "quantity.h"

struct attribute {
	char key[16];
	char value[120];
};

static int no_room(struct quiz_fault *fault, unsigned line)
{
	quiz_complain(fault, line, "out of memory");
	return -ENOMEM;
}

static const char *skip_spaces(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

/* Copies the characters up to one of `ends`; returns where it stopped, or NULL: too long. */
static const char *copy_until(char *to, size_t size, const char *text, const char *ends)
{
	size_t length = strcspn(text, ends);

	if (length >= size)
		return NULL;
	memcpy(to, text, length);
	to[length] = '\0';
	return text + length;
}

/* Takes KEY, KEY=VALUE or KEY="VALUE"; returns what follows it, or NULL: it is none of them. */
static const char *next(struct attribute *attribute, const char *text)
{
	attribute->value[0] = '\0';
	text = copy_until(attribute->key, sizeof attribute->key, text, "= \t\n");
	if (!text || *text != '=')
		return text ? skip_spaces(text) : NULL;
	if (text[1] != '"') {
		text = copy_until(attribute->value, sizeof attribute->value, text + 1, " \t\n");
		return text ? skip_spaces(text) : NULL;
	}
	text = copy_until(attribute->value, sizeof attribute->value, text + 2, "\"");
	return text && *text == '"' ? skip_spaces(text + 1) : NULL;
}

static int take_text(char **to, const char *value, unsigned line, struct quiz_fault *fault)
{
	if (!*value)
		return quiz_complain(fault, line, "an attribute has no value: KEY=VALUE");
	free(*to);
	*to = strdup(value);
	return *to ? 0 : no_room(fault, line);
}

static int take_kind(struct quiz_question *question, const char *name, unsigned line,
                     struct quiz_fault *fault)
{
	for (int kind = QUIZ_SINGLE; kind <= QUIZ_MEASURED; kind++) {
		if (strcmp(quiz_kind_name((enum quiz_kind)kind), name) == 0) {
			question->kind = (enum quiz_kind)kind;
			return 0;
		}
	}
	return quiz_complain(fault, line,
	                     "kind=%s is none of single, multiple, order, text, number, measured",
	                     name);
}

static int take_id(struct quiz_question *question, const char *id, unsigned line,
                   struct quiz_fault *fault)
{
	if (!*id || id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-_.")])
		return quiz_complain(fault, line, "id=%s: an id is of a-z, 0-9, '-', '_' and '.'",
		                     id);
	return take_text(&question->id, id, line, fault);
}

static int take(struct quiz_question *question, const struct attribute *attribute, unsigned line,
                struct quiz_fault *fault)
{
	const char *key = attribute->key, *value = attribute->value;

	if (strcmp(key, "id") == 0)
		return take_id(question, value, line, fault);
	if (strcmp(key, "kind") == 0)
		return take_kind(question, value, line, fault);
	if (strcmp(key, "metric") == 0)
		return take_text(&question->metric, value, line, fault);
	if (strcmp(key, "unit") == 0)
		return take_text(&question->unit, value, line, fault);
	if (strcmp(key, "verify") == 0)
		return take_text(&question->verify, value, line, fault);
	if (strcmp(key, "within") == 0 && !quantity_within(value, &question->within))
		return quiz_complain(fault, line, "within=%s: it is 10%%, 5 or x2", value);
	if (strcmp(key, "fixed") == 0)
		question->fixed = true;
	else if (strcmp(key, "within") != 0)
		return quiz_complain(
		        fault, line,
		        "'%s' is none of id, kind, metric, within, unit, verify, fixed", key);
	return 0;
}

int quiz_attributes(struct quiz_question *question, const char *text, unsigned line,
                    struct quiz_fault *fault)
{
	struct attribute attribute;

	/* What a number's answer line says of it holds where no attribute does. */
	question->within = (struct quiz_within){WITHIN_AMOUNT, -1};
	for (text = skip_spaces(text); *text;) {
		const char *rest = next(&attribute, text);
		int err;

		if (!rest)
			return quiz_complain(fault, line,
			                     "neither KEY=VALUE nor KEY=\"VALUE\": %.40s", text);
		err = take(question, &attribute, line, fault);
		if (err)
			return err;
		text = rest;
	}
	if (!question->id)
		return quiz_complain(fault, line, "the question has no id=");
	return 0;
}
