#include "../server.h"

const struct endpoint sse_epoll = {
        .transport = "sse",
        .stack = "epoll",
        .hole = "not written yet: the epoll stack has no runtime",
};
