/**
 * @file common/db/bstore.c  A blocking connection to the store
 */
#include <re.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "common/db/db.h"
#include "common/db/embedded.h"
#include "common/db/bstore.h"


enum { COPY_CHUNK = 64 * 1024 };

struct bstore {
	const struct sql_set *set;
	PGconn *pg;
	FILE *err;
	struct mbuf *copy;     /* rows not handed to libpq yet      */
	bool row;              /* a column of this row was written  */
	int copy_err;
};


static void destructor(void *data)
{
	struct bstore *st = data;

	if (st->pg)
		PQfinish(st->pg);
	mem_deref(st->copy);
}


static const char *stmt_text(const struct bstore *st, const char *name)
{
	const struct sql_stmt *stmt = sql_stmt_find(st->set, name);

	return stmt ? stmt->text : NULL;
}


static void notice_handler(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}


/* What a function of the schema says is made for people: PC002 in its
   message, PC001 in its detail */
static bool refused(const struct bstore *st, const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *words = NULL;

	if (state && !strcmp(state, "PC002"))
		words = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	else if (state && !strcmp(state, "PC001"))
		words = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
	if (!words)
		return false;

	(void)fprintf(st->err, "pchatctl: %s\n", words);

	return true;
}


/* libpq's messages end with a newline and may have several lines */
static void report(struct bstore *st, const char *what, const char *message)
{
	(void)fprintf(st->err, "%s: %s: %s%s%s",
		      program_invocation_short_name, st->set->name,
		      what ? what : "",
		      what ? ": " : "", message);
	if (!*message || message[strlen(message) - 1] != '\n')
		(void)fputc('\n', st->err);
}


int bstore_open(struct bstore **stp, const struct sql_set *set,
		const char *conninfo, FILE *err)
{
	struct bstore *st;

	if (!stp || !set || !conninfo || !err)
		return EINVAL;

	st = mem_zalloc(sizeof(*st), destructor);
	if (!st)
		return ENOMEM;

	st->set = set;
	st->err = err;
	st->pg  = PQconnectdb(conninfo);

	if (PQstatus(st->pg) != CONNECTION_OK ||
	    PQsetClientEncoding(st->pg, "UTF8")) {
		report(st, NULL, PQerrorMessage(st->pg));
		mem_deref(st);
		return ECONNREFUSED;
	}

	PQsetNoticeProcessor(st->pg, notice_handler, NULL);
	PQclear(PQexec(st->pg, "SET TimeZone = 'UTC'"));
	*stp = st;

	return 0;
}


/* It could not be read: because it is not there, or because it is not ours to
   read?  common/db/schema.c */
static bool lacks_rights(struct bstore *st)
{
	PGresult *res = PQexec(st->pg, sql_rights);
	const bool exists = PQresultStatus(res) == PGRES_TUPLES_OK &&
		*PQgetvalue(res, 0, 1) == 't';

	if (exists)
		(void)fprintf(st->err, "pchatctl: the role %s may not read"
			      " schema_version of the %s: grant it its rights"
			      " (pchatctl migrate as the owner), or use another"
			      " role\n", PQgetvalue(res, 0, 0), st->set->name);
	PQclear(res);

	return exists;
}


int bstore_check_schema(struct bstore *st)
{
	const int ours = (int)sql_set_version(st->set);
	PGresult *res;
	int theirs = 0;

	res = PQexec(st->pg, stmt_text(st, "schema_version"));
	if (PQresultStatus(res) == PGRES_TUPLES_OK)
		theirs = atoi(PQgetvalue(res, 0, 0));
	PQclear(res);

	if (theirs == ours)
		return 0;

	if (!theirs && lacks_rights(st))
		return EPROTO;

	if (theirs > ours)
		(void)fprintf(st->err, "pchatctl: the %s schema is"
			      " number %d, newer than this program's %d\n",
			      st->set->name, theirs, ours);
	else
		(void)fprintf(st->err, "pchatctl: the %s schema is"
			      " number %d, this program's %d:"
			      " run pchatctl migrate\n", st->set->name,
			      theirs, ours);

	return EPROTO;
}


int bstore_query(struct bstore *st, PGresult **resp, const char *stmt,
		 const char *const *argv, int argc)
{
	const char *sql = stmt_text(st, stmt);
	ExecStatusType status;
	PGresult *res;

	if (!sql) {
		report(st, stmt, "no such statement");
		return ENOENT;
	}

	res = PQexecParams(st->pg, sql, argc, NULL, argv, NULL, NULL, 0);
	status = PQresultStatus(res);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK &&
	    status != PGRES_COPY_IN && status != PGRES_COPY_OUT) {
		if (!refused(st, res))
			report(st, stmt, PQerrorMessage(st->pg));
		PQclear(res);
		return EPROTO;
	}

	if (resp)
		*resp = res;
	else
		PQclear(res);

	return 0;
}


int bstore_exec(struct bstore *st, uint64_t *rowsp, const char *stmt,
		const char *const *argv, int argc)
{
	PGresult *res;
	int err;

	err = bstore_query(st, &res, stmt, argv, argc);
	if (err)
		return err;

	if (rowsp)
		*rowsp = strtoull(PQcmdTuples(res), NULL, 10);
	PQclear(res);

	return 0;
}


int bstore_script(struct bstore *st, const char *name, const char *text)
{
	PGresult *res = PQexec(st->pg, text);
	const ExecStatusType status = PQresultStatus(res);
	int err = 0;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		report(st, name, PQerrorMessage(st->pg));
		err = EPROTO;
	}
	PQclear(res);

	return err;
}


