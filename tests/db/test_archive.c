/**
 * @file tests/db/test_archive.c  From staged events into archives
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <re.h>
#include "tests/db/archiving.h"
#include "tests/support/store.h"
#include "tests/unit/suite.h"

static char text[65536];


/* A file that the plug-in has written */
static const char *batch_text(const char *name, unsigned batch)
{
	char path[256];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s-%012u.txt",
		       archiving_dir(name), name, batch);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "no %s", path);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	(void)fclose(f);

	return text;
}


static void ck_verifies(const char *name, const char *what)
{
	ck_assert_msg(!archiving_ctl("archive", "verify", archiving_dir(name),
				     NULL), "%s", archiving_err());
	ck_assert_msg(strstr(archiving_out(), what) != NULL, "%s",
		      archiving_out());
}


START_TEST(events_become_batches_and_go_when_they_are_archived)
{
	unsigned i;
	char want[32];

	archiving_adapter("a", NULL, NULL);
	archiving_chats(1, 1, 130);
	archiving_chats(2, 1, 120);
	archiving_up("run.events_max\t100\n");
	archiving_run();

	/* 100 of room 1, its other 30 and 70 of room 2, 50 of room 2 */
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM batch"), 3);
	archiving_wait(3, "SELECT count(*) FROM batch "
		       "WHERE deleted_on IS NOT NULL");
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM staged"), 0);
	ck_verifies("a", "3 batches, 250 events, 6 files");

	(void)batch_text("a", 2);
	ck_assert_ptr_nonnull(strstr(text, "room Room 1\nstart\nCHAT 101 "));
	for (i = 102; i <= 130; i++) {
		(void)snprintf(want, sizeof(want), "CHAT %u sip:u1@x", i);
		ck_assert_ptr_nonnull(strstr(text, want));
	}
	ck_assert_ptr_nonnull(strstr(text, "room Room 2\nstart\nCHAT 1 "));
}
END_TEST


START_TEST(a_conversation_knows_who_was_there)
{
	archiving_adapter("a", NULL, NULL);
	archiving_presence(1, 1, 20, 1);
	archiving_presence(1, 2, 20, 2);
	archiving_presence(1, 2, 21, 3);
	archiving_presence(1, 3, 20, 4);
	archiving_presence(1, 3, 21, 5);
	archiving_presence(1, 3, 20, 6);
	archiving_up("run.events_max\t3\n");
	archiving_run();

	/* in the first 1 came and 2 came and left, in the second 3 did all */
	(void)batch_text("a", 1);
	ck_assert_ptr_nonnull(strstr(text, "start\nJOIN"));
	ck_assert_ptr_nonnull(strstr(text, "\nend sip:u1@x\n"));
	(void)batch_text("a", 2);
	ck_assert_ptr_nonnull(strstr(text, "start sip:u1@x\nJOIN"));
	ck_assert_ptr_nonnull(strstr(text, "\nend sip:u1@x sip:u3@x\n"));

	archiving_presence(1, 1, 21, 7);
	archiving_run();
	(void)batch_text("a", 3);
	ck_assert_ptr_nonnull(strstr(text, "start sip:u1@x sip:u3@x\nPART"));
	ck_assert_ptr_nonnull(strstr(text, "\nend sip:u3@x\n"));
}
END_TEST


START_TEST(events_of_no_room_pass_through)
{
	archiving_adapter("a", NULL, NULL);
	archiving_sql("SELECT stage(jsonb_build_array(jsonb_build_object("
		      "'id', gen_random_uuid(), 'kind', 35, 'ts', 1, 'room', "
		      "null, 'user', null, 'detail', "
		      "jsonb_build_object('action', 'x'))))");
	archiving_chats(1, 1, 2);
	archiving_up(NULL);
	archiving_run();
	(void)batch_text("a", 1);
	ck_assert_ptr_nonnull(strstr(text, "room -\nstart\nADMIN 0 - - -\n"));
	ck_verifies("a", "1 batches, 3 events");
}
END_TEST


