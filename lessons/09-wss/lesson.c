/*
 * Lesson 9: WS and WSS.
 *
 * A URL that begins with wss:// asks for the very same WebSocket as one with ws://, and puts it
 * into another protocol: TLS (version 1.3: RFC 8446). The two ends write the same request and the
 * same frames. Only, where they wrote to TCP, they now write to TLS, and TLS makes of it a row of
 * records, which are what crosses the net:
 *
 *     byte 0       the type: 22 handshake, 23 application data, 21 alert
 *     bytes 1, 2   a version, but 03 03 for ever: boxes on the way choke on a new one
 *     bytes 3, 4   how many bytes follow
 *     then         those, encrypted from the third message of the handshake on
 *
 * TLS does three things at once, and each is of little use alone. It encrypts, so that who listens
 * learns nothing. It seals, so that who changes a bit is found out. And it has the server prove
 * its name with a certificate, so that one does not whisper to the wrong ear. This program is
 * about the first two: it is the listener, a tap at the server's end of a link, who hears one
 * session in clear and the same through TLS. The third is the exercise.
 *
 * session.c has the two ends and the tap, certificates.c the certificate, made when the program
 * starts. Both need OpenSSL. Where that is missing this program shows what its author's tap heard,
 * from recording.txt. It reads both in the same way; the listener does not know the difference.
 */
#include <stdio.h>
#include <string.h>

#include "../stage/frames.h"
#include "../stage/show_lines.h"
#include "../stage/stage.h"
#include "records.h"
#include "session.h"

#define TOKEN "token=abc123"

/* In clear. There is nothing to break: the listener reads the request as the server does. The
 * token is in it, since the URL is, and with the token he can come back tomorrow as this client.
 * And the mask that each frame of a client has? Its key stands in front of it, for everybody. It
 * protects proxies from scripts (RFC 6455, 10.3) and nobody from a listener. */
static void listen_in_clear(const struct capture *heard)
{
	static const struct show_name names[] = {{"GET ", "the path, and the token"},
	                                         {"Host: ", "the server's name"},
	                                         {"\r\n", "the head ends"},
	                                         {"", "as in lesson 5"},
	                                         {0}};
	const struct burst *request = &heard->burst[0], *frames = &heard->burst[2];
	struct frame frame = {0};
	char text[1024];

	snprintf(text, sizeof text, "%.*s", (int)request->size, heard->bytes + request->at);
	show_lines("client sends", text, names);
	frame_show("client sends, after the server's Hello", heard->bytes + frames->at,
	           frames->size);
	frame_take(&frame, heard->bytes + frames->at, frames->size);
	size_t hits = capture_hits(heard, TOKEN);
	stage_say("Hits for %s: %zu. The first frame, unmasked with the key in it, says \"%.*s\".",
	          TOKEN, hits, (int)frame.size, (char *)frame.payload);
	stage_value("ws.token_hits", (double)hits);
}

/* What a listener calls a record. Only two messages of a TLS 1.3 handshake are in clear, since two
 * is what it takes to agree on a key. Even the alert that ends it all has the type of application
 * data, and its real type is inside. The change cipher spec means nothing. It is there to make the
 * handshake look like that of TLS 1.2 to boxes that let only that pass (RFC 8446, D.4). */
static const char *name_of(const struct record *record)
{
	static const char *const messages[] = {
	        [1] = "ClientHello, in clear",        [2] = "ServerHello, in clear",
	        [11] = "Certificate, in clear",       [12] = "ServerKeyExchange, in clear",
	        [14] = "ServerHelloDone, in clear",   [16] = "ClientKeyExchange, in clear",
	        [255] = "a handshake message, hidden"};
	const char *name = NULL;

	if (record->bytes[0] == CHANGE_CIPHER_SPEC)
		return "change cipher spec";
	if (record->bytes[0] != HANDSHAKE)
		return record->bytes[0] == ALERT ? "an alert, hidden" : "hidden";
	name = messages[record->bytes[RECORD_HEADER]];
	return name && !(record->bytes[RECORD_HEADER + 1]) ? name : messages[255];
}

