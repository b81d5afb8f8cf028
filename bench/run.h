/*
 * One run: what it is asked to do and what it found. A run is one cell with one set of parameters
 * in one block of an experiment; it is kept as one JSON line of runs.jsonl.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../transports/http.h"
#include "../transports/message.h"
#include "../transports/schedule.h"
#include "hist.h"
#include "link.h"
#include "packet_kinds.h"

/* What is varied. Two runs with equal parameters are one row of the summary. */
struct run_parameters {
	char transport[16], stack[16];
	unsigned subscribers;
	unsigned cuts;         /* how often, in the main phase, all connections are reset */
	unsigned slow_readers; /* of the subscribers, the first: they read nothing in the main phase
	                        */
	unsigned connections_max; /* requests at a time, of all of them together; 0: no limit */
	double rate_hz;    /* messages that the server publishes per second, for all subscribers */
	double rate_up_hz; /* the same of all subscribers together */
	enum arrivals arrivals;
	unsigned payload_bytes; /* of the whole message, as the application sees it */
	enum message_format format;
	enum http_headers headers;
	double poll_interval_ms; /* polling only */
	bool batch;              /* longpoll: an answer carries all that is new */
	bool tls;
	struct link_settings link; /* all 0: none */
	char link_profile[16];     /* by which it was named; empty: by none */
	double warmup_s, main_s;
};

struct run_spec {
	char experiment[64];
	char environment[17];  /* of the machine it ran on: environment_hash; may be empty */
	unsigned block, order; /* both from 1; order: the position within the block */
	uint64_t seed;         /* of the schedule: the same for every cell of a block */
	struct run_parameters parameters;
};

/* Counted from the start to the end of the main phase, over all subscribers. */
struct run_traffic {
	uint64_t messages;         /* received in that time, whenever they were scheduled */
	uint64_t payload_bytes;    /* of those messages */
	uint64_t payload_bytes_up; /* of what clients handed over to be published */
	uint64_t responses;        /* HTTP responses, SSE events, WebSocket frames */
	uint64_t empty_responses;  /* of those, without a message */
	uint64_t app_bytes_down, app_bytes_up; /* what crossed the sockets: framing and payload */
	/* From TCP_INFO at the client's end. down: server to client. */
	uint64_t tcp_bytes_down, tcp_bytes_up; /* of payload; up: retransmissions included */
	uint64_t segments_down, segments_up;   /* pure ACKs included */
	uint64_t retransmitted;                /* segments, up */
};

/* What it took until everybody was subscribed, over all connections. */
struct run_connecting {
	uint64_t connections; /* one for each subscriber; two where it publishes on a second one */
	uint64_t tcp_bytes_down, tcp_bytes_up; /* as in run_traffic */
	uint64_t segments_down, segments_up;
};

/* What crossed the lab's network, in frames with their Ethernet headers; all 0 where that cannot be
 * counted. down: server to client. */
struct run_wire {
	uint64_t bytes_down, bytes_up;
	uint64_t packets_down, packets_up; /* of every kind */
};

struct run_server {
	uint64_t cpu_ns;              /* during the main phase, all threads (schedstat) */
	uint64_t connect_cpu_ns;      /* the same until everybody was subscribed */
	uint64_t wait_ns;             /* runnable, waiting for a CPU, in the same time */
	uint64_t context_switches;    /* both kinds, in the same time */
	uint64_t memory_before_bytes; /* its own (Pss_Anon), listening, nobody connected */
	uint64_t memory_half_bytes;   /* the same, run_half subscribers there; 0: not measured */
	uint64_t memory_bytes;        /* the same, everybody subscribed, nothing published yet */
	/* The kernel's for the TCP sockets on its side, at the first and last of these instants. */
	uint64_t kernel_before_bytes, kernel_bytes;
	/* Of the whole machine, at the same instants: process_slab_memory */
	uint64_t slab_before_bytes, slab_bytes;
	double cpu_share; /* cpu_ns / length of the main phase */
	/* At the end of the main phase: as memory_bytes (0: not measured); how many subscribers it
	 * had disconnected as slow readers, by its own count, which is asked for where there are
	 * such. */
	uint64_t memory_end_bytes, slow_disconnected;
};

struct run_load {
	uint64_t cpu_ns;  /* of the load process during the main phase */
	uint64_t wait_ns; /* runnable, waiting for a CPU, in the same time */
	double cpu_share;
	double lateness_p99_ms; /* of its timers: a poll leaves that much after it was due */
	double publish_p99_ms;  /* of the publisher: into the hub, after it was scheduled */
	double publish_max_ms;
};

