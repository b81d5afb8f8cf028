/* Labs, and the program itself, where a private network is refused, and for who is not root. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lab.h"
#include "lab_build.h"
#include "offer.h"

#define TUN          "/dev/net/tun"
#define NOBODY       65534
#define CANNOT_ENTER 77
#define PATIENCE_S   60 /* of a program, before it is killed: matters only to a test that fails */
#define TEXT_SIZE    65536
#define WORDS_MAX    20

/* Where a child goes before it asks. */
struct place {
	bool (*enter)(void);   /* false: this machine does not let it */
	int error;             /* what a lab fails with there; 0: it does not */
	const char *advice[5]; /* what the advice may have in it; NULL ends them */
};

/* private networks are refused */

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH 0 /* of no system call */
#endif

/* As Docker's filter: unshare(2) is refused, to root too. */
static bool filter_unshare(void)
{
	struct sock_filter code[] = {
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 0, 3),
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};

	return ARCH && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

/* In a user namespace whose limit is 0 none can be made; and nobody there is root. */
static bool lower_limit(void)
{
	char uid_map[32], gid_map[32];

	snprintf(uid_map, sizeof uid_map, "1000 %u 1", geteuid());
	snprintf(gid_map, sizeof gid_map, "1000 %u 1", getegid());
	return !unshare(CLONE_NEWUSER) && write_text("/proc/self/setgroups", "deny") &&
	       write_text("/proc/self/uid_map", uid_map) &&
	       write_text("/proc/self/gid_map", gid_map) &&
	       write_text("/proc/sys/user/max_user_namespaces", "0");
}

/* not root */

static bool is_root(void)
{
	return geteuid() == 0;
}

/* Some machines let root alone do it. */
static bool can_unshare(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(unshare(CLONE_NEWUSER) || unshare(CLONE_NEWNET));
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* As logging in does: a process whose user has just changed does not own its files in /proc. */
static bool become_ordinary(void)
{
	return is_root() && !setgroups(0, NULL) && !setgid(NOBODY) && !setuid(NOBODY) &&
	       !prctl(PR_SET_DUMPABLE, 1) && can_unshare();
}

static bool hide_devices(void)
{
	return is_root() && !unshare(CLONE_NEWNS) &&
	       !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("none", "/dev/net", "tmpfs", 0, NULL);
}

static bool become_ordinary_without_tun(void)
{
	return hide_devices() && become_ordinary();
}

/* It need not be the device: it is not opened. */
static bool become_ordinary_where_tun_is_root_s(void)
{
	int fd = hide_devices() ? open(TUN, O_CREAT | O_CLOEXEC, 0600) : -1;

	return fd >= 0 && !close(fd) && become_ordinary();
}

static struct place filtered = {
        .enter = filter_unshare,
        .error = EPERM,
        .advice = {"apparmor_restrict_unprivileged_userns", "seccomp=unconfined", "as root",
                   "CAP_SYS_ADMIN"},
};
static struct place limited = {
        .enter = lower_limit,
        .error = ENOSPC,
        .advice = {"user.max_user_namespaces"},
};
static struct place root = {.enter = is_root}, ordinary = {.enter = become_ordinary};
static struct place without_tun = {
        .enter = become_ordinary_without_tun,
        .error = ENOENT,
        .advice = {"modprobe tun"},
};
static struct place closed_tun = {
        .enter = become_ordinary_where_tun_is_root_s,
        .error = EACCES,
        .advice = {"chmod 666 /dev/net/tun"},
};

/* a question, and its answer from there */

struct answer {
	int result;
	enum lab_mode mode;
	int error; /* the trouble */
	char step[64], advice[160];
};

typedef int question(enum lab_mode *mode, struct lab_trouble *trouble);

static int open_lab(enum lab_mode mode, struct lab_trouble *trouble)
{
	struct lab lab;
	int err = lab_open(&lab, mode, trouble);

	lab_close(&lab);
	return err;
}

static int open_direct(enum lab_mode *mode, struct lab_trouble *trouble)
{
	return open_lab(*mode = LAB_DIRECT, trouble);
}

static int open_link(enum lab_mode *mode, struct lab_trouble *trouble)
{
	return open_lab(*mode = LAB_LINK, trouble);
}

static int open_packet(enum lab_mode *mode, struct lab_trouble *trouble)
{
	return open_lab(*mode = LAB_PACKET, trouble);
}

static int choose_without_link(enum lab_mode *mode, struct lab_trouble *trouble)
{
	return offer_choose(NULL, false, mode, trouble);
}

static int choose_with_link(enum lab_mode *mode, struct lab_trouble *trouble)
{
	return offer_choose(NULL, true, mode, trouble);
}

static int choose_loopback(enum lab_mode *mode, struct lab_trouble *trouble)
{
	return offer_choose("loopback", false, mode, trouble);
}

static int open_tun(enum lab_mode *mode, struct lab_trouble *trouble)
{
	int fd = open(TUN, O_RDWR | O_CLOEXEC);

	(void)trouble;
	*mode = LAB_LINK;
	return fd < 0 ? -errno : close(fd);
}

static void reply(const struct place *there, question *ask, int fd)
{
	struct answer answer = {0};
	struct lab_trouble trouble = {"", 0};

	if (!there->enter())
		_exit(CANNOT_ENTER);
	answer.result = ask(&answer.mode, &trouble);
	answer.error = trouble.error;
	snprintf(answer.step, sizeof answer.step, "%s", trouble.step ? trouble.step : "");
	if (trouble.error)
		snprintf(answer.advice, sizeof answer.advice, "%s", lab_advice(&trouble));
	_exit(write(fd, &answer, sizeof answer) != sizeof answer);
}

/* Asks in a child that has gone there; where it cannot go the test is skipped. */
static struct answer answer_from(const struct place *there, question *ask)
{
	struct answer answer;
	int fds[2], status;
	ssize_t got;
	pid_t child;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		reply(there, ask, fds[1]);
	close(fds[1]);
	got = read(fds[0], &answer, sizeof answer);
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_ENTER)
		skip();
	assert_int_equal(status, 0);
	assert_int_equal(got, sizeof answer);
	return answer;
}

