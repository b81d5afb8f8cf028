/* build/bench: its commands, and those that are short. */
#include "main.h"

#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "experiment.h"
#include "offer.h"
#include "plots.h"
#include "project.h"
#include "report.h"
#include "runner.h"

int usage_error(const char *format, ...)
{
	va_list values;

	fprintf(stderr, "bench: ");
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fprintf(stderr, "\n");
	return EXIT_USAGE;
}

bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), end_size = strlen(end);

	return size >= end_size && !strcmp(text + size - end_size, end);
}

void add_word(const char **words, const char *word)
{
	size_t count = 0;

	while (words[count])
		count++;
	if (count == WORDS_MAX)
		exit(usage_error("--only and --set: at most %d of each", WORDS_MAX));
	words[count] = word;
}

static void interrupt(int signal_number)
{
	(void)signal_number;
	runner_interrupted = 1;
}

void check_lab(const char *asked)
{
	if (!offer_knows(asked))
		exit(usage_error("--lab: '%s' is no mode (known: private, packet, netem, loopback)",
		                 asked));
}

void handle_interrupts(void)
{
	struct sigaction on_interrupt = {.sa_handler = interrupt};

	sigaction(SIGINT, &on_interrupt, NULL);
	sigaction(SIGTERM, &on_interrupt, NULL);
}

int make_report(const char *folder, FILE *out)
{
	FILE *nowhere = out ? NULL : fopen("/dev/null", "we");
	char error[ERROR_MAX];
	int err = report_make(folder, out ? out : nowhere, error, sizeof error);

	if (nowhere)
		fclose(nowhere);
	if (!err)
		return EXIT_SUCCESS;
	fprintf(stderr, "bench: %s\n", error);
	return EXIT_FAILURE;
}

int print_plots(const char *folder)
{
	int err = plots_print(folder, stdout);

	if (!err || err == -ENOENT)
		return EXIT_SUCCESS;
	fprintf(stderr, "bench: %s: the plots as text: %s\n", folder, strerror(-err));
	return EXIT_FAILURE;
}

/* bench list */

static int is_experiment(const struct dirent *entry)
{
	return ends_with(entry->d_name, ".ini");
}

static int list(int argc, char **argv)
{
	static const struct argp argp = {
	        NULL, NULL, NULL, "Lists the experiments and the questions that they ask.",
	        NULL, NULL, NULL};
	char folder[PATH_MAX], path[PATH_MAX + 256], error[ERROR_MAX];
	struct dirent **entries;
	int count;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (project_path(folder, sizeof folder, "bench/experiments") ||
	    (count = scandir(folder, &entries, is_experiment, alphasort)) < 0)
		return usage_error("bench/experiments was not found beside this program");
	for (int i = 0; i < count; i++) {
		const struct experiment_options none = {0};
		struct experiment experiment;

		snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		if (experiment_read(&experiment, path, &none, error, sizeof error)) {
			printf("%s\n", error);
		} else {
			printf("%-20s %s\n", experiment.name, experiment.question);
			experiment_free(&experiment);
		}
		free(entries[i]);
	}
	free(entries);
	return EXIT_SUCCESS;
}

/* bench report */

static const struct argp_option report_options[] = {
        {"ascii", 'a', NULL, 0, ASCII_HELP, 0},
        {0},
};

struct report_request {
	const char *folder;
	bool ascii;
};

