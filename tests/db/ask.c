/**
 * @file tests/db/ask.c  Statements run one by one, and what they answer
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <check.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/priv.h"
#include "tests/db/ask.h"
#include "tests/support/store.h"
#include "tests/support/wait.h"

static struct store *st;
static struct db *db;
static PGconn *pg;                 /* of a test: its SQL text */
static char rows[4096];

/* A copy of the last rows, which db_get_...() read as well */
static struct {
	bool done;
	int err;
	struct db_res res;
} last;


void ask_begin(void)
{
	ck_assert_int_eq(store_start(&st), 0);
}


void ask_end(void)
{
	store_stop(st);
	st = NULL;
}


static void state_handler(bool up, void *arg)
{
	(void)up;
	(void)arg;
	wait_poke();
}


static bool is_up(void *arg)
{
	return db_isup(arg);
}


struct db *ask_connect(void)
{
	const struct db_conf conf = {
		.name = "ask", .conninfo = store_conninfo(st),
	};
	struct db *d = NULL;

	ck_assert_int_eq(db_open(&d, &conf, state_handler, NULL), 0);
	ck_assert_int_eq(wait_for(is_up, d, ASK_LIMIT_MS), 0);

	return d;
}


void ask_setup(void)
{
	db = ask_connect();
	pg = PQconnectdb(store_conninfo(st));
	ck_assert_int_eq(PQstatus(pg), CONNECTION_OK);
}


void ask_teardown(void)
{
	PQclear(last.res.pg);
	last.res.pg = NULL;
	PQfinish(pg);
	pg = NULL;
	db = mem_deref(db);
}


struct store *ask_store(void)
{
	return st;
}


struct db *ask_db(void)
{
	return db;
}


static void result_handler(int err, const struct db_res *res, void *arg)
{
	(void)arg;

	last.done = true;
	last.err = err;
	if (res)
		last.res.pg = PQcopyResult(res->pg, PG_COPYRES_ATTRS |
						    PG_COPYRES_TUPLES);
	wait_poke();
}


static bool is_done(void *arg)
{
	(void)arg;

	return last.done;
}


int ask(const char *stmt, struct db_args *args)
{
	PQclear(last.res.pg);
	memset(&last, 0, sizeof(last));

	ck_assert_int_eq(db_exec(db, stmt, args, result_handler, NULL), 0);
	ck_assert_int_eq(wait_for(is_done, NULL, ASK_LIMIT_MS), 0);

	return last.err;
}


static PGresult *query(const char *sql)
{
	PGresult *res = PQexec(pg, sql);
	const ExecStatusType status = PQresultStatus(res);

	ck_assert_msg(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK,
		      "%s", PQerrorMessage(pg));

	return res;
}


void ask_do(const char *fmt, ...)
{
	char sql[256 * 1024];
	va_list ap;

	va_start(ap, fmt);
	ck_assert_int_lt(vsnprintf(sql, sizeof(sql), fmt, ap), sizeof(sql));
	va_end(ap);

	/* A suite's fixture, in the process that all tests are forked from,
	   leaves no connection behind */
	if (pg)
		PQclear(query(sql));
	else
		ck_assert_int_eq(store_sql(st, sql), 0);
}


int64_t ask_number(const char *fmt, ...)
{
	char sql[256 * 1024];
	int64_t n = -1;
	PGresult *res;
	va_list ap;

	va_start(ap, fmt);
	ck_assert_int_lt(vsnprintf(sql, sizeof(sql), fmt, ap), sizeof(sql));
	va_end(ap);

	res = query(sql);
	if (PQntuples(res) > 0 && !PQgetisnull(res, 0, 0))
		n = atoll(PQgetvalue(res, 0, 0));
	PQclear(res);

	return n;
}


const struct db_res *ask_res(void)
{
	return last.res.pg ? &last.res : NULL;
}


static int print_value(struct re_printf *pf, unsigned row, unsigned col)
{
	const struct db_res *res = &last.res;
	struct pl pl;

	if (db_isnull(res, row, col))
		return re_hprintf(pf, "-");

	switch (PQftype(res->pg, (int)col)) {

	case OID_BOOL:
		return re_hprintf(pf, db_get_bool(res, row, col) ? "t" : "f");

	case OID_TEXT:
		pl = db_get_text(res, row, col);
		return re_hprintf(pf, "%r", &pl);

	default:
		return re_hprintf(pf, "%lld",
				  (long long)db_get_int(res, row, col));
	}
}


struct span {
	unsigned first, last;
};

static int print_rows(struct re_printf *pf, const struct span *span)
{
	unsigned row, col;
	int err = 0;

	for (row = 0; row < db_rows(&last.res); row++) {

		for (col = span->first; col <= span->last; col++) {
			if (col > span->first)
				err |= re_hprintf(pf, " ");
			else if (row)
				err |= re_hprintf(pf, ", ");
			err |= print_value(pf, row, col);
		}
	}

	return err;
}


const char *ask_rows(unsigned first, unsigned last_col)
{
	const struct span span = { first, last_col };

	ck_assert_ptr_nonnull(last.res.pg);
	ck_assert_int_ge(re_snprintf(rows, sizeof(rows), "%H", print_rows,
				     &span), 0);

	return rows;
}
