/**
 * @file tests/db/test_history.c  The full-text index and what is found by it
 */
#include <stdio.h>
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "tests/support/store.h"
#include "tests/unit/suite.h"

static struct store *st;

/* Rooms 1 to 3, authors 101 and 102; a message a minute, id and minute equal */
static const char fill[] =
	"INSERT INTO principal (principal_id, kind, key, name) VALUES "
	"(101, 5, 'sip:ada@x', 'sip:ada@x'), (102, 5, 'sip:bob@x', 'sip:bob@x');"
	"INSERT INTO category (category_id, name) VALUES (1, 'c');"
	"INSERT INTO room (room_id, category_id, name) VALUES "
	"(1, 1, 'one'), (2, 1, 'two'), (3, 1, 'three');"
	"CREATE FUNCTION say(room bigint, who bigint, what text, mark integer "
	"DEFAULT 0) RETURNS void LANGUAGE sql AS $$"
	" WITH h AS (UPDATE room_head SET last_id = last_id + 1, last_ts ="
	"  timestamptz '2020-01-01Z' + (last_id + 1) * interval '1 min'"
	"  WHERE room_id = room RETURNING last_id, last_ts)"
	" INSERT INTO message (room_id, msg_id, author_id, ts, origin, flags,"
	" chat) SELECT room, last_id, who, last_ts, 0, mark, what FROM h $$;"
	"SELECT say(1, 101, 'The build is green'), say(1, 102, 'Green grass'),"
	" say(1, 101, 'is the build green?'), say(2, 102, 'green (again)'),"
	" say(2, 101, 'a secret green', 8), say(2, 102, 'BUILD x');";


static void setup(void)
{
	ck_assert_int_eq(store_start(&st), 0);
	ck_assert_int_eq(store_sql(st, fill), 0);
}


static void teardown(void)
{
	store_stop(st);
}


static long long step(long long after, int rooms, int messages)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "SELECT next_room FROM "
		       "search_index_step(%lld, %d, %d)", after, rooms,
		       messages);

	return store_number(st, sql);
}


/* Room * 100 + id of what is found, one after the other, as one number */
static long long find(const char *rooms, const char *rest)
{
	char sql[512];

	(void)snprintf(sql, sizeof(sql), "SELECT coalesce(string_agg((room_id "
		"* 100 + msg_id)::text, '' ORDER BY n), '0') FROM "
		"history_find('%s', %s) WITH ORDINALITY AS f (room_id, msg_id,"
		" more, n)", rooms, rest);

	return store_number(st, sql);
}

#define ANY_TIME "'-infinity', 'infinity', NULL, true, 10"
#define TEXT(words, match, matchcase) \
	"'" words "', " match ", " matchcase ", NULL, " ANY_TIME


START_TEST(new_messages_are_indexed_once_and_the_not_kept_never)
{
	ck_assert_int_eq(step(0, 100, 100), 0);
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM message_fts"),
			 5);
	ck_assert_int_eq(step(0, 100, 100), 0);
	ck_assert_int_eq(store_sql(st, "SELECT say(1, 101, 'more')"), 0);
	ck_assert_int_eq(step(0, 100, 100), 0);
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM message_fts"),
			 6);
	ck_assert_int_eq(store_number(st, "SELECT sum(msg_id) FROM "
				      "room_indexed"), 4 + 3);
}
END_TEST


START_TEST(rooms_and_messages_are_taken_in_slices)
{
	ck_assert_int_eq(step(0, 1, 100), 1);
	ck_assert_int_eq(step(1, 1, 1), 2);
	ck_assert_int_eq(step(2, 1, 100), 3);
	ck_assert_int_eq(step(3, 1, 100), 0);
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM message_fts"),
			 4);
	ck_assert_int_eq(step(0, 100, 100), 0);
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM message_fts"),
			 5);
}
END_TEST


START_TEST(words_are_found)
{
	(void)step(0, 100, 100);
	ck_assert_int_eq(find("{1,2}", TEXT("green", "0", "false")),
			 103102201101);
	ck_assert_int_eq(find("{1}", TEXT("grass build", "0", "false")),
			 103102101);
	ck_assert_int_eq(find("{1}", TEXT("green build", "1", "false")),
			 103101);
	ck_assert_int_eq(find("{1}", TEXT("build is green", "2", "false")),
			 101);
	ck_assert_int_eq(find("{1}", TEXT("Green", "0", "true")), 102);
	ck_assert_int_eq(find("{1}", TEXT("the build", "2", "true")), 103);
	ck_assert_int_eq(find("{1}", TEXT("The green", "1", "true")), 101);
	ck_assert_int_eq(find("{2}", TEXT("(again)", "2", "false")), 201);
	ck_assert_int_eq(find("{2}", TEXT("secret", "0", "false")), 0);
	ck_assert_int_eq(find("{3}", TEXT("green", "0", "false")), 0);
	ck_assert_int_eq(find("{1}", TEXT("?!", "0", "false")), 0);
}
END_TEST


