/**
 * @file tests/db/test_ctl_addin.c  pchatctl addin
 */
#include <string.h>
#include "tests/db/operator.h"
#include "tests/unit/suite.h"


static const char data[] =
"{\"categories\":[{\"name\":\"Main\"}],"
"\"rooms\":[{\"name\":\"Lobby\",\"category\":\"Main\"}]}";


static void setup(void)
{
	op_setup();
	ck_assert_msg(op_import(data) == TOOL_OK, "%s", op_err());
	op_ok("addin create --name Wiki --url https://wiki.x.net/start?a=b");
}


START_TEST(a_page_is_registered_and_changed)
{
	op_said("Wiki: created");
	op_ok("addin set wiki --name Pages");
	op_ok("addin set pages --url HTTPS://other.x.net/");
	op_ok("addin list");
	op_said("Pages  HTTPS://other.x.net/");
	op_silent_on("Wiki");
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit WHERE"
				    " actor = 'operator' AND action LIKE"
				    " 'addin.%%'"), 3);
}
END_TEST


START_TEST(one_that_rooms_show_is_removed_by_force_only)
{
	op_ok("room set Lobby --addin Wiki");
	op_ok("addin show Wiki");
	op_said("Lobby");
	op_fails("add-in Wiki is shown in 1 room: Lobby; --force",
		 "addin remove Wiki");

	op_ok("addin remove Wiki --force --dry-run");
	ck_assert_int_eq(op_number("SELECT count(*) FROM room"
				    " WHERE addin_id IS NOT NULL"), 1);
	op_ok("addin remove Wiki --force");
	ck_assert_int_eq(op_number("SELECT count(*) FROM room"
				    " WHERE addin_id IS NOT NULL"), 0);
	op_ok("addin list --json");
	op_silent_on("Wiki");
}
END_TEST


START_TEST(a_room_lets_go_of_its_page)
{
	op_ok("room set Lobby --addin Wiki");
	op_ok("room set Lobby --addin none");
	op_ok("addin remove Wiki");
	op_said("Wiki: removed");
}
END_TEST


static const char *const badv[] = {
	"http://wiki.x.net/", "https://", "https:///path", "wiki.x.net",
	"javascript:alert(1)", "https://a b/", "https://a/\"onload=",
	"https://a/<b>", ""
};


START_TEST(a_page_must_come_over_https)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(badv); i++)
		op_fails("--url ", "addin create --name Bad --url '%s'",
			 badv[i]);
	ck_assert_int_eq(op_number("SELECT count(*) FROM addin"), 1);
}
END_TEST


START_TEST(a_refusal_names_what_is_wrong)
{
	op_fails("there is an add-in of this name: WIKI",
		 "addin create --name WIKI --url https://x/");
	op_fails("no such add-in: Blog", "addin remove Blog");
	op_fails("no such add-in: Blog", "addin set Blog --name B");
	op_fails("no such add-in: Blog", "addin show Blog");
	ck_assert_int_eq(op_run("addin create --name B"), TOOL_USAGE);
	ck_assert_int_eq(op_run("addin set Wiki"), TOOL_USAGE);
}
END_TEST


static Suite *ctl_addin_suite(void)
{
	Suite *suite = suite_create("ctl_addin");
	TCase *tc = tcase_create("addin");

	tcase_add_checked_fixture(tc, setup, op_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_page_is_registered_and_changed);
	tcase_add_test(tc, one_that_rooms_show_is_removed_by_force_only);
	tcase_add_test(tc, a_room_lets_go_of_its_page);
	tcase_add_test(tc, a_page_must_come_over_https);
	tcase_add_test(tc, a_refusal_names_what_is_wrong);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(ctl_addin_suite)
