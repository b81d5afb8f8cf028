#include "exercise.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "../stage/check.h"
#include "../stage/net.h"
#include "certificates.h"

#define HOST "server.example.com"

/* A server that is asked once. */
struct server {
	SSL_CTX *context;
	char *name; /* what the client asked for; shared with us */
};

static struct certificate ours, other, known; /* known: the system trusts it */

static void serve(int connection, void *user)
{
	const struct server *server = user;
	SSL *ssl = SSL_new(server->context);
	char byte;

	if (!ssl || !SSL_set_fd(ssl, connection))
		tls_give_up("accept TLS");
	if (SSL_accept(ssl) > 0) {
		const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

		snprintf(server->name, 256, "%s", name ? name : "");
		SSL_write(ssl, "", 1);
		SSL_read(ssl, &byte, 1);
	}
	SSL_free(ssl);
}

/* How a connection came out. The numbers are those of OpenSSL's reasons: the server's alert is that
 * it does not speak such a version. */
static const char *outcome(SSL *ssl, int connected)
{
	char byte;

	if (connected > 0)
		return SSL_read(ssl, &byte, 1) == 1 ? "a connection"
		                                    : "a connection that broke at once";
	if (SSL_get_verify_result(ssl) != X509_V_OK)
		return "refused: the certificate";
	const int reason = ERR_GET_REASON(ERR_get_error());
	return reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION || reason == SSL_R_UNSUPPORTED_PROTOCOL
	               ? "refused: the version of TLS"
	               : "refused: something else";
}

/* The learner's client connects to a server that shows this certificate. `name` gets what the
 * server was asked for, if it is not NULL. */
static void check_client(const char *what, const char *expected, const struct certificate *shown,
                         int most_version, const char *host, const char *help, char *name)
{
	struct server server = {certificate_server(shown, most_version), net_share(256)};
	uint16_t port;
	const int listener = net_listen(&port);
	SSL_CTX *settings = client_settings(ours.x509);

	net_serve(listener, serve, &server);
	check_that(settings != NULL, "client_settings gives settings, not NULL", NULL);
	SSL *ssl = SSL_new(settings);
	const int connection = net_connect(port);
	if (!ssl || !SSL_set_fd(ssl, connection))
		tls_give_up("begin a connection");
	check_that(client_prepare(ssl, host), "client_prepare gives true", NULL);
	ERR_clear_error();
	const char *got = outcome(ssl, SSL_connect(ssl));
	check_text(what, expected, got, help);
	if (name)
		snprintf(name, 256, "%s", server.name);
	SSL_free(ssl);
	SSL_CTX_free(settings);
	SSL_CTX_free(server.context);
	close(connection);
}

/* A certificate as planned, from that issuer (NULL: itself), shown to a client that wants HOST. */
static void check_shown(const char *what, const char *expected, struct certificate_plan plan,
                        const struct certificate *issuer, const char *help)
{
	struct certificate shown;

	certificate_make(&shown, &plan, issuer);
	check_client(what, expected, &shown, TLS1_3_VERSION, HOST, help, NULL);
	certificate_free(&shown);
}

static struct certificate_plan plan_for(const char *names)
{
	return (struct certificate_plan){"a server", names, "serverAuth", -1, 30};
}

static const char connected[] = "a connection", refused[] = "refused: the certificate";

static void right(void)
{
	check_shown("a certificate for " HOST ", from our authority", connected,
	            plan_for("DNS:" HOST), &ours,
	            "who is trusted is in the settings' store: SSL_CTX_get_cert_store, "
	            "X509_STORE_add_cert");
}

static void unknown_issuer(void)
{
	check_shown("a certificate for " HOST ", from an authority that nobody knows", refused,
	            plan_for("DNS:" HOST), &other,
	            "a client takes any certificate unless told to check: SSL_CTX_set_verify with "
	            "SSL_VERIFY_PEER, and no callback that overrules it");
}

static void systems_issuer(void)
{
	check_shown("a certificate for " HOST ", from an authority that the system trusts", refused,
	            plan_for("DNS:" HOST), &known,
	            "it trusts our authority and no other: the system's store stays out");
}

static void self_signed(void)
{
	check_shown("a certificate for " HOST ", signed by itself", refused, plan_for("DNS:" HOST),
	            NULL,
	            "everybody can make one with any name: only an issuer that you trust counts");
}

static void expired(void)
{
	struct certificate_plan plan = plan_for("DNS:" HOST);

	plan.from_days = -30;
	plan.to_days = -1;
	check_shown("a certificate that was good until yesterday", refused, plan, &ours,
	            "SSL_VERIFY_PEER looks at the dates too, if no callback overrules it");
}

