#include "stage.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "network.h"
#include "wrap.h"

#define WIDTH      72
#define WIDTH_MOST 100 /* longer lines are hard to read */

static struct {
	bool silent; /* --values */
	bool plain;
	bool loopback;
	const struct stage_word *words;
} stage;

void stage_words(const struct stage_word *words)
{
	stage.words = words;
}

/* The longest name of all, " N" with it where it has a number. */
static size_t longest_name(const struct stage_option *options)
{
	size_t longest = strlen("loopback"); /* of those that all lessons have */

	for (; options != NULL && options->name != NULL; options++)
		if (strlen(options->name) + 2 > longest)
			longest = strlen(options->name) + 2;
	for (const struct stage_word *word = stage.words; word != NULL && word->name != NULL;
	     word++)
		if (strlen(word->name) > longest)
			longest = strlen(word->name);
	return longest;
}

static void print_option(size_t longest, const char *name, const char *number, const char *what)
{
	const size_t columns = stage_columns();
	char label[128];

	snprintf(label, sizeof(label), "  --%s%s%*s", name, number,
	         (int)(longest + 2 - strlen(name) - strlen(number)), "");
	wrap_hanging(stdout, label, what, columns > 0 ? columns : SIZE_MAX);
}

static void print_help(const char *title, const struct stage_option *options)
{
	const size_t longest = longest_name(options);
	char what[256];

	printf("%s\n\nusage: %s [OPTION...]\n", title, program_invocation_short_name);
	for (; options != NULL && options->name != NULL; options++) {
		snprintf(what, sizeof(what), "%s (%g, if not given)", options->what,
		         *options->value);
		print_option(longest, options->name, " N", what);
	}
	for (const struct stage_word *word = stage.words; word != NULL && word->name != NULL;
	     word++)
		print_option(longest, word->name, "", word->what);
	print_option(longest, "values", "", "print the values only, as KEY=VALUE lines");
	print_option(longest, "plain", "", "never wait for Enter, and 72 columns a line");
	print_option(longest, "loopback", "",
	             "simulated links are relays on loopback, without a private network");
	print_option(longest, "help", "", "print this");
}

static _Noreturn void refuse(const char *what, const char *why)
{
	fflush(stdout);
	fprintf(stderr, "%s: %s %s; --help lists the options\n", program_invocation_short_name,
	        what, why);
	exit(2);
}

static double number_of(const char *argument, const char *text)
{
	char why[128];
	char *end = NULL;
	double value = text == NULL ? 0 : strtod(text, &end);

	if (text == NULL || end == text || *end != '\0' || !isfinite(value) || value < 0) {
		snprintf(why, sizeof(why), "wants a number of at least 0%s%.40s",
		         text ? ", not " : "", text ? text : "");
		refuse(argument, why);
	}
	return value;
}

/* The option of an argument --NAME or --NAME=NUMBER; *number is what follows its '=', or NULL. */
static const struct stage_option *find(const struct stage_option *options, const char *argument,
                                       const char **number)
{
	size_t size = strcspn(argument, "=");

	*number = argument[size] == '=' ? argument + size + 1 : NULL;
	if (strncmp(argument, "--", 2) != 0)
		return NULL;
	for (; options != NULL && options->name != NULL; options++) {
		if (strlen(options->name) == size - 2 &&
		    strncmp(options->name, argument + 2, size - 2) == 0)
			return options;
	}
	return NULL;
}

/* Takes argv[i], and the word behind it, if it is such an option. Gives how many it took. */
static int take_word(char **argv, int i)
{
	const char *argument = argv[i];
	size_t size = strcspn(argument, "=");

	for (const struct stage_word *word = stage.words; word != NULL && word->name != NULL;
	     word++) {
		if (strncmp(argument, "--", 2) != 0 || strlen(word->name) != size - 2 ||
		    strncmp(word->name, argument + 2, size - 2) != 0)
			continue;
		if (word->flag != NULL && argument[size] == '=')
			refuse(argument, "takes no value");
		if (word->flag != NULL) {
			*word->flag = true;
			/* Whoever plays comes from outside, and would not find a private network.
			 */
			stage.loopback = stage.loopback || strcmp(word->name, "play") == 0;
			return 1;
		}
		*word->word = argument[size] == '=' ? argument + size + 1 : argv[i + 1];
		if (*word->word == NULL || **word->word == '\0')
			refuse(argument, "wants a word behind it");
		return argument[size] == '=' ? 1 : 2;
	}
	return 0;
}

