/**
 * @file tests/db/test_archive_care.c  What is refused, lost, held or not ours
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/conf.h"
#include "common/check.h"
#include "compliance/adapter_check.h"
#include "compliance/conf_keys.h"
#include "tests/db/archiving.h"
#include "tests/support/store.h"
#include "tests/unit/suite.h"


static const char *file_text(const char *name)
{
	static char text[65536];
	FILE *f = fopen(archiving_dir(name), "r");
	size_t n;

	ck_assert_msg(f != NULL, "no %s", name);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	(void)fclose(f);

	return text;
}


static void ck_status(const char *what)
{
	ck_assert_int_eq(archiving_ctl("compliance", "status", NULL), 0);
	ck_assert_msg(strstr(archiving_out(), what) != NULL, "%s",
		      archiving_out());
}


static void ck_verify(int status, const char *out, const char *err)
{
	ck_assert_msg(archiving_ctl("archive", "verify", archiving_dir("a"),
				    NULL) == status, "%s%s", archiving_out(),
		      archiving_err());
	ck_assert_msg(strstr(archiving_out(), out) != NULL, "%s",
		      archiving_out());
	ck_assert_msg(strstr(archiving_err(), err) != NULL, "%s",
		      archiving_err());
}


static void ck_audited(void)
{
	archiving_sh("python3 tests/unit/compliance/audit.py %s >&2",
		     archiving_dir("a"));
}


/* ----------------------------------------------------------------- refusals */

static void command(const char *script)
{
	char extra[256], path[128];

	(void)snprintf(path, sizeof(path), "%s", archiving_dir("cmd"));
	archiving_sh("cat >%s <<'END'\n#!/bin/sh\n%s\nEND\nchmod 700 %s",
		     path, script, path);
	(void)snprintf(extra, sizeof(extra), "command\t%s\nargument\t%s\n",
		       path, archiving_dir("runs"));
	archiving_adapter("a", "exec", extra);
}


/* Exit status 1 for the second of three batches */
START_TEST(a_command_that_refuses_is_not_asked_again)
{
	command("cat >/dev/null; echo $PCHAT_BATCH >>$1; "
		"test $PCHAT_BATCH != 2");
	archiving_chats(1, 1, 30);
	archiving_up("run.events_max\t10\n");
	archiving_wait(3, "SELECT batch_id FROM adapter");
	ck_assert_str_eq(file_text("runs"), "1\n2\n3\n");
	ck_status("exit status 1");
	ck_assert_int_eq(archiving_number("SELECT batch_id FROM refused"), 2);
	ck_verify(0, "batch 2: refused and not in the archive", "");
	ck_audited();

	ck_assert_int_eq(archiving_ctl("compliance", "retry", "a", "all",
				       NULL), 0);
	archiving_wait(4, "SELECT serial FROM adapter");
	ck_assert_str_eq(file_text("runs"), "1\n2\n3\n2\n");
	ck_assert_int_eq(archiving_ctl("compliance", "skip", "a", "2", NULL),
			 0);
	archiving_wait(0, "SELECT count(*) FROM staged");
	ck_audited();
}
END_TEST


START_TEST(who_fails_is_asked_at_longer_and_longer_intervals)
{
	command("cat >/dev/null; echo $PCHAT_BATCH >>$1; exit 75");
	archiving_chats(1, 1, 10);
	archiving_up(NULL);
	archiving_wait(1, "SELECT count(*) FROM adapter WHERE tries >= 2 AND "
		       "failing_since < changed_on AND next_try IS NOT NULL");
	ck_status("FAILING SINCE");
	ck_status("asks to be tried again");
	/* 1 and 1 s (retry_max_s), a quarter less at most */
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM adapter WHERE "
		"changed_on - failing_since < interval '0.7 s' * (tries - 1)"),
			 0);
}
END_TEST


/* Words of an adapter that no store takes as text */
START_TEST(what_an_adapter_says_does_not_stop_it)
{
	archiving_adapter("a", NULL, NULL);
	archiving_mood("a", "mumble 1");
	archiving_chats(1, 1, 20);
	archiving_up("run.events_max\t10\n");
	archiving_wait(2, "SELECT batch_id FROM adapter");
	ck_assert_int_eq(archiving_number("SELECT batch_id FROM refused"), 1);
	ck_verify(0, "batch 1: refused", "");
}
END_TEST


