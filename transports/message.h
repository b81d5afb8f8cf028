/* The messages that the hub keeps and every transport delivers, and their three forms. */
#ifndef TRANSPORTS_MESSAGE_H
#define TRANSPORTS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

/*
 * MESSAGE_JSON    {"id":        42,"t":  1234567890123456,"data":"…"}: id in 10 characters, t in
 *                 18, both padded with spaces on the left, so that they stand at fixed offsets.
 * MESSAGE_LEAN    the id in 10 characters, then filler: for small messages. t travels apart, in
 *                 the publish log.
 * MESSAGE_BINARY  id and t as two 64-bit big-endian numbers, then the bytes. Travels as it is on
 *                 WebSocket and as base64 (RFC 4648 §4) on the text transports.
 * t is the instant for which publishing was scheduled, CLOCK_MONOTONIC, ns.
 */
enum message_format { MESSAGE_JSON, MESSAGE_LEAN, MESSAGE_BINARY };

/* The smallest size of a message of each format: its fixed fields with no data. */
#define MESSAGE_JSON_MIN_BYTES   50
#define MESSAGE_LEAN_MIN_BYTES   10
#define MESSAGE_BINARY_MIN_BYTES 16

/* One published message; never changed once it is in a topic's log. */
struct message {
	uint64_t id;           /* counted from 1 in each topic */
	uint64_t scheduled_ns; /* t */
	bool binary;
	size_t size;
	uint8_t data[]; /* the whole message as the application sees it */
};

/* "json", "lean", "binary", and back (-EINVAL for another word). */
const char *message_format_name(enum message_format format);
int message_format_parse(const char *name, enum message_format *format);

/* The smallest payload that a format can carry, in bytes. */
size_t message_min_bytes(enum message_format format);

/* A message of exactly payload_bytes (at least the format's minimum), its data printable filler.
 * NULL when memory runs out. Freed by free(). */
struct message *message_filler(enum message_format format, size_t payload_bytes, uint64_t id,
                               uint64_t scheduled_ns);

/*
 * The message for what a client published: an object {"t":…,"data":"…"} keeps its t and data;
 * any other text becomes the data and arrival_ns its t. Text must be UTF-8, and may be NULL where
 * size is 0. Sets *out and gives 0, else -EILSEQ (not UTF-8) or -ENOMEM. Freed by free().
 */
int message_from_text(struct message **out, const void *text, size_t size, uint64_t id,
                      uint64_t arrival_ns);

/* The same for bytes that arrived as a binary WebSocket message. 0 or -ENOMEM. */
int message_from_bytes(struct message **out, const void *data, size_t size, uint64_t id,
                       uint64_t arrival_ns);

/* Appends the message as the text transports carry it: as it is, or base64 where it is binary. */
void message_append_text(struct bytes *out, const struct message *message);

/*
 * Reads the fixed fields of a whole message as an application receives it. *scheduled_ns is 0
 * for MESSAGE_LEAN. 0, or -EBADMSG where it is not of that format.
 */
int message_read(enum message_format format, const void *data, size_t size, uint64_t *id,
                 uint64_t *scheduled_ns);

#endif