START_TEST(conditions_without_words)
{
	ck_assert_int_eq(find("{2}", "NULL, 0, false, NULL, " ANY_TIME),
			 203201);
	ck_assert_int_eq(find("{1,2}", "NULL, 0, false, '{sip:bob@x}', "
			 ANY_TIME), 203102201);
	ck_assert_int_eq(find("{1,2}", "NULL, 0, false, '{sip:who@x}', "
			 ANY_TIME), 0);
	/* both ends count */
	ck_assert_int_eq(find("{1}", "NULL, 0, false, NULL, '2020-01-01 00:02Z'"
			 ", '2020-01-01 00:03Z', NULL, true, 10"), 103102);
	ck_assert_int_eq(find("{1}", "NULL, 0, false, NULL, '2020-01-01 00:04Z'"
			 ", 'infinity', NULL, true, 10"), 0);
	/* an id makes the times void */
	ck_assert_int_eq(find("{1}", "NULL, 0, false, NULL, '2021-01-01', "
			 "'2021-01-01', 2, true, 10"), 102101);
	ck_assert_int_eq(find("{1}", "NULL, 0, false, NULL, '2021-01-01', "
			 "'2021-01-01', 2, false, 10"), 102103);
	ck_assert_int_eq(find("{1}", "NULL, 0, false, NULL, '-infinity', "
			 "'infinity', NULL, false, 2"), 101102);
}
END_TEST


START_TEST(conditions_and_words_together)
{
	(void)step(0, 100, 100);
	ck_assert_int_eq(find("{1,2}", "'green', 0, false, '{sip:bob@x}', "
			 ANY_TIME), 102201);
	ck_assert_int_eq(find("{1,2}", "'green', 0, false, NULL, "
			 "'2020-01-01 00:02Z', '2020-01-01 00:02Z', NULL, true,"
			 " 10"), 102);
	ck_assert_int_eq(find("{1}", "'green', 0, false, NULL, '-infinity', "
			 "'infinity', 2, false, 1"), 102);
}
END_TEST


START_TEST(a_time_is_found_where_messages_are_gone)
{
	ck_assert_int_eq(store_sql(st, "SELECT say(3, 101, 'n') FROM "
		"generate_series(1, 1000)"), 0);
	ck_assert_int_eq(store_sql(st, "DELETE FROM message WHERE room_id = 3 "
		"AND (msg_id < 100 OR msg_id BETWEEN 400 AND 900)"), 0);
	/* from id 398 to 902 */
	ck_assert_int_eq(find("{3}", "NULL, 0, false, NULL, "
		"'2020-01-01 06:38Z', '2020-01-01 15:02Z', NULL, true, 10"),
		12021201699698);
	ck_assert_int_eq(find("{3}", "NULL, 0, false, NULL, '2020-01-01Z', "
		"'2020-01-01 01:41Z', NULL, true, 10"), 401400);
	ck_assert_int_eq(find("{3}", "NULL, 0, false, NULL, "
		"'2020-01-01 07:00Z', '2020-01-01 14:00Z', NULL, true, 10"),
		0);
}
END_TEST


/* Rooms that have more, 10 each for one of which nothing is there at all */
static long long more(const char *rooms, const char *rest)
{
	char sql[512];

	(void)snprintf(sql, sizeof(sql), "SELECT coalesce(sum(DISTINCT room_id"
		" * CASE WHEN msg_id IS NULL THEN 10 ELSE 1 END), 0) FROM "
		"history_find('%s', %s) WHERE more", rooms, rest);

	return store_number(st, sql);
}


START_TEST(each_room_says_whether_it_has_more)
{
	(void)step(0, 100, 100);
	ck_assert_int_eq(more("{1}", "NULL, 0, false, NULL, '-infinity', "
			      "'infinity', NULL, true, 3"), 0);
	ck_assert_int_eq(more("{1}", "NULL, 0, false, NULL, '-infinity', "
			      "'infinity', NULL, true, 2"), 1);
	/* newest first: 1.3, 1.2 and 2.3, 2.1 are there, 1.1 is not */
	ck_assert_int_eq(find("{1,2}", "NULL, 0, false, NULL, '-infinity', "
			      "'infinity', NULL, true, 4"), 203103102201);
	ck_assert_int_eq(more("{1,2}", "NULL, 0, false, NULL, '-infinity', "
			      "'infinity', NULL, true, 4"), 1);
	ck_assert_int_eq(more("{1,2}", "NULL, 0, false, NULL, '-infinity', "
			      "'infinity', NULL, false, 3"), 1 + 2);
	ck_assert_int_eq(more("{1,2}", "'green', 0, false, NULL, '-infinity',"
			      " 'infinity', NULL, true, 3"), 1);
	ck_assert_int_eq(more("{1,2}", "'the build', 2, true, NULL, "
			      "'-infinity', 'infinity', NULL, true, 1"), 0);
	/* a room that was asked for says so even without a message */
	ck_assert_int_eq(more("{1,2,3}", "'green', 0, false, NULL, "
		"'-infinity', 'infinity', NULL, true, 1, true"), 1 + 20);
	ck_assert_int_eq(more("{1,2,3}", "'green', 0, false, NULL, "
		"'-infinity', 'infinity', NULL, true, 1"), 1);
	ck_assert_int_eq(more("{1,2}", "'again grass', 0, false, NULL, "
		"'-infinity', 'infinity', NULL, true, 1"), 20);
}
END_TEST


