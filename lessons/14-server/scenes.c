#include "scenes.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"
#include "../stage/relay.h"
#include "../stage/stage.h"
#include "memory.h"

#define FLOOD      2000 /* frames of FRAME_MOST bytes to who does not read */
#define OTHER_USES 32   /* descriptors that are no idle connections */
#define WAIT_MS    5000

static bool allows(const struct scene *scene, double idle, double room_kib)
{
	const double delay_ms = scene->delay_ms, stall_ms = scene->stall_ms;

	if (delay_ms > 200)
		fprintf(stderr, "lesson: --delay %g: give 200 at most\n", delay_ms);
	else if (stall_ms < 20 * delay_ms || stall_ms > 4000)
		fprintf(stderr, "lesson: --stall %g: give %g, 20 times the delay, to 4000\n",
		        stall_ms, 20 * delay_ms);
	else if (idle < 1 || idle > IDLE_MOST)
		fprintf(stderr, "lesson: --idle %g: give 1 to %d\n", idle, IDLE_MOST);
	else if (room_kib < 5 || room_kib > 64)
		fprintf(stderr, "lesson: --room %g: give 5, for the longest frame, to 64\n",
		        room_kib);
	else
		return true;
	return false;
}

struct scene scenes_open(int argc, char **argv)
{
	struct scene scene = {.delay_ms = 20, .stall_ms = 1000};
	double idle = 1000, room_kib = 16;
	const struct stage_option options[] = {
	        {"delay", &scene.delay_ms, "one-way delay of the link in ms"},
	        {"stall", &scene.stall_ms, "how long the first client stalls, in ms"},
	        {"idle", &idle, "idle connections of the last step"},
	        {"room", &room_kib, "KiB of input that the server has room for, for each client"},
	        {0}};

	stage_open(argc, argv, "Lesson 14: a server", options);
	if (!allows(&scene, idle, room_kib))
		exit(2);
	memory_allow_descriptors();
	scene.idle = (size_t)idle;
	scene.room = (size_t)(room_kib * 1024);
	scene.counts = net_share(sizeof *scene.counts);
	return scene;
}

/* A server's process. */
struct started {
	pid_t pid;
	uint16_t port;
};

/* The pages of the loop's memory are to be small ones: else the system may give it 2 MiB where the
 * first byte is touched, and the last scene would measure that. Its listener does not block. */
static struct started start(const struct scene *scene, loop_server *loop, blocking_server *blocking)
{
	struct started server;
	int listener = net_listen(&server.port);

	*scene->counts = (struct counts){0};
	if (!loop) {
		server.pid = net_serve(listener, blocking, NULL);
	} else if ((server.pid = child_fork()) == 0) {
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
		fcntl(listener, F_SETFL, O_NONBLOCK);
		loop(listener);
		_exit(0);
	}
	close(listener);
	return server;
}

/* Waits until the server has counted so far. */
static void await(const unsigned long *count, unsigned long value)
{
	const double until = net_now_ms() + WAIT_MS;

	while (*count < value) {
		if (net_now_ms() > until)
			child_give_up("see the server go on");
		net_sleep_until_ms(net_now_ms() + 0.1);
	}
}

static int shake(uint16_t port)
{
	int connection = handshake_connect(port, "/chat", "", NULL);

	if (connection < 0)
		child_give_up("shake hands with our own server");
	return connection;
}

/* Sends frames in pieces, each when the server has read the one before, and reads their echoes.
 * Gives the number of reads that the server needed. */
static unsigned long reads_for(const struct counts *counts, int connection, const uint8_t *wire,
                               size_t size, size_t piece, int frames)
{
	const unsigned long before = counts->reads;
	struct frame echo;
	unsigned long sent = 0;

	for (size_t at = 0; at < size; at += piece) {
		net_write(connection, wire + at, size - at < piece ? size - at : piece);
		await(&counts->reads, before + ++sent);
	}
	while (frames-- > 0)
		frame_read(connection, &echo);
	return counts->reads - before;
}

void scene_pieces(const struct scene *scene, loop_server *loop)
{
	const struct counts *counts = scene->counts;
	uint8_t wire[32];
	size_t one = frame_put(wire, FIN | TEXT, frame_key, "A", 1);
	size_t two = one + frame_put(wire + one, FIN | TEXT, frame_key, "B", 1);

	stage_step("frames in pieces");
	struct started server = start(scene, loop, NULL);
	int connection = shake(server.port);
	frame_show("client sends, one byte at a time", wire, one);
	unsigned long reads = reads_for(counts, connection, wire, one, 1, 1);
	unsigned long frames = counts->frames;
	stage_say("%zu bytes, one at a time: %lu reads, %lu frame.", one, reads, frames);
	stage_value("single.reads", (double)reads);
	stage_value("single.frames", (double)frames);
	frame_show("client sends, all at once", wire, two);
	reads = reads_for(counts, connection, wire, two, two, 2);
	frames = counts->frames - frames;
	stage_say("%zu bytes at once: %lu read, %lu frames.", two, reads, frames);
	stage_value("together.reads", (double)reads);
	stage_value("together.frames", (double)frames);
	reads = reads_for(counts, connection, wire, two, one + 3, 2);
	stage_say("The same, cut after %zu: %lu reads. The first brought a frame and a half.",
	          one + 3, reads);
	close(connection);
	child_end(server.pid);
}

/* A child process with a connection: it shakes hands, sends the first 3 bytes of a frame, and goes
 * silent for that time. Then it sends the rest, and is answered. Returns when the silence begins.
 */
