/**
 * @file tests/db/test_fence.c  What stops a post: rights that changed, a lease
 *                              that ended
 *
 * Room 1 is closed with Ann as a member, room 2 is open.
 */
#include <stdlib.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "tests/db/ask.h"
#include "tests/support/store.h"
#include "tests/support/wait.h"
#include "tests/unit/suite.h"

enum { ANN = 51, GROUP = 52, INSTANCE = 7, LEASE = 70 };

/* channel/fence.h */
enum { STORED = 0, CLOSED = 1, STALE = 2, ENDED = 3 };

/* Ann says something in both rooms, checked with generations $1, $2 of the
   rooms' rights and $3 of people */
#define POST \
	"SELECT room_id, base_id, state FROM post_batch(1, 7, 70," \
	" ARRAY[1, 2], ARRAY[1, 1], ARRAY[%lld, %lld]," \
	" ARRAY[%lld, %lld], ARRAY[1, 2], ARRAY[1, 1], ARRAY[51, 51]," \
	" ARRAY[9, 9], ARRAY[0, 0], ARRAY['hello', 'hello']," \
	" ARRAY[NULL, NULL]::text[])"


static void suite_setup(void)
{
	ask_begin();
	ask_do("INSERT INTO principal (principal_id, kind, key, name) VALUES"
	       " (%d, 5, 'sip:ann@x', 'sip:ann@x'), (%d, 9, 'group:g', 'group:g');"
	       "INSERT INTO category (category_id, name) VALUES (1, 'C');"
	       "INSERT INTO room (room_id, category_id, name, privacy) VALUES"
	       " (1, 1, 'One', 1), (2, 1, 'Two', 0)", ANN, GROUP);
}


static void setup(void)
{
	ask_setup();
	ask_do("DELETE FROM message; DELETE FROM instance;"
	       "DELETE FROM room_role; DELETE FROM category_scope;"
	       "DELETE FROM principal_affiliation;"
	       "UPDATE room SET disabled = false, privacy = 2 - room_id;"
	       "UPDATE principal SET state = 0, policy_id = 2, key = name"
	       " WHERE principal_id > 50;"
	       "UPDATE room_head SET last_id = 0;"
	       "INSERT INTO principal_affiliation VALUES (%d, %d), (%d, 1);"
	       "INSERT INTO category_scope VALUES (1, 1, false);"
	       "INSERT INTO room_role VALUES (1, 1, %d);"
	       "INSERT INTO instance (instance_id, name, bus_endpoint,"
	       " bus_key, state, lease, lease_until) VALUES (%d, 'one', '',"
	       " '', 'ready', %d, now() + interval '1 h')",
	       ANN, ANN, ANN, ANN, INSTANCE, LEASE);
}


static int64_t rights(int room)
{
	return ask_number("SELECT rights FROM room_head WHERE room_id = %d",
			  room);
}


static int64_t people(void)
{
	return ask_number("SELECT people FROM rights");
}


/* 10 * what becomes of room 1's message + of room 2's */
static int64_t post_with(int64_t rights1, int64_t rights2, int64_t people1,
			 int64_t people2)
{
	return ask_number("SELECT sum(CASE room_id WHEN 1 THEN 10 ELSE 1 END"
			  " * state) FROM (" POST ") AS p",
			  (long long)rights1, (long long)rights2,
			  (long long)people1, (long long)people2);
}


static int64_t post(void)
{
	return post_with(rights(1), rights(2), people(), people());
}


static int64_t messages(int room)
{
	return ask_number("SELECT count(*) FROM message WHERE room_id = %d",
			  room);
}


/* Ids go on as if the refused one had not been tried */
static int64_t last_id(int room)
{
	return ask_number("SELECT last_id FROM room_head WHERE room_id = %d",
			  room);
}


/* ------------------------------------------------------------- what raises */