/* Those that came while a statement ran count */
static bool notified(struct bstore *st)
{
	PGnotify *note;
	bool any = false;

	while ((note = PQnotifies(st->pg))) {
		PQfreemem(note);
		any = true;
	}

	return any;
}


int bstore_wait(struct bstore *st, int fd, uint32_t ms)
{
	struct pollfd pfdv[] = {
		{ .fd = PQsocket(st->pg), .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};

	if (notified(st))
		return 0;

	if (poll(pfdv, ARRAY_SIZE(pfdv), (int)ms) <= 0 || !pfdv[0].revents)
		return 0;

	if (!PQconsumeInput(st->pg)) {
		report(st, "wait", PQerrorMessage(st->pg));
		return EPROTO;
	}

	(void)notified(st);

	return 0;
}


int bstore_begin(struct bstore *st)
{
	return bstore_script(st, "begin", "BEGIN");
}


int bstore_commit(struct bstore *st)
{
	return bstore_script(st, "commit", "COMMIT");
}


void bstore_rollback(struct bstore *st)
{
	if (PQtransactionStatus(st->pg) != PQTRANS_UNKNOWN)
		(void)bstore_script(st, "rollback", "ROLLBACK");
}


static void copy_flush(struct bstore *st)
{
	if (!st->copy_err &&
	    PQputCopyData(st->pg, (char *)st->copy->buf,
			  (int)st->copy->end) != 1)
		st->copy_err = EPROTO;

	mbuf_rewind(st->copy);
}


static void copy_put(struct bstore *st, const char *p, size_t n)
{
	if (!st->copy_err)
		st->copy_err = mbuf_write_mem(st->copy, (const uint8_t *)p, n);
}


static void copy_column(struct bstore *st)
{
	if (st->row)
		copy_put(st, "\t", 1);
	st->row = true;
}


int bstore_copy_begin(struct bstore *st, const char *stmt)
{
	if (!st->copy)
		st->copy = mbuf_alloc(2 * COPY_CHUNK);
	if (!st->copy)
		return ENOMEM;

	mbuf_rewind(st->copy);
	st->row = false;
	st->copy_err = 0;

	return bstore_query(st, NULL, stmt, NULL, 0);
}


void bstore_copy_null(struct bstore *st)
{
	copy_column(st);
	copy_put(st, "\\N", 2);
}


void bstore_copy_int(struct bstore *st, int64_t v)
{
	char buf[24];
	const int n = snprintf(buf, sizeof(buf), "%" PRIi64, v);

	copy_column(st);
	copy_put(st, buf, (size_t)n);
}


void bstore_copy_bool(struct bstore *st, bool v)
{
	copy_column(st);
	copy_put(st, v ? "t" : "f", 1);
}


/* COPY's text format: what would end a column or a row goes behind a \ */
void bstore_copy_text(struct bstore *st, const char *v)
{
	if (!v) {
		bstore_copy_null(st);
		return;
	}

	copy_column(st);

	for (;;) {
		const size_t n = strcspn(v, "\\\t\n\r");

		copy_put(st, v, n);
		v += n;

		switch (*v++) {

		case '\\': copy_put(st, "\\\\", 2); break;
		case '\t': copy_put(st, "\\t", 2);  break;
		case '\n': copy_put(st, "\\n", 2);  break;
		case '\r': copy_put(st, "\\r", 2);  break;
		default:   return;
		}
	}
}


void bstore_copy_row(struct bstore *st)
{
	copy_put(st, "\n", 1);
	st->row = false;

	if (st->copy->end >= COPY_CHUNK)
		copy_flush(st);
}


int bstore_copy_end(struct bstore *st)
{
	PGresult *res;
	int err;

	copy_flush(st);
	err = st->copy_err;

	if (PQputCopyEnd(st->pg, err ? "given up" : NULL) != 1 && !err)
		err = EPROTO;

	res = PQgetResult(st->pg);
	if (PQresultStatus(res) != PGRES_COMMAND_OK) {
		report(st, "copy", PQerrorMessage(st->pg));
		err = err ? err : EPROTO;
	}
	PQclear(res);

	while ((res = PQgetResult(st->pg)))
		PQclear(res);

	return err;
}


/* COPY's text format doubles the only character of JSON text that it knows */
static size_t unescape(char *line, size_t len)
{
	char *to = memchr(line, '\\', len);
	const char *from = to, *end = line + len;

	if (!to)
		return len;

	while (from < end) {
		if (*from == '\\' && from + 1 < end)
			++from;
		*to++ = *from++;
	}

	return (size_t)(to - line);
}


static void cancel(struct bstore *st)
{
	PGcancel *c = PQgetCancel(st->pg);
	char why[128];

	if (c)
		(void)PQcancel(c, why, sizeof(why));
	PQfreeCancel(c);
}


int bstore_copy_out(struct bstore *st, const char *stmt, bstore_line_h *lineh,
		    void *arg)
{
	PGresult *res;
	char *row;
	int n, err;

	err = bstore_query(st, NULL, stmt, NULL, 0);
	if (err)
		return err;

	while ((n = PQgetCopyData(st->pg, &row, 0)) > 0) {
		if (!err) {
			err = lineh(row, unescape(row, (size_t)n - 1), arg);
			if (err)
				cancel(st);
		}
		PQfreemem(row);
	}

	while ((res = PQgetResult(st->pg))) {
		if (PQresultStatus(res) != PGRES_COMMAND_OK && !err) {
			report(st, stmt, PQerrorMessage(st->pg));
			err = EPROTO;
		}
		PQclear(res);
	}

	return err;
}