START_TEST(an_adapter_that_cannot_now_is_asked_again)
{
	archiving_adapter("a", NULL, NULL);
	archiving_mood("a", "later");
	archiving_chats(1, 1, 10);
	archiving_up(NULL);
	archiving_wait(1, "SELECT count(*) FROM adapter WHERE "
		       "state = 'waiting' AND tries > 1");
	ck_assert_int_eq(archiving_ctl("compliance", "status", NULL), 0);
	ck_assert_ptr_nonnull(strstr(archiving_out(), "not in the mood"));
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM staged"), 10);

	archiving_mood("a", NULL);
	archiving_wait(1, "SELECT batch_id FROM adapter");
	archiving_wait(0, "SELECT count(*) FROM staged");
	ck_verifies("a", "1 batches, 10 events");
}
END_TEST


/* Batch 2 of three is poison */
static void poison(const char *mood)
{
	archiving_adapter("a", NULL, "adapter.timeout_s\t1\n");
	archiving_mood("a", mood);
	archiving_chats(1, 1, 30);
	archiving_up("run.events_max\t10\n");
	archiving_wait(3, "SELECT batch_id FROM adapter");
	ck_assert_int_eq(archiving_number("SELECT batch_id FROM refused"), 2);
	archiving_wait(10, "SELECT count(*) FROM staged");
}


START_TEST(a_refused_batch_waits_for_a_word_and_holds_nobody_up)
{
	poison("refuse 2");
	ck_assert_int_eq(archiving_ctl("compliance", "status", NULL), 0);
	ck_assert_ptr_nonnull(strstr(archiving_out(), "REFUSED BY"));
	ck_assert_int_eq(archiving_ctl("compliance", "retry", "a", "3", NULL),
			 1);
	ck_assert_ptr_nonnull(strstr(archiving_err(), "has not refused"));
	ck_verifies("a", "3 batches, 20 events, 4 files");

	archiving_mood("a", NULL);
	ck_assert_int_eq(archiving_ctl("compliance", "retry", "a", "2", NULL),
			 0);
	archiving_wait(0, "SELECT count(*) FROM refused");
	archiving_wait(0, "SELECT count(*) FROM staged");
	(void)batch_text("a", 2);
	ck_assert_ptr_nonnull(strstr(text, "CHAT 11 "));

	/* 1, 2 refused, 3, 2 again */
	ck_verifies("a", "4 batches, 30 events");
}
END_TEST


START_TEST(a_refused_batch_can_be_given_up)
{
	poison("refuse 2");
	ck_assert_int_eq(archiving_ctl("--as", "chris", "compliance", "skip",
				       "a", "2", NULL), 0);
	archiving_wait(0, "SELECT count(*) FROM refused");
	archiving_wait(0, "SELECT count(*) FROM staged");
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM manifest WHERE"
					  " result = 'skipped' AND body LIKE "
					  "'%%skipped by chris%%'"), 1);
	ck_verifies("a", "4 batches, 20 events");
}
END_TEST


START_TEST(a_batch_that_kills_its_adapter_is_refused)
{
	poison("crash 2");
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM refused WHERE "
					  "error LIKE '%%died%%'"), 1);
	ck_verifies("a", "3 batches, 20 events");
}
END_TEST


START_TEST(an_adapter_that_hangs_is_ended_and_the_batch_refused)
{
	poison("hang 2");
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM refused WHERE "
					  "error LIKE '%%died%%'"), 1);
}
END_TEST


START_TEST(each_adapter_has_its_own_place)
{
	archiving_adapter("a", NULL, NULL);
	archiving_adapter("b", NULL, NULL);
	archiving_adapter("c", "null", "adapter.required\tno\n");
	archiving_mood("a", "later");
	archiving_chats(1, 1, 20);
	archiving_up("run.events_max\t10\n");
	archiving_wait(2, "SELECT count(*) FROM adapter WHERE batch_id = 2");
	ck_assert_int_eq(archiving_number("SELECT batch_id FROM adapter WHERE "
					  "name = 'a'"), 0);
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM staged"), 20);
	ck_verifies("b", "2 batches, 20 events");
	ck_verifies("c", "2 batches, 20 events");

	archiving_mood("a", NULL);
	archiving_wait(0, "SELECT count(*) FROM staged");
	ck_verifies("a", "2 batches, 20 events");
}
END_TEST


