/* What clients do to the servers of lesson.c, and what comes of it. */
#ifndef LESSONS_14_SERVER_SCENES_H
#define LESSONS_14_SERVER_SCENES_H

#include <stddef.h>

#define IDLE_MOST 5000

/* The loop counts here, in memory that it shares with the scenes. */
struct counts {
	unsigned long reads, frames;
	size_t pending; /* the largest output of one client that the kernel had no room for */
};

/* What the options say, and the counts. */
struct scene {
	struct counts *counts;
	double delay_ms, stall_ms;
	size_t idle, room; /* connections; bytes of input for each */
};

/* A server that loops, and gets a listener that does not block; or one that has a connection, as
 * net_serve wants it. */
typedef void loop_server(int listener);
typedef void blocking_server(int connection, void *user);

/* Begins the lesson: it calls stage_open, and refuses options that it cannot do with. */
struct scene scenes_open(int argc, char **argv);

/* Frames that come in pieces: how many reads they take. */
void scene_pieces(const struct scene *scene, loop_server *loop);

/* A client stops in the middle of a frame; another comes over a link. One of the servers is NULL.
 */
void scene_stall(const struct scene *scene, loop_server *loop, blocking_server *blocking);

/* A client is sent much and reads nothing; another comes over a link. */
void scene_no_reader(const struct scene *scene, loop_server *loop);

/* Many connections that do nothing, and the memory that they take. */
void scene_idle(const struct scene *scene, loop_server *loop);

#endif
