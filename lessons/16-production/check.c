#include "exercise.h"

#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../stage/check.h"
#include "../stage/handshake.h"
#include "../stage/net.h"

#define PATIENCE_MS 2000

/* The server, and the store that it writes to: that is us. */
struct stage {
	struct check_program program;
	int store;
};

static void start(struct stage *stage, const char *limit_ms)
{
	char port_text[16];
	uint16_t port;
	int listener = net_listen(&port);
	const char *const arguments[] = {"--store", port_text, "--limit", limit_ms, NULL};

	snprintf(port_text, sizeof port_text, "%u", port);
	check_start(&stage->program, arguments);
	stage->store = net_accept(listener);
	close(listener);
}

static int client(const struct stage *stage)
{
	int status, fd = handshake_connect(stage->program.port, "/chat", "", &status);

	check_number("the status of a handshake", 101, status, NULL);
	return fd;
}

static void tell_to_end(const struct stage *stage)
{
	kill(stage->program.pid, SIGTERM);
}

static void say(int fd, const char *text)
{
	frame_write(fd, true, TEXT, text, strlen(text));
}

static bool comes(int fd, int limit_ms)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	return poll(&wait, 1, limit_ms) == 1;
}

/* What comes next, in words; NULL: nothing does. */
static const char *next(int fd)
{
	static char text[64];
	struct frame frame;

	if (!comes(fd, PATIENCE_MS))
		return NULL;
	if (!frame_read(fd, &frame))
		return "the end of the connection";
	if (frame.opcode == CLOSE)
		snprintf(text, sizeof text, "close %u", frame_code(&frame));
	else
		snprintf(text, sizeof text, "%.*s", (int)frame.size, (const char *)frame.payload);
	return text;
}

/* The next line of the store. */
static const char *next_stored(const struct stage *stage)
{
	static char line[64];
	size_t used = 0;

	while (used < sizeof line - 1) {
		if (!comes(stage->store, PATIENCE_MS) ||
		    net_read(stage->store, line + used, 1) == 0)
			return NULL;
		if (line[used] == '\n')
			break;
		used++;
	}
	line[used] = '\0';
	return line;
}

static void check_told(int fd, const char *what)
{
	check_text(what, "close 1001", next(fd),
	           "who meets the end without a close frame tells its program 1006, as of a crash");
}

static void answer(int fd)
{
	frame_write_close(fd, true, 1001);
}

static void check_ended(int fd, const char *what)
{
	check_text(what, "the end of the connection", next(fd), NULL);
}

static void check_stored(const struct stage *stage, const char *text, const char *help)
{
	check_text("what the store got", text, next_stored(stage), help);
}

/* Whether it ends by itself in time. Its exit status can be asked for after this, too. */
static bool ends(pid_t pid)
{
	const double until = net_now_ms() + PATIENCE_MS;
	siginfo_t end = {0};

	while (waitid(P_PID, (id_t)pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       end.si_pid == 0 && net_now_ms() < until)
		net_sleep_until_ms(net_now_ms() + 1);
	return end.si_pid == pid;
}

static void check_exit(struct stage *stage, const char *help)
{
	if (!ends(stage->program.pid))
		check_text(
		        "the end of your program", "it ends by itself within 2 s", "it runs still",
		        "drain_left must give 0 when nobody is left, and when the limit is over");
	check_number("the exit status", 0, check_exit_status(&stage->program), help);
}

static void all_are_told(void)
{
	struct stage stage;
	int clients[3];

	start(&stage, "5000");
	for (int i = 0; i < 3; i++)
		clients[i] = client(&stage);
	tell_to_end(&stage);
	for (int i = 0; i < 3; i++)
		check_told(clients[i], "what a client gets after SIGTERM");
	for (int i = 0; i < 3; i++)
		answer(clients[i]);
	for (int i = 0; i < 3; i++)
		check_ended(clients[i], "what a client gets when it has answered");
	check_exit(&stage, "it was told to end, and did: that is no failure");
}

static const char under_way_help[] =
        "it was sent before the client's close frame: stay until that has come";

static void under_way(void)
{
	struct stage stage;
	int only;

	start(&stage, "5000");
	only = client(&stage);
	tell_to_end(&stage);
	check_told(only, "what a client gets after SIGTERM");
	say(only, "late");
	answer(only);
	check_stored(&stage, "late", under_way_help);
	check_ended(only, "what the client gets then");
	check_exit(&stage, NULL);
}

static void nobody_else(void)
{
	struct stage stage;
	int first;

	start(&stage, "5000");
	first = client(&stage);
	tell_to_end(&stage);
	check_told(first, "what a client gets after SIGTERM");
	say(first, "fence"); /* when this is stored, drain_begin has returned */
	check_stored(&stage, "fence", under_way_help);
	check_that(net_try_connect(stage.program.port) < 0, "a new connection is refused",
	           "as long as there is a listening socket, the system lets clients in");
	answer(first);
	check_exit(&stage, NULL);
}

static void for_each(void)
{
	struct stage stage;
	int quick, slow;

	start(&stage, "5000");
	quick = client(&stage);
	slow = client(&stage);
	tell_to_end(&stage);
	check_told(quick, "what the first client gets after SIGTERM");
	check_told(slow, "what the second client gets after SIGTERM");
	answer(quick);
	check_ended(quick, "what the first client gets when it has answered");
	say(slow, "late");
	answer(slow);
	check_stored(&stage, "late", "one client has answered; the other has not yet");
	check_exit(&stage, NULL);
}

/* A client for whom the system holds little, so that what it does not read stays in the server. */
static int narrow_client(const struct stage *stage)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_port = htons(stage->program.port),
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int room = 8192, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char head[512];

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	check_that(connect(fd, (struct sockaddr *)&address, sizeof address) == 0,
	           "a client can connect", NULL);
	net_write(fd, head, handshake_request(head, sizeof head, "/chat", ""));
	net_read_http(fd, head, sizeof head);
	return fd;
}