void stage_open(int argc, char **argv, const char *title, const struct stage_option *options)
{
	bool help = false;

	for (int i = 1; i < argc; i++) {
		const char *argument = argv[i];
		const char *number;
		const struct stage_option *option = find(options, argument, &number);
		int taken = take_word(argv, i);

		if (taken > 0)
			i += taken - 1;
		else if (option != NULL && number != NULL)
			*option->value = number_of(argument, number);
		else if (option != NULL)
			*option->value = number_of(argument, i + 1 < argc ? argv[++i] : NULL);
		else if (strcmp(argument, "--values") == 0)
			stage.silent = true;
		else if (strcmp(argument, "--plain") == 0)
			stage.plain = true;
		else if (strcmp(argument, "--loopback") == 0)
			stage.loopback = true;
		else if (strcmp(argument, "--help") == 0)
			help = true;
		else
			refuse(argument, "is no option of this lesson");
	}
	if (help) {
		print_help(title, options);
		exit(0);
	}
	if (!stage.loopback)
		network_open();
	if (!stage.silent)
		printf("%s\n\n", title);
	fflush(stdout);
}

static size_t width(void)
{
	struct winsize size;

	if (stage.plain || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return WIDTH;
	return size.ws_col > WIDTH_MOST ? WIDTH_MOST : size.ws_col;
}

size_t stage_columns(void)
{
	struct winsize size;

	if (stage.plain)
		return WIDTH;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 ? 0 : size.ws_col;
}

static void print_wrapped(const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) < 0) {
		fprintf(stderr, "%s: no memory\n", program_invocation_short_name);
		exit(1);
	}
	wrap_print(stdout, text, width());
	free(text);
}

/* Without the empty line that ends a paragraph. */
__attribute__((format(printf, 1, 2))) static void say_line(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_wrapped(format, arguments);
	va_end(arguments);
	fflush(stdout);
}

void stage_say(const char *format, ...)
{
	va_list arguments;

	if (stage.silent)
		return;
	va_start(arguments, format);
	print_wrapped(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout); /* a child forked from now on has nothing left to print twice */
}

void stage_step(const char *next)
{
	size_t size = strlen(next);
	const char *stop = size > 0 && strchr(".!?", next[size - 1]) != NULL ? "" : ".";
	int got;

	if (stage.silent)
		return;
	if (stage.plain || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		stage_say("Next: %s%s", next, stop);
		return;
	}
	/* The Enter that is typed shows as the empty line. */
	say_line("Next: %s%s Press Enter.", next, stop);
	while ((got = getchar()) != EOF && got != '\n')
		continue;
}

static void append(const char *path, const char *line)
{
	FILE *file = fopen(path, "ae");
	bool failed = file == NULL || fputs(line, file) == EOF;

	if (file != NULL && fclose(file) != 0)
		failed = true;
	if (!failed)
		return;
	fprintf(stderr, "%s: cannot append to %s, which STAGE_VALUES names: %s\n",
	        program_invocation_short_name, path, strerror(errno));
	exit(1);
}

void stage_value(const char *key, double value)
{
	const char *path = getenv("STAGE_VALUES");
	char line[128];

	snprintf(line, sizeof(line), "%s=%.6g\n", key, value);
	if (stage.silent)
		fputs(line, stdout);
	if (path != NULL && *path != '\0')
		append(path, line);
	fflush(stdout);
}

void stage_value_of(const char *part, const char *what, double value)
{
	char key[64];

	snprintf(key, sizeof(key), "%s.%s", part, what);
	stage_value(key, value);
}

bool stage_silent(void)
{
	return stage.silent;
}

int stage_close(void)
{
	fflush(stdout);
	return 0;
}