static void too_early(void)
{
	struct certificate_plan plan = plan_for("DNS:" HOST);

	plan.from_days = 1;
	check_shown("a certificate that is good from tomorrow", refused, plan, &ours,
	            "SSL_VERIFY_PEER looks at the dates too, if no callback overrules it");
}

static void no_server(void)
{
	struct certificate_plan plan = plan_for("DNS:" HOST);

	plan.usage = "clientAuth";
	check_shown("a certificate for clients, shown by a server", refused, plan, &ours,
	            "SSL_VERIFY_PEER looks at the usage too, if no callback overrules it");
}

static void wrong_name(void)
{
	check_shown("a certificate for shop.example.net, from our authority", refused,
	            plan_for("DNS:shop.example.net"), &ours,
	            "it is genuine, but somebody else's: SSL_set1_host says whose it has to be");
}

static void near_names(void)
{
	static const char *const names[] = {"example.com", "server.example.com.example.net",
	                                    "erver.example.com", "*.com", "*.server.example.com"};
	char what[128], list[128];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(what, sizeof what, "a certificate for %s, from our authority", names[i]);
		snprintf(list, sizeof list, "DNS:%s", names[i]);
		check_shown(what, refused, plan_for(list), &ours,
		            "names are compared as a whole, which SSL_set1_host does");
	}
}

static void wildcard(void)
{
	check_shown("a certificate for shop.example.net and *.example.com", connected,
	            plan_for("DNS:shop.example.net,DNS:*.example.com"), &ours,
	            "the star stands for one label: leave the comparing to SSL_set1_host");

	struct certificate shown;
	const struct certificate_plan plan = plan_for("DNS:*.example.com");

	certificate_make(&shown, &plan, &ours);
	check_client("a certificate for *.example.com, where a.b.example.com was wanted", refused,
	             &shown, TLS1_3_VERSION, "a.b.example.com",
	             "the star stands for one label, unless a flag says more", NULL);
	certificate_free(&shown);
}

static void old_version(void)
{
	struct certificate shown;
	const struct certificate_plan plan = plan_for("DNS:" HOST);

	certificate_make(&shown, &plan, &ours);
	check_client("the right certificate, of a server that speaks TLS 1.2 at most",
	             "refused: the version of TLS", &shown, TLS1_2_VERSION, HOST,
	             "the oldest version allowed: SSL_CTX_set_min_proto_version", NULL);
	certificate_free(&shown);
}

static void two_hosts(void)
{
	struct certificate shown;
	const struct certificate_plan plan = plan_for("DNS:chat.example.org");
	char name[256] = "";

	certificate_make(&shown, &plan, &ours);
	check_client("a certificate for chat.example.org, where that was wanted", connected, &shown,
	             TLS1_3_VERSION, "chat.example.org",
	             "the host is client_prepare's second argument", name);
	check_text("the name that the server was asked for", "chat.example.org", name,
	           "SSL_set_tlsext_host_name tells it; a server with many names needs it");
	certificate_free(&shown);
}

static void make_authority(struct certificate *certificate, const char *name)
{
	certificate_make(certificate, &(struct certificate_plan){name, NULL, NULL, -1, 30}, NULL);
}

/* What OpenSSL takes for the system's store has this one authority; the file has no name any more,
 * and goes with this process. */
static void let_system_trust(const struct certificate *authority)
{
	char path[64];
	FILE *file = tmpfile();

	if (!file || !PEM_write_X509(file, authority->x509) || fflush(file) != 0)
		tls_give_up("write a certificate");
	snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
	setenv("SSL_CERT_FILE", path, 1);
	setenv("SSL_CERT_DIR", "/dev/null", 1);
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
	        {"the right certificate", right},
	        {"an issuer that nobody knows", unknown_issuer},
	        {"an issuer that the system trusts", systems_issuer},
	        {"a certificate that signed itself", self_signed},
	        {"an expired certificate", expired},
	        {"a certificate that is not valid yet", too_early},
	        {"a certificate that is no server's", no_server},
	        {"somebody else's certificate", wrong_name},
	        {"names that are nearly right", near_names},
	        {"a name with a star", wildcard},
	        {"a version that is too old", old_version},
	        {"another host, and the name that is sent", two_hosts},
	        {NULL, NULL}};

	/* The system's own settings might forbid more than the exercise does. */
	setenv("OPENSSL_CONF", "/dev/null", 1);
	signal(SIGPIPE, SIG_IGN);
	make_authority(&ours, "our authority");
	make_authority(&other, "another one");
	make_authority(&known, "one that all know");
	let_system_trust(&known);
	const int status = check_main(argc, argv, checks);
	certificate_free(&ours);
	certificate_free(&other);
	certificate_free(&known);
	return status;
}
