#include "tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Lists of protocol names, as they are sent (RFC 7301 §3.1): what our clients speak, and what our
 * servers know, what they like best first. There are clients that offer http/1.0 alone. */
static const unsigned char spoken[] = "\x08http/1.1";
static const unsigned char known[] = "\x08http/1.1\x08http/1.0";

struct tls_context {
	SSL_CTX *ssl;
	BIO_METHOD *socket;
	bool is_server;
	SSL_SESSION *session; /* a client's last one; NULL: none */
	char *session_host;   /* whose certificate was verified for it */
};

struct tls {
	SSL *ssl;
	int fd;
	bool is_cut;  /* the socket failed in this call */
	int read_err; /* fatal: the answer from then on */
	int write_err;
	bool wants_write;
	const char *why;
	char host[]; /* a client's */
};

static void cut(struct tls *tls, const char *why)
{
	tls->is_cut = true;
	tls->why = why;
}

/* OpenSSL's own socket BIO calls write, which raises SIGPIPE. */
static int socket_write(BIO *bio, const char *data, int size)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t sent;

	BIO_clear_retry_flags(bio);
	do
		sent = send(tls->fd, data, (size_t)size, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno == EAGAIN)
		BIO_set_retry_write(bio);
	else if (sent < 0)
		cut(tls, strerrordesc_np(errno));
	return (int)sent;
}

static int socket_read(BIO *bio, char *data, int size)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t got;

	BIO_clear_retry_flags(bio);
	do
		got = recv(tls->fd, data, (size_t)size, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		BIO_set_retry_read(bio);
	else if (got < 0)
		cut(tls, strerrordesc_np(errno));
	else if (!got)
		cut(tls, "the connection ended without close_notify");
	return (int)got;
}

static long socket_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *socket_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");

	if (method && BIO_meth_set_write(method, socket_write) &&
	    BIO_meth_set_read(method, socket_read) && BIO_meth_set_ctrl(method, socket_control))
		return method;
	BIO_meth_free(method);
	return NULL;
}

/* Refuses with no_application_protocol (RFC 7301 §3.2); is not asked where the client has no ALPN.
 */
static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                           const unsigned char *in, unsigned in_size, void *user)
{
	unsigned char *selected;

	(void)ssl;
	(void)user;
	if (SSL_select_next_proto(&selected, out_size, known, sizeof known - 1, in, in_size) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = selected;
	return SSL_TLSEXT_ERR_OK;
}

/* A resumed handshake verifies no certificate, so a session is good for its own host only. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const struct tls *tls = SSL_get_app_data(ssl);
	char *host = strdup(tls->host);

	if (!host)
		return 0;
	free(context->session_host);
	SSL_SESSION_free(context->session);
	context->session_host = host;
	context->session = session;
	return 1;
}

/* The reason of the first error in OpenSSL's queue. */
static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_error());

	return text ? text : "unknown error";
}

static int bad_file(const char *file, const char *lacks, char *error, size_t error_size)
{
	unsigned long first = ERR_peek_error();

	if (ERR_SYSTEM_ERROR(first))
		snprintf(error, error_size, "%s: %s", file, strerror(ERR_GET_REASON(first)));
	else
		snprintf(error, error_size, "%s: %s in PEM: %s", file, lacks, reason());
	return -EINVAL;
}

static int no_memory(char *error, size_t error_size)
{
	snprintf(error, error_size, "out of memory");
	return -ENOMEM;
}

static int use_key(SSL_CTX *ssl, const char *certificate, const char *file, char *error,
                   size_t error_size)
{
	BIO *bio = BIO_new_file(file, "r");
	/* With a password nobody is asked for one. */
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;
	int err = 0;

	if (!key)
		err = bad_file(file, "no private key", error, error_size);
	else if (!X509_check_private_key(SSL_CTX_get0_certificate(ssl), key)) {
		snprintf(error, error_size, "%s: not the key of %s", file, certificate);
		err = -EINVAL;
	} else if (SSL_CTX_use_PrivateKey(ssl, key) != 1)
		err = bad_file(file, "no usable private key", error, error_size);
	EVP_PKEY_free(key);
	BIO_free(bio);
	return err;
}

