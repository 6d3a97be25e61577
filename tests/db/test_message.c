/**
 * @file tests/db/test_message.c  What administrators do to messages, and what
 *                                holds keep them from doing
 *
 * Messages of three rooms by two users; the words tell which are meant.
 */
#include <stdio.h>
#include <string.h>
#include <libpq-fe.h>
#include "tests/db/operator.h"
#include "tests/unit/suite.h"

/* An id is a day of January 2020; what is said today is in Fresh */
static const char fill[] =
	"INSERT INTO principal (principal_id, kind, key, name) VALUES "
	"(101, 5, 'sip:ada@x', 'sip:ada@x'), (102, 5, 'sip:bob@x', 'sip:bob@x');"
	"INSERT INTO category (category_id, name) VALUES (1, 'c');"
	"INSERT INTO room (room_id, category_id, name) VALUES "
	"(1, 1, 'One'), (2, 1, 'Two'), (3, 1, 'Fresh');"
	"CREATE FUNCTION say(room bigint, who bigint, what text, at timestamptz "
	"DEFAULT NULL, mark integer DEFAULT 0) RETURNS void LANGUAGE sql AS $$"
	" WITH h AS (UPDATE room_head SET last_id = last_id + 1, last_ts ="
	"  coalesce(at, '2020-01-01 12:00Z'::timestamptz + last_id * interval"
	"  '1 day') WHERE room_id = room RETURNING last_id, last_ts)"
	" INSERT INTO message (room_id, msg_id, author_id, ts, origin, flags,"
	" chat, rtf) SELECT room, last_id, who, last_ts, 0, mark, what, 'rtf'"
	" FROM h $$;"
	"SELECT say(1, 101, 'The build is green', mark => 1),"
	" say(1, 102, 'green grass'), say(1, 101, 'is the build Green?'),"
	" say(1, 102, 'a greenhouse'), say(2, 101, 'green (again)'),"
	" say(2, 102, 'nothing'), say(2, 101, 'not kept, green', mark => 8),"
	" say(3, 101, 'green today', now()), say(3, 102, 'bye', now());"
	"SELECT search_index_step(0, 100, 100)";

#define LEFT "SELECT count(*) FROM message"
#define IDS_OF(room) "SELECT coalesce(string_agg(msg_id::text, '' ORDER BY " \
	"msg_id)::bigint, 0) FROM message WHERE room_id = " room


static void setup(void)
{
	op_setup();
	ck_assert_int_eq(store_sql(op_store(), fill), 0);
}


static void sql(const char *text)
{
	ck_assert_int_eq(store_sql(op_store(), text), 0);
}


/* Messages that the words of a remove command take away, only counted */
#define ck_meant(n, options)                                            \
	do {                                                            \
		char said_[48];                                         \
		op_ok("message remove --dry-run " options);             \
		(void)snprintf(said_, sizeof(said_), "would be removed" \
			       ": %d\n", (n));                          \
		op_said(said_);                                        \
		ck_assert_int_eq(op_number(LEFT), 9);                  \
	} while (0)


START_TEST(words_are_whole_and_matched_by_all_any_exact_and_case)
{
	ck_meant(5, "--words green");
	ck_meant(2, "--words 'build GREEN'");
	ck_meant(2, "--words 'green build' --match all");
	ck_meant(5, "--words 'again grass build today' --match any");
	ck_meant(1, "--words 'build is' --match exact");
	ck_meant(0, "--words 'is build' --match exact");
	ck_meant(1, "--words Green --case");
	ck_meant(1, "--words (again)");
	ck_meant(0, "--words gree.");
	/* blanks around words are none of them */
	ck_meant(1, "--words '\n grass\t' --match any");
	ck_meant(1, "--words '\tgreen  grass\n' --match exact");
}
END_TEST


START_TEST(rooms_users_and_times_are_conditions)
{
	ck_meant(4, "--room one");
	ck_meant(2, "--room One --user sip:BOB@x");
	ck_meant(4, "--user bob@x");
	ck_meant(4, "--from 2020-01-03");
	ck_meant(1, "--from 2020-01-02 --to 2020-01-03 --user ada@x --words "
		 "green");
}
END_TEST


START_TEST(a_day_is_meant_to_its_end)
{
	ck_meant(2, "--room One --from 2020-01-02 --to 2020-01-03");
	ck_meant(1, "--room One --from 2020-01-02T12:00:00Z --to "
		 "2020-01-02T12:00:00Z");
	ck_meant(1, "--room One --from 2020-01-02T13:00:00+01:00 --to "
		 "2020-01-03T11:59:59.999999Z");
	ck_meant(0, "--room One --from 2020-01-02T12:00:01Z --to "
		 "2020-01-03T11:59");
}
END_TEST


