/*
 * Reads quiz.md and predict.md: Markdown that a page shows with boxes unticked and answers folded.
 * A file is a list of questions; what stands before the first `## ` is for the page alone:
 *
 *     ## Q2. Which of these may stand between two fragments of one message?
 *     <!-- quiz id=frag-between kind=multiple -->
 *
 *     Text of the question, over as many lines as it needs, code blocks too.
 *
 *     > **Hint:** control frames are never fragmented.
 *
 *     - [ ] A. a ping
 *     - [ ] B. another text message
 *
 *     <details><summary>Answer</summary>
 *
 *     **Answer:** A
 *
 *     - A: control frames may be interleaved.
 *     - B: a second data message must wait.
 *
 *     Text that explains the whole.
 *
 *     </details>
 *
 * kind            the line **Answer:**
 * single          A
 * multiple        A, C
 * order           B, A, C                     all options, the first one first
 * text            101 | 101 Switching         what is accepted: case and spaces do not matter
 * number          7 ± 0 bytes                 ±, +- or nothing; ± 10% too
 * measured        measured, about T/2 + d     the rest of the line is the reason
 *
 * Attributes besides id and kind: metric=KEY (what the lesson measures; measured questions need
 * it), within=10% | 5 | x2 (how far from the measured value is right), unit=ms, verify=KEY (the
 * value of the lesson that the number must equal), fixed (options stay in this order). A value of
 * more than one word is put in double quotes.
 */
#ifndef LESSONS_QUIZ_QUIZ_H
#define LESSONS_QUIZ_QUIZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUIZ_OPTIONS_MAX = 10 };

enum quiz_kind { QUIZ_SINGLE, QUIZ_MULTIPLE, QUIZ_ORDER, QUIZ_TEXT, QUIZ_NUMBER, QUIZ_MEASURED };

/* How far from the right number an answer may be. */
struct quiz_within {
	enum { WITHIN_AMOUNT, WITHIN_PERCENT, WITHIN_FACTOR } kind;
	double size;
};

struct quiz_option {
	char letter;
	char *text; /* owned, as all text here */
	char *why;  /* NULL: none, which only order may have */
};

struct quiz_question {
	char *id;
	enum quiz_kind kind;
	char *title; /* without "Q2." */
	char *text;  /* what else is asked, in lines; NULL: nothing */
	char *hint;  /* NULL: none */
	struct quiz_option options[QUIZ_OPTIONS_MAX];
	size_t option_count;
	char *answer;  /* as it stands after **Answer:** */
	char *letters; /* of single, multiple and order: the right ones, no more; else NULL */
	double number; /* of number */
	struct quiz_within within;
	char *unit;   /* NULL: none */
	char *metric; /* NULL: none */
	char *verify; /* NULL: none */
	char *why;    /* explains the whole; NULL: nothing */
	bool fixed;
	unsigned line; /* of its heading, from 1 */
	uint64_t hash; /* of all that an answer depends on: not of hint and explanations */
};

struct quiz {
	struct quiz_question *questions;
	size_t count;
};

/* One line for whoever wrote the file. */
struct quiz_fault {
	unsigned line; /* 0: the file as a whole */
	char what[200];
};

/*
 * 0, or a negative errno with `fault` filled: -EINVAL is the file's, others are the machine's. In
 * any case quiz_free is due.
 */
int quiz_read(struct quiz *quiz, const char *path, struct quiz_fault *fault);
int quiz_parse(struct quiz *quiz, const char *text, struct quiz_fault *fault);
void quiz_free(struct quiz *quiz);

/* The question, or NULL. */
const struct quiz_question *quiz_find(const struct quiz *quiz, const char *id);

/* "single" and so on: the word in the file. */
const char *quiz_kind_name(enum quiz_kind kind);

/* The option, or NULL. */
const struct quiz_option *quiz_option(const struct quiz_question *question, char letter);

/*
 * In which order the options are shown: order[i] is the letter of the i-th. The same for the same
 * seed; as in the file where the question says `fixed`.
 */
void quiz_shuffle(const struct quiz_question *question, uint64_t seed, char *order);

#endif