static void accepted(void)
{
	enum { MESSAGES = 1000, SIZE = 200 };
	char text[SIZE], got[SIZE + 1];
	struct stage stage;
	int answers = 0, only;

	start(&stage, "5000");
	only = narrow_client(&stage);
	memset(text, 'a', sizeof text);
	for (int i = 0; i < MESSAGES; i++) {
		frame_write(only, true, TEXT, text, sizeof text);
		net_read_all(stage.store, got, sizeof got); /* now the server has accepted it */
	}
	tell_to_end(&stage);
	while (answers < MESSAGES && comes(only, PATIENCE_MS) && next(only)[0] == 'a')
		answers++;
	check_number("the messages of 1000 that come back, all accepted before SIGTERM", MESSAGES,
	             answers, "the close frame goes behind what waits already");
	check_told(only, "what comes behind them");
	answer(only);
	check_exit(&stage, NULL);
}

static void never_answers(void)
{
	struct stage stage;
	double start_ms, took_ms;
	char got[32];
	int only;

	start(&stage, "300");
	only = client(&stage);
	start_ms = net_now_ms();
	tell_to_end(&stage);
	check_told(only, "what a client gets after SIGTERM");
	check_exit(&stage, "leaving was right, for the limit is over");
	took_ms = net_now_ms() - start_ms;
	snprintf(got, sizeof got, "after %.0f ms", floor(took_ms));
	check_text("when it ends, with a limit of 300 ms", took_ms < 300 ? "after 300 ms" : got,
	           got, "until then the client may answer");
}

static void second_signal(void)
{
	struct stage stage;
	int only;

	start(&stage, "5000");
	only = client(&stage);
	tell_to_end(&stage);
	check_told(only, "what a client gets after SIGTERM");
	tell_to_end(&stage);
	for (int i = 0; i < 3; i++) {
		say(only, "late");
		check_stored(&stage, "late", "a second SIGTERM says nothing new");
	}
	answer(only);
	check_ended(only, "what the client gets behind the one close frame");
	check_exit(&stage, NULL);
}

static void many_signals(void)
{
	struct stage stage;
	int only, signals = 0;

	start(&stage, "300");
	only = client(&stage);
	tell_to_end(&stage);
	check_told(only, "what a client gets after SIGTERM");
	while (signals++ < 60 && !comes(only, 50))
		tell_to_end(&stage);
	check_text("when it ends, with a SIGTERM every 50 ms and a client that is silent",
	           "after 300 ms", signals < 60 ? "after 300 ms" : "not within 3 s",
	           "the limit counts from the first SIGTERM");
	check_exit(&stage, NULL);
}

static void hangs_up(void)
{
	struct stage stage;
	int only;

	start(&stage, "5000");
	only = client(&stage);
	tell_to_end(&stage);
	check_told(only, "what a client gets after SIGTERM");
	close(only);
	check_exit(&stage, "the client has gone: nobody is left to wait for");
}

static void empty_house(void)
{
	struct stage stage;

	start(&stage, "5000");
	tell_to_end(&stage);
	check_exit(&stage, "nobody is there to wait for");
}

/* Who comes first is let in first: when the second has shaken hands, the first is in. */
static void no_handshake(void)
{
	static const char help[] = "it has not agreed to WebSocket: a close frame is noise to it";
	struct stage stage;
	uint8_t bytes[16];
	int mute, other;

	start(&stage, "5000");
	mute = net_connect(stage.program.port);
	other = client(&stage);
	tell_to_end(&stage);
	check_text("what a client gets after SIGTERM, beside one that has not shaken hands",
	           "close 1001", next(other),
	           "hanging up moves the last client into this place: was one passed over?");
	check_that(comes(mute, PATIENCE_MS), "who has not shaken hands is hung up on", help);
	check_number("the bytes that it gets before", 0,
	             (long)net_read_all(mute, bytes, sizeof bytes), help);
	answer(other);
	check_exit(&stage, NULL);
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
	        {"all clients are told 1001", all_are_told},
	        {"a message under way is not lost", under_way},
	        {"nobody else is let in", nobody_else},
	        {"it stays for each client", for_each},
	        {"messages accepted before come back", accepted},
	        {"who never answers does not hold it", never_answers},
	        {"a second SIGTERM does not cut it short", second_signal},
	        {"nor do further ones prolong it", many_signals},
	        {"who leaves without an answer does not hold it", hangs_up},
	        {"with nobody there it ends at once", empty_house},
	        {"no frame for who has not shaken hands", no_handshake},
	        {NULL, NULL}};

	return check_main(argc, argv, checks);
}
