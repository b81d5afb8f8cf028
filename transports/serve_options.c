#include "serve_options.h"

#include <argp.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/project.h"
#include "clock.h"
#include "matrix.h"
#include "subscription.h"
#include "tls.h"

enum {
	OPTION_STACK = 's',
	OPTION_TRANSPORT = 't',
	OPTION_PORT = 'p',
	OPTION_LISTEN = 'l',
	OPTION_RATE = 'r',
	OPTION_ARRIVALS = 1000,
	OPTION_SEED,
	OPTION_PAYLOAD,
	OPTION_FORMAT,
	OPTION_TOPIC,
	OPTION_LOG_MESSAGES,
	OPTION_HOLD,
	OPTION_HEARTBEAT,
	OPTION_CONNECTIONS,
	OPTION_HEAD,
	OPTION_MESSAGE,
	OPTION_QUEUE,
	OPTION_REQUEST_TIMEOUT,
	OPTION_IDLE_TIMEOUT,
	OPTION_CERTIFICATE,
	OPTION_KEY,
	OPTION_TLS,
	OPTION_ORIGIN,
	OPTION_TOKEN,
	OPTION_TOKEN_IN_URL,
	OPTION_PUBLISH_RATE,
	OPTION_PUBLISH_BURST,
	OPTION_LIST,
	OPTION_CONTROL,
	OPTION_PUBLISH_LOG,
	OPTION_PUBLISH_LOG_CAPACITY,
	OPTION_MESSAGES,
};

static const struct argp_option argp_options[] = {
        {NULL, 0, NULL, 0, "What is served", 1},
        {"stack", OPTION_STACK, "STACK", 0,
         "mhd, lws or epoll (default: mhd, or the first on which TRANSPORT exists)", 0},
        {"transport", OPTION_TRANSPORT, "TRANSPORT", 0,
         "polling, longpoll, sse, websocket or all (default); or floor", 0},
        {"list", OPTION_LIST, NULL, 0, "List every transport on every stack, and exit", 0},
        {"listen", OPTION_LISTEN, "ADDRESS", 0, "Numeric address to listen on (127.0.0.1)", 0},
        {"port", OPTION_PORT, "PORT", 0, "TCP port; 0: any free one (8080)", 0},
        {NULL, 0, NULL, 0, "What is published", 2},
        {"rate", OPTION_RATE, "HZ", 0, "Messages a second; 0: none but those of POST /publish (1)",
         0},
        {"arrivals", OPTION_ARRIVALS, "HOW", 0, "even or poisson (even)", 0},
        {"seed", OPTION_SEED, "N", 0, "Seed of the schedule (1)", 0},
        {"messages", OPTION_MESSAGES, "N", 0, "Stop publishing after so many; 0: never (0)", 0},
        {"payload", OPTION_PAYLOAD, "BYTES", 0, "Size of the whole message (64)", 0},
        {"format", OPTION_FORMAT, "FORMAT", 0, "json, lean or binary (json)", 0},
        {"topic", OPTION_TOPIC, "NAME", 0, "Topic to publish to (" TOPIC_DEFAULT ")", 0},
        {NULL, 0, NULL, 0, "Who may come in", 3},
        {"tls", OPTION_TLS, NULL, 0,
         "https:// and wss:// with the certificate that scripts/certs has made", 0},
        {"tls-certificate", OPTION_CERTIFICATE, "FILE", 0, "The same with one of your own (PEM)",
         0},
        {"tls-key", OPTION_KEY, "FILE", 0, "Its private key (PEM)", 0},
        {"origin", OPTION_ORIGIN, "ORIGIN", 0,
         "Only pages of this origin (https://example.org); may be given several times", 0},
        {"token", OPTION_TOKEN, "TOKEN", 0, "Only who shows it: Authorization: Bearer TOKEN", 0},
        {"token-in-url", OPTION_TOKEN_IN_URL, NULL, 0,
         "?token=TOKEN counts too; it will stand in logs and histories", 0},
        {NULL, 0, NULL, 0, "Limits", 4},
        {"publish-rate", OPTION_PUBLISH_RATE, "HZ", 0,
         "Messages a second that one client address may publish; 0: any number (0)", 0},
        {"publish-burst", OPTION_PUBLISH_BURST, "N", 0, "Of these so many at once (10)", 0},
        {"log-messages", OPTION_LOG_MESSAGES, "N", 0, "Messages that each topic keeps (1024)", 0},
        {"hold", OPTION_HOLD, "MS", 0, "How long a long-poll is held (25000)", 0},
        {"heartbeat", OPTION_HEARTBEAT, "MS", 0, "Between SSE comments, or WebSocket pings (25000)",
         0},
        {"max-connections", OPTION_CONNECTIONS, "N", 0,
         "Connections at a time (the descriptor limit less 128)", 0},
        {"max-head", OPTION_HEAD, "BYTES", 0, "Request line and fields (4096)", 0},
        {"max-message", OPTION_MESSAGE, "BYTES", 0, "A published message (1048576)", 0},
        {"max-queue", OPTION_QUEUE, "N", 0,
         "Messages for a subscriber that takes none; then it is cut (--log-messages)", 0},
        {"request-timeout", OPTION_REQUEST_TIMEOUT, "MS", 0,
         "For a connection's first request to be whole (10000)", 0},
        {"idle-timeout", OPTION_IDLE_TIMEOUT, "MS", 0,
         "For the next request after an answer, or the answer to a ping (60000)", 0},
        {NULL, 0, NULL, 0, "For build/bench", 5},
        {"control", OPTION_CONTROL, "FD", 0,
         "Publish nothing until a line `publish START_NS` comes from this descriptor, answer a line `slow_readers`; end when it closes",
         0},
        {"publish-log", OPTION_PUBLISH_LOG, "FILE", 0,
         "Note there when each message of the topic was published", 0},
        {"publish-log-capacity", OPTION_PUBLISH_LOG_CAPACITY, "N", 0,
         "For so many messages (--messages)", 0},
        {0},
};

