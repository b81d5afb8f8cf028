#include "../server.h"

const struct endpoint polling_epoll = {
        .transport = "polling",
        .stack = "epoll",
        .hole = "not written yet: the epoll stack has no runtime",
};