/* The same session through TLS: all that the listener can write down. He has each byte, as before.
 * That is worth something only to one who has the key, and the key was never sent: each side sent
 * half of what it takes, the other half of both stayed at home (Diffie and Hellman, 1976). So it
 * does not help him either to keep the capture and steal the server's private key next year. */
static void listen_to_tls(const struct capture *heard)
{
	struct record records[RECORDS_MOST];
	const size_t count = records_of(heard, records, RECORDS_MOST);

	stage_say("%zu records, with the time since the client began to connect:", count);
	for (size_t i = 0; i < count && !stage_silent(); i++)
		printf("  %4.0f ms  %-4s  %4zu bytes  type %u: %s\n", records[i].ms,
		       records[i].up ? "up" : "down", records[i].size, records[i].bytes[0],
		       name_of(&records[i]));
	size_t hits = capture_hits(heard, TOKEN);
	stage_say("\nHits for %s: %zu. Hits for Hello: %zu.", TOKEN, hits,
	          capture_hits(heard, "Hello"));
	stage_value("wss.token_hits", (double)hits);
}

/* The record with the server's Hello: the last one down before the client's frames, which end the
 * session. The listener, too, finds it so, by its place and its size. */
static const struct record *find_hello(const struct record *records, size_t count)
{
	const struct record *last = NULL, *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!records[i].up)
			last = &records[i];
	}
	for (size_t i = 0; i < count; i++) {
		if (!records[i].up && records[i].ms < last->ms)
			found = &records[i];
	}
	return found;
}

/* One frame, and the record that it became. Encrypting adds nothing: 7 bytes stay 7, for the key
 * is stretched to a stream of bytes that are added to them, bit by bit. What is added stands around
 * them. The tag is the seal: 16 bytes computed from the key and all that is in the record, so that
 * a change of one bit anywhere makes the connection end with an alert. A record takes 16384 bytes,
 * so a long message pays this price once in 16384 bytes, and a short one each time. */
static void weigh(const struct capture *clear, const struct capture *heard, double tls)
{
	const struct burst *answer = &clear->burst[1];
	const char *bytes = (const char *)clear->bytes + answer->at;
	const size_t head =
	        (size_t)((char *)memmem(bytes, answer->size, "\r\n\r\n", 4) + 4 - bytes);
	const size_t frame = answer->size - head;
	const struct show_part now[] = {{1, "the type: application data, always"},
	                                {2, "the version, always 03 03"},
	                                {2, "the length of what follows"},
	                                {frame, "the frame, encrypted"},
	                                {1, "its real type, encrypted"},
	                                {16, "the tag"},
	                                {0}};
	const struct show_part before[] = {{1, "the type: application data"},
	                                   {2, "the version"},
	                                   {2, "the length of what follows"},
	                                   {8, "the nonce, new for each record"},
	                                   {frame, "the frame, encrypted"},
	                                   {16, "the tag"},
	                                   {0}};
	struct record records[RECORDS_MOST];
	const size_t count = records_of(heard, records, RECORDS_MOST);
	const struct record *hello = find_hello(records, count);

	frame_show("the frame in clear", (const uint8_t *)bytes + head, frame);
	record_show("the record in its place", hello->bytes, hello->size,
	            tls < 1.25 ? before : now);
	stage_say("%zu bytes became %zu: %zu more.", frame, hello->size, hello->size - frame);
	stage_value("ws.frame_bytes", (double)frame);
	stage_value("wss.frame_bytes", (double)hello->size);
	stage_value("wss.extra_bytes", (double)(hello->size - frame));
}

/* What TLS does not hide. The addresses of both, since the net has to deliver it. When, and how
 * much: the table above. And the name of the server: many live at one address, and this one must
 * know which certificate to show before there is a key to hide the question with. So the name
 * stands in the ClientHello (server_name, RFC 6066, 3). There is a remedy, ECH, which few servers
 * have. The certificate itself is hidden by TLS 1.3; TLS 1.2 sent it in clear: try --tls 1.2. */
