#include "handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "net.h"

static void puts_the_bytes_of_the_example(void **state)
{
	char request[512], answer[512];

	(void)state;
	assert_int_equal(handshake_request(request, sizeof request, "/chat", ""), 161);
	assert_true(handshake_answer(answer, sizeof answer, request));
	assert_int_equal(strlen(answer), 129);
	assert_non_null(strstr(answer, "Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
}

static void finds_a_header(void **state)
{
	static const char head[] =
	        "GET / HTTP/1.1\r\nOrigin-Of: no\r\norigin: \t a b \r\n\r\nUpgrade: c";
	char value[8];

	(void)state;
	assert_true(handshake_header(head, "Origin", value, sizeof value));
	assert_string_equal(value, "a b");
	assert_false(handshake_header(head, "Upgrade", value, sizeof value));
	assert_string_equal(value, "");
	assert_true(handshake_header(head, "ORIGIN-OF", value, 2));
	assert_string_equal(value, "n");
}

static void refuses_without_a_key_or_with_another_version(void **state)
{
	char answer[512];

	(void)state;
	assert_false(handshake_answer(answer, sizeof answer,
	                              "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\n\r\n"));
	assert_false(handshake_answer(answer, sizeof answer,
	                              "GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\n"
	                              "Sec-WebSocket-Version: 12\r\n\r\n"));
}

/* Says "Hi" behind its answer, so that one sees that not a byte of it is read too early. */
static void serve(int connection, void *user)
{
	char request[512], path[8];

	(void)user;
	if (!handshake_accept(connection, request, sizeof request))
		return;
	memcpy(path, request + strlen("GET "), 2);
	net_write(connection, path, 2);
}

static void both_sides_agree(void **state)
{
	char path[2];
	uint16_t port;
	int status;

	(void)state;
	pid_t server = net_serve(net_listen(&port), serve, NULL);
	int connection = handshake_connect(port, "/x", "Origin: y\r\n", &status);
	assert_true(connection >= 0);
	assert_int_equal(status, 101);
	assert_int_equal(net_read_all(connection, path, 2), 2);
	assert_memory_equal(path, "/x", 2);
	close(connection);
	net_stop(server);
}

static void refuse(int connection, void *user)
{
	char request[512];

	(void)user;
	net_read_http(connection, request, sizeof request);
	net_write(connection, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 45);
}

static void says_how_it_was_refused(void **state)
{
	uint16_t port;
	int status;

	(void)state;
	pid_t server = net_serve(net_listen(&port), refuse, NULL);
	assert_int_equal(handshake_connect(port, "/", "", &status), -1);
	assert_int_equal(status, 403);
	net_stop(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(puts_the_bytes_of_the_example),
	        cmocka_unit_test(finds_a_header),
	        cmocka_unit_test(refuses_without_a_key_or_with_another_version),
	        cmocka_unit_test(both_sides_agree),
	        cmocka_unit_test(says_how_it_was_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
