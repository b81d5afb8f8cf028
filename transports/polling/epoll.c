#include "../stack/epoll.h"
#include "wire.h"

static const struct epoll_endpoint cell = {
        .start = epoll_answer_messages,
};

const struct endpoint polling_epoll = {
        .transport = "polling",
        .stack = "epoll",
        .path = POLLING_PATH,
        .cell = &cell,
};
