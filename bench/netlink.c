#include "netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>

#define REQUEST_BYTES       4096
#define NETEM_LIMIT_PACKETS 100000

/* A request in the making, in room for it. */
struct request {
	union {
		struct nlmsghdr head;
		char bytes[REQUEST_BYTES];
	} room;
	struct nlmsghdr *message;
	void *body; /* the fixed part: struct ifinfomsg, rtmsg … */
};

static void start(struct request *request, uint16_t type, uint16_t flags, size_t body_size)
{
	request->message = mnl_nlmsg_put_header(request->room.bytes);
	request->message->nlmsg_type = type;
	request->message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	request->body = mnl_nlmsg_put_extra_header(request->message, body_size);
}

/* Sends it and waits for the answer, each part of which goes to `take`, if that is not NULL. */
static int ask(struct mnl_socket *netlink, struct request *request, mnl_cb_t take, void *user)
{
	static unsigned sequence;
	char answer[16384];
	int more = MNL_CB_OK;

	request->message->nlmsg_seq = ++sequence;
	if (mnl_socket_sendto(netlink, request->message, request->message->nlmsg_len) < 0)
		return -errno;
	while (more == MNL_CB_OK) {
		ssize_t size = mnl_socket_recvfrom(netlink, answer, sizeof answer);

		if (size < 0)
			return -errno;
		more = mnl_cb_run(answer, (size_t)size, sequence, mnl_socket_get_portid(netlink),
		                  take, user);
	}
	return more < 0 ? -errno : 0;
}

/* Devices have names in each namespace, and numbers there that only the kernel knows: it is asked
 * for the link of that name. */
static void name_device(struct request *request, const char *device)
{
	mnl_attr_put_strz(request->message, IFLA_IFNAME, device);
}

int netlink_open(struct mnl_socket **out)
{
	*out = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!*out)
		return -errno;
	if (mnl_socket_bind(*out, 0, MNL_SOCKET_AUTOPID) == 0)
		return 0;
	mnl_socket_close(*out);
	*out = NULL;
	return -errno;
}

