/**
 * @file tests/db/test_policy.c  pchatctl policy: who may use Persistent Chat
 */
#include <stdlib.h>
#include <string.h>
#include "tests/db/operator.h"
#include "tests/unit/suite.h"

#define ADA "sip:ada@example.net"
#define BOB "sip:bob@example.net"

static void setup(void)
{
	op_setup();
	op_ok("user create " ADA);
	op_ok("user create " BOB);
	op_ok("group create Crew --member " ADA " --member " BOB);
}


/* Whether a user is let in, as the store answers the processes */
static bool enabled(const char *uri)
{
	op_ok("user show %s --json", uri);

	return strstr(op_out(), "\"enabled\": true") != NULL;
}


START_TEST(the_narrowest_policy_decides)
{
	ck_assert(!enabled(ADA));
	op_ok("policy set global --enable yes");
	ck_assert(enabled(ADA));

	op_ok("policy create Berlin --scope site --enable no");
	ck_assert(enabled(ADA));
	op_ok("config set Site berlin");
	ck_assert(!enabled(ADA));

	op_ok("policy create ours --scope pool --enable yes");
	ck_assert(enabled(ADA));
	op_ok("policy grant disabled " ADA);
	ck_assert(!enabled(ADA) && enabled(BOB));

	op_ok("policy revoke " ADA);
	ck_assert(enabled(ADA));
	op_ok("policy remove ours");
	ck_assert(!enabled(ADA));
	op_ok("config remove Site");
	ck_assert(enabled(ADA));
}
END_TEST


START_TEST(a_grant_to_a_group_is_to_all_its_users)
{
	op_ok("group create Ship --member group:crew");
	op_ok("policy create sailors --scope user --enable yes");
	op_ok("policy grant sailors group:ship --json");
	op_said("\"changed\": 2");
	ck_assert(enabled(ADA) && enabled(BOB));
	op_ok("policy grant sailors group:ship");
	ck_assert_str_eq(op_out(), "group:ship: was so already\n");
	op_ok("policy show Sailors --json");
	op_said(BOB);

	op_ok("policy revoke group:crew");
	ck_assert(!enabled(ADA) && !enabled(BOB));
}
END_TEST


START_TEST(what_makes_no_sense_is_refused)
{
	op_fails("one global policy",
		 "policy create x --scope global --enable yes");
	op_fails("of that name: enabled",
		 "policy create Enabled --scope user --enable yes");
	op_misused("yes or no", "policy create x --scope user --enable maybe");
	op_misused("scope", "policy create x --scope galaxy --enable yes");
	op_misused("yes or no", "policy create x --scope user");
	op_fails("built in", "policy remove global");
	op_fails("built in", "policy set enabled --enable no");
	op_fails("no such policy: nothing", "policy set nothing --enable no");
	op_fails("no such policy: nothing", "policy show nothing");
	op_fails("not for users", "policy grant global " ADA);
	op_fails("no such user or group: sip:no@example.net",
		 "policy grant enabled sip:no@example.net");
	op_ok("policy create mine --scope user --enable yes");
	op_ok("policy grant mine " ADA);
	op_fails("granted to 1 users", "policy remove mine");
	op_ok("policy create ours --scope pool --enable yes");
	op_fails("the pool has a policy: ours",
		 "policy create more --scope pool --enable yes");
}
END_TEST


START_TEST(a_dry_run_changes_nothing_and_who_did_it_is_kept)
{
	op_ok("policy set global --enable yes --dry-run");
	ck_assert(!enabled(ADA));
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit "
				      "WHERE action = 'policy.modify'"), 0);
	op_ok("policy set global --enable yes --as mallory");
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit "
				      "WHERE action = 'policy.modify' AND "
				      "object = 'global' AND "
				      "actor = 'mallory'"), 1);
	op_ok("policy list");
	op_said("disabled");
}
END_TEST


static Suite *policy_suite(void)
{
	Suite *suite = suite_create("db/policy");
	TCase *tc = tcase_create("policy");

	tcase_add_checked_fixture(tc, setup, op_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_narrowest_policy_decides);
	tcase_add_test(tc, a_grant_to_a_group_is_to_all_its_users);
	tcase_add_test(tc, what_makes_no_sense_is_refused);
	tcase_add_test(tc, a_dry_run_changes_nothing_and_who_did_it_is_kept);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(policy_suite)
