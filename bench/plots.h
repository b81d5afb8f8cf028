/* Draws the plots of a result with gnuplot. */
#ifndef BENCH_PLOTS_H
#define BENCH_PLOTS_H

#include <stddef.h>
#include <stdio.h>

struct plot {
	char name[64]; /* "latency": scripts/plots/latency.gp */
	char alt[256]; /* what it shows: the script's first line, a comment */
};

/* The scripts in scripts/plots, by name, but those first that draw what was varied, without
 * style.gp, which they share. Sets *out to an array of *count plots, to be freed by free(). 0 or a
 * negative errno. */
int plots_list(struct plot **out, size_t *count);

/*
 * Draws dir/plots/NAME.svg and .png. A plot for which the result has no data is left out: then
 * there is no such file afterwards. 0, -ENOENT without gnuplot, or -EIO where gnuplot failed,
 * which it explains on stderr.
 */
int plots_draw(const struct plot *plot, const char *dir, const char *caption);

/*
 * Draws as text every plot for which the result in dir has data, one below the other: one character
 * a transport, as wide as the terminal that `out` is (79 columns where it is none), in colour there
 * unless NO_COLOR is set (no-color.org) or TERM is dumb. dir/plots has to be there. 0, -ENOENT
 * without gnuplot or scripts/plots, -EIO where gnuplot failed, or another negative errno.
 */
int plots_print(const char *dir, FILE *out);

#endif
