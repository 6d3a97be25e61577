/**
 * @file common/db/roles.c  Database roles and what they may do (sql/rights)
 *
 * The statements are made in the database, by comparing its catalogue with the
 * embedded list: what is right already is not touched, so that doing it again
 * does nothing and a dry run prints what is still to be done.
 */
#include <ctype.h>
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/embedded.h"
#include "common/db/migrate_priv.h"
#include "common/db/roles.h"

enum { PREFIX_MAX = 40, LITERAL_MAX = 65536 };


bool roles_prefix_valid(const char *prefix)
{
	const char *p = prefix;

	if (!p || !(islower((unsigned char)*p) || *p == '_'))
		return false;

	while (islower((unsigned char)*p) || isdigit((unsigned char)*p) ||
	       *p == '_')
		++p;

	return !*p && p - prefix <= PREFIX_MAX;
}


static PGresult *query(const struct migrator *m, const char *stmt,
		       const char *const *argv, int argc)
{
	PGresult *res = PQexecParams(m->pg,
				     sql_stmt_find(m->set, stmt)->text, argc,
				     NULL, argv, NULL, NULL, 0);

	if (PQresultStatus(res) == PGRES_TUPLES_OK ||
	    PQresultStatus(res) == PGRES_COMMAND_OK)
		return res;

	migrator_complain(m, stmt);
	PQclear(res);

	return NULL;
}


/* Run the statements in the rows of a plan */
static int plan_run(const struct migrator *m, const struct roles_conf *conf,
		    const char *stmt, const char *const *argv, int argc)
{
	PGresult *res = query(m, stmt, argv, argc);
	int err = res ? 0 : EPROTO;

	for (int i = 0; !err && i < PQntuples(res); i++) {

		const char *sql = PQgetvalue(res, i, 0);

		if (!conf->dry)
			err = migrator_run(m, sql, sql);
		if (!err && conf->h)
			conf->h(sql, conf->arg);
	}

	PQclear(res);

	return err;
}


static bool may_make_roles(const struct migrator *m, bool *superp)
{
	PGresult *res = PQexec(m->pg, "SELECT rolsuper OR rolcreaterole,"
			       " rolsuper FROM pg_roles"
			       " WHERE rolname = current_user");
	const bool may = PQntuples(res) == 1 && *PQgetvalue(res, 0, 0) == 't';

	*superp = may && *PQgetvalue(res, 0, 1) == 't';
	PQclear(res);

	return may;
}


static int none_missing(const struct migrator *m, const char *const *argv)
{
	PGresult *res = query(m, "roles_plan", argv, 2);
	int err = 0;

	if (!res)
		return EPROTO;

	if (PQntuples(res)) {
		(void)mbuf_printf(m->errmb, "%s: %s is not allowed to: have an"
				  " administrator of the server run what"
				  " pchatctl migrate --roles --dry-run prints",
				  PQgetvalue(res, 0, 0), PQuser(m->pg));
		err = EACCES;
	}
	PQclear(res);

	return err;
}


static int make(const struct migrator *m, const struct roles_conf *conf)
{
	bool super;
	const bool may = may_make_roles(m, &super);
	const char *const argv[] = { conf->prefix, super ? "t" : "f" };
	int err;

	if (!may && !conf->dry)
		return none_missing(m, argv);

	err = plan_run(m, conf, "roles_plan", argv, ARRAY_SIZE(argv));
	if (!err && super)
		err = plan_run(m, conf, "roles_owner_plan", argv, 1);

	return err;
}


int roles_make(const struct sql_set *set, const char *conninfo,
	       const struct roles_conf *conf, struct mbuf *errmb)
{
	struct migrator m = { .set = set, .errmb = errmb };
	int err;

	if (!set || !conninfo || !conf || !errmb ||
	    !roles_prefix_valid(conf->prefix))
		return EINVAL;

	err = migrator_open(&m, conninfo, false);
	if (!err)
		err = make(&m, conf);

	PQfinish(m.pg);

	return err;
}


