#include "meters.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void fail(struct meters *meters, const char *what, int err)
{
	snprintf(meters->reason, meters->reason_size, "%s: %s", what, strerror(-err));
}

/* What has crossed the network since it was counted last, into *wire if that is not NULL. */
static void count_wire(struct meters *meters, struct run_wire *wire)
{
	struct lab_counts now, *before = &meters->counts;
	int err = lab_count(meters->lab, &now);

	if (err && meters->lab->mode != LAB_LOOPBACK)
		fail(meters, "counting frames", err);
	if (err)
		return;
	if (wire)
		*wire = (struct run_wire){
		        .bytes_down = now.bytes_down - before->bytes_down,
		        .bytes_up = now.bytes_up - before->bytes_up,
		        .packets_down = now.packets_down - before->packets_down,
		        .packets_up = now.packets_up - before->packets_up,
		};
	*before = now;
	meters->packets_dropped = now.dropped - meters->dropped_before;
}

void meters_open(struct meters *meters, const struct lab *lab, const struct link_process *link,
                 char *reason, size_t reason_size)
{
	*meters = (struct meters){.lab = lab, .link = link};
	meters->reason = reason;
	meters->reason_size = reason_size;
	count_wire(meters, NULL);
	meters->dropped_before = meters->counts.dropped;
}

static void read_server_cpu(struct meters *meters, uint64_t *cpu_ns)
{
	struct process_usage usage = {0};
	int err = process_usage(meters->server_pid, &usage);

	if (err)
		fail(meters, "the CPU time of the server cannot be read", err);
	*cpu_ns = usage.cpu_ns;
}

void meters_listening(struct meters *meters)
{
	process_private_memory(meters->server_pid, &meters->server.memory_before_bytes);
	process_socket_memory(meters->server_pid, &meters->server.kernel_before_bytes);
	process_slab_memory(&meters->server.slab_before_bytes);
	read_server_cpu(meters, &meters->listening_cpu_ns);
}

void meters_half_connected(struct meters *meters)
{
	process_private_memory(meters->server_pid, &meters->server.memory_half_bytes);
}

void meters_connected(struct meters *meters)
{
	uint64_t connected_cpu_ns = 0;

	process_private_memory(meters->server_pid, &meters->server.memory_bytes);
	process_socket_memory(meters->server_pid, &meters->server.kernel_bytes);
	process_slab_memory(&meters->server.slab_bytes);
	read_server_cpu(meters, &connected_cpu_ns);
	meters->server.connect_cpu_ns = connected_cpu_ns - meters->listening_cpu_ns;
	count_wire(meters, &meters->wire_connecting);
}

static void read_usage(struct meters *meters, struct process_usage *server,
                       struct process_usage *load, struct process_usage *link)
{
	pid_t link_pid = meters->link->helper.pid;
	int err = process_usage(meters->server_pid, server);

	*link = (struct process_usage){0};
	if (!err)
		err = process_usage(meters->load_pid, load);
	if (!err && link_pid)
		err = process_usage(link_pid, link);
	if (err)
		fail(meters, "the CPU time of server, load and link cannot be read", err);
}

/* What the link process has seen since it was read last: *counts is left to say so. */
static void count_kinds(struct packet_counts *counts, const struct packet_counts *now)
{
	for (size_t i = 0; i < PACKET_KINDS; i++) {
		counts->packets[i] = now->packets[i] - counts->packets[i];
		counts->bytes[i] = now->bytes[i] - counts->bytes[i];
	}
}

static void count_all_kinds(struct meters *meters)
{
	const struct link_shared *link = meters->link->shared;

	if (!link)
		return;
	count_kinds(&meters->kinds_down, &link->kinds_down);
	count_kinds(&meters->kinds_up, &link->kinds_up);
}

void meters_main_begins(struct meters *meters)
{
	count_wire(meters, NULL);
	count_all_kinds(meters);
	read_usage(meters, &meters->before.server, &meters->before.load, &meters->before.link);
}

/* Both processes are there: the load waits for our word before it closes anything. */
void meters_main_ends(struct meters *meters)
{
	struct process_usage server = {0}, load, link;

	read_usage(meters, &server, &load, &link);
	meters->server.cpu_ns = server.cpu_ns - meters->before.server.cpu_ns;
	meters->server.context_switches =
	        server.context_switches - meters->before.server.context_switches;
	count_wire(meters, &meters->wire);
	count_all_kinds(meters);
	process_private_memory(meters->server_pid, &meters->server.memory_end_bytes);
}

/* The kernel adds a wait when it is over: one that was under way at the end of the main phase is
 * there by now, since everything has been delivered. */
void meters_end(struct meters *meters)
{
	struct process_usage server = {0}, load = {0}, link;

	read_usage(meters, &server, &load, &link);
	meters->server.wait_ns = server.wait_ns - meters->before.server.wait_ns;
	meters->load_wait_ns = load.wait_ns - meters->before.load.wait_ns;
	meters->link_wait_ns = link.wait_ns - meters->before.link.wait_ns;
}
