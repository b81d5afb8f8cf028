/*
 * Lesson 9: WS and WSS.
 *
 * A URL that begins with wss:// asks for the very same WebSocket as one with ws://, and puts it
 * into another protocol: TLS (version 1.3 is RFC 8446, and since 2026 RFC 9846; SSL is the name of
 * its forbidden ancestors). The two ends write the same request and the same frames. Only, where
 * they wrote to TCP, they now write to TLS, and TLS makes of it a row of records, which are what
 * crosses the net:
 *
 *     byte 0       the type: 22 handshake, 23 application data, 21 alert
 *     bytes 1, 2   a version, 03 03 for ever (the first may say 03 01): boxes choke on a new one
 *     bytes 3, 4   how many bytes follow
 *     then         those, encrypted from the third message of the handshake on
 *
 * TLS does three things at once, and each is of little use alone. It encrypts, so that a listener
 * learns nothing. It seals, so that whoever changes a bit is found out. And it has the server prove
 * its name with a certificate, so that one does not whisper into the wrong ear. This program is
 * about the first two: it is the listener, a tap at the server's end of a link, which hears one
 * session in clear and the same through TLS. The third is the exercise.
 *
 * session.c has the two ends and the tap, certificates.c the certificate, which is made anew each
 * time. Both need OpenSSL. Where that is missing, this program looks at what a tap heard some other
 * day, from recording.txt. It reads both in the same way: to a listener there is no difference, and
 * a capture kept is as good as one just made. That is a part of the lesson, too.
 */
#include <stdio.h>

#include "../stage/frames.h"
#include "../stage/stage.h"
#include "records.h"
#include "session.h"

/* What the tap searches for. The client gives it in the path, as the tutorial's example does. */
#define TOKEN "token=abc123"

/* In clear. There is nothing to break: the tap reads the request as the server does. The token is
 * in it, because the whole path of the URL is, and whoever has the token can come back tomorrow as
 * this client. And the mask that each frame of a client wears? Its key stands right in front of it,
 * for everybody to see. It protects proxies from scripts (RFC 6455, 10.3), and nobody from a
 * listener: the last line that is printed here has undone it. */
static void listen_in_clear(const struct capture *heard)
{
	const struct burst *frames = &heard->burst[2];
	struct frame frame = {0};

	capture_show("client sends", heard, &heard->burst[0]);
	capture_show("server sends", heard, &heard->burst[1]);
	frame_show("client sends, when it has the server's Hello", heard->bytes + frames->at,
	           frames->size);
	frame_take(&frame, heard->bytes + frames->at, frames->size);
	size_t hits = capture_hits(heard, TOKEN);
	stage_say(
	        "Hits for %s: %zu. Hits for %s: %zu. Hits for Hello: %zu. The client's first frame, "
	        "unmasked with the key in it, says \"%.*s\".",
	        TOKEN, hits, HOST, capture_hits(heard, HOST), capture_hits(heard, "Hello"),
	        (int)frame.size, (char *)frame.payload);
	stage_value("ws.token_hits", (double)hits);
}

/* The same session through TLS: all that the tap can write down. It has each byte, as before, and
 * they are worth something only to one who has the key. The key was never sent. Each side sent one
 * half of what it takes and kept another to itself (Diffie and Hellman, 1976), anew for each
 * connection. So it does not even help to keep the capture and to steal the server's private key
 * next year: that key only signs.
 *
 * Look at the types. Two messages of the handshake are in clear, since two is what it takes to
 * agree on a key. All that follows has the type of application data: the rest of the handshake, the
 * request, the frames, and the two alerts which say at the end that nothing was cut off. What a
 * record really is stands inside. The change cipher spec means nothing at all. It makes the
 * handshake look like one of TLS 1.2, to boxes that let only that pass (RFC 8446, D.4). */
