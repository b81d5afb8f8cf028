#include "http.h"

#include <string.h>

/*
 * A set of the kind that browsers send: the fields of a same-origin fetch() by desktop Chromium
 * in its version of late 2024, to a secure origin, with the cookies of a site that keeps a
 * session and counts its visitors. Connection: keep-alive, which HTTP/1.1 implies (RFC 9112
 * §9.3), is left out: a transport that upgrades needs Connection for itself. Referer follows
 * apart, because it names the host.
 */
static const char browser_fields[] =
        "sec-ch-ua-platform: \"Linux\"\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/131.0.0.0 Safari/537.36\r\n"
        "sec-ch-ua: \"Google Chrome\";v=\"131\", \"Chromium\";v=\"131\", \"Not_A Brand\";v=\"24\"\r\n"
        "sec-ch-ua-mobile: ?0\r\n"
        "Accept: */*\r\n"
        "Sec-Fetch-Site: same-origin\r\n"
        "Sec-Fetch-Mode: cors\r\n"
        "Sec-Fetch-Dest: empty\r\n"
        "Accept-Encoding: gzip, deflate, br, zstd\r\n"
        "Accept-Language: en-US,en;q=0.9\r\n"
        "Cookie: theme=dark; consent=all; _gid=GA1.1.874512093.1732107315; "
        "_ga=GA1.1.1203948571.1731412807; _ga_7XK2M4QH1B=GS1.1.1732107315.14.1."
        "1732108991.0.0.0; csrftoken=Zk3vQ9sT1xW7bN5mR8yL2cJ6dH4fG0pA; "
        "sessionid=q7d0w2m5k9x3v8b1n6t4r0z5y7u2p1c3\r\n";

/* Connection is left out here too. The article's answer has fields that ours has not: a last cookie
 * has their bytes. */
static const char kaazing_fields[] =
        "User-Agent: Mozilla/5.0 (Windows; U; Windows NT 5.1; en-US; rv:1.9.1.5) "
        "Gecko/20091102 Firefox/3.5.5\r\n"
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
        "Accept-Language: en-us\r\n"
        "Accept-Encoding: gzip,deflate\r\n"
        "Accept-Charset: ISO-8859-1,utf-8;q=0.7,*;q=0.7\r\n"
        "Keep-Alive: 300\r\n"
        "Referer: http://www.example.com/PollingStock/\r\n"
        "Cookie: showInheritedConstant=false; showInheritedProtectedConstant=false; "
        "showInheritedProperty=false; showInheritedProtectedProperty=false; "
        "showInheritedMethod=false; showInheritedProtectedMethod=false; "
        "showInheritedEvent=false; showInheritedStyle=false; showInheritedEffect=false; fill=";

static void add_kaazing_fields(struct bytes *out, size_t begun)
{
	size_t whole = HTTP_KAAZING_BYTES - HTTP_KAAZING_ANSWER_BYTES;
	size_t ends = 2 * strlen("\r\n"); /* of the field, and of the head */

	bytes_append_text(out, kaazing_fields);
	while (bytes_size(out) - begun + ends < whole && !out->failed)
		bytes_append_text(out, "x");
	bytes_append_text(out, "\r\n");
}

void http_request_start(struct bytes *out, const char *method, const char *target, const char *host,
                        enum http_headers headers)
{
	size_t begun = bytes_size(out);

	bytes_printf(out, "%s %s HTTP/1.1\r\n", method, target);
	http_request_add_field(out, "Host", host);
	if (headers == HTTP_HEADERS_BROWSER) {
		bytes_append_text(out, browser_fields);
		bytes_printf(out, "Referer: https://%s/\r\n", host);
	}
	if (headers == HTTP_HEADERS_KAAZING)
		add_kaazing_fields(out, begun);
}

void http_request_add_field(struct bytes *out, const char *name, const char *value)
{
	bytes_printf(out, "%s: %s\r\n", name, value);
}

void http_request_end(struct bytes *out)
{
	bytes_append_text(out, "\r\n");
}
