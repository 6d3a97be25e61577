/**
 * @file common/db/migrate.c  Bring a store to the schema of this build
 */
#include <stdlib.h>
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/embedded.h"
#include "common/db/migrate.h"
#include "common/db/migrate_priv.h"

/* Any number will do that nobody else takes: "pchat" on a telephone */
#define LOCK_SQL "SELECT pg_advisory_xact_lock(72428)"

#define TABLE_SQL "SELECT to_regclass('schema_version') IS NOT NULL"
#define NEWEST_SQL "SELECT coalesce(max(version), 0) FROM schema_version"



void migrator_complain(const struct migrator *m, const char *what)
{
	const char *p = PQerrorMessage(m->pg);

	(void)mbuf_printf(m->errmb, "%s: ", what);

	for (; *p; p++) {
		if (*p != '\n')
			(void)mbuf_write_u8(m->errmb, (uint8_t)*p);
		else if (p[1])
			(void)mbuf_write_str(m->errmb, "; ");
	}
}


int migrator_run(const struct migrator *m, const char *what, const char *sql)
{
	PGresult *res = PQexec(m->pg, sql);
	const ExecStatusType st = PQresultStatus(res);

	PQclear(res);

	if (st == PGRES_COMMAND_OK || st == PGRES_TUPLES_OK)
		return 0;

	migrator_complain(m, what);

	return PQstatus(m->pg) == CONNECTION_OK ? EPROTO : ECONNRESET;
}


/* First column of the first row */
static int ask(const struct migrator *m, const char *sql, char *buf,
	       size_t size)
{
	PGresult *res = PQexec(m->pg, sql);
	int err = 0;

	if (PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) > 0) {
		str_ncpy(buf, PQgetvalue(res, 0, 0), size);
	}
	else {
		migrator_complain(m, "cannot read the schema version");
		err = EPROTO;
	}

	PQclear(res);

	return err;
}


/* Without a table nothing has been applied. */
static int has_table(const struct migrator *m, bool *hasp)
{
	char buf[8] = "";
	const int err = ask(m, TABLE_SQL, buf, sizeof(buf));

	*hasp = buf[0] == 't';

	return err;
}


static int newest(const struct migrator *m, uint32_t *versionp)
{
	char buf[16] = "";
	bool has;
	int err;

	*versionp = 0;

	err = has_table(m, &has);
	if (err || !has)
		return err;

	err = ask(m, NEWEST_SQL, buf, sizeof(buf));
	if (!err)
		*versionp = (uint32_t)strtoul(buf, NULL, 10);

	return err;
}


static int is_applied(const struct migrator *m, uint32_t version, bool *isp)
{
	char buf[8] = "", sql[96];
	int err;

	*isp = false;

	err = has_table(m, isp);
	if (err || !*isp)
		return err;

	(void)re_snprintf(sql, sizeof(sql), "SELECT EXISTS (SELECT FROM "
			  "schema_version WHERE version = %u)", version);

	err = ask(m, sql, buf, sizeof(buf));
	*isp = buf[0] == 't';

	return err;
}


/* Inside the transaction: @p isp tells whether it was there before. */
static int apply_locked(const struct migrator *m,
			const struct sql_migration *mig, const char *what,
			bool *isp)
{
	bool now;
	int err;

	err = migrator_run(m, what, LOCK_SQL);
	if (!err)
		err = is_applied(m, mig->version, isp);
	if (err || *isp)
		return err;

	err = migrator_run(m, what, mig->text);
	if (!err)
		err = is_applied(m, mig->version, &now);

	if (!err && !now) {
		(void)mbuf_printf(m->errmb, "%s: does not enter its number in "
				  "schema_version", what);
		err = EPROTO;
	}

	return err;
}


