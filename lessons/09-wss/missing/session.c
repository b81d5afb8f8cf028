/* Stands for session.c where there is no OpenSSL. */
#include "../session.h"

bool session_possible(void)
{
	return false;
}

/* It is never called. */
void session_record(struct recording *recording, double delay_ms, double tls)
{
	(void)delay_ms;
	(void)tls;
	(void)recording;
}
