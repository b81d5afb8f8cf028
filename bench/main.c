/* build/bench: options, progress and exit codes; the only file here that prints to a person. */
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../transports/clock.h"
#include "environment.h"
#include "experiment.h"
#include "project.h"
#include "report.h"
#include "result_folder.h"
#include "runner.h"

#define EXIT_INVALID_RUNS 1
#define EXIT_USAGE        2
#define EXIT_INTERRUPTED  130
#define WORDS_MAX         32
#define ERROR_MAX         512

static int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int usage_error(const char *format, ...)
{
	va_list values;

	fprintf(stderr, "bench: ");
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fprintf(stderr, "\n");
	return EXIT_USAGE;
}

/* bench list */

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), end_size = strlen(end);

	return size >= end_size && !strcmp(text + size - end_size, end);
}

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

/* bench run */

struct run_options {
	const char *what; /* NAME or FILE.ini */
	const char *out;
	const char *lab; /* the name of a mode; NULL: the best that there is */
	const char *only[WORDS_MAX + 1], *set[WORDS_MAX + 1]; /* NULL ends them */
	struct experiment_options experiment;
};

enum {
	OPTION_QUICK = 'q',
	OPTION_OUT = 'o',
	OPTION_REPEAT = 'r',
	OPTION_ONLY = 1000,
	OPTION_SET,
	OPTION_SEED,
	OPTION_LAB
};

static const struct argp_option run_argp_options[] = {
        {"quick", OPTION_QUICK, NULL, 0, "The short form of the experiment: a look, not a result",
         0},
        {"out", OPTION_OUT, "DIR", 0, "Where to put the result (results/NAME-UTC)", 0},
        {"repeat", OPTION_REPEAT, "N", 0, "Blocks: how often every cell is run", 0},
        {"seed", OPTION_SEED, "N", 0, "Seed of schedules and of the order of runs", 0},
        {"only", OPTION_ONLY, "CELL", 0, "Only TRANSPORT, /STACK or TRANSPORT/STACK (repeatable)",
         0},
        {"lab", OPTION_LAB, "MODE", 0,
         "private or loopback (private; loopback where that cannot be had: see bench probe)", 0},
        {"set", OPTION_SET, "KEY=VALUE", 0, "In place of the file's value (repeatable)", 0},
        {0},
};

static void add_word(const char **words, const char *word)
{
	size_t count = 0;

	while (words[count])
		count++;
	if (count == WORDS_MAX)
		exit(usage_error("--only and --set: at most %d of each", WORDS_MAX));
	words[count] = word;
}

static unsigned read_repeat(const char *text)
{
	char *end;
	unsigned long blocks = strtoul(text, &end, 10);

	if (*end || blocks < 1 || blocks > 1000)
		exit(usage_error("--repeat: '%s' is not a number from 1 to 1000", text));
	return (unsigned)blocks;
}

