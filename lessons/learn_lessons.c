#include "learn_lessons.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "learn_near.h"

static int is_lesson(const struct dirent *entry)
{
	const char *name = entry->d_name;
	size_t digits = strspn(name, "0123456789");

	return digits > 0 && digits < 9 && name[digits] == '-' &&
	       isalpha((unsigned char)name[digits + 1]);
}

/* The number before " minute" in a line: "About 25 minutes." */
static unsigned minutes_in(const char *line)
{
	const char *minute = strcasestr(line, " minute"), *digits = minute;

	while (digits && digits > line && isdigit((unsigned char)digits[-1]))
		digits--;
	return digits == minute ? 0 : (unsigned)strtoul(digits, NULL, 10);
}

/* The heading's text without "# " and without "Lesson 6:", which is said anyway. */
static char *title_in(char *line)
{
	int start = 0;

	line[strcspn(line, "\r\n")] = '\0';
	line += 1 + strspn(line + 1, " ");
	if (sscanf(line, "Lesson %*u%*1[:.] %n", &start) == 0 && start > 0)
		line += start;
	return strdup(line);
}

static void read_page(struct lesson *lesson, const char *folder)
{
	char path[PATH_MAX], *line = NULL;
	size_t capacity = 0;
	FILE *file;

	if (snprintf(path, sizeof path, "%s/%s/README.md", folder, lesson->folder) >=
	    (int)sizeof path)
		return;
	file = fopen(path, "re");
	if (!file)
		return;
	while (getline(&line, &capacity, file) >= 0 && (!lesson->title || !lesson->minutes)) {
		if (!lesson->title && strncmp(line, "# ", 2) == 0)
			lesson->title = title_in(line);
		if (!lesson->minutes)
			lesson->minutes = minutes_in(line);
	}
	free(line);
	fclose(file);
}

static int take(struct lesson *lesson, const char *name, const char *folder)
{
	*lesson = (struct lesson){
	        .folder = strdup(name),
	        .name = strdup(strchr(name, '-') + 1),
	        .number = (unsigned)strtoul(name, NULL, 10),
	};
	if (!lesson->folder || !lesson->name)
		return -ENOMEM;
	read_page(lesson, folder);
	if (!lesson->title)
		lesson->title = strdup(lesson->name);
	return lesson->title ? 0 : -ENOMEM;
}

int lessons_find(struct lessons *lessons, const char *folder)
{
	struct dirent **entries = NULL;
	int count, err = 0;

	*lessons = (struct lessons){0};
	count = scandir(folder, &entries, is_lesson, versionsort);
	if (count < 0)
		return -errno;
	lessons->items = calloc((size_t)count + 1, sizeof *lessons->items);
	if (!lessons->items)
		err = -ENOMEM;
	for (int i = 0; i < count; i++) {
		if (!err)
			err = take(&lessons->items[lessons->count++], entries[i]->d_name, folder);
		free(entries[i]);
	}
	free(entries);
	return err;
}

void lessons_free(struct lessons *lessons)
{
	for (size_t i = 0; i < lessons->count; i++) {
		free(lessons->items[i].folder);
		free(lessons->items[i].name);
		free(lessons->items[i].title);
	}
	free(lessons->items);
	*lessons = (struct lessons){0};
}

const struct lesson *lessons_get(const struct lessons *lessons, const char *word)
{
	const bool number = *word && !word[strspn(word, "0123456789")];

	for (size_t i = 0; i < lessons->count; i++) {
		const struct lesson *lesson = &lessons->items[i];

		if (number ? lesson->number == strtoul(word, NULL, 10)
		           : !strcasecmp(lesson->name, word) || !strcasecmp(lesson->folder, word))
			return lesson;
	}
	return NULL;
}

/* The last lesson is the nearest to a number, for it is too large. */
const struct lesson *lessons_near(const struct lessons *lessons, const char *word)
{
	const struct lesson *nearest = &lessons->items[0];
	size_t least = near_distance(word, nearest->name);

	if (*word && !word[strspn(word, "0123456789")])
		return &lessons->items[lessons->count - 1];
	for (size_t i = 0; i < lessons->count; i++) {
		const struct lesson *lesson = &lessons->items[i];
		size_t by_name = near_distance(word, lesson->name);
		size_t by_folder = near_distance(word, lesson->folder);
		size_t distance = by_name < by_folder ? by_name : by_folder;

		if (distance < least) {
			least = distance;
			nearest = lesson;
		}
	}
	return nearest;
}
