#include "base64.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>

int base64_append(struct bytes *out, const void *data, size_t size)
{
	/* EVP_EncodeBlock ends its output with a zero. */
	uint8_t *room = size > INT_MAX / 2 ? NULL : bytes_reserve(out, (size + 2) / 3 * 4 + 1);

	if (!room)
		return -ENOMEM;
	bytes_commit(out, (size_t)EVP_EncodeBlock(room, data, (int)size));
	return 0;
}

int base64_decode(struct bytes *out, const void *text, size_t size)
{
	const char *characters = text;
	size_t padding = 0;
	uint8_t *room;
	int decoded;

	if (size == 0)
		return 0;
	if (size % 4 || size > INT_MAX)
		return -EBADMSG;
	/* EVP_DecodeBlock counts the padding as zero bytes. */
	padding = (characters[size - 1] == '=') + (characters[size - 2] == '=');
	room = bytes_reserve(out, size / 4 * 3);
	if (!room)
		return -ENOMEM;
	decoded = EVP_DecodeBlock(room, text, (int)size);
	if (decoded < 0)
		return -EBADMSG;
	bytes_commit(out, (size_t)decoded - padding);
	return 0;
}
