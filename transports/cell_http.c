/* What every cell's server does with HTTP, besides its endpoint; and its door. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "cell_fixture.h"

#define ASK         "?topic=" CELL_TOPIC "&since=0&hold=0"
#define MESSAGE_MAX 1000
#define HEAD_MAX    4096
#define UNREAD      8000
#define LARGE_BYTES 20000
#define BURST       3
#define ORIGINS     "--origin=https://a.example --origin=https://b.example"
#define TOKEN       "--token=" CELL_TOKEN

static void expect_published(struct peer *peer, const char *expected)
{
	assert_int_equal(peer_answer(peer), 200);
	assert_string_equal(peer_field(peer, "Content-Type"), "application/json");
	assert_string_equal(peer_field(peer, "Cache-Control"), "no-store");
	assert_string_equal(peer_content(peer), expected);
}

static void test_what_is_published_is_numbered_in_its_topic(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, "POST", "/publish?topic=a", "", "one");
	expect_published(peer, "{\"id\":1}\n");
	peer_request(peer, "POST", "/publish?topic=a", "", "two");
	expect_published(peer, "{\"id\":2}\n");
	peer_request(peer, "POST", "/publish?topic=b", "", "one");
	expect_published(peer, "{\"id\":1}\n");
	peer_request(peer, "POST", "/publish", "", "");
	expect_published(peer, "{\"id\":1}\n");
}

/* libwebsockets 4.1 knows no chunked requests. */
static void test_chunked_content_is_published(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_print(peer, "POST /publish HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
	                 "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n");
	if (cell_is_on(cell, "lws")) {
		assert_int_equal(peer_answer(peer), 411);
		peer_expect_close(peer);
		return;
	}
	expect_published(peer, "{\"id\":1}\n");
	peer_request(peer, "GET", "/stats", "", NULL);
	assert_int_equal(peer_answer(peer), 200);
}

static void test_a_post_without_a_length_is_empty_or_refused(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, "POST", "/publish", "", NULL);
	if (cell_is_on(cell, "lws"))
		assert_int_equal(peer_answer(peer), 411);
	else
		expect_published(peer, "{\"id\":1}\n");
}

static void test_text_that_is_not_utf8_is_refused(struct cell *cell)
{
	static const char *const bad[] = {"\xff", "\xc0\xaf", "\xed\xa0\x80", "abc\xe2\x82"};
	struct peer *peer = peer_open(cell);

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		peer_request(peer, "POST", "/publish", "", bad[i]);
		assert_int_equal(peer_answer(peer), 400);
	}
	peer_request(peer, "POST", "/publish", "", "\xe2\x82\xac");
	expect_published(peer, "{\"id\":1}\n");
}

static void test_bytes_need_not_be_utf8(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, "POST", "/publish", "Content-Type: application/octet-stream\r\n",
	             "\xff\xfe");
	expect_published(peer, "{\"id\":1}\n");
}

static void test_a_message_at_the_limit_is_published(struct cell *cell)
{
	struct peer *peer = peer_open(cell);
	char message[MESSAGE_MAX + 1];

	memset(message, 'm', MESSAGE_MAX);
	message[MESSAGE_MAX] = '\0';
	peer_request(peer, "POST", "/publish", "", message);
	expect_published(peer, "{\"id\":1}\n");
}

static void test_a_message_above_the_limit_gets_413(struct cell *cell)
{
	struct peer *peer = peer_open(cell);
	char message[MESSAGE_MAX + 2];

	memset(message, 'm', MESSAGE_MAX + 1);
	message[MESSAGE_MAX + 1] = '\0';
	peer_request(peer, "POST", "/publish", "", message);
	assert_int_equal(peer_answer(peer), 413);
	assert_int_equal(cell_publish(cell, "small"), 1);
}

static void test_chunks_above_the_limit_get_413(struct cell *cell)
{
	struct peer *peer = peer_open(cell);
	char message[MESSAGE_MAX + 1];

	memset(message, 'm', MESSAGE_MAX);
	message[MESSAGE_MAX] = '\0';
	peer_print(peer,
	           "POST /publish HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
	           "%x\r\n%s\r\n1\r\nm\r\n0\r\n\r\n",
	           MESSAGE_MAX, message);
	assert_int_equal(peer_answer(peer), cell_is_on(cell, "lws") ? 411 : 413);
	assert_int_equal(cell_publish(cell, "small"), 1);
}

