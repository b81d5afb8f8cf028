#include "network.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "captured.h"

static int status_of(int (*run)(void *user))
{
	static struct captured captured;

	captured_run(&captured, run, NULL);
	return captured.status;
}

static int open_network(void *user)
{
	(void)user;
	return network_open() && network_is_private() && network_add_device(1) >= 0 ? 0 : 1;
}

static int open_in_a_user_namespace(void *user)
{
	return unshare(CLONE_NEWUSER) < 0 ? 2 : open_network(user);
}

/* Who is root in a user namespace only is refused some of what root may. */
static void users_who_are_not_root_have_one(void **state)
{
	(void)state;
	if (geteuid() != 0 || status_of(open_network) != 0)
		skip();
	int status = status_of(open_in_a_user_namespace);
	if (status == 2)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(users_who_are_not_root_have_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
