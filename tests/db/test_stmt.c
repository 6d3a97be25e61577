/**
 * @file tests/db/test_stmt.c  Every statement against the schema
 */
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/embedded.h"
#include "tests/support/store.h"
#include "tests/unit/suite.h"

/* Over temporary tables that its command makes as it goes */
static bool is_staged(const struct sql_stmt *stmt)
{
	return !strncmp(stmt->name, "ctl_import_", 11) ||
		!strncmp(stmt->name, "ctl_export_", 11) ||
		!strncmp(stmt->name, "ctl_sync_", 9);
}


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


START_TEST(every_statement_fits_the_schema)
{
	struct store *st;
	unsigned bad = 0;
	PGconn *pg;
	size_t i;

	ck_assert_int_eq(store_start(&st), 0);
	pg = PQconnectdb(store_conninfo(st));

	for (i = 0; i < sql_stmtc; i++) {
		if (!is_staged(&sql_stmtv[i]))
			bad += !can_prepare(pg, &sql_stmtv[i]);
	}

	PQfinish(pg);
	store_stop(st);
	ck_assert_uint_eq(bad, 0);
}
END_TEST


static Suite *db_stmt_suite(void)
{
	Suite *suite = suite_create("db/stmt");
	TCase *tc = tcase_create("stmt");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_statement_fits_the_schema);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(db_stmt_suite)