/* The one of the manual, with the header where it is installed */
START_TEST(the_example_of_the_manual_is_an_adapter)
{
	char path[128];

	archiving_sh("mkdir -p %s/pchat && cp compliance/adapter.h %s/pchat",
		     archiving_dir("include"), archiving_dir("include"));
	archiving_sh("awk '/^```c/ { on = 1; next } /^```/ { on = 0 } on' "
		     "deploy/compliance.md >%s", archiving_dir("who.c"));
	archiving_sh("cd $(dirname %s) && cc -std=c11 -Wall -Werror -shared "
		     "-fPIC -Iinclude -o who.so who.c",
		     archiving_dir("who.c"));
	(void)snprintf(path, sizeof(path), "%s", archiving_dir("who.so"));
	archiving_adapter("a", path, NULL);
	archiving_chats(1, 1, 2);
	archiving_up(NULL);
	archiving_run();
	ck_assert_str_eq(file_text("a/who-000000000001"),
			 "sip:u1@x\nsip:u1@x\n");
	ck_audited();
}
END_TEST


/* -------------------------------------------------------------------- mails */

static pid_t server;

static void serve(const char *option)
{
	char extra[512], line[16] = "";
	int fdv[2];
	FILE *f;

	ck_assert_int_eq(mkdir(archiving_dir("smtp"), 0700), 0);
	ck_assert_int_eq(pipe(fdv), 0);
	server = fork();
	if (!server) {
		(void)dup2(fdv[1], 1);
		closefrom(3);
		(void)execl("/usr/bin/python3", "python3",
			     "tests/unit/compliance/smtpd.py",
			     archiving_dir("smtp"), option, NULL);
		_exit(127);
	}
	(void)close(fdv[1]);
	f = fdopen(fdv[0], "r");
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	(void)fclose(f);

	(void)snprintf(extra, sizeof(extra), "smtp_url\tsmtp://localhost:%d\n"
		       "smtp_tls\tnone\nsmtp_sender\tpchat@example.com\n"
		       "smtp_recipient\tj@example.net\n", atoi(line));
	archiving_adapter("a", "eml", extra);
}


static int mails(void)
{
	char n[16] = "";
	FILE *f;

	archiving_sh("cd %s && ls | grep -c mail- >../n || true",
		     archiving_dir("smtp"));
	f = fopen(archiving_dir("n"), "r");
	ck_assert_ptr_nonnull(fgets(n, sizeof(n), f));
	(void)fclose(f);

	return atoi(n);
}


/* A batch of three rooms: the mail of the second is refused, retried, and
   nothing goes out twice */
START_TEST(a_refused_mail_keeps_no_other_back)
{
	serve("data=554@2");
	archiving_chats(1, 1, 3);
	archiving_chats(2, 1, 3);
	archiving_chats(3, 1, 3);
	archiving_up(NULL);
	archiving_wait(1, "SELECT batch_id FROM adapter");
	ck_assert_int_eq(mails(), 2);
	ck_status("mail 00000000-0000-4000-8000-000000000002-1");
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM manifest WHERE"
					  " result = 'partial'"), 1);
	ck_verify(0, "batch 1: refused and not in the archive: mail", "");
	ck_audited();
	archiving_chats(4, 1, 3);
	archiving_run();
	ck_assert_int_eq(mails(), 3);

	ck_assert_int_eq(archiving_ctl("compliance", "retry", "a", "1", NULL),
			 0);
	archiving_wait(0, "SELECT count(*) FROM refused");
	archiving_wait(0, "SELECT count(*) FROM staged");
	ck_assert_int_eq(mails(), 4);
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM "
					  "delivery_item"), 0);
	ck_verify(0, "3 batches, 12 events", "");
	ck_assert_ptr_null(strstr(archiving_out(), "refused"));
	ck_audited();
	(void)kill(server, SIGKILL);
}
END_TEST


/* --------------------------------------------------------------- directories */

