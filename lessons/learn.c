/* build/learn: finds the lessons, reads the command line, runs a command. */
#include "learn.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "learn_ask.h"
#include "learn_near.h"
#include "learn_say.h"

struct command {
	const char *name;
	const char *options; /* those that it takes besides --plain and --lessons */
	const char *what;
	int (*run)(struct learn *learn, const struct lesson *lesson);
};

static const struct command commands[] = {
        {"list", "", "the lessons, and how far each is", learn_list},
        {"run", "--all --answers --json --",
         "predict, run, compare; after -- come options of the lesson", learn_run},
        {"next", "", "go on to the lesson after this one", learn_next},
        {"hint", "", "one more of the three hints", learn_hint},
        {"check", "--all --json", "build your exercise.c and test it", learn_check},
        {"solution", "--force", "ours, once your check has passed", learn_solution},
        {"quiz", "--all --answers --json", "what you have not answered right yet", learn_quiz},
        {"reset", "--force", "exercise.c as shipped; yours is kept as exercise.c.bak, .bak2 ...",
         learn_reset},
        {"watch", "--all", "check whenever exercise.c is saved", learn_watch},
        {"play", "", "try things out by hand, where the lesson has that", learn_play},
        {"status", "", "every answer of this lesson", learn_status},
        {"report", "--json --html", "everything, for a teacher", learn_report},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static int print_help(const char *program)
{
	printf("usage: %s [COMMAND [LESSON]] [OPTION...]\n\n", program);
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-9s %s\n", commands[i].name, commands[i].what);
	puts("\nWithout a command: where you are, and the one command that comes next.\n"
	     "LESSON is 6, 06, frames or 06-frames; the current one, if not given.\n\n"
	     "  --all           ask (run, quiz) what was answered too; check: go on after a failure\n"
	     "  --answers FILE  take answers from lines ID = ANSWER; what is missing is asked\n"
	     "  --force         solution: before success; reset: do not ask\n"
	     "  --json          run, quiz, check: an object a line; report: one object\n"
	     "  --html          report as a page\n"
	     "  --lessons DIR   where the lessons are; else LESSONS, else lessons/\n"
	     "  --plain         72 columns whatever the terminal has\n"
	     "  --help          this\n\n"
	     "Output is plain lines without any colour, so NO_COLOR and TERM=dumb change nothing.\n"
	     "Where stdin is no terminal nothing waits: what is not answered counts as skipped.\n"
	     "Progress is kept in lessons/progress.txt, or in the file that PUSHLAB_PROGRESS names.");
	return 0;
}

/* What the command line says. */
struct request {
	const struct command *command; /* NULL: none */
	const char *lesson;            /* NULL: the current one */
	const char *folder;            /* NULL: not given */
	const char *last;              /* option given that not every command takes */
};

static int unknown_command(const char *word)
{
	const char *words[COMMANDS], *nearest;

	if (strspn(word, "0123456789"))
		return complain("'%s' is no command; 'run %s' runs a lesson", word, word);
	for (size_t i = 0; i < COMMANDS; i++)
		words[i] = commands[i].name;
	nearest = words[near_find(word, words, COMMANDS)];
	if (!near_enough(word, nearest))
		return complain("'%s' is no command; --help lists all", word);
	return complain("'%s' is no command; the nearest is '%s', --help lists all", word, nearest);
}

static int take_word(struct request *request, const char *word)
{
	if (request->command && request->lesson)
		return complain("'%s' is one word too many: COMMAND LESSON", word);
	if (request->command) {
		request->lesson = word;
		return 0;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(word, commands[i].name) == 0) {
			request->command = &commands[i];
			return 0;
		}
	}
	return unknown_command(word);
}

/* The value of --NAME VALUE or --NAME=VALUE, if that is what **at is; *status is 0 or 2. */
static const char *value_of(const char *name, char ***at, int *status)
{
	const size_t size = strlen(name);
	const char *argument = **at;

	if (strncmp(argument, name, size) != 0)
		return NULL;
	if (argument[size] == '=')
		return argument + size + 1;
	if (argument[size])
		return NULL;
	if (!(*at)[1]) {
		*status = complain("%s needs a value", name);
		return NULL;
	}
	return *++*at;
}

