/**
 * @file common/db/schema.c  The store's schema against this build's
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/log.h"
#include "common/db/db.h"
#include "common/db/embedded.h"
#include "common/db/priv.h"

struct check {
	struct db *db;              /* borrowed                           */
	const struct sql_set *set;
	db_schema_h *h;
	void *arg;
};

const char sql_rights[] =
	"SELECT current_user::text, EXISTS (SELECT FROM pg_catalog.pg_class c"
	" WHERE c.relname = 'schema_version' AND c.relkind = 'r')";


uint32_t sql_set_version(const struct sql_set *set)
{
	return set->migrationv[set->migrationc - 1].version;
}


static int by_name(const void *key, const void *row)
{
	return strcmp(key, ((const struct sql_stmt *)row)->name);
}


const struct sql_stmt *sql_stmt_find(const struct sql_set *set,
				     const char *name)
{
	return bsearch(name, set->stmtv, set->stmtc, sizeof(*set->stmtv),
		       by_name);
}


uint32_t db_schema_version(void)
{
	return sql_set_version(&sql_store);
}


static void log_mismatch(const struct sql_set *set, uint32_t found,
			 uint32_t wanted)
{
	if (found > wanted)
		log_err("db.schema", "database=%s found=%u wanted=%u "
			"hint=\"it is newer than this program: "
			"install the version that migrated it\"",
			set->name, found, wanted);
	else
		log_err("db.schema", "database=%s found=%u wanted=%u "
			"hint=\"run: pchatctl --%s CONNINFO migrate\"",
			set->name, found, wanted, set->name);
}


static void finish(struct check *check, int err, uint32_t found)
{
	check->h(err, found, sql_set_version(check->set), check->arg);
	mem_deref(check);
}


/* Without the right to use its schema a table is as good as not there: one
   that exists all the same is a matter of rights */
static void rights_handler(int err, const struct db_res *res, void *arg)
{
	struct check *check = arg;
	struct pl role = PL_INIT;

	if (err && err != EPROTO) {
		finish(check, err, 0);
		return;
	}

	if (!err)
		role = db_get_text(res, 0, 0);
	if (!err && db_get_bool(res, 0, 1))
		log_err("db.rights", "database=%s role=%H table=schema_version "
			"hint=\"the role may not read it: grant it its rights "
			"(pchatctl migrate), or use the role meant for this "
			"program\"", check->set->name, log_quote, &role);
	else
		log_mismatch(check->set, 0, sql_set_version(check->set));

	finish(check, EPROTO, 0);
}


static void version_handler(int err, const struct db_res *res, void *arg)
{
	struct check *check = arg;
	const uint32_t wanted = sql_set_version(check->set);
	const uint32_t found = err ? 0 : (uint32_t)db_get_int(res, 0, 0);

	if (err == EPROTO || err == EACCES) {
		err = db_exec_text(check->db, "schema_rights", sql_rights,
				   NULL, rights_handler, check);
		if (!err)
			return;
	}

	if (!err && found != wanted) {
		log_mismatch(check->set, found, wanted);
		err = EPROTO;
	}

	finish(check, err, found);
}


/* First the database: a wrong one cannot be migrated */
static void fit_handler(int err, const struct db_res *res, void *arg)
{
	struct check *check = arg;

	if (!err && !db_isnull(res, 0, 0)) {
		log_err("db.unfit", "database=%s problem=\"%s\" hint=\"%s\"",
			check->set->name, db_get_text(res, 0, 0).p,
			db_get_text(res, 0, 1).p);
		err = EPROTO;
	}
	if (!err)
		err = db_exec(check->db, "schema_version", NULL,
			      version_handler, check);
	if (!err)
		return;

	check->h(err, 0, sql_set_version(check->set), check->arg);
	mem_deref(check);
}


int db_schema_check(struct db *db, db_schema_h *h, void *arg)
{
	struct check *check;
	int err;

	if (!db || !h)
		return EINVAL;

	check = mem_zalloc(sizeof(*check), NULL);
	if (!check)
		return ENOMEM;

	check->db  = db;
	check->set = db->set;
	check->h   = h;
	check->arg = arg;

	err = db_exec(db, "store_fit", NULL, fit_handler, check);
	if (err)
		mem_deref(check);

	return err;
}
