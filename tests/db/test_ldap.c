/**
 * @file tests/db/test_ldap.c  pchatctl sync ldap: what is taken over
 */
#include <stdlib.h>
#include <string.h>
#include "tests/db/ldapfix.h"
#include "tests/unit/suite.h"


START_TEST(users_groups_and_folders_are_taken_over)
{
	dt_change(dt_tree);
	dt_sync_well();
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE kind = 5"
				   " AND state = 0"), 3);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "key = '" ADA "' AND display = 'Ada' "
				   "AND email = 'ada@Example.net'"), 1);
	ck_assert(dt_is_in(ADA, "group:inner") && dt_is_in(ADA, "group:outer"));
	ck_assert(dt_is_in(EVE, "group:outer") && !dt_is_in(EVE, "group:inner"));
	ck_assert(dt_is_in(BOB, "group:unix") && !dt_is_in(ADA, "group:unix"));
	ck_assert(dt_is_in(BOB, BERLIN) && dt_is_in(BOB, STAFF));
	ck_assert(dt_is_in(ADA, STAFF) && !dt_is_in(ADA, BERLIN));
	ck_assert(!dt_is_in(EVE, STAFF));
	ck_assert(dt_is_in(ADA, "domain:example.net") && dt_is_in(ADA, "any"));
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit WHERE "
				   "action = 'sync' AND detail->'users'->>'new'"
				   " = '3'"), 1);
}
END_TEST


/* A group "ops" with U+202E, and Eve with it in her display name; two groups
   whose names look the same */
START_TEST(names_that_turn_text_round_are_refused_or_mended)
{
	long long before;

	dt_change(dt_tree);
	dt_change(CHANGE(DN("eve", "guests"), "modify")
		  "replace: displayName\ndisplayName:: RXZl4oCu\n\n");
	dt_change("dn: gidNumber=9," BASE "\nobjectClass: posixGroup\n"
		  "cn:: b3Bz4oCu\ngidNumber: 9\nmemberUid: bob\n\n"
		  "dn: gidNumber=10," BASE "\nobjectClass: posixGroup\n"
		  "cn: Strasse\ngidNumber: 10\nmemberUid: bob\n\n"
		  "dn: gidNumber=11," BASE "\nobjectClass: posixGroup\n"
		  "cn:: U3RyYcOfZQ==\ngidNumber: 11\nmemberUid: bob\n\n");
	ck_assert_int_eq(dt_try_sync(""), 1);
	op_complained("U+202E at position 4");
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "key = '" EVE "' AND display = 'Eve'"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "kind = 9 AND name LIKE 'ops%%'"), 0);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "kind = 9 AND name LIKE 'Stra%%'"), 2);
	ck_assert_int_eq(op_run("names"), TOOL_FAILED);
	op_said("looks the same as another name");

	before = op_number(FINGERPRINT);
	ck_assert_int_eq(dt_try_sync("--full"), 1);
	ck_assert_int_eq(op_number(FINGERPRINT), before);
}
END_TEST


START_TEST(again_is_no_change)
{
	long long before;

	dt_change(dt_tree);
	dt_sync_well();
	op_said("all of ldap");
	before = op_number(FINGERPRINT);
	dt_sync_well();
	op_said("changes of ldap");
	ck_assert_int_eq(op_number(FINGERPRINT), before);
	ck_assert_int_eq(dt_try_sync("--full"), 0);
	ck_assert_int_eq(op_number(FINGERPRINT), before);
}
END_TEST


START_TEST(who_is_renamed_is_the_same)
{
	long long id;

	dt_change(dt_tree);
	dt_sync_well();
	id = dt_id_of(ADA);
	dt_change(CHANGE(DN("ada", "staff"), "modrdn")
		  "newrdn: uid=lovelace\ndeleteoldrdn: 1\n\n"
		  CHANGE(DN("lovelace", "staff"), "modify")
		  "replace: mail\nmail: lovelace@example.net\n\n"
		  CHANGE("cn=Inner," BASE, "modify")
		  "replace: member\n" MEMBER(DN("lovelace", "staff")));
	dt_sync_well();
	ck_assert_int_eq(dt_id_of("sip:lovelace@example.net"), id);
	ck_assert_int_eq(dt_id_of(ADA), -1);
	ck_assert(dt_is_in("sip:lovelace@example.net", "group:outer"));
}
END_TEST


START_TEST(two_may_swap_their_addresses)
{
	long long ada, bob;

	dt_change(dt_tree);
	dt_sync_well();
	ada = dt_id_of(ADA);
	bob = dt_id_of(BOB);
	(void)store_sql(op_store(), "INSERT INTO credential (principal_id, "
			"username, realm, ha1, ha1b) SELECT principal_id, "
			"key, 'x', 'x', 'x' FROM principal WHERE kind = 5");
	dt_change(CHANGE(DN("ada", "staff"), "modify")
		  "replace: mail\nmail: bob@example.net\n\n"
		  CHANGE(DN("bob", "berlin,ou=staff"), "modify")
		  "replace: mail\nmail: ada@example.net\n");
	dt_sync_well();
	ck_assert_int_eq(dt_id_of(ADA), bob);
	ck_assert_int_eq(dt_id_of(BOB), ada);
	/* nobody gets in with the password of who had his address */
	ck_assert_int_eq(op_number("SELECT count(*) FROM credential"), 1);
}
END_TEST