static void see_the_rest(const struct capture *heard)
{
	struct record records[RECORDS_MOST];
	const size_t count = records_of(heard, records, RECORDS_MOST);
	const size_t names = capture_hits(heard, HOST);
	const size_t certificates = capture_hits(heard, AUTHORITY);
	const char *name = "";
	size_t size = 0;
	const size_t at = count ? record_server_name(&records[0], &name, &size) : 0;
	const struct show_part parts[] = {{RECORD_HEADER, "the record's header"},
	                                  {at - RECORD_HEADER, "versions, chance, ciphers, ..."},
	                                  {4, "extension 0, server_name, and its length"},
	                                  {5, "one name; it is a host's; its length"},
	                                  {size, HOST},
	                                  {0, "more extensions"},
	                                  {0}};

	if (at)
		record_show("ClientHello", records[0].bytes, records[0].size, parts);
	stage_say("Hits for %s: %zu. Hits for the name of the certificate's issuer: %zu.", HOST,
	          names, certificates);
	stage_value("wss.name_hits", (double)names);
	stage_value("wss.certificate_hits", (double)certificates);
}

/* The price in time. Before a client can ask for anything it sends its ClientHello, and has to wait
 * for the other half of the key: one round trip. With what comes back the server has said all: its
 * certificate, and the proof that it owns it. So the client sends its request together with its own
 * end of the handshake. The TCP handshake is acted by the link, which holds the first bytes. */
static void compare_times(const double first_ms[SESSIONS], double delay_ms)
{
	stage_say(
	        "From the beginning until the server's Hello was here: ws %.1f ms, wss %.1f ms. A "
	        "round trip is %g ms.",
	        first_ms[WS], first_ms[WSS], 2 * delay_ms);
	stage_value("first.ws_ms", first_ms[WS]);
	stage_value("first.wss_ms", first_ms[WSS]);
	stage_value("first.difference_ms", first_ms[WSS] - first_ms[WS]);
}

/* The real thing, or what is kept of one. */
static void listen_or_remember(struct recording *recording, bool replay, double delay, double tls)
{
	if (!replay) {
		session_record(recording, delay, tls);
		return;
	}
	recording_read(recording);
	stage_say("This is a recording, made on %s, since %s. --delay and --tls change nothing.",
	          recording->made,
	          session_possible()
	                  ? "you asked for one"
	                  : "OpenSSL (Debian: libssl-dev) was missing when this was built");
}

int main(int argc, char **argv)
{
	static struct recording recording;
	double delay_ms = 20, tls = 1.3;
	bool replay = false;
	const char *record = NULL;
	const struct stage_option options[] = {
	        {"delay", &delay_ms, "one-way delay of the link in ms, up to 500"},
	        {"tls", &tls, "version of TLS: 1.2 or 1.3"},
	        {0}};
	const struct stage_word words[] = {
	        {"replay", &replay, NULL, "show the recording that comes with the lesson"},
	        {"record", NULL, &record, "FILE: write there what the tap hears"},
	        {0}};

	stage_words(words);
	stage_open(argc, argv, "Lesson 9: WS and WSS", options);
	if (delay_ms > 500 || (tls != 1.2 && tls != 1.3) || (record && !session_possible())) {
		fputs("lesson: --delay is at most 500, --tls 1.2 or 1.3; --record needs OpenSSL\n",
		      stderr);
		return 2;
	}
	replay = replay || !session_possible();
	listen_or_remember(&recording, replay, delay_ms, tls);
	if (replay)
		delay_ms = 20, tls = 1.3;
	if (record)
		return recording_keep(record, &recording);
	stage_step("a session in clear, as a tap on the way hears it");
	listen_in_clear(&recording.capture[WS]);
	stage_step("the same session through TLS");
	listen_to_tls(&recording.capture[WSS]);
	stage_step("one record, byte by byte");
	weigh(&recording.capture[WS], &recording.capture[WSS], tls);
	stage_step("what can still be seen");
	see_the_rest(&recording.capture[WSS]);
	stage_step("the time until the first message");
	compare_times(recording.first_ms, delay_ms);
	return stage_close();
}
