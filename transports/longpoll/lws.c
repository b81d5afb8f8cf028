#include "../server.h"

const struct endpoint longpoll_lws = {
        .transport = "longpoll",
        .stack = "lws",
        .hole = "not written yet",
};
