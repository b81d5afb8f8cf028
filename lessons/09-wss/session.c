/*
 * The session as code. What makes wss of ws is here: end_write and end_more call SSL_write and
 * SSL_read where they would else call write and read. All else is the same for both.
 */
#include "session.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"
#include "../stage/relay.h"
#include "certificates.h"

/* One end of a connection: ssl is NULL where it is in clear. */
struct end {
	int fd;
	SSL *ssl;
	size_t have; /* bytes that came and were not used yet */
	char got[2048];
};

/* TLS makes one record of it (RFC 8446, 5.1), as long as it has 16384 bytes at most. */
static void end_write(struct end *end, const void *data, size_t size)
{
	if (end->ssl)
		SSL_write(end->ssl, data, (int)size);
	else
		net_write(end->fd, data, size);
}

static bool end_more(struct end *end)
{
	const size_t room = sizeof end->got - 1 - end->have;
	char *to = end->got + end->have;
	const int got =
	        end->ssl ? SSL_read(end->ssl, to, (int)room) : (int)net_read(end->fd, to, room);

	if (room == 0 || got <= 0)
		return false;
	end->have += (size_t)got;
	end->got[end->have] = '\0';
	return true;
}

static void end_use(struct end *end, size_t size)
{
	end->have -= size;
	memmove(end->got, end->got + size, end->have + 1);
}

/* Waits for a head of HTTP, which the next call overwrites. */
static const char *end_head(struct end *end)
{
	static char head[sizeof end->got];
	const char *blank;

	while (!(blank = strstr(end->got, "\r\n\r\n"))) {
		if (!end_more(end))
			return "";
	}
	snprintf(head, sizeof head, "%.*s", (int)(blank + 4 - end->got), end->got);
	end_use(end, strlen(head));
	return head;
}

static bool end_frame(struct end *end, struct frame *frame)
{
	size_t size;

	while ((size = frame_take(frame, (uint8_t *)end->got, end->have)) == 0) {
		if (!end_more(end))
			return false;
	}
	end_use(end, size);
	return true;
}

static void end_write_frame(struct end *end, bool client, unsigned opcode, const char *payload)
{
	uint8_t wire[FRAME_WIRE_MOST];

	end_write(
	        end, wire,
	        frame_put(wire, FIN | opcode, client ? frame_key : NULL, payload, strlen(payload)));
}

/* Says in TLS too that no more will come, so that nobody can cut a message short unseen. */
static void end_close(struct end *end)
{
	if (end->ssl)
		SSL_shutdown(end->ssl);
	else
		shutdown(end->fd, SHUT_WR);
	while (end_more(end))
		end_use(end, end->have);
	SSL_free(end->ssl);
}

/* user is a server's settings for TLS; NULL: it is in clear. */
static void serve(int connection, void *user)
{
	struct end end = {.fd = connection};
	struct frame frame;
	char answer[256];

	if (user) {
		end.ssl = SSL_new(user);
		if (!end.ssl || !SSL_set_fd(end.ssl, connection) || SSL_accept(end.ssl) <= 0)
			tls_give_up("accept TLS");
	}
	handshake_answer(answer, sizeof answer, end_head(&end));
	end_write(&end, answer, strlen(answer));
	end_write_frame(&end, false, TEXT, "Hello");
	while (end_frame(&end, &frame) && frame.opcode != CLOSE)
		continue;
	end_write_frame(&end, false, CLOSE, "\x03\xe8");
	end_close(&end);
}

/* This client has been told the one certificate that the server will show. A client that has not
 * must check it: see the exercise. */
static void connect_tls(struct end *end, SSL_CTX *context, const struct certificate *expected)
{
	end->ssl = SSL_new(context);
	if (!end->ssl || !SSL_set_fd(end->ssl, end->fd) ||
	    !SSL_set_tlsext_host_name(end->ssl, HOST) || SSL_connect(end->ssl) <= 0)
		tls_give_up("connect TLS");
	X509 *shown = SSL_get_peer_certificate(end->ssl);
	if (!shown || X509_cmp(shown, expected->x509) != 0)
		tls_give_up("trust the server");
	X509_free(shown);
}

/* Gives when the first message was here. */
static double run_client(uint16_t port, SSL_CTX *context, const struct certificate *expected,
                         double began)
{
	char request[512];
	struct end end = {.fd = net_connect(port)};
	struct frame frame;

	if (context)
		connect_tls(&end, context, expected);
	end_write(&end, request, handshake_request(request, sizeof request, PATH, ""));
	end_head(&end);
	end_frame(&end, &frame);
	const double first = net_now_ms() - began;
	end_write_frame(&end, true, TEXT, SAID);
	end_write_frame(&end, true, CLOSE, "\x03\xe8");
	while (end_frame(&end, &frame) && frame.opcode != CLOSE)
		continue;
	end_close(&end);
	close(end.fd);
	return first;
}

