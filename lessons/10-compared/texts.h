/* What is said on the wire, as in lessons 1 to 6, so that their sums are found again here. */
#ifndef LESSONS_10_COMPARED_TEXTS_H
#define LESSONS_10_COMPARED_TEXTS_H

#define HOST    "Host: server.example.com\r\n"
#define CLOSING "Connection: close\r\n"
#define END     "\r\n"

/* Lesson 1, and lesson 2's "nothing". Before END there is room for CLOSING. */
#define QUESTION "GET /poll HTTP/1.1\r\n" HOST
#define ANSWER   "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
#define NOTHING  "HTTP/1.1 204 No Content\r\n"

/* Lesson 4: a stream of events, and what a client says that wants to speak. */
#define ASK_EVENTS "GET /events HTTP/1.1\r\n" HOST "Accept: text/event-stream\r\n" END
#define STREAM                                                                                     \
	"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n" END
#define EVENT "data: Hello\n\n"
#define POST  "POST /say HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"

/* Lesson 5: the request of RFC 6455's example (1.3). The server makes its answer from the key. */
#define ASK_WEBSOCKET                                                                              \
	"GET /chat HTTP/1.1\r\n" HOST "Upgrade: websocket\r\nConnection: Upgrade\r\n"              \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" END

/* Lesson 6: a text frame from the server; and one from the client, masked. */
#define FRAME        "\x81\x05Hello"
#define MASKED_FRAME "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"

#endif
