/**
 * @file tests/db/test_check.c  pchatctl compliance check
 *
 * Messages and people in rooms as the store's triggers tell of them, archived;
 * then something is missing somewhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "tests/db/archiving.h"
#include "tests/support/store.h"
#include "tests/unit/suite.h"


static void mgc(const char *sql)
{
	ck_assert_int_eq(store_sql(archiving_store(), sql), 0);
}


static void begin(void)
{
	archiving_setup();
	mgc("DELETE FROM outbox; DELETE FROM message; DELETE FROM roster; "
	    "DELETE FROM endpoint; DELETE FROM outbox; "
	    "INSERT INTO category (category_id, name) VALUES (1, 'Main') "
	    "ON CONFLICT DO NOTHING; "
	    "INSERT INTO room (room_id, category_id, name) SELECT i, 1, "
	    "'Room ' || i FROM generate_series(1, 3) i "
	    "ON CONFLICT DO NOTHING; "
	    "INSERT INTO principal (principal_id, kind, key, name) VALUES "
	    "(500, 5, 'sip:u@x', 'sip:u@x') ON CONFLICT DO NOTHING; "
	    "DELETE FROM outbox; SELECT compliance_enable(true); "
	    "INSERT INTO endpoint (endpoint_id, principal_id, epid, "
	    "instance_id) VALUES (41, 500, 'a', 1), (42, 500, 'b', 1); "
	    "INSERT INTO roster (room_id, endpoint_id, mask) VALUES "
	    "(1, 41, 1), (1, 42, 1), (2, 41, 1)");
	mgc("INSERT INTO message (room_id, msg_id, author_id, ts, origin, "
	    "chat) SELECT r, i, 500, clock_timestamp(), 9, 'x' FROM "
	    "generate_series(1, 2) r, generate_series(1, 20) i");
	mgc("DELETE FROM endpoint WHERE endpoint_id = 42");

	archiving_adapter("a", NULL, NULL);
	archiving_up("run.keep_s\t1000000\n");
}


static int check(void)
{
	return archiving_ctl("compliance", "check", "--archive",
			     archiving_dir("a"), NULL);
}


static void ck_good(void)
{
	ck_assert_msg(!check(), "%s", archiving_err());
	ck_assert_ptr_nonnull(strstr(archiving_out(), "40 messages in the "
				     "store, 40 archived, 0 waiting: 0 pro"));
}


static void ck_bad(const char *what)
{
	ck_assert_int_eq(check(), 1);
	ck_assert_msg(strstr(archiving_err(), what) != NULL,
		      "not said: %s\nsaid: %s", what, archiving_err());
}


START_TEST(a_good_archive_is_attested)
{
	archiving_push();
	archiving_run();
	ck_good();

	/* from the compliance store alone, while it has them */
	ck_assert_msg(!archiving_ctl("compliance", "check", NULL), "%s",
		      archiving_err());
	archiving_sql("SELECT stage_forget(1); "
		      "UPDATE batch SET deleted_on = now()");
	ck_assert_int_eq(archiving_ctl("compliance", "check", NULL), 1);
	ck_assert_ptr_nonnull(strstr(archiving_err(), "--archive"));
	ck_good();
}
END_TEST


START_TEST(what_waits_is_not_archived)
{
	ck_bad("message 1 of room");
	ck_bad("waits: it is not archived yet");
	archiving_push();
	ck_bad("waits: it is not archived yet");
	archiving_run();
	ck_good();
}
END_TEST


START_TEST(a_message_that_no_event_told_of)
{
	archiving_push();
	mgc("ALTER TABLE message DISABLE TRIGGER compliance_chat; "
	    "INSERT INTO message (room_id, msg_id, author_id, ts, origin, "
	    "chat) VALUES (1, 21, 500, now(), 9, 'x'); "
	    "ALTER TABLE message ENABLE TRIGGER compliance_chat");
	archiving_run();
	ck_bad("message 21 of room");
	ck_bad("is missing");
}
END_TEST


START_TEST(an_event_that_was_lost_on_the_way)
{
	archiving_push();
	archiving_sql("DELETE FROM staged WHERE kind = 1 AND msg_id = 7 AND "
		      "room = (SELECT max(room::text) FROM staged)::uuid");
	archiving_run();
	ck_bad("message 7 of room");
	ck_bad("message 7 to 7 of room");
	ck_bad("no event tells of them");
}
END_TEST


