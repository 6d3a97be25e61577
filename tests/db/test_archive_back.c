/**
 * @file tests/db/test_archive_back.c  Stores and directories that were set back
 *
 * Each is restored from a dump or a copy while the others went on, made anew,
 * or exchanged.  Whatever happens, what is new is archived once, nothing that
 * was written changes, and the fork is named.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <re.h>
#include "tests/db/archiving.h"
#include "tests/support/store.h"
#include "tests/unit/suite.h"


/* The archive is whole, and its manifests' hashes as they were */
static void ck_whole(const char *what)
{
	ck_assert_msg(!archiving_ctl("archive", "verify", archiving_dir("a"),
				     NULL), "%s%s", archiving_out(),
		      archiving_err());
	ck_assert_msg(strstr(archiving_out(), what) != NULL, "%s",
		      archiving_out());
}


/* By an auditor's program that knows nothing but compliance/FORMAT.md */
static void ck_audited(const char *args)
{
	archiving_sh("python3 tests/unit/compliance/audit.py %s %s >&2",
		     archiving_dir("a"), args);
}


static void remember(void)
{
	archiving_sh("cd %s && find . -type f ! -name .lock | sort | "
		     "xargs sha256sum >../kept", archiving_dir("a"));
}


static void ck_nothing_changed(void)
{
	archiving_sh("cd %s && sha256sum --quiet -c ../kept",
		     archiving_dir("a"));
}


static void ck_status(const char *what)
{
	ck_assert_int_eq(archiving_ctl("compliance", "status", NULL), 0);
	ck_assert_msg(strstr(archiving_out(), what) != NULL, "%s",
		      archiving_out());
}


static void ck_check(const char *what)
{
	(void)archiving_ctl("compliance", "check", "--archive",
			    archiving_dir("a"), NULL);
	ck_assert_msg(strstr(archiving_out(), what) != NULL, "%s%s",
		      archiving_out(), archiving_err());
}


static int in_archive(const char *text)
{
	char path[128], n[16] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s", archiving_dir("n"));
	archiving_sh("cat %s/*.jsonl | grep -c '%s' >%s || true",
		     archiving_dir("a"), text, path);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(n, sizeof(n), f));
	(void)fclose(f);

	return atoi(n);
}


static void ck_each_once(unsigned room, unsigned last)
{
	char text[80];
	unsigned i;

	for (i = 1; i <= last; i++) {
		(void)snprintf(text, sizeof(text), "\"msg_id\":%u,.*\"text %u\""
			       ".*Room %u", i, i, room);
		ck_assert_msg(in_archive(text) == 1, "%s: %d", text,
			      in_archive(text));
	}
}


static void begin(void)
{
	archiving_adapter("a", "jsonl", NULL);
	archiving_chats(1, 1, 10);
	archiving_up("run.events_max\t10\n");
	archiving_run();
	ck_whole("1 batches, 10 events");
}


/* The compliance store from a dump: two batches and a half that were staged
   then have been archived since */
START_TEST(the_compliance_store_from_a_dump)
{
	begin();
	archiving_down();
	archiving_chats(1, 11, 15);
	archiving_dump(NULL, "dump");

	archiving_up("run.events_max\t10\n");
	archiving_run();
	archiving_chats(1, 16, 30);
	archiving_run();
	ck_each_once(1, 30);
	archiving_down();
	remember();

	archiving_restore(NULL, "dump");
	archiving_chats(2, 1, 7);
	archiving_up("run.events_max\t10\n");
	archiving_run();
	archiving_chats(2, 8, 9);
	archiving_run();

	ck_nothing_changed();
	ck_each_once(1, 30);
	ck_each_once(2, 9);
	ck_whole("the compliance store was set back");
	ck_status("its directory has manifests");
	ck_status("restored into another database");
	ck_check("the compliance store was set back");
	ck_audited("");
}
END_TEST


