/* Takes a \r and a \n for the end of a line each, so that \r\n is also a blank line. */
#include "../exercise.h"

#include <stdio.h>
#include <string.h>

/* Given: one character more, and a '\0' behind it. */
static void add(char text[EVENT_ROOM], size_t *size, char c)
{
	if (*size < EVENT_ROOM - 1)
		text[(*size)++] = c;
	text[*size] = '\0';
}

/* Given: the end of an event. Each line of data has left a \n behind it, the last one too. */
static void end_event(struct event_parser *parser)
{
	if (parser->data_size > 0) {
		parser->data[parser->data_size - 1] = '\0';
		parser->event(parser->user, parser->data, parser->id);
	}
	parser->data_size = 0;
}

/* The line is whole, and stands in parser->line, with a '\0'. */
static void end_line(struct event_parser *parser)
{
	char *name = parser->line, *text = name + strcspn(name, ":");

	if (*name == '\0') {
		end_event(parser);
		return;
	}
	/* A comment has an empty name, which is no field's. */
	if (*text == ':')
		*text++ = '\0';
	if (*text == ' ')
		text++;
	if (!strcmp(name, "id"))
		snprintf(parser->id, sizeof parser->id, "%s", text);
	if (strcmp(name, "data") != 0)
		return;
	while (*text)
		add(parser->data, &parser->data_size, *text++);
	add(parser->data, &parser->data_size, '\n');
}

void parse_events(struct event_parser *parser, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != '\r' && bytes[i] != '\n') {
			add(parser->line, &parser->line_size, bytes[i]);
			continue;
		}
		end_line(parser);
		parser->line_size = 0;
		parser->line[0] = '\0';
	}
}
