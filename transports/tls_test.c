#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/project.h"
#include "feed.h"

#define ROUNDS     50 /* more than any handshake takes */
#define HOST       "localhost"
#define MEBIBYTE   ((size_t)1 << 20)
#define LINE_BYTES 512

/* Both ends of a connection, with what their handshakes gave. */
struct pair {
	struct tls_context *contexts[2];
	int fds[2];
	struct tls *client, *server;
	int client_result, server_result;
};

static void certs_path(char path[PATH_MAX], const char *name, const char *ending)
{
	char relative[64];

	snprintf(relative, sizeof relative, "certs/%s.%s", name, ending);
	if (project_path(path, PATH_MAX, relative))
		fail_msg("%s is missing: run scripts/certs", relative);
}

static struct tls_context *server_context(const char *name)
{
	char certificate[PATH_MAX], key[PATH_MAX], error[LINE_BYTES];
	struct tls_context *context;

	certs_path(certificate, name, "pem");
	certs_path(key, name, "key");
	if (tls_server_open(&context, certificate, key, error, sizeof error))
		fail_msg("%s", error);
	return context;
}

static struct tls_context *client_context(const char *authority, bool resume)
{
	char path[PATH_MAX], error[LINE_BYTES];
	struct tls_context *context;

	certs_path(path, authority, "pem");
	if (tls_client_open(&context, path, resume, error, sizeof error))
		fail_msg("%s", error);
	return context;
}

static void socket_pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
	                 0);
}

static void shake_hands(struct pair *pair)
{
	pair->client_result = pair->server_result = -EAGAIN;
	for (int round = 0; round < ROUNDS; round++) {
		pair->client_result = tls_handshake(pair->client);
		pair->server_result = tls_handshake(pair->server);
		if (pair->client_result != -EAGAIN && pair->server_result != -EAGAIN)
			return;
	}
}

static void connect_pair(struct pair *pair, const char *host)
{
	socket_pair(pair->fds);
	pair->client = tls_open(pair->contexts[0], pair->fds[0], host);
	pair->server = tls_open(pair->contexts[1], pair->fds[1], NULL);
	assert_non_null(pair->client);
	assert_non_null(pair->server);
	shake_hands(pair);
}

static void disconnect_pair(struct pair *pair)
{
	tls_close(&pair->client);
	tls_close(&pair->server);
	close(pair->fds[0]);
	close(pair->fds[1]);
}

static struct pair open_pair_with(const char *authority, const char *server, const char *host)
{
	struct pair pair = {.contexts = {client_context(authority, false), server_context(server)}};

	connect_pair(&pair, host);
	return pair;
}

/* A connection that has shaken hands. */
static struct pair open_pair(void)
{
	struct pair pair = open_pair_with("ca", "server", HOST);

	assert_int_equal(pair.client_result, 0);
	assert_int_equal(pair.server_result, 0);
	return pair;
}

static void close_contexts(struct pair *pair)
{
	tls_context_close(&pair->contexts[0]);
	tls_context_close(&pair->contexts[1]);
}

static void close_pair(struct pair *pair)
{
	disconnect_pair(pair);
	close_contexts(pair);
}

/* As a sender whose buffer has moved: from a copy that lives for one call. */
static ssize_t write_copy(struct tls *from, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);
	ssize_t sent;

	assert_non_null(copy);
	memcpy(copy, data, size);
	sent = tls_write(from, copy, size);
	free(copy);
	return sent;
}

/* Returns how often the sender had to wait. */
static unsigned carry(struct tls *from, struct tls *to, const uint8_t *data, size_t size)
{
	uint8_t *received = calloc(1, size);
	size_t sent = 0, got = 0;
	unsigned waits = 0;

	assert_non_null(received);
	while (got < size) {
		ssize_t step = sent < size ? write_copy(from, data + sent, size - sent) : 0;

		assert_true(step >= 0 || step == -EAGAIN);
		waits += step == -EAGAIN;
		sent += step > 0 ? (size_t)step : 0;
		step = tls_read(to, received + got, size - got);
		assert_true(step > 0 || step == -EAGAIN);
		got += step > 0 ? (size_t)step : 0;
	}
	assert_memory_equal(received, data, size);
	free(received);
	return waits;
}

