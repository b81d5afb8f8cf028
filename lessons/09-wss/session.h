/* The session that is listened to, once in clear and once through TLS. */
#ifndef LESSONS_09_WSS_SESSION_H
#define LESSONS_09_WSS_SESSION_H

#include "capture.h"

#define HOST      "server.example.com"
#define PATH      "/chat?token=abc123"
#define SAID      "buy 100" /* by the client */
#define AUTHORITY "Lesson 9 authority"

/* Whether this program was built with OpenSSL; the next function needs it. */
bool session_possible(void);

/* Runs both sessions over a link with that delay, some times, and keeps what the tap heard of
 * the quickest. tls is 1.2 or 1.3. */
void session_record(struct recording *recording, double delay_ms, double tls);

#endif
