/* bench advise: the workloads, and which transport does for them. */
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advise.h"
#include "main.h"
#include "project.h"

struct advise_options {
	const char *workloads[WORDS_MAX + 1]; /* names; NULL ends them; none: all */
	const char *link;                     /* a profile; NULL: each workload's own */
	bool quick;
};

static const struct argp_option options_of_advise[] = {
        {"link", 'l', "PROFILE", 0, "In place of each workload's own link (link_profile)", 0},
        {"quick", 'q', NULL, 0, "Their short form: a look, not a result", 0},
        {0},
};

static error_t parse_advise(int key, char *arg, struct argp_state *state)
{
	struct advise_options *options = state->input;

	switch (key) {
	case 'l':
		options->link = arg;
		return 0;
	case 'q':
		options->quick = true;
		return 0;
	case ARGP_KEY_ARG:
		add_word(options->workloads, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Runs it as bench run would; gives the exit status, and the folder of the result. */
static int run_workload(const char *path, const struct advise_options *options, char *folder,
                        size_t size)
{
	char profile[64];
	struct run_options run = {
	        .what = path, .experiment.quick = options->quick, .is_part = true};

	if (options->link) {
		snprintf(profile, sizeof profile, "link_profile=%s", options->link);
		run.set[0] = profile;
	}
	return run_experiment(&run, folder, size);
}

static int advise_of(const char *path, const char *folder)
{
	static const struct experiment_options as_it_stands;
	char runs[PATH_MAX + 16], error[ERROR_MAX];
	struct experiment workload;
	struct summary summary;
	int err = experiment_read(&workload, path, &as_it_stands, error, sizeof error);

	if (err)
		return usage_error("%s", error);
	snprintf(runs, sizeof runs, "%s/runs.jsonl", folder);
	err = summary_read(&summary, runs, error, sizeof error);
	if (!err)
		err = advise_write(&workload, &summary, stdout);
	else
		fprintf(stderr, "bench: %s\n", error);
	summary_free(&summary);
	experiment_free(&workload);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int advise_workload(const char *name, const struct advise_options *options)
{
	char relative[PATH_MAX], path[PATH_MAX], folder[PATH_MAX];
	int status, advised;

	if (snprintf(relative, sizeof relative, "bench/workloads/%s.ini", name) >= PATH_MAX ||
	    project_path(path, sizeof path, relative))
		return usage_error("there is no workload '%s': see bench/workloads", name);
	status = run_workload(path, options, folder, sizeof folder);
	if (status != EXIT_SUCCESS && status != EXIT_INVALID_RUNS)
		return status;
	advised = advise_of(path, folder);
	return advised ? advised : status;
}

static int is_workload(const struct dirent *entry)
{
	return ends_with(entry->d_name, ".ini");
}

/* All of them, by name. */
static int advise_all(const struct advise_options *options)
{
	char folder[PATH_MAX];
	struct dirent **entries;
	int count, status = EXIT_SUCCESS;

	if (project_path(folder, sizeof folder, "bench/workloads") ||
	    (count = scandir(folder, &entries, is_workload, alphasort)) < 0)
		return usage_error("bench/workloads was not found beside this program");
	for (int i = 0; i < count; i++) {
		int of_this = EXIT_SUCCESS;

		entries[i]->d_name[strlen(entries[i]->d_name) - strlen(".ini")] = '\0';
		if (status == EXIT_SUCCESS || status == EXIT_INVALID_RUNS)
			of_this = advise_workload(entries[i]->d_name, options);
		status = of_this ? of_this : status;
		free(entries[i]);
	}
	free(entries);
	return status;
}

int main_advise(int argc, char **argv)
{
	static const struct argp argp = {
	        options_of_advise,
	        parse_advise,
	        "[WORKLOAD...]",
	        "Measures what people build (bench/workloads), and says which transports do for it.",
	        NULL,
	        NULL,
	        NULL};
	struct advise_options options = {.link = NULL};
	int status = EXIT_SUCCESS;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (!options.workloads[0])
		return advise_all(&options);
	for (size_t i = 0; options.workloads[i] && status != EXIT_USAGE; i++) {
		int of_this = advise_workload(options.workloads[i], &options);

		status = of_this ? of_this : status;
	}
	return status;
}
