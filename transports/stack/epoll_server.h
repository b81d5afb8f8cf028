/* What the parts of the epoll stack share; its endpoints need epoll.h alone. */
#ifndef TRANSPORTS_STACK_EPOLL_SERVER_H
#define TRANSPORTS_STACK_EPOLL_SERVER_H

#include "epoll.h"

#define EPOLL_INPUT_BYTES (64 << 10)

/* A message as one endpoint's subscribers all get it. */
struct epoll_frame {
	const struct topic *topic;
	uint64_t id;
	void (*append)(struct bytes *out, const struct message *message);
	struct bytes bytes;
};

/* The answer to a poll, head and content; good for all who ask for the same. */
struct epoll_answer {
	const struct topic *topic;
	uint64_t asked, last;            /* the cursor, and the newest id when it was made */
	unsigned max_messages, messages; /* at most, and in it */
	bool keep_alive;
	size_t head_size;
	struct bytes bytes;
};

struct epoll_server {
	struct server_config config;
	const struct endpoint *const *endpoints;
	struct loop loop;
	struct deadlines deadlines;
	struct tls_context *tls; /* NULL: plain */
	struct source listener;
	int listen_fd;
	const struct endpoint *raw; /* takes connections without HTTP; NULL: none does */
	bool full; /* no descriptor was left: the listener rests until a connection closes, */
	struct deadline rest; /* or for a while: it may be others that had them all */
	struct watch *watches;
	LIST_HEAD(, epoll_request) connections;
	SLIST_HEAD(, epoll_request) later; /* to be looked at, or freed, after the events at hand */
	struct epoll_frame frame;
	struct epoll_answer answer;
	const struct site_request *asked; /* while it is being answered */
	uint8_t *input;                   /* EPOLL_INPUT_BYTES, for one read */
	char *strings;                    /* room for what is read of a head */
	size_t strings_size;
	/* Bytes of requests have come, or (NULL) those that wait in `in` can be answered: epoll.c
	 * sets it to epoll_take_requests. */
	int (*take_requests)(struct epoll_request *request, const uint8_t *data, size_t size);
};

/* Reads requests, as many as are whole and can be answered, and answers them. */
int epoll_take_requests(struct epoll_request *request, const uint8_t *data, size_t size);

void epoll_upload_free(struct epoll_upload *upload);

/* Accepts a connection, if there is one: 0, or a negative errno. One that is beyond the surplus
 * that is still told so is closed at once. */
int epoll_connection_accept(struct epoll_server *server);

/* Closes it at once; it is freed later. */
void epoll_connection_close(struct epoll_request *request);

/* Frees the dead, and serves those that have waiting input. After each batch of events. */
void epoll_connections_tidy(struct epoll_server *server);

/* The endpoint's say-so: 0 goes on, -1 sends what is left and then closes. */
void epoll_go_on(struct epoll_request *request, int result);

#endif
