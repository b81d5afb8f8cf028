/* The exercise of lesson 9: a client that knows to whom it speaks. */
#ifndef LESSONS_09_WSS_EXERCISE_H
#define LESSONS_09_WSS_EXERCISE_H

#include <stdbool.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/* OpenSSL has all that you need, each with a page at https://docs.openssl.org/3.0/man3/ :
 * SSL_CTX_get_cert_store, X509_STORE_add_cert, SSL_CTX_set_verify, SSL_CTX_set_min_proto_version
 * for the first function, SSL_set1_host for the second (from OpenSSL 4 on SSL_set1_dnsname). */

/*
 * The settings of a client, for all its connections; made with SSL_CTX_new(TLS_client_method()).
 *
 *   - It trusts this authority, and no other: it is that of our own servers.
 *   - A certificate is checked while hands are shaken, and where it is not in order there is no
 *     connection.
 *   - The servers are our own, and speak TLS 1.3: nothing older is spoken.
 *
 * The authority stays the caller's, who needs it again: it is not freed here.
 */
SSL_CTX *client_settings(X509 *authority);

/*
 * What holds for one connection, said before hands are shaken. False where OpenSSL refuses.
 *
 *   - The server is told which host is meant (server_name).
 *   - The certificate has to be that host's. A star in it stands for one label and no more.
 */
bool client_prepare(SSL *ssl, const char *host);

#endif
