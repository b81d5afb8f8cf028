/* Asks whether the certificate is genuine, and not whose it is: any site's would do. */
#include "../exercise.h"

SSL_CTX *client_settings(X509 *authority)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (!context)
		return NULL;
	if (!X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority) ||
	    !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION)) {
		SSL_CTX_free(context);
		return NULL;
	}
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	return context;
}

bool client_prepare(SSL *ssl, const char *host)
{
	return SSL_set_tlsext_host_name(ssl, host);
}
