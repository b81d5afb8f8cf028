#include "expectation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "expression.h"

#define PARTS          4
#define NAME_MAX_BYTES 49 /* what inih keeps of it in the lines in which a value goes on */

static bool read_bound(const char *text, double *bound)
{
	char *end;

	*bound = strtod(text, &end);
	return end != text && *end == '\0';
}

static int check_expression(const struct key_errors *errors, const struct setting *setting,
                            const char *expression)
{
	const char *why;
	double ignored;

	if (expression_evaluate(expression, NULL, &ignored, &why))
		return key_wrong(errors, setting, "'%s': %s", expression, why);
	return 0;
}

static int read_parts(const struct key_errors *errors, const struct setting *setting, char *value,
                      struct expectation *out)
{
	char *parts[PARTS] = {NULL}, *part;
	size_t count = 0;
	int status;

	if (strlen(setting->key) > NAME_MAX_BYTES)
		return key_wrong(errors, setting, "its name is longer than %d bytes",
		                 NAME_MAX_BYTES);
	for (; (part = strsep(&value, "|")) && count < PARTS; count++)
		parts[count] = key_trim(part);
	if (part || count < PARTS - 1 || !read_bound(parts[1], &out->low) ||
	    !read_bound(parts[2], &out->high) || !(out->low <= out->high))
		return key_wrong(errors, setting,
		                 "not EXPRESSION | LOWEST | HIGHEST, with | UNIT behind it or not");
	if (parts[3] && strlen(parts[3]) >= sizeof(out->unit))
		return key_wrong(errors, setting, "the unit is longer than %zu bytes",
		                 sizeof(out->unit) - 1);
	status = check_expression(errors, setting, parts[0]);
	if (status)
		return status;
	strcpy(out->unit, parts[3] ? parts[3] : "");
	out->what = strdup(setting->key);
	out->expression = strdup(parts[0]);
	return out->what && out->expression ? 0 : -ENOMEM;
}

int expectation_read(const struct key_errors *errors, const struct setting *setting,
                     struct expectation *out)
{
	char *value = strdup(setting->value);
	int status;

	*out = (struct expectation){0};
	status = value ? read_parts(errors, setting, value, out) : -ENOMEM;
	free(value);
	return status;
}

int expectation_check(const struct key_errors *errors, const struct setting *setting)
{
	struct expectation expectation;
	int status = expectation_read(errors, setting, &expectation);

	expectation_free(&expectation);
	return status;
}

void expectation_free(struct expectation *expectation)
{
	free(expectation->what);
	free(expectation->expression);
	*expectation = (struct expectation){0};
}
