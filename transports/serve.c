/* build/serve: one process, one thread, any endpoints of one stack on one port. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "matrix.h"
#include "serve_options.h"

#define ENDPOINTS_MAX 8
#define TOPICS_MAX    1024

/* The cells to serve, in *endpoints (NULL ends them); the stack they are on. */
static const struct stack_ops *choose(const struct serve_options *options,
                                      const struct endpoint **endpoints)
{
	bool all = !strcmp(options->transport, "all");
	const struct endpoint *first = all ? NULL : matrix_first(options->transport);
	const char *stack = options->stack ? options->stack : first ? first->stack : "mhd";
	const struct stack_ops *ops = matrix_stack(stack);
	size_t count = 0;

	if (!all && !first)
		serve_wrong_word("transport", options->transport,
		                 "polling, longpoll, sse, websocket, all, floor");
	if (first == &floor_epoll)
		endpoints[count++] = first;
	for (const struct endpoint *const *e = matrix_endpoints; *e; e++) {
		if (strcmp((*e)->stack, stack) ||
		    (!all && strcmp((*e)->transport, options->transport)))
			continue;
		if ((*e)->hole)
			fprintf(stderr, "serve: %s/%s is not served: %s\n", (*e)->transport, stack,
			        (*e)->hole);
		else
			endpoints[count++] = *e;
	}
	if (!count || !ops) {
		fprintf(stderr, "serve: nothing to serve on --stack %s: see serve --list\n", stack);
		exit(EXIT_USAGE);
	}
	return ops;
}

/* What this process serves: everything that main opens and closes. */
struct service {
	struct hub *hub;
	struct policy *policy;
	struct topic *topic;
	struct server *server;
	const struct stack_ops *stack;
	struct publisher publisher;
	struct publish_log *publish_log;
	struct counters counters;
	int control_fd;
};

/* A signal handler has no other way to know the server. */
static struct service service = {.publisher.fd = -1};

static void stop(int signal_number)
{
	(void)signal_number;
	service.stack->stop(service.server);
}

static int fail(int err, const char *what, const char *advice)
{
	fprintf(stderr, "serve: %s: %s%s%s\n", what, strerror(-err), *advice ? ": " : "", advice);
	return err;
}