/* The number, or one line and exit status 2. */
static double number(const char *option, const char *text, double low, double high)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= low && value <= high)) {
		fprintf(stderr, "serve: --%s: '%s' is not a number from %.15g to %.15g\n", option,
		        text, low, high);
		exit(EXIT_USAGE);
	}
	return value;
}

static uint64_t whole(const char *option, const char *text, double low, double high)
{
	double value = number(option, text, low, high);

	if (value == floor(value))
		return (uint64_t)value;
	fprintf(stderr, "serve: --%s: '%s' is not a whole number\n", option, text);
	exit(EXIT_USAGE);
}

void serve_wrong_word(const char *option, const char *text, const char *allowed)
{
	fprintf(stderr, "serve: --%s: '%s' is not one of %s\n", option, text, allowed);
	exit(EXIT_USAGE);
}

static void list_cells(void)
{
	for (const struct endpoint *const *e = matrix_endpoints; *e; e++)
		printf("%-9s  %-5s  %s%s%s%s\n", (*e)->transport, (*e)->stack,
		       (*e)->hole ? "hole: " : (*e)->path, (*e)->hole ? (*e)->hole : "",
		       (*e)->note ? "  " : "", (*e)->note ? (*e)->note : "");
	printf("%-9s  %-5s  %s\n", floor_epoll.transport, floor_epoll.stack,
	       "raw TCP: what the instrument itself costs");
	exit(EXIT_SUCCESS);
}

