#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"

int table_open(struct table *out, const struct table_column *columns, size_t columns_count,
               size_t rows_count)
{
	*out = (struct table){.columns_count = columns_count, .rows_count = rows_count};
	memcpy(out->columns, columns, columns_count * sizeof(*columns));
	out->rows = calloc(rows_count + 1, sizeof(*out->rows));
	out->set_off = calloc(rows_count + 1, sizeof(*out->set_off));
	return out->rows && out->set_off ? 0 : -ENOMEM;
}

void table_close(struct table *table)
{
	free(table->rows);
	free(table->set_off);
	*table = (struct table){0};
}

/* Characters, not bytes: what begins one is no continuation byte of UTF-8 (RFC 3629 §3). */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static int column_width(const struct table *table, size_t column)
{
	int width = width_of(table->columns[column].name);
	int unit = width_of(table->columns[column].unit);

	width = unit > width ? unit : width;
	for (size_t i = 0; i < table->rows_count; i++) {
		int cell = width_of(table->rows[i][column]);

		width = cell > width ? cell : width;
	}
	return width;
}

static void write_aligned(FILE *out, const char *text, int width, const struct table_column *column,
                          bool last)
{
	int pad = width - width_of(text);

	if (!column->left)
		fprintf(out, "%*s%s", pad, "", text);
	else
		fprintf(out, "%s%*s", text, last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", out);
}

/* Whether an empty line belongs before row i, which is not the first. */
static bool is_apart(const struct table *table, size_t i)
{
	return i > 0 && (table->set_off[i] || table->set_off[i - 1]);
}

int table_write_text(const struct table *table, FILE *out)
{
	const struct table_column *columns = table->columns;
	size_t last = table->columns_count - 1;
	int widths[TABLE_COLUMNS_MAX];

	for (size_t j = 0; j <= last; j++)
		widths[j] = column_width(table, j);
	for (size_t j = 0; j <= last; j++)
		write_aligned(out, columns[j].name, widths[j], &columns[j], j == last);
	for (size_t j = 0; j <= last; j++)
		write_aligned(out, columns[j].unit, widths[j], &columns[j], j == last);
	for (size_t i = 0; i < table->rows_count; i++) {
		if (is_apart(table, i))
			fputc('\n', out);
		for (size_t j = 0; j <= last; j++)
			write_aligned(out, table->rows[i][j], widths[j], &columns[j], j == last);
	}
	return ferror(out) ? -EIO : 0;
}

int table_write_markdown(const struct table *table, FILE *out)
{
	for (size_t j = 0; j < table->columns_count; j++) {
		const struct table_column *column = &table->columns[j];

		fprintf(out, "| %s%s%s ", column->name, *column->unit ? "<br>" : "", column->unit);
	}
	fputs("|\n", out);
	for (size_t j = 0; j < table->columns_count; j++)
		fputs(table->columns[j].left ? "| --- " : "| ---: ", out);
	fputs("|\n", out);
	for (size_t i = 0; i < table->rows_count; i++) {
		for (size_t j = 0; is_apart(table, i) && j < table->columns_count; j++)
			fputs(j + 1 < table->columns_count ? "| " : "| |\n", out);
		for (size_t j = 0; j < table->columns_count; j++)
			fprintf(out, "| %s ", table->rows[i][j]);
		fputs("|\n", out);
	}
	return ferror(out) ? -EIO : 0;
}

static void write_html_header(const struct table_column *column, FILE *out)
{
	fputs(column->left ? "<th scope=\"col\" class=\"name\">" : "<th scope=\"col\">", out);
	html_text(out, column->name);
	if (*column->unit) {
		fputs("<br><small>", out);
		html_text(out, column->unit);
		fputs("</small>", out);
	}
	fputs("</th>", out);
}

static void write_html_cell(const struct table_column *column, const char *text, FILE *out)
{
	fputs(column->left ? "<th scope=\"row\" class=\"name\">" : "<td>", out);
	html_text(out, text);
	fputs(column->left ? "</th>" : "</td>", out);
}

int table_write_html(const struct table *table, FILE *out)
{
	fputs("<table>\n<thead>\n<tr>", out);
	for (size_t j = 0; j < table->columns_count; j++)
		write_html_header(&table->columns[j], out);
	fputs("</tr>\n</thead>\n<tbody>\n", out);
	for (size_t i = 0; i < table->rows_count; i++) {
		if (is_apart(table, i))
			fputs("</tbody>\n<tbody>\n", out);
		fputs("<tr>", out);
		for (size_t j = 0; j < table->columns_count; j++)
			write_html_cell(&table->columns[j], table->rows[i][j], out);
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table>\n", out);
	return ferror(out) ? -EIO : 0;
}
