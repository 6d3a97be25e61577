/**
 * @file tests/scenario/test_pref.c  Preferences: kept per user, by version
 *                                   (protocol.md 4.12)
 */
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"

#define PREF "<pref label=\"%s\" seqid=\"%d\" createdefault=\"%s\"/>"
#define SET  "<pref label=\"%s\" seqid=\"%d\" createdefault=\"false\" " \
	     "content=\"%s\"/>"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "],"
	"\"categories\":[" MAIN "],\"rooms\":[]}";

static struct client *ada;


static void up(void)
{
	stage_up(&(struct pool_opts){ .data = data });
}


static unsigned code(struct xd *x)
{
	return (unsigned)atoi(xd_str(x, "//resp/@code"));
}


START_TEST(what_one_client_keeps_another_of_the_user_gets)
{
	struct client *other;
	struct xd *x;

	ck_open(ada, pool, 0, "ada");
	ck_assert_int_eq(chat_ask(ada, "setpref", &x, SET, "groups", 0,
				  "QUJD"), 0);
	ck_assert_uint_eq(code(x), 200);
	ck_assert_str_eq(xd_str(x, "//pref/@seqid"), "1");
	mem_deref(x);

	other = chat_open(pool, 1, "ada", "phone");
	ck_assert_int_eq(chat_ask(other, "getpref", &x, PREF, "groups", 0,
				  "false"), 0);
	ck_assert_str_eq(xd_str(x, "//pref/@content"), "QUJD");
	ck_assert_str_eq(xd_str(x, "//pref/@seqid"), "1");
	mem_deref(x);
}
END_TEST


START_TEST(who_has_the_newest_version_is_not_sent_it_again)
{
	struct xd *x;

	ck_open(ada, pool, 0, "ada");
	ck_assert_int_eq(chat_ask(ada, "setpref", NULL, SET, "same", 0, "QQ"),
			 0);
	ck_assert_int_eq(chat_ask(ada, "getpref", &x, PREF, "same", 1,
				  "false"), 0);
	ck_assert_uint_eq(code(x), 200);
	ck_assert_uint_eq(xd_count(x, "//pref/@content"), 0);
	mem_deref(x);
}
END_TEST


START_TEST(an_older_version_does_not_overwrite_a_newer_one)
{
	struct xd *x;

	ck_open(ada, pool, 0, "ada");
	ck_assert_int_eq(chat_ask(ada, "setpref", NULL, SET, "stale", 0,
				  "b25l"), 0);
	ck_assert_int_eq(chat_ask(ada, "setpref", NULL, SET, "stale", 1,
				  "dHdv"), 0);
	ck_assert_int_eq(chat_ask(ada, "setpref", &x, SET, "stale", 1,
				  "b2xk"), 0);
	ck_assert_uint_eq(code(x), 409);
	mem_deref(x);

	ck_assert_int_eq(chat_ask(ada, "getpref", &x, PREF, "stale", 0,
				  "false"), 0);
	ck_assert_str_eq(xd_str(x, "//pref/@content"), "dHdv");
	mem_deref(x);
}
END_TEST


START_TEST(a_default_is_made_on_demand_and_only_then)
{
	struct xd *x;

	ck_open(ada, pool, 0, "ada");
	ck_assert_int_eq(chat_ask(ada, "getpref", &x, PREF, "new", 0,
				  "false"), 0);
	ck_assert_str_eq(xd_str(x, "//pref/@seqid"), "0");
	mem_deref(x);

	ck_assert_int_eq(chat_ask(ada, "getpref", &x, PREF, "new", 0, "true"),
			 0);
	ck_assert_str_eq(xd_str(x, "//pref/@seqid"), "1");
	mem_deref(x);
}
END_TEST


START_TEST(preferences_are_nobody_elses)
{
	struct client *bob;
	struct xd *x;

	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 0, "bob");
	ck_assert_int_eq(chat_ask(ada, "setpref", NULL, SET, "mine", 0, "QQ"),
			 0);
	ck_assert_int_eq(chat_ask(bob, "getpref", &x, PREF, "mine", 0,
				  "false"), 0);
	ck_assert_uint_eq(xd_count(x, "//pref/@content"), 0);
	mem_deref(x);
}
END_TEST


START_TEST(labels_are_limited_and_must_be_there)
{
	struct client *bob;
	struct xd *x;
	char label[16];
	int i;

	ck_open(bob, pool, 0, "bob");
	for (i = 0; i < 32; i++) {
		(void)re_snprintf(label, sizeof(label), "l%d", i);
		ck_assert_int_eq(chat_ask(bob, "setpref", &x, SET, label, 0,
					  "QQ"), 0);
		ck_assert_uint_eq(code(x), 200);
		mem_deref(x);
	}

	ck_assert_int_eq(chat_ask(bob, "setpref", &x, SET, "over", 0, "QQ"),
			 0);
	ck_assert_uint_eq(code(x), 413);
	mem_deref(x);

	/* one that is there can be written all the same */
	ck_assert_int_eq(chat_ask(bob, "setpref", &x, SET, "l7", 1, "Qg"), 0);
	ck_assert_uint_eq(code(x), 200);
	mem_deref(x);

	ck_assert_int_eq(chat_ask(bob, "getpref", &x, "<pref seqid=\"1\"/>"),
			 0);
	ck_assert_uint_eq(code(x), 400);
	mem_deref(x);
}
END_TEST


static Suite *pref_suite(void)
{
	Suite *suite = suite_create("pref");
	TCase *tc = tcase_create("pref");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_one_client_keeps_another_of_the_user_gets);
	tcase_add_test(tc, who_has_the_newest_version_is_not_sent_it_again);
	tcase_add_test(tc, an_older_version_does_not_overwrite_a_newer_one);
	tcase_add_test(tc, a_default_is_made_on_demand_and_only_then);
	tcase_add_test(tc, preferences_are_nobody_elses);
	tcase_add_test(tc, labels_are_limited_and_must_be_there);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(pref_suite)