static void test_the_counters_are_json(struct cell *cell)
{
	static const char *const counters[] = {"connections_open", "subscribers",
#define COUNTER_NAME(name, help) #name,
	                                       COUNTERS(COUNTER_NAME)
#undef COUNTER_NAME
	};
	struct peer *peer = peer_open(cell);
	json_t *stats;

	peer_request(peer, "POST", "/publish", "", "one");
	assert_int_equal(peer_answer(peer), 200);
	peer_request(peer, "GET", "/stats", "", NULL);
	assert_int_equal(peer_answer(peer), 200);
	assert_string_equal(peer_field(peer, "Content-Type"), "application/json");
	stats = json_loads(peer_content(peer), JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_object_size(stats), sizeof counters / sizeof *counters);
	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
		assert_true(json_is_integer(json_object_get(stats, counters[i])));
	assert_int_equal(json_integer_value(json_object_get(stats, "published")), 1);
	assert_int_equal(json_integer_value(json_object_get(stats, "requests")), 2);
	assert_int_equal(json_integer_value(json_object_get(stats, "connections_open")), 1);
	json_decref(stats);
}

static void test_the_counters_are_prometheus_text(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, "GET", "/metrics", "", NULL);
	assert_int_equal(peer_answer(peer), 200);
	assert_string_equal(peer_field(peer, "Content-Type"), "text/plain; version=0.0.4");
	assert_non_null(strstr(peer_content(peer), "# TYPE pushlab_connections_open gauge\n"
	                                           "pushlab_connections_open 1\n"));
	assert_non_null(strstr(peer_content(peer), "# TYPE pushlab_requests_total counter\n"
	                                           "pushlab_requests_total 1\n"));
}

static void test_an_unknown_path_gets_404(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, "GET", "/nowhere", "", NULL);
	assert_int_equal(peer_answer(peer), 404);
	peer_request(peer, "POST", "/nowhere", "", "one");
	assert_int_equal(peer_answer(peer), 404);
	peer_request(peer, "GET", "/", "", NULL);
	assert_int_equal(peer_answer(peer), 404);
}

static void test_another_method_gets_405_and_those_allowed(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, "GET", "/publish", "", NULL);
	assert_int_equal(peer_answer(peer), 405);
	assert_string_equal(peer_field(peer, "Allow"), "POST");
	peer_request(peer, "POST", cell->endpoint->path, "", "one");
	assert_int_equal(peer_answer(peer), 405);
	assert_string_equal(peer_field(peer, "Allow"), "GET, HEAD");
	peer_request(peer, "DELETE", "/stats", "", NULL);
	assert_int_equal(peer_answer(peer), 405);
	assert_string_equal(peer_field(peer, "Allow"), "GET, HEAD");
	peer_request(peer, "OPTIONS", cell->endpoint->path, "", NULL);
	assert_int_equal(peer_answer(peer), 405);
	assert_string_equal(peer_field(peer, "Allow"), "GET, HEAD");
	peer_request(peer, "PUT", "/publish", "", "one");
	assert_int_equal(peer_answer(peer), 405);
	assert_string_equal(peer_field(peer, "Allow"), "POST");
	cell_await(cell, "published", 0);
	cell_await(cell, "subscribers", 0);
}

/* libwebsockets forbids what it does not know. */
static void test_a_method_that_is_none_gets_405(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, "BREW", cell->endpoint->path, "", NULL);
	if (cell_is_on(cell, "lws")) {
		assert_int_equal(peer_answer(peer), 403);
		peer_expect_close(peer);
		return;
	}
	assert_int_equal(peer_answer(peer), 405);
	assert_string_equal(peer_field(peer, "Allow"), "GET, HEAD");
}

/* The status of a request on a connection of its own. */
static int ask(struct cell *cell, const char *head, const char *content)
{
	struct peer *peer = peer_open(cell);
	int status;

	peer_print(peer, "%s\r\n%s", head, content);
	status = peer_answer(peer);
	peer_close(cell, peer);
	return status;
}

/* RFC 9112 §3.2 */
static void test_a_request_without_a_host_is_refused(struct cell *cell)
{
	assert_int_equal(ask(cell, "GET /stats HTTP/1.1\r\n", ""), 400);
	assert_int_equal(ask(cell, "GET /stats HTTP/1.1\r\nHost : h\r\n", ""), 400);
	assert_int_equal(ask(cell, "POST /publish HTTP/1.1\r\nContent-Length: 3\r\n", "one"), 400);
	cell_await(cell, "published", 0);
	assert_int_equal(ask(cell, "GET /stats HTTP/1.0\r\n", ""), 200);
}

/* libwebsockets passes over the second. */
static void test_a_request_with_two_hosts_is_refused(struct cell *cell)
{
	assert_int_equal(ask(cell, "GET /stats HTTP/1.1\r\nHost: a\r\nHost: b\r\n", ""),
	                 cell_is_on(cell, "lws") ? 200 : 400);
}

static void test_a_length_that_is_no_number_is_refused(struct cell *cell)
{
	static const char *const bad[] = {"x", "-1", "+3", "3x", "0x3", "3 3", "3,4"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char head[128];

		snprintf(head, sizeof head,
		         "POST /publish HTTP/1.1\r\nHost: h\r\nContent-Length: %s\r\n", bad[i]);
		assert_int_equal(ask(cell, head, "one"), 400);
	}
	cell_await(cell, "published", 0);
}

