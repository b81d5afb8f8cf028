/* Options that must lie within bounds. */
#ifndef LESSONS_16_PRODUCTION_REQUIRE_H
#define LESSONS_16_PRODUCTION_REQUIRE_H

/* Where the value does not, says so in one line, and exits with status 2. */
void require_between(const char *option, double value, double least, double most);

#endif
