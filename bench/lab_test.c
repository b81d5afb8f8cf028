#include "lab.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "process.h"

#define FRAME_HEADERS 66 /* Ethernet, IPv4, TCP with timestamps */
#define SYN_OPTIONS   8  /* more in a SYN: 20 bytes of options instead of 12 */
#define SEGMENT_BYTES 1448

static struct lab lab;
static struct lab_trouble trouble;

/* A test of the network itself needs one. */
static int open_direct(void **state)
{
	(void)state;
	lab_open(&lab, LAB_DIRECT, &trouble);
	return 0;
}

static int close_lab(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

#define NEEDS_LAB()                                                                                \
	do {                                                                                       \
		if (trouble.error)                                                                 \
			skip();                                                                    \
	} while (0)

/* What is done on one side, in a child of its own: gives 0 or an errno. */
static pid_t on_side(enum lab_side side, int (*act)(int fd), int fd)
{
	pid_t child = fork();

	if (child)
		return child;
	_exit(lab_enter(&lab, side) ? 99 : act(fd));
}

static int exit_of(pid_t child)
{
	int status = 0;

	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Listens, says where, and sends what it is asked for in its first byte: so many times 10,000. */
static int serve(int say_fd)
{
	static char filler[10000];
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0), connection;
	unsigned char times;

	inet_pton(AF_INET, lab_server_address(&lab), &address.sin_addr);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &size) ||
	    write(say_fd, &address, sizeof address) != sizeof address)
		return errno;
	connection = accept(listener, NULL, NULL);
	if (read(connection, &times, 1) != 1)
		return errno;
	for (; times; times--)
		if (send(connection, filler, sizeof filler, 0) != sizeof filler)
			return errno;
	shutdown(connection, SHUT_WR);
	return read(connection, &times, 1) == 0 ? 0 : EPROTO; /* until the other end closes */
}

/* Connects from the last of its addresses, asks for 20,000 bytes and takes them. */
static int ask(int hear_fd)
{
	struct sockaddr_in server, source = {.sin_family = AF_INET};
	int connection = socket(AF_INET, SOCK_STREAM, 0);
	char room[4096], times = 2;
	size_t taken = 0;
	ssize_t got;

	source.sin_addr.s_addr = htonl(lab_clients_address(&lab) + 60000);
	if (read(hear_fd, &server, sizeof server) != sizeof server ||
	    bind(connection, (struct sockaddr *)&source, sizeof source) ||
	    connect(connection, (struct sockaddr *)&server, sizeof server) ||
	    write(connection, &times, 1) != 1)
		return errno;
	while ((got = read(connection, room, sizeof room)) > 0)
		taken += (size_t)got;
	return got == 0 && taken == 20000 ? 0 : EPROTO;
}

/* One exchange between the two sides, whole: both have closed. */
static void exchange(void)
{
	int fds[2];
	pid_t server, client;

	assert_int_equal(pipe(fds), 0);
	server = on_side(LAB_SERVER, serve, fds[1]);
	client = on_side(LAB_CLIENTS, ask, fds[0]);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(exit_of(client), 0);
	assert_int_equal(exit_of(server), 0);
}

/* No segment is longer than the wire allows, whatever TCP would like to hand over at once. */
static void test_every_frame_is_counted_with_its_headers(void **state)
{
	struct lab_counts before, after;
	uint64_t down, up, segments = (20000 + SEGMENT_BYTES - 1) / SEGMENT_BYTES;

	(void)state;
	NEEDS_LAB();
	assert_int_equal(lab_count(&lab, &before), 0);
	exchange();
	assert_int_equal(lab_count(&lab, &after), 0);
	down = after.packets_down - before.packets_down;
	up = after.packets_up - before.packets_up;
	assert_in_range(down, segments + 2, segments + 6); /* SYN, FIN, ACKs, short segments */
	assert_int_equal(after.bytes_down - before.bytes_down,
	                 20000 + FRAME_HEADERS * down + SYN_OPTIONS);
	assert_int_equal(after.bytes_up - before.bytes_up, 1 + FRAME_HEADERS * up + SYN_OPTIONS);
	assert_int_equal(after.dropped, before.dropped);
}

static void test_nothing_else_crosses_it(void **state)
{
	struct lab_counts before, after;

	(void)state;
	NEEDS_LAB();
	lab_count(&lab, &before);
	exchange();
	lab_count(&lab, &after);
	lab_count(&lab, &before);
	assert_memory_equal(&before, &after, sizeof after);
}

/* What the two sides see of each other and of the rest is each other. */
static int sees_only_the_lab(int unused)
{
	struct sockaddr_in elsewhere = {.sin_family = AF_INET, .sin_port = htons(80)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)unused;
	inet_pton(AF_INET, "192.0.2.1", &elsewhere.sin_addr); /* RFC 5737 */
	return connect(fd, (struct sockaddr *)&elsewhere, sizeof elsewhere) ? errno : 0;
}

static void test_there_is_no_way_out(void **state)
{
	(void)state;
	NEEDS_LAB();
	assert_int_equal(exit_of(on_side(LAB_SERVER, sees_only_the_lab, 0)), ENETUNREACH);
	assert_int_equal(exit_of(on_side(LAB_CLIENTS, sees_only_the_lab, 0)), ENETUNREACH);
}

