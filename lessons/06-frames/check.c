#include "exercise.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../stage/check.h"

#define KEY "\x37\xfa\x21\x3d"

/* Frames of a client: their headers, and what they say. Payload follows only the first. */
static const struct {
	const char *what;
	const uint8_t *data;
	size_t data_size;
	int size; /* of the header */
	bool fin;
	unsigned rsv, opcode;
	uint64_t length;
} frames[] = {
#define FRAME(what, bytes, ...)                                                                    \
	{                                                                                          \
		what, (const uint8_t *)(bytes), sizeof(bytes) - 1, __VA_ARGS__                     \
	}
        FRAME("the Hello of the lesson", "\x81\x85" KEY "\x7f\x9f\x4d\x51\x58", 6, true, 0, 1, 5),
        FRAME("a frame without payload", "\x89\x80" KEY, 6, true, 0, 9, 0),
        FRAME("a frame that is not the last", "\x02\xfd" KEY, 6, false, 0, 2, 125),
        FRAME("a compressed frame", "\xc1\x81" KEY, 6, true, 4, 1, 1),
        FRAME("a frame of 126 bytes", "\x82\xfe\x00\x7e" KEY, 8, true, 0, 2, 126),
        FRAME("a frame of 256 bytes", "\x82\xfe\x01\x00" KEY, 8, true, 0, 2, 256),
        FRAME("a frame of 65,535 bytes", "\x82\xfe\xff\xff" KEY, 8, true, 0, 2, 65535),
        FRAME("a frame of 65,536 bytes", "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00" KEY, 14, true,
              0, 2, 65536),
        FRAME("the longest frame there can be", "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff" KEY, 14,
              true, 0, 2, INT64_MAX),
#undef FRAME
};

#define FRAMES (sizeof frames / sizeof *frames)

/* The fields of one frame, whose header is all there. */
static void check_fields(size_t i)
{
	struct frame_header header;
	char what[96];
	int got;

	memset(&header, 0xa5, sizeof header);
	got = read_frame_header(&header, frames[i].data, frames[i].data_size);
	snprintf(what, sizeof what, "the header of %s: its size", frames[i].what);
	check_number(what, frames[i].size, got,
	             "2 bytes, then 0, 2 or 8 of length, then 4 of the key; no payload");
	snprintf(what, sizeof what, "the header of %s: length", frames[i].what);
	check_number(what, (long)frames[i].length, (long)header.length,
	             "bits 6 to 0 of the second byte; 126: see the next 2 bytes, 127: the next 8, "
	             "the most significant first");
	snprintf(what, sizeof what, "the header of %s: fin", frames[i].what);
	check_number(what, frames[i].fin, header.fin, "bit 7 of the first byte");
	snprintf(what, sizeof what, "the header of %s: rsv", frames[i].what);
	check_number(what, frames[i].rsv, header.rsv, "bits 6 to 4 of the first byte");
	snprintf(what, sizeof what, "the header of %s: opcode", frames[i].what);
	check_number(what, frames[i].opcode, header.opcode, "bits 3 to 0 of the first byte");
	snprintf(what, sizeof what, "the header of %s: key", frames[i].what);
	check_bytes(what, KEY, 4, header.key, 4, "the 4 bytes before the payload");
}

static void short_frames(void)
{
	for (size_t i = 0; i < 4; i++)
		check_fields(i);
}

static void long_frames(void)
{
	for (size_t i = 4; i < FRAMES; i++)
		check_fields(i);
}

/* All of the header stands in memory, but only the first bytes have come. */
static void byte_by_byte(void)
{
	struct frame_header header;
	char what[96];

	for (size_t i = 0; i < FRAMES; i++) {
		for (int size = 0; size < frames[i].size; size++) {
			snprintf(what, sizeof what,
			         "%s, when %d of the header's %d bytes have come", frames[i].what,
			         size, frames[i].size);
			check_number(what, 0,
			             read_frame_header(&header, frames[i].data, (size_t)size),
			             "0 says: not all there yet; look at size before each step");
		}
	}
}

static void check_refused(const char *what, const char *data, size_t size, const char *help)
{
	struct frame_header header;

	check_number(what, -1002, read_frame_header(&header, (const uint8_t *)data, size), help);
}

static void not_masked(void)
{
	static const char help[] =
	        "a client must mask every frame: look at bit 7 of the second byte";

	check_refused("the Hello of a server", "\x81\x05Hello", 7, help);
	check_refused("its first two bytes", "\x81\x05Hello", 2,
	              "the bit is there: waiting for a key that never comes would last for ever");
	check_refused("a frame of 126 bytes without a mask", "\x82\x7e\x00\x7e????", 8, help);
}

static void too_many_bytes(void)
{
	static const char help[] = "the shortest way to write a length is the only right one";

	check_refused("the length 125 in 2 bytes", "\x82\xfe\x00\x7d" KEY, 8, help);
	check_refused("the length 0 in 2 bytes", "\x82\xfe\x00\x00" KEY, 8, help);
	check_refused("the length 125 in 8 bytes", "\x82\xff\0\0\0\0\0\0\0\x7d" KEY, 14, help);
	check_refused("the length 65,535 in 8 bytes", "\x82\xff\0\0\0\0\0\0\xff\xff" KEY, 14, help);
}

static void top_bit(void)
{
	static const char help[] =
	        "the first bit of the 8 bytes must be 0, so that the length fits "
	        "into a signed number too";

	check_refused("the length 2^63", "\x82\xff\x80\0\0\0\0\0\0\0" KEY, 14, help);
	check_refused("the length 2^64 - 1", "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff" KEY, 14,
	              help);
}

/* The byte behind what has come is in a page that may not be read. */
static void nothing_beyond(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *memory =
	        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct frame_header header;

	check_that(memory != MAP_FAILED && !mprotect(memory + page, page, PROT_NONE),
	           "two pages of memory", NULL);
	for (size_t i = 0; i < FRAMES; i++) {
		for (int size = 0; size <= frames[i].size; size++) {
			uint8_t *data = memory + page - size;

			memcpy(data, frames[i].data, (size_t)size);
			check_number(frames[i].what, size == frames[i].size ? size : 0,
			             read_frame_header(&header, data, (size_t)size), NULL);
		}
	}
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
	        {"short frames", short_frames},
	        {"frames with a longer length", long_frames},
	        {"one byte at a time", byte_by_byte},
	        {"a frame without a mask", not_masked},
	        {"a length in more bytes than it needs", too_many_bytes},
	        {"a length with the top bit", top_bit},
	        {"nothing is read behind what has come", nothing_beyond},
	        {NULL, NULL}};

	return check_main(argc, argv, checks);
}
