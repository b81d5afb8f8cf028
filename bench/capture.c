#include "capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

#define BUFFER_BYTES (32 << 20)
#define SNAP_BYTES   2048 /* a whole packet */

/* The capturing process. */
struct capturing {
	struct capture_shared *shared;
	in_addr_t server; /* in network order */
	struct packet_kinds kinds;
	pcap_t *pcap;
	pcap_dumper_t *file; /* NULL: none */
	size_t header_bytes; /* before the IP header */
};

static void note(u_char *user, const struct pcap_pkthdr *head, const u_char *frame)
{
	struct capturing *capturing = (struct capturing *)user;
	const uint8_t *packet = frame + capturing->header_bytes;
	size_t size = head->len - capturing->header_bytes;
	in_addr_t source = 0;

	if (size >= sizeof(struct iphdr))
		memcpy(&source, packet + offsetof(struct iphdr, saddr), sizeof source);
	packet_counts_add(source == capturing->server ? &capturing->shared->down
	                                              : &capturing->shared->up,
	                  packet_kinds_tell(&capturing->kinds, packet, size), size);
	if (capturing->file)
		pcap_dump((u_char *)capturing->file, head, frame);
}

/* Gives -EIO. */
static int failed(struct capturing *capturing, const char *what, const char *why)
{
	snprintf(capturing->shared->error, sizeof capturing->shared->error, "%s: %s", what, why);
	return -EIO;
}

static int open_device(struct capturing *capturing, const char *device)
{
	char why[PCAP_ERRBUF_SIZE];

	capturing->pcap = pcap_create(device, why);
	if (!capturing->pcap) {
		snprintf(capturing->shared->error, sizeof capturing->shared->error, "%s", why);
		return -EIO;
	}
	pcap_set_snaplen(capturing->pcap, SNAP_BYTES);
	pcap_set_buffer_size(capturing->pcap, BUFFER_BYTES);
	/* Else packets would be handed over only when a block of them is full, or by a timer. */
	pcap_set_immediate_mode(capturing->pcap, 1);
	pcap_set_tstamp_precision(capturing->pcap, PCAP_TSTAMP_PRECISION_NANO);
	if (pcap_activate(capturing->pcap) < 0 || pcap_setnonblock(capturing->pcap, 1, why) < 0)
		return failed(capturing, device, pcap_geterr(capturing->pcap));
	if (pcap_datalink(capturing->pcap) == DLT_EN10MB)
		capturing->header_bytes = ETHERNET_HEADER_BYTES;
	return 0;
}

static int open_file(struct capturing *capturing, const char *path)
{
	if (!path)
		return 0;
	capturing->file = pcap_dump_open(capturing->pcap, path);
	return capturing->file ? 0 : failed(capturing, "the file", pcap_geterr(capturing->pcap));
}

/* Until the parent has closed its end of the line, and nothing more is there. */
static int take_all(struct capturing *capturing, int line_fd)
{
	struct pollfd events[] = {
	        {.fd = line_fd, .events = POLLIN},
	        {.fd = pcap_get_selectable_fd(capturing->pcap), .events = POLLIN},
	};
	int taken = 0;

	while (!events[0].revents || taken > 0) {
		if (poll(events, 2, taken > 0 ? 0 : -1) < 0 && errno != EINTR)
			return -errno;
		taken = pcap_dispatch(capturing->pcap, -1, note, (u_char *)capturing);
		if (taken < 0)
			return failed(capturing, "reading packets", pcap_geterr(capturing->pcap));
	}
	return 0;
}

/* pcap_dump does not say whether it could write. */
static int close_file(struct capturing *capturing)
{
	bool ok = !pcap_dump_flush(capturing->file) && !ferror(pcap_dump_file(capturing->file));
	int error = errno;

	pcap_dump_close(capturing->file);
	return ok ? 0 : failed(capturing, "writing the file", strerror(error));
}

static int finish(struct capturing *capturing)
{
	struct pcap_stat stats = {0};
	int err = 0;

	if (pcap_stats(capturing->pcap, &stats))
		err = failed(capturing, "counting what was missed", pcap_geterr(capturing->pcap));
	capturing->shared->missed = stats.ps_drop;
	if (capturing->file)
		err = close_file(capturing);
	pcap_close(capturing->pcap);
	packet_kinds_close(&capturing->kinds);
	return err;
}

static int watch(struct capture_shared *shared, const struct lab *lab, const char *path,
                 int line_fd)
{
	struct capturing capturing = {.shared = shared,
	                              .server = inet_addr(lab_server_address(lab))};
	int err = open_device(&capturing, lab_server_device(lab));

	if (!err)
		err = open_file(&capturing, path);
	if (err)
		return err;
	if (write(line_fd, "r", 1) != 1)
		return -errno;
	err = take_all(&capturing, line_fd);
	if (err)
		finish(&capturing);
	return err ? err : finish(&capturing);
}

static int run(const struct capture *capture, const struct lab *lab, const char *path, pid_t parent)
{
	int err = lab_enter(lab, LAB_SERVER);

	if (err)
		snprintf(capture->shared->error, sizeof capture->shared->error,
		         "entering the lab: %s", strerror(-err));
	else if (!process_prepare_child(parent, -1))
		err = -ESRCH;
	return err ? err : watch(capture->shared, lab, path, capture->helper.line_fd);
}

int capture_start(struct capture *capture, const struct lab *lab, const char *path)
{
	pid_t parent = getpid(), pid = helper_fork(&capture->helper, sizeof *capture->shared);
	char ready;

	capture->shared = capture->helper.shared;
	if (pid == 0)
		_exit(run(capture, lab, path, parent) ? 1 : 0);
	if (pid < 0)
		return (int)pid;
	return read(capture->helper.line_fd, &ready, 1) == 1 ? 0 : -EIO;
}

int capture_end(struct capture *capture)
{
	return helper_end(&capture->helper);
}

void capture_free(struct capture *capture)
{
	helper_free(&capture->helper);
	capture->shared = NULL;
}