static error_t parse_published(int key, char *arg, struct publisher_config *publisher)
{
	switch (key) {
	case OPTION_RATE:
		publisher->rate_hz = number("rate", arg, 0, 1e6);
		return 0;
	case OPTION_ARRIVALS:
		if (arrivals_parse(arg, &publisher->arrivals))
			serve_wrong_word("arrivals", arg, "even, poisson");
		return 0;
	case OPTION_SEED:
		publisher->seed = whole("seed", arg, 0, 0x1p53);
		return 0;
	case OPTION_MESSAGES:
		publisher->messages_max = whole("messages", arg, 0, 1e9);
		return 0;
	case OPTION_PAYLOAD:
		publisher->payload_bytes = whole("payload", arg, 1, 16 << 20);
		return 0;
	case OPTION_FORMAT:
		if (message_format_parse(arg, &publisher->format))
			serve_wrong_word("format", arg, "json, lean, binary");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_limit(int key, char *arg, struct serve_options *options)
{
	struct server_config *config = &options->config;

	switch (key) {
	case OPTION_LOG_MESSAGES:
		options->log_messages = whole("log-messages", arg, 1, 1e6);
		return 0;
	case OPTION_HOLD:
		config->hold_ns = whole("hold", arg, 1, 3.6e6) * NS_PER_MS;
		return 0;
	case OPTION_HEARTBEAT:
		config->heartbeat_ns = whole("heartbeat", arg, 1, 3.6e6) * NS_PER_MS;
		return 0;
	case OPTION_CONNECTIONS:
		config->connections_max = (unsigned)whole("max-connections", arg, 1, 1e6);
		return 0;
	case OPTION_HEAD:
		config->head_max_bytes = whole("max-head", arg, 1024, 60000);
		return 0;
	case OPTION_MESSAGE:
		config->message_max_bytes = whole("max-message", arg, 1, 1 << 30);
		return 0;
	case OPTION_QUEUE:
		config->queue_messages = whole("max-queue", arg, 1, 1e6);
		return 0;
	case OPTION_REQUEST_TIMEOUT:
		config->request_timeout_ns = whole("request-timeout", arg, 1, 3.6e6) * NS_PER_MS;
		return 0;
	case OPTION_IDLE_TIMEOUT:
		config->idle_timeout_ns = whole("idle-timeout", arg, 1, 3.6e6) * NS_PER_MS;
		return 0;
	default:
		return parse_published(key, arg, &options->publisher);
	}
}

static void add_origin(struct serve_options *options, const char *origin)
{
	if (options->origins_count == SERVE_ORIGINS_MAX) {
		fprintf(stderr, "serve: --origin: at most %d of them\n", SERVE_ORIGINS_MAX);
		exit(EXIT_USAGE);
	}
	options->origins[options->origins_count++] = origin;
}

static error_t parse_door(int key, char *arg, struct serve_options *options)
{
	switch (key) {
	case OPTION_TLS:
		options->tls = true;
		return 0;
	case OPTION_CERTIFICATE:
		options->config.certificate = arg;
		return 0;
	case OPTION_KEY:
		options->config.key = arg;
		return 0;
	case OPTION_ORIGIN:
		add_origin(options, arg);
		return 0;
	case OPTION_TOKEN:
		options->policy.token = arg;
		return 0;
	case OPTION_TOKEN_IN_URL:
		options->policy.token_in_url = true;
		return 0;
	case OPTION_PUBLISH_RATE:
		options->policy.publish_rate_hz = number("publish-rate", arg, 0, 1e6);
		return 0;
	case OPTION_PUBLISH_BURST:
		options->policy.publish_burst = (unsigned)whole("publish-burst", arg, 1, 1e6);
		return 0;
	default:
		return parse_limit(key, arg, options);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct serve_options *options = state->input;

	switch (key) {
	case OPTION_STACK:
		options->stack = arg;
		return 0;
	case OPTION_TRANSPORT:
		options->transport = arg;
		return 0;
	case OPTION_LIST:
		list_cells();
		return 0;
	case OPTION_LISTEN:
		options->config.address = arg;
		return 0;
	case OPTION_PORT:
		options->config.port = (uint16_t)whole("port", arg, 0, 65535);
		return 0;
	case OPTION_TOPIC:
		options->topic = arg;
		return 0;
	case OPTION_CONTROL:
		options->control_fd = (int)whole("control", arg, 0, 1e6);
		return 0;
	case OPTION_PUBLISH_LOG:
		options->publish_log = arg;
		return 0;
	case OPTION_PUBLISH_LOG_CAPACITY:
		options->publish_log_capacity = whole("publish-log-capacity", arg, 0, 1e9);
		return 0;
	case ARGP_KEY_ARG:
		fprintf(stderr, "serve: '%s' is not an option: see serve --help\n", arg);
		exit(EXIT_USAGE);
	default:
		return parse_door(key, arg, options);
	}
}

static void check_payload(const struct serve_options *options)
{
	size_t least = message_min_bytes(options->publisher.format);

	if (options->publisher.payload_bytes >= least)
		return;
	fprintf(stderr, "serve: --payload: a %s message has at least %zu bytes\n",
	        message_format_name(options->publisher.format), least);
	exit(EXIT_USAGE);
}

/* The certificate of build/certs, where none is named. */
static void find_certificate(struct serve_options *options)
{
	static char certificate[PATH_MAX], key[PATH_MAX];
	struct server_config *config = &options->config;

	if (!config->certificate != !config->key) {
		fprintf(stderr, "serve: --tls-certificate and --tls-key: one needs the other\n");
		exit(EXIT_USAGE);
	}
	if (!options->tls || config->certificate)
		return;
	if (project_path(certificate, sizeof certificate, "certs/server.pem") ||
	    project_path(key, sizeof key, "certs/server.key")) {
		fprintf(stderr, "serve: --tls: there is no build/certs: run scripts/certs\n");
		exit(EXIT_FAILURE);
	}
	config->certificate = certificate;
	config->key = key;
}

/* Whatever the library does with them: here it can be said what is wrong. */
static void check_certificate(const struct server_config *config)
{
	struct tls_context *tls = NULL;
	char error[PATH_MAX + 128];

	if (config->certificate &&
	    tls_server_open(&tls, config->certificate, config->key, error, sizeof error)) {
		fprintf(stderr, "serve: --tls-certificate, --tls-key: %s\n", error);
		exit(EXIT_USAGE);
	}
	tls_context_close(&tls);
}

/* What a client can send in Authorization (token68, RFC 9110 §11.2). */
static void check_token(const char *token)
{
	static const char characters[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
	size_t size = strspn(token, characters);

	if (size && strspn(token + size, "=") == strlen(token + size))
		return;
	fprintf(stderr,
	        "serve: --token: '%s' is not made of A-Z a-z 0-9 - . _ ~ + / (and = at its "
	        "end)\n",
	        token);
	exit(EXIT_USAGE);
}

/* What can be said before anything is opened. */
static void check(struct serve_options *options)
{
	check_payload(options);
	find_certificate(options);
	check_certificate(&options->config);
	if (options->policy.token)
		check_token(options->policy.token);
	if (options->policy.token_in_url && !options->policy.token) {
		fprintf(stderr, "serve: --token-in-url: there is no --token\n");
		exit(EXIT_USAGE);
	}
	if (options->policy.token_in_url)
		fprintf(stderr, "serve: --token-in-url: whoever reads a log or a history of these "
		                "requests has the token\n");
	if (!options->config.queue_messages ||
	    options->config.queue_messages > options->log_messages)
		options->config.queue_messages = options->log_messages;
}

static const struct serve_options defaults = {
        .transport = "all",
        .topic = TOPIC_DEFAULT,
        .config = {.address = "127.0.0.1",
                   .port = 8080,
                   .head_max_bytes = 4096,
                   .message_max_bytes = 1 << 20,
                   .hold_ns = 25 * NS_PER_S,
                   .heartbeat_ns = 25 * NS_PER_S,
                   .request_timeout_ns = 10 * NS_PER_S,
                   .idle_timeout_ns = 60 * NS_PER_S},
        .publisher = {.rate_hz = 1, .seed = 1, .payload_bytes = 64},
        .policy = {.publish_burst = 10},
        .log_messages = 1024,
        .control_fd = -1,
};

void serve_options_read(struct serve_options *options, int argc, char **argv)
{
	static const struct argp argp = {
	        argp_options,
	        parse,
	        NULL,
	        "Serves messages to subscribers by polling, long-polling, SSE or WebSocket.\v"
	        "Try it: build/serve --port 8080 & curl -N 'http://127.0.0.1:8080/sse?since=0'",
	        NULL,
	        NULL,
	        NULL};

	*options = defaults;
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, options);
	check(options);
}
