/* The rule by which a way wins, and how its verdict is said. */
#ifndef LESSONS_11_CHOOSING_RULE_H
#define LESSONS_11_CHOOSING_RULE_H

#include "ways.h"

#define AS_GOOD 1.1

/* Part 1 of the rule: it does it at all, and in time. Nine of ten, and not all, must be there: on a
 * machine with other work one message is always late, and a rule that hangs on it would give
 * another winner each day. A file has no time here. */
bool is_in_time(const struct workload *load, const struct outcome *outcome);

/* Parts 2 and 3: of the ways that are in time the first, which is the simplest, whose bytes are not
 * more than AS_GOOD times the fewest. WAYS: none of them will do. */
enum way choose_by_rule(const struct workload *load, const struct outcome *outcomes);

/* A line for each way, also for those that are out: by how much one is late or dear tells whether
 * another link, or a little patience, would change the verdict. Keeps the values. */
void say_verdict(const struct workload *load, const struct outcome *outcomes);

#endif
