/* A report as one page that needs nothing beside it: plots, style and environment are in it. */
#ifndef BENCH_REPORT_HTML_H
#define BENCH_REPORT_HTML_H

#include <stdio.h>

#include "report_content.h"

/* Reads the content's plots/NAME.svg and environment.json in its folder. 0 or a negative errno; a
 * missing environment.json is no error: the page says so. */
int report_html_write(const struct report_content *content, FILE *out);

#endif