static struct tls_context *context_new(const SSL_METHOD *method)
{
	struct tls_context *context = calloc(1, sizeof *context);

	ERR_clear_error();
	if (!context)
		return NULL;
	context->socket = socket_method();
	context->ssl = SSL_CTX_new(method);
	if (!context->socket || !context->ssl || !SSL_CTX_set_app_data(context->ssl, context)) {
		tls_context_close(&context);
		return NULL;
	}
	SSL_CTX_set_min_proto_version(context->ssl, TLS1_2_VERSION);
	SSL_CTX_set_options(context->ssl, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(context->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
	                                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                                       SSL_MODE_RELEASE_BUFFERS);
	/* At the server tickets keep the sessions, at the client keep_session. */
	SSL_CTX_set_session_cache_mode(context->ssl, SSL_SESS_CACHE_OFF);
	return context;
}

int tls_server_open(struct tls_context **out, const char *certificate, const char *key, char *error,
                    size_t error_size)
{
	struct tls_context *context = context_new(TLS_server_method());
	int err = 0;

	if (!context)
		return no_memory(error, error_size);
	context->is_server = true;
	SSL_CTX_set_alpn_select_cb(context->ssl, select_protocol, NULL);
	if (SSL_CTX_use_certificate_chain_file(context->ssl, certificate) != 1)
		err = bad_file(certificate, "no usable certificate", error, error_size);
	if (!err)
		err = use_key(context->ssl, certificate, key, error, error_size);
	if (err)
		tls_context_close(&context);
	else
		*out = context;
	return err;
}

int tls_client_open(struct tls_context **out, const char *authority, bool resume, char *error,
                    size_t error_size)
{
	struct tls_context *context = context_new(TLS_client_method());

	if (!context)
		return no_memory(error, error_size);
	SSL_CTX_set_verify(context->ssl, SSL_VERIFY_PEER, NULL);
	if (resume) {
		SSL_CTX_set_session_cache_mode(context->ssl,
		                               SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(context->ssl, keep_session);
	}
	/* Here 0 is success. */
	if (SSL_CTX_set_alpn_protos(context->ssl, spoken, sizeof spoken - 1)) {
		tls_context_close(&context);
		return no_memory(error, error_size);
	}
	if (SSL_CTX_load_verify_file(context->ssl, authority) != 1) {
		tls_context_close(&context);
		return bad_file(authority, "no certificate", error, error_size);
	}
	*out = context;
	return 0;
}

void tls_context_close(struct tls_context **context)
{
	if (!*context)
		return;
	SSL_SESSION_free((*context)->session);
	free((*context)->session_host);
	SSL_CTX_free((*context)->ssl);
	BIO_meth_free((*context)->socket);
	free(*context);
	*context = NULL;
}

/* The name in a certificate is one of its subjectAltNames (RFC 9525 §6.3), with whole labels. */
static bool expect_host(struct tls *tls, const struct tls_context *context)
{
	SSL_set_connect_state(tls->ssl);
	SSL_set_hostflags(tls->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
	                                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (!X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), tls->host) &&
	    (!SSL_set1_host(tls->ssl, tls->host) || !SSL_set_tlsext_host_name(tls->ssl, tls->host)))
		return false;
	if (context->session && !strcmp(context->session_host, tls->host))
		SSL_set_session(tls->ssl, context->session);
	return true;
}

struct tls *tls_open(struct tls_context *context, int fd, const char *host)
{
	size_t host_size = strlen(host ? host : "") + 1;
	struct tls *tls = calloc(1, sizeof *tls + host_size);
	BIO *bio = NULL;

