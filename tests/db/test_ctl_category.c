/**
 * @file tests/db/test_ctl_category.c  pchatctl category
 */
#include <string.h>
#include "tests/db/ctl.h"
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
	ctl_setup();
	ck_assert_msg(ctl_import(data) == TOOL_OK, "%s", ctl_err());
}


START_TEST(a_category_is_made_with_its_scope)
{
	ctl_ok("category", "create", "--name", "Deals", "--description",
	       "Walled", "--allowed", "domain:x.net", "--allowed",
	       "eve@y.net", "--denied", "bob@x.net", "--creators",
	       "group:staff", "--invitations", "no", "--files", "no",
	       "--history", "no", "--retention", "7");
	ctl_said("Deals: created");

	ctl_ok("category", "show", "deals", "--json");
	ctl_said("\"sip:eve@y.net\"");
	ctl_said("\"group:Staff\"");
	ctl_said("\"retention\": 7");
	ctl_said("\"created_by\": \"operator\"");
	ck_assert_int_eq(ctl_number(
		"SELECT count(*) FROM category WHERE name = 'Deals' AND NOT"
		" files AND NOT history AND NOT invitations"), 1);
	ck_assert_int_eq(ctl_number("SELECT count(*) FROM category_scope"
				    " JOIN category USING (category_id)"
				    " WHERE name = 'Deals' AND denied"), 1);
}
END_TEST


START_TEST(one_that_does_not_say_is_for_everybody)
{
	ctl_ok("category", "create", "--name", "Open");
	ctl_ok("eligible", "Open");
	ctl_said("sip:eve@y.net");

	ctl_ok("category", "create", "--name", "Shut", "--allowed", "");
	ctl_ok("eligible", "Shut");
	ctl_silent_on("sip:");
}
END_TEST


START_TEST(lists_change_one_by_one_or_as_a_whole)
{
	ctl_ok("category", "set", "Here", "--add-allowed", "eve@y.net",
	       "--add-denied", "bob@x.net", "--add-creator", "eve@y.net",
	       "--remove-creator", "ada@x.net");
	ctl_ok("eligible", "Here");
	ctl_said("sip:eve@y.net");
	ctl_silent_on("sip:bob@x.net");

	ctl_ok("category", "set", "Here", "--allowed", "any", "--denied",
	       "");
	ctl_ok("eligible", "Here");
	ctl_said("sip:bob@x.net");
	ctl_ok("category", "list", "--json");
	ctl_said("\"allowed\": [\"any\"]");
	ctl_said("\"denied\": []");
	ctl_said("\"creators\": [\"sip:eve@y.net\"]");
}
END_TEST


START_TEST(creators_are_of_those_who_are_allowed)
{
	ctl_fails("creators outside of the allowed members: sip:eve@y.net",
		  "category", "set", "Here", "--add-creator", "eve@y.net");
	ctl_fails("creators outside of the allowed members: sip:ada@x.net",
		  "category", "set", "Here", "--add-denied", "ada@x.net");
	ctl_fails("creators outside of the allowed members: sip:ada@x.net",
		  "category", "set", "Here", "--allowed", "bob@x.net");
	ctl_ok("category", "set", "Here", "--allowed", "bob@x.net",
	       "--creators", "bob@x.net");
}
END_TEST


START_TEST(only_an_empty_category_is_removed)
{
	ctl_fails("category Here holds 1 room: Lobby", "category", "remove",
		  "Here");
	ctl_ok("room", "remove", "Lobby");
	ctl_ok("category", "remove", "Here", "--dry-run");
	ck_assert_int_eq(ctl_number("SELECT count(*) FROM category"), 1);
	ctl_ok("category", "remove", "Here");
	ctl_said("Here: removed");
	ck_assert_int_eq(ctl_number("SELECT count(*) FROM category"), 0);
	ck_assert_int_eq(ctl_number("SELECT count(*) FROM room WHERE"
				    " deleted_at IS NOT NULL"), 1);
	ctl_fails("no such category: Here", "category", "show", "Here");
}
END_TEST


START_TEST(a_refusal_names_what_is_wrong)
{
	const long long before = ctl_number("SELECT count(*) FROM"
					    " admin_audit");

	ctl_ok("category", "list");
	ctl_fails("there is a room of this name: LOBBY", "category", "create",
		  "--name", "LOBBY");
	ctl_fails("there is a category of this name: here", "category",
		  "create", "--name", "here");
	ctl_fails("sip:zoe@x.net", "category", "set", "Here",
		  "--add-allowed", "zoe@x.net");
	ctl_fails("not on the list: sip:bob@x.net", "category", "set",
		  "Here", "--remove-denied", "bob@x.net");
	ctl_fails("--name : empty", "category", "set", "Here", "--name", "");
	ctl_fails("--files perhaps: must be yes or no", "category", "set",
		  "Here", "--files", "perhaps");
	ck_assert_int_eq(ctl_run("category", "create", NULL), TOOL_USAGE);
	ck_assert_int_eq(ctl_run("category", "set", "Here", "--addin", "x",
				 NULL), TOOL_USAGE);
	ck_assert_int_eq(ctl_number("SELECT count(*) FROM admin_audit"),
			 before);
}
END_TEST


START_TEST(the_audit_has_what_was_before)
{
	ctl_ok("category", "set", "Here", "--add-allowed", "eve@y.net",
	       "--files", "no");
	ctl_ok("audit", "list", "--action", "category.modify", "--json");
	ctl_said("\"was\": {\"files\": true, \"allowed\":"
		 " [\"domain:x.net\"]}");
	ctl_said("\"allowed\": {\"add\": [\"sip:eve@y.net\"]}");
}
END_TEST


static Suite *ctl_category_suite(void)
{
	Suite *suite = suite_create("ctl_category");
	TCase *tc = tcase_create("category");

	tcase_add_checked_fixture(tc, setup, ctl_teardown);
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
