/**
 * @file tests/db/test_stmt.c  Every statement against the schema
 */
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/embedded.h"
#include "common/db/migrate.h"
#include "tests/support/store.h"
#include "tests/unit/suite.h"

/* What works on temporary tables of its own */
static const char *const ownv[] = {
	"ctl_import_", "ctl_export_", "ctl_sync_", "ctl_check_",
};


static bool can_prepare(PGconn *pg, const struct sql_stmt *stmt)
{
	PGresult *res = PQprepare(pg, stmt->name, stmt->text, 0, NULL);
	const bool ok = PQresultStatus(res) == PGRES_COMMAND_OK;

	if (!ok)
		(void)re_fprintf(stderr, "%s: %s", stmt->name,
				 PQerrorMessage(pg));
	PQclear(res);

	return ok;
}


static bool on_own_tables(const struct sql_stmt *stmt)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ownv); i++) {
		if (!strncmp(stmt->name, ownv[i], strlen(ownv[i])))
			return true;
	}

	return false;
}


START_TEST(every_statement_fits_the_schema)
{
	struct store *st;
	unsigned bad = 0;
	PGconn *pg;
	size_t i;

	ck_assert_int_eq(store_start(&st), 0);
	pg = PQconnectdb(store_conninfo(st));

	for (i = 0; i < sql_store.stmtc; i++) {
		if (!on_own_tables(&sql_store.stmtv[i]))
			bad += !can_prepare(pg, &sql_store.stmtv[i]);
	}

	PQfinish(pg);
	store_stop(st);
	ck_assert_uint_eq(bad, 0);
}
END_TEST


START_TEST(every_statement_of_the_compliance_store_fits_its_schema)
{
	struct mbuf *errmb = mbuf_alloc(256);
	struct store *st;
	unsigned bad = 0;
	PGconn *pg;
	size_t i;

	ck_assert_int_eq(store_start(&st), 0);
	ck_assert_int_eq(migrate_run(&sql_compliance,
				     store_conninfo_db(st, "empty"), NULL,
				     NULL, errmb), 0);
	pg = PQconnectdb(store_conninfo_db(st, "empty"));

	for (i = 0; i < sql_compliance.stmtc; i++)
		bad += !can_prepare(pg, &sql_compliance.stmtv[i]);

	PQfinish(pg);
	store_stop(st);
	mem_deref(errmb);
	ck_assert_uint_eq(bad, 0);
}
END_TEST


static Suite *db_stmt_suite(void)
{
	Suite *suite = suite_create("db/stmt");
	TCase *tc = tcase_create("stmt");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_statement_fits_the_schema);
	tcase_add_test(tc,
		every_statement_of_the_compliance_store_fits_its_schema);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(db_stmt_suite)
