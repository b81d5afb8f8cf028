/* What build/serve is asked to do: its command line. Only serve.c uses this. */
#ifndef TRANSPORTS_SERVE_OPTIONS_H
#define TRANSPORTS_SERVE_OPTIONS_H

#include "publisher.h"
#include "server.h"

#define EXIT_USAGE        2
#define SERVE_ORIGINS_MAX 16

struct serve_options {
	const char *stack;     /* NULL: any on which the transport exists */
	const char *transport; /* a name, or "all" */
	const char *topic, *publish_log;
	struct server_config config;
	struct publisher_config publisher;
	struct policy_config policy;
	const char *origins[SERVE_ORIGINS_MAX + 1]; /* NULL ends them */
	size_t origins_count;
	size_t log_messages;
	size_t publish_log_capacity;
	int control_fd; /* -1: none */
	bool tls;
};

/* Reads and checks the command line. A wrong one gets one line that says what would be right, and
 * exit status 2; --help and --list are answered, and end the program too. What it points to lives
 * as long as argv. */
void serve_options_read(struct serve_options *options, int argc, char **argv);

/* One line that says that text is none of what the option allows; exit status 2. */
_Noreturn void serve_wrong_word(const char *option, const char *text, const char *allowed);

#endif