START_TEST(what_makes_no_sense_is_refused)
{
	op_fails("which messages", "message remove");
	op_fails("no such room: Nowhere", "message remove --room Nowhere");
	op_fails("no such user: who@x", "message list --user who@x");
	op_fails("2026-13-01", "message remove --from 2026-13-01");
	op_fails("not a date", "message remove --from yesterday");
	op_fails("no time is between",
		 "message remove --from 2026-01-02 --to 2026-01-01");
	op_fails("not all, any or exact: some",
		 "message remove --words x --match some");
	op_fails("no words", "message remove --room One --case");
	op_fails("no condition", "message remove --words ' \t\n'");
	op_fails("cannot be empty", "message replace --room One --text ''");
	ck_assert_int_eq(op_run("room clear One"), TOOL_USAGE);
	ck_assert_int_eq(op_run("message list --room One --limit 0"), TOOL_USAGE);
	ck_assert_int_eq(op_number(LEFT), 9);
}
END_TEST


START_TEST(what_is_removed_leaves_nothing)
{
	op_ok("message remove --words green");
	op_said("removed: 5\n");
	ck_assert_int_eq(op_number(IDS_OF("1")), 4);
	ck_assert_int_eq(op_number("SELECT count(*) FROM message_fts WHERE "
				    "tsv @@ 'green'"), 0);
	/* what no history has is not theirs */
	ck_assert_int_eq(op_number(IDS_OF("2")), 23);
	op_ok("message remove --words green --json");
	op_said("\"messages\": 0, \"held\": 0, \"dry_run\": false");
}
END_TEST


START_TEST(what_is_replaced_says_so)
{
	op_ok("message replace --words green --room One");
	op_said("replaced: 3\n");
	ck_assert_int_eq(op_number("SELECT count(*) FROM message WHERE "
		"room_id = 1 AND flags = 4 AND rtf IS NULL AND chat = "
		"'This message was removed by an administrator.'"), 3);
	ck_assert_int_eq(op_number("SELECT count(*) FROM history_find('{1}', "
		"'green', 0, false, NULL, '-infinity', 'infinity', NULL, true,"
		" 10)"), 0);
	ck_assert_int_eq(op_number("SELECT count(*) FROM history_find('{1}', "
		"'administrator', 0, false, NULL, '-infinity', 'infinity', "
		"NULL, true, 10)"), 3);

	op_ok("config set RemovedMessageText Gone.");
	op_ok("message replace --user bob@x");
	/* once is enough */
	op_said("replaced: 3\n");
	ck_assert_int_eq(op_number("SELECT count(*) FROM message WHERE "
				    "chat = 'Gone.'"), 3);
	op_ok("message replace --room Fresh --text 'I said no'");
	ck_assert_int_eq(op_number("SELECT count(*) FROM message WHERE "
				    "chat = 'I said no' AND room_id = 3"), 1);
}
END_TEST


START_TEST(a_room_is_cleared_up_to_a_date)
{
	op_ok("room clear One --before 2020-01-03 --dry-run");
	op_said("would be removed: 2\n");
	op_ok("room clear One --before 2020-01-03");
	ck_assert_int_eq(op_number(IDS_OF("1")), 34);
	ck_assert_int_eq(op_number(LEFT), 7);
}
END_TEST


START_TEST(a_room_that_was_deleted_is_reached_by_its_guid)
{
	sql("UPDATE room SET guid = '11111111-0000-0000-0000-000000000002',"
	    " deleted_at = now(), category_id = NULL WHERE room_id = 2");
	op_fails("no such room: Two", "message remove --room Two");
	op_ok("message remove --room "
	      "ma-chan://x/11111111-0000-0000-0000-000000000002");
	op_said("removed: 2\n");
}
END_TEST


