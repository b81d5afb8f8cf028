/* Text in lines that are not too long. */
#ifndef LESSONS_STAGE_WRAP_H
#define LESSONS_STAGE_WRAP_H

#include <stdio.h>

/* Prints text in lines of width columns at most, but for words that are longer. '\n' ends a line;
 * spaces at a line's start indent it and what it is broken into. */
void wrap_print(FILE *out, const char *text, size_t width);

/* A label, then a line of text in lines that all begin where the label ends. */
void wrap_hanging(FILE *out, const char *label, const char *text, size_t width);

/* The columns that size bytes of UTF-8 take, as long as each character takes one. */
size_t wrap_columns(const char *text, size_t size);

#endif
