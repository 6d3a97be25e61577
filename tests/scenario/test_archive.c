/**
 * @file tests/scenario/test_archive.c  From what people say to their archive
 *
 * A pool of two with two compliance daemons and two adapters; pchatctl asks
 * for batches, verifies what was written and attests that it is all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libpq-fe.h>
#include "tests/scenario/archive.h"
#include "tests/scenario/stage.h"
#include "tests/support/proc.h"
#include "tests/unit/suite.h"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("ben") "],\"categories\":[" MAIN
	"],\"rooms\":[" ROOM("Hall") "," ROOM("Yard") "," ROOM("Attic") "]}";

static char dir[64];


static void up(void)
{
	char xml[128], jsonl[128];
	const char *setv[] = { xml, jsonl, "compliance.lease.lapse_ms=1500",
			       "compliance.lease.period_ms=300", NULL };
	const struct pool_opts opts = {
		.instances = 2, .compliance = 2, .data = data, .setv = setv,
	};

	str_ncpy(dir, "/tmp/pchat-archive-XXXXXX", sizeof(dir));
	ck_assert_ptr_nonnull(mkdtemp(dir));
	archive_adapter(dir, dir, "xml", "");
	archive_adapter(dir, dir, "jsonl", "");
	(void)re_snprintf(xml, sizeof(xml), "compliance.adapter=%s/xml.conf",
			  dir);
	(void)re_snprintf(jsonl, sizeof(jsonl),
			  "compliance.adapter=%s/jsonl.conf", dir);

	stage_up(&opts);
}


static void down(void)
{
	stage_down();
	proc_rmtree(dir);
}


static int verify(const char *type)
{
	return archive_ctl(pool, "archive verify %s/%s 2>%s/said", dir, type,
			   dir);
}


static void ck_archived(void)
{
	ck_assert_int_eq(archive_ctl(pool, "compliance run --wait"), 0);
	ck_assert_int_eq(verify("xml"), 0);
	ck_assert_int_eq(verify("jsonl"), 0);
	ck_assert_int_eq(archive_ctl(pool, "compliance check --archive "
				     "%s/jsonl", dir), 0);
}


/* Two people on two instances say five things each, and one leaves */
static void talk(const char *name, const char *word)
{
	struct client *ada, *ben;
	char text[64];
	char *room;
	unsigned i;

	ck_open(ada, pool, 0, "ada");
	ck_open(ben, pool, 1, "ben");
	ck_room(room, pool, name);
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(ben, room, NULL), 200);

	for (i = 0; i < 5; i++) {
		(void)re_snprintf(text, sizeof(text), "%s %u", word, i);
		ck_assert(chat_say(ada, room, text));
		(void)re_snprintf(text, sizeof(text), "%s back %u", word, i);
		ck_assert(chat_say(ben, room, text));
	}

	ck_assert_uint_eq(chat_part(ben, room, NULL), 200);
	(void)client_close(ada);
	(void)client_close(ben);
	mem_deref(room);
}


static int times(const char *type, const char *text)
{
	char path[96], n[16] = "";
	FILE *f;

	(void)re_snprintf(path, sizeof(path), "%s/n", dir);
	ck_assert_int_eq(archive_sh("cat %s/%s/* | grep -o '%s' | wc -l >%s", dir,
			    type, text, path), 0);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(n, sizeof(n), f));
	(void)fclose(f);

	return atoi(n);
}


START_TEST(what_was_said_is_in_every_archive_once)
{
	talk("Hall", "hello");
	ck_archived();
	ck_assert_int_eq(times("jsonl", "hello [0-4]"), 5);
	ck_assert_int_eq(times("jsonl", "hello back [0-4]"), 5);
	/* its first message stands in a conversation twice */
	ck_assert_int_ge(times("xml", "hello back [0-4]"), 5);
}
END_TEST


/* The daemon that runs the adapters; mem_deref() it */
static char *holder(void)
{
	char *name = pool_compliance_sql(pool, "SELECT split_part(holder, '/',"
					 " 1) FROM lease", NULL);

	ck_assert_ptr_nonnull(name);

	return name;
}


START_TEST(another_daemon_goes_on_when_one_is_killed)
{
	char *first = holder(), *second;

	talk("Yard", "before");
	ck_assert_int_eq(pool_kill9(pool, first), 0);
	talk("Yard", "after");
	ck_archived();

	second = holder();
	ck_assert_str_ne(first, second);
	ck_assert_int_eq(times("jsonl", "before [0-4]"), 5);
	ck_assert_int_eq(times("jsonl", "after [0-4]"), 5);

	ck_assert_int_eq(pool_start(pool, first), 0);
	mem_deref(first);
	mem_deref(second);
}
END_TEST


