/* What is not HTML yet, as HTML: text, pictures, JSON. */
#ifndef BENCH_HTML_H
#define BENCH_HTML_H

#include <jansson.h>
#include <stdio.h>

/* The text, so that it stands for itself in an element or in a quoted attribute. */
void html_text(FILE *out, const char *text);

/* An SVG file as an <img> that holds the whole of it: the ids of several pictures, by which the
 * parts of one find each other, stay apart. 0 or a negative errno. */
int html_svg(FILE *out, const char *path, const char *alt);

/* An object or array as the items of a <dl>, one for each value however deep it lies:
 * "cpu.mitigations.spectre_v2", "cpus[0]". */
void html_json(FILE *out, json_t *json);

#endif
