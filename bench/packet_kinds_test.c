#include "packet_kinds.h"

#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../transports/feed.h"

#define HEADER_BYTES (sizeof(struct iphdr) + sizeof(struct tcphdr))
#define PACKET_BYTES 1500
#define SERVER       0x0a4d0001
#define CLIENT       0x0a4e0001
#define SERVER_PORT  8080
#define CLIENT_PORT  40000

static struct packet_kinds kinds;

/* A packet of the client's to be, or of the server's answer. */
struct sent {
	uint32_t sequence;
	uint16_t payload, client_port; /* 0: CLIENT_PORT */
	bool syn, fin, rst, by_server;
};

static int close_kinds(void **state)
{
	(void)state;
	feed_fail_at = 0;
	packet_kinds_close(&kinds);
	return 0;
}

/* Its size. */
static size_t build(uint8_t packet[PACKET_BYTES], struct sent sent)
{
	uint16_t client_port = sent.client_port ? sent.client_port : CLIENT_PORT;
	size_t size = HEADER_BYTES + sent.payload;
	struct iphdr ip = {
	        .version = 4,
	        .ihl = 5,
	        .protocol = IPPROTO_TCP,
	        .tot_len = htons((uint16_t)size),
	        .saddr = htonl(sent.by_server ? SERVER : CLIENT),
	        .daddr = htonl(sent.by_server ? CLIENT : SERVER),
	};
	struct tcphdr tcp = {
	        .source = htons(sent.by_server ? SERVER_PORT : client_port),
	        .dest = htons(sent.by_server ? client_port : SERVER_PORT),
	        .seq = htonl(sent.sequence),
	        .doff = 5,
	        .ack = 1,
	        .syn = sent.syn,
	        .fin = sent.fin,
	        .rst = sent.rst,
	};

	memset(packet, 0, PACKET_BYTES);
	memcpy(packet, &ip, sizeof ip);
	memcpy(packet + sizeof ip, &tcp, sizeof tcp);
	return size;
}

static enum packet_kind tell(struct sent sent)
{
	uint8_t packet[PACKET_BYTES];
	size_t size = build(packet, sent);

	return packet_kinds_tell(&kinds, packet, size);
}

#define assert_kind(kind, ...) assert_int_equal(tell((struct sent){.sequence = __VA_ARGS__}), kind)

static void test_a_connection_from_its_syn_to_its_fin(void **state)
{
	(void)state;
	assert_kind(PACKET_SYN_FIN, 1000, .syn = true);
	assert_kind(PACKET_PURE_ACK, 1001);
	assert_kind(PACKET_DATA, 1001, .payload = 100);
	assert_kind(PACKET_DATA, 1101, .payload = 1);
	assert_kind(PACKET_PURE_ACK, 1102);
	assert_kind(PACKET_SYN_FIN, 1102, .fin = true);
	assert_kind(PACKET_PURE_ACK, 1103);
}

static void test_what_is_sent_again_is_a_retransmission(void **state)
{
	(void)state;
	assert_kind(PACKET_SYN_FIN, 1000, .syn = true);
	assert_kind(PACKET_RETRANSMISSION, 1000, .syn = true);
	assert_kind(PACKET_DATA, 1001, .payload = 100);
	assert_kind(PACKET_DATA, 1101, .payload = 100);
	assert_kind(PACKET_RETRANSMISSION, 1001, .payload = 100);
	assert_kind(PACKET_RETRANSMISSION, 1050, .payload = 100);
	assert_kind(PACKET_RETRANSMISSION, 1101, .payload = 100);
	assert_kind(PACKET_SYN_FIN, 1201, .fin = true);
	assert_kind(PACKET_RETRANSMISSION, 1201, .fin = true);
	assert_kind(PACKET_RETRANSMISSION, 1101, .payload = 100, .fin = true);
}

static void test_a_fin_may_ride_on_data(void **state)
{
	(void)state;
	assert_kind(PACKET_DATA, 1000, .payload = 10, .fin = true);
	assert_kind(PACKET_RETRANSMISSION, 1000, .payload = 10, .fin = true);
	assert_kind(PACKET_RETRANSMISSION, 1010, .fin = true);
}

static void test_new_bytes_behind_old_ones_are_data(void **state)
{
	(void)state;
	assert_kind(PACKET_DATA, 1000, .payload = 100);
	assert_kind(PACKET_DATA, 1050, .payload = 51);
	assert_kind(PACKET_RETRANSMISSION, 1050, .payload = 51);
	assert_kind(PACKET_DATA, 1101, .payload = 1);
}

static void test_a_keep_alive_without_data_is_an_ack(void **state)
{
	(void)state;
	assert_kind(PACKET_DATA, 1000, .payload = 100);
	assert_kind(PACKET_PURE_ACK, 1099);
	assert_kind(PACKET_RETRANSMISSION, 1099, .payload = 1);
}