/* The tap, in memory that it shares with us. */
struct tap {
	uint16_t to_port;
	double began;
	atomic_bool over;
	struct capture capture;
};

/* Passes on what comes from one side; false at its end. */
static bool pass_on(struct tap *tap, bool up, int from, int to)
{
	char data[4096];
	const size_t size = net_read(from, data, sizeof data);

	if (size == 0) {
		shutdown(to, SHUT_WR);
		return false;
	}
	capture_add(&tap->capture, up, net_now_ms() - tap->began, data, size);
	net_write(to, data, size);
	return true;
}

/* Nobody notices a tap: it passes on what it reads. */
static void listen_in(int client, void *user)
{
	struct tap *tap = user;
	const int server = net_connect(tap->to_port);
	struct pollfd waits[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};

	while (waits[0].fd >= 0 || waits[1].fd >= 0) {
		poll(waits, 2, -1);
		if (waits[0].revents && !pass_on(tap, true, client, server))
			waits[0].fd = -1;
		if (waits[1].revents && !pass_on(tap, false, server, client))
			waits[1].fd = -1;
	}
	close(server);
	tap->over = true;
}

/* One session some times: client, link, tap, server. */
static double run_session(struct capture *kept, double delay_ms, SSL_CTX *contexts[2],
                          const struct certificate *expected)
{
	struct tap *tap = net_share(sizeof *tap);
	struct relay link;
	uint16_t port;
	/* A busy machine makes a session longer, and the shorter the delay, the more that shows. */
	const int rounds = delay_ms < 20 ? 10 : delay_ms > 100 ? 2 : (int)(200 / delay_ms);
	double best = 0;

	const pid_t server = net_serve(net_listen(&tap->to_port), serve, contexts[0]);
	const pid_t listener = net_serve(net_listen(&port), listen_in, tap);
	relay_start(&link, port, delay_ms);
	for (int i = 0; i < rounds; i++) {
		tap->over = false;
		tap->capture = (struct capture){0};
		tap->began = net_now_ms();
		const double took = run_client(link.port, contexts[1], expected, tap->began);
		for (int k = 0; k < 2000 && !tap->over; k++)
			net_sleep_until_ms(net_now_ms() + 1);
		best = i == 0 || took < best ? took : best;
		if (took == best)
			*kept = tap->capture;
	}
	relay_stop(&link);
	net_stop(listener);
	net_stop(server);
	return best;
}

/* "2026-11-29, on Debian GNU/Linux 12 (bookworm), x86_64, with OpenSSL 3.0.19" */
static void say_where(char *text, size_t size)
{
	char line[128], system[100] = "Linux", day[32], version[64] = "";
	FILE *file = fopen("/etc/os-release", "re");
	const time_t now = time(NULL);
	struct utsname machine;

	while (file && fgets(line, sizeof line, file))
		sscanf(line, "PRETTY_NAME=\"%99[^\"]", system);
	if (file)
		fclose(file);
	uname(&machine);
	strftime(day, sizeof day, "%Y-%m-%d", gmtime(&now));
	sscanf(OpenSSL_version(OPENSSL_VERSION), "OpenSSL %63s", version);
	snprintf(text, size, "%s, on %s, %.20s, with OpenSSL %.20s", day, system, machine.machine,
	         version);
}

bool session_possible(void)
{
	return true;
}

void session_record(struct recording *recording, double delay_ms, double tls)
{
	const int most = tls < 1.25 ? TLS1_2_VERSION : TLS1_3_VERSION;
	struct certificate authority, leaf;

	relay_introduce(delay_ms);
	signal(SIGPIPE, SIG_IGN);
	setenv("OPENSSL_CONF", "/dev/null", 1); /* the same settings on each machine */
	certificate_make(&authority, &(struct certificate_plan){AUTHORITY, NULL, NULL, -1, 30},
	                 NULL);
	certificate_make(
	        &leaf,
	        &(struct certificate_plan){"Lesson 9 server", "DNS:" HOST, "serverAuth", -1, 30},
	        &authority);
	SSL_CTX *in_clear[2] = {NULL, NULL};
	SSL_CTX *through_tls[2] = {certificate_server(&leaf, most),
	                           SSL_CTX_new(TLS_client_method())};
	recording->first_ms[WS] = run_session(&recording->capture[WS], delay_ms, in_clear, NULL);
	recording->first_ms[WSS] =
	        run_session(&recording->capture[WSS], delay_ms, through_tls, &leaf);
	say_where(recording->made, sizeof recording->made);
	SSL_CTX_free(through_tls[0]);
	SSL_CTX_free(through_tls[1]);
	certificate_free(&leaf);
	certificate_free(&authority);
}