/* The whole cluster from a copy of its files: no mark of either store tells */
START_TEST(both_stores_from_a_copy_of_their_files)
{
	begin();
	archiving_down();
	archiving_chats(1, 11, 12);
	archiving_copy();

	archiving_up("run.events_max\t10\n");
	archiving_run();
	archiving_chats(1, 13, 40);
	archiving_run();
	archiving_down();
	remember();

	archiving_put_back();
	archiving_up("run.events_max\t10\n");
	archiving_chats(2, 1, 5);
	archiving_run();

	ck_nothing_changed();
	ck_each_once(1, 40);
	ck_each_once(2, 5);
	ck_whole("fork of directory");
	ck_status("its directory has manifests");
	ck_audited("");
}
END_TEST


START_TEST(a_directory_from_a_copy)
{
	begin();
	archiving_sh("cp -a %s %s.copy", archiving_dir("a"),
		     archiving_dir("a"));
	archiving_chats(1, 11, 20);
	archiving_run();
	archiving_sh("cd %s.copy/.. && mv a a.lost && mv a.copy a",
		     archiving_dir("a"));
	remember();

	archiving_chats(2, 1, 5);
	archiving_run();
	ck_nothing_changed();
	ck_each_once(1, 10);
	ck_each_once(2, 5);
	ck_assert_int_eq(archiving_ctl("archive", "verify",
				       archiving_dir("a"), NULL), 1);
	ck_assert_ptr_nonnull(strstr(archiving_err(), "batch missing"));
	ck_assert_ptr_nonnull(strstr(archiving_out(),
				     "the directory was set back"));
	ck_status("the directory was set back");
	ck_check("the directory was set back");

	/* what was lost is found again, and all is whole */
	archiving_sh("cp -an %s.lost/. %s", archiving_dir("a"),
		     archiving_dir("a"));
	ck_whole("3 batches, 25 events");
	ck_audited("");
}
END_TEST


#define GUID "00000000-0000-4000-8000-00000000000"

static const char chat[] =
	"INSERT INTO principal (principal_id, kind, key, name) VALUES "
	"(101, 5, 'sip:ada@x', 'sip:ada@x');"
	"INSERT INTO category (category_id, name) VALUES (1, 'c');"
	"INSERT INTO room (room_id, category_id, name, guid) VALUES "
	"(1, 1, 'One', '" GUID "1'), (2, 1, 'Two', '" GUID "2');"
	"CREATE FUNCTION say(room bigint, what text) RETURNS void LANGUAGE sql"
	" AS $$ WITH h AS (UPDATE room_head SET last_id = last_id + 1, last_ts"
	" = clock_timestamp() WHERE room_id = room RETURNING last_id, last_ts)"
	" INSERT INTO message (room_id, msg_id, author_id, ts, origin, chat)"
	" SELECT room, last_id, 101, last_ts, 1, what FROM h $$;"
	"SELECT compliance_enable(true)";

static void say(const char *what)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql), "SELECT say(1, '%s'), say(2, '%s')",
		       what, what);
	ck_assert_int_eq(store_sql(archiving_store(), sql), 0);
	archiving_push();
}


/* The rooms' GUIDs have all bytes but the last in common, and the ids of
   messages come again with other messages */
START_TEST(the_chat_store_from_a_dump)
{
	ck_assert_int_eq(store_sql(archiving_store(), chat), 0);
	archiving_adapter("a", "jsonl", NULL);
	archiving_up(NULL);
	say("first");
	archiving_run();
	archiving_down();
	archiving_dump("mgc", "mgc.dump");

	archiving_up(NULL);
	say("second");
	archiving_run();
	archiving_down();
	ck_assert_int_eq(in_archive("\"first\""), 2);
	ck_assert_int_eq(in_archive("\"second\""), 2);

	archiving_restore("mgc", "mgc.dump");
	archiving_up(NULL);
	say("another second");
	archiving_run();
	ck_assert_int_eq(in_archive("\"another second\""), 2);
	ck_assert_int_eq(in_archive("\"msg_id\":2,"), 4);

	archiving_wait(1, "SELECT count(*) FROM fork WHERE what = 'chat'");
	ck_status("restored into another database");
	say("third");
	archiving_run();
	ck_whole("fork of chat");
	ck_check("chat, found");
	ck_assert_ptr_nonnull(strstr(archiving_err(), "stands for 2 messages "
				     "of different times"));
	ck_assert_ptr_nonnull(strstr(archiving_err(), "message 2 of room " GUID
				     "1 is archived but gone"));
	ck_assert_ptr_null(strstr(archiving_err(), "is missing"));
	ck_audited("");
}
END_TEST


