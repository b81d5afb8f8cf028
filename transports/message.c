#include "message.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"

#define ID_WIDTH         10
#define T_WIDTH          18
#define JSON_HEAD_FORMAT "{\"id\":%10" PRIu64 ",\"t\":%18" PRIu64 ",\"data\":\""
#define JSON_HEAD_BYTES  48
#define JSON_TAIL        "\"}"
#define JSON_TAIL_BYTES  (sizeof JSON_TAIL - 1)

static const char *const format_names[] = {
        [MESSAGE_JSON] = "json", [MESSAGE_LEAN] = "lean", [MESSAGE_BINARY] = "binary"};

const char *message_format_name(enum message_format format)
{
	return format_names[format];
}

int message_format_parse(const char *name, enum message_format *format)
{
	for (size_t i = 0; i < sizeof format_names / sizeof *format_names; i++)
		if (!strcmp(name, format_names[i])) {
			*format = (enum message_format)i;
			return 0;
		}
	return -EINVAL;
}

size_t message_min_bytes(enum message_format format)
{
	switch (format) {
	case MESSAGE_LEAN:
		return MESSAGE_LEAN_MIN_BYTES;
	case MESSAGE_BINARY:
		return MESSAGE_BINARY_MIN_BYTES;
	case MESSAGE_JSON:
	default:
		return MESSAGE_JSON_MIN_BYTES;
	}
}

/* One byte more than asked, for the zero that snprintf writes behind a head. */
static struct message *message_new(size_t size, uint64_t id, uint64_t scheduled_ns, bool binary)
{
	struct message *message = malloc(sizeof *message + size + 1);

	if (!message)
		return NULL;
	message->id = id;
	message->scheduled_ns = scheduled_ns;
	message->binary = binary;
	message->size = size;
	return message;
}

/* What stands around the data; gives where the data belongs. */
static uint8_t *write_json(struct message *message)
{
	snprintf((char *)message->data, JSON_HEAD_BYTES + 1, JSON_HEAD_FORMAT, message->id,
	         message->scheduled_ns);
	memcpy(message->data + message->size - JSON_TAIL_BYTES, JSON_TAIL, JSON_TAIL_BYTES);
	return message->data + JSON_HEAD_BYTES;
}

static void write_binary_head(struct message *message)
{
	uint64_t head[2] = {htobe64(message->id), htobe64(message->scheduled_ns)};

	memcpy(message->data, head, sizeof head);
}

/* Text that no encoding enlarges and that compresses no worse than prose would. */
static void fill(uint8_t *data, size_t size)
{
	static const char text[] = "predict, then measure; ";

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)text[i % (sizeof text - 1)];
}

struct message *message_filler(enum message_format format, size_t payload_bytes, uint64_t id,
                               uint64_t scheduled_ns)
{
	struct message *message =
	        message_new(payload_bytes, id, scheduled_ns, format == MESSAGE_BINARY);

	if (!message)
		return NULL;
	switch (format) {
	case MESSAGE_LEAN:
		snprintf((char *)message->data, ID_WIDTH + 1, "%10" PRIu64, id);
		fill(message->data + ID_WIDTH, payload_bytes - MESSAGE_LEAN_MIN_BYTES);
		break;
	case MESSAGE_BINARY:
		write_binary_head(message);
		fill(message->data + MESSAGE_BINARY_MIN_BYTES,
		     payload_bytes - MESSAGE_BINARY_MIN_BYTES);
		break;
	case MESSAGE_JSON:
	default:
		fill(write_json(message), payload_bytes - MESSAGE_JSON_MIN_BYTES);
	}
	return message;
}

/* An object of t and data and nothing else, as a client publishes it; a new reference to its
 * data, and its t. NULL where the text is anything else. */