static pid_t stall(uint16_t port, double silence_ms)
{
	bool *stalls = net_share(sizeof *stalls);
	pid_t pid = child_fork();
	struct frame answer;
	uint8_t wire[32];

	if (pid == 0) {
		size_t size = frame_put(wire, FIN | TEXT, frame_key, "Hello", 5);
		int connection = shake(port);

		net_write(connection, wire, 3);
		*stalls = true;
		net_sleep_until_ms(net_now_ms() + silence_ms);
		net_write(connection, wire + 3, size - 3);
		frame_read(connection, &answer);
		_exit(0);
	}
	for (const double until = net_now_ms() + WAIT_MS; !*(volatile bool *)stalls;) {
		if (net_now_ms() > until)
			child_give_up("see the first client stall");
		net_sleep_until_ms(net_now_ms() + 0.1);
	}
	return pid;
}

/* The milliseconds that a client needs over a link, from connecting to the echo of its message. */
static double visit(uint16_t port, double delay_ms)
{
	struct frame answer = {0};
	struct relay link;

	relay_start(&link, port, delay_ms);
	double start = net_now_ms();
	int connection = shake(link.port);
	frame_write(connection, true, TEXT, "Hello", 5);
	if (!frame_read(connection, &answer) || memcmp(answer.payload, "Hello", 5) != 0)
		child_give_up("hear the echo");
	double ms = net_now_ms() - start;
	close(connection);
	relay_stop(&link);
	return ms;
}

/* The best of three such visits: on a busy machine one may have to wait for a CPU. */
static double best_visit(uint16_t port, double delay_ms)
{
	double best = visit(port, delay_ms);

	for (int i = 1; i < 3; i++) {
		double ms = visit(port, delay_ms);

		best = ms < best ? ms : best;
	}
	return best;
}

void scene_stall(const struct scene *scene, loop_server *loop, blocking_server *blocking)
{
	stage_step(loop ? "the same two clients, and the loop"
	                : "two clients, and a server that waits for each");
	if (!loop)
		relay_introduce(scene->delay_ms);
	struct started server = start(scene, loop, blocking);
	pid_t first = stall(server.port, scene->stall_ms);
	double ms = (loop ? best_visit : visit)(server.port, scene->delay_ms);
	if (loop) {
		stage_say("The first client stalls again. The second had its echo after %.0f ms, "
		          "the best of three: that is three round trips, for TCP, the handshake "
		          "and the message.",
		          ms);
	} else {
		stage_say(
		        "The first client sends 3 bytes of a frame, and the rest %g ms later. The "
		        "second had its echo after %.0f ms. Its connection was made all the same: "
		        "the kernel does that, and keeps what is sent until somebody reads it.",
		        scene->stall_ms, ms);
	}
	stage_value(loop ? "loop.second_ms" : "blocking.second_ms", ms);
	child_end(first);
	child_end(server.pid);
}

/* As it is printed, so that what is printed adds up. */
static double tenths(double value)
{
	return (double)(long)(value * 10 + 0.5) / 10;
}

/* It only sends, until the server has read it all. Then it reads as well. */
void scene_no_reader(const struct scene *scene, loop_server *loop)
{
	static const uint8_t payload[FRAME_MOST];
	struct frame answer;
	int frames = 0;

	stage_step("a client that does not read");
	struct started server = start(scene, loop, NULL);
	int connection = shake(server.port);
	for (int i = 0; i < FLOOD; i++)
		frame_write(connection, true, BINARY, payload, sizeof payload);
	await(&scene->counts->frames, FLOOD);
	double mib = tenths((double)(FLOOD * (4 + sizeof payload)) / 1048576);
	double pending = tenths((double)scene->counts->pending / 1048576);
	double ms = best_visit(server.port, scene->delay_ms);
	while (frames < FLOOD && frame_read(connection, &answer))
		frames++;
	stage_say("It sent %d frames and read none: %.1f MiB of echoes. The kernel took %.1f, and "
	          "%.1f are pending in the server's memory. Another client had its echo after %.0f "
	          "ms all the same.",
	          FLOOD, mib, mib - pending, pending, ms);
	stage_say("Then the first began to read: %d frames came.", frames);
	stage_value("unread.pending_mib", pending);
	stage_value("unread.second_ms", ms);
	stage_value("unread.frames", frames);
	close(connection);
	child_end(server.pid);
}

/* One connection first, so that whatever happens once has happened. */
void scene_idle(const struct scene *scene, loop_server *loop)
{
	static int idle[IDLE_MOST];
	const size_t most = memory_descriptors() - OTHER_USES;
	const size_t count = scene->idle < most ? scene->idle : most;
	const double page_kib = (double)sysconf(_SC_PAGESIZE) / 1024;
	const char *source;

	stage_step("connections that do nothing");
	struct started server = start(scene, loop, NULL);
	if (count < scene->idle)
		stage_say("This system allows a process %zu descriptors, so there will be %zu.",
		          most + OTHER_USES, count);
	close(shake(server.port));
	double kernel = memory_kernel_kib(&source), own = memory_own_kib(server.pid);
	for (size_t i = 0; i < count; i++)
		idle[i] = shake(server.port);
	own = (memory_own_kib(server.pid) - own) / (double)count;
	kernel = (memory_kernel_kib(&source) - kernel) / (double)count;
	stage_say("%zu idle connections, with %g KiB of room for each. The server's own memory "
	          "grew by %.1f KiB for each, which is %.1f pages of %g KiB. The rest of the room "
	          "has never been written to, so it is not there yet.",
	          count, (double)scene->room / 1024, own, own / page_kib, page_kib);
	stage_say("The kernel has taken %.1f KiB for both ends of each, says %s.", kernel, source);
	stage_value("idle.count", (double)count);
	stage_value("idle.own_kib", own);
	stage_value("idle.kernel_kib", kernel);
	for (size_t i = 0; i < count; i++)
		close(idle[i]);
	child_end(server.pid);
}