/* the program, run from there */

static const struct place *place;
static char folder[32], result[48]; /* of results */

static struct {
	int status;
	char out[TEXT_SIZE], err[TEXT_SIZE];
} output;

static int begin(void **state)
{
	place = *state;
	strcpy(folder, "/tmp/refusal_test.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(result, sizeof result, "%s/result", folder);
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *where)
{
	(void)status;
	(void)flag;
	(void)where;
	return remove(path);
}

static int end(void **state)
{
	(void)state;
	return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Of both streams until they end; what there is no room for ends it too. */
static void take_output(int out_fd, int err_fd)
{
	struct pollfd ends[] = {{.fd = out_fd, .events = POLLIN}, {.fd = err_fd, .events = POLLIN}};
	char *texts[] = {output.out, output.err};
	size_t sizes[] = {0, 0};

	while (ends[0].fd >= 0 || ends[1].fd >= 0) {
		assert_true(poll(ends, 2, -1) > 0);
		for (size_t i = 0; i < 2; i++) {
			ssize_t got = ends[i].revents ? read(ends[i].fd, texts[i] + sizes[i],
			                                     TEXT_SIZE - 1 - sizes[i])
			                              : 0;

			if (got > 0)
				sizes[i] += (size_t)got;
			else if (ends[i].revents)
				ends[i].fd = -1;
		}
	}
	output.out[sizes[0]] = output.err[sizes[1]] = '\0';
	close(out_fd);
	close(err_fd);
}

static void execute(const char *path, char *const *argv, int out_fd, int err_fd)
{
	if (!place->enter())
		_exit(CANNOT_ENTER);
	alarm(PATIENCE_S);
	if (dup2(out_fd, STDOUT_FILENO) >= 0 && dup2(err_fd, STDERR_FILENO) >= 0)
		execv(path, argv);
	_exit(127);
}

/* Runs the program with those words; where there is none the test is skipped. */
static void run_bench(const char *const *words)
{
	const char *build = getenv("BUILD");
	char path[PATH_MAX], *argv[WORDS_MAX + 2] = {"bench"};
	int out[2], err[2];
	pid_t child;

	snprintf(path, sizeof path, "%s/bench", build ? build : "build");
	if (access(path, X_OK))
		skip();
	for (size_t i = 0; words[i]; i++)
		argv[i + 1] = (char *)words[i];
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		execute(path, argv, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	take_output(out[0], err[0]);
	assert_int_equal(waitpid(child, &output.status, 0), child);
	if (WIFEXITED(output.status) && WEXITSTATUS(output.status) == CANNOT_ENTER)
		skip();
}

/* One cell of an experiment with a link, as short as may be. */
static void run_first_look(const char *lab)
{
	const char *lab_option = lab ? "--lab" : NULL;
	const char *const words[] = {
	        "run",           "first-look", "--quick",      "--only",   "sse",        "--set",
	        "main_s=0.3",    "--set",      "warmup_s=0.1", "--set",    "rate_hz=50", "--set",
	        "subscribers=2", "--out",      result,         lab_option, lab,          NULL};

	run_bench(words);
}

static void run_verify(const char *claim)
{
	const char *const words[] = {"verify", "--only", claim, NULL};

	run_bench(words);
}

static void fail_with_output(const char *why)
{
	fail_msg("%s (status %#x)\n%s\n%s", why, (unsigned)output.status, output.out, output.err);
}

static bool exits(int code)
{
	return WIFEXITED(output.status) && WEXITSTATUS(output.status) == code;
}

static void assert_exits(int code)
{
	if (!exits(code))
		fail_with_output("another exit status is expected");
}

static void assert_says(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_with_output(words);
}

/* "a user namespace: " and why */
static void assert_says_trouble(const char *text, const char *before, const char *after)
{
	char words[256];

	snprintf(words, sizeof words, "%sa user namespace: %s%s", before, strerror(place->error),
	         after);
	assert_says(text, words);
}

/* summary.csv, where what comes before a quoted comma has none itself */

static const char *cell_at(const char *line, size_t index, size_t *size)
{
	for (; index; index--) {
		line += strcspn(line, ",\n");
		line += *line == ',';
	}
	*size = strcspn(line, ",\n");
	return line;
}

static size_t column_of(const char *header, const char *name)
{
	size_t index = 0, size = 1;

	for (const char *cell = header; size; index++) {
		cell = cell_at(header, index, &size);
		if (size == strlen(name) && strncmp(cell, name, size) == 0)
			return index;
	}
	fail_msg("there is no column %s", name);
	return 0;
}

static void assert_cell(const char *csv, const char *name, const char *expected)
{
	size_t size;
	const char *row = strchr(csv, '\n') + 1, *cell = cell_at(row, column_of(csv, name), &size);
	char text[64];

	snprintf(text, sizeof text, "%.*s", (int)size, cell);
	assert_string_equal(text, expected);
}

/* tests of a refusal */

static bool is_one_of(const char *text, const char *const *parts)
{
	for (; *parts; parts++)
		if (strstr(text, *parts))
			return true;
	return false;
}

static void assert_refused(const struct answer *answer, const char *step)
{
	assert_int_equal(answer->result, -place->error);
	assert_int_equal(answer->error, place->error);
	assert_string_equal(answer->step, step);
	if (!is_one_of(answer->advice, place->advice))
		fail_msg("'%s' does not fit", answer->advice);
}

static void test_a_refusal_names_the_step_and_what_would_help(void **state)
{
	struct answer answer = answer_from(*state, open_direct);

	assert_refused(&answer, "a user namespace");
}

static void test_nothing_better_is_offered_than_what_is_refused(void **state)
{
	struct answer answer = answer_from(*state, choose_without_link);

	assert_refused(&answer, "a user namespace");
	answer = answer_from(*state, choose_with_link);
	assert_refused(&answer, "a user namespace");
}

static void test_loopback_is_never_refused(void **state)
{
	struct answer answer = answer_from(*state, choose_loopback);

	assert_int_equal(answer.result, 0);
	assert_int_equal(answer.mode, LAB_LOOPBACK);
	assert_int_equal(answer.error, 0);
}

static void test_probe_says_what_would_help(void **state)
{
	static const char *const words[] = {"probe", NULL};

	(void)state;
	run_bench(words);
	assert_exits(0);
	assert_says_trouble(output.out, "direct    no: ", "\n          try: ");
	assert_says_trouble(output.out, "link      no: ", "\n          try: ");
	assert_says(output.out, "loopback  yes: ");
	assert_string_equal(output.err, "");
}

static void read_summary(char *csv, size_t size)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof path, "%s/summary.csv", result);
	file = fopen(path, "re");
	csv[file ? fread(csv, 1, size - 1, file) : 0] = '\0';
	if (!file || fclose(file))
		fail_with_output("summary.csv cannot be read");
}

/* By other work on the machine; its row is there all the same. */
static bool run_is_disturbed(void)
{
	static const char *const reasons[] = {"for a CPU", "stood still", "was late", NULL};

	return exits(1) && strstr(output.err, "INVALID") && is_one_of(output.err, reasons);
}

static void test_a_run_falls_back_to_loopback_and_says_so(void **state)
{
	char csv[8192];

	(void)state;
	run_first_look(NULL);
	if (!run_is_disturbed())
		assert_exits(0);
	assert_says_trouble(output.err, "no private network here: ", "");
	assert_says(output.err, "measuring on loopback without the link");
	read_summary(csv, sizeof csv);
	assert_cell(csv, "transport", "sse");
	assert_cell(csv, "lab_mode", "loopback");
	assert_cell(csv, "wire_counts", "modelled");
	assert_cell(csv, "link_delay_ms", "0");
	assert_cell(csv, "kernel_bytes_per_connection", "");
}

static void test_what_was_asked_for_is_not_replaced(void **state)
{
	(void)state;
	run_first_look("private");
	assert_exits(1);
	assert_says_trouble(output.err, "no private network here: ", "");
	assert_string_equal(output.out, "");
	assert_int_equal(access(result, F_OK), -1);
}

static void test_verify_finds_deliveries_on_loopback(void **state)
{
	(void)state;
	run_verify("reach");
	if (strstr(output.out, "a run that is not disturbed"))
		run_verify("reach"); /* by other work on this machine */
	if (strstr(output.out, "a run that is not disturbed"))
		skip();
	assert_exits(0);
	assert_says(output.out, "lab mode loopback; for runs with a link: none");
	assert_says(output.out, "4 passed, 0 failed, 0 skipped");
}

static void test_verify_skips_a_link_s_delay(void **state)
{
	(void)state;
	run_verify("delay");
	assert_exits(0);
	assert_says(output.out, "  skip  ");
	assert_says(output.out, "0 passed, 0 failed, 1 skipped");
}

/* tests of an ordinary user, whom only root can become */

static void skip_unless_root_can(question *ask)
{
	if (answer_from(&root, ask).result)
		skip();
}

static void test_an_ordinary_user_has_a_lab(void **state)
{
	(void)state;
	skip_unless_root_can(open_direct);
	assert_int_equal(answer_from(&ordinary, open_direct).result, 0);
	skip_unless_root_can(open_packet);
	assert_int_equal(answer_from(&ordinary, open_packet).result, 0);
}

static void test_an_ordinary_user_has_a_link_as_far_as_tun_is_there(void **state)
{
	int tun = answer_from(&ordinary, open_tun).result;
	struct answer answer;

	(void)state;
	skip_unless_root_can(tun ? open_packet : open_link);
	assert_int_equal(answer_from(&ordinary, open_link).result, tun);
	answer = answer_from(&ordinary, choose_with_link);
	assert_int_equal(answer.result, 0);
	assert_int_equal(answer.mode, tun ? LAB_PACKET : LAB_LINK);
}

static void test_without_tun_a_link_is_of_packet_sockets(void **state)
{
	struct answer answer;

	skip_unless_root_can(open_packet);
	answer = answer_from(*state, open_link);
	assert_refused(&answer, LAB_STEP_DEVICES);
	answer = answer_from(*state, choose_with_link);
	assert_int_equal(answer.result, 0);
	assert_int_equal(answer.mode, LAB_PACKET);
}

#define TEST(name, there)                                                                          \
	{                                                                                          \
#name " (" #there ")", name, begin, end, &there                                    \
	}
#define TESTS(name) TEST(name, filtered), TEST(name, limited)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TESTS(test_a_refusal_names_the_step_and_what_would_help),
	        TESTS(test_nothing_better_is_offered_than_what_is_refused),
	        TESTS(test_loopback_is_never_refused),
	        TESTS(test_probe_says_what_would_help),
	        TESTS(test_a_run_falls_back_to_loopback_and_says_so),
	        TESTS(test_what_was_asked_for_is_not_replaced),
	        TESTS(test_verify_finds_deliveries_on_loopback),
	        TESTS(test_verify_skips_a_link_s_delay),
	        cmocka_unit_test(test_an_ordinary_user_has_a_lab),
	        cmocka_unit_test(test_an_ordinary_user_has_a_link_as_far_as_tun_is_there),
	        TEST(test_without_tun_a_link_is_of_packet_sockets, without_tun),
	        TEST(test_without_tun_a_link_is_of_packet_sockets, closed_tun),
	};

	return cmocka_run_group_tests_name("refusal", tests, NULL, NULL);
}
