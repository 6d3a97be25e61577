/**
 * @file common/db/schema.c  The store's schema against this build's
 */
#include <re.h>
#include "common/log.h"
#include "common/db/db.h"
#include "common/db/embedded.h"

struct check {
	db_schema_h *h;
	void *arg;
};


uint32_t db_schema_version(void)
{
	return sql_migrationv[sql_migrationc - 1].version;
}


static void log_mismatch(uint32_t found, uint32_t wanted)
{
	if (found > wanted)
		log_err("db.schema", "found=%u wanted=%u "
			"hint=\"the store is newer than this program: "
			"install the version that migrated it\"",
			found, wanted);
	else
		log_err("db.schema", "found=%u wanted=%u "
			"hint=\"run: pchatctl --store CONNINFO migrate\"",
			found, wanted);
}


static void version_handler(int err, const struct db_res *res, void *arg)
{
	struct check *check = arg;
	const uint32_t wanted = db_schema_version();
	uint32_t found = 0;

	if (!err)
		found = (uint32_t)db_get_int(res, 0, 0);

	/* A refusal: there is no such table */
	if (!err && found != wanted)
		err = EPROTO;
	if (err == EPROTO)
		log_mismatch(found, wanted);

	check->h(err, found, wanted, check->arg);
	mem_deref(check);
}


int db_schema_check(struct db *db, db_schema_h *h, void *arg)
{
	struct check *check;
	int err;

	if (!h)
		return EINVAL;

	check = mem_zalloc(sizeof(*check), NULL);
	if (!check)
		return ENOMEM;

	check->h   = h;
	check->arg = arg;

	err = db_exec(db, "schema_version", NULL, version_handler, check);
	if (err)
		mem_deref(check);

	return err;
}
