/**
 * @file tests/db/test_ldap_guard.c  pchatctl sync ldap: what a directory loses
 *
 * A wrong base, filter or permission shows as a loss of some kind; and names in
 * directories are spelt in more than one way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/db/ldapfix.h"
#include "tests/unit/suite.h"

static void refused(const char *words)
{
	const long long before = op_number(FINGERPRINT);

	ck_assert_int_eq(dt_try_sync(""), 1);
	op_complained(words);
	op_complained("nothing was changed");
	ck_assert_int_eq(op_number(FINGERPRINT), before);
}


static void tree(void)
{
	op_ok("policy set global --enable yes");
	dt_change(dt_tree);
	dt_sync_well();
}


START_TEST(all_groups_gone_are_not_believed)
{
	tree();
	dt_configure("group.filter (cn=nosuch)\n");
	refused("3 of 3 groups are gone");
	ck_assert_int_eq(dt_try_sync("--force"), 0);
	ck_assert_int_eq(dt_state("group:inner"), 2);
}
END_TEST


START_TEST(all_folders_gone_are_not_believed)
{
	tree();
	dt_configure("folder.filter (ou=nosuch)\n");
	refused("3 of 3 folders are gone");
}
END_TEST


START_TEST(all_users_disabled_are_not_believed)
{
	tree();
	dt_configure("user.disabled_filter (objectClass=person)\n");
	refused("3 of 3 users are disabled now");
}
END_TEST


/* As when the account that reads may not see the attribute any more */
START_TEST(memberships_that_cannot_be_seen_are_not_believed)
{
	tree();
	dt_configure("group.member nosuchAttribute\nfolder.filter "
		     "(ou=nosuch)\n");
	refused("memberships are gone");
}
END_TEST


static void wall_against(const char *whom)
{
	op_ok("category create --name Desk --allowed domain:example.net "
	      "--denied %s", whom);
}


static bool is_denied(const char *uri)
{
	return !op_number("SELECT scope_admits(category_id, user_ancestors("
			  "principal_id))::integer FROM category, principal "
			  "WHERE key = '%s'", uri);
}


START_TEST(a_denied_group_that_is_emptied_is_not_believed)
{
	tree();
	wall_against("group:unix");
	ck_assert(is_denied(BOB));
	dt_change(CHANGE("cn=unix," BASE, "modify") "delete: memberUid\n");
	refused("have no members any more: unix");
	ck_assert(is_denied(BOB));
}
END_TEST


START_TEST(members_of_a_denied_group_that_is_gone_stay_denied)
{
	tree();
	wall_against("group:outer");
	ck_assert(is_denied(ADA) && is_denied(EVE) && !is_denied(BOB));

	dt_change(CHANGE("cn=Inner," BASE, "delete"));
	dt_sync_well();
	ck_assert(is_denied(ADA));
	dt_change(CHANGE("cn=Outer," BASE, "delete"));
	dt_sync_well();
	ck_assert(is_denied(ADA) && is_denied(EVE) && !is_denied(BOB));

	op_ok("category set Desk --remove-denied " ADA);
	ck_assert(!is_denied(ADA) && is_denied(EVE));
}
END_TEST


START_TEST(users_of_a_denied_folder_that_is_gone_stay_denied)
{
	tree();
	wall_against(BERLIN);
	dt_configure("folder.filter (&(objectClass=organizationalUnit)"
		     "(!(ou=berlin)))\n");
	dt_sync_well();
	ck_assert_int_eq(dt_state(BERLIN), 2);
	ck_assert(is_denied(BOB) && !is_denied(ADA));
}
END_TEST


START_TEST(a_group_made_again_is_on_none_of_the_old_lists)
{
	long long old;

	tree();
	op_ok("category create --name Desk --allowed group:unix");
	old = dt_id_of("group:unix");
	ck_assert(!is_denied(BOB));
	dt_change(CHANGE("cn=unix," BASE, "delete"));
	dt_sync_well();
	dt_change("dn: cn=unix," BASE "\nobjectClass: posixGroup\ncn: unix\n"
		  "gidNumber: 7\nmemberUid: eve\n\n");
	dt_sync_well();
	ck_assert_int_ne(dt_id_of("group:unix"), old);
	ck_assert(dt_is_in(EVE, "group:unix"));
	ck_assert(is_denied(EVE) && is_denied(BOB));
}
END_TEST


