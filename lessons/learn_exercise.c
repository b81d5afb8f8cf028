/* learn hint, solution and reset. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "learn_process.h"
#include "learn_say.h"
#include "learn_shipped.h"
#include "learn_state.h"

enum {
	HINTS = 3,
	BACKUP_MAX = PATH_MAX + 16 /* room for .bak and a number */
};

/* What is below `## NUMBER. TITLE` in hints.md; the caller frees it. */
static char *read_hint(FILE *file, unsigned number, char *title, size_t title_size)
{
	char *line = NULL, *text = NULL;
	size_t capacity = 0, size;
	FILE *out = open_memstream(&text, &size);
	unsigned at = 0;
	bool begun = false;

	rewind(file);
	while (out && getline(&line, &capacity, file) >= 0) {
		int end = 0;

		if (sscanf(line, "## %u. %n", &at, &end) == 1 && end) {
			line[strcspn(line, "\r\n")] = '\0';
			if (at == number)
				snprintf(title, title_size, "%s", line + end);
			continue;
		}
		begun = begun || (at == number && line[strspn(line, " \r\n")]);
		if (begun && at == number)
			fputs(line, out);
	}
	free(line);
	if (!out || fclose(out))
		exit(complain_of(EXIT_NOT_DONE, "out of memory"));
	return text;
}

static void print_hint(FILE *file, unsigned number)
{
	char title[200] = "", *text = read_hint(file, number, title, sizeof title);
	size_t size = strlen(text);

	while (size && text[size - 1] == '\n')
		text[--size] = '\0';
	say("Hint %u of %d: %s\n\n", number, HINTS, title);
	say_markdown(text, 0);
	free(text);
}

int learn_hint(struct learn *learn, const struct lesson *lesson)
{
	const unsigned shown = state_hints(learn, lesson);
	const bool all = shown >= HINTS;
	const unsigned first = all ? 1 : shown + 1, last = all ? HINTS : first;
	char path[PATH_MAX], count[16];
	FILE *file = fopen(learn_file(learn, lesson, "hints.md", path), "re");

	if (!file)
		return complain_of(EXIT_NOT_DONE, "lesson %u has no hints", lesson->number);
	for (unsigned number = first; number <= last; number++) {
		if (number > first)
			putchar('\n');
		print_hint(file, number);
	}
	fclose(file);
	if (all) {
		say("\nThese are all. The whole is shown by:");
		printf("  %s solution %u --force\n", learn->program, lesson->number);
		return 0;
	}
	snprintf(count, sizeof count, "%u", last);
	learn_note(learn, lesson, "hints", count);
	return 0;
}

static int copy(FILE *from, FILE *to)
{
	char buffer[4096];
	size_t size;

	while ((size = fread(buffer, 1, sizeof buffer, from)) > 0)
		fwrite(buffer, 1, size, to);
	return ferror(from) || fflush(to) ? -EIO : 0;
}

static bool may_see_solution(const struct learn *learn, const struct lesson *lesson)
{
	if (learn->rules.hide_solutions)
		complain_of(EXIT_NOT_DONE, "class.conf says hide_solutions");
	else if (!learn->force && learn_has(learn, lesson, "check.c") &&
	         !state_passed(learn, lesson))
		complain_of(EXIT_NOT_DONE,
		            "the check of lesson %u has not passed yet; --force shows the solution",
		            lesson->number);
	else
		return true;
	return false;
}

int learn_solution(struct learn *learn, const struct lesson *lesson)
{
	char path[PATH_MAX], exercise[PATH_MAX];
	FILE *file;

	if (!may_see_solution(learn, lesson))
		return EXIT_NOT_DONE;
	file = fopen(learn_file(learn, lesson, "solution.c", path), "re");
	if (!file)
		return complain_of(EXIT_NOT_DONE, "lesson %u has no solution", lesson->number);
	copy(file, stdout);
	fclose(file);
	learn_note(learn, lesson, "solution", "shown");
	printf("\nBeside yours: diff -u %s ",
	       learn_shown(learn_file(learn, lesson, "exercise.c", exercise)));
	printf("%s\n", learn_shown(path));
	return 0;
}

static int fail(const char *path)
{
	return complain_of(EXIT_NOT_DONE, "%s: %s", learn_shown(path), strerror(errno));
}

/* A whole file or none, whenever it is interrupted. */
static int put(FILE *from, const char *path)
{
	char written[BACKUP_MAX + 8];
	FILE *file;
	int err;

	snprintf(written, sizeof written, "%s.new", path);
	file = fopen(written, "we");
	if (!file)
		return fail(written);
	err = copy(from, file) || fsync(fileno(file));
	if (fclose(file) || err || rename(written, path))
		return fail(path);
	return 0;
}

/* The first of exercise.c.bak, .bak2, .bak3 that is not there yet: an older one stays as it is. */
static void name_backup(const char *path, char kept[BACKUP_MAX])
{
	snprintf(kept, BACKUP_MAX, "%s.bak", path);
	for (unsigned number = 2; access(kept, F_OK) == 0; number++)
		snprintf(kept, BACKUP_MAX, "%s.bak%u", path, number);
}

/* kept is NULL where there is nothing to keep. */
static int keep_and_replace(const char *path, const char *kept, FILE *shipped)
{
	FILE *file = kept ? fopen(path, "re") : NULL;
	int status = 0;

	if (kept && !file)
		return fail(path);
	if (file) {
		status = put(file, kept);
		fclose(file);
	}
	if (!status)
		status = put(shipped, path);
	if (!status && kept)
		say("%s is as it was shipped. What it was is in %s.", learn_shown(path),
		    learn_shown(kept));
	else if (!status)
		say("%s is back, as it was shipped.", learn_shown(path));
	return status;
}

/* Whether the learner means it; 0 or an exit status. */
static int confirm(const struct learn *learn, const char *path, const char *kept)
{
	char line[80];

	if (learn->force)
		return 0;
	if (!learn->terminal)
		return complain("reset asks at a terminal; --force does it unasked");
	printf("Replace %s by the shipped copy? Yours is kept as %s. [y/n] ", learn_shown(path),
	       strrchr(kept, '/') + 1);
	fflush(stdout);
	if (fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y'))
		return 0;
	say("Nothing was changed.");
	return EXIT_NOT_DONE;
}

int learn_reset(struct learn *learn, const struct lesson *lesson)
{
	char path[PATH_MAX], kept[BACKUP_MAX];
	FILE *shipped;
	bool exists;
	int status = 0;

	learn_file(learn, lesson, "exercise.c", path);
	if (shipped_unchanged(learn, lesson)) {
		say("%s is as it was shipped.", learn_shown(path));
		return 0;
	}
	shipped = shipped_open(learn, lesson);
	if (!shipped)
		return complain_of(
		        EXIT_NOT_DONE,
		        "lesson %u has no shipped exercise.c, neither in git nor in build/",
		        lesson->number);
	exists = access(path, F_OK) == 0;
	name_backup(path, kept);
	if (exists)
		status = confirm(learn, path, kept);
	if (!status)
		status = keep_and_replace(path, exists ? kept : NULL, shipped);
	fclose(shipped);
	if (!status)
		learn_note(learn, lesson, "check", NULL);
	return status;
}