static error_t parse_run(int key, char *arg, struct argp_state *state)
{
	struct run_options *options = state->input;

	switch (key) {
	case OPTION_QUICK:
		options->experiment.quick = true;
		return 0;
	case OPTION_OUT:
		options->out = arg;
		return 0;
	case OPTION_REPEAT:
		options->experiment.repeat = read_repeat(arg);
		return 0;
	case OPTION_SEED:
		options->experiment.seed = arg;
		return 0;
	case OPTION_ONLY:
		add_word(options->only, arg);
		return 0;
	case OPTION_SET:
		add_word(options->set, arg);
		return 0;
	case OPTION_LAB:
		options->lab = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (options->what)
			exit(usage_error("'%s': one experiment at a time", arg));
		options->what = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->what)
			exit(usage_error("run: which experiment? See bench list"));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What the progress line needs. */
struct progress {
	size_t number, count;
	const struct run_spec *spec;
	const struct run_spec *later; /* the specs after this one */
	uint64_t started_ns;
	bool terminal;
};

static void show_progress(void *user, enum load_phase phase, unsigned connected)
{
	static const char *const names[] = {"connecting", "warm-up", "main", "drain", "done"};
	const struct progress *progress = user;
	const struct run_parameters *parameters = &progress->spec->parameters;
	double gone = (double)(clock_now_ns() - progress->started_ns) / (double)NS_PER_S;
	double left = experiment_seconds(progress->spec, 1) - gone;

	if (!progress->terminal)
		return;
	left = (left > 0 ? left : 0) +
	       experiment_seconds(progress->later, progress->count - progress->number);
	fprintf(stderr,
	        "\r\033[K[%zu/%zu] block %u  %s/%s  %s  %u of %u subscribers  about %.0f s left",
	        progress->number, progress->count, progress->spec->block, parameters->transport,
	        parameters->stack, names[phase], connected, parameters->subscribers, left);
}

static void say_finished(const struct progress *progress, const struct run_result *result)
{
	const struct run_parameters *parameters = &progress->spec->parameters;
	const struct hist *latency = result->latency.count ? &result->latency : &result->round_trip;
	char cell[40];

	snprintf(cell, sizeof cell, "%s/%s", parameters->transport, parameters->stack);
	fprintf(stderr, "%s[%zu/%zu] block %u  %-14s  ", progress->terminal ? "\r\033[K" : "",
	        progress->number, progress->count, progress->spec->block, cell);
	if (result->valid)
		fprintf(stderr, "mean %.3f ms%s, %llu deliveries\n",
		        hist_mean_ns(latency) / (double)NS_PER_MS,
		        latency == &result->latency ? "" : " there and back",
		        (unsigned long long)result->delivered);
	else
		fprintf(stderr, "INVALID: %s\n", result->reason);
}

/* A series of runs in progress. */
struct series {
	const struct run_spec *specs;
	size_t count;
	enum lab_mode lab;
	FILE *out; /* runs.jsonl */
	size_t invalid, finished;
};

static int run_one(struct series *series, size_t index)
{
	static struct run_result result; /* two histograms: too large for the stack's taste */
	struct progress progress = {
	        .number = index + 1,
	        .count = series->count,
	        .spec = &series->specs[index],
	        .later = &series->specs[index + 1],
	        .started_ns = clock_now_ns(),
	        .terminal = isatty(STDERR_FILENO),
	};
	struct runner_progress show = {.show = show_progress, .user = &progress};
	int err = runner_run(progress.spec, series->lab, &result, &show);

	if (err)
		return err;
	series->finished++;
	series->invalid += !result.valid;
	say_finished(&progress, &result);
	return run_write(series->out, progress.spec, &result);
}

static void interrupt(int signal_number)
{
	(void)signal_number;
	runner_interrupted = 1;
}

/* 0, -EINTR, or what writing failed with. */
static int run_all(struct series *series)
{
	struct sigaction on_interrupt = {.sa_handler = interrupt};
	int err = 0;

	sigaction(SIGINT, &on_interrupt, NULL);
	sigaction(SIGTERM, &on_interrupt, NULL);
	for (size_t i = 0; i < series->count && !err; i++)
		err = runner_interrupted ? -EINTR : run_one(series, i);
	if (err == -EINTR)
		fprintf(stderr, "\ninterrupted: %zu of %zu runs are finished and kept\n",
		        series->finished, series->count);
	else if (err)
		fprintf(stderr, "bench: runs.jsonl: %s\n", strerror(-err));
	return err;
}

/* NAME stands for bench/experiments/NAME.ini. */
static int find_experiment(const char *what, char *path, size_t size)
{
	char relative[PATH_MAX];

	if (strchr(what, '/') || ends_with(what, ".ini")) {
		snprintf(path, size, "%s", what);
		return 0;
	}
	snprintf(relative, sizeof relative, "bench/experiments/%s.ini", what);
	return project_path(path, size, relative);
}

/* Gives the exit status. */
static int open_result(const char *folder, const char *experiment_path, struct series *series)
{
	int err = result_folder_make(folder, experiment_path, &series->out);

	if (err == -EEXIST)
		return usage_error("--out: %s holds a result already: choose another folder",
		                   folder);
	if (!err)
		err = environment_write(folder, lab_mode_name(series->lab));
	if (!err)
		return EXIT_SUCCESS;
	fprintf(stderr, "bench: %s: %s\n", folder, strerror(-err));
	return EXIT_FAILURE;
}

static bool can_open_lab(enum lab_mode mode, struct lab_trouble *trouble)
{
	struct lab lab;
	int err = lab_open(&lab, mode, trouble);

	lab_close(&lab);
	return !err;
}

static bool has_link(const struct experiment *experiment)
{
	for (size_t i = 0; i < experiment->rows_count; i++)
		if (run_has_link(&experiment->rows[i]))
			return true;
	return false;
}

static bool asks_for_loopback(const char *asked, bool linked)
{
	if (!asked || strcmp(asked, lab_mode_name(LAB_LOOPBACK)) != 0)
		return false;
	if (linked)
		exit(usage_error("--lab loopback: no link there (link_delay_ms and its like)"));
	return true;
}

/* The mode asked for, or the best that this machine has; what is not to be had is said. */
static enum lab_mode choose_lab(const struct experiment *experiment, const char *asked)
{
	bool linked = has_link(experiment);
	enum lab_mode mode = linked ? LAB_LINK : LAB_DIRECT;
	struct lab_trouble trouble;

	if (asks_for_loopback(asked, linked))
		return LAB_LOOPBACK;
	if (asked && strcmp(asked, "private") != 0)
		exit(usage_error("--lab: '%s' is no mode (known: private, loopback)", asked));
	if (can_open_lab(mode, &trouble))
		return mode;
	fprintf(stderr, "bench: no private network here: %s: %s (bench probe says more)%s\n",
	        trouble.step, strerror(trouble.error),
	        asked || linked ? "" : "; measuring on loopback, where wire bytes are modelled");
	if (asked || linked)
		exit(EXIT_FAILURE);
	return LAB_LOOPBACK;
}

static int make_report(const char *folder)
{
	char error[ERROR_MAX];

	if (!report_make(folder, stdout, error, sizeof error))
		return EXIT_SUCCESS;
	fprintf(stderr, "bench: %s\n", error);
	return EXIT_FAILURE;
}

static void name_environment(struct run_spec *specs, size_t count, const char *folder)
{
	char hash[ENVIRONMENT_HASH_SIZE];

	if (environment_hash(folder, hash))
		return;
	for (size_t i = 0; i < count; i++)
		strcpy(specs[i].environment, hash);
}

static int run_series(const struct experiment *experiment, enum lab_mode lab, const char *folder,
                      const char *experiment_path)
{
	struct series series = {.lab = lab};
	struct run_spec *specs;
	int err, status;

	if (experiment_plan(experiment, &specs, &series.count)) {
		fprintf(stderr, "bench: out of memory\n");
		return EXIT_FAILURE;
	}
	series.specs = specs;
	status = open_result(folder, experiment_path, &series);
	if (status == EXIT_SUCCESS) {
		name_environment(specs, series.count, folder);
		fprintf(stderr, "%s: %zu runs, lab mode %s, about %.0f s\n", experiment->name,
		        series.count, lab_mode_name(lab), experiment_seconds(specs, series.count));
		err = run_all(&series);
		fclose(series.out);
		if (series.finished)
			status = make_report(folder);
		printf("result: %s\n", folder);
		if (err)
			status = err == -EINTR ? EXIT_INTERRUPTED : EXIT_FAILURE;
		else if (series.invalid)
			status = EXIT_INVALID_RUNS;
	}
	free(specs);
	return status;
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {run_argp_options,
	                                 parse_run,
	                                 "NAME|FILE.ini",
	                                 "Runs an experiment and reports it: see bench list.",
	                                 NULL,
	                                 NULL,
	                                 NULL};
	struct run_options options = {.what = NULL};
	char path[PATH_MAX], folder[PATH_MAX], error[ERROR_MAX];
	struct experiment experiment;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	options.experiment.only = options.only;
	options.experiment.set = options.set;
	if (find_experiment(options.what, path, sizeof path))
		return usage_error("there is no experiment '%s': see bench list", options.what);
	if (experiment_read(&experiment, path, &options.experiment, error, sizeof error))
		return usage_error("%s", error);
	if (options.out)
		snprintf(folder, sizeof folder, "%s", options.out);
	else if (result_folder_name(folder, sizeof folder, experiment.name))
		return usage_error("there is no folder results beside this program: use --out DIR");
	status = run_series(&experiment, choose_lab(&experiment, options.lab), folder, path);
	experiment_free(&experiment);
	return status;
}

/* bench report */

static int report(int argc, char **argv)
{
	static const struct argp argp = {
	        NULL, NULL, "DIR", "Makes table, summary.csv and plots again from DIR/runs.jsonl.",
	        NULL, NULL, NULL};
	int first;

	argp_parse(&argp, argc, argv, 0, &first, NULL);
	if (first != argc - 1)
		return usage_error("report: which result folder?");
	return make_report(argv[first]) == EXIT_SUCCESS ? EXIT_SUCCESS : EXIT_USAGE;
}

/* bench probe */

static const struct {
	enum lab_mode mode;
	const char *what;
} offers[] = {
        {LAB_DIRECT, "two network namespaces and a pair of devices; every frame is counted"},
        {LAB_LINK, "the same with a link between them: delay, jitter, loss, rate"},
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

		if (can_open_lab(offers[i].mode, &trouble))
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
        {"run", run, "run an experiment: NAME or FILE.ini"},
        {"report", report, "make the report of a result folder again"},
        {"probe", probe, "what this machine offers to measure in, and why not more"},
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
		return usage_error("which command? list, run, report or probe: see bench --help");
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
	return usage_error("there is no command '%s': list, run, report or probe", argv[1]);
}
