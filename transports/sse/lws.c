#include "../server.h"

const struct endpoint sse_lws = {
        .transport = "sse",
        .stack = "lws",
        .hole = "not written yet",
};
