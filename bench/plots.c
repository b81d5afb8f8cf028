#include "plots.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "project.h"

#define SUFFIX ".gp"

static int is_plot(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > strlen(SUFFIX) && length < sizeof(((struct plot *)0)->name) &&
	       strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) == 0 &&
	       strcmp(entry->d_name, "style" SUFFIX) != 0;
}

/* As plots, not as files: ".gp" comes after the hyphen of a longer name. */
static int by_name(const struct dirent **left, const struct dirent **right)
{
	size_t left_size = strlen((*left)->d_name) - strlen(SUFFIX);
	size_t right_size = strlen((*right)->d_name) - strlen(SUFFIX);
	size_t size = left_size < right_size ? left_size : right_size;
	int order = memcmp((*left)->d_name, (*right)->d_name, size);

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
                const char *caption)
{
	char quoted[1024], settings[1400], output[80], stale[PATH_MAX];
	const char *const argv[] = {"gnuplot", "-e", settings, script, NULL};
	int status;

	snprintf(output, sizeof(output), "plots/%s.%s", name, terminal);
	if (snprintf(stale, sizeof(stale), "%s/%s", dir, output) < (int)sizeof(stale))
		unlink(stale);
	quote(quoted, sizeof(quoted), caption);
	snprintf(settings, sizeof(settings), "dir='.'; output='%s'; terminal='%s'; caption=%s",
	         output, terminal, quoted);
	/* In the C locale gnuplot complains of every micro sign. */
	setenv("LC_ALL", "C.UTF-8", 1);
	status = command_run(argv, dir, NULL, 0);
	return status > 0 ? -EIO : status;
}

int plots_draw(const struct plot *plot, const char *dir, const char *caption)
{
	char directory[PATH_MAX], script[PATH_MAX];
	int status = project_path(directory, sizeof(directory), "scripts/plots");

	if (status == 0)
		status = script_path(script, directory, plot->name);
	if (status == 0)
		status = draw(script, dir, plot->name, "svg", caption);
	return status ? status : draw(script, dir, plot->name, "png", caption);
}
