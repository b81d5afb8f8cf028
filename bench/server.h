/* The server under test: build/serve as a child process. */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <stdint.h>
#include <sys/types.h>

#include "lab.h"
#include "plan.h"

struct server_process {
	pid_t pid;      /* 0: not running */
	int pid_fd;     /* readable when it has ended */
	int control_fd; /* closing it ends the server */
	uint16_t port;  /* at lab_server_address */
};

/*
 * Starts the cell of the spec on the server's side of the lab, on a free port, on CPU `cpu` (-1:
 * any), ready to publish its share of the plan and to note all of it in the file open at log_fd.
 * Waits for its readiness line. 0, or a negative errno with one line in `error`.
 */
int server_start(struct server_process *server, const struct run_spec *spec,
                 const struct run_plan *plan, const struct lab *lab, int log_fd, int cpu,
                 char *error, size_t error_size);

/* Starts the schedule at start_ns, CLOCK_MONOTONIC. 0 or a negative errno. */
int server_publish(const struct server_process *server, uint64_t start_ns);

/* How many subscribers it has disconnected as slow readers since it started. 0, or a negative
 * errno: -ETIMEDOUT where it does not answer within 5 s. */
int server_slow_readers(const struct server_process *server, uint64_t *count);

/* Ends it and waits for its end, by force after 5 s. Gives the status of waitpid, -1 where it was
 * not running. */
int server_stop(struct server_process *server);

#endif
