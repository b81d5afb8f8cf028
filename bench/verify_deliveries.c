/* What bench verify claims of deliveries: which there are, and how they are counted. */
#include <stdio.h>
#include <stdlib.h>

#include "verify.h"

#define EVERY 6

static struct run_result result;
static struct evidence evidence;

/* All messages are of the main phase, so that every fault is. */
static int run_with(struct verifier *verifier, struct fault fault)
{
	const struct runner_options options = {.fault = fault};
	struct run_spec spec = verify_spec("sse", 2, 100, 0.5);

	spec.parameters.warmup_s = 0;
	return verify_run_to_fail(verifier, &spec, &options, &result);
}

static void tell(struct verifier *verifier, const char *asked, uint64_t missing,
                 uint64_t duplicates, uint64_t reordered)
{
	uint64_t found = result.expected - result.delivered;

	verify_tell(verifier,
	            found == missing && result.duplicates == duplicates &&
	                    result.reordered == reordered && result.valid == !missing,
	            asked, "%llu missing, %llu twice, %llu out of order; the run is %s%s",
	            (unsigned long long)found, (unsigned long long)result.duplicates,
	            (unsigned long long)result.reordered,
	            result.valid ? "valid" : "invalid: ", result.reason);
}

int verify_reach(struct verifier *verifier)
{
	int err = run_with(verifier, (struct fault){0});
	uint64_t faults = result.published / EVERY;
	char asked[96];

	if (err)
		return err;
	tell(verifier, "where nothing goes wrong nothing is found", 0, 0, 0);
	err = run_with(verifier, (struct fault){.drop = EVERY});
	if (err)
		return err;
	snprintf(asked, sizeof asked, "a reader that drops %d messages is found", (int)faults);
	tell(verifier, asked, faults, 0, 0);
	err = run_with(verifier, (struct fault){.duplicate = EVERY});
	if (err)
		return err;
	snprintf(asked, sizeof asked, "%d that come twice are found", (int)faults);
	tell(verifier, asked, 0, faults, 0);
	err = run_with(verifier, (struct fault){.reorder = EVERY});
	if (err)
		return err;
	snprintf(asked, sizeof asked, "%d in the wrong order are found", (int)faults);
	tell(verifier, asked, 0, 0, faults);
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The sample that a share `quantile` of them does not exceed; they are sorted. */
static uint64_t exact_ns(const struct latencies *latencies, double quantile)
{
	size_t rank = (size_t)(quantile * (double)latencies->count + 0.999999);

	return latencies->ns[rank ? rank - 1 : 0];
}

int verify_histogram(struct verifier *verifier)
{
	static const double quantiles[] = {0.5, 0.9, 0.99, 0.999, 1};
	const struct runner_options options = {.evidence = &evidence};
	struct run_spec spec = verify_spec("sse", 20, 200, 1);
	struct latencies *latencies = &evidence.latencies;
	int err = verify_run(verifier, &spec, &options, &result);

	if (err)
		return err;
	qsort(latencies->ns, latencies->count, sizeof *latencies->ns, compare);
	verify_tell(verifier, latencies->count == result.latency.count && latencies->count > 0,
	            "every delivery is in it", "%llu, and %zu were noted one by one",
	            (unsigned long long)result.latency.count, latencies->count);
	for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles && latencies->count; i++) {
		uint64_t exact = exact_ns(latencies, quantiles[i]);
		uint64_t read = hist_quantile_ns(&result.latency, quantiles[i]);
		char asked[96];

		snprintf(asked, sizeof asked, "p%g is that of the samples, at most 0.8 %% above",
		         quantiles[i] * 100);
		verify_tell(verifier, read >= exact && read - exact <= exact >> HIST_SUB_BITS,
		            asked, "%.3f us, exactly %.3f", (double)read / 1e3,
		            (double)exact / 1e3);
	}
	return 0;
}