static void test_bytes_go_both_ways(void **state)
{
	struct pair pair = open_pair();

	(void)state;
	carry(pair.client, pair.server, (const uint8_t *)"hello", 5);
	carry(pair.server, pair.client, (const uint8_t *)"welcome", 7);
	close_pair(&pair);
}

static void test_small_socket_buffers_cut_nothing_from_much_data(void **state)
{
	struct pair pair = open_pair();
	uint8_t *data = malloc(MEBIBYTE);
	int small = 4096;

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < MEBIBYTE; i++)
		data[i] = (uint8_t)(i * 2654435761U >> 13);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		        setsockopt(pair.fds[i], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
	assert_true(carry(pair.client, pair.server, data, MEBIBYTE) > 10);
	assert_true(carry(pair.server, pair.client, data, MEBIBYTE) > 10);
	free(data);
	close_pair(&pair);
}

static void test_reading_and_writing_go_on_with_the_handshake(void **state)
{
	struct pair pair = {.contexts = {client_context("ca", false), server_context("server")}};

	(void)state;
	socket_pair(pair.fds);
	pair.client = tls_open(pair.contexts[0], pair.fds[0], HOST);
	pair.server = tls_open(pair.contexts[1], pair.fds[1], NULL);
	carry(pair.client, pair.server, (const uint8_t *)"at once", 7);
	close_pair(&pair);
}

static void test_it_says_what_it_waits_for(void **state)
{
	static const uint8_t data[4096];
	struct pair pair = open_pair();
	uint8_t byte;

	(void)state;
	assert_int_equal(tls_read(pair.client, &byte, 1), -EAGAIN);
	assert_false(tls_wants_write(pair.client));
	while (tls_write(pair.client, data, sizeof data) > 0)
		;
	assert_int_equal(tls_write(pair.client, data, sizeof data), -EAGAIN);
	assert_true(tls_wants_write(pair.client));
	close_pair(&pair);
}

static void test_bytes_of_a_record_that_was_read_in_part_are_pending(void **state)
{
	struct pair pair = open_pair();
	char data[10];

	(void)state;
	assert_false(tls_has_pending(pair.client));
	assert_int_equal(tls_write(pair.server, "0123456789", 10), 10);
	assert_int_equal(tls_read(pair.client, data, 4), 4);
	assert_true(tls_has_pending(pair.client));
	assert_int_equal(tls_read(pair.client, data, sizeof data), 6);
	assert_false(tls_has_pending(pair.client));
	close_pair(&pair);
}

static void expect_refusal(const char *authority, const char *server, const char *host,
                           const char *why)
{
	struct pair pair = open_pair_with(authority, server, host);
	char byte;

	assert_int_equal(pair.client_result, -EPROTO);
	assert_non_null(strstr(tls_why(pair.client), why));
	assert_int_equal(pair.server_result, -EPROTO);
	assert_non_null(strstr(tls_why(pair.server), "alert"));
	assert_int_equal(tls_read(pair.client, &byte, 1), -EPROTO);
	assert_int_equal(tls_write(pair.client, "x", 1), -EPROTO);
	close_pair(&pair);
}

static void test_a_certificate_for_another_host_is_refused(void **state)
{
	(void)state;
	expect_refusal("ca", "wrong-host", HOST, "hostname mismatch");
}

static void test_a_certificate_for_another_address_is_refused(void **state)
{
	(void)state;
	expect_refusal("ca", "server", "127.0.0.3", "IP address mismatch");
}

static void test_a_certificate_of_another_authority_is_refused(void **state)
{
	(void)state;
	expect_refusal("other-ca", "server", HOST, "issuer certificate");
}

static void test_an_expired_certificate_is_refused(void **state)
{
	(void)state;
	expect_refusal("ca", "expired", HOST, "expired");
}

/* The certificate itself is no authority: the chain must end at one (no partial chain). */
static void test_a_server_certificate_is_not_an_authority(void **state)
{
	(void)state;
	expect_refusal("server", "server", HOST, "issuer certificate");
}

static void test_a_host_may_be_a_numeric_address(void **state)
{
	static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "::1"};

	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		struct pair pair = open_pair_with("ca", "server", addresses[i]);

		assert_int_equal(pair.client_result, 0);
		close_pair(&pair);
	}
}

