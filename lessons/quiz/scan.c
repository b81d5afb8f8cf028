/* The scanner of quiz.md: line by line, each told by how it begins. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finish.h"

struct scanner {
	struct quiz *quiz;
	struct quiz_fault *fault;
	unsigned line;
	bool fenced;   /* in a code block */
	bool folded;   /* in <details> */
	bool closed;   /* after </details> */
	char **into;   /* what the next line goes on; NULL: text or why, which keep their lines */
	char *comment; /* owned; an unfinished <!-- quiz */
};

static const char *after(const char *line, const char *start)
{
	size_t size = strlen(start);

	return strncmp(line, start, size) == 0 ? line + size : NULL;
}

static const char *skip_spaces(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

/* The question at hand, or NULL before the first one. */
static struct quiz_question *current(const struct scanner *scanner)
{
	const struct quiz *quiz = scanner->quiz;

	return quiz->count ? &quiz->questions[quiz->count - 1] : NULL;
}

static int no_room(struct scanner *scanner)
{
	quiz_complain(scanner->fault, scanner->line, "out of memory");
	return -ENOMEM;
}

static int append(struct scanner *scanner, char **text, const char *between, const char *more)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s", *text ? *text : "", *text ? between : "", more) < 0)
		return no_room(scanner);
	free(*text);
	*text = longer;
	return 0;
}

/* A line of the question's text or of the explanation. */
static int append_line(struct scanner *scanner, const char *line)
{
	struct quiz_question *question = current(scanner);

	return append(scanner, scanner->folded ? &question->why : &question->text, "\n", line);
}

/* The line that an option, a reason, a hint or the answer begins with. */
static int begin(struct scanner *scanner, char **text, const char *start)
{
	if (*text)
		return quiz_complain(scanner->fault, scanner->line, "this is said twice: %.40s",
		                     start);
	scanner->into = text;
	return append(scanner, text, "", skip_spaces(start));
}

/* Leaves "Q2." out. */
static const char *title_of(const char *heading)
{
	const char *c = skip_spaces(heading);

	heading = c;
	while (isalpha((unsigned char)*c) && c < heading + 2)
		c++;
	if (!isdigit((unsigned char)*c))
		return heading;
	while (isdigit((unsigned char)*c))
		c++;
	return (*c == '.' || *c == ':') && c[1] == ' ' ? skip_spaces(c + 1) : heading;
}

static int finish(struct scanner *scanner)
{
	struct quiz_question *question = current(scanner);

	if (!question)
		return 0;
	if (scanner->folded)
		return quiz_complain(scanner->fault, question->line, "<details> has no </details>");
	return quiz_finish(question, scanner->fault);
}

static int begin_question(struct scanner *scanner, const char *heading)
{
	struct quiz *quiz = scanner->quiz;
	struct quiz_question *longer;
	int err = finish(scanner);

	if (err)
		return err;
	longer = realloc(quiz->questions, (quiz->count + 1) * sizeof *longer);
	if (!longer)
		return no_room(scanner);
	quiz->questions = longer;
	longer[quiz->count++] = (struct quiz_question){.line = scanner->line};
	scanner->closed = false;
	scanner->into = NULL;
	heading = title_of(heading);
	if (!*heading)
		return quiz_complain(scanner->fault, scanner->line, "the heading asks nothing");
	return append(scanner, &current(scanner)->title, "", heading);
}

static int finish_comment(struct scanner *scanner)
{
	struct quiz_question *question = current(scanner);
	char *end = strstr(scanner->comment, "-->");
	int err;

	if (!end)
		return 0;
	*end = '\0';
	if (question->id)
		return quiz_complain(scanner->fault, scanner->line,
		                     "a second <!-- quiz --> below one heading");
	err = quiz_attributes(question, scanner->comment, scanner->line, scanner->fault);
	free(scanner->comment);
	scanner->comment = NULL;
	for (size_t i = 0; !err && i + 1 < scanner->quiz->count; i++) {
		if (strcmp(scanner->quiz->questions[i].id, question->id) == 0)
			return quiz_complain(scanner->fault, scanner->line, "id=%s is taken above",
			                     question->id);
	}
	return err;
}

static int take_comment(struct scanner *scanner, const char *line)
{
	int err = append(scanner, &scanner->comment, " ", line);

	return err ? err : finish_comment(scanner);
}

/* "A. text" or "A: text" after the dash: the text, or NULL. */
static const char *after_letter(const char *text, char mark)
{
	if (!text || !isupper((unsigned char)text[0]) || text[1] != mark || text[2] != ' ')
		return NULL;
	return text + 3;
}

