/**
 * @file common/db/reply.c  Outcomes off the wire
 *
 * An outcome is known only when its commit point has been passed: a result
 * waits in its request until then, because the commit itself may fail.
 */
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/log.h"
#include "common/db/db.h"
#include "common/db/priv.h"

/* Requests answered before the rest of the loop has its turn */
enum { TURN_MAX = 64 };

/* By prefix; the first that fits counts */
static const struct {
	const char *sqlstate;
	int err;
} errv[] = {
	{ "23514", EPERM      },   /* check violation              */
	{ "23505", EEXIST     },   /* unique violation             */
	{ "42501", EACCES     },   /* insufficient privilege       */
	{ "57014", ETIMEDOUT  },   /* cancelled                    */
	{ "57P01", ECONNRESET },   /* shutdown by an administrator */
	{ "57P02", ECONNRESET },   /* another backend crashed      */
	{ "57P03", ECONNRESET },   /* cannot connect now           */
	{ "08",    ECONNRESET },
};


static int err_of(const char *sqlstate)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errv); i++) {
		if (0 == strncmp(sqlstate, errv[i].sqlstate,
				 strlen(errv[i].sqlstate)))
			return errv[i].err;
	}

	return EPROTO;
}


static const char *field(const PGresult *res, int code)
{
	const char *v = PQresultErrorField(res, code);

	return v ? v : "";
}


/* Messages quote values, those of class 42 (our SQL does not fit the schema)
   only names. */
static void log_refusal(const struct db *db, const struct db_req *req,
			const PGresult *res, const char *sqlstate)
{
	const bool schema = 0 == strncmp(sqlstate, "42", 2);
	struct pl pl;

	pl_set_str(&pl, schema ? field(res, PG_DIAG_MESSAGE_PRIMARY) : "");

	log_err("db.refused", "db=%s stmt=%s sqlstate=%s constraint=%s%s%H",
		db->name, req->name, sqlstate,
		field(res, PG_DIAG_CONSTRAINT_NAME),
		schema ? " error=" : "", log_quote, &pl);
}


static void refused(const struct db *db, struct db_req *req,
		    const PGresult *res)
{
	const char *sqlstate = field(res, PG_DIAG_SQLSTATE);
	int err;

	/* Without a state it is libpq itself: the connection broke */
	err = *sqlstate ? err_of(sqlstate) : ECONNRESET;
	if (err == EPROTO || err == EACCES)
		log_refusal(db, req, res, sqlstate);

	if (!req->err)
		req->err = err;
}


/* Takes res */
static void req_result(struct db *db, struct db_req *req, PGresult *res)
{
	switch (PQresultStatus(res)) {

	case PGRES_COMMAND_OK:
		if (req->prep && !req->prep->ready) {
			req->prep->ready = true;
			break;
		}
		/*@fallthrough@*/
	case PGRES_TUPLES_OK:
		PQclear(req->res);
		req->res = res;
		return;

	case PGRES_PIPELINE_ABORTED:
		if (!req->err)
			req->err = EPROTO;
		break;

	default:
		refused(db, req, res);
		break;
	}

	PQclear(res);
}


/** The outcome of a request, which is freed */
void db_req_finish(struct db *db, struct db_req *req, int err)
{
	const struct db_res res = { req->res };

	list_unlink(&req->le);
	--db->reqc;

	if (err)
		++db_errors;
	if (err == ETIMEDOUT)
		++db_timeouts;

	if (req->h)
		req->h(err, err ? NULL : &res, req->arg);

	mem_deref(req);
}


/** All that is under way comes to nothing */
void db_req_abort(struct db *db, int err)
{
	struct le *le;

	while ((le = list_head(&db->reql)))
		db_req_finish(db, le->data, err);
}


static void synced(struct db *db, struct db_req *req)
{
	if (req->prep && !req->prep->ready)
		req->prep = mem_deref(req->prep);
	if (!db->proven)
		db_proven(db);

	db_req_finish(db, req, req->err);
}


/* NULL ends a statement; several in a row mean that libpq has no more. */
static PGresult *next_result(PGconn *pg)
{
	PGresult *res = NULL;
	int i;

	for (i = 0; i < 3 && !res && !PQisBusy(pg); i++)
		res = PQgetResult(pg);

	return res;
}


/** Handlers may close @p db: between db_hold() and db_release() */
void db_reply_read(struct db *db)
{
	unsigned done = 0;
	PGresult *res;
	struct le *le;

	while (db_alive(db) && (le = list_head(&db->reql))) {

		if (PQstatus(db->pg) != CONNECTION_OK)
			return;

		if (done >= TURN_MAX) {
			db_read_later(db);
			return;
		}

		res = next_result(db->pg);
		if (!res)
			return;

		if (PQresultStatus(res) == PGRES_PIPELINE_SYNC) {
			PQclear(res);
			synced(db, le->data);
			++done;
		}
		else
			req_result(db, le->data, res);
	}
}
