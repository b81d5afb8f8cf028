/*
 * What every cell owes, asked of build/serve, without TLS and with it: the cases for all transports
 * and those for its own, stamped on each endpoint of the matrix that is no hole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cell_fixture.h"
#include "matrix.h"

#define NAME_BYTES 128

/* A case on a cell. */
struct stamped {
	const struct endpoint *endpoint;
	const struct cell_case *what;
	bool tls;
	struct cell cell;
	char name[NAME_BYTES];
};

#define OWN_CASES(transport) {#transport, transport##_cases},
static const struct {
	const char *transport; /* NULL: all */
	const struct cell_case *cases;
} tables[] = {{NULL, http_cases},         {NULL, door_cases},
              {NULL, client_cases},       {NULL, tls_cases},
              {NULL, hostile_cases},      {NULL, hostile_tls_cases},
              {"sse", hostile_sse_cases}, {"websocket", hostile_websocket_cases},
              TRANSPORTS(OWN_CASES)};

static int setup(void **state)
{
	struct stamped *stamped = *state;

	return cell_open(&stamped->cell, stamped->endpoint, stamped->tls, stamped->what->options);
}

static void test(void **state)
{
	struct stamped *stamped = *state;

	stamped->what->test(&stamped->cell);
}

static int teardown(void **state)
{
	struct stamped *stamped = *state;

	return cell_close(&stamped->cell);
}

/* The cases of one cell, in stamped where it is not NULL; gives their number. */
static size_t stamp_cell(const struct endpoint *endpoint, bool tls, struct stamped *stamped)
{
	size_t count = 0;

	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
		const struct cell_case *c = tables[t].cases;

		if (tables[t].transport && strcmp(tables[t].transport, endpoint->transport))
			continue;
		if ((c == tls_cases || c == hostile_tls_cases) && !tls)
			continue;
		for (; c->name; c++, count++)
			if (stamped)
				stamped[count] = (struct stamped){
				        .endpoint = endpoint, .what = c, .tls = tls};
	}
	return count;
}

/* As stamp_cell, of every cell, without TLS and with it. */
static size_t stamp(struct stamped *stamped)
{
	size_t count = 0;

	for (const struct endpoint *const *e = matrix_endpoints; *e; e++)
		for (int tls = 0; tls < 2 && !(*e)->hole; tls++)
			count += stamp_cell(*e, tls, stamped ? stamped + count : NULL);
	return count;
}

/* That a transport has a table at all the linker sees to. */
static void test_no_table_of_cases_is_empty(void **state)
{
	(void)state;
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
		if (!tables[t].cases->name)
			fail_msg("there are no cases for %s",
			         tables[t].transport ? tables[t].transport : "all cells");
}

/* Every so many of the tests, so that all parts together are all of them. */
struct part {
	size_t number, parts; /* 1 to parts */
};

static size_t keep_part(struct CMUnitTest *tests, size_t count, struct part part)
{
	size_t kept = 0;

	for (size_t i = part.number - 1; i < count; i += part.parts)
		tests[kept++] = tests[i];
	return kept;
}

/* What cmocka_run_group_tests_name stands for: that one wants an array of constant size. */
static int run(struct stamped *stamped, struct CMUnitTest *tests, size_t count, struct part part)
{
	stamp(stamped);
	tests[count] = (struct CMUnitTest)cmocka_unit_test(test_no_table_of_cases_is_empty);
	for (size_t i = 0; i < count; i++) {
		snprintf(stamped[i].name, NAME_BYTES, "%s/%s %s%s", stamped[i].endpoint->transport,
		         stamped[i].endpoint->stack, stamped[i].tls ? "tls " : "",
		         stamped[i].what->name);
		tests[i] = (struct CMUnitTest){stamped[i].name, test, setup, teardown, &stamped[i]};
	}
	return _cmocka_run_group_tests("cells", tests, keep_part(tests, count + 1, part), NULL,
	                               NULL);
}

int main(int argc, char **argv)
{
	size_t count = stamp(NULL);
	struct stamped *stamped = calloc(count + 1, sizeof *stamped);
	struct CMUnitTest *tests = calloc(count + 1, sizeof *tests);
	struct part part = {1, 1};
	int failed = 1;

	/* "2/3": the second of three parts; else a filter: "sse/lws *", "sse/lws tls *". */
	if (argc > 1 && (sscanf(argv[1], "%zu/%zu", &part.number, &part.parts) != 2 ||
	                 part.number < 1 || part.number > part.parts)) {
		part = (struct part){1, 1};
		cmocka_set_test_filter(argv[1]);
	}
	if (stamped && tests)
		failed = run(stamped, tests, count, part);
	free(tests);
	free(stamped);
	return failed;
}