/* A peer that is OpenSSL alone. */
static SSL *open_raw(const SSL_METHOD *method, int fd)
{
	SSL_CTX *context = SSL_CTX_new(method);
	SSL *ssl = SSL_new(context);

	SSL_CTX_free(context); /* ssl has its own reference */
	assert_non_null(ssl);
	assert_int_equal(SSL_set_fd(ssl, fd), 1);
	return ssl;
}

/* A client that offers these protocols (none: NULL) to our server; gives the server's result, and
 * in `error` the client's. */
static int offer(const char *protocols, int version_max, char selected[16], int *error)
{
	struct tls_context *context = server_context("server");
	const unsigned char *name;
	unsigned size;
	struct tls *server;
	int fds[2], result = -EAGAIN;
	SSL *client;

	socket_pair(fds);
	server = tls_open(context, fds[1], NULL);
	client = open_raw(TLS_client_method(), fds[0]);
	SSL_set_max_proto_version(client, version_max);
	if (protocols)
		SSL_set_alpn_protos(client, (const unsigned char *)protocols,
		                    (unsigned)strlen(protocols));
	for (int round = 0; round < ROUNDS && result == -EAGAIN; round++) {
		SSL_connect(client);
		result = tls_handshake(server);
	}
	ERR_clear_error();
	SSL_connect(client);
	*error = ERR_GET_REASON(ERR_peek_error());
	SSL_get0_alpn_selected(client, &name, &size);
	snprintf(selected, 16, "%.*s", (int)size, (const char *)name);
	SSL_free(client);
	tls_close(&server);
	close(fds[0]);
	close(fds[1]);
	tls_context_close(&context);
	return result;
}

/* There are clients that offer http/1.0 alone: curl --http1.0. */
static void test_the_server_selects_http_1_1_or_else_1_0(void **state)
{
	char selected[16];
	int error;

	(void)state;
	assert_int_equal(offer("\x02h2\x08http/1.0\x08http/1.1", 0, selected, &error), 0);
	assert_string_equal(selected, "http/1.1");
	assert_int_equal(offer("\x02h2\x08http/1.0", 0, selected, &error), 0);
	assert_string_equal(selected, "http/1.0");
}

static void test_the_server_goes_on_without_alpn(void **state)
{
	char selected[16];
	int error;

	(void)state;
	assert_int_equal(offer(NULL, 0, selected, &error), 0);
	assert_string_equal(selected, "");
}

static void test_the_server_refuses_a_client_without_a_protocol_in_common(void **state)
{
	char selected[16];
	int error;

	(void)state;
	assert_int_equal(offer("\x02h2", 0, selected, &error), -EPROTO);
	assert_int_equal(error, SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
}

static void test_tls_1_2_is_spoken(void **state)
{
	char selected[16];
	int error;

	(void)state;
	assert_int_equal(offer(NULL, TLS1_2_VERSION, selected, &error), 0);
}

/* Without the length of the list, which comes first. */
/* NOLINTNEXTLINE(readability-non-const-parameter): OpenSSL's type */
static int note_protocols(SSL *ssl, int *alert, void *user)
{
	const unsigned char *list;
	size_t size;

	(void)alert;
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation,
	                              &list, &size))
		snprintf(user, LINE_BYTES, "%.*s", (int)size - 2, (const char *)list + 2);
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* What our client tells a server: its protocols, and the name it asks for. */
static void greet(const char *host, char protocols[LINE_BYTES], char name[LINE_BYTES])
{
	struct tls_context *context = client_context("ca", false);
	struct tls *client;
	const char *asked;
	SSL *server;
	int fds[2];

	socket_pair(fds);
	client = tls_open(context, fds[0], host);
	server = open_raw(TLS_server_method(), fds[1]);
	SSL_CTX_set_client_hello_cb(SSL_get_SSL_CTX(server), note_protocols, protocols);
	protocols[0] = '\0';
	assert_int_equal(tls_handshake(client), -EAGAIN);
	SSL_accept(server); /* has no certificate, so this fails after the greeting */
	asked = SSL_get_servername(server, TLSEXT_NAMETYPE_host_name);
	snprintf(name, LINE_BYTES, "%s", asked ? asked : "");
	SSL_free(server);
	tls_close(&client);
	close(fds[0]);
	close(fds[1]);
	tls_context_close(&context);
	ERR_clear_error();
}