/* Its route says so, and a connection has a route as soon as it is tried. */
static int uses_cubic(int unused)
{
	struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	char name[16] = "";
	socklen_t size = sizeof name;

	(void)unused;
	inet_pton(AF_INET, lab_server_address(&lab), &nobody.sin_addr);
	if (connect(fd, (struct sockaddr *)&nobody, sizeof nobody) == 0)
		return 1;
	return getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &size) ||
	       strcmp(name, "cubic") != 0;
}

static void test_congestion_control_is_cubic_whatever_the_host_s_is(void **state)
{
	(void)state;
	NEEDS_LAB();
	assert_int_equal(exit_of(on_side(LAB_CLIENTS, uses_cubic, 0)), 0);
}

static void test_who_opens_it_stays_where_he_is(void **state)
{
	struct stat own, server, clients;

	(void)state;
	NEEDS_LAB();
	assert_int_equal(stat("/proc/self/ns/net", &own), 0);
	assert_int_equal(fstat(lab.net_fd[LAB_SERVER], &server), 0);
	assert_int_equal(fstat(lab.net_fd[LAB_CLIENTS], &clients), 0);
	assert_int_not_equal(own.st_ino, server.st_ino);
	assert_int_not_equal(own.st_ino, clients.st_ino);
	assert_int_not_equal(server.st_ino, clients.st_ino);
}

/* Whether a process is in that network namespace, or holds it open. */
static bool is_held(ino_t namespace)
{
	DIR *processes = opendir("/proc");
	bool held = false;

	for (const struct dirent *entry; !held && (entry = readdir(processes));) {
		char path[PATH_MAX];
		struct stat seen;

		snprintf(path, sizeof path, "/proc/%s/ns/net", entry->d_name);
		held = stat(path, &seen) == 0 && seen.st_ino == namespace;
	}
	closedir(processes);
	return held;
}

struct held {
	ino_t namespace;
	pid_t children[2];
};

/* A child on that side, as the runner makes them. */
static pid_t wait_on_side(enum lab_side side, int say_fd)
{
	pid_t parent = getpid(), child = fork();

	if (child)
		return child;
	if (!lab_enter(&lab, side) && process_prepare_child(parent, -1) &&
	    write(say_fd, "", 1) == 1)
		pause();
	_exit(1);
}

static bool hears_twice(int fd)
{
	char said[2];
	ssize_t got = read(fd, said, 1);

	return got == 1 && read(fd, said + 1, 1) == 1;
}

/* A process with a lab and a child on each side, which says so and waits for its end. */
static void hold_a_lab(int say_fd)
{
	struct held held = {0};
	struct stat namespace;
	int fds[2];

	alarm(30);
	if (lab_open(&lab, LAB_DIRECT, &trouble) || fstat(lab.net_fd[LAB_SERVER], &namespace) ||
	    pipe(fds))
		_exit(1);
	held.namespace = namespace.st_ino;
	held.children[LAB_SERVER] = wait_on_side(LAB_SERVER, fds[1]);
	held.children[LAB_CLIENTS] = wait_on_side(LAB_CLIENTS, fds[1]);
	if (hears_twice(fds[0]) && write(say_fd, &held, sizeof held) == sizeof held)
		pause();
	_exit(1);
}

static void await_end(pid_t process)
{
	struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, process, 0), .events = POLLIN};

	if (ended.fd < 0)
		return; /* it has */
	assert_int_equal(poll(&ended, 1, 10000), 1);
	close(ended.fd);
}

static void test_nothing_is_left_of_one_whose_maker_is_killed(void **state)
{
	struct held held;
	int fds[2];
	pid_t maker;

	(void)state;
	NEEDS_LAB();
	assert_int_equal(pipe(fds), 0);
	maker = fork();
	if (maker == 0)
		hold_a_lab(fds[1]);
	close(fds[1]);
	assert_int_equal(read(fds[0], &held, sizeof held), sizeof held);
	assert_true(is_held(held.namespace) || geteuid() != 0);
	kill(maker, SIGKILL);
	exit_of(maker);
	await_end(held.children[LAB_SERVER]);
	await_end(held.children[LAB_CLIENTS]);
	assert_false(is_held(held.namespace));
	close(fds[0]);
}

static void test_loopback_is_always_there_and_counts_nothing(void **state)
{
	struct lab loopback;
	struct lab_counts counts;

	(void)state;
	assert_int_equal(lab_open(&loopback, LAB_LOOPBACK, &trouble), 0);
	assert_string_equal(lab_server_address(&loopback), "127.0.0.1");
	assert_int_equal(lab_clients_address(&loopback), INADDR_LOOPBACK);
	assert_int_equal(lab_enter(&loopback, LAB_SERVER), 0);
	assert_int_equal(lab_count(&loopback, &counts), -ENOTSUP);
	lab_close(&loopback);
	lab_close(&loopback);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_direct, close_lab)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_every_frame_is_counted_with_its_headers),
	        TEST(test_nothing_else_crosses_it),
	        TEST(test_there_is_no_way_out),
	        TEST(test_congestion_control_is_cubic_whatever_the_host_s_is),
	        TEST(test_who_opens_it_stays_where_he_is),
	        TEST(test_nothing_is_left_of_one_whose_maker_is_killed),
	        cmocka_unit_test(test_loopback_is_always_there_and_counts_nothing),
	};

	return cmocka_run_group_tests_name("lab", tests, NULL, NULL);
}