static const struct raising {
	const char *sql;
	bool room1, room2, all;
} raisingv[] = {
	{ "DELETE FROM room_role WHERE room_id = 1", true, false, false },
	{ "INSERT INTO room_role VALUES (2, 2, 51)", false, true, false },
	{ "INSERT INTO room_role VALUES (2, 3, 52)", false, true, false },
	{ "UPDATE room_role SET principal_id = 52", true, false, false },
	{ "UPDATE room SET disabled = true WHERE room_id = 1",
	  true, false, false },
	{ "UPDATE room SET privacy = 2", true, true, false },
	{ "UPDATE room SET behavior = 1 - behavior WHERE room_id = 2",
	  false, true, false },
	{ "DELETE FROM category_scope", true, true, false },
	{ "INSERT INTO category_scope VALUES (1, 51, true)",
	  true, true, false },
	{ "UPDATE category_scope SET denied = true", true, true, false },
	{ "UPDATE principal SET state = 1 WHERE principal_id = 51",
	  false, false, true },
	{ "UPDATE principal SET policy_id = 3 WHERE principal_id = 51",
	  false, false, true },
	{ "UPDATE principal SET key = key || 'x' WHERE principal_id = 51",
	  false, false, true },
	{ "INSERT INTO principal_affiliation VALUES (51, 52)",
	  false, false, true },
	{ "DELETE FROM principal_affiliation", false, false, true },
	{ "UPDATE policy SET enable_chat = NOT enable_chat"
	  " WHERE policy_id = 1", false, false, true },
	{ "INSERT INTO configuration (key, value) VALUES ('Site', 'Bonn')"
	  " ON CONFLICT (scope, key) DO UPDATE SET value = 'Bonn'",
	  false, false, true },
	{ "SELECT policy_revoke('sip:ann@x')", false, false, true },
	{ "SELECT user_set('sip:ann@x', NULL, NULL, 1)", false, false, true },

	{ "UPDATE room SET description = 'x', topic = 'y'",
	  false, false, false },
	{ "UPDATE category SET description = 'x'", false, false, false },
	{ "UPDATE principal SET display = 'A', email = 'b'",
	  false, false, false },
};


START_TEST(whatever_changes_rights_raises_their_number)
{
	const struct raising *r = &raisingv[_i];
	const int64_t one = rights(1), two = rights(2), all = people();

	ask_do("%s", r->sql);
	ck_assert_msg((rights(1) > one) == r->room1 &&
		      (rights(2) > two) == r->room2 &&
		      (people() > all) == r->all, "%s", r->sql);
	ck_assert_int_eq(ask_number("SELECT count(*) FROM rights_due"), 0);
}
END_TEST


START_TEST(a_change_that_is_undone_raises_nothing)
{
	const int64_t one = rights(1), all = people();

	ask_do("BEGIN; DELETE FROM room_role;"
	       "UPDATE principal SET state = 1; ROLLBACK");
	ck_assert_int_eq(rights(1), one);
	ck_assert_int_eq(people(), all);
	/* and what is undone within does not hide what is done after it */
	ask_do("BEGIN; SAVEPOINT s; UPDATE principal SET state = 1;"
	       "ROLLBACK TO s; UPDATE principal SET state = 1; COMMIT");
	ck_assert_int_gt(people(), all);
}
END_TEST


/* ------------------------------------------------------------ what is stored */

START_TEST(rights_of_now_and_a_lease_that_lives_let_a_post_in)
{
	ck_assert_int_eq(post(), 0);
	ck_assert_int_eq(messages(1) + messages(2), 2);
	ck_assert_int_eq(ask_number("SELECT sum(session) FROM message"), 18);
}
END_TEST


START_TEST(a_room_with_stale_rights_refuses_and_its_neighbour_does_not)
{
	ck_assert_int_eq(post_with(rights(1) - 1, rights(2), people(),
				   people()), 10 * STALE);
	ck_assert_int_eq(messages(1), 0);
	ck_assert_int_eq(last_id(1), 0);
	ck_assert_int_eq(messages(2), 1);
}
END_TEST


