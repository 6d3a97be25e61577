/**
 * @file tests/db/test_policy.c  pchatctl policy: who may use Persistent Chat
 */
#include <re.h>
#include <stdlib.h>
#include <string.h>
#include <check.h>
#include "tests/db/ctl.h"
#include "tests/support/store.h"
#include "tests/unit/suite.h"

#define ADA "sip:ada@example.net"
#define BOB "sip:bob@example.net"

static struct store *st;


static void setup(void)
{
	ck_assert_int_eq(store_start(&st), 0);
	ctl_well(st, "user create " ADA);
	ctl_well(st, "user create " BOB);
	ctl_well(st, "group create Crew --member " ADA " --member " BOB);
}


static void teardown(void)
{
	store_stop(st);
}


/* Whether a user is let in, as the store answers the processes */
static bool enabled(const char *uri)
{
	char line[128];

	(void)re_snprintf(line, sizeof(line), "user show %s --json", uri);
	ctl_well(st, line);

	return strstr(ctl_out(), "\"enabled\": true") != NULL;
}


START_TEST(the_narrowest_policy_decides)
{
	ck_assert(!enabled(ADA));
	ctl_well(st, "policy set global --enable yes");
	ck_assert(enabled(ADA));

	ctl_well(st, "policy create Berlin --scope site --enable no");
	ck_assert(enabled(ADA));
	ctl_well(st, "config set Site berlin");
	ck_assert(!enabled(ADA));

	ctl_well(st, "policy create ours --scope pool --enable yes");
	ck_assert(enabled(ADA));
	ctl_well(st, "policy grant disabled " ADA);
	ck_assert(!enabled(ADA) && enabled(BOB));

	ctl_well(st, "policy revoke " ADA);
	ck_assert(enabled(ADA));
	ctl_well(st, "policy remove ours");
	ck_assert(!enabled(ADA));
	ctl_well(st, "config remove Site");
	ck_assert(enabled(ADA));
}
END_TEST


START_TEST(a_grant_to_a_group_is_to_all_its_users)
{
	ctl_well(st, "group create Ship --member group:crew");
	ctl_well(st, "policy create sailors --scope user --enable yes");
	ctl_well(st, "policy grant sailors group:ship --json");
	ck_assert_str_eq(ctl_out(), "{\"changed\": 2}\n");
	ck_assert(enabled(ADA) && enabled(BOB));
	ctl_well(st, "policy grant sailors group:ship");
	ck_assert_str_eq(ctl_out(), "group:ship: was so already\n");
	ctl_well(st, "policy show Sailors --json");
	ck_assert_ptr_nonnull(strstr(ctl_out(), BOB));

	ctl_well(st, "policy revoke group:crew");
	ck_assert(!enabled(ADA) && !enabled(BOB));
}
END_TEST


START_TEST(what_makes_no_sense_is_refused)
{
	ctl_refused(st, "policy create x --scope global --enable yes",
		    "one global policy");
	ctl_refused(st, "policy create Enabled --scope user --enable yes",
		    "of that name: enabled");
	ctl_refused(st, "policy create x --scope user --enable maybe",
		    "yes or no");
	ctl_refused(st, "policy create x --scope galaxy --enable yes",
		    "scope");
	ctl_refused(st, "policy create x --scope user", "yes or no");
	ctl_refused(st, "policy remove global", "built in");
	ctl_refused(st, "policy set enabled --enable no", "built in");
	ctl_refused(st, "policy set nothing --enable no",
		    "no such policy: nothing");
	ctl_refused(st, "policy show nothing", "no such policy: nothing");
	ctl_refused(st, "policy grant global " ADA, "not for users");
	ctl_refused(st, "policy grant enabled sip:no@example.net",
		    "no such user or group: sip:no@example.net");
	ctl_well(st, "policy create mine --scope user --enable yes");
	ctl_well(st, "policy grant mine " ADA);
	ctl_refused(st, "policy remove mine", "granted to 1 users");
	ctl_well(st, "policy create ours --scope pool --enable yes");
	ctl_refused(st, "policy create more --scope pool --enable yes",
		    "the pool has a policy: ours");
}
END_TEST


START_TEST(a_dry_run_changes_nothing_and_who_did_it_is_kept)
{
	ctl_well(st, "policy set global --enable yes --dry-run");
	ck_assert(!enabled(ADA));
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM admin_audit "
				      "WHERE action = 'policy.modify'"), 0);
	ctl_well(st, "policy set global --enable yes --as mallory");
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM admin_audit "
				      "WHERE action = 'policy.modify' AND "
				      "object = 'global' AND "
				      "actor = 'mallory'"), 1);
	ctl_well(st, "policy list");
	ck_assert_ptr_nonnull(strstr(ctl_out(), "disabled"));
}
END_TEST


static Suite *policy_suite(void)
{
	Suite *suite = suite_create("db/policy");
	TCase *tc = tcase_create("policy");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_narrowest_policy_decides);
	tcase_add_test(tc, a_grant_to_a_group_is_to_all_its_users);
	tcase_add_test(tc, what_makes_no_sense_is_refused);
	tcase_add_test(tc, a_dry_run_changes_nothing_and_who_did_it_is_kept);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(policy_suite)
