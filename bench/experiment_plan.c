#include "experiment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Fisher and Yates. */
static void shuffle(struct run_spec *specs, size_t count, uint64_t *random)
{
	for (size_t i = count; i > 1; i--) {
		size_t other = (size_t)(random_unit(random) * (double)i);
		struct run_spec spec = specs[i - 1];

		specs[i - 1] = specs[other];
		specs[other] = spec;
	}
}

static void plan_block(const struct experiment *experiment, unsigned block, struct run_spec *specs)
{
	uint64_t random = experiment->seed, seed;

	/* Hashed, so that the blocks of seed 1 are not those of seed 2 moved by one. */
	random = random_next(&random) + block;
	seed = random_next(&random) >> 11;
	for (size_t i = 0; i < experiment->rows_count; i++) {
		specs[i] = (struct run_spec){.block = block, .seed = seed};
		memcpy(specs[i].experiment, experiment->name, sizeof(specs[i].experiment));
		specs[i].parameters = experiment->rows[i];
	}
	shuffle(specs, experiment->rows_count, &random);
	for (size_t i = 0; i < experiment->rows_count; i++)
		specs[i].order = (unsigned)i + 1;
}

int experiment_plan(const struct experiment *experiment, struct run_spec **out, size_t *count)
{
	struct run_spec *specs =
	        calloc(experiment->blocks * experiment->rows_count + 1, sizeof(*specs));

	if (!specs)
		return -ENOMEM;
	for (unsigned block = 1; block <= experiment->blocks; block++)
		plan_block(experiment, block, specs + (block - 1) * experiment->rows_count);
	*out = specs;
	*count = experiment->blocks * experiment->rows_count;
	return 0;
}

double experiment_seconds(const struct run_spec *specs, size_t count)
{
	double seconds = 0;

	for (size_t i = 0; i < count; i++)
		seconds += specs[i].parameters.warmup_s + specs[i].parameters.main_s;
	return seconds;
}