static error_t parse_report(int key, char *arg, struct argp_state *state)
{
	struct report_request *request = state->input;

	switch (key) {
	case 'a':
		request->ascii = true;
		return 0;
	case ARGP_KEY_ARG:
		if (request->folder)
			exit(usage_error("'%s': one result at a time", arg));
		request->folder = arg;
		return 0;
	case ARGP_KEY_END:
		if (!request->folder)
			exit(usage_error("report: which result folder?"));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int report(int argc, char **argv)
{
	static const struct argp argp = {
	        report_options,
	        parse_report,
	        "DIR",
	        "Makes table, summary.csv and plots again from DIR/runs.jsonl.",
	        NULL,
	        NULL,
	        NULL};
	struct report_request request = {.ascii = false};

	argp_parse(&argp, argc, argv, 0, NULL, &request);
	if (make_report(request.folder, stdout) != EXIT_SUCCESS)
		return EXIT_USAGE;
	return request.ascii ? print_plots(request.folder) : EXIT_SUCCESS;
}

/* bench compare */

static const struct argp_option compare_options[] = {
        {"test", 't', "mann-whitney", 0, "Put the test's two-sided p beside each ratio", 0},
        {0},
};

static error_t parse_compare(int key, char *arg, struct argp_state *state)
{
	if (key != 't')
		return ARGP_ERR_UNKNOWN;
	if (!compare_test_parse(arg, state->input))
		exit(usage_error("--test: '%s' is no test (known: mann-whitney)", arg));
	return 0;
}

static int compare(int argc, char **argv)
{
	static const struct argp argp = {compare_options,
	                                 parse_compare,
	                                 "A B",
	                                 "Sets what was measured in result folder B beside A.",
	                                 NULL,
	                                 NULL,
	                                 NULL};
	enum compare_test test = COMPARE_INTERVALS;
	char error[ERROR_MAX];
	int first;

	argp_parse(&argp, argc, argv, 0, &first, &test);
	if (first != argc - 2)
		return usage_error("compare: which two result folders?");
	if (compare_results(argv[first], argv[first + 1], test, stdout, error, sizeof error))
		return usage_error("%s", error);
	return EXIT_SUCCESS;
}

/* bench probe */

static const struct {
	enum lab_mode mode;
	const char *what;
} offers[] = {
        {LAB_DIRECT, "two network namespaces and a pair of devices; every frame is counted"},
        {LAB_LINK, "the same with a link between them: delay, jitter, loss, rate"},
        {LAB_PACKET, "such a link without /dev/net/tun"},
        {LAB_NETEM, "such a link by the kernel itself"},
        {LAB_LOOPBACK, "no network of its own; wire bytes are modelled"},
};

static int probe(int argc, char **argv)
{
	static const struct argp argp = {
	        NULL, NULL, NULL, "Says what this machine offers to measure in, and why not more.",
	        NULL, NULL, NULL};
	struct lab_trouble trouble;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
		const char *name = lab_mode_name(offers[i].mode);

		if (offer_try(offers[i].mode, &trouble) == 0)
			printf("%-8s  yes: %s\n", name, offers[i].what);
		else
			printf("%-8s  no: %s: %s\n          try: %s\n", name, trouble.step,
			       strerror(trouble.error), lab_advice(&trouble));
	}
	return EXIT_SUCCESS;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
        {"list", list, "the experiments and the questions that they ask"},
        {"run", main_run, "run an experiment: NAME or FILE.ini"},
        {"report", report, "make the report of a result folder again"},
        {"advise", main_advise, "which transports do for a chat, a feed, a game ..."},
        {"compare", compare, "set one result beside another"},
        {"probe", probe, "what this machine offers to measure in, and why not more"},
        {"verify", main_verify, "check the instrument against what is known"},
};

static void print_help(void)
{
	printf("Usage: bench COMMAND [ARGUMENT...]\n"
	       "Measures how a web server gets a message to a client.\n\n");
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].help);
	printf("\nEvery command has --help. Exit status: 0; 1 where a run was invalid or failed;\n"
	       "2 for a wrong argument; 130 after Ctrl-C.\n");
}

int main(int argc, char **argv)
{
	char name[32];

	argp_err_exit_status = EXIT_USAGE;
	if (argc < 2)
		return usage_error(
		        "which command? list, run, report, advise, compare, probe or verify: see bench --help");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help();
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (!strcmp(argv[1], commands[i].name)) {
			snprintf(name, sizeof name, "bench %s", commands[i].name);
			argv[1] = name; /* as argp shows it */
			return commands[i].run(argc - 1, argv + 1);
		}
	return usage_error(
	        "there is no command '%s': list, run, report, advise, compare, probe or verify",
	        argv[1]);
}
