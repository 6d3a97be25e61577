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


/* Events of years ago, archived and deleted by the hundred; one that comes
   again with new ones, and late ones of the same hours */
START_TEST(a_repeat_is_known_for_good)
{
	ck_assert_int_eq(stage(1, 2000), 2000);
	number("WITH x AS (UPDATE staged SET batch_id = 1 + msg_id / 500"
	       " RETURNING 1) SELECT count(*) FROM x");
	ck_assert_int_eq(number("SELECT sum(stage_forget(b)) FROM"
				" generate_series(1, 5) AS b"), 2000);
	ck_assert_int_eq(number("SELECT count(*) FROM staged"), 0);

	ck_assert_int_eq(stage(1990, 2010), 10);
	ck_assert_int_eq(stage(1, 2010), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM staged"), 10);

	/* 16 bytes each, and a little for each row of an hour of a batch */
	ck_assert_int_lt(number("SELECT sum(pg_column_size(s.guids)) FROM seen"
				" AS s"), 2000 * 16 + 5 * 64);
}
END_TEST


/* Deleted between the two looks of a repeat: both are in one transaction */
START_TEST(a_repeat_that_meets_its_deletion_is_known)
{
	PGconn *other = PQconnectdb(store_conninfo_db(st, "empty"));
	long left;

	ck_assert_int_eq(stage(1, 5), 5);
	number("WITH x AS (UPDATE staged SET batch_id = 1 RETURNING 1)"
	       " SELECT count(*) FROM x");
	PQclear(PQexec(other, "BEGIN"));
	PQclear(PQexec(other, "SELECT stage_forget(1)"));

	/* waits for the other to commit */
	ck_assert_int_eq(PQsendQuery(pg, "SELECT stage(jsonb_build_array("
		"jsonb_build_object('id', '00000000-0000-0000-0000-000000000001"
		"', 'kind', 1, 'ts', 1700000000123457)))"), 1);
	do {
		PGresult *res = PQexec(other, "SELECT count(*) FROM pg_locks "
				       "WHERE NOT granted");

		left = strtol(PQgetvalue(res, 0, 0), NULL, 10);
		PQclear(res);
	} while (!left);
	PQclear(PQexec(other, "COMMIT"));
	PQfinish(other);

	PQclear(PQgetResult(pg));
	ck_assert_ptr_null(PQgetResult(pg));
	ck_assert_int_eq(number("SELECT count(*) FROM staged"), 0);
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
	tcase_add_test(tc, a_repeat_is_known_for_good);
	tcase_add_test(tc, a_repeat_that_meets_its_deletion_is_known);
	tcase_add_test(tc, an_event_can_be_found_by_its_columns);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(db_staging_suite)