static int open_publish_log(const struct serve_options *options)
{
	int err, fd = open(options->publish_log, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		return fail(-errno, options->publish_log, "");
	err = publish_log_open(&service.publish_log, fd,
	                       options->publish_log_capacity ? options->publish_log_capacity
	                                                     : options->publisher.messages_max);
	close(fd);
	return err ? fail(err, options->publish_log, "") : 0;
}

/* The harness speaks in lines of its own making; one read brings a whole one. */
static void control_ready(void *user)
{
	struct publisher *publisher = user;
	char line[64];
	ssize_t size = read(service.control_fd, line, sizeof line - 1);
	uint64_t start_ns;

	if (size <= 0) {
		service.stack->stop(service.server);
		return;
	}
	line[size] = '\0';
	if (sscanf(line, "publish %" SCNu64, &start_ns) == 1)
		publisher_start(publisher, start_ns);
	else if (!strcmp(line, "slow_readers\n"))
		dprintf(service.control_fd, "slow_readers %" PRIu64 "\n",
		        service.counters.slow_readers);
}

static int open_publisher(const struct serve_options *options, const struct stack_ops *stack)
{
	struct publisher_config config = options->publisher;
	int err;

	config.topic = service.topic;
	config.counters = &service.counters;
	config.log = service.publish_log;
	err = publisher_open(&service.publisher, &config);
	if (!err)
		err = stack->watch(service.server, service.publisher.fd, publisher_publish,
		                   &service.publisher);
	if (!err && options->control_fd >= 0)
		err = stack->watch(service.server, options->control_fd, control_ready,
		                   &service.publisher);
	else if (!err && config.rate_hz > 0)
		publisher_start(&service.publisher, clock_now_ns());
	return err ? fail(err, "the publisher", "") : 0;
}

/* The hub with its topic, and the door. */
static int open_application(struct serve_options *options)
{
	int err = hub_open(&service.hub, options->log_messages, TOPICS_MAX);

	if (!err)
		err = hub_topic(service.hub, options->topic, &service.topic);
	if (err == -EINVAL)
		serve_wrong_word("topic", options->topic,
		                 "the names that a topic can have: 1 to 64 of A-Z a-z 0-9 . _ -");
	if (err)
		return fail(err, "the topic", "");
	if (options->origins_count)
		options->policy.origins = options->origins;
	err = policy_open(&service.policy, &options->policy);
	if (err)
		return fail(err, "the policy", "");
	return options->publish_log ? open_publish_log(options) : 0;
}

static int open_service(struct serve_options *options, const struct stack_ops *stack,
                        const struct endpoint *const *endpoints)
{
	struct server_config *config = &options->config;
	char where[96];
	int err = open_application(options);

	if (err)
		return err;
	config->hub = service.hub;
	config->policy = service.policy;
	config->counters = &service.counters;
	config->publish_log = service.publish_log;
	config->logged_topic = service.topic;
	service.control_fd = options->control_fd;
	service.stack = stack;
	err = stack->open(&service.server, config, endpoints);
	if (err == -EINVAL)
		serve_wrong_word("listen", config->address, "this machine's numeric addresses");
	snprintf(where, sizeof where, "%s port %u", config->address, config->port);
	if (err)
		return fail(err, where,
		            err == -EADDRINUSE ? "choose another --port, or 0 for any free one"
		            : err == -EACCES   ? "ports below 1024 need privileges"
		                               : "");
	return open_publisher(options, stack);
}

static void close_service(void)
{
	if (service.server)
		service.stack->close(&service.server);
	publisher_close(&service.publisher);
	publish_log_close(&service.publish_log);
	policy_close(&service.policy);
	hub_close(&service.hub);
}

/* The first line of output: whoever started this process waits for it. */
static void say_ready(const struct serve_options *options, const struct stack_ops *stack,
                      const struct endpoint *const *endpoints)
{
	printf("ready %s://%s:%u stack=%s", options->config.certificate ? "https" : "http",
	       options->config.address, stack->port(service.server), stack->name);
	for (const struct endpoint *const *e = endpoints; *e && (*e)->path; e++)
		printf(" %s", (*e)->path);
	printf("\n");
	fflush(stdout);
}

/* libmicrohttpd takes two more for a connection that it upgrades behind TLS. */
static unsigned descriptors_each(const struct serve_options *options,
                                 const struct endpoint *const *endpoints)
{
	for (; *endpoints; endpoints++)
		if (options->config.certificate && *endpoints == &websocket_mhd)
			return 3;
	return 1;
}

/* Beyond what descriptors allow a library would spin, or let in whom it cannot serve. */
static void limit_connections(struct serve_options *options,
                              const struct endpoint *const *endpoints)
{
	unsigned *connections = &options->config.connections_max, most;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	most = limit.rlim_cur > 256 ? (unsigned)limit.rlim_cur - 128 : 128;
	most /= descriptors_each(options, endpoints);
	if (*connections > most)
		fprintf(stderr, "serve: --max-connections: the descriptor limit allows %u\n", most);
	if (*connections == 0 || *connections > most)
		*connections = most;
}

int main(int argc, char **argv)
{
	struct serve_options options;
	const struct endpoint *endpoints[ENDPOINTS_MAX + 1] = {NULL};
	struct sigaction on_stop = {.sa_handler = stop};
	const struct stack_ops *stack;
	int err;

	serve_options_read(&options, argc, argv);
	stack = choose(&options, endpoints);
	limit_connections(&options, endpoints);
	err = open_service(&options, stack, endpoints);
	if (!err) {
		sigaction(SIGINT, &on_stop, NULL);
		sigaction(SIGTERM, &on_stop, NULL);
		say_ready(&options, stack, endpoints);
		err = stack->run(service.server);
		on_stop.sa_handler = SIG_IGN; /* the server that it would stop is going */
		sigaction(SIGINT, &on_stop, NULL);
		sigaction(SIGTERM, &on_stop, NULL);
	}
	close_service();
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
