#include "publisher.h"

#include <errno.h>
#include <stddef.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"

int publisher_open(struct publisher *publisher, const struct publisher_config *config)
{
	publisher->config = *config;
	publisher->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return publisher->fd < 0 ? -errno : 0;
}

void publisher_close(struct publisher *publisher)
{
	if (publisher->fd >= 0)
		close(publisher->fd);
	publisher->fd = -1;
}

static bool is_over(const struct publisher *publisher)
{
	uint64_t messages_max = publisher->config.messages_max;

	return messages_max && publisher->schedule.next_id > messages_max;
}

static void arm(struct publisher *publisher)
{
	struct itimerspec when = {.it_value = clock_timespec(publisher->schedule.next_ns)};

	if (is_over(publisher))
		when = (struct itimerspec){0};
	timerfd_settime(publisher->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void publisher_start(struct publisher *publisher, uint64_t start_ns)
{
	const struct publisher_config *config = &publisher->config;

	if (config->rate_hz <= 0)
		return;
	schedule_start(&publisher->schedule, config->arrivals, config->rate_hz, config->seed,
	               start_ns);
	arm(publisher);
}

/* Without memory for it a message is lost, and the harness will say so. */
static void publish_one(struct publisher *publisher)
{
	const struct publisher_config *config = &publisher->config;
	uint64_t id = topic_last(config->topic) + 1, due_ns = publisher->schedule.next_ns;
	struct message *message = message_filler(config->format, config->payload_bytes, id, due_ns);

	if (!message)
		return;
	if (config->log)
		publish_log_note(config->log, id, due_ns, clock_now_ns());
	config->counters->published++;
	topic_append(config->topic, message);
}

void publisher_publish(void *user)
{
	struct publisher *publisher = user;
	uint64_t expirations, now = clock_now_ns();

	if (read(publisher->fd, &expirations, sizeof expirations) < 0)
		return;
	for (; publisher->schedule.next_ns <= now && !is_over(publisher);
	     schedule_advance(&publisher->schedule))
		publish_one(publisher);
	arm(publisher);
}