static json_t *published_object(const void *text, size_t size, uint64_t *t)
{
	json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	json_t *when = json_object_get(object, "t"), *data = json_object_get(object, "data");
	bool is_published = json_object_size(object) == 2 && json_is_integer(when) &&
	                    json_integer_value(when) >= 0 &&
	                    json_integer_value(when) < 1000000000000000000 && json_is_string(data);

	if (is_published) {
		*t = (uint64_t)json_integer_value(when);
		json_incref(data);
	}
	json_decref(object);
	return is_published ? data : NULL;
}

int message_from_text(struct message **out, const void *text, size_t size, uint64_t id,
                      uint64_t arrival_ns)
{
	uint64_t t = arrival_ns;
	json_t *data = published_object(text, size, &t);
	char *quoted = NULL;
	int err = -EILSEQ;
	size_t length;

	if (!data)
		data = json_stringn(size ? text : "", size); /* no text may be at NULL */
	if (!data)
		goto fail;
	err = -ENOMEM;
	quoted = json_dumps(data, JSON_ENCODE_ANY);
	if (!quoted)
		goto fail;
	length = strlen(quoted) - 2; /* jansson's own quotes are not wanted */
	*out = message_new(MESSAGE_JSON_MIN_BYTES + length, id, t, false);
	if (!*out)
		goto fail;
	memcpy(write_json(*out), quoted + 1, length);
	err = 0;
fail:
	free(quoted);
	json_decref(data);
	return err;
}

int message_from_bytes(struct message **out, const void *data, size_t size, uint64_t id,
                       uint64_t arrival_ns)
{
	*out = message_new(MESSAGE_BINARY_MIN_BYTES + size, id, arrival_ns, true);
	if (!*out)
		return -ENOMEM;
	write_binary_head(*out);
	if (size > 0)
		memcpy((*out)->data + MESSAGE_BINARY_MIN_BYTES, data, size);
	return 0;
}

void message_append_text(struct bytes *out, const struct message *message)
{
	if (message->binary)
		base64_append(out, message->data, message->size);
	else
		bytes_append(out, message->data, message->size);
}

/* A number right-aligned in width characters. */
static int read_padded(const char *at, size_t width, uint64_t *value)
{
	size_t i = 0;

	while (i < width - 1 && at[i] == ' ')
		i++;
	for (*value = 0; i < width; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -EBADMSG;
		*value = *value * 10 + (uint64_t)(at[i] - '0');
	}
	return 0;
}

static int read_json(const char *text, size_t size, uint64_t *id, uint64_t *scheduled_ns)
{
	static const char id_key[] = "{\"id\":", t_key[] = ",\"t\":", data_key[] = ",\"data\":\"";
	const char *t_at = text + sizeof id_key - 1 + ID_WIDTH;
	const char *data_at = t_at + sizeof t_key - 1 + T_WIDTH;

	if (size < MESSAGE_JSON_MIN_BYTES || memcmp(text, id_key, sizeof id_key - 1) ||
	    memcmp(t_at, t_key, sizeof t_key - 1) || memcmp(data_at, data_key, sizeof data_key - 1))
		return -EBADMSG;
	if (read_padded(text + sizeof id_key - 1, ID_WIDTH, id))
		return -EBADMSG;
	return read_padded(t_at + sizeof t_key - 1, T_WIDTH, scheduled_ns);
}

static int read_binary(const void *data, size_t size, uint64_t *id, uint64_t *scheduled_ns)
{
	uint64_t head[2];

	if (size < sizeof head)
		return -EBADMSG;
	memcpy(head, data, sizeof head);
	*id = be64toh(head[0]);
	*scheduled_ns = be64toh(head[1]);
	return 0;
}

int message_read(enum message_format format, const void *data, size_t size, uint64_t *id,
                 uint64_t *scheduled_ns)
{
	switch (format) {
	case MESSAGE_LEAN:
		*scheduled_ns = 0;
		return size < ID_WIDTH ? -EBADMSG : read_padded(data, ID_WIDTH, id);
	case MESSAGE_BINARY:
		return read_binary(data, size, id, scheduled_ns);
	case MESSAGE_JSON:
	default:
		return read_json(data, size, id, scheduled_ns);
	}
}
