/**
 * @file deploy/ctl/report.h  What was exported or imported, to read and to file
 *
 * A page of HTML: what, when, by whom; then tables.
 */
#pragma once

#include <libpq-fe.h>

struct tool;

/** A file of that name as it is to be written: with .part at its end, and
 *  for nobody but its owner.  What a link leads to is written instead of the
 *  link; a FIFO or a character device is written through.  An errno, said */
int  report_create(FILE **fp, const char *name, FILE *err);
/** Closed and given its name, or with @p failed removed.  An errno, said */
int  report_finish(FILE *f, const char *name, bool failed, FILE *err);

/** The one that --report asks for; NULL: none.  An errno, said why */
int  report_open(FILE **fp, const struct tool *tool);
int  report_close(FILE *f, const struct tool *tool, bool failed);

void report_begin(FILE *f, const char *title, const char *file,
		  const char *actor);
/** A table of a query's rows under these titles */
void report_table(FILE *f, const char *caption, const PGresult *res,
		  const char *const *titlev, size_t titlec);
/** A line of the first table; before report_table() */
void report_count(FILE *f, const char *name, unsigned long long n);
void report_end(FILE *f);
