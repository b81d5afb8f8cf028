#include "verdict.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#define LOAD_CPU_MAX       0.9
#define WAIT_MAX           0.05 /* of the main phase */
#define LOAD_WAIT_PER_CPU  2
#define LOAD_WAIT_LEAST    0.02 /* of the main phase: less does no harm, however little it worked */
#define LATENESS_MAX_MS    10.0
#define LATENESS_MAX_SHARE 0.05 /* of the poll interval */

#define LINK_LATE_MAX_MS    5.0
#define LINK_LATE_MAX_SHARE 0.1 /* of the delay, one way */

__attribute__((format(printf, 2, 3))) static void invalid(struct run_result *result,
                                                          const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(result->reason, sizeof result->reason, format, values);
	va_end(values);
}

static void check_deliveries(const struct run_spec *spec, struct run_result *result)
{
	uint64_t kept_out = result->published * result->kept_out; /* as was to be shown */
	uint64_t missing = result->expected - result->delivered - kept_out;
	bool idle = spec->parameters.rate_hz == 0 && spec->parameters.rate_up_hz == 0;

	if (!result->expected && !idle)
		invalid(result, "no message was scheduled in the main phase");
	else if (missing && result->missed)
		invalid(result,
		        "%" PRIu64 " of %" PRIu64
		        " deliveries are missing; the server's log had lost %" PRIu64,
		        missing, result->expected, result->missed);
	else if (missing)
		invalid(result, "%" PRIu64 " of %" PRIu64 " deliveries are missing", missing,
		        result->expected);
}

/* What is counted in the phase belongs to the messages that were scheduled in it. */
static void check_length(const struct run_spec *spec, struct run_result *result)
{
	double asked_ms = spec->parameters.main_s * 1e3;

	if (!*result->reason && fabs(result->main_ms - asked_ms) > LATENESS_MAX_MS)
		invalid(result,
		        "the main phase took %.0f ms instead of %.0f (the load stood still)",
		        result->main_ms, asked_ms);
}

static void check_waiting(struct run_result *result, const char *who, uint64_t wait_ns)
{
	double share = (double)wait_ns / 1e6 / result->main_ms;

	if (!*result->reason && share > WAIT_MAX)
		invalid(result, "the %s waited %.1f %% of the time for a CPU (at most %.0f %%)",
		        who, share * 100, WAIT_MAX * 100);
}

static void check_load(const struct run_spec *spec, struct run_result *result)
{
	const struct run_load *load = &result->load;
	double late_max_ms =
	        fmax(LATENESS_MAX_MS, LATENESS_MAX_SHARE * spec->parameters.poll_interval_ms);

	if (*result->reason)
		return;
	if (load->cpu_share > LOAD_CPU_MAX)
		invalid(result, "the load took %.0f %% of its CPU (at most %.0f %%)",
		        load->cpu_share * 100, LOAD_CPU_MAX * 100);
	else if ((double)load->wait_ns > LOAD_WAIT_LEAST * result->main_ms * 1e6 &&
	         load->wait_ns > LOAD_WAIT_PER_CPU * load->cpu_ns)
		invalid(result,
		        "the load waited %.1f times as long for a CPU as it had one (at most %d)",
		        (double)load->wait_ns / (double)load->cpu_ns, LOAD_WAIT_PER_CPU);
	else if (load->lateness_p99_ms > late_max_ms)
		invalid(result, "the load was late: %.1f ms at p99 (at most %.0f ms)",
		        load->lateness_p99_ms, late_max_ms);
}

/* As late as would be seen in what is measured. */
static void check_link(const struct run_spec *spec, struct run_result *result)
{
	double late_max_ms =
	        fmax(LINK_LATE_MAX_MS, LINK_LATE_MAX_SHARE * spec->parameters.link.delay_ms);

	if (!*result->reason && result->link_late_p99_ms > late_max_ms)
		invalid(result, "the link was late: %.1f ms at p99 (at most %.0f ms)",
		        result->link_late_p99_ms, late_max_ms);
}

void verdict_find(const struct run_spec *spec, struct run_result *result)
{
	bool had_reason;

	if (!*result->reason)
		check_deliveries(spec, result);
	if (!*result->reason && result->packets_dropped)
		invalid(result, "the network's devices dropped %" PRIu64 " packets",
		        result->packets_dropped);
	had_reason = *result->reason; /* those that follow are other work on the machine */
	check_length(spec, result);
	check_waiting(result, "server", result->server.wait_ns);
	check_waiting(result, "load", result->load.wait_ns);
	check_waiting(result, "link", result->link_wait_ns);
	check_load(spec, result);
	check_link(spec, result);
	result->disturbed = !had_reason && *result->reason;
	result->valid = !*result->reason;
}