/* The entry is there all the time: the filter loses it and finds it again */
START_TEST(the_same_entry_comes_back_as_the_same_user)
{
	long long id;

	dt_change(dt_tree);
	dt_sync_well();
	id = dt_id_of(EVE);
	dt_configure("user.filter (|(uid=ada)(uid=bob))\n");
	dt_sync_well();
	ck_assert_int_eq(dt_state(EVE), 2);
	ck_assert(!dt_is_in(EVE, "group:outer"));

	dt_configure("");
	dt_sync_well();
	ck_assert_int_eq(dt_id_of(EVE), id);
	ck_assert_int_eq(dt_state(EVE), 0);
	ck_assert(dt_is_in(EVE, "group:outer"));
}
END_TEST


static void eve_is_deleted_and_made_again(void)
{
	dt_change(dt_tree);
	dt_sync_well();
	dt_change(CHANGE(DN("eve", "guests"), "delete"));
	dt_sync_well();
	ck_assert_int_eq(dt_state(EVE), 2);
	dt_change(PERSON("eve", "guests", "Eve again"));
}


START_TEST(another_entry_of_that_address_is_another_user)
{
	long long old;

	eve_is_deleted_and_made_again();
	old = dt_id_of(EVE);
	dt_sync_well();
	ck_assert_int_ne(dt_id_of(EVE), old);
	ck_assert_int_eq(dt_state(EVE), 0);
	ck_assert(dt_is_in(EVE, "group:outer"));
	ck_assert_int_eq(op_number("SELECT state FROM principal WHERE "
				   "principal_id = %lld", old), 2);

	/* deleted and made again between two runs */
	old = dt_id_of(EVE);
	dt_change(CHANGE(DN("eve", "guests"), "delete"));
	dt_change(PERSON("eve", "guests", "Eve, the third"));
	dt_sync_well();
	ck_assert_int_ne(dt_id_of(EVE), old);
	ck_assert_int_eq(op_number("SELECT state FROM principal WHERE "
				   "principal_id = %lld", old), 2);
}
END_TEST


START_TEST(the_operator_may_say_that_it_is_the_same_user)
{
	long long id;

	eve_is_deleted_and_made_again();
	id = dt_id_of(EVE);
	ck_assert_int_eq(dt_try_sync("--same-person"), 0);
	ck_assert_int_eq(dt_id_of(EVE), id);
	ck_assert_int_eq(dt_state(EVE), 0);
}
END_TEST


START_TEST(a_user_removed_by_hand_is_not_taken_over)
{
	long long id;

	op_ok("user create " ADA);
	id = dt_id_of(ADA);
	op_ok("user remove " ADA);
	dt_change(dt_tree);
	dt_sync_well();
	ck_assert_int_ne(dt_id_of(ADA), id);
	ck_assert_int_eq(dt_state(ADA), 0);
}
END_TEST


START_TEST(a_group_that_is_gone_holds_nobody)
{
	dt_change(dt_tree);
	dt_sync_well();
	dt_change(CHANGE("cn=Outer," BASE, "delete"));
	dt_sync_well();
	ck_assert_int_eq(dt_state("group:outer"), 2);
	ck_assert(!dt_is_in(ADA, "group:outer") && dt_is_in(ADA, "group:inner"));
}
END_TEST


START_TEST(a_change_inside_is_a_change_outside)
{
	dt_change(dt_tree);
	dt_sync_well();
	dt_change(CHANGE("cn=Inner," BASE, "modify")
		  "replace: member\n" MEMBER(DN("bob", "berlin,ou=staff")));
	dt_sync_well();
	ck_assert(dt_is_in(BOB, "group:outer") && dt_is_in(BOB, "group:inner"));
	ck_assert(!dt_is_in(ADA, "group:outer") && !dt_is_in(ADA, "group:inner"));
	ck_assert(dt_is_in(ADA, STAFF));
}
END_TEST


/* No time stamp of an entry below changes with it */
START_TEST(a_folder_is_renamed_with_all_that_is_in_it)
{
	long long ada, bob;

	dt_change(dt_tree);
	dt_sync_well();
	ada = dt_id_of(ADA);
	bob = dt_id_of(BOB);
	dt_change(CHANGE("ou=staff," BASE, "modrdn")
		  "newrdn: ou=people\ndeleteoldrdn: 1\n\n"
		  CHANGE("cn=Inner," BASE, "modify")
		  "replace: member\n" MEMBER(DN("ada", "people")));
	dt_sync_well();
	ck_assert_int_eq(dt_id_of(ADA), ada);
	ck_assert_int_eq(dt_id_of(BOB), bob);
	ck_assert_int_eq(dt_state(ADA) + dt_state(BOB), 0);
	ck_assert(dt_is_in(BOB, "folder:ou=berlin,ou=people," BASE));
	ck_assert(dt_is_in(ADA, "folder:ou=people," BASE));
	ck_assert(dt_is_in(ADA, "group:outer"));
}
END_TEST


