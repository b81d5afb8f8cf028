#include "link_process.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "../transports/clock.h"

#define DELAY_MS       5
#define EXCHANGE_TRIPS 4 /* SYN and its answer, a byte and its answer */

/* A lab with a link, which is what each test here is about; state is the mode. */
struct fixture {
	enum lab_mode mode;
	struct lab lab;
	struct link_process process;
};

static struct fixture tun = {.mode = LAB_LINK}, packet = {.mode = LAB_PACKET};

static void open_link(struct fixture *fixture, const struct link_settings *settings)
{
	struct lab_trouble trouble;

	if (lab_open(&fixture->lab, fixture->mode, &trouble)) {
		print_message("no lab: %s (%d)\n", trouble.step, trouble.error);
		lab_close(&fixture->lab);
		skip();
	}
	assert_int_equal(link_process_start(&fixture->process, &fixture->lab, settings, 1, -1), 0);
}

static void exchange(const struct fixture *fixture)
{
	struct lab_trouble trouble;

	assert_int_equal(lab_try(&fixture->lab, &trouble), 0);
}

static int close_link(void **state)
{
	struct fixture *fixture = *state;

	link_process_free(&fixture->process);
	lab_close(&fixture->lab);
	return 0;
}

static int begin(void **state)
{
	struct fixture *fixture = *state;

	fixture->process = (struct link_process){.helper = HELPER_NONE};
	fixture->lab = (struct lab)LAB_NONE;
	return 0;
}

static void test_every_packet_is_delayed(void **state)
{
	const struct link_settings settings = {.delay_ms = DELAY_MS, .queue = 100};
	uint64_t began_ns;

	open_link(*state, &settings);
	began_ns = clock_now_ns();
	exchange(*state);
	assert_true(clock_now_ns() - began_ns >= EXCHANGE_TRIPS * DELAY_MS * NS_PER_MS);
}

/* Until both have sent what closes a connection, and it has been carried. */
static void await_quiet(const struct fixture *fixture, struct lab_side_counts *server,
                        struct lab_side_counts *clients)
{
	uint64_t before = UINT64_MAX, now = 0;

	while (now != before) {
		poll(NULL, 0, 20 * DELAY_MS);
		before = now;
		assert_int_equal(lab_count_side(&fixture->lab, LAB_SERVER, server), 0);
		assert_int_equal(lab_count_side(&fixture->lab, LAB_CLIENTS, clients), 0);
		now = server->packets_received + clients->packets_received;
	}
}

static void test_it_counts_as_the_devices_do(void **state)
{
	const struct link_settings settings = {.delay_ms = DELAY_MS, .queue = 100};
	struct fixture *fixture = *state;
	const struct link_shared *link;
	struct lab_side_counts server, clients;

	open_link(fixture, &settings);
	exchange(fixture);
	await_quiet(fixture, &server, &clients);
	link_process_end(&fixture->process);
	link = fixture->process.shared;
	assert_int_equal(link->error, 0);
	assert_int_equal(link->down.packets, server.packets_sent);
	assert_int_equal(link->down.bytes, server.bytes_sent);
	assert_int_equal(link->down.packets, clients.packets_received);
	assert_int_equal(link->up.packets, clients.packets_sent);
	assert_int_equal(link->up.bytes, server.bytes_received);
	assert_int_equal(link->lateness.count, link->down.packets + link->up.packets);
	assert_int_equal(link->missed, 0);
	assert_true(link->cpu_ns > 0);
}

static void test_it_tells_packets_apart(void **state)
{
	const struct link_settings settings = {.delay_ms = DELAY_MS, .queue = 100};
	struct fixture *fixture = *state;
	const struct link_shared *link;
	struct lab_side_counts server, clients;

	open_link(fixture, &settings);
	exchange(fixture);
	await_quiet(fixture, &server, &clients);
	link_process_end(&fixture->process);
	link = fixture->process.shared;
	assert_int_equal(link->kinds_down.packets[PACKET_DATA], 1);
	assert_int_equal(link->kinds_up.packets[PACKET_DATA], 1);
	assert_true(link->kinds_up.packets[PACKET_SYN_FIN] >= 1);
	assert_true(link->kinds_up.packets[PACKET_PURE_ACK] >= 1);
	assert_int_equal(link->kinds_up.packets[PACKET_OTHER], 0);
	assert_int_equal(link->kinds_up.packets[PACKET_RETRANSMISSION], 0);
	/* Ethernet, IPv4, TCP with timestamps, the byte */
	assert_int_equal(link->kinds_down.bytes[PACKET_DATA], 14 + 20 + 32 + 1);
}

static void test_what_is_lost_arrives_nowhere(void **state)
{
	const struct link_settings settings = {.loss = 0.1, .queue = 100};
	struct fixture *fixture = *state;
	const struct link_shared *link;
	struct lab_side_counts server, clients;

	open_link(fixture, &settings);
	for (int i = 0; i < 5; i++)
		exchange(fixture);
	await_quiet(fixture, &server, &clients);
	link_process_end(&fixture->process);
	link = fixture->process.shared;
	assert_true(link->down.lost + link->up.lost > 0);
	assert_int_equal(link->down.packets - link->down.lost, clients.packets_received);
	assert_int_equal(link->up.packets - link->up.lost, server.packets_received);
}

static void test_it_ends_with_its_maker_s_line(void **state)
{
	const struct link_settings settings = {.delay_ms = DELAY_MS, .queue = 100};
	struct fixture *fixture = *state;
	pid_t pid;

	open_link(fixture, &settings);
	pid = fixture->process.helper.pid;
	link_process_end(&fixture->process);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	link_process_end(&fixture->process);
}

#define TEST(name, fixture)                                                                        \
	{                                                                                          \
#name " (" #fixture ")", name, begin, close_link, &fixture                         \
	}
#define TESTS(name) TEST(name, tun), TEST(name, packet)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TESTS(test_every_packet_is_delayed),       TESTS(test_it_counts_as_the_devices_do),
	        TESTS(test_it_tells_packets_apart),        TESTS(test_what_is_lost_arrives_nowhere),
	        TESTS(test_it_ends_with_its_maker_s_line),
	};

	return cmocka_run_group_tests_name("link process", tests, NULL, NULL);
}
