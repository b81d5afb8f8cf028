/* What a tap between client and server sees of a session, and how that is kept. */
#ifndef LESSONS_09_WSS_CAPTURE_H
#define LESSONS_09_WSS_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BURSTS_MOST  32
#define CAPTURE_MOST 16384

/* Bytes that passed in one direction before any came back. */
struct burst {
	bool up;   /* from the client */
	double ms; /* when the first of them passed, since the client began to connect */
	size_t at, size;
};

struct capture {
	size_t bursts, size;
	struct burst burst[BURSTS_MOST];
	uint8_t bytes[CAPTURE_MOST];
};

/* What does not fit is not kept. */
void capture_add(struct capture *capture, bool up, double ms, const void *data, size_t size);

/* How often the text stands in the captured bytes. */
size_t capture_hits(const struct capture *capture, const char *text);

/* What stands in a burst behind a head of HTTP. */
const uint8_t *capture_after_head(const struct capture *capture, const struct burst *burst,
                                  size_t *size);

/* Shows the head of HTTP in a burst, and the frame behind it, where there is one. */
void capture_show(const char *who, const struct capture *capture, const struct burst *burst);

/* The same session twice: in clear, and through TLS. */
enum { WS, WSS, SESSIONS };

struct recording {
	char made[256]; /* when, and on what */
	double first_ms[SESSIONS];
	struct capture capture[SESSIONS];
};

/* Writes it as strings of C, so that a program can have it built in: recording.txt is one. Gives
 * the exit status. */
int recording_keep(const char *path, const struct recording *recording);

/* Whether that is wanted and not possible; says so. */
bool recording_refused(char **argv, bool possible);

/* The one that is built in, with a word on what it is. The link's delay and the version of TLS are
 * set to those that it was made with. */
void recording_replay(struct recording *recording, bool wanted, double *delay_ms, double *tls);

#endif
