/* What /proc says of another process, and what every child of ours needs. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process_usage {
	uint64_t cpu_ns;           /* on a CPU (/proc/PID/task/TID/schedstat), all threads */
	uint64_t wait_ns;          /* runnable, waiting for one */
	uint64_t context_switches; /* voluntary and not (/proc/PID/task/TID/status) */
};

/* 0 or a negative errno: -ENOENT where the process is gone. */
int process_usage(pid_t pid, struct process_usage *usage);

/* Memory of the process's own: Pss_Anon of /proc/PID/smaps_rollup. What it maps from files is not
 * in it, since its share of that changes with every process that maps the same. 0 or a negative
 * errno. */
int process_private_memory(pid_t pid, uint64_t *bytes);

/* What the kernel keeps for the TCP sockets in the process's network namespace, those objects alone
 * (TCP's line of /proc/PID/net/protocols). Not in it: what is in their queues, which the kernel
 * counts for the whole machine and to the MiB; file, inode and directory entry of each, some
 * 1.3 KiB. 0 or a negative errno. */
int process_socket_memory(pid_t pid, uint64_t *bytes);

/* What the kernel keeps in slabs for the whole machine (Slab of /proc/meminfo): all that a socket
 * has beside its queues, and much else. 0 or a negative errno. */
int process_slab_memory(uint64_t *bytes);

/* In a child, after fork: dies with `parent`, ignores the terminal's Ctrl-C, and runs on that CPU
 * only (-1: on any). False where the parent has died already. */
bool process_prepare_child(pid_t parent, int cpu);

/* The CPUs for the server and for the load: different ones where this process may use two, of
 * different cores where they can be had; else -1 for both. */
void process_choose_cpus(int *server_cpu, int *load_cpu);

/* Raises the soft limit of descriptors to the hard one and gives that. */
size_t process_raise_descriptor_limit(void);

/* "exited with status 3", "was killed by signal 9 (Killed)", from a status of waitpid. */
void process_describe_end(int status, char *text, size_t size);

#endif
