#include "site.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "subscription.h"

int site_publish(const struct server_config *config, struct topic *topic, const void *data,
                 size_t size, bool binary, uint64_t *id)
{
	struct message *message;
	uint64_t now = clock_now_ns();
	int err;

	*id = topic_last(topic) + 1;
	err = binary ? message_from_bytes(&message, data, size, *id, now)
	             : message_from_text(&message, data, size, *id, now);
	if (err)
		return err;
	config->counters->received++;
	config->counters->published++;
	topic_append(topic, message);
	return 0;
}

void site_refuse(const struct server_config *config, struct site_answer *answer, unsigned status,
                 const char *why)
{
	config->counters->refused++;
	answer->status = status;
	answer->content_type = "text/plain; charset=utf-8";
	bytes_clear(&answer->body);
	bytes_printf(&answer->body, "%s\n", why);
}

const char *site_endpoint_allow(const char *method)
{
	return strcmp(method, "GET") ? "GET" : NULL;
}

static void publish(const struct server_config *config, const struct site_request *request,
                    struct site_answer *answer)
{
	struct topic *topic;
	const char *why;
	uint64_t id;
	unsigned status = subscription_topic(config->hub, request->topic, &topic, &why);
	int err;

	if (status) {
		site_refuse(config, answer, status, why);
		return;
	}
	err = site_publish(config, topic, request->body, request->body_size, request->binary, &id);
	if (err == -EILSEQ) {
		site_refuse(config, answer, 400, "a published text must be UTF-8");
		return;
	}
	if (err) {
		site_refuse(config, answer, 503, "out of memory");
		return;
	}
	answer->content_type = "application/json";
	bytes_printf(&answer->body, "{\"id\":%" PRIu64 "}\n", id);
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
	answer->status = 200;
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		if (strcmp(request->path, pages[i].path))
			continue;
		if (!strcmp(request->method, pages[i].method)) {
			pages[i].answer(config, request, answer);
			return;
		}
		answer->allow = pages[i].method;
		site_refuse(config, answer, 405, "this method is not allowed here");
		return;
	}
	site_refuse(config, answer, 404, "there is no such path on this server");
}