/* Two readers could take it for different requests (RFC 9112 §6.3, item 5, and §6.1).
 * libwebsockets knows no chunked requests. */
static void test_a_request_with_two_lengths_is_refused(struct cell *cell)
{
	assert_int_equal(ask(cell,
	                     "POST /publish HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
	                     "Content-Length: 4\r\n",
	                     "four"),
	                 400);
	assert_int_equal(ask(cell,
	                     "POST /publish HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
	                     "Transfer-Encoding: chunked\r\n",
	                     "3\r\none\r\n0\r\n\r\n"),
	                 cell_is_on(cell, "lws") ? 411 : 400);
	cell_await(cell, "published", 0);
}

/* RFC 9112 §6.1 has 501 for it. */
static void test_a_coding_that_is_not_known_is_refused(struct cell *cell)
{
	assert_int_equal(
	        ask(cell, "POST /publish HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n", ""),
	        cell_is_on(cell, "lws")   ? 411
	        : cell_is_on(cell, "mhd") ? 400
	                                  : 501);
	cell_await(cell, "published", 0);
}

static void test_a_field_that_is_not_known_changes_nothing(struct cell *cell)
{
	assert_int_equal(ask(cell, "GET /stats HTTP/1.1\r\nFoo: bar\r\nHost: h\r\n", ""), 200);
	assert_int_equal(ask(cell, "GET /stats HTTP/1.1\r\nHost: h\r\nX-Foo: bar\r\n", ""), 200);
}

/* libwebsockets 4.1 (lws_parse in lib/roles/http/parsers.c) then takes the next line for a part of
 * the field, and the end of the head too. */
static void test_a_field_whose_name_begins_a_known_one_changes_nothing(struct cell *cell)
{
	bool lws = cell_is_on(cell, "lws");

	assert_int_equal(ask(cell, "GET /stats HTTP/1.1\r\nX-Auth: y\r\nHost: h\r\n", ""),
	                 lws ? 400 : 200);
	assert_int_equal(ask(cell, "GET /stats HTTP/1.1\r\nHost: h\r\nX-Auth: y\r\n", ""),
	                 lws ? 0 : 200);
}

/* curl --http2 asks for h2c. libwebsockets forbids an Upgrade that it does not know, and there an
 * endpoint cannot go on as if it had not been asked. */
static void test_an_upgrade_that_is_not_offered_is_passed_over(struct cell *cell)
{
	static const char h2c[] = "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
	                          "HTTP2-Settings: AAMAAABkAAQAAP__\r\n";
	bool lws = cell_is_on(cell, "lws"), websocket = cell_welcome(cell) == 101;
	struct peer *peer = peer_open(cell);

	peer_request(peer, "GET", "/stats", h2c, NULL);
	assert_int_equal(peer_answer(peer), 200);
	cell_publish(cell, "one");
	peer = peer_open(cell);
	peer_print(peer, "GET %s" ASK " HTTP/1.1\r\nHost: h\r\n%s\r\n", cell->endpoint->path, h2c);
	assert_int_equal(peer_head(peer), websocket ? 426 : lws ? 400 : 200);
	peer = peer_open(cell);
	peer_request(peer, "GET", "/stats", "Upgrade: foo\r\nConnection: Upgrade\r\n", NULL);
	assert_int_equal(peer_answer(peer), lws ? 403 : 200);
}

static void test_a_cursor_that_is_no_number_is_refused(struct cell *cell)
{
	static const char *const bad[] = {"?since=x",
	                                  "?since=-1",
	                                  "?since=",
	                                  "?since=1x",
	                                  "?since=99999999999999999999",
	                                  "?since=0000000000000000000000000000000000x"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct peer *peer = peer_open(cell);

		peer_subscribe(cell, peer, bad[i]);
		assert_int_equal(peer_answer(peer), 400);
	}
}

static void test_a_topic_with_a_bad_name_is_refused(struct cell *cell)
{
	struct peer *peer = peer_open(cell);
	char query[7 + TOPIC_NAME_MAX + 2];

	peer_subscribe(cell, peer, "?topic=a/b");
	assert_int_equal(peer_answer(peer), 400);
	memset(query, 'n', sizeof query);
	memcpy(query, "?topic=", 7);
	query[sizeof query - 1] = '\0';
	peer = peer_open(cell);
	peer_subscribe(cell, peer, query);
	assert_int_equal(peer_answer(peer), 400);
	peer = peer_open(cell);
	peer_request(peer, "POST", "/publish?topic=", "", "one");
	assert_int_equal(peer_answer(peer), 400);
}

