#include "records.h"

#include <stdio.h>

#include "../stage/stage.h"

#define SHOWN 8

static size_t number(const uint8_t *bytes)
{
	return (size_t)(bytes[0] << 8 | bytes[1]);
}

size_t records_of(const struct capture *capture, struct record *records, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < capture->bursts; i++) {
		const struct burst *burst = &capture->burst[i];
		const uint8_t *at = capture->bytes + burst->at;
		size_t left = burst->size;

		while (left >= RECORD_HEADER && count < most) {
			size_t size = RECORD_HEADER + number(at + 3);

			if (size > left)
				break;
			records[count++] = (struct record){burst->up, burst->ms, i, at, size};
			at += size;
			left -= size;
		}
	}
	return count;
}

const char *record_name(const struct record *record)
{
	static const char *const messages[256] = {
	        [1] = "ClientHello, in clear",      [2] = "ServerHello, in clear",
	        [11] = "Certificate, in clear",     [12] = "ServerKeyExchange, in clear",
	        [14] = "ServerHelloDone, in clear", [16] = "ClientKeyExchange, in clear"};
	const uint8_t *message = record->bytes + RECORD_HEADER;

	if (record->bytes[0] == CHANGE_CIPHER_SPEC)
		return "change cipher spec";
	if (record->bytes[0] != HANDSHAKE)
		return record->bytes[0] == ALERT ? "an alert, hidden" : "hidden";
	/* One that is hidden begins with chance; the length of one in clear, with a 0. */
	return messages[message[0]] && message[1] == 0 ? messages[message[0]]
	                                               : "of the handshake, hidden";
}

const struct record *record_before_end(const struct record *records, size_t count)
{
	const struct record *last = records, *found = records;

	for (size_t i = 0; i < count; i++) {
		if (!records[i].up)
			last = &records[i];
	}
	for (size_t i = 0; i < count; i++) {
		if (!records[i].up && records[i].burst < last->burst)
			found = &records[i];
	}
	return found;
}

/* Before the extensions stand four bytes of the message, two of the version, 32 of chance, and
 * three lists with their lengths before them. */
size_t record_server_name(const struct record *hello, const char **name, size_t *size)
{
	const uint8_t *bytes = hello->bytes;
	size_t at = RECORD_HEADER + 4 + 2 + 32;

	if (at + 4 > hello->size)
		return RECORD_HEADER;
	at += 1 + (size_t)bytes[at]; /* an old session's id */
	if (at + 4 > hello->size)
		return RECORD_HEADER;
	at += 2 + number(bytes + at); /* ciphers */
	if (at + 4 > hello->size)
		return RECORD_HEADER;
	at += 1 + (size_t)bytes[at] + 2; /* compression, and the length of the extensions */
	while (at + 4 <= hello->size) {
		size_t length = number(bytes + at + 2);

		if (at + 4 + length > hello->size)
			return RECORD_HEADER;
		if (number(bytes + at) == 0 && length > 5) {
			*name = (const char *)bytes + at + 9;
			*size = length - 5;
			return at;
		}
		at += 4 + length;
	}
	return RECORD_HEADER;
}

void record_show(const char *who, const uint8_t *bytes, size_t size, const struct show_part *parts)
{
	size_t at = 0;

	if (stage_silent())
		return;
	printf("%s, %zu bytes:\n", who, size);
	for (; at < size && parts->name; parts++) {
		size_t left = size - at;
		size_t here = parts->size > 0 && parts->size < left ? parts->size : left;

		printf("%6zu  ", at);
		for (size_t i = 0; i < SHOWN; i++)
			printf(i < here ? "%02x " : "   ", bytes[at + (i < here ? i : 0)]);
		printf("%s %s\n", here > SHOWN ? "…" : " ", parts->name);
		at += here;
	}
	putchar('\n');
	fflush(stdout);
}

void record_show_old(const char *who, const struct record *record, size_t size)
{
	const struct show_part parts[] = {{1, "the type: application data"},
	                                  {2, "the version"},
	                                  {2, "the length of what follows"},
	                                  {8, "the nonce, new for each record"},
	                                  {size, "the frame, encrypted"},
	                                  {16, "the tag"},
	                                  {0}};

	record_show(who, record->bytes, record->size, parts);
}
