#include "exercise.h"

SSL_CTX *client_settings(X509 *authority)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (!context)
		return NULL;
	/* TODO 1: this asks for nothing, and so it takes whatever it is shown. See exercise.h. */
	(void)authority;
	return context;
}

bool client_prepare(SSL *ssl, const char *host)
{
	/* TODO 2: the server is told the name; but does anybody look whose certificate came? */
	return SSL_set_tlsext_host_name(ssl, host);
}