static int take_option(struct scanner *scanner, char letter, const char *text)
{
	struct quiz_question *question = current(scanner);
	struct quiz_option *option = &question->options[question->option_count];

	if (question->option_count == QUIZ_OPTIONS_MAX)
		return quiz_complain(scanner->fault, scanner->line, "more than %d options",
		                     QUIZ_OPTIONS_MAX);
	if (letter != 'A' + (int)question->option_count)
		return quiz_complain(scanner->fault, scanner->line,
		                     "option %c: here option %c should be", letter,
		                     'A' + (int)question->option_count);
	option->letter = letter;
	question->option_count++;
	return begin(scanner, &option->text, text);
}

static int take_reason(struct scanner *scanner, char letter, const char *text)
{
	struct quiz_question *question = current(scanner);

	for (size_t i = 0; i < question->option_count; i++) {
		if (question->options[i].letter == letter)
			return begin(scanner, &question->options[i].why, text);
	}
	return quiz_complain(scanner->fault, scanner->line, "reason for %c, which is no option",
	                     letter);
}

/* Goes on with what stands in the line before, or with the text. */
static int take_text(struct scanner *scanner, const char *line)
{
	const char *text = skip_spaces(line);

	if (!*text)
		scanner->into = NULL;
	if (!scanner->into)
		return append_line(scanner, line);
	if (scanner->into == &current(scanner)->hint && *text == '>')
		text = skip_spaces(text + 1);
	return append(scanner, scanner->into, " ", text);
}

static int take_folded(struct scanner *scanner, const char *line)
{
	struct quiz_question *question = current(scanner);
	const char *text = after(line, "**Answer:**");

	if (text)
		return begin(scanner, &question->answer, text);
	text = after_letter(after(line, "- "), ':');
	if (text && question->option_count)
		return take_reason(scanner, line[2], text);
	if (after(line, "<summary>"))
		return 0;
	if (!after(line, "</details>"))
		return take_text(scanner, line);
	scanner->folded = false;
	scanner->closed = true;
	scanner->into = NULL;
	return 0;
}

static int take_open(struct scanner *scanner, const char *line)
{
	const char *text = after(line, "> **Hint:**");

	if (text)
		return begin(scanner, &current(scanner)->hint, text);
	if (after(line, "- [x]") || after(line, "- [X]"))
		return quiz_complain(scanner->fault, scanner->line,
		                     "boxes stay unticked: the answer is folded");
	text = after_letter(after(line, "- [ ] "), '.');
	if (text)
		return take_option(scanner, line[6], text);
	text = after_letter(after(line, "- "), '.');
	if (text)
		return take_option(scanner, line[2], text);
	if (!after(line, "<details>"))
		return take_text(scanner, line);
	scanner->folded = true;
	scanner->into = NULL;
	return 0;
}

static int take_line(struct scanner *scanner, const char *line)
{
	const bool fence = after(skip_spaces(line), "```") != NULL;
	const char *text;

	if (scanner->comment)
		return take_comment(scanner, line);
	if (!scanner->fenced && (text = after(line, "## ")))
		return begin_question(scanner, text);
	if (!current(scanner) || scanner->closed)
		return 0;
	if (fence)
		scanner->fenced = !scanner->fenced;
	if (fence || scanner->fenced) {
		scanner->into = NULL;
		return append_line(scanner, line);
	}
	text = after(line, "<!-- quiz");
	if (text)
		return take_comment(scanner, text);
	return scanner->folded ? take_folded(scanner, line) : take_open(scanner, line);
}

/* The file's end. */
static int take_end(struct scanner *scanner)
{
	if (scanner->comment)
		return quiz_complain(scanner->fault, scanner->line, "<!-- has no -->");
	if (scanner->fenced)
		return quiz_complain(scanner->fault, scanner->line, "a code block has no end");
	if (!current(scanner))
		return quiz_complain(scanner->fault, 0, "no question: ## TITLE");
	return finish(scanner);
}

int quiz_parse(struct quiz *quiz, const char *text, struct quiz_fault *fault)
{
	struct scanner scanner = {.quiz = quiz, .fault = fault};
	char *copy = strdup(text), *rest = copy, *line;
	int err = copy ? 0 : -ENOMEM;

	*quiz = (struct quiz){0};
	*fault = (struct quiz_fault){0};
	while (!err && (line = strsep(&rest, "\n"))) {
		line[strcspn(line, "\r")] = '\0';
		scanner.line++;
		err = take_line(&scanner, line);
	}
	if (!err)
		err = take_end(&scanner);
	free(scanner.comment);
	free(copy);
	return err;
}