/* The head of a request with so many bytes in all, most of them in its target or in a field. */
static void print_head(struct peer *peer, size_t size, bool in_target)
{
	char filler[2 * HEAD_MAX];
	const char *path = "/stats?x=", *rest = " HTTP/1.1\r\nHost: h\r\nFiller: \r\n\r\n";
	size_t fixed = strlen("GET ") + strlen(path) + strlen(rest);

	memset(filler, 'f', sizeof filler);
	peer_print(peer, "GET %s%.*s HTTP/1.1\r\nHost: h\r\nFiller: %.*s\r\n\r\n", path,
	           in_target ? (int)(size - fixed) : 0, filler, in_target ? 0 : (int)(size - fixed),
	           filler);
}

/* libwebsockets closes without a word; libmicrohttpd answers with a page of HTML, and has a status
 * of its own for a target. */
static void test_a_head_above_the_limit_is_refused(struct cell *cell)
{
	bool lws = cell_is_on(cell, "lws"), mhd = cell_is_on(cell, "mhd");

	for (int in_target = 0; in_target < 2; in_target++) {
		struct peer *peer = peer_open(cell);

		print_head(peer, HEAD_MAX * 3 / 2, in_target);
		assert_int_equal(peer_answer(peer), lws ? 0 : mhd && in_target ? 414 : 431);
		if (mhd)
			assert_memory_equal(peer_content(peer), "<html>", 6);
		else if (!lws)
			assert_string_equal(peer_field(peer, "Content-Type"),
			                    "text/plain; charset=utf-8");
		peer_expect_close(peer);
	}
	assert_int_equal(cell_publish(cell, "still there"), 1);
}

static void send_heads_little_above_the_limit(struct cell *cell)
{
	for (size_t size = HEAD_MAX + 5; size < HEAD_MAX * 5 / 4; size += 49) {
		struct peer *peer = peer_open(cell);
		int status;

		print_head(peer, size, size % 2);
		status = peer_answer(peer);
		if (cell_is_on(cell, "epoll"))
			assert_int_equal(status, 431);
		else if (cell_is_on(cell, "lws") || (status && status != 414))
			assert_int_equal(status, cell_is_on(cell, "lws") ? 0 : 431);
		peer_expect_close(peer);
	}
	cell_await(cell, "connections_open", 1);
}

static void test_a_head_little_above_the_limit_is_not_read(struct cell *cell)
{
	if (!cell_is_on(cell, "mhd"))
		send_heads_little_above_the_limit(cell);
}

/* libmicrohttpd may close without a word, too, and waits for more of a target that it has no room
 * for until its time is over: here that is short. */
static void test_mhd_waits_for_more_of_a_head_little_above_the_limit(struct cell *cell)
{
	if (cell_is_on(cell, "mhd"))
		send_heads_little_above_the_limit(cell);
}

/* libwebsockets needs a few bytes of it for itself, libmicrohttpd some hundreds for what it makes
 * of the head. */
static void test_a_head_at_the_limit_is_read(struct cell *cell)
{
	size_t most = cell_is_on(cell, "lws")   ? HEAD_MAX - 16
	              : cell_is_on(cell, "mhd") ? HEAD_MAX * 3 / 4
	                                        : HEAD_MAX;
	const size_t sizes[] = {HEAD_MAX / 2, most * 9 / 10, most - 150, most};

	for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
		struct peer *peer = peer_open(cell);

		print_head(peer, sizes[i / 2], i % 2);
		assert_int_equal(peer_answer(peer), 200);
	}
}

/* libwebsockets forbids what it cannot read. */
static void test_what_is_not_http_is_refused(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_print(peer, "not HTTP at all\r\n\r\n");
	assert_int_equal(peer_answer(peer), cell_is_on(cell, "lws") ? 403 : 400);
	peer_expect_close(peer);
	assert_int_equal(cell_publish(cell, "still there"), 1);
}

