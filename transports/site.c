#include "site.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"

/* What is published, as the message after `last`. 0, -EILSEQ or -ENOMEM. */
static int make_message(struct message **out, const void *data, size_t size, bool binary,
                        uint64_t last, uint64_t now_ns)
{
	return binary ? message_from_bytes(out, data, size, last + 1, now_ns)
	              : message_from_text(out, data, size, last + 1, now_ns);
}

static void append(const struct server_config *config, struct topic *topic, struct message *message)
{
	if (config->publish_log && topic == config->logged_topic)
		publish_log_note(config->publish_log, message->id, message->scheduled_ns,
		                 clock_now_ns());
	config->counters->received++;
	config->counters->published++;
	topic_append(topic, message);
}

int site_publish(const struct server_config *config, struct topic *topic,
                 const struct sockaddr *client, const void *data, size_t size, bool binary,
                 uint64_t *id, uint64_t *wait_ns)
{
	struct message *message;
	uint64_t now = clock_now_ns();
	int err;

	*wait_ns = policy_publish(config->policy, client, now);
	if (*wait_ns)
		return -EDQUOT;
	err = make_message(&message, data, size, binary, topic_last(topic), now);
	if (err)
		return err;
	*id = message->id;
	append(config, topic, message);
	return 0;
}

static void add_field(struct site_answer *answer, const char *name, const char *value)
{
	for (size_t i = 0; i < SITE_FIELDS_MAX; i++)
		if (!answer->fields[i].name) {
			answer->fields[i] = (struct site_field){name, value};
			return;
		}
}

void site_refuse(const struct server_config *config, struct site_answer *answer, unsigned status,
                 const char *why)
{
	config->counters->refused++;
	answer->status = status;
	answer->content_type = "text/plain; charset=utf-8";
	bytes_clear(&answer->body);
	bytes_printf(&answer->body, "%s\n", why);
	if (status == 401) /* RFC 9110 §11.6.1; RFC 6750 §3 wants a parameter */
		add_field(answer, "WWW-Authenticate", "Bearer realm=\"pushlab\"");
	if (status == 426) { /* RFC 9110 §15.5.22; RFC 6455 §4.4 */
		add_field(answer, "Upgrade", "websocket");
		add_field(answer, "Connection", "Upgrade");
		add_field(answer, "Sec-WebSocket-Version", "13");
	}
}

static void refuse_method(const struct server_config *config, struct site_answer *answer,
                          const char *allow)
{
	add_field(answer, "Allow", allow); /* RFC 9110 §15.5.6 */
	site_refuse(config, answer, 405, "this method is not allowed here");
}

static void refuse_rate(const struct server_config *config, struct site_answer *answer,
                        uint64_t wait_ns)
{
	snprintf(answer->retry_after, sizeof answer->retry_after, "%" PRIu64,
	         wait_ns / NS_PER_S + (wait_ns % NS_PER_S > 0));
	add_field(answer, "Retry-After", answer->retry_after); /* RFC 6585 §4 */
	site_refuse(config, answer, 429, "too many messages in too short a time");
}

/* HEAD is answered wherever GET is (RFC 9110 §9.3.2). */
static bool is_allowed(const char *method, const char *allow)
{
	return !strcmp(method, allow) || (!strcmp(allow, "GET") && !strcmp(method, "HEAD"));
}

static const char *allow_field(const char *allow)
{
	return !strcmp(allow, "GET") ? "GET, HEAD" : allow;
}

/* Only GET upgrades (RFC 6455 §4.2.1, item 1). */
static bool is_upgrade(const struct site_request *request)
{
	return request->upgrade && !strcmp(request->method, "GET");
}

/* What every request passes. 0, or the status it was refused with. */
static unsigned admit(const struct server_config *config, const struct site_request *request,
                      bool websocket, bool *owes_token, struct site_answer *answer)
{
	const struct policy_request shown = {.origin = request->origin,
	                                     .authorization = request->authorization,
	                                     .token = request->token,
	                                     .websocket = websocket && is_upgrade(request)};
	const char *why = "there are as many connections as this server allows";
	unsigned status = 503;

	answer->no_body = !strcmp(request->method, "HEAD");
	answer->close = request->surplus;
	if (!request->surplus)
		status = policy_admit(config->policy, &shown, owes_token, &why);
	if (status)
		site_refuse(config, answer, status, why);
	return status;
}

/* RFC 6455 §4.2.1 but for its items 1 and 2, which are HTTP's. The key is 16 bytes in base64. */
static unsigned check_handshake(const struct site_request *request, const char **why)
{
	const char *key = request->websocket_key;

	if (!is_upgrade(request) || !request->websocket_version ||
	    strcmp(request->websocket_version, "13")) {
		*why = "this path speaks WebSocket, version 13: ask for an upgrade";
		return 426;
	}
	if (!key || strlen(key) != 24 || strcmp(key + 22, "==") ||
	    strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") != 22) {
		*why = "a handshake needs a Sec-WebSocket-Key of 16 bytes in base64";
		return 400;
	}
	return 0;
}

