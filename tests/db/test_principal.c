/**
 * @file tests/db/test_principal.c  pchatctl user, group, endpoint
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/db/operator.h"
#include "tests/unit/suite.h"

#define ADA "sip:ada@example.net"
#define BOB "sip:bob@example.net"

/* What "show" prints of somebody holds this */
static void shows(const char *line, const char *words)
{
	op_ok("%s", line);
	op_said(words);
}


START_TEST(a_user_is_made_changed_and_removed)
{
	op_ok("user create Ada@Example.net --display 'Ada L.' "
	      "--email ada@mail.example --policy enabled");
	shows("user show " ADA " --json", "\"display\": \"Ada L.\"");
	shows("user show " ADA " --json", "\"enabled\": true");
	shows("user show " ADA " --json", "domain:example.net");
	ck_assert_int_eq(op_number("SELECT count(*) FROM store "
				   "WHERE domain = 'example.net'"), 1);

	op_ok("user set " ADA " --display Ada");
	shows("user show " ADA, "Ada");
	op_ok("user set " ADA " --display Ada");
	ck_assert_str_eq(op_out(), ADA ": was so already\n");
	op_ok("user set " ADA " --state disabled");
	shows("user show " ADA " --json", "\"state\": \"disabled\"");
	ck_assert_int_eq(op_number("SELECT cardinality(user_ancestors("
				   "principal_id)) FROM principal "
				   "WHERE key = '" ADA "'"), 0);

	op_ok("user remove " ADA " --dry-run");
	op_ok("user remove " ADA);
	op_fails("no such user: " ADA, "user remove " ADA);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "key = '" ADA "' AND state = 2"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit WHERE "
				   "action LIKE 'user.%%' AND object = '" ADA
				   "'"), 4);
}
END_TEST


START_TEST(who_is_made_again_is_the_same)
{
	long long id;

	op_ok("user create " ADA);
	id = op_number("SELECT principal_id FROM principal WHERE kind = 5");
	op_fails("there is such a user", "user create " ADA);
	op_ok("user remove " ADA);
	op_ok("user create " ADA);
	ck_assert_int_eq(op_number("SELECT principal_id FROM principal "
				   "WHERE kind = 5 AND state = 0"), id);
}
END_TEST


static void password_file(char path[128], const char *text, mode_t mode)
{
	FILE *f;

	(void)snprintf(path, 128, "%s/password", store_dir(op_store()));
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs(text, f);
	ck_assert_int_eq(fchmod(fileno(f), mode) | fclose(f), 0);
}


/* md5 of ada:example.net:secret and of ada@example.net:example.net:secret */
START_TEST(a_password_becomes_what_the_registrar_checks)
{
	char path[128];

	op_ok("user create " ADA);
	password_file(path, "secret\n", 0600);
	op_ok("user set " ADA " --password-file %s", path);
	ck_assert_int_eq(op_number("SELECT count(*) FROM credential WHERE "
				   "username = 'ada' AND realm = 'example.net' "
				   "AND ha1 = md5('ada:example.net:secret') AND "
				   "ha1b = md5('ada@example.net:example.net:"
				   "secret')"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM credential WHERE "
		"ha1_sha256 = encode(sha256('ada:example.net:secret'), 'hex') "
		"AND ha1b_sha256 = encode(sha256("
		"'ada@example.net:example.net:secret'), 'hex')"), 1);
	op_ok("user set " ADA " --no-md5 --password-file %s", path);
	ck_assert_int_eq(op_number("SELECT count(*) FROM credential WHERE ha1 "
				   "IS NULL AND ha1b IS NULL"), 1);
	shows("user show " ADA " --json", "\"password\": true");
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit WHERE "
				   "detail::text LIKE '%%secret%%'"), 0);

	password_file(path, "secret\n", 0640);
	op_fails("others than its owner",
		 "user set " ADA " --password-file %s", path);
	password_file(path, "\n", 0600);
	op_fails("no password", "user set " ADA " --password-file %s", path);
}
END_TEST


START_TEST(groups_hold_users_and_groups)
{
	op_ok("user create " ADA);
	op_ok("user create " BOB);
	op_ok("group create Inner --member " ADA);
	op_ok("group create Outer --member group:inner");
	shows("user show " ADA " --json", "group:outer");
	op_ok("group add inner " BOB);
	shows("group show Outer --json", BOB);
	op_ok("group add inner " BOB);
	ck_assert_str_eq(op_out(), BOB ": was so already\n");

	op_fails("contain itself", "group add inner group:outer");
	op_fails("contain itself", "group add inner group:inner");
	op_fails("no such", "group add inner sip:no@example.net");
	op_fails("no such group: nobody", "group add nobody " ADA);

	op_ok("group drop inner " ADA);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal_affiliation a "
				   "JOIN principal g ON g.principal_id = "
				   "a.ancestor_id WHERE g.kind = 9 AND "
				   "a.principal_id = (SELECT principal_id FROM "
				   "principal WHERE key = '" ADA "')"), 0);

	op_ok("group set inner --name Kernel");
	shows("group show kernel --json", BOB);
	op_fails("there is such", "group set kernel --name outer");
	shows("group list", "Kernel");

	op_ok("group remove kernel --dry-run");
	op_ok("group remove kernel");
	op_ok("user show " BOB " --json");
	op_silent_on("group:");
	op_ok("group create kernel");
	op_ok("user show " BOB " --json");
	op_silent_on("group:");
}
END_TEST


START_TEST(endpoints_are_addresses_of_nobody_else)
{
	op_ok("user create " ADA);
	op_fails("address of a user", "endpoint create " ADA);
	op_ok("endpoint create sip:Chat@Example.net --display Chat");
	shows("endpoint list", "sip:chat@example.net");
	op_fails("there is such an endpoint",
		 "endpoint create sip:chat@example.net");
	op_fails("an endpoint of the pool",
		 "user create sip:chat@example.net");
	op_fails("not a SIP URI", "endpoint create nonsense");
	op_ok("endpoint remove sip:chat@example.net");
	op_fails("no such endpoint", "endpoint remove sip:chat@example.net");
}
END_TEST


START_TEST(nonsense_is_refused)
{
	op_fails("not a SIP URI: nonsense", "user create nonsense");
	op_fails("no such policy: none", "user create " ADA " --policy none");
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal "
				   "WHERE kind IN (5, 8)"), 0);
	op_fails("no such user: " ADA, "user show " ADA);
	op_fails("no such user", "user set " ADA " --display x");
	op_ok("user create " ADA);
	op_misused("set what?", "user set " ADA);
	op_misused("enabled or", "user set " ADA " --state perfect");
	op_fails("empty", "group create ''");
	op_fails("user's SIP URI", "group create x --member y@");
}
END_TEST


static Suite *principal_suite(void)
{
	Suite *suite = suite_create("db/principal");
	TCase *tc = tcase_create("principal");

	tcase_add_checked_fixture(tc, op_setup, op_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_user_is_made_changed_and_removed);
	tcase_add_test(tc, who_is_made_again_is_the_same);
	tcase_add_test(tc, a_password_becomes_what_the_registrar_checks);
	tcase_add_test(tc, groups_hold_users_and_groups);
	tcase_add_test(tc, endpoints_are_addresses_of_nobody_else);
	tcase_add_test(tc, nonsense_is_refused);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(principal_suite)