/* @return how many complaints there are */
static unsigned checked(const char *text, bool thorough, char *why,
			size_t size)
{
	struct mbuf *errmb = mbuf_alloc(256);
	struct config *conf = NULL;
	struct check ck = { .thorough = thorough };
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s", archiving_dir("daemon.conf"));
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	(void)fprintf(f, "instance.name\tx\nstore.conninfo\t%s\n"
		      "staging.conninfo\t%s\n%s",
		      store_conninfo(archiving_store()), archiving_conninfo(),
		      text);
	(void)fclose(f);
	ck_assert_msg(!config_load(&conf, compliance_keyv, compliance_keyc,
				   path, errmb), "%.*s", (int)errmb->end,
		      (char *)errmb->buf);
	memset(why, 0, size);
	ck.conf = conf;
	ck.f = fmemopen(why, size, "w");
	ck_assert_ptr_nonnull(ck.f);
	adapter_check(&ck, "adapter");
	(void)fclose(ck.f);
	mem_deref(conf);
	mem_deref(errmb);

	return ck.wrong;
}


/* Two adapters in one directory, under two names for it */
START_TEST(a_directory_is_of_one_adapter)
{
	char text[512], why[512];

	archiving_adapter("a", "jsonl", NULL);
	archiving_adapter("b", "jsonl", NULL);
	(void)snprintf(text, sizeof(text), "adapter\t%s\n",
		       archiving_file("a"));
	(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
		       "adapter\t%s\n", archiving_file("b"));
	ck_assert_uint_eq(checked(text, true, why, sizeof(why)), 0);

	archiving_sh("cd %s && rmdir ../b && ln -s a ../b",
		     archiving_dir("a"));
	ck_assert_uint_eq(checked(text, false, why, sizeof(why)), 1);
	ck_assert_msg(strstr(why, "that of a") != NULL, "%s", why);

	/* the daemon was started all the same: the second has to wait */
	archiving_chats(1, 1, 10);
	archiving_up(NULL);
	archiving_wait(1, "SELECT count(*) FROM adapter WHERE state = "
		       "'waiting' AND error LIKE '%%of its own%%'");
	archiving_wait(1, "SELECT count(*) FROM adapter WHERE batch_id = 1");
	archiving_down();

	/* and the identity tells whose it is, without the other adapter */
	(void)snprintf(text, sizeof(text), "adapter\t%s\n",
		       archiving_number("SELECT count(*) FROM adapter WHERE "
					"batch_id = 1 AND name = 'a'") ?
		       archiving_file("b") : archiving_file("a"));
	ck_assert_uint_eq(checked(text, false, why, sizeof(why)), 1);
	ck_assert_msg(strstr(why, "it belongs to adapter") != NULL, "%s",
		      why);
}
END_TEST


START_TEST(check_tells_what_is_wrong_with_an_adapter)
{
	static const struct {
		const char *line, *why;
	} v[] = {
		{ "colour\tred\n", "colour" },
		{ "adapter.sign_key\t/nowhere\n", "adapter.sign_key" },
		{ "adapter.directory\t/nowhere\n", "/nowhere" },
		{ "adapter.directory\t/etc/passwd\n", "is not a directory" },
	};
	char text[256], why[512];

	archiving_adapter("a", "jsonl", v[_i].line);
	if (_i > 1)
		archiving_sh("sed -i '0,/^adapter.directory/{/^adapter."
			     "directory/d}' %s", archiving_file("a"));
	(void)snprintf(text, sizeof(text), "adapter\t%s\n",
		       archiving_file("a"));
	ck_assert_uint_eq(checked(text, true, why, sizeof(why)), 1);
	ck_assert_msg(strstr(why, v[_i].why) != NULL, "%s", why);
}
END_TEST


/* Another's chain, known to the store alone */
START_TEST(check_compares_the_chain_with_the_stores)
{
	char text[256], why[512];

	archiving_adapter("a", "jsonl", NULL);
	archiving_chats(1, 1, 10);
	archiving_up(NULL);
	archiving_run();
	archiving_down();
	(void)snprintf(text, sizeof(text), "adapter\t%s\n",
		       archiving_file("a"));
	ck_assert_uint_eq(checked(text, true, why, sizeof(why)), 0);
	archiving_sql("UPDATE adapter SET chain = gen_random_uuid()");
	ck_assert_uint_eq(checked(text, true, why, sizeof(why)), 1);
	ck_assert_ptr_nonnull(strstr(why, "another chain"));
}
END_TEST