START_TEST(people_that_changed_refuse_where_they_were_not_seen)
{
	ck_assert_int_eq(post_with(rights(1), rights(2), people(),
				   people() - 1), STALE);
	ck_assert_int_eq(messages(1), 1);
	ck_assert_int_eq(messages(2), 0);
	ck_assert_int_eq(last_id(2), 0);
	ck_assert_int_eq(post(), 0);
	ck_assert_int_eq(last_id(1), 2);
	ck_assert_int_eq(last_id(2), 1);
}
END_TEST


static const char *const endedv[] = {
	"UPDATE instance SET lease_until = clock_timestamp()",
	"UPDATE instance SET lease = 71",         /* registered anew */
	"DELETE FROM instance",                   /* reaped          */
};


START_TEST(an_instance_whose_lease_has_ended_stores_nothing)
{
	ask_do("%s", endedv[_i]);
	ck_assert_int_eq(post(), 11 * ENDED);
	ck_assert_int_eq(messages(1) + messages(2), 0);
	ck_assert_int_eq(last_id(1) + last_id(2), 0);
}
END_TEST


/* --------------------------------------------------------- at the same time */

static PGconn *other(void)
{
	PGconn *pg = PQconnectdb(store_conninfo(ask_store()));

	ck_assert_int_eq(PQstatus(pg), CONNECTION_OK);

	return pg;
}


static void run(PGconn *pg, const char *sql)
{
	PGresult *res = PQexec(pg, sql);

	ck_assert_msg(PQresultStatus(res) == PGRES_COMMAND_OK ||
		      PQresultStatus(res) == PGRES_TUPLES_OK, "%s: %s", sql,
		      PQerrorMessage(pg));
	PQclear(res);
}


static void begin_post(PGconn *pg)
{
	char *sql = NULL;

	ck_assert_int_eq(re_sdprintf(&sql, POST, rights(1), rights(2),
				     people(), people()), 0);
	ck_assert_int_eq(PQsendQuery(pg, sql), 1);
	mem_deref(sql);
}


/* Until a statement of this connection waits for a lock */
static void until_waits(PGconn *pg)
{
	const uint64_t limit = tmr_jiffies() + ASK_LIMIT_MS;

	while (!ask_number("SELECT count(*) FROM pg_locks WHERE NOT granted"
			   " AND pid = %d", PQbackendPID(pg)))
		ck_assert_uint_lt(tmr_jiffies(), limit);
}


/* What becomes of the messages as post_with() has it */
static int64_t end_post(PGconn *pg)
{
	PGresult *res = PQgetResult(pg);
	int64_t state = -1;

	if (PQntuples(res) == 2)
		state = 10 * atoi(PQgetvalue(res, 0, 2)) +
			atoi(PQgetvalue(res, 1, 2));
	PQclear(res);
	while ((res = PQgetResult(pg)))
		PQclear(res);

	return state;
}


static const struct meanwhile {
	const char *sql;
	int64_t state;
} meanwhilev[] = {
	{ "DELETE FROM room_role WHERE room_id = 1", 10 * STALE },
	{ "UPDATE room SET disabled = true WHERE room_id = 1", 10 * CLOSED },
	{ "UPDATE principal SET state = 2 WHERE principal_id = 51",
	  11 * STALE },
	{ "DELETE FROM principal_affiliation WHERE ancestor_id = 1",
	  11 * STALE },
	{ "UPDATE instance SET lease_until = clock_timestamp()", 11 * ENDED },
	{ "DELETE FROM instance", 11 * ENDED },
};