static void test_the_client_names_the_host_unless_it_is_an_address(void **state)
{
	char protocols[LINE_BYTES], name[LINE_BYTES];

	(void)state;
	greet(HOST, protocols, name);
	assert_string_equal(name, HOST);
	greet("127.0.0.1", protocols, name);
	assert_string_equal(name, "");
}

static void test_the_client_offers_http_1_1(void **state)
{
	char protocols[LINE_BYTES], name[LINE_BYTES];

	(void)state;
	greet(HOST, protocols, name);
	assert_string_equal(protocols, "\x08http/1.1");
}

/* Has the client read what the server says after the handshake: its tickets. */
static void connect_again(struct pair *pair, const char *host)
{
	connect_pair(pair, host);
	assert_int_equal(pair->client_result, 0);
	assert_int_equal(pair->server_result, 0);
	carry(pair->server, pair->client, (const uint8_t *)"x", 1);
}

static void expect_resumption(bool resume, const char *first, const char *second, bool expected)
{
	struct pair pair = {.contexts = {client_context("ca", resume), server_context("server")}};

	connect_again(&pair, first);
	assert_false(tls_is_resumed(pair.client));
	disconnect_pair(&pair);
	connect_again(&pair, second);
	assert_int_equal(tls_is_resumed(pair.client), expected);
	assert_int_equal(tls_is_resumed(pair.server), expected);
	close_pair(&pair);
}

static void test_a_session_is_resumed(void **state)
{
	(void)state;
	expect_resumption(true, HOST, HOST, true);
}

static void test_a_client_that_is_not_to_resume_does_not(void **state)
{
	(void)state;
	expect_resumption(false, HOST, HOST, false);
}

static void test_a_session_with_one_host_is_not_resumed_with_another(void **state)
{
	(void)state;
	expect_resumption(true, HOST, "127.0.0.1", false);
}

static void test_the_session_of_a_connection_that_was_cut_is_resumed(void **state)
{
	struct pair pair = {.contexts = {client_context("ca", true), server_context("server")}};
	char byte;

	(void)state;
	connect_again(&pair, HOST);
	shutdown(pair.fds[1], SHUT_RDWR);
	assert_int_equal(tls_read(pair.client, &byte, 1), -ECONNRESET);
	disconnect_pair(&pair);
	connect_again(&pair, HOST);
	assert_true(tls_is_resumed(pair.client));
	close_pair(&pair);
}

static void test_a_stream_that_was_closed_ends(void **state)
{
	struct pair pair = open_pair();
	char data[4];

	(void)state;
	assert_int_equal(tls_write(pair.server, "bye", 3), 3);
	tls_close(&pair.server);
	close(pair.fds[1]);
	pair.fds[1] = -1;
	assert_int_equal(tls_read(pair.client, data, sizeof data), 3);
	assert_int_equal(tls_read(pair.client, data, sizeof data), 0);
	assert_int_equal(tls_read(pair.client, data, sizeof data), 0);
	close_pair(&pair);
}

static void test_a_stream_that_was_cut_off_is_an_error(void **state)
{
	struct pair pair = open_pair();
	char byte;

	(void)state;
	shutdown(pair.fds[1], SHUT_WR);
	assert_int_equal(tls_read(pair.client, &byte, 1), -ECONNRESET);
	assert_string_equal(tls_why(pair.client), "the connection ended without close_notify");
	assert_int_equal(tls_read(pair.client, &byte, 1), -ECONNRESET);
	close_pair(&pair);
}

static void test_a_handshake_that_was_cut_off_is_an_error(void **state)
{
	struct tls_context *context = client_context("ca", false);
	struct tls *client;
	int fds[2];

	(void)state;
	socket_pair(fds);
	client = tls_open(context, fds[0], HOST);
	assert_int_equal(tls_handshake(client), -EAGAIN);
	close(fds[1]);
	assert_int_equal(tls_handshake(client), -ECONNRESET);
	tls_close(&client);
	close(fds[0]);
	tls_context_close(&context);
}

