#include "base64.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

int base64_append(struct bytes *out, const void *data, size_t size)
{
	/* EVP_EncodeBlock ends its output with a zero, and counts in int. */
	uint8_t *room = bytes_reserve(out, size > INT_MAX / 2 ? SIZE_MAX : (size + 2) / 3 * 4 + 1);

	if (!room)
		return -ENOMEM;
	bytes_commit(out, (size_t)EVP_EncodeBlock(room, data, (int)size));
	return 0;
}

int base64_decode(struct bytes *out, const void *text, size_t size)
{
	const char *characters = text;
	size_t padding, decoded = size / 4 * 3;
	uint8_t *room;

	if (size == 0)
		return 0;
	if (size % 4 || size > INT_MAX)
		return -EBADMSG;
	padding = (characters[size - 1] == '=') + (characters[size - 2] == '=');
	room = bytes_reserve(out, decoded);
	if (!room)
		return -ENOMEM;
	/* EVP_DecodeBlock reads = as zero bits wherever it stands, so that padding makes zero
	 * bytes, and passes over white space at both ends, which makes too few. */
	if (EVP_DecodeBlock(room, text, (int)size) != (int)decoded ||
	    memchr(characters, '=', size - padding))
		return -EBADMSG;
	bytes_commit(out, decoded - padding);
	return 0;
}
