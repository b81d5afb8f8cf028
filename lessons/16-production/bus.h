/* A bus between processes: what one of them says, all the others hear. */
#ifndef LESSONS_16_PRODUCTION_BUS_H
#define LESSONS_16_PRODUCTION_BUS_H

enum { BUS_MOST = 8 }; /* processes */

/*
 * Starts it, as a child process. Each of `count` processes gets an end: what is written to it is
 * a message (a whole one, whatever its bytes are), and a read gives the next message of another.
 * The bus keeps nothing: who is not there hears nothing. It dies with us.
 */
void bus_start(int *ends, unsigned count);

#endif
