/* A table of texts, aligned for a terminal, as Markdown or as HTML. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 20
#define TABLE_CELL_BYTES  96

struct table_column {
	const char *name, *unit; /* the two lines of the header; unit may be "" */
	bool left;               /* aligned so; else right, as numbers are */
};

struct table {
	struct table_column columns[TABLE_COLUMNS_MAX];
	size_t columns_count;
	char (*rows)[TABLE_COLUMNS_MAX][TABLE_CELL_BYTES]; /* owned */
	bool *set_off; /* of each row: empty lines keep it apart from the others; owned */
	size_t rows_count;
};

/* A table of rows_count rows, all empty and none set off; columns_count is at most
 * TABLE_COLUMNS_MAX. 0 or -ENOMEM; table_close in any case. */
int table_open(struct table *out, const struct table_column *columns, size_t columns_count,
               size_t rows_count);
void table_close(struct table *table);

/* 0 or -EIO. */
int table_write_text(const struct table *table, FILE *out);
int table_write_markdown(const struct table *table, FILE *out);
/* A <table>. What is aligned left says what a row is of: these are its headers, class "name". */
int table_write_html(const struct table *table, FILE *out);

#endif