	ERR_clear_error();
	if (!tls)
		return NULL;
	tls->fd = fd;
	tls->why = "nothing went wrong";
	memcpy(tls->host, host ? host : "", host_size);
	tls->ssl = SSL_new(context->ssl);
	bio = BIO_new(context->socket);
	if (!tls->ssl || !bio || !SSL_set_app_data(tls->ssl, tls))
		goto fail;
	if (context->is_server)
		SSL_set_accept_state(tls->ssl);
	else if (!expect_host(tls, context))
		goto fail;
	BIO_set_data(bio, tls);
	SSL_set_bio(tls->ssl, bio, bio);
	return tls;
fail:
	BIO_free(bio);
	SSL_free(tls->ssl);
	free(tls);
	return NULL;
}

void tls_shutdown(struct tls *tls)
{
	ERR_clear_error();
	if (!tls->read_err && !tls->write_err && SSL_is_init_finished(tls->ssl) &&
	    !(SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN))
		SSL_shutdown(tls->ssl);
}

void tls_close(struct tls **tls)
{
	if (!*tls)
		return;
	tls_shutdown(*tls);
	/* Or OpenSSL would not resume the session of a connection that was cut, which it may (RFC
	 * 5246 §7.2.1). After a fatal alert it never does. */
	SSL_set_shutdown((*tls)->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free((*tls)->ssl);
	free(*tls);
	*tls = NULL;
}

static const char *protocol_reason(const struct tls *tls)
{
	switch (ERR_GET_REASON(ERR_peek_error())) {
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
		return X509_verify_cert_error_string(SSL_get_verify_result(tls->ssl));
	case SSL_R_HTTP_REQUEST:
	case SSL_R_WRONG_VERSION_NUMBER: /* in the first record */
		return "the peer does not speak TLS";
	default:
		return reason();
	}
}

/* What a call that did not succeed answers; 0: the peer ended the stream. */
static int trouble(struct tls *tls, bool writing)
{
	int kind = SSL_get_error(tls->ssl, 0), err = -EPROTO;

	if (kind == SSL_ERROR_ZERO_RETURN) {
		tls->why = "the peer ended the stream";
		return 0;
	}
	if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
		tls->wants_write = kind == SSL_ERROR_WANT_WRITE;
		return -EAGAIN;
	}
	if (kind == SSL_ERROR_SYSCALL && tls->is_cut)
		err = -ECONNRESET;
	else
		tls->why = protocol_reason(tls);
	/* What the peer said before it went away may still be read. */
	if (!writing || err == -EPROTO || !SSL_is_init_finished(tls->ssl))
		tls->read_err = err;
	tls->write_err = err;
	return err;
}

static void begin(struct tls *tls)
{
	ERR_clear_error();
	tls->is_cut = false;
	tls->wants_write = false;
}

int tls_handshake(struct tls *tls)
{
	int err;

	if (tls->read_err)
		return tls->read_err;
	begin(tls);
	if (SSL_do_handshake(tls->ssl) == 1)
		return 0;
	err = trouble(tls, false);
	return err ? err : -ECONNRESET;
}

ssize_t tls_read(struct tls *tls, void *data, size_t size)
{
	size_t got;

	if (tls->read_err)
		return tls->read_err;
	begin(tls);
	return SSL_read_ex(tls->ssl, data, size, &got) ? (ssize_t)got : trouble(tls, false);
}

ssize_t tls_write(struct tls *tls, const void *data, size_t size)
{
	size_t sent;
	int err;

	if (tls->write_err)
		return tls->write_err;
	begin(tls);
	if (SSL_write_ex(tls->ssl, data, size, &sent))
		return (ssize_t)sent;
	err = trouble(tls, true);
	return err ? err : -ECONNRESET;
}

bool tls_wants_write(const struct tls *tls)
{
	return tls->wants_write;
}

bool tls_has_pending(const struct tls *tls)
{
	return SSL_pending(tls->ssl) > 0;
}

bool tls_is_resumed(const struct tls *tls)
{
	return SSL_session_reused(tls->ssl);
}

const char *tls_why(const struct tls *tls)
{
	return tls->why;
}
