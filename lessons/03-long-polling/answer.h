/* What a poll is answered with. */
#ifndef LESSONS_03_LONG_POLLING_ANSWER_H
#define LESSONS_03_LONG_POLLING_ANSWER_H

/* An answer with so many messages, one a line; 0 of them is a 204: "nothing, ask again". */
void answer(int connection, int messages);

#endif