static void test_requests_in_one_write_are_answered_in_order(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_print(peer, "GET /stats HTTP/1.1\r\nHost: h\r\n\r\n"
	                 "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n"
	                 "GET /publish HTTP/1.1\r\nHost: h\r\n\r\n"
	                 "GET /stats HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_int_equal(peer_answer(peer), 200);
	assert_int_equal(peer_answer(peer), 404);
	assert_int_equal(peer_answer(peer), 405);
	assert_int_equal(peer_answer(peer), 200);
}

/* libwebsockets 4.1 would misread the second one's content; its runtime refuses it instead. */
static void test_a_message_behind_another_is_published_or_refused(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_print(peer,
	           "POST /publish?topic=t HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none"
	           "POST /publish?topic=t HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ntwo");
	expect_published(peer, "{\"id\":1}\n");
	if (!cell_is_on(cell, "lws"))
		expect_published(peer, "{\"id\":2}\n");
	else
		assert_int_equal(peer_answer(peer), 503);
	assert_int_equal(cell_publish(cell, "next"), !cell_is_on(cell, "lws") ? 3 : 2);
}

static void test_a_large_message_behind_an_answer_is_published(struct cell *cell)
{
	struct peer *peer = peer_open(cell);
	char message[LARGE_BYTES + 1];

	memset(message, 'm', LARGE_BYTES);
	message[LARGE_BYTES] = '\0';
	peer_request(peer, "GET", "/stats", "", NULL);
	assert_int_equal(peer_answer(peer), 200);
	for (int id = 1; id <= 2; id++) {
		peer_request(peer, "POST", "/publish?topic=" CELL_TOPIC, "", message);
		assert_int_equal(peer_answer(peer), 200);
	}
	cell_await(cell, "published", 2);
}

static void test_an_answer_to_head_has_no_content(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, "HEAD", "/stats", "", NULL);
	assert_int_equal(peer_head(peer), 200);
	assert_int_not_equal(atoi(peer_field(peer, "Content-Length")), 0);
	http_response_reset(&peer->response);
	peer_request(peer, "GET", "/nowhere", "", NULL);
	assert_int_equal(peer_answer(peer), 404);
}

/* Nothing follows a head: the connection ends, or the next thing on it is the next answer. */
static void expect_no_content(struct peer *peer)
{
	bool closes = http_response_field_has(&peer->response, "Connection", "close");

	http_response_reset(&peer->response);
	if (closes) {
		peer_expect_end(peer);
		return;
	}
	peer_request(peer, "GET", "/nowhere", "", NULL);
	assert_int_equal(peer_answer(peer), 404);
}

static void test_a_head_of_the_endpoint_subscribes_to_nothing(struct cell *cell)
{
	struct peer *got = peer_open(cell), *peer = peer_open(cell);
	char target[64], type[64], length[64];

	cell_publish(cell, "one");
	snprintf(target, sizeof target, "%s" ASK, cell->endpoint->path);
	peer_request(got, "GET", target, "", NULL);
	assert_int_equal(peer_head(got), cell_welcome(cell) == 101 ? 426 : 200);
	snprintf(type, sizeof type, "%s", peer_field(got, "Content-Type"));
	snprintf(length, sizeof length, "%s", peer_field(got, "Content-Length"));
	peer_close(cell, got);
	cell_await(cell, "subscribers", 0);
	peer_request(peer, "HEAD", target, "", NULL);
	assert_int_equal(peer_head(peer), cell_welcome(cell) == 101 ? 426 : 200);
	assert_string_equal(peer_field(peer, "Content-Type"), type);
	assert_string_equal(peer_field(peer, "Content-Length"), length);
	assert_string_equal(peer_field(peer, "Cache-Control"), "no-store");
	expect_no_content(peer);
	cell_await(cell, "subscribers", 0);
	cell_await(cell, "delivered", cell_welcome(cell) == 101 ? 0 : 1);
}

static void test_a_head_waits_for_nothing(struct cell *cell)
{
	struct peer *peer = peer_open(cell);
	bool polls = !strcmp(cell->endpoint->transport, "polling") ||
	             !strcmp(cell->endpoint->transport, "longpoll");

	peer_request(peer, "HEAD", cell->endpoint->path, "", NULL);
	assert_int_equal(peer_head(peer), cell_welcome(cell) == 101 ? 426 : polls ? 204 : 200);
	assert_string_equal(peer_field(peer, "X-Pushlab-Cursor"), polls ? "0" : "");
	expect_no_content(peer);
}

static void test_a_request_in_single_bytes_is_answered(struct cell *cell)
{
	static const char request[] =
	        "POST /publish?topic=a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
	struct peer *peer = peer_open(cell);

	peer_send_in_bytes(cell, peer, request, sizeof request - 1);
	expect_published(peer, "{\"id\":1}\n");
}

static void test_a_subscriber_that_asks_in_single_bytes_is_served(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish(cell, "one");
	peer_subscribe_in_bytes(cell, peer, ASK);
	assert_int_equal(peer_head(peer), cell_welcome(cell));
	cell_await(cell, "delivered", 1);
}

static void test_the_content_of_a_get_is_ignored(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, "GET", "/stats", "", "hello");
	assert_int_equal(peer_answer(peer), 200);
	peer_request(peer, "GET", "/nowhere", "", NULL);
	assert_int_equal(peer_answer(peer), 404);
}

static void test_a_peer_may_leave_in_the_middle_of_a_request(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_print(peer, "POST /publish HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf");
	cell_await(cell, "connections_open", 2);
	peer_close(cell, peer);
	cell_await(cell, "connections_open", 1);
	assert_int_equal(cell_publish(cell, "still there"), 1);
}

