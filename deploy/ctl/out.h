/**
 * @file deploy/ctl/out.h  Results of queries for people and for programs
 */
#pragma once

enum out_kind {
	OUT_TEXT,
	OUT_INT,
	OUT_BOOL,
	OUT_JSON,     /* the column is JSON text; an array of strings */
	OUT_TIME,     /* a time as the server prints it, told as RFC 3339
	                 in UTC; "" counts as none                   */
};

/** One column, in the query's order */
struct out_col {
	const char *key;      /* in JSON                                */
	const char *title;    /* for people; NULL: not shown to them
	                         (never the last column)             */
	enum out_kind kind;
};

/** Rows: an aligned table, or an array of objects.  ENOMEM, EPROTO */
int out_table(FILE *f, bool json, const PGresult *res,
	      const struct out_col *colv, size_t colc);
/** The first row: a line each column, or one object.  ENOMEM, EPROTO */
int out_record(FILE *f, bool json, const PGresult *res,
	       const struct out_col *colv, size_t colc);