START_TEST(who_is_not_required_is_not_waited_for)
{
	archiving_adapter("a", NULL, NULL);
	archiving_adapter("b", NULL, "adapter.required\tno\n");
	archiving_mood("b", "later");
	archiving_chats(1, 1, 10);
	archiving_up(NULL);
	archiving_wait(0, "SELECT count(*) FROM staged");

	archiving_mood("b", NULL);
	archiving_wait(1, "SELECT count(*) FROM manifest WHERE "
		       "adapter = 'b' AND result = 'missed'");
	ck_verifies("b", "1 batches, 0 events");
}
END_TEST


START_TEST(without_adapters_nothing_is_deleted)
{
	archiving_chats(1, 1, 10);
	archiving_up(NULL);
	archiving_run();
	archiving_run();
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM staged"), 10);
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM batch WHERE "
					  "deleted_on IS NULL"), 1);
}
END_TEST


START_TEST(an_adapter_that_is_configured_no_more_keeps_its_place)
{
	archiving_adapter("a", NULL, NULL);
	archiving_chats(1, 1, 10);
	archiving_sql("INSERT INTO adapter (name, type, required, batch_id) "
		      "VALUES ('old', 'xml', true, 0)");
	archiving_up(NULL);
	archiving_wait(1, "SELECT batch_id FROM adapter WHERE name = 'a'");
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM staged"), 10);

	ck_assert_int_eq(archiving_ctl("compliance", "remove", "a", NULL), 1);
	ck_assert_int_eq(archiving_ctl("compliance", "remove", "old", NULL),
			 0);
	archiving_wait(0, "SELECT count(*) FROM staged");
}
END_TEST


/* What is in the store's outbox, or about to be, may be older than what is
   here already: no batch goes past it */
START_TEST(a_batch_stops_at_what_is_still_to_come)
{
	archiving_adapter("a", NULL, NULL);
	archiving_chats(1, 1, 20);
	/* a second later than message 10 */
	ck_assert_int_eq(store_sql(archiving_store(),
		"INSERT INTO outbox (instance_id, kind, ts) VALUES (5, 35, "
		"to_timestamp(1700000000 + 3600 + 60 + 11))"), 0);
	archiving_up(NULL);
	archiving_wait(10, "SELECT sum(eventc) FROM batch");
	archiving_wait(1, "SELECT batch_id FROM adapter");

	ck_assert_int_eq(store_sql(archiving_store(), "DELETE FROM outbox"),
			 0);
	archiving_run();
	ck_assert_int_eq(archiving_number("SELECT sum(eventc) FROM batch"),
			 20);
	ck_verifies("a", "2 batches, 20 events");
}
END_TEST


START_TEST(who_has_not_the_lease_does_nothing)
{
	archiving_adapter("a", NULL, NULL);
	archiving_chats(1, 1, 10);
	archiving_sql("UPDATE lease SET holder = 'other', "
		      "until = now() + interval '1 hour'");
	archiving_up(NULL);
	archiving_wait(1, "SELECT count(*) FROM pg_stat_activity WHERE "
		       "application_name = 'pchat-archive' AND "
		       "query LIKE '%%lease_take%%' AND "
		       "datname = current_database()");
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM batch"), 0);
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM adapter"), 0);

	/* it died */
	archiving_sql("UPDATE lease SET until = now()");
	archiving_wait(1, "SELECT batch_id FROM adapter");

	/* and a batch is closed by the holder alone */
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM "
					  "batch_close('other', now(), 10, "
					  "1000)"), 0);
}
END_TEST


