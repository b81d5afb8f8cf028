/* Makes gnuplot's SVG smaller, and no different to look at. */
#ifndef BENCH_SVG_H
#define BENCH_SVG_H

/*
 * Rewrites the file: the style that gnuplot repeats in nearly every group is said once, around them
 * all; shapes of points that no plot uses, white space between elements and the long form of three
 * colours go, and from left to right those points of a curve that lie within a quarter of a pixel
 * of a straight line through the others. What is not as gnuplot 5.4 writes it stays as it is. 0 or
 * a negative errno: -ENOENT where there is no such file.
 */
int svg_compact(const char *path);

#endif
