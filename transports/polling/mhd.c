#include "../stack/mhd.h"
#include "wire.h"

static const struct mhd_endpoint cell = {
        .start = mhd_answer_messages,
};

const struct endpoint polling_mhd = {
        .transport = "polling",
        .stack = "mhd",
        .path = POLLING_PATH,
        .cell = &cell,
};
