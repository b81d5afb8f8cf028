#include "../server.h"

const struct endpoint polling_lws = {
        .transport = "polling",
        .stack = "lws",
        .hole = "not written yet",
};