START_TEST(disabled_is_the_directorys_word_until_the_operator_has_his)
{
	dt_configure("user.disabled_filter (title=left)\n");
	dt_change(dt_tree);
	dt_change(CHANGE(DN("bob", "berlin,ou=staff"), "modify")
		  "add: title\ntitle: left\n");
	dt_sync_well();
	ck_assert_int_eq(dt_state(BOB), 1);
	ck_assert_int_eq(dt_state(ADA), 0);

	op_ok("user set " ADA " --state disabled");
	dt_sync_well();
	ck_assert_int_eq(dt_state(ADA), 1);

	dt_change(CHANGE(DN("bob", "berlin,ou=staff"), "modify")
		  "delete: title\n");
	dt_sync_well();
	ck_assert_int_eq(dt_state(BOB), 0);
	ck_assert_int_eq(dt_state(ADA), 1);
}
END_TEST


START_TEST(equal_display_names_are_no_trouble_equal_addresses_are_told)
{
	dt_change(dt_tree);
	dt_change(PERSON("adam", "guests", "Ada")
		  "dn: uid=twin,ou=guests," BASE "\nobjectClass: inetOrgPerson\n"
		  "uid: twin\ncn: twin\nsn: x\nmail: ada@example.net\n\n"
		  PERSON("zoe", "guests", "Zoe"));
	ck_assert_int_eq(dt_try_sync(""), 1);
	op_complained("another entry has its URI: " ADA);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "kind = 5 AND state = 0"), 5);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "display = 'Ada'"), 2);

	dt_change(CHANGE("uid=twin,ou=guests," BASE, "delete"));
	dt_sync_well();
}
END_TEST


START_TEST(two_groups_of_one_name_are_two)
{
	dt_change(dt_tree);
	dt_change("dn: cn=Inner,ou=guests," BASE "\nobjectClass: groupOfNames\n"
		  "cn: Inner\n" MEMBER(DN("eve", "guests")));
	dt_sync_well();
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "kind = 9 AND state = 0"), 4);
	ck_assert(dt_is_in(ADA, "group:inner") != dt_is_in(EVE, "group:inner"));
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE key IN "
				   "('group:cn=inner,ou=guests," BASE "', "
				   "'group:cn=inner," BASE "')"), 1);
}
END_TEST


START_TEST(groups_in_each_other_are_no_trouble)
{
	dt_change(dt_tree);
	dt_change(CHANGE("cn=Inner," BASE, "modify")
		  "add: member\n" MEMBER("cn=Outer," BASE));
	dt_sync_well();
	ck_assert(dt_is_in(EVE, "group:inner") && dt_is_in(ADA, "group:outer"));
}
END_TEST


START_TEST(who_was_here_before_is_taken_over)
{
	long long id;

	op_ok("user create " ADA " --policy enabled");
	op_ok("user create sip:local@example.net");
	id = dt_id_of(ADA);
	dt_change(dt_tree);
	dt_sync_well();
	ck_assert_int_eq(dt_id_of(ADA), id);
	ck_assert_int_eq(op_number("SELECT policy_id FROM principal WHERE "
				   "key = '" ADA "'"), 2);
	ck_assert_int_eq(dt_state("sip:local@example.net"), 0);
	op_fails("kept by the directory", "user remove " ADA);
	op_fails("kept by the directory", "group drop inner " ADA);
}
END_TEST


START_TEST(new_users_get_a_policy)
{
	dt_configure("user.policy enabled\n");
	dt_change(dt_tree);
	dt_sync_well();
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "kind = 5 AND policy_id = 2"), 3);
	dt_configure("user.policy global\n");
	ck_assert_int_eq(dt_try_sync(""), 1);
	op_complained("not for users");
}
END_TEST


static Suite *ldap_suite(void)
{
	Suite *suite = suite_create("ldap");
	TCase *tc = tcase_create("ldap");
	const TTest *const testv[] = {
		users_groups_and_folders_are_taken_over,
		names_that_turn_text_round_are_refused_or_mended,
		again_is_no_change,
		who_is_renamed_is_the_same,
		two_may_swap_their_addresses,
		the_same_entry_comes_back_as_the_same_user,
		another_entry_of_that_address_is_another_user,
		the_operator_may_say_that_it_is_the_same_user,
		a_user_removed_by_hand_is_not_taken_over,
		a_group_that_is_gone_holds_nobody,
		a_change_inside_is_a_change_outside,
		a_folder_is_renamed_with_all_that_is_in_it,
		disabled_is_the_directorys_word_until_the_operator_has_his,
		equal_display_names_are_no_trouble_equal_addresses_are_told,
		two_groups_of_one_name_are_two,
		groups_in_each_other_are_no_trouble,
		who_was_here_before_is_taken_over,
		new_users_get_a_policy,
	};
	size_t i;

	tcase_add_checked_fixture(tc, dt_setup, dt_teardown);
	tcase_set_timeout(tc, 60);
	for (i = 0; i < ARRAY_SIZE(testv); i++)
		tcase_add_test(tc, testv[i]);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(ldap_suite)
