/* What the parts of the libmicrohttpd stack share; its endpoints need mhd.h alone. */
#ifndef TRANSPORTS_STACK_MHD_SERVER_H
#define TRANSPORTS_STACK_MHD_SERVER_H

#include "mhd.h"

#define MHD_INPUT_BYTES (64 << 10)

/* What an event of our epoll set calls. */
struct source {
	void (*ready)(void *user);
	void *user;
	struct source *next;
};

/* A TCP connection. A suspended one is out of libmicrohttpd's epoll set, so that only our own
 * watch for EPOLLRDHUP sees its peer leave. */
struct mhd_peer {
	struct source source;
	struct mhd_server *server;
	struct mhd_request *request; /* the one in progress, or NULL */
	struct deadline deadline;    /* of what is expected from it */
	int fd;
	bool gone;
	bool surplus; /* one connection more than are allowed */
};

struct gnutls_session_int;

/* What an upgrade has handed over. */
struct mhd_socket {
	struct source source;
	struct mhd_request *request;
	struct MHD_UpgradeResponseHandle *handle; /* NULL: given back */
	struct gnutls_session_int *tls;           /* NULL: none */
	TAILQ_ENTRY(mhd_socket) link;
	int fd;
	bool lingering; /* all is said, and the peer is to close first (RFC 9112 §9.6) */
	bool reading;   /* mhd_tls_read is at work */
};

/* One answer serves all who ask from the same cursor: libmicrohttpd counts references. */
struct mhd_shared_answer {
	struct MHD_Response *response;
	const struct topic *topic;
	uint64_t asked, last;
	unsigned max_messages, messages; /* at most, and in it */
};

/* A message as one endpoint's subscribers all get it. */
struct mhd_frame {
	const struct topic *topic;
	uint64_t id;
	void (*append)(struct bytes *out, const struct message *message);
	struct bytes bytes;
};

struct mhd_server {
	struct server_config config;
	const struct endpoint *const *endpoints;
	struct MHD_Daemon *daemon;
	char *certificate, *key;    /* owned; the PEM text */
	struct MHD_Response *empty; /* 204 */
	struct mhd_shared_answer shared;
	struct mhd_frame frame;
	const struct site_request *asked; /* while it is being answered */
	struct deadlines deadlines;
	TAILQ_HEAD(, mhd_request) parked;
	TAILQ_HEAD(, mhd_socket) sockets;
	struct source *watches; /* owned */
	struct source daemon_source, stop_source;
	uint8_t *input; /* MHD_INPUT_BYTES, for one read of a socket */
	int epoll_fd, stop_fd;
	uint16_t port;
	unsigned tls_given_back; /* upgraded connections that libmicrohttpd has yet to close */
	bool resumed;            /* a connection, since MHD_run last began */
	bool stopping, closing;
};

/* mhd.c */
int mhd_add_source(struct mhd_server *server, int fd, uint32_t events, struct source *source);
int mhd_change_source(struct mhd_server *server, int fd, uint32_t events, struct source *source);

/* mhd_request.c: the daemon's callbacks (microhttpd.h), and what wakes a request. */
enum MHD_Result mhd_handle(void *cls, struct MHD_Connection *connection, const char *path,
                           const char *method, const char *version, const char *upload,
                           size_t *upload_size, void **request_cls);
void mhd_request_over(void *cls, struct MHD_Connection *connection, void **request_cls,
                      enum MHD_RequestTerminationCode how);
void mhd_peer_expect(struct mhd_peer *peer, uint64_t within_ns);
void mhd_unpark(struct mhd_request *request, bool timed_out);
struct MHD_Response *mhd_empty_answer(void);

/* mhd_head.c: what is wrong with a request head that libmicrohttpd (0.9.75) passes over, though
 * another reader, a proxy in front, may take it otherwise (RFC 9112 §3.2, §5.1, §6.1, §6.3). Static
 * text, or NULL. */
const char *mhd_head_fault(struct MHD_Connection *connection, bool http_1_0);

/* mhd_socket.c: the callback of an upgrade, and the end of those that are left. */
void mhd_socket_open(void *cls, struct MHD_Connection *connection, void *request_cls,
                     const char *extra, size_t extra_size, MHD_socket fd,
                     struct MHD_UpgradeResponseHandle *handle);
void mhd_socket_close(struct mhd_socket *socket);
void mhd_socket_free(struct mhd_socket *socket); /* the request is over; NULL is fine */
/* The request's topic has news; its deadline has passed. */
void mhd_socket_has_news(struct mhd_request *request);
void mhd_socket_waited(struct mhd_request *request);

/*
 * mhd_tls.c: TLS after an upgrade. libmicrohttpd (0.9.75) hands over one end of a socket pair and
 * forwards between the pair and the TLS session. By then, though, the head of the response has
 * taken all the memory that a connection may use, and what is left forwards 4 bytes at a time: a
 * message of 64 bytes in 17 TLS records. So the pair is left alone, and the session is used here.
 */
/* From now on libmicrohttpd reads nothing from the session any more. */
void mhd_tls_take(struct mhd_socket *socket);
/* The session is libmicrohttpd's again, to be ended; it still reads nothing. */
void mhd_tls_give_back(struct mhd_socket *socket);
/* As recv and send. After EAGAIN from mhd_tls_write the same bytes must be offered again first. */
ssize_t mhd_tls_read(struct mhd_socket *socket, void *data, size_t size);
ssize_t mhd_tls_write(struct mhd_socket *socket, const void *data, size_t size);
/* Bytes that are decrypted already: the socket need not become readable for them. */
bool mhd_tls_has_pending(const struct mhd_socket *socket);
/* Tells the peer that nothing more follows (close_notify). */
void mhd_tls_shutdown(struct mhd_socket *socket);

#endif