/* Only who has shown the token makes topics. */
static unsigned check_topic(const struct server_config *config, const struct site_request *request,
                            const char **why)
{
	if (hub_find(config->hub, request->topic ? request->topic : TOPIC_DEFAULT))
		return 0;
	*why = "there is no such topic, and to make it needs the token in the request";
	return 401;
}

bool site_enter(const struct server_config *config, const struct site_request *request,
                bool websocket, struct subscription *subscription, bool *owes_token,
                struct site_answer *answer)
{
	const struct subscription_parameters parameters = {
	        .topic = request->topic,
	        .since = request->since,
	        .batch = request->batch,
	        .hold = request->hold,
	        .last_event_id = request->last_event_id,
	};
	unsigned status = 0;
	const char *why;

	if (admit(config, request, websocket, owes_token, answer))
		return false;
	if (!is_allowed(request->method, "GET")) {
		refuse_method(config, answer, allow_field("GET"));
		return false;
	}
	if (websocket)
		status = check_handshake(request, &why);
	if (!status && *owes_token)
		status = check_topic(config, request, &why);
	if (!status)
		status = subscription_read(subscription, config->hub, &parameters, &why);
	if (status)
		site_refuse(config, answer, status, why);
	else if (answer->no_body)
		subscription->hold = false;
	return !status;
}

static void refuse_message(const struct server_config *config, struct site_answer *answer, int err)
{
	if (err == -EILSEQ)
		site_refuse(config, answer, 400, "a published text must be UTF-8");
	else
		site_refuse(config, answer, 503, "out of memory");
}

static void publish(const struct server_config *config, const struct site_request *request,
                    struct site_answer *answer)
{
	const char *name = request->topic ? request->topic : TOPIC_DEFAULT, *why;
	struct topic *topic = hub_find(config->hub, name);
	bool binary = request->content_type &&
	              !strcasecmp(request->content_type, "application/octet-stream");
	uint64_t now = clock_now_ns();
	uint64_t wait_ns = policy_publish(config->policy, request->client, now);
	struct message *message;
	unsigned status;
	int err;

	if (wait_ns) {
		refuse_rate(config, answer, wait_ns);
		return;
	}
	/* The topic comes last, so that a request that is refused makes none. */
	err = make_message(&message, request->body, request->body_size, binary,
	                   topic ? topic_last(topic) : 0, now);
	if (err) {
		refuse_message(config, answer, err);
		return;
	}
	status = subscription_topic(config->hub, name, &topic, &why);
	if (status) {
		free(message);
		site_refuse(config, answer, status, why);
		return;
	}
	answer->content_type = "application/json";
	bytes_printf(&answer->body, "{\"id\":%" PRIu64 "}\n", message->id);
	append(config, topic, message);
}

static void stats(const struct server_config *config, const struct site_request *request,
                  struct site_answer *answer)
{
	const struct counters *counters = config->counters;

	(void)request;
	answer->content_type = "application/json";
	bytes_printf(&answer->body, "{\"connections_open\":%" PRIu64 ",\"subscribers\":%" PRIu64,
	             counters->connections_open, counters->subscribers);
#define COUNTER_JSON(name, help)                                                                   \
	bytes_printf(&answer->body, ",\"" #name "\":%" PRIu64, counters->name);
	COUNTERS(COUNTER_JSON)
#undef COUNTER_JSON
	bytes_append_text(&answer->body, "}\n");
}

/* https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4 */
static void metric(struct bytes *out, const char *name, const char *type, const char *help,
                   uint64_t value)
{
	bytes_printf(out, "# HELP pushlab_%s %s\n# TYPE pushlab_%s %s\npushlab_%s %" PRIu64 "\n",
	             name, help, name, type, name, value);
}

static void metrics(const struct server_config *config, const struct site_request *request,
                    struct site_answer *answer)
{
	const struct counters *counters = config->counters;

	(void)request;
	answer->content_type = "text/plain; version=0.0.4";
	metric(&answer->body, "connections_open", "gauge", "connections open now",
	       counters->connections_open);
	metric(&answer->body, "subscribers", "gauge", "open streams and parked long-polls",
	       counters->subscribers);
#define COUNTER_METRIC(name, help)                                                                 \
	metric(&answer->body, #name "_total", "counter", help, counters->name);
	COUNTERS(COUNTER_METRIC)
#undef COUNTER_METRIC
}

static const struct {
	const char *path, *method;
	void (*answer)(const struct server_config *config, const struct site_request *request,
	               struct site_answer *answer);
} pages[] = {
        {"/publish", "POST", publish},
        {"/stats", "GET", stats},
        {"/metrics", "GET", metrics},
};

void site_answer(const struct server_config *config, const struct site_request *request,
                 struct site_answer *answer)
{
	bool owes_token;

	if (admit(config, request, false, &owes_token, answer))
		return;
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		if (strcmp(request->path, pages[i].path))
			continue;
		if (!is_allowed(request->method, pages[i].method)) {
			refuse_method(config, answer, allow_field(pages[i].method));
			return;
		}
		answer->status = 200;
		pages[i].answer(config, request, answer);
		return;
	}
	site_refuse(config, answer, 404, "there is no such path on this server");
}
