/**
 * @file common/db/stmt.c  Statements onto the wire
 *
 * A statement is prepared when it is first used.  Until the server has
 * confirmed that, the same statement goes out unnamed: if the preparation
 * fails, it fails for the one that asked and for nobody behind it.
 */
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/embedded.h"
#include "common/db/priv.h"

/* db_null() has no type: another set of types is another preparation. */
enum { VARIANTS_MAX = 8 };

/* Parameters as libpq wants them */
struct wire {
	const char *valuev[24];
	int lenv[24];
	int formatv[24];
	uint32_t oidv[24];
	int n;
};


static void req_destructor(void *data)
{
	struct db_req *req = data;

	list_unlink(&req->le);
	PQclear(req->res);
}


static struct db_req *req_alloc(const char *name, db_h *h, void *arg)
{
	struct db_req *req = mem_zalloc(sizeof(*req), req_destructor);

	if (req) {
		req->name = name;
		req->h    = h;
		req->arg  = arg;
	}

	return req;
}


static void wire_fill(struct wire *w, const struct db_args *args)
{
	int i;

	w->n = args ? (int)args->n : 0;

	for (i = 0; i < w->n; i++) {
		const bool null = args->v[i].len < 0;

		w->valuev[i]  = null ? NULL : (const char *)args->mb->buf
			+ args->v[i].pos;
		w->lenv[i]    = null ? 0 : args->v[i].len;
		w->formatv[i] = 1;
		w->oidv[i]    = args->v[i].oid;
	}
}


/* A parameter without a type goes with any. */
static bool prep_fits(const struct db_prep *prep, const struct wire *w)
{
	int i;

	if (prep->n != (unsigned)w->n)
		return false;

	for (i = 0; i < w->n; i++) {
		if (w->oidv[i] && w->oidv[i] != prep->oidv[i])
			return false;
	}

	return true;
}


static struct db_prep *prep_find(const struct list *prepl,
				 const struct wire *w)
{
	struct le *le;

	for (le = prepl->head; le; le = le->next) {
		if (prep_fits(le->data, w))
			return le->data;
	}

	return NULL;
}


static void prep_destructor(void *data)
{
	struct db_prep *prep = data;

	list_unlink(&prep->le);
}


static struct db_prep *prep_alloc(struct list *prepl, const struct wire *w,
				  size_t row)
{
	static uint32_t serial;
	struct db_prep *prep;

	if (list_count(prepl) >= VARIANTS_MAX)
		return NULL;

	prep = mem_zalloc(sizeof(*prep), prep_destructor);
	if (!prep)
		return NULL;

	(void)re_snprintf(prep->name, sizeof(prep->name), "s%zu_%u", row,
			  ++serial);
	prep->n = (unsigned)w->n;
	memcpy(prep->oidv, w->oidv, (size_t)w->n * sizeof(w->oidv[0]));
	list_append(prepl, &prep->le, prep);

	return prep;
}


void db_prep_flush(struct db *db)
{
	size_t i;

	for (i = 0; i < db->set->stmtc; i++)
		list_flush(&db->prepv[i]);
}


static bool send_prepared(PGconn *pg, const struct db_prep *prep,
			  const struct wire *w)
{
	return PQsendQueryPrepared(pg, prep->name, w->n, w->valuev, w->lenv,
				   w->formatv, 1);
}


static bool send_unnamed(PGconn *pg, const char *text, const struct wire *w)
{
	return PQsendQueryParams(pg, text, w->n, w->oidv, w->valuev, w->lenv,
				 w->formatv, 1);
}


static bool send_first(PGconn *pg, struct db_req *req, struct db_prep *prep,
		       const char *text, const struct wire *w)
{
	req->prep = prep;

	return PQsendPrepare(pg, prep->name, text, w->n, prep->oidv) &&
		send_prepared(pg, prep, w);
}


static bool send_stmt(struct db *db, struct db_req *req, size_t row,
		      const struct wire *w)
{
	struct list *prepl = &db->prepv[row];
	struct db_prep *prep = prep_find(prepl, w);
	const char *text = db->set->stmtv[row].text;

	if (prep && prep->ready)
		return send_prepared(db->pg, prep, w);

	if (!prep && (prep = prep_alloc(prepl, w, row)))
		return send_first(db->pg, req, prep, text, w);

	return send_unnamed(db->pg, text, w);
}


/* libpq's PQpipelineSync() writes by itself: what db_flush() does is to wait
   for the socket when it is full. */
static int req_sent(struct db *db, struct db_req *req, bool ok)
{
	if (!ok || !PQpipelineSync(db->pg)) {
		mem_deref(req);
		db_break(db);
		return ENOTCONN;
	}

	list_append(&db->reql, &req->le, req);
	if (++db->reqc == 1)
		db_alive_sent(db);
	++db_statements;
	db_flush(db);

	return 0;
}


static int req_allowed(const struct db *db)
{
	if (!db_isup(db))
		return ENOTCONN;

	return db->reqc < db->queue_max ? 0 : EAGAIN;
}


/** Run @p text, which is not prepared; @p name is for the log */
int db_exec_text(struct db *db, const char *name, const char *text,
		 const struct db_args *args, db_h *h, void *arg)
{
	struct db_req *req;
	struct wire w;
	int err;

	err = args ? args->err : 0;
	if (!err)
		err = req_allowed(db);
	if (err)
		return err;

	req = req_alloc(name, h, arg);
	if (!req)
		return ENOMEM;

	wire_fill(&w, args);

	return req_sent(db, req, send_unnamed(db->pg, text, &w));
}


static int exec(struct db *db, const char *name, const struct db_args *args,
		db_h *h, void *arg)
{
	const struct sql_stmt *stmt;
	struct db_req *req;
	struct wire w;
	int err;

	if (!db || !name)
		return EINVAL;

	if (args && args->err)
		return args->err;

	stmt = sql_stmt_find(db->set, name);
	if (!stmt)
		return ENOENT;

	err = req_allowed(db);
	if (err)
		return err;

	req = req_alloc(stmt->name, h, arg);
	if (!req)
		return ENOMEM;

	wire_fill(&w, args);

	return req_sent(db, req,
			send_stmt(db, req, (size_t)(stmt - db->set->stmtv), &w));
}


int db_exec(struct db *db, const char *stmt, struct db_args *args,
	    db_h *h, void *arg)
{
	const int err = exec(db, stmt, args, h, arg);

	db_args_reset(args);

	return err;
}