/* SIGPIPE would end this program. */
static void test_writing_to_a_dead_peer_is_an_error_and_no_signal(void **state)
{
	struct pair pair = open_pair();

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	close(pair.fds[1]);
	pair.fds[1] = -1;
	assert_int_equal(tls_write(pair.client, "x", 1), -ECONNRESET);
	assert_int_equal(tls_write(pair.client, "x", 1), -ECONNRESET);
	close_pair(&pair);
}

static void test_the_last_words_of_a_dead_peer_can_be_read(void **state)
{
	struct pair pair = open_pair();
	char data[8];

	(void)state;
	assert_int_equal(tls_write(pair.server, "413", 3), 3);
	close(pair.fds[1]);
	pair.fds[1] = -1;
	assert_int_equal(tls_write(pair.client, "x", 1), -ECONNRESET);
	assert_int_equal(tls_read(pair.client, data, sizeof data), 3);
	assert_int_equal(tls_read(pair.client, data, sizeof data), -ECONNRESET);
	close_pair(&pair);
}

static void expect_not_tls(struct tls_context *context, const char *host, const char *text)
{
	struct tls *tls;
	int fds[2];

	socket_pair(fds);
	tls = tls_open(context, fds[0], host);
	assert_int_equal(write(fds[1], text, strlen(text)), strlen(text));
	assert_int_equal(tls_handshake(tls), -EPROTO);
	assert_string_equal(tls_why(tls), "the peer does not speak TLS");
	assert_int_equal(tls_handshake(tls), -EPROTO);
	tls_close(&tls);
	close(fds[0]);
	close(fds[1]);
	tls_context_close(&context);
}