static bool take_flag(struct learn *learn, struct request *request, const char *argument)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
	        {"--all", &learn->all},   {"--force", &learn->force}, {"--json", &learn->json},
	        {"--html", &learn->html}, {"--plain", &learn->plain},
	};

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		if (strcmp(argument, flags[i].name) != 0)
			continue;
		*flags[i].flag = true;
		if (flags[i].flag != &learn->plain)
			request->last = flags[i].name;
		return true;
	}
	return false;
}

/* An option of the lesson, it seems, and what follows it; how that is written. */
static int misplaced_option(const struct learn *learn, const struct request *request, char **at)
{
	const bool has_value = !strchr(at[0], '=') && at[1] && *at[1] != '-';

	return complain("options of the lesson come behind --: %s run%s%s -- %s%s%s",
	                learn->program, request->lesson ? " " : "",
	                request->lesson ? request->lesson : "", at[0], has_value ? " " : "",
	                has_value ? at[1] : "");
}

static int unknown_option(const struct learn *learn, const struct request *request, char **at)
{
	static const char *const known[] = {"--all",  "--answers", "--force",   "--json",
	                                    "--html", "--help",    "--lessons", "--plain"};
	const char *argument = *at;
	const char *nearest = known[near_find(argument, known, sizeof known / sizeof *known)];

	if (request->command && request->command->run == learn_run &&
	    near_distance(argument, nearest) > 1)
		return misplaced_option(learn, request, at);
	if (!near_enough(argument, nearest))
		return complain("'%s' is no option; --help lists all", argument);
	return complain("'%s' is no option; the nearest is %s, --help lists all", argument,
	                nearest);
}

static int take_option(struct learn *learn, struct request *request, char ***at)
{
	const char *argument = **at, *value;
	int status = 0;

	if (take_flag(learn, request, argument))
		return 0;
	value = value_of("--answers", at, &status);
	if (value) {
		learn->answers_path = value;
		request->last = "--answers";
		return 0;
	}
	if (!status)
		value = value_of("--lessons", at, &status);
	if (value)
		request->folder = value;
	else if (!status)
		status = unknown_option(learn, request, *at);
	return status;
}

/* Whether the word is one of those in the list. */
static bool has_word(const char *list, const char *word)
{
	const size_t size = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at++) {
		if ((at == list || at[-1] == ' ') && (at[size] == ' ' || !at[size]))
			return true;
	}
	return false;
}

static int check_options(const struct request *request)
{
	const char *name = request->command ? request->command->name : "learn";
	const char *options = request->command ? request->command->options : "";

	if (!request->last || has_word(options, request->last))
		return 0;
	return complain("%s takes no %s%s%s", name, request->last, *options ? "; it takes " : "",
	                options);
}

static int read_arguments(struct learn *learn, struct request *request, char **argv)
{
	int status = 0;

	for (char **at = argv + 1; !status && *at; at++) {
		if (strcmp(*at, "--") == 0) {
			learn->rest = (const char *const *)at + 1;
			request->last = "--";
			break;
		}
		status = **at == '-' ? take_option(learn, request, &at) : take_word(request, *at);
		if (!status)
			status = check_options(request);
	}
	return status ? status : check_options(request);
}

/* A folder of programs that are built of lessons has no such page. */
static bool has_page(const char *folder)
{
	char page[PATH_MAX + 16];

	snprintf(page, sizeof page, "%s/README.md", folder);
	return access(page, F_OK) == 0;
}

/* lessons/ in the current directory, else in a folder above this program. */
static const char *default_folder(char path[PATH_MAX])
{
	ssize_t size = readlink("/proc/self/exe", path, PATH_MAX - sizeof "/lessons");

	if (has_page("lessons") || size < 0)
		return "lessons";
	path[size] = '\0';
	for (char *slash = strrchr(path, '/'); slash; slash = strrchr(path, '/')) {
		strcpy(slash, "/lessons");
		if (has_page(path))
			return path;
		*slash = '\0';
	}
	return "lessons";
}