/* Killed between publishing and telling the store: published once */
START_TEST(a_batch_that_was_published_is_not_delivered_again)
{
	archiving_adapter("a", "jsonl", NULL);
	archiving_chats(1, 1, 10);
	archiving_up(NULL);
	archiving_run();
	archiving_down();
	/* as it was a moment before */
	archiving_sql("BEGIN; UPDATE adapter SET batch_id = 0, serial = 0, "
		      "sha256 = repeat('0', 64); DELETE FROM manifest; "
		      "COMMIT");
	archiving_sh("cd %s && mkdir .done && mv manifest-* .done",
		     archiving_dir("a"));
	archiving_sql("UPDATE batch SET deleted_on = NULL");

	archiving_up(NULL);
	archiving_wait(1, "SELECT serial FROM adapter");
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM fork WHERE "
					  "what = 'directory'"), 0);
	ck_verify(0, "1 batches, 10 events, 2 files", "");
	ck_audited();
}
END_TEST


/* ---------------------------------------------------------------- lost files */

#define LOST "ab345678-1234-4234-8234-123456789012.txt"

START_TEST(an_upload_that_was_lost_is_named_everywhere)
{
	char conf[160];

	archiving_sh("mkdir %s", archiving_dir("files"));
	(void)snprintf(conf, sizeof(conf), "files.archive\t%s\n",
		       archiving_dir("files"));
	archiving_adapter("a", "eml", NULL);
	archiving_sql("SELECT stage(jsonb_build_array(jsonb_build_object("
		      "'id', gen_random_uuid(), 'kind', 4, 'ts', 1, 'detail',"
		      " jsonb_build_object('file', '" LOST "'))))");
	archiving_up(conf);
	archiving_run();

	ck_status("Files lost before copied");
	ck_status(LOST);
	ck_verify(0, "file " LOST, "");
	archiving_sh("grep -q '\"lost\"' %s/manifest-*.json",
		     archiving_dir("a"));
	archiving_sh("grep -q 'LOST: the file was gone' %s/*.eml",
		     archiving_dir("a"));
	ck_assert_int_eq(archiving_ctl("compliance", "check", "--archive",
				       archiving_dir("a"), NULL), 1);
	ck_assert_ptr_nonnull(strstr(archiving_err(), LOST));
	ck_audited();
}
END_TEST


/* ---------------------------------------------------------------- signatures */

static void new_key(const char *name)
{
	archiving_sh("umask 077; cd %s && openssl genpkey -algorithm ed25519 "
		     "-out %s.pem 2>/dev/null && cp %s.pem key.pem && openssl "
		     "pkey -in %s.pem -pubout -out %s.pub", archiving_dir("."),
		     name, name, name, name);
}


static int verify_keys(const char *one, const char *two)
{
	char a[160], b[160];

	(void)snprintf(a, sizeof(a), "%s", archiving_dir(one));
	(void)snprintf(b, sizeof(b), "%s", archiving_dir(two));

	return archiving_ctl("archive", "verify", archiving_dir("a"), "--key",
			     a, "--key", b, NULL);
}


/* Keys are changed between batches; the old one signs no more */
START_TEST(keys_are_rotated_and_both_verify)
{
	char extra[192];

	new_key("old");
	(void)snprintf(extra, sizeof(extra), "adapter.sign_key\t%s\n",
		       archiving_dir("key.pem"));
	archiving_adapter("a", "jsonl", extra);
	archiving_chats(1, 1, 10);
	archiving_up(NULL);
	archiving_run();
	archiving_down();
	new_key("new");
	archiving_chats(1, 11, 20);
	archiving_up(NULL);
	archiving_run();

	ck_assert_msg(!verify_keys("old.pub", "new.pub"), "%s",
		      archiving_err());
	ck_assert_msg(!verify_keys("new.pub@2", "old.pub@1-1"), "%s",
		      archiving_err());
	ck_assert_int_eq(verify_keys("new.pub@3", "old.pub"), 1);
	ck_assert_ptr_nonnull(strstr(archiving_err(), "manifest-000000000002."
				     "json: signed with a key that was not "
				     "valid for it"));
	ck_assert_int_eq(verify_keys("old.pub", "old.pub"), 1);
	ck_assert_ptr_nonnull(strstr(archiving_err(), "a key that is not "
				     "given: "));
	archiving_sh("cd %s && python3 \"$OLDPWD\"/tests/unit/compliance/audit.py "
		     "a --key old.pub@1-1 --key new.pub@2 >&2",
		     archiving_dir("."));
	archiving_sh("cd %s && ! python3 \"$OLDPWD\"/tests/unit/compliance/"
		     "audit.py a --key old.pub >&2", archiving_dir("."));
}
END_TEST


/* ---------------------------------------------------------------- the ends */

