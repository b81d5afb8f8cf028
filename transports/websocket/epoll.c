#include "../server.h"

const struct endpoint websocket_epoll = {
        .transport = "websocket",
        .stack = "epoll",
        .hole = "not written yet: the epoll stack has no runtime",
};