static void test_a_peer_that_does_not_speak_tls_is_refused(void **state)
{
	(void)state;
	expect_not_tls(server_context("server"), NULL, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	expect_not_tls(client_context("ca", false), HOST, "HTTP/1.1 400 Bad Request\r\n\r\n");
}

static void test_an_error_of_another_connection_does_no_harm(void **state)
{
	struct pair pair = open_pair();
	char byte;

	(void)state;
	ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
	assert_int_equal(tls_read(pair.client, &byte, 1), -EAGAIN);
	close_pair(&pair);
}

/* Opening gives -EINVAL and one line: the path of a file, then what is wrong. */
static void expect_bad_server(const char *certificate, const char *key, const char *file,
                              const char *what)
{
	struct tls_context *context = NULL;
	char error[LINE_BYTES] = "", expected[LINE_BYTES + PATH_MAX];

	assert_int_equal(tls_server_open(&context, certificate, key, error, sizeof error), -EINVAL);
	assert_null(context);
	snprintf(expected, sizeof expected, "%s: %s", file, what);
	assert_memory_equal(error, expected, strlen(expected));
	assert_null(strchr(error, '\n'));
}

static void test_a_file_that_is_missing_is_named(void **state)
{
	static const char none[] = "/no/such/file.pem";
	char pem[PATH_MAX], key[PATH_MAX], error[LINE_BYTES];
	struct tls_context *context = NULL;

	(void)state;
	certs_path(pem, "server", "pem");
	certs_path(key, "server", "key");
	expect_bad_server(none, key, none, "No such file or directory");
	expect_bad_server(pem, none, none, "No such file or directory");
	assert_int_equal(tls_client_open(&context, none, false, error, sizeof error), -EINVAL);
	assert_string_equal(error, "/no/such/file.pem: No such file or directory");
}

static void test_a_file_that_holds_something_else_is_named(void **state)
{
	char pem[PATH_MAX], key[PATH_MAX], expected[LINE_BYTES + PATH_MAX], error[LINE_BYTES];
	struct tls_context *context = NULL;

	(void)state;
	certs_path(pem, "server", "pem");
	certs_path(key, "server", "key");
	expect_bad_server(key, key, key, "no usable certificate in PEM: ");
	expect_bad_server(pem, pem, pem, "no private key in PEM: ");
	assert_int_equal(tls_client_open(&context, key, false, error, sizeof error), -EINVAL);
	snprintf(expected, sizeof expected, "%s: no certificate in PEM: ", key);
	assert_memory_equal(error, expected, strlen(expected));
}

static void test_the_key_of_another_certificate_is_named(void **state)
{
	char pem[PATH_MAX], key[PATH_MAX];

	(void)state;
	certs_path(pem, "server", "pem");
	certs_path(key, "wrong-host", "key");
	expect_bad_server(pem, key, key, "not the key of ");
}

/* And nobody is asked for the password. */
static void test_an_encrypted_key_is_named(void **state)
{
	char pem[PATH_MAX], path[] = "/tmp/tls_test.XXXXXX";
	EVP_PKEY *key = EVP_EC_gen("P-256");
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	(void)state;
	assert_non_null(file);
	assert_int_equal(
	        PEM_write_PKCS8PrivateKey(file, key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL),
	        1);
	fclose(file);
	EVP_PKEY_free(key);
	certs_path(pem, "server", "pem");
	expect_bad_server(pem, path, path, "no private key in PEM: ");
	unlink(path);
}

static void test_memory_that_runs_out_is_an_error(void **state)
{
	struct tls_context *context = NULL;
	char error[LINE_BYTES];

	(void)state;
	feed_fail_at = 1;
	assert_int_equal(tls_client_open(&context, "x", false, error, sizeof error), -ENOMEM);
	assert_string_equal(error, "out of memory");
	context = server_context("server");
	feed_fail_at = 1;
	assert_null(tls_open(context, -1, NULL));
	feed_fail_at = 0;
	tls_context_close(&context);
}

static void test_closing_nothing_is_fine(void **state)
{
	struct tls_context *context = NULL;
	struct tls *tls = NULL;

	(void)state;
	tls_close(&tls);
	tls_context_close(&context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_bytes_go_both_ways),
	        cmocka_unit_test(test_small_socket_buffers_cut_nothing_from_much_data),
	        cmocka_unit_test(test_reading_and_writing_go_on_with_the_handshake),
	        cmocka_unit_test(test_it_says_what_it_waits_for),
	        cmocka_unit_test(test_bytes_of_a_record_that_was_read_in_part_are_pending),
	        cmocka_unit_test(test_a_certificate_for_another_host_is_refused),
	        cmocka_unit_test(test_a_certificate_for_another_address_is_refused),
	        cmocka_unit_test(test_a_certificate_of_another_authority_is_refused),
	        cmocka_unit_test(test_an_expired_certificate_is_refused),
	        cmocka_unit_test(test_a_server_certificate_is_not_an_authority),
	        cmocka_unit_test(test_a_host_may_be_a_numeric_address),
	        cmocka_unit_test(test_the_server_selects_http_1_1_or_else_1_0),
	        cmocka_unit_test(test_the_server_goes_on_without_alpn),
	        cmocka_unit_test(test_the_server_refuses_a_client_without_a_protocol_in_common),
	        cmocka_unit_test(test_tls_1_2_is_spoken),
	        cmocka_unit_test(test_the_client_names_the_host_unless_it_is_an_address),
	        cmocka_unit_test(test_the_client_offers_http_1_1),
	        cmocka_unit_test(test_a_session_is_resumed),
	        cmocka_unit_test(test_a_client_that_is_not_to_resume_does_not),
	        cmocka_unit_test(test_a_session_with_one_host_is_not_resumed_with_another),
	        cmocka_unit_test(test_the_session_of_a_connection_that_was_cut_is_resumed),
	        cmocka_unit_test(test_a_stream_that_was_closed_ends),
	        cmocka_unit_test(test_a_stream_that_was_cut_off_is_an_error),
	        cmocka_unit_test(test_a_handshake_that_was_cut_off_is_an_error),
	        cmocka_unit_test(test_writing_to_a_dead_peer_is_an_error_and_no_signal),
	        cmocka_unit_test(test_the_last_words_of_a_dead_peer_can_be_read),
	        cmocka_unit_test(test_a_peer_that_does_not_speak_tls_is_refused),
	        cmocka_unit_test(test_an_error_of_another_connection_does_no_harm),
	        cmocka_unit_test(test_a_file_that_is_missing_is_named),
	        cmocka_unit_test(test_a_file_that_holds_something_else_is_named),
	        cmocka_unit_test(test_the_key_of_another_certificate_is_named),
	        cmocka_unit_test(test_an_encrypted_key_is_named),
	        cmocka_unit_test(test_memory_that_runs_out_is_an_error),
	        cmocka_unit_test(test_closing_nothing_is_fine),
	};

	return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
