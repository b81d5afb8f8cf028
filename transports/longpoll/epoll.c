#include "../server.h"

const struct endpoint longpoll_epoll = {
        .transport = "longpoll",
        .stack = "epoll",
        .hole = "not written yet: the epoll stack has no runtime",
};