static void test_a_reset_is_none_however_often(void **state)
{
	(void)state;
	assert_kind(PACKET_DATA, 1000, .payload = 100);
	assert_kind(PACKET_SYN_FIN, 1100, .rst = true);
	assert_kind(PACKET_SYN_FIN, 1100, .rst = true);
	assert_kind(PACKET_SYN_FIN, 1000, .rst = true);
	assert_kind(PACKET_SYN_FIN, 1000, .rst = true, .fin = true);
	assert_kind(PACKET_DATA, 1000, .payload = 10, .rst = true);
}

static void test_sequence_numbers_wrap_around(void **state)
{
	(void)state;
	assert_kind(PACKET_SYN_FIN, UINT32_MAX - 50, .syn = true);
	assert_kind(PACKET_DATA, UINT32_MAX - 49, .payload = 100);
	assert_kind(PACKET_RETRANSMISSION, UINT32_MAX - 49, .payload = 100);
	assert_kind(PACKET_DATA, 50, .payload = 100);
	assert_kind(PACKET_RETRANSMISSION, UINT32_MAX, .payload = 100);
	assert_kind(PACKET_DATA, UINT32_MAX, .payload = 152);
	assert_kind(PACKET_SYN_FIN, 151, .fin = true);
}

static void test_numbers_that_end_at_the_wrap(void **state)
{
	(void)state;
	assert_kind(PACKET_DATA, UINT32_MAX - 99, .payload = 100); /* the next is 0 */
	assert_kind(PACKET_RETRANSMISSION, UINT32_MAX - 99, .payload = 100);
	assert_kind(PACKET_DATA, 0, .payload = 1);
}

static void test_ports_are_used_again(void **state)
{
	(void)state;
	assert_kind(PACKET_SYN_FIN, 500000, .syn = true);
	assert_kind(PACKET_DATA, 500001, .payload = 100);
	assert_kind(PACKET_SYN_FIN, 1000, .syn = true); /* below the numbers before */
	assert_kind(PACKET_RETRANSMISSION, 1000, .syn = true);
	assert_kind(PACKET_DATA, 1001, .payload = 100);
	assert_kind(PACKET_RETRANSMISSION, 1001, .payload = 100);
	assert_kind(PACKET_SYN_FIN, 900000, .syn = true); /* above them */
	assert_kind(PACKET_DATA, 900001, .payload = 100);
}

static void test_directions_and_connections_are_independent(void **state)
{
	(void)state;
	assert_kind(PACKET_DATA, 1000, .payload = 100);
	assert_kind(PACKET_DATA, 1000, .payload = 100, .by_server = true);
	assert_kind(PACKET_DATA, 1000, .payload = 100, .client_port = CLIENT_PORT + 1);
	assert_kind(PACKET_RETRANSMISSION, 1000, .payload = 100);
	assert_kind(PACKET_DATA, 1100, .payload = 100);
	assert_kind(PACKET_RETRANSMISSION, 1000, .payload = 100, .by_server = true);
	assert_kind(PACKET_RETRANSMISSION, 1000, .payload = 100, .client_port = CLIENT_PORT + 1);
}

static void test_the_middle_of_a_connection_is_taken_as_it_stands(void **state)
{
	(void)state;
	assert_kind(PACKET_PURE_ACK, 1000);
	assert_kind(PACKET_DATA, 4000000000, .payload = 100, .by_server = true);
	assert_kind(PACKET_SYN_FIN, 7000, .fin = true);
}

/* A frame is padded to 60 bytes. */
static void test_padding_is_no_payload(void **state)
{
	uint8_t packet[PACKET_BYTES];
	size_t size = build(packet, (struct sent){.sequence = 1000});

	(void)state;
	assert_int_equal(packet_kinds_tell(&kinds, packet, size + 6), PACKET_PURE_ACK);
}

static void test_options_are_no_payload(void **state)
{
	uint8_t packet[PACKET_BYTES];
	size_t size = build(packet, (struct sent){.sequence = 1000, .payload = 12});

	(void)state;
	packet[sizeof(struct iphdr) + 12] = 8 << 4; /* words of the TCP header */
	assert_int_equal(packet_kinds_tell(&kinds, packet, size), PACKET_PURE_ACK);
}

/* Whatever these bytes are instead. */
static enum packet_kind tell_with(size_t at, uint8_t byte)
{
	uint8_t packet[PACKET_BYTES];
	size_t size = build(packet, (struct sent){.sequence = 1000, .payload = 100});

	packet[at] = byte;
	return packet_kinds_tell(&kinds, packet, size);
}

static void test_what_is_not_tcp_over_ipv4_is_other(void **state)
{
	(void)state;
	assert_int_equal(tell_with(0, 0x65), PACKET_OTHER); /* version 6 */
	assert_int_equal(tell_with(0, 0x44), PACKET_OTHER); /* IP header of 16 bytes */
	assert_int_equal(tell_with(7, 1), PACKET_OTHER);    /* fragment offset 8 */
	assert_int_equal(tell_with(6, 0x10), PACKET_OTHER); /* fragment offset 32768 */
	assert_int_equal(tell_with(9, IPPROTO_UDP), PACKET_OTHER);
	assert_int_equal(tell_with(3, HEADER_BYTES - 1), PACKET_OTHER); /* total length */
	assert_int_equal(tell_with(sizeof(struct iphdr) + 12, 4 << 4), PACKET_OTHER);
	assert_null(kinds.directions);
	assert_int_equal(tell_with(6, 0x40), PACKET_DATA); /* don't fragment */
}

