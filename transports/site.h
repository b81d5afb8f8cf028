/*
 * What a server answers besides its endpoints: POST /publish, GET /stats, GET /metrics, and the
 * refusals. No I/O: a stack hands in the request and sends the answer.
 */
#ifndef TRANSPORTS_SITE_H
#define TRANSPORTS_SITE_H

#include "bytes.h"
#include "server.h"

#define CACHE_CONTROL       "no-store"
#define NDJSON_CONTENT_TYPE "application/x-ndjson"
#define FIELD_MISSED        "X-Pushlab-Missed" /* messages above since that are gone from the log */
#define FIELD_CURSOR        "X-Pushlab-Cursor" /* on 204 to a request from now on: where now is */

struct site_request {
	const char *method, *path;
	const char *topic; /* ?topic=, NULL where there is none */
	bool binary;       /* Content-Type: application/octet-stream */
	const void *body;
	size_t body_size;
};

/* All zero before use; body is to be freed by bytes_free. */
struct site_answer {
	unsigned status;
	const char *content_type;
	const char *allow; /* the Allow field, for 405 (RFC 9110 §15.5.6); else NULL */
	struct bytes body;
};

void site_answer(const struct server_config *config, const struct site_request *request,
                 struct site_answer *answer);

/* A refusal: the status, and why as a line of text. Counts it. */
void site_refuse(const struct server_config *config, struct site_answer *answer, unsigned status,
                 const char *why);

/* The methods that are allowed on an endpoint's path; NULL where `method` is one of them. */
const char *site_endpoint_allow(const char *method);

/*
 * Puts what a client sent into the topic's log, text wrapped or bytes (message.h). Sets *id. 0,
 * -EILSEQ (text that is not UTF-8) or -ENOMEM. The caller has checked the size.
 */
int site_publish(const struct server_config *config, struct topic *topic, const void *data,
                 size_t size, bool binary, uint64_t *id);

#endif
