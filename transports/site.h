/*
 * What a server answers, whatever library it stands on: who may subscribe, POST /publish,
 * GET /stats, GET /metrics, and the refusals. No I/O: a stack hands in what it has read of a
 * request and sends the answer.
 */
#ifndef TRANSPORTS_SITE_H
#define TRANSPORTS_SITE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "bytes.h"
#include "server.h"
#include "subscription.h"

#define CACHE_CONTROL       "no-store"
#define NDJSON_CONTENT_TYPE "application/x-ndjson"
#define FIELD_MISSED        "X-Pushlab-Missed" /* messages above since that are gone from the log */
#define FIELD_CURSOR        "X-Pushlab-Cursor" /* on 204 to a request from now on: where now is */

/* The WebSocket subprotocol (RFC 6455 §1.9) that a client may offer: what README.md describes. One
 * that offers none, or only others, is served the same, without the field in the answer. */
#define SITE_SUBPROTOCOL "pushlab"

/* A request. Strings are NULL where it has no such argument or field. */
struct site_request {
	const char *method, *path;
	/* arguments of the query */
	const char *topic, *since, *batch, *hold, *token;
	/* fields */
	const char *last_event_id, *origin, *authorization, *content_type;
	const char *websocket_version, *websocket_key;
	/* Upgrade has websocket, Connection has upgrade, in any case (RFC 6455 §4.2.1) */
	bool upgrade;
	bool subprotocol;              /* Sec-WebSocket-Protocol lists SITE_SUBPROTOCOL */
	bool surplus;                  /* the connection is one more than connections_max */
	const struct sockaddr *client; /* the peer's address; NULL where it is not known */
	const void *body;
	size_t body_size;
};

struct site_field {
	const char *name, *value; /* name NULL: none */
};

#define SITE_FIELDS_MAX 3

/* All zero before use; body is to be freed by bytes_free. */
struct site_answer {
	unsigned status;
	const char *content_type;                  /* NULL: no content */
	struct site_field fields[SITE_FIELDS_MAX]; /* besides Content-* and Cache-Control */
	bool close;   /* the connection is to be closed after it (Connection: close) */
	bool no_body; /* the request was HEAD: Content-Length is that of body, which is not sent */
	struct bytes body;
	char retry_after[16]; /* what fields may point to */
};

/*
 * A subscriber is at the door of an endpoint; websocket says whether it is one that upgrades.
 * true: it may enter: *subscription is filled in (for HEAD with hold = false), and *owes_token as
 * policy_admit says. false: *answer is the refusal, counted, and no topic was made. In this order:
 * 503 surplus connection, 403 or 401 (policy.h), 405, 426 or 400 for the handshake (RFC 6455
 * §4.2.1, §4.4; HEAD asks for no upgrade), 401 for a topic that does not exist where the token is
 * still owed (only who has shown it makes topics), 400 for the arguments, 503 where there are too
 * many topics.
 */
bool site_enter(const struct server_config *config, const struct site_request *request,
                bool websocket, struct subscription *subscription, bool *owes_token,
                struct site_answer *answer);

/* The answer to any request that is not for an endpoint. */
void site_answer(const struct server_config *config, const struct site_request *request,
                 struct site_answer *answer);

/* A refusal: the status, why as a line of text, and the fields that the status demands (401
 * WWW-Authenticate, 426 Upgrade). Counts it. */
void site_refuse(const struct server_config *config, struct site_answer *answer, unsigned status,
                 const char *why);

/*
 * Puts what a client (NULL: unknown address) sent into the topic's log, text wrapped or bytes
 * (message.h). Sets *id. 0; -EILSEQ (text that is not UTF-8), -EDQUOT (the client publishes too
 * fast; *wait_ns says for how long), or -ENOMEM. The caller has checked the size.
 */
int site_publish(const struct server_config *config, struct topic *topic,
                 const struct sockaddr *client, const void *data, size_t size, bool binary,
                 uint64_t *id, uint64_t *wait_ns);

#endif