START_TEST(a_part_that_was_lost)
{
	archiving_push();
	archiving_sql("DELETE FROM staged WHERE kind = 21");
	archiving_run();
	ck_bad("session 42 in room");
	ck_bad("1 JOIN, 0 PART, and is not in it");
}
END_TEST


static void say(int msg_id, int session)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql), "INSERT INTO message (room_id,"
		       " msg_id, author_id, ts, origin, session, chat) VALUES"
		       " (1, %d, 500, clock_timestamp(), 9, %d, 'x')", msg_id,
		       session);
	mgc(sql);
}


/* 41 is in the room, 42 has left it, 43 never was there */
START_TEST(a_message_of_a_session_that_was_not_there)
{
	say(21, 41);
	say(22, 42);
	ck_bad("message 22 of room");
	ck_bad("was said by session 42 outside its JOIN and PART");
	say(23, 43);
	archiving_push();
	archiving_run();
	ck_bad("was said by session 42 outside its JOIN and PART");
	ck_bad("was said by session 43 outside its JOIN and PART");
	ck_assert_ptr_null(strstr(archiving_err(), "session 41"));
}
END_TEST


/* Its place waits for the client, which counts as having left */
START_TEST(a_session_that_was_lost_and_came_back)
{
	mgc("UPDATE endpoint SET instance_id = NULL, detached_on ="
	    " clock_timestamp() WHERE endpoint_id = 41");
	archiving_push();
	archiving_run();
	ck_good();
	mgc("UPDATE endpoint SET instance_id = 1, detached_on = NULL");
	archiving_push();
	archiving_run();
	ck_good();
}
END_TEST


START_TEST(messages_go_with_a_reason_or_are_missed)
{
	archiving_push();
	archiving_run();
	mgc("DELETE FROM message WHERE room_id = 1 AND msg_id IN (3, 4)");
	archiving_push();
	ck_bad("message 3 of room");
	ck_bad("gone from the store, and no REPLACED");

	mgc("SELECT event_emit(11::smallint, 1, NULL, NULL, NULL, "
	    "'{\"ids\": [[3, 4]]}')");
	ck_assert_msg(!check(), "%s", archiving_err());
	archiving_push();
	archiving_run();
	ck_assert_msg(!check(), "%s", archiving_err());
}
END_TEST


START_TEST(an_archive_that_was_cut_short)
{
	char cmd[256];

	archiving_push();
	archiving_run();
	mgc("INSERT INTO message (room_id, msg_id, author_id, ts, origin, "
	    "chat) VALUES (1, 21, 500, clock_timestamp(), 9, 'x')");
	archiving_push();
	archiving_run();
	ck_assert_msg(!check(), "%s", archiving_err());

	(void)snprintf(cmd, sizeof(cmd), "rm %s/*000002*",
		       archiving_dir("a"));
	ck_assert_int_eq(system(cmd), 0);
	ck_bad("the archive ends with manifest 1, a has written 2");
	ck_bad("message 21 of room");
}
END_TEST


static void end(void)
{
	archiving_teardown();
	mgc("SELECT compliance_enable(false)");
}


static Suite *check_suite(void)
{
	Suite *suite = suite_create("db/check");
	TCase *tc = tcase_create("check");

	tcase_add_unchecked_fixture(tc, archiving_begin, archiving_end);
	tcase_add_checked_fixture(tc, begin, end);
	tcase_set_timeout(tc, 90);
	tcase_add_test(tc, a_good_archive_is_attested);
	tcase_add_test(tc, what_waits_is_not_archived);
	tcase_add_test(tc, a_message_that_no_event_told_of);
	tcase_add_test(tc, an_event_that_was_lost_on_the_way);
	tcase_add_test(tc, a_part_that_was_lost);
	tcase_add_test(tc, a_message_of_a_session_that_was_not_there);
	tcase_add_test(tc, a_session_that_was_lost_and_came_back);
	tcase_add_test(tc, messages_go_with_a_reason_or_are_missed);
	tcase_add_test(tc, an_archive_that_was_cut_short);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(check_suite)