START_TEST(a_hold_beats_everything)
{
	sql("UPDATE category SET retention_d = 30");
	op_ok("hold create 'Case 1' --room Two --dry-run");
	op_fails("no such hold: Case 1", "hold show 'Case 1'");
	op_ok("hold create 'Case 1' --room Two");
	op_said("Case 1: set");
	op_ok("hold create 'Case 2' --user sip:bob@x");

	op_ok("message remove --dry-run --words 'green grass' --match any");
	op_said("would be removed: 3\nkept, because of a hold: 2\n");
	op_ok("message remove --user bob@x");
	op_said("removed: 0\nkept, because of a hold: 4\n");
	op_ok("message replace --room Two");
	op_said("replaced: 0\nkept, because of a hold: 2\n");
	op_ok("room clear Two --before 2030-01-01");
	op_said("removed: 0\nkept, because of a hold: 2\n");
	op_ok("retention run");
	op_said("removed: 2\nkept, because of a hold: 4\n");
	ck_assert_int_eq(op_number(IDS_OF("1")), 24);
	ck_assert_int_eq(op_number(IDS_OF("2")), 123);
	ck_assert_int_eq(op_number(IDS_OF("3")), 12);

	/* nor by who forgets to ask */
	ck_assert_int_ne(store_sql(op_store(), "DELETE FROM message WHERE "
				   "room_id = 2"), 0);
	ck_assert_int_ne(store_sql(op_store(), "UPDATE message SET chat = '' "
				   "WHERE author_id = 102"), 0);
	ck_assert_int_eq(op_number(LEFT), 7);

	op_ok("hold lift 'Case 1'");
	op_said("Case 1: lifted");
	op_ok("message remove --room Two");
	op_said("removed: 1\nkept, because of a hold: 1\n");
}
END_TEST


START_TEST(holds_are_made_once_and_stay_on_record)
{
	op_ok("hold create Case --room One");
	op_fails("a hold of this name", "hold create Case --room Two");
	op_fails("one room or on one user",
		 "hold create Both --room One --user ada@x");
	op_fails("one room or on one user", "hold create None");
	op_fails("no such room: X", "hold create Odd --room X");
	op_fails("no such hold: Odd", "hold show Odd");
	op_fails("no such hold: Odd", "hold lift Odd");
	op_ok("hold show Case --json");
	op_said("\"messages\": 4");
	op_ok("hold lift Case");
	op_fails("lifted already", "hold lift Case");
	op_ok("hold list");
	op_said("operator");
	op_said("lifted");
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit WHERE "
		"actor = 'operator' AND action IN ('hold.create', 'hold.lift')"
		" AND object = 'Case'"), 2);
}
END_TEST


/* The order of things: the hold waits for the slice, the next slice obeys */
START_TEST(a_hold_made_meanwhile_is_obeyed_from_its_commit_on)
{
	PGconn *other = PQconnectdb(store_conninfo(op_store()));
	const char *const c = "{\"action\": \"remove\", \"room\": 1}";
	char text[160];

	(void)snprintf(text, sizeof(text), "BEGIN; SELECT message_sweep('%s',"
		       " 0, 0, 2, false)", c);
	PQclear(PQexec(other, text));
	ck_assert_int_ne(store_sql(op_store(), "SET lock_timeout = 50; SELECT"
				   " hold_create('Late', 'One', NULL)"), 0);
	PQclear(PQexec(other, "COMMIT"));
	PQfinish(other);

	ck_assert_int_eq(op_number(IDS_OF("1")), 34);
	op_ok("hold create Late --room One");
	ck_assert_int_eq(op_number("SELECT held FROM message_sweep('%s', 1, "
				    "2, 100, false)", c), 2);
	ck_assert_int_eq(op_number(IDS_OF("1")), 34);
}
END_TEST


START_TEST(slices_go_on_where_they_ended)
{
	const char *const c = "{\"action\": \"remove\", \"words\": \"green\","
		"\"match\": 1, \"case\": false}";

	ck_assert_int_eq(op_number("SELECT next_room * 100 + next_msg * 10 + "
		"gone FROM message_sweep('%s', 0, 0, 3, true)", c), 133);
	ck_assert_int_eq(op_number("SELECT next_room * 100 + next_msg * 10 + "
		"gone FROM message_sweep('%s', 1, 3, 3, true)", c), 140);
	ck_assert_int_eq(op_number("SELECT next_room * 100 + gone FROM "
		"message_sweep('%s', 1, 4, 42, true)", c), 201);
	ck_assert_int_eq(op_number("SELECT coalesce(next_room, 7) FROM "
		"message_sweep('%s', 0, 0, 1000, true)", c), 7);
	sql("SELECT say(1, 101, 'green') FROM generate_series(1, 2500)");
	op_ok("message remove --words green");
	op_said("removed: 2505\n");
}
END_TEST


