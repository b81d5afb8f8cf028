#include <string.h>
#include <strings.h>

#include "mhd_server.h"

/* What says where a request ends, and to whom it goes. */
struct framing {
	unsigned hosts, lengths, encodings;
	bool chunked;
};

/* Counts a field of that name; one with white space behind its name is as good as two. */
static bool note(const char *name, const char *wanted, unsigned *count)
{
	size_t size = strcspn(name, " \t");

	if (size != strlen(wanted) || strncasecmp(name, wanted, size) != 0)
		return false;
	*count += name[size] ? 2 : 1;
	return true;
}

static enum MHD_Result note_field(void *cls, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
	struct framing *framing = cls;

	(void)kind;
	note(name, MHD_HTTP_HEADER_HOST, &framing->hosts);
	note(name, MHD_HTTP_HEADER_CONTENT_LENGTH, &framing->lengths);
	if (note(name, MHD_HTTP_HEADER_TRANSFER_ENCODING, &framing->encodings))
		framing->chunked = strcasecmp(value, "chunked") == 0;
	return MHD_YES;
}

const char *mhd_head_fault(struct MHD_Connection *connection, bool http_1_0)
{
	struct framing framing = {0};

	MHD_get_connection_values(connection, MHD_HEADER_KIND, note_field, &framing);
	if (framing.hosts > 1 || (!framing.hosts && !http_1_0))
		return "a request of HTTP/1.1 has one Host";
	if (framing.lengths + framing.encodings > 1)
		return "the length of the content is given twice";
	if (framing.encodings && (!framing.chunked || http_1_0))
		return "the transfer coding is not chunked alone";
	return NULL;
}
