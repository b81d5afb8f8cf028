#include "verify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ATTEMPTS 5

struct run_spec verify_spec(const char *transport, unsigned subscribers, double rate_hz,
                            double seconds)
{
	struct run_spec spec = {
	        .experiment = "verify",
	        .block = 1,
	        .order = 1,
	        .seed = 1,
	        .parameters = {.stack = "epoll",
	                       .subscribers = subscribers,
	                       .rate_hz = rate_hz,
	                       .arrivals = ARRIVALS_EVEN,
	                       .payload_bytes = 100,
	                       .batch = true,
	                       .poll_interval_ms = 20,
	                       .link = {.queue = 1000},
	                       .main_s = seconds},
	};

	snprintf(spec.parameters.transport, sizeof spec.parameters.transport, "%s", transport);
	/* Phases begin and end between two messages. */
	spec.parameters.warmup_s = 0.1 + 0.5 / rate_hz;
	return spec;
}

int verify_run_to_fail(struct verifier *verifier, const struct run_spec *spec,
                       const struct runner_options *options, struct run_result *result)
{
	struct runner_options own = *options;

	own.mode = run_has_link(&spec->parameters) ? verifier->link : verifier->direct;
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		int err = runner_run(spec, &own, result);

		if (err || !result->disturbed)
			return err;
		verifier->invalid++;
	}
	verify_tell(verifier, false, "a run that is not disturbed", "%s, %d times", result->reason,
	            ATTEMPTS);
	return -EAGAIN;
}

int verify_run(struct verifier *verifier, const struct run_spec *spec,
               const struct runner_options *options, struct run_result *result)
{
	int err = verify_run_to_fail(verifier, spec, options, result);

	if (err || result->valid)
		return err;
	verify_tell(verifier, false, "a run that is valid", "%s", result->reason);
	return -EAGAIN;
}

void verify_tell(struct verifier *verifier, bool passed, const char *asked, const char *format, ...)
{
	struct verify_finding finding = {.claim = verifier->claim,
	                                 .outcome = passed ? VERIFY_PASSED : VERIFY_FAILED};
	va_list values;

	snprintf(finding.asked, sizeof finding.asked, "%s", asked);
	va_start(values, format);
	vsnprintf(finding.found, sizeof finding.found, format, values);
	va_end(values);
	verifier->tell(verifier->user, &finding);
}

void verify_skip(struct verifier *verifier, const char *asked, const char *why)
{
	struct verify_finding finding = {.claim = verifier->claim, .outcome = VERIFY_SKIPPED};

	snprintf(finding.asked, sizeof finding.asked, "%s", asked);
	snprintf(finding.found, sizeof finding.found, "%s", why);
	verifier->tell(verifier->user, &finding);
}

int verify_check(struct verifier *verifier, const struct verify_claim *claim)
{
	int err;

	verifier->claim = claim->name;
	err = claim->check(verifier);
	return err == -EAGAIN ? 0 : err;
}

const struct verify_claim verify_claims[] = {
        {"bytes", "what is counted is what crosses the network", 5, verify_bytes},
        {"delay", "a link's delay is found again", 45, verify_delay},
        {"loss", "a link's losses are found again, and TCP makes up for them", 8, verify_loss},
        {"reach", "a delivery too few, too many or too early is found", 3, verify_reach},
        {"freeze", "a server that stands still is not left out", 12, verify_freeze},
        {"generator", "the instrument keeps time, and what it costs itself", 8, verify_generator},
        {"histogram", "its quantiles are those of the samples", 2, verify_histogram},
        {"a-a", "two arms that are the same are seldom called different", 90, verify_same_arms},
        {0},
};
