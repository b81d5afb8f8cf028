#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check_fail.h"
#include "child.h"
#include "net.h"
#include "stage.h"
#include "wrap.h"

#define LIMIT_S 5
#define LABEL   10 /* "expected: ", and the others as wide */

static struct {
	bool all, json;
} options;

static bool read_options(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--all") == 0) {
			options.all = true;
		} else if (strcmp(argv[i], "--json") == 0) {
			options.json = true;
		} else if (strcmp(argv[i], "--help") == 0) {
			printf("usage: %s [OPTION...]\n"
			       "  --all   go on after a case that fails\n"
			       "  --json  print a JSON object for each case\n"
			       "  --help  print this\n",
			       program_invocation_short_name);
			exit(0);
		} else {
			fprintf(stderr, "%s: %s is no option; --help lists them\n",
			        program_invocation_short_name, argv[i]);
			return false;
		}
	}
	return true;
}

static _Noreturn void run(const struct check *check)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setpgid(0, 0);
	dup2(nothing, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO); /* results alone go to stdout */
	check->run();
	check_result->over = true;
	exit(0); /* not _exit: a sanitizer looks for leaks now */
}

/* Runs a case, and leaves in its result what is wrong. */
static void run_case(const struct check *check)
{
	char *message = check_result->message;
	size_t size = sizeof(check_result->message);
	char end[128] = "";
	int status = 0;
	pid_t pid;

	memset(check_result, 0, sizeof(*check_result));
	pid = child_fork();
	if (pid == 0)
		run(check);
	setpgid(pid, pid); /* whoever comes first */
	if (!child_wait(pid, LIMIT_S * 1e3, &status)) {
		kill(-pid, SIGKILL);
		child_end(pid);
		if (message[0] == '\0')
			snprintf(message, size, "took longer than %d s\n", LIMIT_S);
		return;
	}
	kill(-pid, SIGKILL); /* what the case started and left running */
	if (message[0] != '\0' || (status == 0 && check_result->over))
		return;
	child_describe(status, end, sizeof(end));
	snprintf(message, size, "%s%s\n", end,
	         check_result->over || strchr(end, ':') != NULL ? ""
	                                                        : ", before the case was over");
}

static void print_json_text(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if (*text == '\n')
			printf("\\n");
		else if ((unsigned char)*text < 0x20)
			printf("\\u%04x", *text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void print_json(int number, const char *name, const char *message)
{
	printf("{\"number\":%d,\"name\":", number);
	print_json_text(name);
	printf(",\"ok\":%s", *message == '\0' ? "true" : "false");
	if (*message != '\0') {
		printf(",\"message\":");
		print_json_text(message);
	}
	puts("}");
}

/* Whether a line begins with a label, and words follow: no bytes, and no text in quotes, which are
 * for comparing and stay as they are. */
static bool is_prose(const char *line)
{
	if (strlen(line) <= LABEL || line[LABEL - 1] != ' ' || strcspn(line, ":") >= LABEL)
		return false;
	return *line == 'h' || *line == 'w' ||
	       (strchr(line, '"') == NULL && strstr(line + LABEL, "  ") == NULL);
}

static void print_message_line(const char *line)
{
	const size_t width = stage_columns();
	char label[LABEL + 3];

	if (width == 0 || !is_prose(line)) {
		printf("  %s\n", line);
		return;
	}
	snprintf(label, sizeof(label), "  %.*s", LABEL, line);
	wrap_hanging(stdout, label, line + LABEL, width);
}

/* Takes message apart. */
static void print_lines(int number, const char *name, char *message)
{
	printf("%s %d %s\n", *message == '\0' ? "ok" : "FAIL", number, name);
	for (char *rest = message; rest != NULL && *rest != '\0';)
		print_message_line(strsep(&rest, "\n"));
}

int check_main(int argc, char **argv, const struct check *checks)
{
	int status = 0;

	if (!read_options(argc, argv))
		return 2;
	check_result = net_share(sizeof(*check_result));
	for (int i = 0; checks[i].name != NULL && (status == 0 || options.all); i++) {
		run_case(&checks[i]);
		if (check_result->message[0] != '\0')
			status = 1;
		if (options.json)
			print_json(i + 1, checks[i].name, check_result->message);
		else
			print_lines(i + 1, checks[i].name, check_result->message);
		fflush(stdout);
	}
	munmap(check_result, sizeof(*check_result));
	check_result = NULL;
	return status;
}
