/**
 * @file tests/db/test_ctl_category.c  pchatctl category
 */
#include <string.h>
#include "tests/db/operator.h"
#include "tests/unit/suite.h"


static const char data[] =
"{\"users\":[{\"uri\":\"ada@x.net\"},{\"uri\":\"bob@x.net\"},"
" {\"uri\":\"eve@y.net\"}],"
"\"groups\":[{\"name\":\"Staff\",\"members\":[\"ada@x.net\"]}],"
"\"categories\":[{\"name\":\"Here\",\"allowed\":[\"domain:x.net\"],"
"  \"creators\":[\"ada@x.net\"]}],"
"\"rooms\":[{\"name\":\"Lobby\",\"category\":\"Here\"}]}";


static void setup(void)
{
	op_setup();
	ck_assert_msg(op_import(data) == TOOL_OK, "%s", op_err());
}


START_TEST(a_category_is_made_with_its_scope)
{
	op_ok("category create --name Deals --description Walled --allowed "
	      "domain:x.net --allowed eve@y.net --denied bob@x.net "
	      "--creators group:staff --invitations no --files no --history "
	      "no --retention 7");
	op_said("Deals: created");

	op_ok("category show deals --json");
	op_said("\"sip:eve@y.net\"");
	op_said("\"group:Staff\"");
	op_said("\"retention\": 7");
	op_said("\"created_by\": \"operator\"");
	ck_assert_int_eq(op_number(
		"SELECT count(*) FROM category WHERE name = 'Deals' AND NOT"
		" files AND NOT history AND NOT invitations"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM category_scope"
				    " JOIN category USING (category_id)"
				    " WHERE name = 'Deals' AND denied"), 1);
}
END_TEST


START_TEST(one_that_does_not_say_is_for_everybody)
{
	op_ok("category create --name Open");
	op_ok("eligible Open");
	op_said("sip:eve@y.net");

	op_ok("category create --name Shut --allowed ''");
	op_ok("eligible Shut");
	op_silent_on("sip:");
}
END_TEST


START_TEST(lists_change_one_by_one_or_as_a_whole)
{
	op_ok("category set Here --add-allowed eve@y.net --add-denied "
	      "bob@x.net --add-creator eve@y.net --remove-creator ada@x.net");
	op_ok("eligible Here");
	op_said("sip:eve@y.net");
	op_silent_on("sip:bob@x.net");

	op_ok("category set Here --allowed any --denied ''");
	op_ok("eligible Here");
	op_said("sip:bob@x.net");
	op_ok("category list --json");
	op_said("\"allowed\": [\"any\"]");
	op_said("\"denied\": []");
	op_said("\"creators\": [\"sip:eve@y.net\"]");
}
END_TEST


START_TEST(creators_are_of_those_who_are_allowed)
{
	op_fails("creators outside of the allowed members: sip:eve@y.net",
		 "category set Here --add-creator eve@y.net");
	op_fails("creators outside of the allowed members: sip:ada@x.net",
		 "category set Here --add-denied ada@x.net");
	op_fails("creators outside of the allowed members: sip:ada@x.net",
		 "category set Here --allowed bob@x.net");
	op_ok("category set Here --allowed bob@x.net --creators bob@x.net");
}
END_TEST


START_TEST(only_an_empty_category_is_removed)
{
	op_fails("category Here holds 1 room: Lobby", "category remove Here");
	op_ok("room remove Lobby");
	op_ok("category remove Here --dry-run");
	ck_assert_int_eq(op_number("SELECT count(*) FROM category"), 1);
	op_ok("category remove Here");
	op_said("Here: removed");
	ck_assert_int_eq(op_number("SELECT count(*) FROM category"), 0);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room WHERE"
				    " deleted_at IS NOT NULL"), 1);
	op_fails("no such category: Here", "category show Here");
}
END_TEST


START_TEST(a_refusal_names_what_is_wrong)
{
	const long long before = op_number("SELECT count(*) FROM"
					    " admin_audit");

	op_ok("category list");
	op_fails("or of one that looks the same: LOBBY",
		 "category create --name LOBBY");
	op_fails("or of one that looks the same: here",
		 "category create --name here");
	op_fails("sip:zoe@x.net",
		 "category set Here --add-allowed zoe@x.net");
	op_fails("not on the list: sip:bob@x.net",
		 "category set Here --remove-denied bob@x.net");
	op_fails("--name : empty", "category set Here --name ''");
	op_fails("--files perhaps: must be yes or no",
		 "category set Here --files perhaps");
	ck_assert_int_eq(op_run("category create"), TOOL_USAGE);
	ck_assert_int_eq(op_run("category set Here --addin x"), TOOL_USAGE);
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit"),
			 before);
}
END_TEST


START_TEST(the_audit_has_what_was_before)
{
	op_ok("category set Here --add-allowed eve@y.net --files no");
	op_ok("audit list --action category.modify --json");
	op_said("\"was\": {\"files\": true, \"allowed\":"
		 " [\"domain:x.net\"]}");
	op_said("\"allowed\": {\"add\": [\"sip:eve@y.net\"]}");
}
END_TEST


static Suite *ctl_category_suite(void)
{
	Suite *suite = suite_create("ctl_category");
	TCase *tc = tcase_create("category");

	tcase_add_checked_fixture(tc, setup, op_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_category_is_made_with_its_scope);
	tcase_add_test(tc, one_that_does_not_say_is_for_everybody);
	tcase_add_test(tc, lists_change_one_by_one_or_as_a_whole);
	tcase_add_test(tc, creators_are_of_those_who_are_allowed);
	tcase_add_test(tc, only_an_empty_category_is_removed);
	tcase_add_test(tc, a_refusal_names_what_is_wrong);
	tcase_add_test(tc, the_audit_has_what_was_before);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(ctl_category_suite)
