#include "tcp_totals.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

void tcp_totals_add(struct tcp_totals *totals, int fd)
{
	struct tcp_info info;
	int unread = 0;
	socklen_t size = sizeof info;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size))
		return;
	ioctl(fd, SIOCINQ, &unread);
	totals->bytes_down += info.tcpi_bytes_received - (uint64_t)unread;
	totals->bytes_up += info.tcpi_bytes_sent;
	totals->segments_down += info.tcpi_segs_in;
	totals->segments_up += info.tcpi_segs_out;
	totals->retransmitted += info.tcpi_total_retrans;
}