/* What was read for the index before may not be put there after */
START_TEST(the_indexer_and_a_removal_do_not_meet)
{
	PGconn *other = PQconnectdb(store_conninfo(op_store()));

	sql("SELECT say(1, 101, 'late secret')");
	PQclear(PQexec(other, "BEGIN; SELECT search_index_step(0, 100, 100)"));
	ck_assert_int_ne(store_sql(op_store(), "SET lock_timeout = 50; SELECT"
		" message_sweep('{\"action\": \"remove\", \"room\": 1}', 0, 0,"
		" 100, false)"), 0);
	PQclear(PQexec(other, "COMMIT"));
	PQfinish(other);
	op_ok("message replace --words secret");
	op_said("replaced: 1");
	ck_assert_int_eq(op_number("SELECT count(*) FROM message_fts WHERE "
				    "tsv @@ 'secret'"), 0);
}
END_TEST


START_TEST(retention_is_the_rooms_or_its_categorys)
{
	sql("UPDATE category SET retention_d = 36500;"
	    "UPDATE room SET retention_d = 7 WHERE room_id = 2");
	op_ok("retention list --json");
	op_said("\"due\": 2");
	op_ok("retention run --dry-run");
	op_said("would be removed: 2\n");
	op_ok("retention run");
	ck_assert_int_eq(op_number(IDS_OF("1")), 1234);
	ck_assert_int_eq(op_number(IDS_OF("2")), 3);

	sql("UPDATE category SET retention_d = 7;"
	    "UPDATE room SET retention_d = 36500 WHERE room_id = 2");
	op_ok("retention run");
	op_said("removed: 4\n");
	ck_assert_int_eq(op_number(IDS_OF("3")), 12);
	ck_assert_int_eq(op_number("SELECT count(*) FROM message_fts WHERE "
				    "room_id < 3"), 0);
}
END_TEST


START_TEST(the_background_removes_what_is_due_once_in_an_interval)
{
	sql("UPDATE category SET retention_d = 7");
	ck_assert_int_eq(op_number("SELECT gone * 10 + more::int FROM "
				    "retention_step(60, 3)"), 31);
	ck_assert_int_eq(op_number("SELECT gone FROM "
				    "retention_step(60, 100)"), 3);
	sql("UPDATE category SET retention_d = 8;"
	    "SELECT say(1, 101, 'old')");
	ck_assert_int_eq(op_number("SELECT gone FROM "
				    "retention_step(60, 100)"), 0);
	sql("UPDATE retention SET passed_on = passed_on - interval '61 s'");
	ck_assert_int_eq(op_number("SELECT gone FROM "
				    "retention_step(60, 100)"), 1);
	ck_assert_int_eq(op_number("SELECT sum((detail ->> 'removed')::int) "
		"FROM admin_audit WHERE action = 'retention'"), 7);
}
END_TEST


START_TEST(one_process_at_a_time_does_retention)
{
	PGconn *other = PQconnectdb(store_conninfo(op_store()));

	sql("UPDATE category SET retention_d = 7");
	PQclear(PQexec(other, "BEGIN; SELECT pg_advisory_xact_lock("
		       "hashtextextended('pchat.retention', 0))"));
	ck_assert_int_eq(op_number("SELECT gone FROM "
				    "retention_step(60, 100)"), 0);
	PQclear(PQexec(other, "COMMIT"));
	PQfinish(other);
	ck_assert_int_eq(op_number("SELECT gone FROM "
				    "retention_step(60, 100)"), 6);
}
END_TEST


START_TEST(files_go_with_the_messages_that_link_them)
{
	sql("INSERT INTO file (file_id, room_id, name, extension, size_bytes,"
	    " uploaded_by) SELECT x::uuid, 1, 'f', 'txt', 1, 101 FROM "
	    "unnest(ARRAY['00000000-0000-0000-0000-00000000000a',"
	    "'00000000-0000-0000-0000-00000000000b']) AS x;"
	    "SELECT say(1, 101, 'see ma-filelink://x/11111111-0000-0000-0000-"
	    "000000000000/00000000-0000-0000-0000-00000000000A.txt?name=f');"
	    "SELECT say(1, 101, 'ma-filelink://x/00000000-0000-0000-0000-"
	    "00000000000b.txt')");
	op_ok("message replace --words see");
	ck_assert_int_eq(op_number("SELECT count(*) FROM files_purged(10)"),
			 1);
	op_ok("hold create Case --user ada@x");
	ck_assert_int_eq(op_number("SELECT count(*) FROM files_purged(10)"),
			 0);
	op_ok("hold lift Case");
	op_ok("room clear One --before 2030-01-01");
	ck_assert_int_eq(op_number("SELECT count(*) FROM files_purged(10)"),
			 2);
}
END_TEST


