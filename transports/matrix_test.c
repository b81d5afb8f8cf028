#include "matrix.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/project.h"

#define NAME(word) #word,
static const char *const transports[] = {TRANSPORTS(NAME)};
static const char *const stacks[] = {STACKS(NAME)};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void test_every_pair_is_there_exactly_once(void **state)
{
	size_t found = 0, all = 0;

	(void)state;
	for (size_t t = 0; t < COUNT(transports); t++)
		for (size_t s = 0; s < COUNT(stacks); s++) {
			const struct endpoint *endpoint = matrix_endpoint(transports[t], stacks[s]);

			assert_non_null(endpoint);
			assert_string_equal(endpoint->transport, transports[t]);
			assert_string_equal(endpoint->stack, stacks[s]);
			for (const struct endpoint *const *e = matrix_endpoints; *e; e++)
				found += *e == endpoint;
		}
	for (const struct endpoint *const *e = matrix_endpoints; *e; e++)
		all++;
	assert_int_equal(all, COUNT(transports) * COUNT(stacks));
	assert_int_equal(found, all);
}

static void test_a_cell_is_either_whole_or_a_hole_with_a_reason(void **state)
{
	(void)state;
	for (const struct endpoint *const *e = matrix_endpoints; *e; e++) {
		if ((*e)->hole) {
			assert_true(*(*e)->hole);
			assert_null((*e)->path);
			assert_null((*e)->cell);
		} else {
			assert_non_null((*e)->path);
			assert_int_equal(*(*e)->path, '/');
			assert_non_null((*e)->cell);
		}
	}
}

/* The same on every stack, and no other transport's. */
static void test_each_transport_has_one_path(void **state)
{
	(void)state;
	for (const struct endpoint *const *a = matrix_endpoints; *a; a++)
		for (const struct endpoint *const *b = matrix_endpoints; *b; b++)
			if (!(*a)->hole && !(*b)->hole)
				assert_int_equal(!strcmp((*a)->path, (*b)->path),
				                 !strcmp((*a)->transport, (*b)->transport));
}

static void test_each_cell_has_a_stack_to_run_on(void **state)
{
	(void)state;
	for (const struct endpoint *const *e = matrix_endpoints; *e; e++)
		if (!(*e)->hole)
			assert_non_null(matrix_stack((*e)->stack));
}

static void test_each_stack_has_its_name_and_all_functions(void **state)
{
	size_t found = 0;

	(void)state;
	for (size_t s = 0; s < COUNT(stacks); s++) {
		const struct stack_ops *stack = matrix_stack(stacks[s]);

		if (!stack)
			continue;
		found++;
		assert_string_equal(stack->name, stacks[s]);
		assert_true(stack->open && stack->port && stack->watch && stack->run &&
		            stack->stop && stack->close);
	}
	assert_true(found > 0);
}

static void test_each_transport_has_a_client_of_its_name_with_all_functions(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT(transports); t++) {
		const struct client_ops *client = matrix_client(transports[t]);

		assert_non_null(client);
		assert_string_equal(client->transport, transports[t]);
		assert_in_range(client->lanes, 1, LANES_MAX);
		assert_true(client->state_size > 0);
		assert_true(client->init && client->fini && client->connected && client->input &&
		            client->send && client->cursor && client->why);
		assert_int_equal(!client->deadline, !client->tick);
	}
}

static void test_the_first_cell_of_a_transport_is_on_the_first_stack_that_has_it(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT(transports); t++) {
		const struct endpoint *expected = NULL;

		for (size_t s = COUNT(stacks); s-- > 0;)
			if (!matrix_endpoint(transports[t], stacks[s])->hole)
				expected = matrix_endpoint(transports[t], stacks[s]);
		assert_non_null(expected);
		assert_ptr_equal(matrix_first(transports[t]), expected);
	}
}

static void test_an_unknown_name_is_null(void **state)
{
	static const char *const unknown[] = {"", "ss", "sse ", "SSE", "mhd2", "transport"};

	(void)state;
	for (size_t i = 0; i < COUNT(unknown); i++) {
		assert_null(matrix_endpoint(unknown[i], stacks[0]));
		assert_null(matrix_endpoint(transports[0], unknown[i]));
		assert_null(matrix_first(unknown[i]));
		assert_null(matrix_stack(unknown[i]));
		assert_null(matrix_client(unknown[i]));
	}
	assert_null(matrix_stack(transports[0]));
	assert_null(matrix_client(stacks[0]));
}

static void test_the_floor_stands_beside_the_matrix(void **state)
{
	const struct endpoint *floor = matrix_endpoint("floor", "epoll");

	(void)state;
	assert_non_null(floor);
	assert_string_equal(floor->transport, "floor");
	assert_non_null(floor->cell);
	assert_null(matrix_endpoint("floor", "mhd"));
	assert_ptr_equal(matrix_first("floor"), floor);
	assert_non_null(matrix_client("floor"));
	for (const struct endpoint *const *e = matrix_endpoints; *e; e++)
		assert_ptr_not_equal(*e, floor);
}

/* Whoever adds a transport tests what it writes and what it reads. */
static void test_each_transport_has_tests_beside_it(void **state)
{
	static const char *const tests[] = {"client_test.c", "wire_test.c"};

	(void)state;
	for (size_t t = 0; t < COUNT(transports); t++)
		for (size_t i = 0; i < COUNT(tests); i++) {
			char name[128], path[PATH_MAX];

			snprintf(name, sizeof name, "transports/%s/%s", transports[t], tests[i]);
			if (project_path(path, sizeof path, name))
				fail_msg("there is no %s", name);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_every_pair_is_there_exactly_once),
	        cmocka_unit_test(test_a_cell_is_either_whole_or_a_hole_with_a_reason),
	        cmocka_unit_test(test_each_transport_has_one_path),
	        cmocka_unit_test(test_each_cell_has_a_stack_to_run_on),
	        cmocka_unit_test(test_each_stack_has_its_name_and_all_functions),
	        cmocka_unit_test(test_each_transport_has_a_client_of_its_name_with_all_functions),
	        cmocka_unit_test(
	                test_the_first_cell_of_a_transport_is_on_the_first_stack_that_has_it),
	        cmocka_unit_test(test_an_unknown_name_is_null),
	        cmocka_unit_test(test_the_floor_stands_beside_the_matrix),
	        cmocka_unit_test(test_each_transport_has_tests_beside_it),
	};

	return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