static long long events(const char *where)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM outbox WHERE "
		       "kind = 2 AND author_id = 101 AND session = 7 AND %s",
		       where);

	return store_number(st, sql);
}


static int tell(const char *command, const char *rooms, const char *rest)
{
	char sql[512];

	(void)snprintf(sql, sizeof(sql), "SELECT backchat_tell(101, 7, '%s', "
		"'{\"limit\": 5}', ARRAY(SELECT guid FROM room WHERE room_id "
		"= ANY ('%s') ORDER BY room_id), %s)", command, rooms, rest);

	return store_sql(st, sql);
}


START_TEST(compliance_is_told_of_each_room_that_was_read)
{
	ck_assert_int_eq(tell("off", "{1}", "'{1}', '{1}'"), 0);
	ck_assert_int_eq(store_sql(st, "SELECT compliance_enable(true)"), 0);

	ck_assert_int_eq(tell("two", "{1,2}", "'{1,2,1,1,1}', '{9,1,8,5,10}'"),
			 0);
	ck_assert_int_eq(events("body ->> 'command' = 'off'"), 0);
	ck_assert_int_eq(events("room_id = 1 AND body -> 'ids' = "
				"'[[5, 5], [8, 10]]'"), 1);
	ck_assert_int_eq(events("room_id = 2 AND body = '{\"command\": "
				"\"two\", \"asked\": {\"limit\": 5}, "
				"\"ids\": [[1, 1]]}'"), 1);

	ck_assert_int_eq(tell("empty", "{3}", "'{}', '{}'"), 0);
	ck_assert_int_eq(events("room_id = 3 AND body -> 'ids' = '[]'"), 1);
	ck_assert_int_eq(tell("none", "{}", "'{}', '{}'"), 0);
	ck_assert_int_eq(events("room_id IS NULL AND body -> 'ids' = '[]'"),
			 1);
}
END_TEST


START_TEST(the_index_follows_the_messages)
{
	(void)step(0, 100, 100);
	ck_assert_int_eq(store_sql(st, "UPDATE message SET chat = 'removed' "
		"WHERE room_id = 1 AND msg_id = 2; DELETE FROM message WHERE "
		"room_id = 1 AND msg_id = 3"), 0);
	ck_assert_int_eq(find("{1}", TEXT("green", "0", "false")), 101);
	ck_assert_int_eq(find("{1}", TEXT("removed", "0", "false")), 102);
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM message_fts "
		"WHERE room_id = 1"), 2);
}
END_TEST


START_TEST(another_language_makes_the_index_anew)
{
	(void)step(0, 100, 100);
	ck_assert_int_eq(find("{1}", TEXT("grasses", "0", "false")), 0);
	ck_assert_int_eq(store_sql(st, "INSERT INTO configuration (key, value)"
		" VALUES ('SearchLanguage', 'english')"), 0);
	(void)step(0, 100, 100);
	ck_assert_int_eq(find("{1}", TEXT("grasses", "0", "false")), 102);
	/* the very phrase is what is asked, not its stem */
	ck_assert_int_eq(find("{1}", TEXT("green grasses", "2", "false")), 0);

	ck_assert_int_eq(store_sql(st, "UPDATE configuration SET value = "
		"'no such language'"), 0);
	(void)step(0, 100, 100);
	ck_assert_int_eq(find("{1}", TEXT("grasses", "0", "false")), 0);
	ck_assert_int_eq(find("{1}", TEXT("grass", "0", "false")), 102);
}
END_TEST


START_TEST(one_process_at_a_time)
{
	PGconn *other = PQconnectdb(store_conninfo(st));

	PQclear(PQexec(other, "BEGIN; SELECT search_index_step(0, 1, 1)"));
	ck_assert_int_eq(step(0, 100, 100), -1);
	PQclear(PQexec(other, "COMMIT"));
	PQfinish(other);
	ck_assert_int_eq(step(0, 100, 100), 0);
}
END_TEST


static Suite *db_history_suite(void)
{
	Suite *suite = suite_create("db/history");
	TCase *tc = tcase_create("history");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
		       new_messages_are_indexed_once_and_the_not_kept_never);
	tcase_add_test(tc, rooms_and_messages_are_taken_in_slices);
	tcase_add_test(tc, words_are_found);
	tcase_add_test(tc, conditions_without_words);
	tcase_add_test(tc, conditions_and_words_together);
	tcase_add_test(tc, a_time_is_found_where_messages_are_gone);
	tcase_add_test(tc, each_room_says_whether_it_has_more);
	tcase_add_test(tc, compliance_is_told_of_each_room_that_was_read);
	tcase_add_test(tc, the_index_follows_the_messages);
	tcase_add_test(tc, another_language_makes_the_index_anew);
	tcase_add_test(tc, one_process_at_a_time);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(db_history_suite)