int netlink_add_veth(struct mnl_socket *netlink, const char *name, const char *peer, int peer_ns_fd,
                     unsigned mtu)
{
	struct request request;
	struct nlattr *info, *data, *other;

	start(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	name_device(&request, name);
	mnl_attr_put_u32(request.message, IFLA_MTU, mtu);
	info = mnl_attr_nest_start(request.message, IFLA_LINKINFO);
	mnl_attr_put_strz(request.message, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(request.message, IFLA_INFO_DATA);
	other = mnl_attr_nest_start(request.message, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(request.message, sizeof(struct ifinfomsg));
	name_device(&request, peer);
	mnl_attr_put_u32(request.message, IFLA_MTU, mtu);
	mnl_attr_put_u32(request.message, IFLA_NET_NS_FD, (uint32_t)peer_ns_fd);
	mnl_attr_nest_end(request.message, other);
	mnl_attr_nest_end(request.message, data);
	mnl_attr_nest_end(request.message, info);
	return ask(netlink, &request, NULL, NULL);
}

int netlink_set_up(struct mnl_socket *netlink, const char *device)
{
	struct request request;
	struct ifinfomsg *link;

	start(&request, RTM_NEWLINK, 0, sizeof *link);
	link = request.body;
	link->ifi_flags = link->ifi_change = IFF_UP;
	name_device(&request, device);
	return ask(netlink, &request, NULL, NULL);
}

static int set_link(struct mnl_socket *netlink, const char *device, uint16_t attribute,
                    uint32_t value)
{
	struct request request;

	start(&request, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	name_device(&request, device);
	mnl_attr_put_u32(request.message, attribute, value);
	return ask(netlink, &request, NULL, NULL);
}

int netlink_set_queue(struct mnl_socket *netlink, const char *device, uint32_t packets)
{
	return set_link(netlink, device, IFLA_TXQLEN, packets);
}

int netlink_set_segments(struct mnl_socket *netlink, const char *device, uint32_t segments)
{
	return set_link(netlink, device, IFLA_GSO_MAX_SEGS, segments);
}

static int take_index(const struct nlmsghdr *message, void *user)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);

	*(int *)user = link->ifi_index;
	return MNL_CB_OK;
}

/* The device's number, or a negative errno. */
static int index_of(struct mnl_socket *netlink, const char *device)
{
	struct request request;
	int index = -ENODEV, err;

	start(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	name_device(&request, device);
	err = ask(netlink, &request, take_index, &index);
	return err ? err : index;
}

int netlink_add_address(struct mnl_socket *netlink, const char *device, in_addr_t address,
                        uint8_t prefix)
{
	struct request request;
	struct ifaddrmsg *body;
	int index = index_of(netlink, device);

	if (index < 0)
		return index;
	start(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof *body);
	body = request.body;
	body->ifa_family = AF_INET;
	body->ifa_prefixlen = prefix;
	body->ifa_index = (unsigned)index;
	mnl_attr_put_u32(request.message, IFA_LOCAL, htonl(address));
	mnl_attr_put_u32(request.message, IFA_ADDRESS, htonl(address));
	return ask(netlink, &request, NULL, NULL);
}

int netlink_add_neighbour(struct mnl_socket *netlink, const char *device, in_addr_t address,
                          const uint8_t *mac)
{
	struct request request;
	struct ndmsg *body;
	int index = index_of(netlink, device);

	if (index < 0)
		return index;
	start(&request, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof *body);
	body = request.body;
	body->ndm_family = AF_INET;
	body->ndm_ifindex = index;
	body->ndm_state = NUD_PERMANENT;
	mnl_attr_put_u32(request.message, NDA_DST, htonl(address));
	mnl_attr_put(request.message, NDA_LLADDR, 6, mac);
	return ask(netlink, &request, NULL, NULL);
}

static void start_route(struct request *request, in_addr_t addresses, uint8_t prefix)
{
	struct rtmsg *body;

	start(request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, sizeof *body);
	body = request->body;
	body->rtm_family = AF_INET;
	body->rtm_dst_len = prefix;
	body->rtm_protocol = RTPROT_STATIC;
	body->rtm_table = RT_TABLE_MAIN;
	body->rtm_type = RTN_UNICAST;
	body->rtm_scope = RT_SCOPE_UNIVERSE;
	mnl_attr_put_u32(request->message, RTA_DST, htonl(addresses));
}

int netlink_add_route(struct mnl_socket *netlink, const char *device, in_addr_t addresses,
                      uint8_t prefix, in_addr_t gateway, const char *congestion_control)
{
	struct request request;
	struct nlattr *metrics;
	int index = index_of(netlink, device);

	if (index < 0)
		return index;
	start_route(&request, addresses, prefix);
	if (gateway)
		mnl_attr_put_u32(request.message, RTA_GATEWAY, htonl(gateway));
	else
		((struct rtmsg *)request.body)->rtm_scope = RT_SCOPE_LINK;
	mnl_attr_put_u32(request.message, RTA_OIF, (uint32_t)index);
	metrics = mnl_attr_nest_start(request.message, RTA_METRICS);
	mnl_attr_put_strz(request.message, RTAX_CC_ALGO, congestion_control);
	mnl_attr_nest_end(request.message, metrics);
	return ask(netlink, &request, NULL, NULL);
}

int netlink_add_local_range(struct mnl_socket *netlink, in_addr_t addresses, uint8_t prefix)
{
	struct request request;
	struct rtmsg *body;
	int index = index_of(netlink, "lo");

	if (index < 0)
		return index;
	start_route(&request, addresses, prefix);
	body = request.body;
	body->rtm_table = RT_TABLE_LOCAL;
	body->rtm_type = RTN_LOCAL;
	body->rtm_scope = RT_SCOPE_HOST;
	mnl_attr_put_u32(request.message, RTA_OIF, (uint32_t)index);
	return ask(netlink, &request, NULL, NULL);
}

/* Gilbert's model, as in link.c. */
static void put_netem_bursts(struct nlmsghdr *message, const struct link_settings *settings)
{
	double begin = settings->loss / (settings->loss_burst * (1 - settings->loss));
	const struct tc_netem_gemodel model = {
	        .p = (uint32_t)(begin * UINT32_MAX),
	        .r = (uint32_t)(UINT32_MAX / settings->loss_burst),
	        .h = 0,  /* of the packets in a burst none passes, */
	        .k1 = 0, /* and of the others none is lost */
	};
	struct nlattr *loss = mnl_attr_nest_start(message, TCA_NETEM_LOSS);

	mnl_attr_put(message, NETEM_LOSS_GE, sizeof model, &model);
	mnl_attr_nest_end(message, loss);
}

static void put_netem(struct nlmsghdr *message, const struct link_settings *settings)
{
	bool bursts = settings->loss > 0 && settings->loss_burst > 0;
	const struct tc_netem_qopt options = {
	        .limit = NETEM_LIMIT_PACKETS,
	        .loss = bursts ? 0 : (uint32_t)(settings->loss * UINT32_MAX),
	};
	const struct tc_netem_rate rate = {.rate = (uint32_t)(settings->rate_mbit * 1e6 / 8)};
	struct nlattr *attribute = mnl_nlmsg_get_payload_tail(message);
	int64_t delay_ns = (int64_t)(settings->delay_ms * 1e6);

	/* The fixed part is the attribute's beginning, its own attributes follow. */
	mnl_attr_put(message, TCA_OPTIONS, sizeof options, &options);
	mnl_attr_put(message, TCA_NETEM_LATENCY64, sizeof delay_ns, &delay_ns);
	if (settings->rate_mbit > 0)
		mnl_attr_put(message, TCA_NETEM_RATE, sizeof rate, &rate);
	if (bursts)
		put_netem_bursts(message, settings);
	mnl_attr_nest_end(message, attribute);
}

int netlink_set_netem(struct mnl_socket *netlink, const char *device,
                      const struct link_settings *settings)
{
	struct request request;
	struct tcmsg *body;
	int index = index_of(netlink, device);

	if (index < 0)
		return index;
	if (settings->jitter_ms > 0)
		return -ENOTSUP;
	start(&request, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, sizeof *body);
	body = request.body;
	body->tcm_family = AF_UNSPEC;
	body->tcm_ifindex = index;
	body->tcm_parent = TC_H_ROOT;
	body->tcm_handle = TC_H_MAKE(1U << 16, 0);
	mnl_attr_put_strz(request.message, TCA_KIND, "netem");
	put_netem(request.message, settings);
	return ask(netlink, &request, NULL, NULL);
}

static int take_attribute(const struct nlattr *attribute, void *user)
{
	if (mnl_attr_get_type(attribute) == IFLA_STATS64)
		memcpy(user, mnl_attr_get_payload(attribute), sizeof(struct rtnl_link_stats64));
	return MNL_CB_OK;
}

static int take_stats(const struct nlmsghdr *message, void *user)
{
	return mnl_attr_parse(message, sizeof(struct ifinfomsg), take_attribute, user);
}

int netlink_read_stats(struct mnl_socket *netlink, const char *device,
                       struct rtnl_link_stats64 *stats)
{
	struct request request;

	memset(stats, 0, sizeof *stats);
	start(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	name_device(&request, device);
	return ask(netlink, &request, take_stats, stats);
}