START_TEST(a_crash_of_the_stores_loses_nothing)
{
	talk("Attic", "dark");
	ck_assert_int_eq(pool_kill9(pool, "store"), 0);
	ck_assert_int_eq(pool_start(pool, "store"), 0);
	talk("Attic", "light");
	ck_archived();
	ck_assert_int_eq(times("jsonl", "dark [0-4]"), 5);
	ck_assert_int_eq(times("jsonl", "light [0-4]"), 5);
}
END_TEST


/* Somebody forgot a transaction that has written */
START_TEST(who_holds_the_archive_back_is_named)
{
	PGconn *pg = PQconnectdb(pool_store(pool));
	char pid[32];

	(void)re_snprintf(pid, sizeof(pid), "process %d ", PQbackendPID(pg));
	PQclear(PQexec(pg, "BEGIN"));
	PQclear(PQexec(pg, "SELECT pg_current_xact_id()"));
	talk("Hall", "held");

	ck_assert_int_eq(archive_ctl(pool, "compliance run --wait 2>%s/said",
				     dir), 1);
	ck_assert_int_eq(archive_sh("grep -q 'held back by %s' %s/said", pid,
				    dir), 0);
	ck_assert_int_eq(archive_ctl(pool, "compliance status 2>%s/said",
				     dir), 0);
	ck_assert_int_eq(times("jsonl", "held [0-4]"), 0);

	PQfinish(pg);
	ck_archived();
	ck_assert_int_eq(times("jsonl", "held [0-4]"), 5);
}
END_TEST


/* What an adapter's directory is to it, told before the daemon starts */
START_TEST(two_adapters_in_one_directory_are_refused)
{
	const char *build = getenv("PCHAT_BUILD");

	ck_assert_int_eq(archive_sh("cd %s && sed 's|/jsonl$|/xml|' jsonl.conf"
				    " >again.conf && printf 'instance.name\tx\n"
				    "store.conninfo\t%s\nstaging.conninfo\t%s"
				    "\nadapter\t%s/xml.conf\nadapter\t"
				    "%s/again.conf\n' >daemon.conf", dir,
				    pool_store(pool),
				    pool_compliance_store(pool), dir, dir), 0);
	ck_assert_int_eq(archive_sh("%s/pchat-compliance -f %s/daemon.conf "
				    "--check 2>%s/said", build ? build :
				    "build", dir, dir), 1);
	ck_assert_int_eq(archive_sh("grep -q '^%s/daemon.conf:5: adapter: "
				    "\"%s/again.conf\": adapter.directory: "
				    ".*that of xml' %s/said", dir, dir, dir), 0);
	ck_assert_int_eq(archive_sh("%s/pchat-compliance -f %s/daemon.conf "
				    "2>%s/said", build ? build : "build", dir,
				    dir), 1);
}
END_TEST


START_TEST(who_changes_an_archive_is_found_out)
{
	talk("Hall", "evidence");
	ck_archived();

	ck_assert_int_eq(archive_sh("cd %s/jsonl && f=$(grep -l 'evidence 3' *.jsonl) "
			    "&& cp $f ../kept && sed -i "
			    "'s/evidence 3/evidence 4/' $f", dir), 0);
	ck_assert_int_eq(verify("jsonl"), 1);
	ck_assert_int_eq(archive_sh("grep -q 'jsonl: changed' %s/said", dir), 0);

	ck_assert_int_eq(archive_sh("cd %s/jsonl && f=$(grep -l 'evidence 2' *.jsonl) "
			    "&& cat ../kept >$f", dir), 0);
	ck_assert_int_eq(verify("jsonl"), 0);

	ck_assert_int_eq(archive_sh("cd %s/jsonl && f=$(grep -l 'evidence 2' *.jsonl) "
			    "&& cp $f again-$f", dir), 0);
	ck_assert_int_eq(verify("jsonl"), 1);
	ck_assert_int_eq(archive_sh("grep -q 'again-.*in no manifest' %s/said && "
			    "rm %s/jsonl/again*", dir, dir), 0);

	ck_assert_int_eq(archive_sh("cd %s/jsonl && f=$(grep -l 'evidence 2' *.jsonl) "
			    "&& rm $f", dir), 0);
	ck_assert_int_eq(verify("jsonl"), 1);
	ck_assert_int_eq(archive_sh("grep -q 'missing' %s/said", dir), 0);
}
END_TEST


static Suite *archive_scenario_suite(void)
{
	Suite *suite = suite_create("archive");
	TCase *tc = tcase_create("archive");

	tcase_add_unchecked_fixture(tc, up, down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, what_was_said_is_in_every_archive_once);
	tcase_add_test(tc, another_daemon_goes_on_when_one_is_killed);
	tcase_add_test(tc, a_crash_of_the_stores_loses_nothing);
	tcase_add_test(tc, who_holds_the_archive_back_is_named);
	tcase_add_test(tc, two_adapters_in_one_directory_are_refused);
	tcase_add_test(tc, who_changes_an_archive_is_found_out);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(archive_scenario_suite)
