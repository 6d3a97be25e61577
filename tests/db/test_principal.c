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

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	(void)fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}


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


static long long id_of(const char *key)
{
	return op_number("SELECT principal_id FROM principal WHERE key = '%s'",
			 key);
}


static void a_room(const char *more)
{
	op_ok("category create --name Desk --allowed domain:example.net");
	op_ok("room create --name Vault --category Desk --privacy secret "
	      "--add-member " ADA " %s", more);
}


START_TEST(a_uri_that_is_used_again_is_a_new_user)
{
	long long old;

	op_ok("user create " BOB);
	op_ok("user create " ADA " --policy enabled");
	old = id_of(ADA);
	a_room("--add-manager " ADA);
	op_ok("config set Administrators '" BOB ", " ADA "'");
	op_fails("there is such a user", "user create " ADA);
	op_ok("user remove " ADA);
	op_ok("user create " ADA " --policy enabled");
	ck_assert_int_ne(id_of(ADA), old);
	shows("room show Vault --json", "former:");
	shows("user show " ADA " --json", "\"state\": \"enabled\"");
	ck_assert_int_eq(op_number("SELECT is_administrator(user_ancestors("
				   "%lld))::integer", id_of(ADA)), 0);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room_role WHERE "
				   "principal_id = %lld", old), 2);
	op_ok("room set Vault --remove-member former:%lld:" ADA, old);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room_role WHERE "
				   "principal_id = %lld", old), 1);
}
END_TEST


START_TEST(the_operator_may_bring_a_user_back)
{
	long long old;

	op_fails("no user of this name was removed",
		 "user create " ADA " --same-person");
	op_ok("user create " ADA " --display Ada");
	old = id_of(ADA);
	a_room("");
	op_ok("user remove " ADA);
	op_ok("user create " ADA " --same-person");
	ck_assert_int_eq(id_of(ADA), old);
	shows("room show Vault --json", ADA);
	shows("user show " ADA, "Ada");

	/* also when another had the URI in between */
	op_ok("user remove " ADA);
	op_ok("user create " ADA);
	op_ok("user remove " ADA);
	op_ok("user create " ADA " --same-person");
	ck_assert_int_ne(id_of(ADA), old);
}
END_TEST


START_TEST(a_group_name_that_is_used_again_is_a_new_group)
{
	long long old;

	op_ok("user create " ADA);
	op_ok("group create Desk1");
	op_ok("category create --name Desk --allowed group:Desk1");
	old = id_of("group:desk1");
	op_ok("group remove Desk1");
	op_ok("group create Desk1 --member " ADA);
	ck_assert_int_ne(id_of("group:desk1"), old);
	ck_assert_int_eq(op_number("SELECT count(*) FROM category_scope WHERE "
				   "principal_id = %lld", old), 1);
	op_ok("group remove Desk1");
	op_ok("group create Other");
	op_ok("group set Other --name Desk1");
	ck_assert_int_eq(op_number("SELECT count(*) FROM category_scope WHERE "
				   "principal_id = %lld",
				   id_of("group:desk1")), 0);
	op_ok("group remove Desk1");
	op_ok("group create Desk1 --same-group");
}
END_TEST


START_TEST(a_group_that_denies_is_not_removed)
{
	op_ok("user create " ADA);
	op_ok("group create Inner --member " ADA);
	op_ok("group create Wall --member group:inner");
	op_ok("category create --name Desk --allowed domain:example.net "
	      "--denied group:Wall");
	op_fails("its members are denied", "group remove Wall");
	op_fails("(Desk): Inner", "group remove Inner");
}
END_TEST


START_TEST(an_import_file_brings_new_users_unless_told_otherwise)
{
	static const char file[] = "{\"users\":[{\"uri\":\"" ADA "\"}],"
		"\"groups\":[{\"name\":\"Staff\",\"members\":[\"" ADA "\"]}]}";
	long long ada, staff;
	char path[160];

	ck_assert_int_eq(op_import(file), TOOL_OK);
	ada = id_of(ADA);
	staff = id_of("group:staff");
	ck_assert_int_eq(op_import(file), TOOL_OK);
	ck_assert_int_eq(id_of(ADA), ada);

	op_ok("user remove " ADA);
	op_ok("group remove Staff");
	ck_assert_int_eq(op_import(file), TOOL_OK);
	ck_assert_int_ne(id_of(ADA), ada);
	ck_assert_int_ne(id_of("group:staff"), staff);

	ada = id_of(ADA);
	op_ok("user remove " ADA);
	(void)snprintf(path, sizeof(path), "%s/same.json",
		       store_dir(op_store()));
	write_text(path, file);
	op_ok("import %s --same-person", path);
	ck_assert_int_eq(id_of(ADA), ada);
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
	tcase_add_test(tc, a_uri_that_is_used_again_is_a_new_user);
	tcase_add_test(tc, the_operator_may_bring_a_user_back);
	tcase_add_test(tc, a_group_name_that_is_used_again_is_a_new_group);
	tcase_add_test(tc, a_group_that_denies_is_not_removed);
	tcase_add_test(tc, an_import_file_brings_new_users_unless_told_otherwise);
	tcase_add_test(tc, a_password_becomes_what_the_registrar_checks);
	tcase_add_test(tc, groups_hold_users_and_groups);
	tcase_add_test(tc, endpoints_are_addresses_of_nobody_else);
	tcase_add_test(tc, nonsense_is_refused);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(principal_suite)