START_TEST(an_operators_no_outlives_a_loss)
{
	tree();
	op_ok("user set " EVE " --state disabled");
	dt_configure("user.filter (|(uid=ada)(uid=bob))\n");
	dt_sync_well();
	ck_assert_int_eq(dt_state(EVE), 2);
	dt_configure("");
	dt_sync_well();
	ck_assert_int_eq(dt_state(EVE), 1);
	op_ok("user set " EVE " --state enabled");
	dt_sync_well();
	ck_assert_int_eq(dt_state(EVE), 0);
}
END_TEST


/* caseIgnoreMatch: accented letters in another case, more blanks */
START_TEST(a_member_is_found_in_any_spelling_of_their_dn)
{
	dt_change(dt_tree);
	dt_change("dn: cn=J\xc3\xbcrgen \xc3\x96 Meyer,ou=guests," BASE "\n"
		  "objectClass: inetOrgPerson\ncn: J\xc3\xbcrgen \xc3\x96 Meyer"
		  "\nsn: x\nuid: jm\nmail: jm@example.net\n\n"
		  GROUP("Spelt", MEMBER("CN=j\xc3\x9cRGEN  \xc3\xb6   meyer , "
					"OU=Guests," BASE)));
	dt_sync_well();
	ck_assert(dt_is_in("sip:jm@example.net", "group:spelt"));
}
END_TEST


START_TEST(members_that_are_nobody_are_counted_and_named)
{
	dt_change(dt_tree);
	dt_change(GROUP("Odd", MEMBER("uid=nosuch,ou=guests," BASE)
			MEMBER(DN("eve", "guests"))));
	dt_sync_well();
	op_said("no entry, or not one alone: 2");
	op_said("unix: uid:nobody");
	op_said("Odd: uid=nosuch,ou=guests,");
	ck_assert_msg(!dt_try_sync("--json"), "%s", op_err());
	op_said("\"not_found\": 2");
}
END_TEST


/* Each names entries by another attribute, so that they are others to us */
START_TEST(three_directories_may_have_one_folder)
{
	tree();
	dt_configure("source.name second\nldap.id entryCSN\nuser.filter "
		     "(uid=nosuch)\ngroup.filter (cn=inner)\n");
	dt_sync_well();
	dt_configure("source.name third\nldap.id entryDN\nuser.filter "
		     "(uid=nosuch)\ngroup.filter (cn=inner)\n");
	dt_sync_well();
	dt_sync_well();
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "kind = 10 AND key LIKE 'folder:%%'"), 9);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "kind = 9 AND key LIKE 'group:%%inner%%'"),
			 3);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "kind = 10 AND key LIKE 'group:%%'"), 0);
}
END_TEST


static Suite *ldap_guard_suite(void)
{
	Suite *suite = suite_create("ldap/guard");
	TCase *tc = tcase_create("guard");
	const TTest *const testv[] = {
		all_groups_gone_are_not_believed,
		all_folders_gone_are_not_believed,
		all_users_disabled_are_not_believed,
		memberships_that_cannot_be_seen_are_not_believed,
		a_denied_group_that_is_emptied_is_not_believed,
		members_of_a_denied_group_that_is_gone_stay_denied,
		users_of_a_denied_folder_that_is_gone_stay_denied,
		a_group_made_again_is_on_none_of_the_old_lists,
		an_operators_no_outlives_a_loss,
		a_member_is_found_in_any_spelling_of_their_dn,
		members_that_are_nobody_are_counted_and_named,
		three_directories_may_have_one_folder,
	};
	size_t i;

	tcase_add_checked_fixture(tc, dt_setup, dt_teardown);
	tcase_set_timeout(tc, 60);
	for (i = 0; i < ARRAY_SIZE(testv); i++)
		tcase_add_test(tc, testv[i]);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(ldap_guard_suite)