struct run_result {
	bool valid;
	bool disturbed;       /* what made it invalid is that the machine was busy; not kept */
	char reason[200];     /* why not; empty where valid */
	char lab_mode[16];    /* "direct", "link", "loopback": lab.h */
	char wire_counts[16]; /* "modelled" or "counted" */
	bool captured;        /* a capture took its share of the CPU */
	char pinning[40];     /* "server on CPU 0, load on CPU 1"; "none" */
	double connect_ms, warmup_ms, main_ms, drain_ms; /* as they came out; 0: not reached */
	/* Of the messages scheduled within the main phase: */
	uint64_t published;  /* how many, by the server and by clients */
	uint64_t expected;   /* published times subscribers that read */
	uint64_t delivered;  /* first deliveries */
	uint64_t duplicates; /* deliveries of what a subscriber had already */
	uint64_t reordered;  /* deliveries with an id below one that came before */
	/* In the whole run: */
	uint64_t missed;          /* messages that the server said were gone from its log */
	uint64_t packets_dropped; /* by the network's devices */
	uint64_t link_lost, link_queue_full; /* packets, by the link, as it was asked to */
	double link_late_p99_ms;             /* packets left the link after their instant */
	double link_cpu_ms;                  /* of the link process */
	uint64_t link_wait_ns; /* it was runnable, waiting for a CPU, in the main phase */
	uint64_t reconnects;
	uint64_t kept_out; /* subscribers that never had one of connections_max connections */
	struct run_connecting connecting;
	struct run_traffic traffic;
	struct run_wire wire_connecting, wire; /* until all were subscribed; in the main phase */
	struct packet_counts kinds_down,
	        kinds_up; /* of these in the main phase: the link's count */
	struct run_server server;
	struct run_load load;
	/* Of the deliveries of what the server published: */
	struct hist latency;     /* from the scheduled instant: the one reported */
	struct hist unscheduled; /* from the actual publish instant */
	/* Of what a client published, from the scheduled instant to its delivery to that client. */
	struct hist round_trip;
	/* Of the first connection on which each subscriber receives. */
	struct hist connect;   /* TCP: from SYN to established */
	struct hist handshake; /* TLS, after that; empty without */
	struct hist ready;     /* from SYN to subscribed */
};

/* Whether a link is between server and clients. */
static inline bool run_has_link(const struct run_parameters *parameters)
{
	return link_is_there(&parameters->link);
}

/* How many of the subscribers connect before the server's memory is read between. */
static inline unsigned run_half(unsigned subscribers)
{
	return subscribers / 2;
}

/* Bytes of a segment's headers on Ethernet: 14 Ethernet, 20 IPv4, 32 TCP with timestamps. */
#define SEGMENT_HEADER_BYTES 66

/* Derived values: NAN where they were not measured or the divisor is 0. */
double run_reach(const struct run_result *result);
double run_messages_per_response(const struct run_result *result); /* empty answers count */
double run_empty_share(const struct run_result *result);
/* One way: as the network has counted; else tcp bytes + SEGMENT_HEADER_BYTES a segment. */
double run_wire_bytes_down(const struct run_result *result);
double run_wire_bytes_up(const struct run_result *result);
/* Both ways, per message received */
double run_wire_bytes_per_message(const struct run_result *result);
double run_framing_bytes_per_message(const struct run_result *result);
/* What TLS adds to what crosses the sockets: both ways, per message received. NAN without TLS. */
double run_tls_bytes_per_message(const struct run_spec *spec, const struct run_result *result);
double run_packets_per_message(const struct run_result *result);
double run_server_cpu_us_per_message(const struct run_result *result);
/* Of memory_bytes - memory_before_bytes, and of the two parts in which it grew */
double run_server_bytes_per_connection(const struct run_spec *spec,
                                       const struct run_result *result);
double run_server_bytes_first_half(const struct run_spec *spec, const struct run_result *result);
double run_server_bytes_second_half(const struct run_spec *spec, const struct run_result *result);
/* By how much the server's memory grew from memory_bytes to memory_end_bytes */
double run_server_bytes_growth(const struct run_result *result);
/* Of the kernel's for TCP sockets (process_socket_memory); NAN on loopback, where the clients'
 * sockets are among them */
double run_kernel_bytes_per_connection(const struct run_spec *spec,
                                       const struct run_result *result);
/* Of the growth of the kernel's slabs, by socket: both ends of a connection are on this machine.
 * NAN below 1,000 subscribers, where other work on the machine would show. */
double run_slab_bytes_per_socket(const struct run_spec *spec, const struct run_result *result);
/* The server's, until everybody was subscribed */
double run_connect_cpu_us_per_connection(const struct run_result *result);
/* Both ways, for one subscriber; NAN where anything was published */
double run_wire_bytes_per_idle_minute(const struct run_spec *spec, const struct run_result *result);
/* Of the server, for one subscriber; NAN as above */
double run_server_cpu_us_per_idle_minute(const struct run_spec *spec,
                                         const struct run_result *result);
/* Both ways, per message received, of one kind; NAN where no link told them apart */
double run_kind_per_message(const struct run_result *result, enum packet_kind kind);
/* Both ways: as the network has counted, or the same of TCP's payload and segments */
double run_connect_bytes_per_connection(const struct run_result *result);
double run_connect_packets_per_connection(const struct run_result *result);

/* "lean", "browser", "kaazing", and back (-EINVAL for another word). */
const char *run_headers_name(enum http_headers headers);
int run_headers_parse(const char *name, enum http_headers *headers);

/* Appends the run to out as one line of JSON and flushes. A NAN is written as null and read back
 * as NAN; numbers are kept exactly, in as few digits as that takes. The buckets of a histogram are
 * their counts, from the lowest on; a number below 0 is that many empty ones. What was not measured
 * or never happened may be missing. 0, -ERANGE for a count above INT64_MAX, which JSON readers do
 * not share, or another negative errno. */
int run_write(FILE *out, const struct run_spec *spec, const struct run_result *result);

/* Reads one such line. What a line lacks because it was not measured when it was written is 0 or
 * empty. 0, or -EBADMSG with *why (static text) saying what is wrong. */
int run_read(const char *line, struct run_spec *spec, struct run_result *result, const char **why);

#endif