START_TEST(an_archive_that_is_behind_closes_the_pool)
{
	struct store *st = archiving_store();

	ck_assert_int_eq(store_sql(st, "INSERT INTO configuration (key, value)"
				   " VALUES ('ComplianceLagAlarm', '600'), "
				   "('ComplianceFailClosed', '3600')"), 0);
	archiving_adapter("a", NULL, NULL);
	archiving_mood("a", "later");
	archiving_chats(1, 1, 10);          /* years ago */
	archiving_up(NULL);
	archiving_state_wait("t", "(SELECT closed FROM compliance_state)");
	archiving_state_wait("t", "(SELECT oldest < now() - interval '1 year' "
			     "FROM compliance_state)");

	archiving_mood("a", NULL);
	archiving_state_wait("f", "(SELECT closed FROM compliance_state)");
	archiving_state_wait("t", "(SELECT oldest IS NULL FROM "
			     "compliance_state)");
	ck_assert_int_eq(store_sql(st, "DELETE FROM configuration"), 0);
}
END_TEST


static void sh(const char *cmd)
{
	ck_assert_int_eq(system(cmd), 0);
}


START_TEST(manifests_are_signed_with_the_adapters_key)
{
	char key[128], extra[192], pub[128], cmd[1024];

	(void)snprintf(key, sizeof(key), "%s", archiving_dir("key.pem"));
	(void)snprintf(pub, sizeof(pub), "%s", archiving_dir("pub.pem"));
	(void)snprintf(cmd, sizeof(cmd), "umask 077; openssl genpkey "
		       "-algorithm ed25519 -out %s 2>/dev/null; openssl pkey "
		       "-in %s -pubout -out %s", key, key, pub);
	sh(cmd);
	(void)snprintf(extra, sizeof(extra), "adapter.sign_key\t%s\n", key);
	archiving_adapter("a", NULL, extra);
	archiving_chats(1, 1, 5);
	archiving_up(NULL);
	archiving_run();
	ck_assert_msg(!archiving_ctl("archive", "verify", archiving_dir("a"),
				     "--key", pub, NULL), "%s",
		      archiving_err());

	(void)snprintf(cmd, sizeof(cmd), "umask 077; openssl genpkey "
		       "-algorithm ed25519 -out %s 2>/dev/null; openssl pkey "
		       "-in %s -pubout -out %s", key, key, pub);
	sh(cmd);
	ck_assert_int_eq(archiving_ctl("archive", "verify",
				       archiving_dir("a"), "--key", pub,
				       NULL), 1);
	ck_assert_ptr_nonnull(strstr(archiving_err(),
				     "signed with a key that is not given"));

	ck_assert_int_eq(chmod(key, 0644), 0);
	ck_assert_int_eq(archiving_ctl("archive", "replay", "--adapter",
				       archiving_file("a"), "--out", "/tmp",
				       NULL), 1);
	ck_assert_ptr_nonnull(strstr(archiving_err(), "adapter.sign_key"));
}
END_TEST


#define UPLOADED "ab345678-1234-4234-8234-123456789012.txt"

START_TEST(an_adapter_is_told_where_a_file_is)
{
	char conf[128], cmd[512], path[192];

	(void)snprintf(conf, sizeof(conf), "files.archive\t%s\n",
		       archiving_dir("files"));
	(void)snprintf(path, sizeof(path), "%s/ab/" UPLOADED,
		       archiving_dir("files"));
	(void)snprintf(cmd, sizeof(cmd), "mkdir -p $(dirname %s) && echo hi "
		       ">%s", path, path);
	sh(cmd);

	archiving_adapter("a", NULL, NULL);
	archiving_sql("SELECT stage(jsonb_build_array(jsonb_build_object("
		      "'id', gen_random_uuid(), 'kind', 4, 'ts', 1, "
		      "'detail', jsonb_build_object('file', '" UPLOADED
		      "')), jsonb_build_object('id', gen_random_uuid(), "
		      "'kind', 3, 'ts', 2, 'detail', jsonb_build_object("
		      "'file', '../../../../etc/passwd'))))");
	archiving_up(conf);
	archiving_run();

	(void)batch_text("a", 1);
	ck_assert_ptr_nonnull(strstr(text, "FILEUPLOAD 0 - - "));
	ck_assert_ptr_nonnull(strstr(text, path));
	ck_assert_ptr_nonnull(strstr(text, "FILEDOWNLOAD 0 - - -\n"));
}
END_TEST


