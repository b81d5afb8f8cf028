/* What is in a report, however it is written. */
#ifndef BENCH_REPORT_CONTENT_H
#define BENCH_REPORT_CONTENT_H

#include <stddef.h>

#include "experiment.h"
#include "plots.h"
#include "summary.h"
#include "table.h"

struct report_content {
	const char *dir; /* the result's folder */
	struct summary summary;
	struct table table, bytes, connections;
	struct table findings; /* the prediction in numbers; no rows where it has none */
	char machine[256], command[1024];
	struct experiment experiment; /* all 0 where experiment.ini is not there */
	struct plot *plots;           /* those that were drawn */
	size_t plots_count;
	const char *no_plots; /* why none could be drawn; NULL: they were, where there were data */
};

#endif