static int apply(const struct migrator *m, const struct sql_migration *mig,
		 bool *isp)
{
	char what[96];
	int err;

	(void)re_snprintf(what, sizeof(what), "migration %u (%s)",
			  mig->version, mig->name);

	err = migrator_run(m, what, "BEGIN");
	if (err)
		return err;

	err = apply_locked(m, mig, what, isp);
	if (!err)
		err = migrator_run(m, what, "COMMIT");
	else
		PQclear(PQexec(m->pg, "ROLLBACK"));

	return err;
}


static int apply_all(const struct migrator *m, migrate_h *h, void *arg)
{
	uint32_t found;
	size_t i;
	int err;

	err = newest(m, &found);
	if (err)
		return err;

	if (found > sql_set_version(m->set)) {
		(void)mbuf_printf(m->errmb, "the %s has schema %u, this "
				  "program knows up to %u: install a newer "
				  "one", m->set->name, found,
				  sql_set_version(m->set));
		return EPROTO;
	}

	for (i = 0; i < m->set->migrationc; i++) {
		const struct sql_migration *mig = &m->set->migrationv[i];
		bool is = false;

		err = apply(m, mig, &is);
		if (err)
			return err;
		if (!is && h)
			h(mig->version, mig->name, arg);
	}

	return 0;
}


/* As whoever the schema, or the database, belongs to: what an administrator of
   the server makes must not become theirs */
static int become_owner(const struct migrator *m)
{
	PGresult *res = PQexec(m->pg, sql_stmt_find(m->set,
						    "roles_owner")->text);
	char sql[160];
	int err = 0;

	if (PQresultStatus(res) != PGRES_TUPLES_OK || PQntuples(res) != 1) {
		migrator_complain(m, "cannot tell whose the store is");
		err = EPROTO;
	}
	else if (*PQgetvalue(res, 0, 1) == 't') {
		char *name = PQescapeIdentifier(m->pg, PQgetvalue(res, 0, 0),
						(size_t)PQgetlength(res, 0, 0));

		(void)re_snprintf(sql, sizeof(sql), "SET ROLE %s", name);
		PQfreemem(name);
		err = migrator_run(m, "cannot become the owner", sql);
	}

	PQclear(res);

	return err;
}


int migrator_open(struct migrator *m, const char *conninfo, bool owner)
{
	const char *keyv[] = { "dbname", "application_name",
			       "client_encoding", NULL };
	const char *valuev[] = { conninfo, "pchatctl migrate", "UTF8", NULL };
	int err;

	m->pg = PQconnectdbParams(keyv, valuev, 1);
	if (!m->pg)
		return ENOMEM;

	if (PQstatus(m->pg) != CONNECTION_OK) {
		migrator_complain(m, "cannot connect to the store");
		return ECONNREFUSED;
	}

	err = migrator_run(m, "cannot prepare the session",
			   "SET client_min_messages = warning; "
			   "SET statement_timeout = 0");
	if (!err && owner)
		err = become_owner(m);

	return err;
}


int migrate_run(const struct sql_set *set, const char *conninfo,
		migrate_h *h, void *arg, struct mbuf *errmb)
{
	struct migrator m = { .set = set, .errmb = errmb };
	int err;

	if (!set || !conninfo || !errmb)
		return EINVAL;

	err = migrator_open(&m, conninfo, true);
	if (!err)
		err = apply_all(&m, h, arg);

	PQfinish(m.pg);

	return err;
}


int migrate_pending(const struct sql_set *set, const char *conninfo,
		    migrate_h *h, void *arg, struct mbuf *errmb)
{
	struct migrator m = { .set = set, .errmb = errmb };
	size_t i;
	bool is;
	int err;

	if (!set || !conninfo || !h || !errmb)
		return EINVAL;

	err = migrator_open(&m, conninfo, true);

	for (i = 0; i < set->migrationc && !err; i++) {
		const struct sql_migration *mig = &set->migrationv[i];

		err = is_applied(&m, mig->version, &is);
		if (!err && !is)
			h(mig->version, mig->name, arg);
	}

	PQfinish(m.pg);

	return err;
}
