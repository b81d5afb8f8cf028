/* What bench verify claims of time. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../transports/clock.h"
#include "../transports/schedule.h"
#include "stats.h"
#include "verify.h"

static struct run_result result;

static double ms(double ns)
{
	return ns / (double)NS_PER_MS;
}

/* a-a */

#define COMPARISONS 40
#define BLOCKS      5
#define CHANCE      (2.0 / (1 << BLOCKS)) /* that all five blocks have the same arm ahead */
#define CHANCE_MIN  0.01

#define SLOWER            1.5
#define SLOWER_CALLED_MIN 36

static int measure_arm(struct verifier *verifier, uint64_t seed, double *p50_ms)
{
	const struct runner_options options = {0};
	struct run_spec spec = verify_spec("sse", 4, 400, 0.1);
	int err;

	spec.seed = seed;
	spec.parameters.warmup_s = 0.03 + 0.5 / spec.parameters.rate_hz;
	err = verify_run(verifier, &spec, &options, &result);
	*p50_ms = ms((double)hist_quantile_ns(&result.latency, 0.5));
	return err;
}

/* As experiments are compared: by the interval of the paired ratios over blocks. */
static bool are_different(const double *a, const double *b)
{
	struct interval interval = stats_ratio_interval(a, b, BLOCKS, 1);

	return interval.low > 1 || interval.high < 1;
}

/* Also with the second arm as if it had been slower. */
static int compare_arms(struct verifier *verifier, uint64_t *random, bool *different,
                        bool *slower_is_different)
{
	double arms[2][BLOCKS];

	for (size_t block = 0; block < BLOCKS; block++) {
		size_t first = random_next(random) & 1;
		uint64_t seed = random_next(random) >> 11;
		int err = measure_arm(verifier, seed, &arms[first][block]);

		if (!err)
			err = measure_arm(verifier, seed, &arms[1 - first][block]);
		if (err)
			return err;
	}
	*different = are_different(arms[0], arms[1]);
	for (size_t block = 0; block < BLOCKS; block++)
		arms[1][block] *= SLOWER;
	*slower_is_different = are_different(arms[0], arms[1]);
	return 0;
}

int verify_same_arms(struct verifier *verifier)
{
	uint64_t random = clock_now_ns();
	unsigned called = 0, slower_called = 0;
	double chance;
	char asked[96];

	for (int i = 0; i < COMPARISONS; i++) {
		bool different = false, slower_is_different = false;
		int err = compare_arms(verifier, &random, &different, &slower_is_different);

		if (err)
			return err;
		called += different;
		slower_called += slower_is_different;
	}
	chance = stats_binomial_at_least(COMPARISONS, called, CHANCE);
	snprintf(asked, sizeof asked,
	         "of %d comparisons of sse with itself few are called different", COMPARISONS);
	verify_tell(verifier, chance > CHANCE_MIN, asked,
	            "%u; chance alone makes %.1f (so many or more with p = %.2f, at least %.2f)",
	            called, COMPARISONS * CHANCE, chance, CHANCE_MIN);
	snprintf(asked, sizeof asked, "with one arm %.1f times as slow at least %d are", SLOWER,
	         SLOWER_CALLED_MIN);
	verify_tell(verifier, slower_called >= SLOWER_CALLED_MIN, asked, "%u", slower_called);
	return 0;
}

/* freeze */

#define FREEZE_S       1.4
#define FROZEN_P99_MS  1000
#define OTHER_PART_MAX 100

int verify_freeze(struct verifier *verifier)
{
	const struct runner_options options = {.fault = {.freeze_s = FREEZE_S}};
	struct run_spec spec = verify_spec("sse", 5, 50, 10);
	double scheduled_ms, written_ms;
	int err = verify_run(verifier, &spec, &options, &result);

	if (err)
		return err;
	scheduled_ms = ms((double)hist_quantile_ns(&result.latency, 0.99));
	written_ms = ms((double)hist_quantile_ns(&result.unscheduled, 0.99));
	verify_tell(verifier, scheduled_ms > FROZEN_P99_MS,
	            "1.4 s in 10 s show in p99 from the scheduled instant: above 1000 ms",
	            "%.0f ms", scheduled_ms);
	verify_tell(verifier,
	            written_ms * OTHER_PART_MAX < scheduled_ms &&
	                    result.unscheduled.count == result.latency.count,
	            "from the actual write they do not: less than a hundredth", "%.2f ms",
	            written_ms);
	return 0;
}

/* generator */

#define PUBLISHER_LATE_MAX_MS 5
#define LOAD_LATE_MAX_MS      5

static int check_floor(struct verifier *verifier)
{
	const struct runner_options options = {0};
	struct run_spec floor = verify_spec("floor", 10, 50, 1.5);
	struct run_spec sse = verify_spec("sse", 10, 50, 1.5);
	double floor_ms, sse_ms;
	int err = verify_run(verifier, &floor, &options, &result);

	if (err)
		return err;
	floor_ms = ms((double)hist_quantile_ns(&result.latency, 0.5));
	err = verify_run(verifier, &sse, &options, &result);
	if (err)
		return err;
	sse_ms = ms((double)hist_quantile_ns(&result.latency, 0.5));
	verify_tell(verifier, floor_ms > 0 && floor_ms < 1,
	            "the floor is below 1 ms at p50: what instrument and kernel cost",
	            "%.3f ms, which is %.0f %% of what sse/epoll is measured at without a link",
	            floor_ms, floor_ms / sse_ms * 100);
	verify_tell(verifier, result.load.publish_p99_ms < PUBLISHER_LATE_MAX_MS,
	            "the publisher is late by less than 5 ms at p99", "%.3f ms",
	            result.load.publish_p99_ms);
	return 0;
}

int verify_generator(struct verifier *verifier)
{
	const struct runner_options options = {0};
	struct run_spec polls = verify_spec("polling", 20, 10, 2);
	int err = check_floor(verifier);

	if (!err)
		err = verify_run(verifier, &polls, &options, &result);
	if (err)
		return err;
	verify_tell(verifier, result.load.lateness_p99_ms < LOAD_LATE_MAX_MS,
	            "a poll leaves less than 5 ms after its instant at p99", "%.3f ms",
	            result.load.lateness_p99_ms);
	verify_tell(verifier, result.load.cpu_share < 0.5, "the load has CPU time to spare",
	            "%.1f %% of its CPU", result.load.cpu_share * 100);
	return 0;
}
