/* bench run: an experiment, its progress and its result. */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../transports/clock.h"
#include "environment.h"
#include "experiment.h"
#include "main.h"
#include "offer.h"
#include "project.h"
#include "result_folder.h"
#include "runner.h"

enum {
	OPTION_QUICK = 'q',
	OPTION_OUT = 'o',
	OPTION_REPEAT = 'r',
	OPTION_ASCII = 'a',
	OPTION_ONLY = 1000,
	OPTION_SET,
	OPTION_SEED,
	OPTION_LAB,
	OPTION_PCAP
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
         "private, packet, netem or loopback (private; loopback where that cannot be had: see "
         "bench probe)",
         0},
        {"pcap", OPTION_PCAP, "FILE", 0,
         "Capture what crosses the network, for Wireshark: of one run", 0},
        {"ascii", OPTION_ASCII, NULL, 0, ASCII_HELP, 0},
        {"set", OPTION_SET, "KEY=VALUE", 0, "In place of the file's value (repeatable)", 0},
        {0},
};

static unsigned read_repeat(const char *text)
{
	char *end;
	unsigned long blocks = strtoul(text, &end, 10);

	if (*end || blocks < 1 || blocks > 1000)
		exit(usage_error("--repeat: '%s' is not a number from 1 to 1000", text));
	return (unsigned)blocks;
}

/* Where the text of an option goes that is kept as it is; NULL: it is not one. */
static const char **text_of(struct run_options *options, int key)
{
	switch (key) {
	case OPTION_OUT:
		return &options->out;
	case OPTION_SEED:
		return &options->experiment.seed;
	case OPTION_LAB:
		return &options->lab;
	case OPTION_PCAP:
		return &options->pcap;
	default:
		return NULL;
	}
}

static error_t parse_run(int key, char *arg, struct argp_state *state)
{
	struct run_options *options = state->input;
	const char **text = text_of(options, key);

	if (text) {
		*text = arg;
		return 0;
	}
	switch (key) {
	case OPTION_QUICK:
		options->experiment.quick = true;
		return 0;
	case OPTION_ASCII:
		options->ascii = true;
		return 0;
	case OPTION_REPEAT:
		options->experiment.repeat = read_repeat(arg);
		return 0;
	case OPTION_ONLY:
		add_word(options->only, arg);
		return 0;
	case OPTION_SET:
		add_word(options->set, arg);
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
	if (result->valid && !result->published)
		fprintf(stderr, "idle\n");
	else if (result->valid)
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
	const char *pcap; /* where to capture the one run; NULL: nowhere */
	FILE *out;        /* runs.jsonl */
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
	const struct runner_progress show = {.show = show_progress, .user = &progress};
	const struct runner_options options = {
	        .mode = series->lab, .progress = &show, .capture_path = series->pcap};
	int err = runner_run(progress.spec, &options, &result);

	if (err)
		return err;
	series->finished++;
	series->invalid += !result.valid;
	say_finished(&progress, &result);
	return run_write(series->out, progress.spec, &result);
}

/* 0, -EINTR, or what writing failed with. */
static int run_all(struct series *series)
{
	int err = 0;

	handle_interrupts();
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

static bool has_link(const struct experiment *experiment)
{
	for (size_t i = 0; i < experiment->rows_count; i++)
		if (run_has_link(&experiment->rows[i]))
			return true;
	return false;
}

static void check_capture(const struct experiment *experiment, enum lab_mode lab)
{
	size_t runs = experiment->rows_count * experiment->blocks;

	if (runs > 1)
		exit(usage_error("--pcap: for one run, and these are %zu (--only, --repeat 1)",
		                 runs));
	if (lab == LAB_LOOPBACK)
		exit(usage_error("--pcap: only of a private network (see bench probe)"));
}

/* Without a private network there is no link, and the experiment may be worth less without. */
static enum lab_mode fall_back(struct experiment *experiment, bool linked)
{
	if (linked && experiment_drop_link(experiment)) {
		fprintf(stderr, "bench: what this experiment varies is the link\n");
		exit(EXIT_FAILURE);
	}
	fprintf(stderr, "bench: measuring on loopback%s, where wire bytes are modelled\n",
	        linked ? " without the link" : "");
	return LAB_LOOPBACK;
}

/* The mode asked for, or the best that this machine has; what is not to be had is said. */
static enum lab_mode choose_lab(struct experiment *experiment, const char *asked)
{
	bool linked = has_link(experiment);
	struct lab_trouble trouble;
	enum lab_mode mode;
	int err;

	check_lab(asked);
	err = offer_choose(asked, linked, &mode, &trouble);
	if (!err && mode == LAB_LOOPBACK && linked)
		exit(usage_error("--lab loopback: no link there: --set link_delay_ms=0"));
	if (!err)
		return mode;
	fprintf(stderr, "bench: no private network here: %s: %s (bench probe says more)\n",
	        trouble.step, strerror(trouble.error));
	if (asked)
		exit(EXIT_FAILURE);
	return fall_back(experiment, linked);
}

static void name_environment(struct run_spec *specs, size_t count, const char *folder)
{
	char hash[ENVIRONMENT_HASH_SIZE];

	if (environment_hash(folder, hash))
		return;
	for (size_t i = 0; i < count; i++)
		strcpy(specs[i].environment, hash);
}

static int run_series(const struct experiment *experiment, const struct run_options *options,
                      enum lab_mode lab, const char *folder, const char *experiment_path)
{
	struct series series = {.lab = lab, .pcap = options->pcap};
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
			status = make_report(folder, options->is_part ? NULL : stdout);
		if (series.finished && status == EXIT_SUCCESS && options->ascii)
			status = print_plots(folder);
		if (!options->is_part)
			printf("result: %s\n", folder);
		if (err)
			status = err == -EINTR ? EXIT_INTERRUPTED : EXIT_FAILURE;
		else if (series.invalid)
			status = EXIT_INVALID_RUNS;
	}
	free(specs);
	return status;
}

int run_experiment(struct run_options *options, char *folder, size_t size)
{
	char path[PATH_MAX], error[ERROR_MAX];
	struct experiment experiment;
	enum lab_mode lab;
	int status;

	options->experiment.only = options->only;
	options->experiment.set = options->set;
	if (find_experiment(options->what, path, sizeof path))
		return usage_error("there is no experiment '%s': see bench list", options->what);
	if (experiment_read(&experiment, path, &options->experiment, error, sizeof error))
		return usage_error("%s", error);
	if (options->out)
		snprintf(folder, size, "%s", options->out);
	else if (result_folder_name(folder, size, experiment.name))
		return usage_error("there is no folder results beside this program: use --out DIR");
	lab = choose_lab(&experiment, options->lab);
	if (options->pcap)
		check_capture(&experiment, lab);
	status = run_series(&experiment, options, lab, folder, path);
	experiment_free(&experiment);
	return status;
}

int main_run(int argc, char **argv)
{
	static const struct argp argp = {run_argp_options,
	                                 parse_run,
	                                 "NAME|FILE.ini",
	                                 "Runs an experiment and reports it: see bench list.",
	                                 NULL,
	                                 NULL,
	                                 NULL};
	struct run_options options = {.what = NULL};
	char folder[PATH_MAX];

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	return run_experiment(&options, folder, sizeof folder);
}
