#include "segments.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>

/* A segment, taken out of its packet. */
struct segment {
	int way;
	unsigned client_port;
	uint32_t first, next; /* sequence numbers: its first, and the one behind it */
	size_t payload;
	bool begins, ends;
};

/* Headers are copied out: a packet may lie at any address. */
static bool read_segment(const struct segments *segments, const void *packet, size_t size,
                         struct segment *segment)
{
	struct iphdr ip;
	struct tcphdr tcp;

	if (size < sizeof ip)
		return false;
	memcpy(&ip, packet, sizeof ip);
	size_t head = ip.ihl * 4U, whole = ntohs(ip.tot_len);
	if (ip.version != 4 || ip.protocol != IPPROTO_TCP || whole > size ||
	    whole < head + sizeof tcp || ip.saddr != segments->here || ip.daddr != segments->there)
		return false;
	memcpy(&tcp, (const uint8_t *)packet + head, sizeof tcp);
	if (tcp.dest != segments->server_port && tcp.source != segments->server_port)
		return false;
	if (whole < head + tcp.doff * 4U)
		return false;
	segment->way = tcp.dest == segments->server_port ? SEGMENTS_UP : SEGMENTS_DOWN;
	segment->client_port = ntohs(segment->way == SEGMENTS_UP ? tcp.source : tcp.dest);
	segment->payload = whole - head - tcp.doff * 4U;
	segment->begins = tcp.syn;
	segment->ends = tcp.fin;
	segment->first = ntohl(tcp.seq);
	segment->next = segment->first + (uint32_t)segment->payload + tcp.syn + tcp.fin;
	return true;
}

void segments_init(struct segments *segments, uint32_t here, uint32_t there, uint16_t server_port)
{
	segments->here = here;
	segments->there = there;
	segments->server_port = htons(server_port);
}

/* Sequence numbers wrap around: which of two comes later, their difference says. */
static bool is_later(uint32_t one, uint32_t other)
{
	return (int32_t)(one - other) > 0;
}

/* A connection begins, on a port that an earlier one may have had. */
static void begin(struct segments *segments, const struct segment *segment)
{
	struct segments_way *way = &segments->ways[segment->client_port][segment->way];

	if (way->began && way->entered == segment->next)
		return; /* sent again */
	if (segment->way == SEGMENTS_UP) {
		segments->counts.connections++;
		memset(segments->ways[segment->client_port], 0,
		       sizeof segments->ways[segment->client_port]);
	}
	*way = (struct segments_way){
	        .entered = segment->next, .left = segment->first, .began = true};
}

bool segments_enter(struct segments *segments, const void *packet, size_t size)
{
	struct segment segment;

	if (!read_segment(segments, packet, size, &segment))
		return false;
	struct segments_way *way = &segments->ways[segment.client_port][segment.way];
	if (segment.begins)
		begin(segments, &segment);
	if (!way->began || !is_later(segment.next, way->entered))
		return true;
	size_t fresh = segment.next - way->entered - segment.ends;
	way->entered = segment.next;
	if (segment.way == SEGMENTS_UP)
		segments->counts.bytes_up += fresh;
	else
		segments->counts.bytes_down += fresh;
	return true;
}

void segments_leave(struct segments *segments, void *packet, size_t size)
{
	struct iphdr ip;
	struct segment segment;

	if (!read_segment(segments, packet, size, &segment))
		return;
	struct segments_way *way = &segments->ways[segment.client_port][segment.way];
	if (is_later(segment.next, way->left))
		way->left = segment.next;
	way->ended = way->ended || segment.ends;
	memcpy(&ip, packet, sizeof ip);
	ip.saddr = segments->there;
	ip.daddr = segments->here;
	memcpy(packet, &ip, sizeof ip);
}

/* RFC 1071. */
static uint32_t add_up(uint32_t sum, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	return sum;
}

static uint16_t checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

bool segments_reset(const struct segments *segments, uint16_t client_port, int way,
                    uint8_t packet[SEGMENTS_RESET_SIZE])
{
	const struct segments_way *ours = &segments->ways[client_port][way];
	const struct segments_way *theirs = &segments->ways[client_port][!way];
	const uint16_t port = htons(client_port);
	struct iphdr ip = {.version = 4,
	                   .ihl = sizeof ip / 4,
	                   .tot_len = htons(SEGMENTS_RESET_SIZE),
	                   .ttl = 64,
	                   .protocol = IPPROTO_TCP,
	                   .saddr = segments->there,
	                   .daddr = segments->here};
	struct tcphdr tcp = {.source = way == SEGMENTS_UP ? port : segments->server_port,
	                     .dest = way == SEGMENTS_UP ? segments->server_port : port,
	                     .seq = htonl(ours->left),
	                     .ack_seq = htonl(theirs->entered),
	                     .doff = sizeof tcp / 4,
	                     .rst = 1,
	                     .ack = 1};

	if ((!ours->began && !theirs->began) || (ours->ended && theirs->ended))
		return false;
	memcpy(packet, &ip, sizeof ip);
	memcpy(packet + sizeof ip, &tcp, sizeof tcp);
	ip.check = checksum(add_up(0, packet, sizeof ip));
	tcp.check = checksum(add_up(add_up(IPPROTO_TCP + sizeof tcp, packet + 12, 8),
	                            packet + sizeof ip, sizeof tcp));
	memcpy(packet, &ip, sizeof ip);
	memcpy(packet + sizeof ip, &tcp, sizeof tcp);
	return true;
}