static void test_a_peer_that_reads_no_answers_harms_no_other(struct cell *cell)
{
	static const char asked[] = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";
	struct peer *peer = peer_open(cell);
	ssize_t sent = sizeof asked - 1;

	for (int i = 0; i < UNREAD && sent == sizeof asked - 1; i++)
		sent = stream_write(&peer->stream, asked, sizeof asked - 1);
	assert_int_equal(cell_publish(cell, "one"), 1);
	peer_close(cell, peer);
	cell_await(cell, "connections_open", 1);
}

/* The end of this test is the end of the server. */
static void test_the_server_ends_while_requests_arrive(struct cell *cell)
{
	for (int i = 0; i < 50; i++)
		peer_subscribe(cell, peer_open(cell), "?since=0");
	peer_print(peer_open(cell), "POST /publish HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf");
}

const struct cell_case http_cases[] = {
        CELL_CASE(test_what_is_published_is_numbered_in_its_topic),
        CELL_CASE(test_chunked_content_is_published),
        CELL_CASE(test_a_post_without_a_length_is_empty_or_refused),
        CELL_CASE(test_text_that_is_not_utf8_is_refused),
        CELL_CASE(test_bytes_need_not_be_utf8),
        CELL_CASE_WITH(test_a_message_at_the_limit_is_published, "--max-message=1000"),
        CELL_CASE_WITH(test_a_message_above_the_limit_gets_413, "--max-message=1000"),
        CELL_CASE_WITH(test_chunks_above_the_limit_get_413, "--max-message=1000"),
        CELL_CASE(test_the_counters_are_json),
        CELL_CASE(test_the_counters_are_prometheus_text),
        CELL_CASE(test_an_unknown_path_gets_404),
        CELL_CASE(test_another_method_gets_405_and_those_allowed),
        CELL_CASE(test_a_method_that_is_none_gets_405),
        CELL_CASE(test_a_request_without_a_host_is_refused),
        CELL_CASE(test_a_request_with_two_hosts_is_refused),
        CELL_CASE(test_a_length_that_is_no_number_is_refused),
        CELL_CASE(test_a_request_with_two_lengths_is_refused),
        CELL_CASE(test_a_coding_that_is_not_known_is_refused),
        CELL_CASE(test_a_field_that_is_not_known_changes_nothing),
        CELL_CASE_WITH(test_a_field_whose_name_begins_a_known_one_changes_nothing,
                       CELL_REQUEST_TIMEOUT),
        CELL_CASE(test_an_upgrade_that_is_not_offered_is_passed_over),
        CELL_CASE(test_a_cursor_that_is_no_number_is_refused),
        CELL_CASE(test_a_topic_with_a_bad_name_is_refused),
        CELL_CASE(test_a_head_above_the_limit_is_refused),
        CELL_CASE(test_a_head_at_the_limit_is_read),
        CELL_CASE(test_a_head_little_above_the_limit_is_not_read),
        CELL_CASE_WITH(test_mhd_waits_for_more_of_a_head_little_above_the_limit,
                       "--request-timeout=200"),
        CELL_CASE(test_what_is_not_http_is_refused),
        CELL_CASE(test_requests_in_one_write_are_answered_in_order),
        CELL_CASE(test_a_message_behind_another_is_published_or_refused),
        CELL_CASE(test_a_large_message_behind_an_answer_is_published),
        CELL_CASE(test_an_answer_to_head_has_no_content),
        CELL_CASE(test_a_head_of_the_endpoint_subscribes_to_nothing),
        CELL_CASE(test_a_head_waits_for_nothing),
        CELL_CASE(test_a_request_in_single_bytes_is_answered),
        CELL_CASE(test_a_subscriber_that_asks_in_single_bytes_is_served),
        CELL_CASE(test_the_content_of_a_get_is_ignored),
        CELL_CASE(test_a_peer_may_leave_in_the_middle_of_a_request),
        CELL_CASE(test_a_peer_that_reads_no_answers_harms_no_other),
        CELL_CASE(test_the_server_ends_while_requests_arrive),
        {0},
};

/* What the door says to a subscriber, on a connection of its own. */
static int enter(struct cell *cell, const char *query, const char *fields)
{
	struct peer *peer = peer_open(cell);
	int status;

	peer_subscribe_with(cell, peer, query, fields);
	status = peer_head(peer);
	if (status == 401)
		assert_string_equal(peer_field(peer, "WWW-Authenticate"),
		                    "Bearer realm=\"pushlab\"");
	peer_close(cell, peer);
	return status;
}

/* And to who publishes. */
static int publish(struct cell *cell, const char *target, const char *fields)
{
	struct peer *peer = peer_open(cell);
	int status;

	peer_request(peer, "POST", target, fields, "one");
	status = peer_answer(peer);
	peer_close(cell, peer);
	return status;
}

