/**
 * @file tests/db/test_staging.c  Events in the compliance store
 */
#include <stdio.h>
#include <stdlib.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/migrate.h"
#include "tests/support/store.h"
#include "tests/unit/suite.h"

static struct store *st;
static PGconn *pg;


static void setup(void)
{
	struct mbuf *errmb = mbuf_alloc(256);

	ck_assert_int_eq(store_start(&st), 0);
	ck_assert_int_eq(migrate_run(&sql_compliance,
				     store_conninfo_db(st, "empty"), NULL,
				     NULL, errmb), 0);
	mem_deref(errmb);
	pg = PQconnectdb(store_conninfo_db(st, "empty"));
}


static void teardown(void)
{
	PQfinish(pg);
	store_stop(st);
}


static long number(const char *sql)
{
	PGresult *res = PQexec(pg, sql);
	long n = -1;

	ck_assert_msg(PQresultStatus(res) == PGRES_TUPLES_OK, "%s",
		      PQerrorMessage(pg));
	if (PQntuples(res) && !PQgetisnull(res, 0, 0))
		n = strtol(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);

	return n;
}


static long stage(unsigned first, unsigned last)
{
	char sql[512];

	(void)snprintf(sql, sizeof(sql), "SELECT stage(jsonb_agg("
		       "jsonb_build_object('id', '00000000-0000-0000-0000-'"
		       " || lpad(i::text, 12, '0'), 'kind', 1, 'ts',"
		       " 1700000000123456 + i, 'room', jsonb_build_object("
		       "'id', 'a0000000-0000-0000-0000-000000000001'),"
		       " 'msg_id', i, 'chat', 'x') ORDER BY i))"
		       " FROM generate_series(%u, %u) AS i", first, last);

	return number(sql);
}


START_TEST(a_repeat_is_dropped_even_when_the_event_was_delivered)
{
	ck_assert_int_eq(stage(1, 10), 10);
	ck_assert_int_eq(stage(5, 15), 5);
	ck_assert_int_eq(number("WITH x AS (UPDATE staged SET batch_id = 7"
				" WHERE msg_id <= 12 RETURNING 1)"
				" SELECT count(*) FROM x"), 12);
	ck_assert_int_eq(number("SELECT stage_forget(7)"), 12);
	ck_assert_int_eq(stage(1, 20), 5);
	ck_assert_int_eq(number("SELECT count(*) FROM staged"), 8);
}
END_TEST


START_TEST(an_event_can_be_found_by_its_columns)
{
	ck_assert_int_eq(stage(3, 3), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM staged WHERE kind = 1"
		" AND room = 'a0000000-0000-0000-0000-000000000001'"
		" AND msg_id = 3 AND session IS NULL AND batch_id IS NULL"
		" AND ts = timestamptz 'epoch' +"
		" interval '1700000000.123459 s'"), 1);
}
END_TEST


static Suite *db_staging_suite(void)
{
	Suite *suite = suite_create("db/staging");
	TCase *tc = tcase_create("staging");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc,
		       a_repeat_is_dropped_even_when_the_event_was_delivered);
	tcase_add_test(tc, an_event_can_be_found_by_its_columns);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(db_staging_suite)
