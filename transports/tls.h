/*
 * TLS on sockets of our own (OpenSSL): the epoll stack, the load, the tests. libmicrohttpd and
 * libwebsockets bring their own. TLS 1.2 and 1.3 with the library's defaults; ALPN http/1.1;
 * servers know http/1.0 too, which some clients offer alone.
 */
#ifndef TRANSPORTS_TLS_H
#define TRANSPORTS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tls_context; /* what the connections of one end share */
struct tls;         /* one connection */

/* A server's: PEM files, the certificate with its chain and its key. Sets *out; or gives -EINVAL
 * (or -ENOMEM) with one line in `error` that names the file and says what is wrong with it. */
int tls_server_open(struct tls_context **out, const char *certificate, const char *key, char *error,
                    size_t error_size);

/* A client's, which trusts the authorities in the PEM file `authority` and no other, and demands a
 * certificate for the host it asks for. resume: sessions are kept and resumed (tickets). */
int tls_client_open(struct tls_context **out, const char *authority, bool resume, char *error,
                    size_t error_size);

/* After its connections. NULL is fine; sets NULL. */
void tls_context_close(struct tls_context **context);

/*
 * A connection on a connected, non-blocking socket, which stays the caller's. host: the name (or
 * numeric address) that the server's certificate must be for, also sent as SNI where it is a name
 * (RFC 6066 §3); NULL at the server's end. NULL when memory ran out.
 */
struct tls *tls_open(struct tls_context *context, int fd, const char *host);

/* Tells the peer that nothing more comes (close_notify), where that needs no waiting. */
void tls_shutdown(struct tls *tls);

/* tls_shutdown, and frees. NULL is fine; sets NULL. */
void tls_close(struct tls **tls);

/* 0: done. -EAGAIN: to be called again when the socket is readable, or writable where
 * tls_wants_write. -EPROTO: failed, tls_why says how. -ECONNRESET: the peer went away. */
int tls_handshake(struct tls *tls);

/* As recv and send: the number of bytes, 0 at the end of the stream (close_notify), -EAGAIN,
 * -EPROTO, -ECONNRESET (an end without close_notify too: bytes may have been cut off). After
 * -EAGAIN from tls_write the same bytes must be offered again first; they may have moved. Both go
 * on with an unfinished handshake. */
ssize_t tls_read(struct tls *tls, void *data, size_t size);
ssize_t tls_write(struct tls *tls, const void *data, size_t size);

/* The last -EAGAIN waits for room to send, not for bytes to read. */
bool tls_wants_write(const struct tls *tls);

/* Bytes that are decrypted already: tls_read has them without the socket becoming readable. */
bool tls_has_pending(const struct tls *tls);

/* The handshake is done; whether it resumed an earlier session. */
bool tls_is_resumed(const struct tls *tls);

/* What went wrong, in one line; never NULL, good until tls_close. */
const char *tls_why(const struct tls *tls);

#endif
