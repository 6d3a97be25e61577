/**
 * @file common/db/bstore.h  A database for who may wait for it
 *
 * For command line tools and for the processes of adapters, never on a loop: a
 * blocking connection that runs the statements of its set by name,
 * parameters and results as text.  Every function that fails has said why on
 * the connection's error stream, except where noted.
 */
#pragma once

#include <libpq-fe.h>

struct bstore;
struct sql_set;

/**
 * Connect
 *
 * @param stp       Set on success; mem_deref() closes
 * @param set       Which database that is (common/db/db.h)
 * @param conninfo  libpq connection string
 * @param err       Where errors are reported; outlives the connection
 *
 * @return 0, ECONNREFUSED, ENOMEM
 */
int  bstore_open(struct bstore **stp, const struct sql_set *set,
		 const char *conninfo, FILE *err);

/** Refuse a database whose schema is not this program's.  EPROTO */
int  bstore_check_schema(struct bstore *st);

/**
 * Run a statement
 *
 * @param resp  Set on success; PQclear() it.  NULL: not wanted
 * @param stmt  Its name
 * @param argv  Its parameters; NULL in it is NULL
 * @param argc  How many
 *
 * A function of the schema refuses with ERRCODE 'PC002' and a MESSAGE that is
 * made for people: it is what they read.
 *
 * @return 0, ENOENT (no such statement), EPROTO (refused by the server)
 */
int  bstore_query(struct bstore *st, PGresult **resp, const char *stmt,
		  const char *const *argv, int argc);
/** The same for how many rows it touched.  @p rowsp may be NULL */
int  bstore_exec(struct bstore *st, uint64_t *rowsp, const char *stmt,
		 const char *const *argv, int argc);

/** Any number of statements in a text, a migration; @p name is for reports */
int  bstore_script(struct bstore *st, const char *name, const char *text);

/**
 * Wait for a notification (LISTEN), or until @p fd can be read, or @p ms
 *
 * @return 0 in all these cases, EPROTO (the connection was lost)
 */
int  bstore_wait(struct bstore *st, int fd, uint32_t ms);

int  bstore_begin(struct bstore *st);
int  bstore_commit(struct bstore *st);
void bstore_rollback(struct bstore *st);

/* COPY in: columns in their order, then the end of the row.  The first error
   sticks and comes out of bstore_copy_end(). */
int  bstore_copy_begin(struct bstore *st, const char *stmt);
void bstore_copy_null(struct bstore *st);
void bstore_copy_int(struct bstore *st, int64_t v);
void bstore_copy_bool(struct bstore *st, bool v);
void bstore_copy_text(struct bstore *st, const char *v);  /* NULL is NULL */
void bstore_copy_row(struct bstore *st);
int  bstore_copy_end(struct bstore *st);

/** A row of COPY out that is one JSON text, without its end of line */
typedef int (bstore_line_h)(const char *line, size_t len, void *arg);

/**
 * COPY out, row by row in bounded memory
 *
 * @param stmt   COPY (...) TO STDOUT of one column of JSON: no tab, no newline
 * @param lineh  Anything but 0 ends it
 *
 * @return 0, EPROTO (said why), what lineh returned
 */
int bstore_copy_out(struct bstore *st, const char *stmt, bstore_line_h *lineh,
		    void *arg);