#define PUBLISH "/publish?topic=" CELL_TOPIC

static void test_pages_of_the_origins_listed_may_enter(struct cell *cell)
{
	static const char *const right[] = {"Origin: https://a.example\r\n",
	                                    "origin: https://b.example\r\n", ""};

	for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
		assert_int_equal(publish(cell, PUBLISH, right[i]), 200);
		assert_int_equal(enter(cell, ASK, right[i]), cell_welcome(cell));
	}
	cell_await(cell, "refused", 0);
}

static void test_pages_of_other_origins_are_refused(struct cell *cell)
{
	static const char *const wrong[] = {"https://c.example",     "http://a.example",
	                                    "https://a.example:444", "https://a.example.evil",
	                                    "https://a.exampl",      "null"};
	size_t count = sizeof wrong / sizeof *wrong;

	for (size_t i = 0; i < count; i++) {
		char field[64];

		snprintf(field, sizeof field, "Origin: %s\r\n", wrong[i]);
		assert_int_equal(publish(cell, PUBLISH, field), 403);
		assert_int_equal(enter(cell, ASK, field), 403);
	}
	assert_int_equal(
	        ask(cell, "GET /stats HTTP/1.1\r\nHost: h\r\nOrigin: https://c.example\r\n", ""),
	        403);
	cell_await(cell, "refused", 2 * count + 1);
	cell_await(cell, "published", 0);
	cell_await(cell, "subscribers", 0);
}

static void test_who_shows_the_token_may_enter(struct cell *cell)
{
	static const char *const right[] = {"Authorization: Bearer " CELL_TOKEN "\r\n",
	                                    "authorization: bearer " CELL_TOKEN "\r\n"};

	for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
		assert_int_equal(publish(cell, PUBLISH, right[i]), 200);
		assert_int_equal(enter(cell, ASK, right[i]), cell_welcome(cell));
	}
	cell_await(cell, "refused", 0);
}

static void test_who_shows_another_token_is_refused(struct cell *cell)
{
	static const char *const wrong[] = {
	        "Bearer guess",
	        ("Bearer " CELL_TOKEN "x"),
	        "Bearer open-sesam",
	        "Bearer Open-Sesame",
	        ("Basic " CELL_TOKEN),
	        CELL_TOKEN,
	        "Bearer",
	};
	size_t count = sizeof wrong / sizeof *wrong;

	for (size_t i = 0; i < count; i++) {
		char field[64];

		snprintf(field, sizeof field, "Authorization: %s\r\n", wrong[i]);
		assert_int_equal(publish(cell, PUBLISH, field), 401);
		assert_int_equal(enter(cell, ASK, field), 401);
	}
	cell_await(cell, "refused", 2 * count);
	cell_await(cell, "published", 0);
	cell_await(cell, "subscribers", 0);
}

/* A WebSocket may show it later. */
static void test_who_shows_no_token_is_refused(struct cell *cell)
{
	bool websocket = cell_welcome(cell) == 101;

	assert_int_equal(cell_publish(cell, "one"), 1);
	assert_int_equal(publish(cell, PUBLISH, ""), 401);
	assert_int_equal(ask(cell, "GET /stats HTTP/1.1\r\nHost: h\r\n", ""), 401);
	assert_int_equal(enter(cell, ASK, ""), websocket ? 101 : 401);
	/* And one in the target counts for nothing. */
	assert_int_equal(publish(cell, PUBLISH "&token=" CELL_TOKEN, ""), 401);
	assert_int_equal(enter(cell, ASK "&token=" CELL_TOKEN, ""), websocket ? 101 : 401);
	cell_await(cell, "subscribers", 0);
	cell_await(cell, "published", 1);
	cell_await(cell, "delivered", 0);
}

static void test_a_token_in_the_url_counts_where_it_may(struct cell *cell)
{
	static const char *const wrong[] = {"guess", "", CELL_TOKEN "x"};

	assert_int_equal(publish(cell, PUBLISH "&token=" CELL_TOKEN, ""), 200);
	assert_int_equal(enter(cell, ASK "&token=" CELL_TOKEN, ""), cell_welcome(cell));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char target[64];

		snprintf(target, sizeof target, PUBLISH "&token=%s", wrong[i]);
		assert_int_equal(publish(cell, target, ""), 401);
		snprintf(target, sizeof target, ASK "&token=%s", wrong[i]);
		assert_int_equal(enter(cell, target, ""), 401);
	}
	cell_await(cell, "published", 1);
	cell_await(cell, "subscribers", 0);
}

