#include "segments.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HERE   htonl(0x0a630101)
#define THERE  htonl(0x0a630102)
#define SERVER 4000
#define CLIENT 5000

enum { SYN = 1, FIN_FLAG = 2 };

static uint8_t packet[2048];

/* A packet as the kernel would send it, without checksums; its size. */
static size_t build(int way, uint32_t seq, int flags, size_t payload)
{
	const size_t whole = sizeof(struct iphdr) + sizeof(struct tcphdr) + payload;
	const struct iphdr ip = {.version = 4,
	                         .ihl = 5,
	                         .tot_len = htons((uint16_t)whole),
	                         .protocol = IPPROTO_TCP,
	                         .saddr = HERE,
	                         .daddr = THERE};
	const struct tcphdr tcp = {.source = htons(way == SEGMENTS_UP ? CLIENT : SERVER),
	                           .dest = htons(way == SEGMENTS_UP ? SERVER : CLIENT),
	                           .seq = htonl(seq),
	                           .doff = 5,
	                           .syn = (flags & SYN) != 0,
	                           .fin = (flags & FIN_FLAG) != 0};

	memcpy(packet, &ip, sizeof ip);
	memcpy(packet + sizeof ip, &tcp, sizeof tcp);
	return whole;
}

static bool enter(struct segments *segments, int way, uint32_t seq, int flags, size_t payload)
{
	return segments_enter(segments, packet, build(way, seq, flags, payload));
}

static void leave(struct segments *segments, int way, uint32_t seq, int flags, size_t payload)
{
	segments_leave(segments, packet, build(way, seq, flags, payload));
}

static int setup(void **state)
{
	struct segments *segments = calloc(1, sizeof *segments);

	segments_init(segments, HERE, THERE, SERVER);
	*state = segments;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void counts_bytes_once(void **state)
{
	struct segments *segments = *state;
	const uint32_t first = 0xfffffff0; /* it wraps around on the way */

	enter(segments, SEGMENTS_UP, first, SYN, 0);
	enter(segments, SEGMENTS_UP, first, SYN, 0);
	enter(segments, SEGMENTS_DOWN, 7, SYN, 0);
	enter(segments, SEGMENTS_UP, first + 1, 0, 100);
	enter(segments, SEGMENTS_UP, first + 1, 0, 100);  /* sent again */
	enter(segments, SEGMENTS_UP, first + 51, 0, 100); /* half of it again */
	enter(segments, SEGMENTS_UP, first + 151, FIN_FLAG, 10);
	enter(segments, SEGMENTS_UP, first + 151, FIN_FLAG, 10);
	enter(segments, SEGMENTS_DOWN, 8, 0, 30);
	assert_int_equal(segments->counts.connections, 1);
	assert_int_equal(segments->counts.bytes_up, 160);
	assert_int_equal(segments->counts.bytes_down, 30);
}

static void a_port_may_be_used_again(void **state)
{
	struct segments *segments = *state;

	enter(segments, SEGMENTS_UP, 1000, SYN, 0);
	enter(segments, SEGMENTS_UP, 1001, 0, 10);
	enter(segments, SEGMENTS_UP, 500, SYN, 0);
	enter(segments, SEGMENTS_UP, 501, 0, 10);
	assert_int_equal(segments->counts.connections, 2);
	assert_int_equal(segments->counts.bytes_up, 20);
}

static void swaps_sender_and_receiver(void **state)
{
	struct segments *segments = *state;
	struct iphdr ip;

	leave(segments, SEGMENTS_UP, 1, SYN, 0);
	memcpy(&ip, packet, sizeof ip);
	assert_int_equal(ip.saddr, THERE);
	assert_int_equal(ip.daddr, HERE);
}

static void drops_what_does_not_belong_there(void **state)
{
	struct segments *segments = *state;
	const size_t whole = build(SEGMENTS_UP, 1, 0, 50);
	struct iphdr ip;

	for (size_t size = 0; size < whole; size++)
		assert_false(segments_enter(segments, packet, size));
	assert_true(segments_enter(segments, packet, whole));
	const size_t size_of_ten = build(SEGMENTS_UP, 1, 0, 10);
	packet[sizeof ip + 12] = 0xf0; /* a TCP header that is longer than the packet */
	assert_false(segments_enter(segments, packet, size_of_ten));
	for (int field = 0; field < 4; field++) {
		size_t size = build(SEGMENTS_UP, 1, 0, 10);

		memcpy(&ip, packet, sizeof ip);
		if (field == 0)
			ip.version = 6;
		else if (field == 1)
			ip.protocol = IPPROTO_UDP;
		else if (field == 2)
			ip.saddr = htonl(1);
		else
			ip.daddr = htonl(1);
		memcpy(packet, &ip, sizeof ip);
		assert_false(segments_enter(segments, packet, size));
	}
	const uint16_t other = htons(SERVER + 1);
	size_t size = build(SEGMENTS_UP, 1, 0, 10);
	memcpy(packet + sizeof ip + 2, &other, sizeof other);
	assert_false(segments_enter(segments, packet, size));
}

static uint16_t sum(uint32_t start, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i += 2)
		start += (uint32_t)data[i] << 8 | data[i + 1];
	while (start >> 16)
		start = (start & 0xffff) + (start >> 16);
	return (uint16_t)start;
}