START_TEST(what_is_kept_can_be_built_again)
{
	char dir[256];

	archiving_adapter("a", NULL, NULL);
	archiving_chats(1, 1, 30);
	archiving_up("run.events_max\t10\nrun.keep_s\t315360000\n");
	archiving_run();
	archiving_run();
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM staged"), 30);

	(void)snprintf(dir, sizeof(dir), "%s-again", archiving_dir("a"));
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert_msg(!archiving_ctl("archive", "replay", "--adapter",
				     archiving_file("a"), "--out", dir,
				     NULL), "%s", archiving_err());
	ck_assert_ptr_nonnull(strstr(archiving_out(),
				     "3 batches, 30 events"));
	ck_verifies("a-again", "3 batches, 30 events");

	archiving_sql("UPDATE batch SET deleted_on = now() "
		      "WHERE batch_id = 2");
	ck_assert_int_eq(archiving_ctl("archive", "replay", "--adapter",
				       archiving_file("a"), "--out", dir,
				       NULL), 1);
	ck_assert_ptr_nonnull(strstr(archiving_err(), "batch 2 are deleted"));
}
END_TEST


START_TEST(an_adapter_that_is_wrong_is_said_so)
{
	struct mbuf *mb = mbuf_alloc(64);

	archiving_adapter("a", "nosuch", NULL);
	ck_assert_int_eq(archiving_ctl("archive", "replay", "--adapter",
				       archiving_file("a"), "--out", "/tmp",
				       NULL), 1);
	ck_assert_ptr_nonnull(strstr(archiving_err(),
				     "adapter.type: nosuch: no such adapter"));

	archiving_adapter("b", "null", "colour\tred\n");
	ck_assert_int_eq(archiving_ctl("archive", "replay", "--adapter",
				       archiving_file("b"), "--out", "/tmp",
				       NULL), 1);
	ck_assert_ptr_nonnull(strstr(archiving_err(), "colour"));

	archiving_adapter("c", "/lib/x86_64-linux-gnu/libm.so.6", NULL);
	ck_assert_int_eq(archiving_ctl("archive", "replay", "--adapter",
				       archiving_file("c"), "--out", "/tmp",
				       NULL), 1);
	ck_assert_ptr_nonnull(strstr(archiving_err(), "is no adapter"));
	mem_deref(mb);
}
END_TEST


static Suite *archive_suite(void)
{
	Suite *suite = suite_create("db/archive");
	TCase *tc = tcase_create("archive");

	tcase_add_unchecked_fixture(tc, archiving_begin, archiving_end);
	tcase_add_checked_fixture(tc, archiving_setup, archiving_teardown);
	tcase_set_timeout(tc, 90);
	tcase_add_test(tc,
		       events_become_batches_and_go_when_they_are_archived);
	tcase_add_test(tc, a_conversation_knows_who_was_there);
	tcase_add_test(tc, events_of_no_room_pass_through);
	tcase_add_test(tc, an_adapter_that_cannot_now_is_asked_again);
	tcase_add_test(tc,
		       a_refused_batch_waits_for_a_word_and_holds_nobody_up);
	tcase_add_test(tc, a_refused_batch_can_be_given_up);
	tcase_add_test(tc, a_batch_that_kills_its_adapter_is_refused);
	tcase_add_test(tc,
		       an_adapter_that_hangs_is_ended_and_the_batch_refused);
	tcase_add_test(tc, each_adapter_has_its_own_place);
	tcase_add_test(tc, who_is_not_required_is_not_waited_for);
	tcase_add_test(tc, without_adapters_nothing_is_deleted);
	tcase_add_test(tc,
		       an_adapter_that_is_configured_no_more_keeps_its_place);
	tcase_add_test(tc, a_batch_stops_at_what_is_still_to_come);
	tcase_add_test(tc, who_has_not_the_lease_does_nothing);
	tcase_add_test(tc, an_archive_that_is_behind_closes_the_pool);
	tcase_add_test(tc, manifests_are_signed_with_the_adapters_key);
	tcase_add_test(tc, an_adapter_is_told_where_a_file_is);
	tcase_add_test(tc, what_is_kept_can_be_built_again);
	tcase_add_test(tc, an_adapter_that_is_wrong_is_said_so);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(archive_suite)