static void test_who_publishes_too_fast_gets_429(struct cell *cell)
{
	struct peer *peer = peer_open(cell);
	struct peer *other = peer_open_as(cell, &(struct peer_way){.from = "127.0.0.2"});

	for (int i = 0; i < BURST; i++) {
		peer_request(peer, "POST", PUBLISH, "", "one");
		assert_int_equal(peer_answer(peer), 200);
	}
	peer_request(peer, "POST", PUBLISH, "", "one");
	assert_int_equal(peer_answer(peer), 429);
	assert_in_range(atoi(peer_field(peer, "Retry-After")), 1, 100);
	peer_request(other, "POST", PUBLISH, "", "one");
	assert_int_equal(peer_answer(other), 200);
	peer_request(peer, "GET", "/stats", "", NULL);
	assert_int_equal(peer_answer(peer), 200);
	cell_await(cell, "published", BURST + 1);
	cell_await(cell, "refused", 1);
}

/* The first is the one that asks for the counters. */
static void test_a_connection_too_many_gets_503(struct cell *cell)
{
	struct peer *peer, *surplus;

	assert_int_equal(cell_publish(cell, "one"), 1);
	peer = peer_open(cell);
	cell_await(cell, "connections_open", 2);
	for (int i = 0; i < 2; i++) {
		surplus = peer_open(cell);
		if (i)
			peer_request(surplus, "POST", PUBLISH, "", "two");
		else
			peer_subscribe(cell, surplus, ASK);
		assert_int_equal(peer_answer(surplus), 503);
		assert_true(http_response_field_has(&surplus->response, "Connection", "close"));
		peer_expect_end(surplus);
		peer_close(cell, surplus);
		cell_await(cell, "connections_open", 2);
	}
	cell_await(cell, "refused", 2);
	cell_await(cell, "published", 1);
	peer_close(cell, peer);
	cell_await(cell, "connections_open", 1);
	assert_int_equal(enter(cell, ASK, ""), cell_welcome(cell));
}

static void expect_timeouts(struct cell *cell)
{
	assert_true(cell_counter(cell, "timeouts") > 0);
	assert_int_equal(cell_publish(cell, "still there"), 1);
	cell_await(cell, "connections_open", 1);
}

static void test_a_client_that_asks_for_nothing_is_dropped(struct cell *cell)
{
	peer_expect_end(peer_open(cell));
	expect_timeouts(cell);
}

static void drip(struct cell *cell, struct peer *peer, const char *begin)
{
	peer_drip(peer, begin, strlen(begin));
	expect_timeouts(cell);
}

static void test_a_client_that_asks_a_byte_now_and_then_is_dropped(struct cell *cell)
{
	drip(cell, peer_open(cell), "GET /stats?");
}

static void test_a_client_that_publishes_a_byte_now_and_then_is_dropped(struct cell *cell)
{
	drip(cell, peer_open(cell),
	     "POST " PUBLISH " HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\n");
}

/* A connection whose first request has been answered. */
static struct peer *ask_once(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, "GET", "/stats", "", NULL);
	assert_int_equal(peer_answer(peer), 200);
	return peer;
}

static void test_a_client_that_asks_no_more_is_dropped(struct cell *cell)
{
	peer_expect_end(ask_once(cell));
	expect_timeouts(cell);
}

static void test_a_client_that_asks_again_a_byte_now_and_then_is_dropped(struct cell *cell)
{
	drip(cell, ask_once(cell), "GET /stats?");
}

const struct cell_case door_cases[] = {
        CELL_CASE_WITH(test_pages_of_the_origins_listed_may_enter, ORIGINS),
        CELL_CASE_WITH(test_pages_of_other_origins_are_refused, ORIGINS),
        CELL_CASE_WITH(test_who_shows_the_token_may_enter, TOKEN),
        CELL_CASE_WITH(test_who_shows_another_token_is_refused, TOKEN),
        CELL_CASE_WITH(test_who_shows_no_token_is_refused, TOKEN),
        CELL_CASE_WITH(test_a_token_in_the_url_counts_where_it_may, TOKEN " --token-in-url"),
        CELL_CASE_WITH(test_who_publishes_too_fast_gets_429,
                       "--publish-rate=0.01 --publish-burst=3"),
        CELL_CASE_WITH(test_a_connection_too_many_gets_503, "--max-connections=2"),
        CELL_CASE_WITH(test_a_client_that_asks_for_nothing_is_dropped, CELL_REQUEST_TIMEOUT),
        CELL_CASE_WITH(test_a_client_that_asks_a_byte_now_and_then_is_dropped,
                       CELL_REQUEST_TIMEOUT),
        CELL_CASE_WITH(test_a_client_that_publishes_a_byte_now_and_then_is_dropped,
                       CELL_REQUEST_TIMEOUT),
        CELL_CASE_WITH(test_a_client_that_asks_no_more_is_dropped, "--idle-timeout=200"),
        CELL_CASE_WITH(test_a_client_that_asks_again_a_byte_now_and_then_is_dropped,
                       "--idle-timeout=200"),
        {0},
};
