#include "plots.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"
#include "project.h"
#include "svg.h"

#define SUFFIX  ".gp"
#define TEXT    "dumb" /* gnuplot's terminal that draws with characters */
#define COLUMNS 79     /* of text that is for no terminal */

static int is_plot(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > strlen(SUFFIX) && length < sizeof(((struct plot *)0)->name) &&
	       strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) == 0 &&
	       strcmp(entry->d_name, "style" SUFFIX) != 0;
}

/* What follows from what was varied answers the question, and comes first. */
static bool is_answer(const struct dirent *entry)
{
	return strncmp(entry->d_name, "sweep", 5) == 0 || strncmp(entry->d_name, "ratio", 5) == 0;
}

/* As plots, not as files: ".gp" comes after the hyphen of a longer name. */
static int by_name(const struct dirent **left, const struct dirent **right)
{
	size_t left_size = strlen((*left)->d_name) - strlen(SUFFIX);
	size_t right_size = strlen((*right)->d_name) - strlen(SUFFIX);
	size_t size = left_size < right_size ? left_size : right_size;
	int order = is_answer(*right) - is_answer(*left);

	if (order == 0)
		order = memcmp((*left)->d_name, (*right)->d_name, size);

	return order ? order : (left_size > right_size) - (left_size < right_size);
}

static int script_path(char *path, const char *directory, const char *name)
{
	int length = snprintf(path, PATH_MAX, "%s/%s" SUFFIX, directory, name);

	return length >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static void read_alt(struct plot *plot, const char *directory)
{
	char path[PATH_MAX];
	FILE *file = NULL;

	if (script_path(path, directory, plot->name) == 0)
		file = fopen(path, "re");
	if (file && fscanf(file, "# %255[^\n]", plot->alt) != 1)
		plot->alt[0] = '\0';
	if (file)
		fclose(file);
}

int plots_list(struct plot **out, size_t *count)
{
	char directory[PATH_MAX];
	struct dirent **entries;
	int status = project_path(directory, sizeof(directory), "scripts/plots");
	int found = status ? 0 : scandir(directory, &entries, is_plot, by_name);

	if (status || found < 0)
		return status ? status : -errno;
	*count = (size_t)found;
	*out = calloc(*count + 1, sizeof(**out));
	for (int i = 0; i < found; i++) {
		if (*out) {
			int length = (int)(strlen(entries[i]->d_name) - strlen(SUFFIX));

			snprintf((*out)[i].name, sizeof((*out)[i].name), "%.*s", length,
			         entries[i]->d_name);
			read_alt(&(*out)[i], directory);
		}
		free(entries[i]);
	}
	free(entries);
	return *out ? 0 : -ENOMEM;
}

/* A string of gnuplot in single quotes, in which only the quote itself is special. */
static void quote(char *out, size_t size, const char *text)
{
	size_t used = 0;

	out[used++] = '\'';
	for (; *text && used + 4 < size; text++) {
		out[used++] = *text;
		if (*text == '\'')
			out[used++] = '\'';
	}
	out[used++] = '\'';
	out[used] = '\0';
}

static int draw(const char *script, const char *dir, const char *name, const char *terminal,
                const char *caption, const char *more)
{
	char quoted[1024], settings[1400], output[80], stale[PATH_MAX];
	const char *const argv[] = {"gnuplot", "-e", settings, script, NULL};
	int status;

	snprintf(output, sizeof(output), "plots/%s.%s", name, terminal);
	if (snprintf(stale, sizeof(stale), "%s/%s", dir, output) < (int)sizeof(stale))
		unlink(stale);
	quote(quoted, sizeof(quoted), caption);
	snprintf(settings, sizeof(settings), "dir='.'; output='%s'; terminal='%s'; caption=%s; %s",
	         output, terminal, quoted, more);
	/* In the C locale gnuplot complains of every micro sign. */
	setenv("LC_ALL", "C.UTF-8", 1);
	status = command_run(argv, dir, NULL, 0);
	return status > 0 ? -EIO : status;
}

int plots_draw(const struct plot *plot, const char *dir, const char *caption)
{
	char directory[PATH_MAX], script[PATH_MAX], svg[PATH_MAX];
	int status = project_path(directory, sizeof(directory), "scripts/plots");

	if (status == 0)
		status = script_path(script, directory, plot->name);
	if (status == 0)
		status = draw(script, dir, plot->name, "svg", caption, "");
	/* Where there were no data there is none; one that stays as it is does no harm. */
	if (status == 0 &&
	    snprintf(svg, sizeof(svg), "%s/plots/%s.svg", dir, plot->name) < PATH_MAX)
		svg_compact(svg);
	return status ? status : draw(script, dir, plot->name, "png", caption, "");
}

/* One less than there are: a full line would be followed by an empty one on some terminals. */
static int columns_of(FILE *out)
{
	struct winsize size;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) || size.ws_col < 2)
		return COLUMNS;
	return size.ws_col - 1;
}

/* As gnuplot's text terminal calls them. */
static const char *colours_of(FILE *out)
{
	const char *forbidden = getenv("NO_COLOR"), *terminal = getenv("TERM");

	if (!isatty(fileno(out)) || (forbidden && *forbidden) || !terminal ||
	    strcmp(terminal, "dumb") == 0)
		return "mono";
	return strstr(terminal, "256color") ? "ansi256" : "ansi";
}

/* Without the form feed before a plot, and what is blank at the end of lines and of the plot. */
static void copy_text(FILE *from, FILE *out)
{
	char *line = NULL;
	size_t size = 0, empty = 1; /* one before the plot */

	while (getline(&line, &size, from) > 0) {
		const char *text = line + (*line == '\f');
		size_t length = strlen(text);

		while (length && strchr(" \n", text[length - 1]))
			length--;
		if (length == 0) {
			empty++;
			continue;
		}
		for (; empty; empty--)
			fputc('\n', out);
		fprintf(out, "%.*s\n", (int)length, text);
	}
	free(line);
}

static int print(const struct plot *plot, const char *dir, FILE *out)
{
	char directory[PATH_MAX], script[PATH_MAX], path[PATH_MAX], settings[64];
	int status = project_path(directory, sizeof(directory), "scripts/plots");
	FILE *drawn;

	if (status == 0)
		status = script_path(script, directory, plot->name);
	if (snprintf(path, sizeof(path), "%s/plots/%s." TEXT, dir, plot->name) >= PATH_MAX)
		status = -ENAMETOOLONG;
	snprintf(settings, sizeof(settings), "columns=%d; colours='%s'", columns_of(out),
	         colours_of(out));
	if (status == 0)
		status = draw(script, dir, plot->name, TEXT, "", settings);
	drawn = status ? NULL : fopen(path, "re");
	if (!drawn) /* there were no data */
		return status;
	copy_text(drawn, out);
	fclose(drawn);
	unlink(path);
	return ferror(out) ? -EIO : 0;
}

int plots_print(const char *dir, FILE *out)
{
	struct plot *plots = NULL;
	size_t count = 0;
	int status = plots_list(&plots, &count);

	for (size_t i = 0; status == 0 && i < count; i++)
		status = print(&plots[i], dir, out);
	free(plots);
	return status;
}