/* Four arrays as the server reads them; names need no quoting */
static int literals(char *v[4], const struct sql_set *set)
{
	struct mbuf *mb[4];
	size_t i, k;
	int err = 0;

	for (k = 0; k < 4; k++) {
		v[k]  = NULL;
		mb[k] = mbuf_alloc(LITERAL_MAX);
		if (!mb[k])
			err = ENOMEM;
	}

	for (i = 0; i < set->rightc && !err; i++) {
		const struct sql_right *r = &set->rightv[i];
		const char *const partv[4] = {
			r->kind, r->object, r->role, r->privilege
		};

		for (k = 0; k < 4 && !err; k++)
			err = mbuf_printf(mb[k], "%s\"%s\"", i ? "," : "{",
					  partv[k]);
	}

	for (k = 0; k < 4; k++) {
		if (!err)
			err = mbuf_write_str(mb[k], "}");
		if (!err) {
			mbuf_set_pos(mb[k], 0);
			err = mbuf_strdup(mb[k], &v[k], mb[k]->end);
		}
		mem_deref(mb[k]);
	}

	return err;
}


static void literals_free(char *v[4])
{
	for (size_t k = 0; k < 4; k++)
		mem_deref(v[k]);
}


/* The prefix that was set up before; "": none, or no such table yet */
static void prefix_known(const struct migrator *m, char *buf, size_t size)
{
	PGresult *res = PQexec(m->pg, sql_stmt_find(m->set,
						    "roles_known")->text);

	str_ncpy(buf, PQresultStatus(res) == PGRES_TUPLES_OK &&
		 PQntuples(res) ? PQgetvalue(res, 0, 0) : "", size);
	PQclear(res);
}


static int apply(const struct migrator *m, const struct roles_conf *conf,
		 const char *prefix)
{
	char *litv[4];
	int err = literals(litv, m->set);
	const char *const argv[] = {
		prefix, litv[0], litv[1], litv[2], litv[3],
		conf->dry ? "t" : "f"
	};
	PGresult *res = NULL;

	if (!err)
		err = migrator_run(m, "rights", "BEGIN");
	if (!err)
		err = plan_run(m, conf, "rights_plan", argv,
			       ARRAY_SIZE(argv));
	if (!err && !conf->dry) {
		res = query(m, "roles_keep", argv, 1);
		err = res ? 0 : EPROTO;
		PQclear(res);
	}
	if (!err)
		err = migrator_run(m, "rights", "COMMIT");

	literals_free(litv);

	return err;
}


int rights_apply(const struct sql_set *set, const char *conninfo,
		 const struct roles_conf *conf, struct mbuf *errmb)
{
	struct migrator m = { .set = set, .errmb = errmb };
	char known[64] = "";
	int err;

	if (!set || !conninfo || !conf || !errmb ||
	    (conf->prefix && !roles_prefix_valid(conf->prefix)))
		return EINVAL;

	err = migrator_open(&m, conninfo, true);
	if (!err && !conf->prefix) {
		prefix_known(&m, known, sizeof(known));
		err = known[0] ? 0 : ENOENT;
	}
	if (!err)
		err = apply(&m, conf, conf->prefix ? conf->prefix : known);

	PQfinish(m.pg);

	return err;
}


int rights_check(const struct sql_set *set, const char *conninfo,
		 rights_undecided_h *h, void *arg, struct mbuf *errmb)
{
	struct migrator m = { .set = set, .errmb = errmb };
	char *litv[4];
	PGresult *res = NULL;
	int err;

	if (!set || !conninfo || !h || !errmb)
		return EINVAL;

	err = literals(litv, set);
	if (!err)
		err = migrator_open(&m, conninfo, true);
	if (!err) {
		res = query(&m, "rights_undecided", (const char *const *)litv,
			    4);
		err = res ? 0 : EPROTO;
	}

	for (int i = 0; !err && i < PQntuples(res); i++)
		h(PQgetvalue(res, i, 0), PQgetvalue(res, i, 1),
		  *PQgetvalue(res, i, 2) == 't', arg);

	PQclear(res);
	PQfinish(m.pg);
	literals_free(litv);

	return err;
}
