#include "learn_rules.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static bool read_flag(const char *value, bool *flag)
{
	static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcasecmp(value, words[i]) == 0) {
			*flag = i % 2;
			return true;
		}
	}
	return false;
}

static int take(struct rules *rules, const struct pair *pair, char *error, size_t size)
{
	bool *flag = NULL;

	if (strncmp(pair->key, "option.", 7) == 0 && pair->key[7])
		return pairs_set(&rules->options, pair->key + 7, pair->value);
	if (strcmp(pair->key, "forbid_skip") == 0)
		flag = &rules->forbid_skip;
	else if (strcmp(pair->key, "hide_solutions") == 0)
		flag = &rules->hide_solutions;
	if (flag && read_flag(pair->value, flag))
		return 0;
	if (flag)
		snprintf(error, size, "%s = %s: it is yes or no", pair->key, pair->value);
	else
		snprintf(error, size, "'%s' is none of forbid_skip, hide_solutions, option.NAME",
		         pair->key);
	return -EINVAL;
}

int rules_read(struct rules *rules, const char *path, char *error, size_t size)
{
	char what[200] = "";
	struct pairs pairs;
	unsigned line;
	int err = pairs_read(&pairs, path, &line);

	*rules = (struct rules){0};
	if (err == -EINVAL)
		snprintf(error, size, "%s:%u: not KEY = VALUE", path, line);
	else if (err && err != -ENOENT)
		snprintf(error, size, "%s: %s", path, strerror(-err));
	else
		err = 0;
	for (size_t i = 0; !err && i < pairs.count; i++) {
		err = take(rules, &pairs.items[i], what, sizeof what);
		if (err)
			snprintf(error, size, "%s:%u: %s", path, pairs.items[i].line, what);
	}
	pairs_free(&pairs);
	return err;
}

void rules_free(struct rules *rules)
{
	pairs_free(&rules->options);
}
