/**
 * @file tests/db/test_told.c  What the store tells of changes to rooms
 *
 * One notification for a room and transaction, however many rows change, and
 * one for all when many rooms do: processes are told little.
 */
#include <string.h>
#include <libpq-fe.h>
#include <check.h>
#include <re_types.h>
#include "tests/support/store.h"
#include "tests/unit/suite.h"


static struct store *st;
static PGconn *pg;


static void sql(const char *text)
{
	ck_assert_int_eq(store_sql(st, text), 0);
}


static void up(void)
{
	ck_assert_int_eq(store_start(&st), 0);
	sql("INSERT INTO category (category_id, name) VALUES (1, 'Main')");
	sql("INSERT INTO room (room_id, category_id, name) "
	    "SELECT i, 1, 'Room ' || i FROM generate_series(1, 5) AS i");
	sql("INSERT INTO principal (principal_id, kind, key, name, policy_id) "
	    "SELECT 1000 + i, 5, 'sip:u' || i, 'u' || i, 2 "
	    "FROM generate_series(1, 9) AS i");
	pg = PQconnectdb(store_conninfo(st));
	PQclear(PQexec(pg, "LISTEN pchat_room"));
	PQclear(PQexec(pg, "LISTEN pchat_changed"));
}


static void down(void)
{
	PQfinish(pg);
	store_stop(st);
}


/* Notifications since the last time: how many, and the last one's payload */
static unsigned told(const char *channel, char last[32])
{
	PGnotify *note;
	unsigned n = 0;

	last[0] = '\0';
	PQclear(PQexec(pg, "SELECT 1"));
	while ((note = PQnotifies(pg))) {
		ck_assert_str_eq(note->relname, channel);
		(void)strncpy(last, note->extra, 31);
		last[31] = '\0';
		PQfreemem(note);
		++n;
	}

	return n;
}


START_TEST(a_room_is_told_of_once_in_a_transaction)
{
	char last[32];

	sql("BEGIN; INSERT INTO room_role (room_id, role, principal_id) "
	    "SELECT 3, 1, 1000 + i FROM generate_series(1, 9) AS i; "
	    "DELETE FROM room_role WHERE room_id = 3 AND principal_id = 1001; "
	    "UPDATE room SET description = 'x' WHERE room_id = 3; COMMIT");
	ck_assert_uint_eq(told("pchat_room", last), 1);
	ck_assert_str_eq(last, "3");
}
END_TEST


START_TEST(a_scope_tells_of_the_rooms_of_its_category)
{
	char last[32];

	sql("INSERT INTO category_scope (category_id, principal_id, denied) "
	    "VALUES (1, 1001, true), (1, 1002, true)");
	ck_assert_uint_eq(told("pchat_room", last), 5);
	sql("UPDATE category SET invitations = false WHERE category_id = 1");
	ck_assert_uint_eq(told("pchat_room", last), 5);
}
END_TEST


START_TEST(many_rooms_are_told_of_at_once)
{
	char last[32];

	sql("INSERT INTO room (room_id, category_id, name) "
	    "SELECT 100 + i, 1, 'Many ' || i "
	    "FROM generate_series(1, 300) AS i");
	ck_assert_uint_eq(told("pchat_room", last), 0);
	sql("UPDATE room SET description = 'y'");
	ck_assert_uint_eq(told("pchat_room", last), 1);
	ck_assert_str_eq(last, "");
}
END_TEST


START_TEST(posts_and_no_changes_tell_nothing)
{
	char last[32];

	sql("UPDATE room_head SET last_id = last_id + 1");
	sql("DELETE FROM room_role WHERE room_id = 5");
	sql("UPDATE principal SET display = 'new', state = state");
	sql("DELETE FROM principal_affiliation WHERE principal_id = 1009");
	ck_assert_uint_eq(told("", last), 0);
}
END_TEST


START_TEST(what_a_user_is_is_told_of)
{
	char last[32];

	sql("UPDATE principal SET state = 1 WHERE kind = 5");
	ck_assert_uint_eq(told("pchat_changed", last), 1);
	sql("INSERT INTO principal_affiliation VALUES (1001, 1), (1002, 1)");
	ck_assert_uint_eq(told("pchat_changed", last), 1);
}
END_TEST


static Suite *told_suite(void)
{
	Suite *suite = suite_create("told");
	TCase *tc = tcase_create("told");

	tcase_add_checked_fixture(tc, up, down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_room_is_told_of_once_in_a_transaction);
	tcase_add_test(tc, a_scope_tells_of_the_rooms_of_its_category);
	tcase_add_test(tc, many_rooms_are_told_of_at_once);
	tcase_add_test(tc, posts_and_no_changes_tell_nothing);
	tcase_add_test(tc, what_a_user_is_is_told_of);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(told_suite)
