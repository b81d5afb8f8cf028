#include "certificates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#define DAY 86400L

void tls_give_up(const char *what)
{
	char reason[256];

	ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
	fprintf(stderr, "%s: cannot %s: %s\n", program_invocation_short_name, what, reason);
	exit(1);
}

static EVP_PKEY *make_key(void)
{
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	if (!maker || EVP_PKEY_keygen_init(maker) <= 0 ||
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(maker, NID_X9_62_prime256v1) <= 0 ||
	    EVP_PKEY_keygen(maker, &key) <= 0)
		tls_give_up("make a key");
	EVP_PKEY_CTX_free(maker);
	return key;
}

static void add(X509 *x509, X509 *issuer, int what, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, what, value);
	if (!extension || !X509_add_ext(x509, extension, -1))
		tls_give_up("make a certificate");
	X509_EXTENSION_free(extension);
}

static void add_extensions(X509 *x509, X509 *issuer, const struct certificate_plan *plan)
{
	add(x509, issuer, NID_basic_constraints,
	    plan->names ? "critical,CA:false" : "critical,CA:true");
	add(x509, issuer, NID_key_usage,
	    plan->names ? "critical,digitalSignature" : "critical,keyCertSign,cRLSign");
	add(x509, issuer, NID_subject_key_identifier, "hash");
	if (!plan->names)
		return;
	add(x509, issuer, NID_subject_alt_name, plan->names);
	add(x509, issuer, NID_ext_key_usage, plan->usage);
}

void certificate_make(struct certificate *certificate, const struct certificate_plan *plan,
                      const struct certificate *issuer)
{
	static long serial;
	X509 *x509 = X509_new();
	EVP_PKEY *key = make_key();

	*certificate = (struct certificate){x509, key};
	if (!issuer)
		issuer = certificate;
	if (!x509 || !X509_set_version(x509, 2) || !X509_set_pubkey(x509, key) ||
	    !ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial) ||
	    !X509_gmtime_adj(X509_getm_notBefore(x509), plan->from_days * DAY) ||
	    !X509_gmtime_adj(X509_getm_notAfter(x509), plan->to_days * DAY) ||
	    !X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
	                                (const unsigned char *)plan->subject, -1, -1, 0) ||
	    !X509_set_issuer_name(x509, X509_get_subject_name(issuer->x509)))
		tls_give_up("make a certificate");
	add_extensions(x509, issuer->x509, plan);
	if (!X509_sign(x509, issuer->key, EVP_sha256()))
		tls_give_up("sign a certificate");
}

void certificate_free(struct certificate *certificate)
{
	X509_free(certificate->x509);
	EVP_PKEY_free(certificate->key);
}

/* Without tickets, with which a client could come back later: they are records that would stand
 * between those that we look at. */
SSL_CTX *certificate_server(const struct certificate *certificate, int most_version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context || !SSL_CTX_use_certificate(context, certificate->x509) ||
	    !SSL_CTX_use_PrivateKey(context, certificate->key) ||
	    !SSL_CTX_set_max_proto_version(context, most_version) ||
	    !SSL_CTX_set_num_tickets(context, 0))
		tls_give_up("set up a TLS server");
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	return context;
}