static void listen_to_tls(const struct capture *heard)
{
	struct record records[RECORDS_MOST];
	const size_t count = records_of(heard, records, RECORDS_MOST);

	stage_say("%zu records, with the time since the client began to connect:", count);
	for (size_t i = 0; i < count && !stage_silent(); i++)
		printf("  %4.0f ms  %-4s  %4zu bytes  type %u: %s\n", records[i].ms,
		       records[i].up ? "up" : "down", records[i].size, records[i].bytes[0],
		       record_name(&records[i]));
	size_t hits = capture_hits(heard, TOKEN);
	stage_say("\nHits for %s: %zu. Hits for Hello: %zu.", TOKEN, hits,
	          capture_hits(heard, "Hello"));
	stage_value("wss.token_hits", (double)hits);
}

/* One frame, and the record that it became (RFC 8446, 5.2). Which one that is we tell by its place:
 * it is the last one down before the session's end. To encrypt adds nothing: 7 bytes stay 7. The
 * key is stretched to a stream of bytes, and these are added to ours bit by bit, as with the mask
 * of lesson 6; but here the stream never comes twice, and nobody is told what it is.
 *
 * What is added stands around the frame. In front are the 5 bytes that say where the record ends,
 * for TCP does not. Behind it are one byte, the real type, and the seal: a tag of 16 bytes that is
 * computed from the key and from all that is in the record. With one bit changed anywhere, the tag
 * does not fit any more, and the connection ends at once, without a close frame: the program is
 * told 1006. For a handshake of TLS that failed there is 1015 (RFC 6455, 7.4.1), but a browser's
 * script sees 1006 for that too: it may not learn which failure it was (WHATWG WebSockets).
 *
 * A record holds 16384 bytes. So a long message pays the 22 bytes once in 16384, and a short one
 * pays them each time. Who sends many tiny frames at once should write them at once. */
static void weigh(const struct capture *clear, const struct capture *heard, bool old)
{
	struct record records[RECORDS_MOST];
	const size_t count = records_of(heard, records, RECORDS_MOST);
	const struct record *hello = record_before_end(records, count);
	size_t size;
	const uint8_t *frame = capture_after_head(clear, &clear->burst[1], &size);
	const struct show_part parts[] = {{1, "the type: application data, always"},
	                                  {2, "the version, always 03 03"},
	                                  {2, "the length of what follows"},
	                                  {size, "the frame, encrypted"},
	                                  {1, "its real type, encrypted"},
	                                  {16, "the tag"},
	                                  {0}};

	frame_show("the frame in clear", frame, size);
	if (old)
		record_show_old("the record in its place", hello, size);
	else
		record_show("the record in its place", hello->bytes, hello->size, parts);
	stage_say("%zu bytes became %zu: %zu more.", size, hello->size, hello->size - size);
	stage_value("ws.frame_bytes", (double)size);
	stage_value("wss.frame_bytes", (double)hello->size);
	stage_value("wss.extra_bytes", (double)(hello->size - size));
}

/* What TLS does not hide. The addresses of both, since the net has to deliver it. When, and how
 * much: the table above is all that. From the size of a record one can tell that of the frame in
 * it: here, take 22 away. Sizes and times together can say which page is read, or that somebody
 * types (traffic analysis, RFC 8446, E.3). TLS 1.3 lets a sender pad its records against that
 * (5.4); few do, since it costs bytes and nobody can say how many would be enough.
 *
 * And the name of the server. Many live at one address, and the one that is meant must know which
 * certificate to show before there is a key to ask it in secret. So the name stands in the
 * ClientHello, in clear (server_name, RFC 6066, 3). The path, and the token in it, do not. There is
 * a remedy for the name, Encrypted Client Hello (RFC 9849); both sides have to know it. The
 * certificate is hidden by TLS 1.3, and was not by TLS 1.2: try --tls 1.2. */
