#include "../server.h"

const struct endpoint websocket_mhd = {
        .transport = "websocket",
        .stack = "mhd",
        .hole = "not written yet: libmicrohttpd hands over the socket after the upgrade and frames nothing",
};
