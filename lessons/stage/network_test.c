#include "network.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "captured.h"
#include "net.h"

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

/* As AppArmor does for users who are not root: a namespace is given, but nothing may be done in it.
 */
static bool refuse_to_bring_up(void)
{
	struct sock_filter program[] = {
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SIOCSIFFLAGS, 0, 1),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {sizeof program / sizeof *program, program};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static int connect_where_nothing_may_be_brought_up(void *user)
{
	uint16_t port;

	(void)user;
	if (!refuse_to_bring_up())
		return 2;
	if (network_open() || network_is_private())
		return 1;
	int listener = net_listen(&port);
	close(net_connect(port)); /* exits where that fails */
	close(listener);
	return 0;
}

static void where_none_is_to_be_had_loopback_works(void **state)
{
	(void)state;
	int status = status_of(connect_where_nothing_may_be_brought_up);
	if (status == 2)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(users_who_are_not_root_have_one),
	        cmocka_unit_test(where_none_is_to_be_had_loopback_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