static void see_the_rest(const struct capture *heard)
{
	struct record records[RECORDS_MOST];
	const char *name = "";
	size_t size = 0, at = RECORD_HEADER;
	const size_t names = capture_hits(heard, HOST);
	const size_t certificates = capture_hits(heard, AUTHORITY);

	if (records_of(heard, records, RECORDS_MOST) > 0)
		at = record_server_name(&records[0], &name, &size);
	const struct show_part parts[] = {{RECORD_HEADER, "the record's header"},
	                                  {at - RECORD_HEADER, "versions, chance, ciphers, ..."},
	                                  {4, "extension 0, server_name, and its length"},
	                                  {5, "one name; it is a host's; its length"},
	                                  {size, HOST},
	                                  {0, "more extensions"},
	                                  {0}};
	if (size > 0)
		record_show("ClientHello", records[0].bytes, records[0].size, parts);
	stage_say("Hits for %s: %zu. Hits for the name of the certificate's issuer: %zu.", HOST,
	          names, certificates);
	stage_value("wss.name_hits", (double)names);
	stage_value("wss.certificate_hits", (double)certificates);
}

/* The price in time. Before a client can ask for anything it sends its ClientHello, and has to wait
 * for the server's half of the key: one round trip. With what comes back the server has said all,
 * its certificate and the proof that it owns it. So the client sends its request together with its
 * own end of the handshake, and waits no more. TLS 1.2 took two round trips. A client that comes
 * back can save this one too and send its request with the ClientHello (early data, RFC 8446, 2.3);
 * but then a listener who sends the same bytes once more has made the request twice. It is paid
 * once for each connection, and a frame on an open one takes as long as before.
 *
 * TCP's own handshake is one round trip as well, before all this; ws pays for that too. */
static void compare_times(const double first_ms[SESSIONS], double delay_ms)
{
	stage_say("From the start until the server's Hello was here: ws %.1f ms, wss %.1f ms. A "
	          "round trip is %g ms.",
	          first_ms[WS], first_ms[WSS], 2 * delay_ms);
	stage_value("first.ws_ms", first_ms[WS]);
	stage_value("first.wss_ms", first_ms[WSS]);
	stage_value("first.difference_ms", first_ms[WSS] - first_ms[WS]);
}

/* Says what is wrong with the options, if something is.
 *
 * 1.1 and what came before is not offered: it must not be spoken any more (RFC 8996), and today's
 * OpenSSL refuses to. */
static bool refused(double delay_ms, double tls)
{
	const bool known = tls == 1.2 || tls == 1.3;

	if (delay_ms > 500)
		fputs("lesson: --delay: 500 ms at most\n", stderr);
	else if (!known)
		fputs("lesson: --tls: 1.2 or 1.3\n", stderr);
	return delay_ms > 500 || !known;
}

int main(int argc, char **argv)
{
	static struct recording heard;
	double delay_ms = 20, tls = 1.3;
	bool replay = false;
	const char *record = NULL;
	const struct stage_option options[] = {{"delay", &delay_ms, "one-way delay in ms"},
	                                       {"tls", &tls, "version of TLS: 1.2 or 1.3"},
	                                       {0}};
	const struct stage_word words[] = {
	        {"replay", &replay, NULL, "show the recording that comes with the lesson"},
	        {"record", NULL, &record, "FILE: write there what the tap hears, and end"},
	        {0}};

	if (recording_refused(argv, session_possible()))
		return 2;
	stage_words(words);
	stage_open(argc, argv, "Lesson 9: WS and WSS", options);
	if (refused(delay_ms, tls))
		return 2;
	/* Heard just now, or kept since some other day: from here on nobody asks which of both it
	 * is. */
	if (replay || !session_possible())
		recording_replay(&heard, session_possible(), &delay_ms, &tls);
	else
		session_record(&heard, delay_ms, tls);
	if (record)
		return recording_keep(record, &heard);
	stage_step("a session in clear, as a tap on the way hears it");
	listen_in_clear(&heard.capture[WS]);
	stage_step("the same session through TLS");
	listen_to_tls(&heard.capture[WSS]);
	stage_step("one record, byte by byte");
	weigh(&heard.capture[WS], &heard.capture[WSS], tls == 1.2);
	stage_step("what can still be seen");
	see_the_rest(&heard.capture[WSS]);
	stage_step("the time until the first message");
	compare_times(heard.first_ms, delay_ms);
	return stage_close();
}