START_TEST(an_archive_that_is_gone_or_cut_short_is_none)
{
	static const char head[] = "SELECT sha256 FROM adapter";
	char mark[96];
	PGconn *pg;
	PGresult *res;

	archiving_sh("mkdir %s", archiving_dir("empty"));
	ck_assert_int_eq(archiving_ctl("archive", "verify",
				       archiving_dir("empty"), NULL), 1);
	ck_assert_ptr_nonnull(strstr(archiving_err(), "there is no manifest"));

	archiving_adapter("a", "jsonl", NULL);
	archiving_chats(1, 1, 20);
	archiving_up("run.events_max\t10\n");
	archiving_run();
	pg = PQconnectdb(archiving_conninfo());
	res = PQexec(pg, head);
	(void)snprintf(mark, sizeof(mark), "2:%s", PQgetvalue(res, 0, 0));
	PQclear(res);
	PQfinish(pg);
	ck_assert_int_eq(archiving_ctl("archive", "verify", archiving_dir("a"),
				       "--expect", mark, NULL), 0);

	archiving_sh("rm %s/*000000000002*", archiving_dir("a"));
	ck_verify(0, "1 batches", "");
	ck_assert_int_eq(archiving_ctl("archive", "verify", archiving_dir("a"),
				       "--expect", mark, NULL), 1);
	ck_assert_ptr_nonnull(strstr(archiving_err(), "cut short"));
	ck_assert_int_eq(archiving_ctl("archive", "verify", archiving_dir("a"),
				       "--expect", "2:12", NULL), 2);
}
END_TEST


/* -------------------------------------------------------------- who holds it */

START_TEST(a_session_that_holds_the_archive_is_named)
{
	PGconn *pg = PQconnectdb(store_conninfo(archiving_store()));
	char pid[32];

	archiving_adapter("a", "jsonl", NULL);
	PQclear(PQexec(pg, "SET application_name = 'forgetful'; BEGIN; "
		       "SELECT pg_current_xact_id()"));
	(void)snprintf(pid, sizeof(pid), "process %d ", PQbackendPID(pg));
	archiving_up(NULL);
	archiving_sql("SELECT stage(jsonb_build_array(jsonb_build_object("
		      "'id', gen_random_uuid(), 'kind', 35, 'ts', "
		      "(extract(epoch FROM now()) * 1000000)::bigint)))");
	archiving_sql("UPDATE run SET asked_on = clock_timestamp()");
	archiving_wait(1, "SELECT count(*) FROM run WHERE held_by LIKE "
		       "'%%forgetful%%'");
	ck_status(pid);
	ck_assert_int_eq(archiving_number("SELECT count(*) FROM batch"), 0);

	PQclear(PQexec(pg, "COMMIT"));
	PQfinish(pg);
	archiving_run();
	archiving_wait(0, "SELECT count(*) FROM run WHERE held_by <> ''");
}
END_TEST


static Suite *archive_care_suite(void)
{
	Suite *suite = suite_create("db/archive care");
	TCase *tc = tcase_create("archive care");

	tcase_add_unchecked_fixture(tc, archiving_begin, archiving_end);
	tcase_add_checked_fixture(tc, archiving_setup, archiving_teardown);
	tcase_set_timeout(tc, 90);
	tcase_add_test(tc, a_command_that_refuses_is_not_asked_again);
	tcase_add_test(tc, who_fails_is_asked_at_longer_and_longer_intervals);
	tcase_add_test(tc, what_an_adapter_says_does_not_stop_it);
	tcase_add_test(tc, the_example_of_the_manual_is_an_adapter);
	tcase_add_test(tc, a_refused_mail_keeps_no_other_back);
	tcase_add_test(tc, a_directory_is_of_one_adapter);
	tcase_add_loop_test(tc, check_tells_what_is_wrong_with_an_adapter, 0,
			    4);
	tcase_add_test(tc, check_compares_the_chain_with_the_stores);
	tcase_add_test(tc, a_batch_that_was_published_is_not_delivered_again);
	tcase_add_test(tc, an_upload_that_was_lost_is_named_everywhere);
	tcase_add_test(tc, keys_are_rotated_and_both_verify);
	tcase_add_test(tc, an_archive_that_is_gone_or_cut_short_is_none);
	tcase_add_test(tc, a_session_that_holds_the_archive_is_named);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(archive_care_suite)