/* At the end of a block, so that a sanitizer sees a byte read beyond. */
static enum packet_kind tell_cut(const uint8_t *packet, size_t size)
{
	uint8_t *block = malloc(1 + size);
	enum packet_kind kind;

	assert_non_null(block);
	memcpy(block + 1, packet, size);
	kind = packet_kinds_tell(&kinds, block + 1, size);
	free(block);
	return kind;
}

static void test_a_header_that_is_cut_short_is_other(void **state)
{
	uint8_t packet[PACKET_BYTES];

	(void)state;
	build(packet, (struct sent){.sequence = 1000, .payload = 100});
	for (size_t size = 0; size < HEADER_BYTES; size++)
		assert_int_equal(tell_cut(packet, size), PACKET_OTHER);
	assert_null(kinds.directions);
	assert_int_equal(tell_cut(packet, HEADER_BYTES), PACKET_DATA);
	packet[sizeof(struct iphdr) + 12] = 8 << 4; /* 12 bytes of options */
	for (size_t size = 0; size < HEADER_BYTES + 12; size++)
		assert_int_equal(tell_cut(packet, size), PACKET_OTHER);
	packet[0] = 0x4f; /* IP header of 60 bytes */
	for (size_t size = 0; size <= HEADER_BYTES; size++)
		assert_int_equal(tell_cut(packet, size), PACKET_OTHER);
}

static void test_without_memory_it_is_the_first_of_its_connection(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		feed_fail_at = 1;
		assert_kind(PACKET_DATA, 1000, .payload = 100);
		assert_int_equal(feed_fail_at, 0);
	}
	assert_kind(PACKET_DATA, 1000, .payload = 100);
	assert_kind(PACKET_RETRANSMISSION, 1000, .payload = 100);
}

static void test_closed_it_knows_none(void **state)
{
	(void)state;
	for (uint16_t port = 1; port <= 1000; port++)
		assert_kind(PACKET_DATA, 1000, .payload = 100, .client_port = port);
	for (uint16_t port = 1; port <= 1000; port++)
		assert_kind(PACKET_RETRANSMISSION, 1000, .payload = 100, .client_port = port);
	packet_kinds_close(&kinds);
	packet_kinds_close(&kinds);
	assert_kind(PACKET_DATA, 1000, .payload = 100, .client_port = 1);
}

static void test_counts_are_by_kind_and_of_frames(void **state)
{
	struct packet_counts counts = {0};

	(void)state;
	packet_counts_add(&counts, PACKET_PURE_ACK, 52);
	packet_counts_add(&counts, PACKET_DATA, 1500);
	packet_counts_add(&counts, PACKET_DATA, 100);
	assert_int_equal(counts.packets[PACKET_PURE_ACK], 1);
	assert_int_equal(counts.bytes[PACKET_PURE_ACK], 66);
	assert_int_equal(counts.packets[PACKET_DATA], 2);
	assert_int_equal(counts.bytes[PACKET_DATA], 1514 + 114);
	assert_int_equal(counts.packets[PACKET_OTHER], 0);
	assert_int_equal(counts.bytes[PACKET_OTHER], 0);
}

static void test_each_kind_has_its_name(void **state)
{
	(void)state;
	assert_string_equal(packet_kind_name(PACKET_SYN_FIN), "syn_fin");
	assert_string_equal(packet_kind_name(PACKET_PURE_ACK), "pure_ack");
	assert_string_equal(packet_kind_name(PACKET_DATA), "data");
	assert_string_equal(packet_kind_name(PACKET_RETRANSMISSION), "retransmission");
	assert_string_equal(packet_kind_name(PACKET_OTHER), "other");
}

#define TEST(name) cmocka_unit_test_teardown(name, close_kinds)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_a_connection_from_its_syn_to_its_fin),
	        TEST(test_what_is_sent_again_is_a_retransmission),
	        TEST(test_a_fin_may_ride_on_data),
	        TEST(test_new_bytes_behind_old_ones_are_data),
	        TEST(test_a_keep_alive_without_data_is_an_ack),
	        TEST(test_a_reset_is_none_however_often),
	        TEST(test_sequence_numbers_wrap_around),
	        TEST(test_numbers_that_end_at_the_wrap),
	        TEST(test_ports_are_used_again),
	        TEST(test_directions_and_connections_are_independent),
	        TEST(test_the_middle_of_a_connection_is_taken_as_it_stands),
	        TEST(test_padding_is_no_payload),
	        TEST(test_options_are_no_payload),
	        TEST(test_what_is_not_tcp_over_ipv4_is_other),
	        TEST(test_a_header_that_is_cut_short_is_other),
	        TEST(test_without_memory_it_is_the_first_of_its_connection),
	        TEST(test_closed_it_knows_none),
	        TEST(test_counts_are_by_kind_and_of_frames),
	        TEST(test_each_kind_has_its_name),
	};

	return cmocka_run_group_tests_name("packet_kinds", tests, NULL, NULL);
}