#define LINK "ma-filelink://x/00000000-0000-0000-0000-00000000000c.txt"
#define PURGED "SELECT count(*) FROM files_purged(10)"

/* Ada's file: bob posts it first, then ada does, then bob quotes her */
START_TEST(a_file_stays_while_a_message_links_it)
{
	sql("INSERT INTO file (file_id, room_id, name, extension, size_bytes,"
	    " uploaded_by) VALUES ('00000000-0000-0000-0000-00000000000c', 1,"
	    " 'f', 'txt', 1, 101);"
	    "SELECT say(1, 102, 'stolen " LINK "')");
	op_ok("message remove --words stolen");
	ck_assert_int_eq(op_number(PURGED), 0);

	sql("SELECT say(1, 101, 'mine " LINK "'),"
	    " say(1, 102, 'she says: " LINK "'), say(1, 102, 'and " LINK "')");
	op_ok("message remove --words says");
	ck_assert_int_eq(op_number(PURGED), 0);
	op_ok("message replace --words mine");
	ck_assert_int_eq(op_number(PURGED), 0);
	op_ok("message remove --words and");
	ck_assert_int_eq(op_number(PURGED), 1);
}
END_TEST


START_TEST(administrators_see_what_they_would_remove)
{
	op_ok("hold create Case --room Two");
	op_ok("message list --words green --json");
	op_said("\"text\": \"is the build Green?\"");
	op_said("\"held\": true");
	op_silent_on("not kept");
	op_ok("message list --room One --limit 2");
	op_said("green grass");
	op_silent_on("greenhouse");
}
END_TEST


START_TEST(all_of_it_is_on_record)
{
	sql("SELECT compliance_enable(true)");
	op_ok("message list --room One");
	op_ok("message remove --user ada@x --room One");
	op_ok("message replace --words bye");
	op_ok("room clear Two --before 2020-01-02");

	ck_assert_int_eq(op_number("SELECT count(*) FROM outbox WHERE kind = "
		"2 AND room_id = 1 AND body -> 'ids' = '[[1, 4]]'"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM outbox WHERE kind = "
		"10 AND room_id = 1 AND body @> '{\"action\": \"remove\", "
		"\"by\": \"operator\", \"ids\": [[1, 1], [3, 3]]}'"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM outbox WHERE kind = "
		"10 AND room_id = 3 AND body @> '{\"action\": \"replace\", "
		"\"ids\": [[2, 2]]}'"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM outbox WHERE kind = "
		"11 AND room_id = 2 AND body @> '{\"action\": \"clear\", "
		"\"ids\": [[1, 1]]}'"), 1);
	/* before and after, each; a look is one */
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit WHERE "
		"actor = 'operator' AND action LIKE 'message.%%'"), 7);
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit WHERE "
		"action = 'message.remove.done' AND detail @> "
		"'{\"messages\": 2, \"held\": 0}'"), 1);
}
END_TEST


static Suite *db_message_suite(void)
{
	Suite *suite = suite_create("db/message");
	TCase *tc = tcase_create("message");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, op_teardown);
	tcase_add_test(tc,
		       words_are_whole_and_matched_by_all_any_exact_and_case);
	tcase_add_test(tc, rooms_users_and_times_are_conditions);
	tcase_add_test(tc, a_day_is_meant_to_its_end);
	tcase_add_test(tc, what_makes_no_sense_is_refused);
	tcase_add_test(tc, what_is_removed_leaves_nothing);
	tcase_add_test(tc, what_is_replaced_says_so);
	tcase_add_test(tc, a_room_is_cleared_up_to_a_date);
	tcase_add_test(tc, a_room_that_was_deleted_is_reached_by_its_guid);
	tcase_add_test(tc, a_hold_beats_everything);
	tcase_add_test(tc, holds_are_made_once_and_stay_on_record);
	tcase_add_test(tc, a_hold_made_meanwhile_is_obeyed_from_its_commit_on);
	tcase_add_test(tc, slices_go_on_where_they_ended);
	tcase_add_test(tc, the_indexer_and_a_removal_do_not_meet);
	tcase_add_test(tc, retention_is_the_rooms_or_its_categorys);
	tcase_add_test(tc,
		       the_background_removes_what_is_due_once_in_an_interval);
	tcase_add_test(tc, one_process_at_a_time_does_retention);
	tcase_add_test(tc, files_go_with_the_messages_that_link_them);
	tcase_add_test(tc, a_file_stays_while_a_message_links_it);
	tcase_add_test(tc, administrators_see_what_they_would_remove);
	tcase_add_test(tc, all_of_it_is_on_record);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(db_message_suite)
