#include "heads.h"

#include <string.h>

#include "../stage/net.h"
#include "../stage/show.h"

const struct show_name head_names[] = {{"GET ", "what HTTP would fetch"},
                                       {"Host: ", "which of the server's names is meant"},
                                       {"Upgrade: ", "the protocol to switch to"},
                                       {"Connection: ", "Upgrade is for this connection only"},
                                       {"Sec-WebSocket-Key: ", "16 random bytes as 24 characters"},
                                       {"Sec-WebSocket-Version: ", "the only version there is"},
                                       {"HTTP/1.1 101 ", "yes, we switch"},
                                       {"Sec-WebSocket-Accept: ", "made from your key"},
                                       {"\r\n", "the blank line: the head ends"},
                                       {0}};

int shake(struct handshake *one, uint16_t port)
{
	int connection = net_connect(port);

	net_write(connection, one->request, strlen(one->request));
	net_read_http(connection, one->answer, sizeof one->answer);
	return connection;
}

/* Both are text that we made ourselves or have from our own server, so nothing can run off its end
 * here. */
int lines_that_differ(const char *a, const char *b)
{
	int differ = 0;

	for (; *a && *b; a += show_line(a), b += show_line(b))
		differ += strncmp(a, b, show_line(a)) != 0;
	return differ;
}
