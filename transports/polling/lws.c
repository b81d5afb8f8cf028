#include "../stack/lws.h"
#include "wire.h"

static const struct lws_stack_endpoint cell = {
        .start = lws_stack_answer_messages,
};

const struct endpoint polling_lws = {
        .transport = "polling",
        .stack = "lws",
        .path = POLLING_PATH,
        .cell = &cell,
};
