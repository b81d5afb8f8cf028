#include "show_lines.h"

#include <stddef.h>
#include <string.h>

#include "show.h"

#define LINES 32 /* the last one ends the list */

static const char *name_of(const char *line, const struct show_name *names)
{
	for (; names->beginning; names++)
		if (!strncmp(line, names->beginning, strlen(names->beginning)))
			return names->name;
	return "another line";
}

void show_lines(const char *who, const char *text, const struct show_name *names)
{
	struct show_part parts[LINES] = {{0}};
	const char *line = text;

	for (size_t i = 0; *line && i < LINES - 1; line += parts[i++].size)
		parts[i] = (struct show_part){show_line(line), name_of(line, names)};
	show_bytes(who, text, strlen(text), parts);
}
