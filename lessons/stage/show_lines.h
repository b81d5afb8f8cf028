/* Lines of text, each with its name. */
#ifndef LESSONS_STAGE_SHOW_LINES_H
#define LESSONS_STAGE_SHOW_LINES_H

struct show_name {
	const char *beginning, *name;
};

/*
 * Shows a text as show_bytes does, each line as a part: its name is that of the first `beginning`
 * that it begins with ("" suits every line), or "another line". A list of names ends with a NULL
 * beginning. What comes after 31 lines is shown as the rest.
 */
void show_lines(const char *who, const char *text, const struct show_name *names);

#endif
