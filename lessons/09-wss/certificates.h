/* Certificates made in memory, with keys of their own (EC P-256), and TLS servers that show them.
 */
#ifndef LESSONS_09_WSS_CERTIFICATES_H
#define LESSONS_09_WSS_CERTIFICATES_H

#include <openssl/ssl.h>
#include <openssl/x509.h>

struct certificate {
	X509 *x509;
	EVP_PKEY *key;
};

/* What it is to say. Times are in days from now. */
struct certificate_plan {
	const char *subject;
	const char *names; /* "DNS:server.example.com", as OpenSSL reads them; NULL: an authority */
	const char *usage; /* "serverAuth" */
	int from_days, to_days;
};

/* Makes one, signed by its issuer; NULL: by itself. */
void certificate_make(struct certificate *certificate, const struct certificate_plan *plan,
                      const struct certificate *issuer);

void certificate_free(struct certificate *certificate);

/* A server's settings: it shows that certificate, and speaks TLS up to that version. */
SSL_CTX *certificate_server(const struct certificate *certificate, int most_version);

/* Prints what OpenSSL says, and exits with status 1. */
_Noreturn void tls_give_up(const char *what);

#endif
