/* learn check and learn watch: the learner's code and its test. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "learn_process.h"
#include "learn_say.h"
#include "learn_shipped.h"
#include "learn_state.h"

enum {
	CHECK_CANNOT = 77 /* of a check that lacks a library; it has said which */
};

/* Its exit status. */
static int run_check(const struct learn *learn, const struct lesson *lesson)
{
	char path[PATH_MAX];
	const char *argv[4] = {learn_program(learn, lesson, "check", path)};
	size_t count = 1;

	if (learn->all)
		argv[count++] = "--all";
	if (learn->json)
		argv[count++] = "--json";
	return process_run(&(struct process){.argv = argv});
}

static void say_result(const struct learn *learn, const struct lesson *lesson, bool passed)
{
	char path[PATH_MAX];

	putchar('\n');
	if (passed && learn->rules.hide_solutions)
		say("Passed.");
	else if (passed)
		say("Passed. %s solution %u shows another way to do it.", learn->program,
		    lesson->number);
	if (passed)
		return;
	learn_file(learn, lesson, "exercise.c", path);
	if (shipped_unchanged(learn, lesson))
		say("%s is as it was shipped, so it is expected to fail: fill in its TODO.",
		    learn_shown(path));
	else
		say("Not yet. The file is %s; %s hint %u helps.", learn_shown(path), learn->program,
		    lesson->number);
}

/* What has passed once has passed. */
static void note(struct learn *learn, const struct lesson *lesson, int status)
{
	char value[64] = "failed", now[32];

	if (state_passed(learn, lesson))
		return;
	if (status == 0 || status == CHECK_CANNOT)
		snprintf(value, sizeof value, "%s %s", status == 0 ? "passed" : "impossible",
		         learn_now(now));
	learn_note(learn, lesson, "check", value);
}

/* Builds, runs, says and notes; whether it passed. */
static bool check(struct learn *learn, const struct lesson *lesson)
{
	const bool built = learn_make(learn, lesson, "check");
	const int status = built ? run_check(learn, lesson) : -1;
	const bool passed = status == 0;

	if (status == PROCESS_NO_READER)
		return false;
	note(learn, lesson, status);
	if (status == CHECK_CANNOT)
		return false;
	if (built && !learn->json)
		say_result(learn, lesson, passed);
	return passed;
}

static bool has_check(const struct learn *learn, const struct lesson *lesson)
{
	char path[PATH_MAX];

	if (!learn_has(learn, lesson, "check.c")) {
		complain_of(EXIT_NOT_DONE, "lesson %u has no exercise", lesson->number);
		return false;
	}
	learn_file(learn, lesson, "exercise.c", path);
	if (access(path, F_OK) == 0)
		return true;
	complain_of(EXIT_NOT_DONE, "%s is missing; %s reset %u brings it back", learn_shown(path),
	            learn->program, lesson->number);
	return false;
}

int learn_check(struct learn *learn, const struct lesson *lesson)
{
	bool passed;

	if (!has_check(learn, lesson))
		return EXIT_NOT_DONE;
	passed = check(learn, lesson);
	if (passed && !learn->json)
		state_say_next(learn, lesson);
	return passed ? 0 : EXIT_NOT_DONE;
}

/* Changes whenever the file is saved, also by an editor that replaces it. */
struct stamp {
	struct timespec changed;
	off_t size;
	ino_t inode;
};

static bool has_changed(const char *path, struct stamp *stamp)
{
	struct stat status;
	struct stamp now;

	/* An editor may have taken it away for a moment. */
	if (stat(path, &status))
		return false;
	now = (struct stamp){status.st_mtim, status.st_size, status.st_ino};
	if (now.changed.tv_sec == stamp->changed.tv_sec &&
	    now.changed.tv_nsec == stamp->changed.tv_nsec && now.size == stamp->size &&
	    now.inode == stamp->inode)
		return false;
	*stamp = now;
	return true;
}

/* Waits for a second at most; 'q' also where input ends, 0 where nothing was typed. */
static char typed(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[80];

	if (poll(&input, 1, 1000) <= 0)
		return 0;
	return fgets(line, sizeof line, stdin) ? line[0] : 'q';
}

int learn_watch(struct learn *learn, const struct lesson *lesson)
{
	struct stamp stamp = {.size = -1};
	char path[PATH_MAX];
	bool passed = false;
	char key = 0;

	if (!has_check(learn, lesson))
		return EXIT_NOT_DONE;
	if (!learn->terminal)
		return complain("watch needs a terminal; '%s check' checks once", learn->program);
	learn_file(learn, lesson, "exercise.c", path);
	while (key != 'q') {
		if (has_changed(path, &stamp) || key == 'r') {
			passed = check(learn, lesson);
			say("\nWatching %s: it is checked whenever it is saved. r and Enter checks "
			    "now, q and Enter ends.",
			    learn_shown(path));
			fflush(stdout);
		}
		key = typed();
	}
	if (passed)
		state_say_next(learn, lesson);
	return passed ? 0 : EXIT_NOT_DONE;
}
