#include "tcp_totals.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* What is unread, and TCP_INFO of the same instant: none arrives between. */
static int read_at_once(int fd, struct tcp_info *info, int *unread)
{
	int after = 0;

	do {
		socklen_t size = sizeof *info;

		if (ioctl(fd, SIOCINQ, unread) ||
		    getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &size) ||
		    ioctl(fd, SIOCINQ, &after))
			return -1;
	} while (after != *unread);
	return 0;
}

void tcp_totals_add(struct tcp_totals *totals, int fd)
{
	struct tcp_info info;
	int unread;

	if (read_at_once(fd, &info, &unread))
		return;
	totals->bytes_down += info.tcpi_bytes_received - (uint64_t)unread;
	totals->bytes_up += info.tcpi_bytes_sent;
	totals->segments_down += info.tcpi_segs_in;
	totals->segments_up += info.tcpi_segs_out;
	totals->retransmitted += info.tcpi_total_retrans;
}
