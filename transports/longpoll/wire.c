#include "wire.h"

#include <inttypes.h>
#include <stdio.h>

#include "../hub.h"

void longpoll_append_request(struct bytes *out, const struct client_config *config, uint64_t since)
{
	char target[TOPIC_NAME_MAX + 64], cursor[32] = "&hold=0";

	if (since != CLIENT_NO_CURSOR)
		snprintf(cursor, sizeof cursor, "&since=%" PRIu64, since);
	snprintf(target, sizeof target, LONGPOLL_PATH "?topic=%s%s%s", config->topic, cursor,
	         config->one_per_response ? "&batch=1" : "");
	http_request_start(out, "GET", target, config->host, config->headers);
	http_request_end(out);
}
