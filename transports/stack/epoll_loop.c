#include "epoll_loop.h"

#include <errno.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_MAX 256

static void stop_requested(struct source *source, uint32_t events)
{
	struct loop *loop =
	        (struct loop *)(void *)((char *)source - offsetof(struct loop, stop_source));

	(void)events;
	loop->stopping = true;
}

int loop_open(struct loop *loop)
{
	*loop = (struct loop){.stop_source.ready = stop_requested};
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (loop->epoll_fd < 0 || loop->stop_fd < 0)
		return -errno;
	return loop_watch(loop, loop->stop_fd, EPOLLIN, &loop->stop_source);
}

void loop_close(struct loop *loop)
{
	if (loop->stop_fd >= 0)
		close(loop->stop_fd);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
}

static int control(struct loop *loop, int operation, int fd, uint32_t events, struct source *source)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	return epoll_ctl(loop->epoll_fd, operation, fd, &event) ? -errno : 0;
}

int loop_watch(struct loop *loop, int fd, uint32_t events, struct source *source)
{
	return control(loop, EPOLL_CTL_ADD, fd, events, source);
}

int loop_change(struct loop *loop, int fd, uint32_t events, struct source *source)
{
	return control(loop, EPOLL_CTL_MOD, fd, events, source);
}

int loop_run(struct loop *loop, void (*served)(void *user), void *user)
{
	struct epoll_event events[EVENTS_MAX];

	while (!loop->stopping) {
		int count = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, -1);

		if (count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < count; i++) {
			struct source *source = events[i].data.ptr;

			source->ready(source, events[i].events);
		}
		served(user);
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	uint64_t one = 1;

	if (write(loop->stop_fd, &one, sizeof one) < 0)
		return; /* full: a stop is already under way */
}