/* Other than set back: nobody can tell what its directory is to it */
START_TEST(a_compliance_store_made_anew)
{
	begin();
	archiving_down();
	remember();
	archiving_anew();
	archiving_chats(2, 1, 5);
	archiving_up(NULL);
	archiving_wait(1, "SELECT count(*) FROM adapter WHERE state = "
		       "'waiting' AND error LIKE '%%belongs to chain%%'");
	ck_status("pchatctl compliance adopt a");
	ck_nothing_changed();
	ck_each_once(2, 0);

	ck_assert_int_eq(archiving_ctl("--json", "--dry-run", "compliance",
				       "adopt", "a", NULL), 0);
	ck_assert_ptr_nonnull(strstr(archiving_out(), "\"dry_run\": true"));
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM adapter WHERE "
					  "adopt"), 0);

	ck_assert_int_eq(archiving_ctl("compliance", "adopt", "a", NULL), 0);
	archiving_wait(0, "SELECT count(*) FROM staged");
	ck_nothing_changed();
	ck_each_once(1, 10);
	ck_each_once(2, 5);
	ck_whole("an operator had the directory's chain go on");
	ck_audited("");
}
END_TEST


START_TEST(an_adapter_removed_and_added_again)
{
	begin();
	archiving_down();
	remember();
	archiving_sql("UPDATE adapter SET configured = false");
	ck_assert_int_eq(archiving_ctl("compliance", "remove", "a", NULL), 0);
	archiving_chats(2, 1, 5);
	archiving_up(NULL);
	archiving_wait(1, "SELECT count(*) FROM adapter WHERE state = "
		       "'waiting' AND error LIKE '%%was removed%%'");
	ck_nothing_changed();
}
END_TEST


START_TEST(a_new_directory_begins_after_the_old_one)
{
	char mark[96] = "1:", args[128];
	FILE *f;

	begin();
	archiving_down();
	archiving_sh("mv %s %s.old && mkdir %s", archiving_dir("a"),
		     archiving_dir("a"), archiving_dir("a"));
	archiving_chats(1, 11, 20);
	archiving_up(NULL);
	archiving_run();

	ck_assert_int_eq(archiving_ctl("archive", "verify",
				       archiving_dir("a"), NULL), 1);
	archiving_sh("cd %s.old && sha256sum manifest-*.json | cut -c1-64 "
		     ">../mark", archiving_dir("a"));
	f = fopen(archiving_dir("mark"), "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(mark + 2, 65, f));
	(void)fclose(f);
	ck_assert_msg(!archiving_ctl("archive", "verify", archiving_dir("a"),
				     "--after", mark, NULL), "%s",
		      archiving_err());
	ck_status("it begins after manifest 1");
	(void)snprintf(args, sizeof(args), "--after %s", mark);
	ck_audited(args);
}
END_TEST


static Suite *archive_back_suite(void)
{
	Suite *suite = suite_create("db/archive set back");
	TCase *tc = tcase_create("archive set back");

	tcase_add_checked_fixture(tc, archiving_alone, archiving_alone_end);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, the_compliance_store_from_a_dump);
	tcase_add_test(tc, both_stores_from_a_copy_of_their_files);
	tcase_add_test(tc, a_directory_from_a_copy);
	tcase_add_test(tc, the_chat_store_from_a_dump);
	tcase_add_test(tc, a_compliance_store_made_anew);
	tcase_add_test(tc, an_adapter_removed_and_added_again);
	tcase_add_test(tc, a_new_directory_begins_after_the_old_one);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(archive_back_suite)