/* The post was sent in good order, and then had to wait for the room */
START_TEST(a_post_that_waits_is_held_against_what_is_when_it_goes_on)
{
	PGconn *pg = other(), *poster = other();

	run(pg, "BEGIN; UPDATE room_head SET open = open");
	begin_post(poster);
	until_waits(poster);
	run(pg, meanwhilev[_i].sql);
	run(pg, "COMMIT");

	ck_assert_int_eq(end_post(poster), meanwhilev[_i].state);
	ck_assert_int_eq(messages(1), 0);
	PQfinish(poster);
	PQfinish(pg);
}
END_TEST


/* Whoever removes somebody has the answer only when nothing more can come */
START_TEST(a_change_waits_for_posts_that_have_passed_the_check)
{
	PGconn *pg = other(), *poster = other();

	run(poster, "BEGIN");
	begin_post(poster);
	ck_assert_int_eq(end_post(poster), 0);
	ck_assert_int_eq(PQsendQuery(pg, meanwhilev[_i].sql), 1);
	until_waits(pg);
	ck_assert_int_eq(messages(1), 0);
	run(poster, "COMMIT");
	(void)end_post(pg);

	ck_assert_int_eq(messages(1), 1);
	PQfinish(poster);
	PQfinish(pg);
}
END_TEST


/* An import, a directory: posts are stopped by its end, not by all of it */
START_TEST(a_long_change_stops_nobody_before_its_end)
{
	PGconn *pg = other();

	run(pg, "BEGIN; INSERT INTO room_role VALUES (2, 1, 52), (1, 2, 52);"
	    "UPDATE principal SET state = 1 WHERE principal_id = 52");
	ck_assert_int_eq(post(), 0);
	run(pg, "COMMIT");
	ck_assert_int_eq(post_with(rights(1) - 1, rights(2) - 1, people(),
				   people()), 11 * STALE);
	PQfinish(pg);
}
END_TEST


/* The pages check and store in one transaction */
START_TEST(a_post_from_the_pages_is_held_against_the_rights_of_now)
{
	PGconn *pg = other(), *poster = other();

	run(pg, "BEGIN; UPDATE room_head SET open = open");
	ck_assert_int_eq(PQsendQuery(poster,
		"SELECT status FROM api_post(51, (SELECT guid FROM room WHERE"
		" room_id = 1), '{\"text\": \"hello\"}')"), 1);
	until_waits(poster);
	run(pg, meanwhilev[_i].sql);
	run(pg, "COMMIT");

	(void)end_post(poster);
	ck_assert_int_eq(messages(1), 0);
	PQfinish(poster);
	PQfinish(pg);
}
END_TEST


static Suite *db_fence_suite(void)
{
	Suite *suite = suite_create("db/fence");
	TCase *tc = tcase_create("fence");

	tcase_add_unchecked_fixture(tc, suite_setup, ask_end);
	tcase_add_checked_fixture(tc, setup, ask_teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, whatever_changes_rights_raises_their_number,
			    0, ARRAY_SIZE(raisingv));
	tcase_add_test(tc, a_change_that_is_undone_raises_nothing);
	tcase_add_test(tc,
		       rights_of_now_and_a_lease_that_lives_let_a_post_in);
	tcase_add_test(
		tc, a_room_with_stale_rights_refuses_and_its_neighbour_does_not);
	tcase_add_test(tc,
		       people_that_changed_refuse_where_they_were_not_seen);
	tcase_add_loop_test(tc,
			    an_instance_whose_lease_has_ended_stores_nothing,
			    0, ARRAY_SIZE(endedv));
	tcase_add_loop_test(
		tc, a_post_that_waits_is_held_against_what_is_when_it_goes_on,
		0, ARRAY_SIZE(meanwhilev));
	tcase_add_loop_test(
		tc, a_change_waits_for_posts_that_have_passed_the_check, 0, 4);
	tcase_add_test(tc, a_long_change_stops_nobody_before_its_end);
	tcase_add_loop_test(
		tc, a_post_from_the_pages_is_held_against_the_rights_of_now,
		0, 4);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(db_fence_suite)
