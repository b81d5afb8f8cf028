#include "capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../stage/frames.h"
#include "../stage/show_lines.h"
#include "../stage/stage.h"

#define LINE 32 /* bytes in a line of hex */

/* Each element is "made WHEN AND WHERE", "first WS-MS WSS-MS", or a burst: "ws up MS HEX". */
static const char *const recorded[] = {
#include "recording.txt"
};

static const char *const names[SESSIONS] = {"ws", "wss"};

void capture_add(struct capture *capture, bool up, double ms, const void *data, size_t size)
{
	struct burst *burst = &capture->burst[capture->bursts];

	if (size > CAPTURE_MOST - capture->size)
		size = CAPTURE_MOST - capture->size;
	if (capture->bursts == 0 || burst[-1].up != up) {
		if (capture->bursts == BURSTS_MOST)
			return;
		*burst = (struct burst){up, ms, capture->size, 0};
		capture->bursts++;
	} else {
		burst--;
	}
	memcpy(capture->bytes + capture->size, data, size);
	capture->size += size;
	burst->size += size;
}

size_t capture_hits(const struct capture *capture, const char *text)
{
	const size_t size = strlen(text);
	size_t hits = 0;

	for (size_t at = 0; at + size <= capture->size; at++)
		hits += memcmp(capture->bytes + at, text, size) == 0;
	return hits;
}

const uint8_t *capture_after_head(const struct capture *capture, const struct burst *burst,
                                  size_t *size)
{
	const uint8_t *bytes = capture->bytes + burst->at;
	const uint8_t *blank = memmem(bytes, burst->size, "\r\n\r\n", 4);
	const size_t head = blank ? (size_t)(blank + 4 - bytes) : 0;

	*size = burst->size - head;
	return bytes + head;
}

void capture_show(const char *who, const struct capture *capture, const struct burst *burst)
{
	static const struct show_name head_names[] = {{"GET ", "the path, and the token"},
	                                              {"Host: ", "the server's name"},
	                                              {"\r\n", "the head ends"},
	                                              {"", "as in lesson 5"},
	                                              {0}};
	size_t size;
	const uint8_t *frame = capture_after_head(capture, burst, &size);
	char text[1024];

	snprintf(text, sizeof text, "%.*s", (int)(burst->size - size), capture->bytes + burst->at);
	show_lines(who, text, head_names);
	if (size > 0)
		frame_show("and right behind it", frame, size);
}

static void write_burst(FILE *file, const char *name, const struct capture *capture,
                        const struct burst *burst)
{
	fprintf(file, "\"%s %s %.2f \"", name, burst->up ? "up" : "down", burst->ms);
	for (size_t i = 0; i < burst->size; i++) {
		fprintf(file, "%s%02x", i % LINE == 0 ? "\n\"" : "", capture->bytes[burst->at + i]);
		if (i % LINE == LINE - 1 || i == burst->size - 1)
			fputc('"', file);
	}
	fputs(",\n", file);
}

static void write_all(FILE *file, const struct recording *recording)
{
	fprintf(file, "\"made %s\",\n", recording->made);
	fprintf(file, "\"first %.2f %.2f\",\n", recording->first_ms[WS], recording->first_ms[WSS]);
	for (int i = 0; i < SESSIONS; i++) {
		const struct capture *capture = &recording->capture[i];

		for (size_t k = 0; k < capture->bursts; k++)
			write_burst(file, names[i], capture, &capture->burst[k]);
	}
}

int recording_keep(const char *path, const struct recording *recording)
{
	FILE *file = fopen(path, "we");

	if (file)
		write_all(file, recording);
	if (file && fclose(file) == 0)
		return 0;
	fprintf(stderr, "lesson: cannot write %s: %s\n", path, strerror(errno));
	return 1;
}

bool recording_refused(char **argv, bool possible)
{
	for (; *argv && !possible; argv++) {
		if (strncmp(*argv, "--record", strlen("--record")) == 0) {
			fputs("lesson: --record: this build is without OpenSSL\n", stderr);
			return true;
		}
	}
	return false;
}

static void read_burst(struct capture *capture, const char *line)
{
	const char *hex = strrchr(line, ' ') + 1;
	const double ms = strtod(strpbrk(line, "0123456789"), NULL);
	const bool up = strncmp(strchr(line, ' '), " up ", 4) == 0;

	for (; hex[0] && hex[1]; hex += 2) {
		const char digits[3] = {hex[0], hex[1], '\0'};
		const uint8_t byte = (uint8_t)strtoul(digits, NULL, 16);

		capture_add(capture, up, ms, &byte, 1);
	}
}

static void read_recording(struct recording *recording)
{
	*recording = (struct recording){0};
	for (size_t i = 0; i < sizeof recorded / sizeof *recorded; i++) {
		const char *line = recorded[i];
		char *end;

		if (strncmp(line, "made ", 5) == 0) {
			snprintf(recording->made, sizeof recording->made, "%s", line + 5);
		} else if (strncmp(line, "first ", 6) == 0) {
			recording->first_ms[WS] = strtod(line + 6, &end);
			recording->first_ms[WSS] = strtod(end, NULL);
		} else {
			read_burst(&recording->capture[strncmp(line, "wss ", 4) == 0], line);
		}
	}
}

void recording_replay(struct recording *recording, bool wanted, double *delay_ms, double *tls)
{
	read_recording(recording);
	stage_say(
	        "This is a recording, made on %s. It is shown because %s. Its link took 20 ms each "
	        "way; --delay and --tls change nothing here.",
	        recording->made,
	        wanted ? "you asked for one"
	               : "this build is without OpenSSL; on Debian its package is libssl-dev");
	*delay_ms = 20;
	*tls = 1.3;
}
