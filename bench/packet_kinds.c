#include "packet_kinds.h"

#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

#define FRAGMENT_OFFSET 0x1fff

/* One direction of a connection, and how far its sender has come. */
struct direction {
	struct {
		uint32_t from, to;
		uint16_t from_port, to_port;
	} key;
	uint32_t initial, next; /* sequence numbers */
};

/* What of a packet tells its kind. */
struct segment {
	struct direction direction; /* without its numbers */
	uint32_t sequence, payload_bytes;
	bool syn, fin, rst;
};

static int compare(const void *a, const void *b)
{
	const struct direction *left = a, *right = b;

	return memcmp(&left->key, &right->key, sizeof left->key);
}

void packet_kinds_close(struct packet_kinds *kinds)
{
	tdestroy(kinds->directions, free);
	kinds->directions = NULL;
}

/* False where it is not the whole header of a TCP segment. */
static bool read_segment(const uint8_t *packet, size_t size, struct segment *segment)
{
	struct iphdr ip;
	struct tcphdr tcp;
	size_t ip_bytes, header_bytes;

	if (size < sizeof ip)
		return false;
	memcpy(&ip, packet, sizeof ip);
	ip_bytes = ip.ihl * 4U;
	if (ip.version != 4 || ip.protocol != IPPROTO_TCP || ip_bytes < sizeof ip ||
	    (ntohs(ip.frag_off) & FRAGMENT_OFFSET) || size < ip_bytes + sizeof tcp)
		return false;
	memcpy(&tcp, packet + ip_bytes, sizeof tcp);
	header_bytes = ip_bytes + tcp.doff * 4U;
	if (tcp.doff * 4U < sizeof tcp || size < header_bytes || ntohs(ip.tot_len) < header_bytes)
		return false;
	*segment = (struct segment){
	        .direction.key = {ip.saddr, ip.daddr, tcp.source, tcp.dest},
	        .sequence = ntohl(tcp.seq),
	        .payload_bytes = (uint32_t)(ntohs(ip.tot_len) - header_bytes),
	        .syn = tcp.syn,
	        .fin = tcp.fin,
	        .rst = tcp.rst,
	};
	return true;
}

/* The direction in the tree, a new one as far as before this segment; NULL: out of memory. */
static struct direction *find(struct packet_kinds *kinds, const struct segment *segment)
{
	struct direction *copy, **found = tfind(&segment->direction, &kinds->directions, compare);

	if (found)
		return *found;
	copy = malloc(sizeof *copy);
	if (!copy)
		return NULL;
	*copy = segment->direction;
	copy->initial = copy->next = segment->sequence;
	if (tsearch(copy, &kinds->directions, compare))
		return copy;
	free(copy);
	return NULL;
}

/* Whether what takes up sequence numbers reaches beyond all that was sent before; then it has been
 * sent by now. */
static bool advances(struct packet_kinds *kinds, const struct segment *segment, uint32_t length)
{
	struct direction *direction = find(kinds, segment);
	uint32_t end = segment->sequence + length;

	if (!direction)
		return true;
	if (segment->syn && segment->sequence != direction->initial) /* the ports are used again */
		direction->initial = direction->next = segment->sequence;
	if ((int32_t)(end - direction->next) <= 0) /* modulo 2^32: RFC 9293 §3.4 */
		return false;
	direction->next = end;
	return true;
}

enum packet_kind packet_kinds_tell(struct packet_kinds *kinds, const void *packet, size_t size)
{
	struct segment segment;
	uint32_t length;

	if (!read_segment(packet, size, &segment))
		return PACKET_OTHER;
	length = segment.payload_bytes + segment.syn + segment.fin;
	if (length > 0 && !advances(kinds, &segment, length) && !segment.rst)
		return PACKET_RETRANSMISSION;
	if (segment.payload_bytes)
		return PACKET_DATA;
	return segment.syn || segment.fin || segment.rst ? PACKET_SYN_FIN : PACKET_PURE_ACK;
}

void packet_counts_add(struct packet_counts *counts, enum packet_kind kind, size_t size)
{
	counts->packets[kind]++;
	counts->bytes[kind] += size + ETHERNET_HEADER_BYTES;
}

const char *packet_kind_name(enum packet_kind kind)
{
	static const char *const names[PACKET_KINDS] = {[PACKET_SYN_FIN] = "syn_fin",
	                                                [PACKET_PURE_ACK] = "pure_ack",
	                                                [PACKET_DATA] = "data",
	                                                [PACKET_RETRANSMISSION] = "retransmission",
	                                                [PACKET_OTHER] = "other"};

	return names[kind];
}
