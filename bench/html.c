#include "html.h"

#include <errno.h>
#include <stdint.h>

#include "../transports/base64.h"
#include "../transports/bytes.h"

#define KEY_BYTES  256 /* of all keys that lead to a value; what is longer is cut short */
#define READ_BYTES 16384

static const char *entity_of(char character)
{
	switch (character) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void html_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		const char *entity = entity_of(*text);

		if (entity)
			fputs(entity, out);
		else
			fputc(*text, out);
	}
}

static int read_file(struct bytes *content, const char *path)
{
	FILE *file = fopen(path, "re");
	int status = 0;
	size_t size;

	if (!file)
		return -errno;
	do {
		uint8_t *room = bytes_reserve(content, READ_BYTES);

		size = room ? fread(room, 1, READ_BYTES, file) : 0;
		bytes_commit(content, size);
	} while (size > 0);
	if (content->failed)
		status = -ENOMEM;
	else if (ferror(file))
		status = -EIO;
	fclose(file);
	return status;
}

int html_svg(FILE *out, const char *path, const char *alt)
{
	struct bytes svg = {0}, text = {0};
	int status = read_file(&svg, path);

	if (status == 0)
		status = base64_append(&text, bytes_data(&svg), bytes_size(&svg));
	if (status == 0) {
		fputs("<img alt=\"", out);
		html_text(out, alt);
		fputs("\" src=\"data:image/svg+xml;base64,", out);
		fwrite(bytes_data(&text), 1, bytes_size(&text), out);
		fputs("\">", out);
	}
	bytes_free(&svg);
	bytes_free(&text);
	return status;
}

static void put_value(FILE *out, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		html_text(out, json_string_value(value));
		break;
	case JSON_INTEGER:
		fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_REAL:
		fprintf(out, "%.15g", json_real_value(value));
		break;
	case JSON_TRUE:
		fputs("yes", out);
		break;
	case JSON_FALSE:
		fputs("no", out);
		break;
	case JSON_NULL:
		fputs("not known", out);
		break;
	default: /* an object or array with nothing in it */
		fputs("none", out);
	}
}

static void put_item(FILE *out, const char *path, const json_t *value)
{
	fputs("<dt>", out);
	html_text(out, path);
	fputs("</dt><dd>", out);
	put_value(out, value);
	fputs("</dd>\n", out);
}

static void put_items(FILE *out, const char *above, json_t *json)
{
	char path[KEY_BYTES];
	const char *key;
	json_t *value;
	size_t index;

	if (json_object_size(json) == 0 && json_array_size(json) == 0)
		put_item(out, above, json);
	json_object_foreach(json, key, value)
	{
		snprintf(path, sizeof(path), "%s%s%s", above, *above ? "." : "", key);
		put_items(out, path, value);
	}
	json_array_foreach(json, index, value)
	{
		snprintf(path, sizeof(path), "%s[%zu]", above, index);
		put_items(out, path, value);
	}
}

void html_json(FILE *out, json_t *json)
{
	put_items(out, "", json);
}
