/* The lines of [expected] in an experiment's file (experiment.h). */
#ifndef BENCH_EXPECTATION_H
#define BENCH_EXPECTATION_H

#include "experiment_keys.h"

/* Reads one. 0, -EINVAL (said), or -ENOMEM; expectation_free is due in any case. */
int expectation_read(const struct key_errors *errors, const struct setting *setting,
                     struct expectation *out);

/* The same, and forgets it. */
int expectation_check(const struct key_errors *errors, const struct setting *setting);

void expectation_free(struct expectation *expectation);

#endif
