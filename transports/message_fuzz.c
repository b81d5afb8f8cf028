#include <errno.h>
#include <jansson.h>

#include "base64.h"
#include "fuzz.h"
#include "message.h"
#include "websocket/wire.h"

#define ID      42
#define ARRIVAL 1234567890

static bool is_utf8(struct span text)
{
	struct utf8_check check = {0};

	return utf8_check(&check, text.data, text.size) && check.remaining == 0;
}

/* On one line, UTF-8, and JSON whose id and t are where message_read finds them. */
static void check_json(const struct message *message)
{
	uint64_t id, t;
	json_t *json;

	fuzz_check(message->size >= MESSAGE_JSON_MIN_BYTES && !message->binary);
	fuzz_check(is_utf8((struct span){message->data, message->size}));
	for (size_t i = 0; i < message->size; i++)
		fuzz_check(message->data[i] >= ' ');
	fuzz_check(!message_read(MESSAGE_JSON, message->data, message->size, &id, &t));
	fuzz_check(id == ID && t == message->scheduled_ns);
	json = json_loadb((const char *)message->data, message->size, JSON_ALLOW_NUL, NULL);
	fuzz_check(json && json_object_size(json) == 3);
	fuzz_check((uint64_t)json_integer_value(json_object_get(json, "t")) == t);
	fuzz_check(json_is_string(json_object_get(json, "data")));
	json_decref(json);
}

static void check_text(struct span text)
{
	struct message *message = NULL;
	int err = message_from_text(&message, text.data, text.size, ID, ARRIVAL);

	fuzz_check(err == (is_utf8(text) ? 0 : -EILSEQ));
	if (!err)
		check_json(message);
	free(message);
}

static void check_bytes(struct span data)
{
	struct bytes text = {0}, decoded = {0};
	struct message *message;
	uint64_t id, t;

	fuzz_check(!message_from_bytes(&message, data.data, data.size, ID, ARRIVAL));
	message_append_text(&text, message);
	fuzz_check(!base64_decode(&decoded, bytes_data(&text), bytes_size(&text)));
	fuzz_check_same((struct span){bytes_data(&decoded), bytes_size(&decoded)},
	                (struct span){message->data, message->size});
	fuzz_check(!message_read(MESSAGE_BINARY, message->data, message->size, &id, &t));
	fuzz_check(id == ID && t == ARRIVAL);
	free(message);
	bytes_free(&text);
	bytes_free(&decoded);
}

/* What can be decoded encodes to text of that size, which decodes to the same. It need not be the
 * same text: the bits that a last character leaves over may be anything (RFC 4648 §3.5). */
static void check_base64(struct span text)
{
	struct bytes decoded = {0}, encoded = {0}, again = {0};

	if (!base64_decode(&decoded, text.data, text.size)) {
		fuzz_check(!base64_append(&encoded, bytes_data(&decoded), bytes_size(&decoded)));
		fuzz_check(bytes_size(&encoded) == text.size);
		fuzz_check(!base64_decode(&again, bytes_data(&encoded), bytes_size(&encoded)));
		fuzz_check_logs(&decoded, &again);
	}
	bytes_free(&decoded);
	bytes_free(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum message_format formats[] = {MESSAGE_JSON, MESSAGE_LEAN, MESSAGE_BINARY};
	struct span input = {data, size};

	check_text(input);
	check_bytes(input);
	check_base64(input);
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		uint64_t id, t;
		int err = message_read(formats[i], data, size, &id, &t);

		fuzz_check(err == 0 || err == -EBADMSG);
		fuzz_check(err || size >= message_min_bytes(formats[i]));
	}
	return 0;
}
