/**
 * @file tests/db/test_feed.c  What watches find in the store, and positions
 */
#include <stdio.h>
#include <string.h>
#include <re.h>
#include "tests/support/store.h"
#include "tests/unit/suite.h"

static struct store *st;

/* Everybody may read rooms 1 and 2; ada (101) and bob (102) follow room 1 */
static const char fill[] =
	"INSERT INTO principal (principal_id, kind, key, name, display) VALUES "
	"(101, 5, 'sip:ada@x', 'sip:ada@x', 'Ada Lovelace'),"
	"(102, 5, 'sip:bob@x', 'sip:bob@x', 'Bob');"
	"INSERT INTO category (category_id, name) VALUES (1, 'c');"
	"INSERT INTO category_scope VALUES (1, 1, false);"
	"INSERT INTO room (room_id, category_id, name, privacy, guid) VALUES "
	"(1, 1, 'one', 0, '00000000-0000-0000-0000-000000000001'),"
	"(2, 1, 'two', 0, '00000000-0000-0000-0000-000000000002');"
	"CREATE FUNCTION say(room bigint, who bigint, what text, mark integer "
	"DEFAULT 0) RETURNS void LANGUAGE sql AS $$"
	" WITH h AS (UPDATE room_head SET last_id = last_id + 1, last_ts ="
	"  clock_timestamp() WHERE room_id = room RETURNING last_id, last_ts)"
	" INSERT INTO message (room_id, msg_id, author_id, ts, origin, flags,"
	" chat) SELECT room, last_id, who, last_ts, 0, mark, what FROM h $$;"
	"CREATE FUNCTION follow(who bigint, number bigint, room integer) RETURNS"
	" bigint LANGUAGE sql AS $$ SELECT count(*) FROM presence_publish(who,"
	" ARRAY['roomSetting'], ARRAY[number], ARRAY[1], ARRAY[0::bigint],"
	" ARRAY['static'], ARRAY[NULL::integer], ARRAY['<x/>'], ARRAY[("
	" '00000000-0000-0000-0000-00000000000' || room)::uuid], 10, 10000) $$;"
	"SELECT say(1, 102, 'before'), follow(101, 1, 1), follow(102, 1, 1);";


static void setup(void)
{
	ck_assert_int_eq(store_start(&st), 0);
	ck_assert_int_eq(store_sql(st, fill), 0);
}


static void teardown(void)
{
	store_stop(st);
}


static long long step(int batch, int kept)
{
	char sql[80];

	(void)snprintf(sql, sizeof(sql), "SELECT passed FROM feed_step(%d, %d)",
		       batch, kept);

	return store_number(st, sql);
}


START_TEST(nothing_is_looked_through_where_nobody_watches)
{
	ck_assert_int_eq(store_sql(st, "SELECT say(1, 102, 'word')"), 0);
	ck_assert_int_eq(step(100, 10), 0);
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM feed_room"), 0);
}
END_TEST


START_TEST(what_was_said_before_a_watch_is_not_found)
{
	ck_assert_int_eq(store_sql(st, "SELECT say(1, 102, 'word one');"
		"SELECT watch_set(101, NULL, 1, 'word', 5);"
		"SELECT say(1, 102, 'word two'), say(1, 101, 'my own word'),"
		" say(1, 102, 'not kept word', 8), say(2, 102, 'word, too')"),
		0);
	ck_assert_int_eq(step(100, 10), 3);
	ck_assert_int_eq(store_number(st, "SELECT string_agg(msg_id::text, '')"
				      "::bigint FROM feed"), 3);
	ck_assert_int_eq(step(100, 10), 0);
}
END_TEST


START_TEST(little_at_a_time_finds_all_and_the_newest_are_kept)
{
	int i;

	ck_assert_int_eq(store_sql(st, "SELECT watch_set(101, NULL, 1, 'x', 5);"
		"SELECT say(1, 102, 'x ' || i) FROM generate_series(1, 7) AS i"),
		0);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(step(2, 3), 2);
	ck_assert_int_eq(step(2, 3), 1);
	ck_assert_int_eq(store_number(st, "SELECT string_agg(msg_id::text, '' "
				      "ORDER BY feed_id)::bigint FROM feed"),
			 678);
}
END_TEST


START_TEST(who_is_called_otherwise_is_found_under_that_name)
{
	ck_assert_int_eq(store_sql(st, "SELECT watch_set(101, NULL, 2, '', 5);"
		"UPDATE principal SET display = 'Ada King' WHERE key = 'sip:ada@x';"
		"SELECT say(1, 102, 'ada lovelace'), say(1, 102, 'ADA  king!'),"
		" say(1, 102, 'kings of adana')"), 0);
	ck_assert_int_eq(step(100, 10), 3);
	/* the user part of the URI is in both */
	ck_assert_int_eq(store_number(st, "SELECT string_agg(msg_id::text, '')"
				      "::bigint FROM feed"), 23);
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM watch_term "
				      "WHERE term = ' ada king '"), 1);
}
END_TEST


START_TEST(positions_begin_where_the_room_is_and_end_with_following)
{
	ck_assert_int_eq(store_number(st, "SELECT msg_id FROM read_position "
				      "WHERE principal_id = 101"), 1);
	ck_assert_int_eq(store_sql(st, "SELECT follow(101, 2, 1);"
		"DELETE FROM presence_category WHERE principal_id = 101 AND "
		"instance = 1"), 0);
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM read_position "
				      "WHERE principal_id = 101"), 1);
	ck_assert_int_eq(store_sql(st, "UPDATE room SET deleted_at = now() "
				   "WHERE room_id = 1"), 0);
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM read_position"),
			 0);
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM "
				      "presence_category"), 0);
}
END_TEST


START_TEST(more_than_a_user_may_keep_is_not_kept_in_part)
{
	ck_assert_int_eq(store_number(st, "SELECT place FROM presence_publish("
		"101, ARRAY['a', 'b'], ARRAY[1, 1]::bigint[], ARRAY[1, 1],"
		" ARRAY[0, 0]::bigint[], ARRAY['static', 'static'],"
		" ARRAY[NULL, NULL]::integer[], ARRAY['', ''],"
		" ARRAY[NULL, NULL]::uuid[], 2, 10000)"), 0);
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM "
		"presence_category WHERE principal_id = 101"), 1);
}
END_TEST


static Suite *feed_suite(void)
{
	Suite *suite = suite_create("db/feed");
	TCase *tc = tcase_create("feed");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, nothing_is_looked_through_where_nobody_watches);
	tcase_add_test(tc, what_was_said_before_a_watch_is_not_found);
	tcase_add_test(tc, little_at_a_time_finds_all_and_the_newest_are_kept);
	tcase_add_test(tc, who_is_called_otherwise_is_found_under_that_name);
	tcase_add_test(tc,
		positions_begin_where_the_room_is_and_end_with_following);
	tcase_add_test(tc, more_than_a_user_may_keep_is_not_kept_in_part);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(feed_suite)