static int find_lessons(struct learn *learn, const char *folder)
{
	char path[PATH_MAX], copy[PATH_MAX];
	int err;

	if (!folder)
		folder = getenv("LESSONS");
	if (!folder || !*folder)
		folder = default_folder(path);
	if (!realpath(folder, learn->folder))
		return complain("%s: %s; --lessons DIR says where the lessons are", folder,
		                strerror(errno));
	strcpy(copy, learn->folder);
	strcpy(learn->root, dirname(copy));
	err = lessons_find(&learn->lessons, learn->folder);
	if (err)
		return complain("%s: %s", folder, strerror(-err));
	if (!learn->lessons.count)
		return complain("%s: no lessons: folders named as 06-frames", folder);
	return 0;
}

static int open_progress(struct learn *learn)
{
	const char *path = getenv("PUSHLAB_PROGRESS");
	char own[PATH_MAX + 16];
	unsigned line;
	int err;

	snprintf(own, sizeof own, "%s/progress.txt", learn->folder);
	if (!path || !*path)
		path = own;
	err = progress_open(&learn->progress, path, &line);
	if (err == -EINVAL)
		return complain("%s:%u: not KEY = VALUE; mend or remove that line", path, line);
	return err ? complain("%s: %s", path, strerror(-err)) : 0;
}

/* class.conf beside the progress file, else in the folder of the lessons. */
static int open_rules(struct learn *learn)
{
	char path[PATH_MAX + 16], copy[PATH_MAX], error[PATH_MAX + 300];

	snprintf(copy, sizeof copy, "%s", learn->progress.path);
	snprintf(path, sizeof path, "%s/class.conf", dirname(copy));
	if (access(path, F_OK))
		snprintf(path, sizeof path, "%s/class.conf", learn->folder);
	return rules_read(&learn->rules, path, error, sizeof error) ? complain("%s", error) : 0;
}

static int open_answers(struct learn *learn)
{
	unsigned line;
	int err;

	if (!learn->answers_path)
		return 0;
	err = pairs_read(&learn->answers, learn->answers_path, &line);
	if (err == -EINVAL)
		return complain("%s:%u: not ID = ANSWER", learn->answers_path, line);
	if (err)
		return complain("%s: %s", learn->answers_path, strerror(-err));
	return ask_check_answers(learn);
}

static int run(struct learn *learn, const struct request *request)
{
	const struct lesson *lesson = learn_current(learn);
	const bool all = request->command && request->command->run == learn_report;

	if (request->lesson)
		lesson = lessons_get(&learn->lessons, request->lesson);
	if (!lesson)
		return complain("'%s' is no lesson; the nearest is %s", request->lesson,
		                lessons_near(&learn->lessons, request->lesson)->folder);
	if (!request->command)
		return learn_where(learn, lesson);
	return request->command->run(learn, all && !request->lesson ? NULL : lesson);
}

/* Files that are opened later must not become stdin, stdout or stderr. */
static void open_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
}

int main(int argc, char **argv)
{
	struct learn learn = {.program = argc ? argv[0] : "learn"};
	struct request request = {0};
	int status;

	open_standard_files();
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (!strcmp(argv[i], "--help") || (i == 1 && !strcmp(argv[i], "help")))
			return print_help(learn.program);
	}
	status = read_arguments(&learn, &request, argv);
	say_open(learn.plain ? 72 : 0);
	learn.terminal = isatty(STDIN_FILENO) && !learn.json;
	if (!status)
		status = find_lessons(&learn, request.folder);
	if (!status)
		status = open_progress(&learn);
	if (!status)
		status = open_rules(&learn);
	if (!status)
		status = open_answers(&learn);
	if (!status)
		status = run(&learn, &request);
	rules_free(&learn.rules);
	pairs_free(&learn.answers);
	progress_close(&learn.progress);
	lessons_free(&learn.lessons);
	return status;
}