/* A receiver takes a reset only with the number that it expects next (RFC 5961, 3.2). */
static void resets_with_what_has_arrived(void **state)
{
	struct segments *segments = *state;
	uint8_t reset[SEGMENTS_RESET_SIZE];
	struct tcphdr tcp;

	assert_false(segments_reset(segments, CLIENT, SEGMENTS_UP, reset));
	enter(segments, SEGMENTS_UP, 1000, SYN, 0);
	leave(segments, SEGMENTS_UP, 1000, SYN, 0);
	enter(segments, SEGMENTS_UP, 1001, 0, 10);
	leave(segments, SEGMENTS_UP, 1001, 0, 10);
	enter(segments, SEGMENTS_UP, 1011, 0, 10); /* still under way */
	assert_true(segments_reset(segments, CLIENT, SEGMENTS_UP, reset));
	memcpy(&tcp, reset + sizeof(struct iphdr), sizeof tcp);
	assert_int_equal(ntohl(tcp.seq), 1011);
	assert_true(tcp.rst);
	assert_int_equal(ntohs(tcp.dest), SERVER);
	assert_int_equal(sum(0, reset, sizeof(struct iphdr)), 0xffff);
	assert_int_equal(sum(sum(IPPROTO_TCP + sizeof tcp, reset + 12, 8),
	                     reset + sizeof(struct iphdr), sizeof tcp),
	                 0xffff);
}

/* Whoever connects takes a reset only as the answer to its SYN (RFC 9293, 3.10.7.3). */
static void resets_whose_syn_is_still_under_way(void **state)
{
	struct segments *segments = *state;
	uint8_t reset[SEGMENTS_RESET_SIZE];
	struct tcphdr tcp;

	enter(segments, SEGMENTS_UP, 1000, SYN, 0);
	assert_true(segments_reset(segments, CLIENT, SEGMENTS_DOWN, reset));
	memcpy(&tcp, reset + sizeof(struct iphdr), sizeof tcp);
	assert_int_equal(ntohl(tcp.ack_seq), 1001);
}

static void what_has_ended_needs_no_reset(void **state)
{
	struct segments *segments = *state;
	uint8_t reset[SEGMENTS_RESET_SIZE];

	for (int way = 0; way < 2; way++) {
		enter(segments, way, 1, SYN, 0);
		leave(segments, way, 1, SYN, 0);
		enter(segments, way, 2, FIN_FLAG, 0);
		assert_true(segments_reset(segments, CLIENT, SEGMENTS_UP, reset));
		leave(segments, way, 2, FIN_FLAG, 0);
	}
	assert_false(segments_reset(segments, CLIENT, SEGMENTS_UP, reset));
	assert_false(segments_reset(segments, CLIENT, SEGMENTS_DOWN, reset));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(counts_bytes_once),
	        TEST(a_port_may_be_used_again),
	        TEST(swaps_sender_and_receiver),
	        TEST(drops_what_does_not_belong_there),
	        TEST(resets_with_what_has_arrived),
	        TEST(resets_whose_syn_is_still_under_way),
	        TEST(what_has_ended_needs_no_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
