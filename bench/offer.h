/* What this machine offers to measure in. */
#ifndef BENCH_OFFER_H
#define BENCH_OFFER_H

#include <stdbool.h>

#include "lab.h"

/* Builds a lab of that mode, tries it with an echo, and takes it down again. 0 or a negative errno,
 * and *trouble says more. */
int offer_try(enum lab_mode mode, struct lab_trouble *trouble);

/* Whether `asked` is a word that offer_choose knows. */
bool offer_knows(const char *asked);

/*
 * Sets *mode to the best there is for an experiment with a link (`linked`) or without. asked: what
 * a user wants: "private", which NULL stands for, "packet", "netem" or "loopback", where there is
 * no link. 0, or a negative errno, and *trouble says what is the matter with the best.
 */
int offer_choose(const char *asked, bool linked, enum lab_mode *mode, struct lab_trouble *trouble);

#endif
