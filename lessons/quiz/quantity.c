#include "quantity.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_spaces(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

static size_t digits_at(const char *text)
{
	size_t count = 0;

	while (isdigit((unsigned char)text[count]))
		count++;
	return count;
}

/* Copies digits and signs as strtod wants them, and returns where it stopped. */
static const char *plain_digits(const char *text, char *plain, size_t size)
{
	size_t used = 0;
	bool point = false;

	if (*text == '-' || *text == '+')
		plain[used++] = *text++;
	for (; used + 1 < size; text++) {
		if (isdigit((unsigned char)*text)) {
			plain[used++] = *text;
		} else if (*text == ',' && !point && digits_at(text + 1) == 3) {
			continue;
		} else if ((*text == '.' || *text == ',') && !point && digits_at(text + 1) > 0) {
			plain[used++] = '.';
			point = true;
		} else {
			break;
		}
	}
	plain[used] = '\0';
	return text;
}

bool quantity_read(const char *text, double *number, const char **rest)
{
	char plain[64], *end;

	text = skip_spaces(text);
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		*number = (double)strtoull(text, &end, 16);
		*rest = skip_spaces(end);
		return end > text + 2;
	}
	*rest = skip_spaces(plain_digits(text, plain, sizeof plain));
	*number = strtod(plain, &end);
	return end > plain && *end == '\0';
}

static const char *after(const char *text, const char *start)
{
	size_t size = strlen(start);

	return strncmp(text, start, size) == 0 ? skip_spaces(text + size) : NULL;
}

/* The amount or percentage that text begins with. */
static bool read_amount(const char *text, struct quiz_within *within, const char **rest)
{
	if (!quantity_read(text, &within->size, rest) || within->size < 0)
		return false;
	within->kind = **rest == '%' ? WITHIN_PERCENT : WITHIN_AMOUNT;
	if (**rest == '%')
		*rest = skip_spaces(*rest + 1);
	return true;
}

bool quantity_within(const char *text, struct quiz_within *within)
{
	const char *factor = after(text, "x"), *rest;

	if (!factor)
		factor = after(text, "×");
	if (!factor)
		return read_amount(text, within, &rest) && *rest == '\0';
	within->kind = WITHIN_FACTOR;
	return quantity_read(factor, &within->size, &rest) && *rest == '\0' && within->size >= 1;
}

bool quantity_answer(const char *text, double *number, struct quiz_within *within,
                     const char **unit)
{
	const char *const signs[] = {"±", "+-", "+/-"};

	*within = (struct quiz_within){WITHIN_AMOUNT, 0};
	if (!quantity_read(text, number, unit))
		return false;
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		const char *amount = after(*unit, signs[i]);

		if (amount)
			return read_amount(amount, within, unit);
	}
	return true;
}

/* As fabs, which would ask for the mathematics library. */
static double size_of(double number)
{
	return number < 0 ? -number : number;
}

bool quantity_near(double said, double right, struct quiz_within within)
{
	const double rounding = 1e-9 * (size_of(said) + size_of(right));

	if (within.kind == WITHIN_FACTOR)
		return said > 0 && right > 0 && said <= right * within.size + rounding &&
		       right <= said * within.size + rounding;
	if (within.kind == WITHIN_PERCENT)
		return size_of(said - right) <= size_of(right) * within.size / 100 + rounding;
	return size_of(said - right) <= within.size + rounding;
}
