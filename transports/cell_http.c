/* What every cell's server does with HTTP, besides its endpoint. */
#include <inttypes.h>
#include <jansson.h>

#include "cell_fixture.h"

#define MESSAGE_MAX 1000
#define UNREAD      8000

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

/* libwebsockets closes without a word. */
static void test_a_head_above_the_limit_is_refused(struct cell *cell)
{
	struct peer *peer = peer_open(cell);
	char field[4097];

	memset(field, 'f', sizeof field);
	field[sizeof field - 1] = '\0';
	peer_print(peer, "GET /stats HTTP/1.1\r\nHost: h\r\nX: %s\r\n\r\n", field);
	assert_int_equal(peer_answer(peer), cell_is_on(cell, "lws") ? 0 : 431);
	assert_int_equal(cell_publish(cell, "still there"), 1);
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

static void test_a_request_in_single_bytes_is_answered(struct cell *cell)
{
	static const char request[] =
	        "POST /publish?topic=a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
	struct peer *peer = peer_open(cell);

	for (size_t i = 0; i < sizeof request - 1; i++)
		peer_send(peer, request + i, 1);
	expect_published(peer, "{\"id\":1}\n");
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
        CELL_CASE(test_a_cursor_that_is_no_number_is_refused),
        CELL_CASE(test_a_topic_with_a_bad_name_is_refused),
        CELL_CASE(test_a_head_above_the_limit_is_refused),
        CELL_CASE(test_what_is_not_http_is_refused),
        CELL_CASE(test_requests_in_one_write_are_answered_in_order),
        CELL_CASE(test_a_message_behind_another_is_published_or_refused),
        CELL_CASE(test_an_answer_to_head_has_no_content),
        CELL_CASE(test_a_request_in_single_bytes_is_answered),
        CELL_CASE(test_the_content_of_a_get_is_ignored),
        CELL_CASE(test_a_peer_may_leave_in_the_middle_of_a_request),
        CELL_CASE(test_a_peer_that_reads_no_answers_harms_no_other),
        CELL_CASE(test_the_server_ends_while_requests_arrive),
        {0},
};
