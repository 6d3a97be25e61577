/**
 * @file tests/db/test_principal.c  pchatctl user, group, endpoint
 */
#include <re.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
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
}


static void teardown(void)
{
	store_stop(st);
}


static long long number(const char *sql)
{
	return store_number(st, sql);
}


/* What "show" prints of somebody holds this */
static void shows(const char *line, const char *words)
{
	ctl_well(st, line);
	ck_assert_msg(strstr(ctl_out(), words) != NULL, "%s", ctl_out());
}


START_TEST(a_user_is_made_changed_and_removed)
{
	ctl_well(st, "user create Ada@Example.net --display 'Ada L.' "
		 "--email ada@mail.example --policy enabled");
	shows("user show " ADA " --json", "\"display\": \"Ada L.\"");
	shows("user show " ADA " --json", "\"enabled\": true");
	shows("user show " ADA " --json", "domain:example.net");
	ck_assert_int_eq(number("SELECT count(*) FROM store "
				"WHERE domain = 'example.net'"), 1);

	ctl_well(st, "user set " ADA " --display Ada");
	shows("user show " ADA, "Ada");
	ctl_well(st, "user set " ADA " --display Ada");
	ck_assert_str_eq(ctl_out(), ADA ": was so already\n");
	ctl_well(st, "user set " ADA " --state disabled");
	shows("user show " ADA " --json", "\"state\": \"disabled\"");
	ck_assert_int_eq(number("SELECT cardinality(user_ancestors("
				"principal_id)) FROM principal "
				"WHERE key = '" ADA "'"), 0);

	ctl_well(st, "user remove " ADA " --dry-run");
	ctl_well(st, "user remove " ADA);
	ctl_refused(st, "user remove " ADA, "no such user: " ADA);
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE "
				"key = '" ADA "' AND state = 2"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM admin_audit WHERE "
				"action LIKE 'user.%' AND object = '" ADA
				"'"), 4);
}
END_TEST


START_TEST(who_is_made_again_is_the_same)
{
	long long id;

	ctl_well(st, "user create " ADA);
	id = number("SELECT principal_id FROM principal WHERE kind = 5");
	ctl_refused(st, "user create " ADA, "there is such a user");
	ctl_well(st, "user remove " ADA);
	ctl_well(st, "user create " ADA);
	ck_assert_int_eq(number("SELECT principal_id FROM principal "
				"WHERE kind = 5 AND state = 0"), id);
}
END_TEST


static void password_file(char path[128], const char *text, mode_t mode)
{
	FILE *f;

	(void)snprintf(path, 128, "%s/password", store_dir(st));
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs(text, f);
	ck_assert_int_eq(fchmod(fileno(f), mode) | fclose(f), 0);
}


/* md5 of ada:example.net:secret and of ada@example.net:example.net:secret */
START_TEST(a_password_becomes_what_the_registrar_checks)
{
	char path[128], line[256];

	ctl_well(st, "user create " ADA);
	password_file(path, "secret\n", 0600);
	(void)snprintf(line, sizeof(line), "user set " ADA
		       " --password-file %s", path);
	ctl_well(st, line);
	ck_assert_int_eq(number("SELECT count(*) FROM credential WHERE "
				"username = 'ada' AND realm = 'example.net' "
				"AND ha1 = md5('ada:example.net:secret') AND "
				"ha1b = md5('ada@example.net:example.net:"
				"secret')"), 1);
	shows("user show " ADA " --json", "\"password\": true");
	ck_assert_int_eq(number("SELECT count(*) FROM admin_audit WHERE "
				"detail::text LIKE '%secret%'"), 0);

	password_file(path, "secret\n", 0640);
	ctl_refused(st, line, "others than its owner");
	password_file(path, "\n", 0600);
	ctl_refused(st, line, "no password");
}
END_TEST


START_TEST(groups_hold_users_and_groups)
{
	ctl_well(st, "user create " ADA);
	ctl_well(st, "user create " BOB);
	ctl_well(st, "group create Inner --member " ADA);
	ctl_well(st, "group create Outer --member group:inner");
	shows("user show " ADA " --json", "group:outer");
	ctl_well(st, "group add inner " BOB);
	shows("group show Outer --json", BOB);
	ctl_well(st, "group add inner " BOB);
	ck_assert_str_eq(ctl_out(), BOB ": was so already\n");

	ctl_refused(st, "group add inner group:outer", "contain itself");
	ctl_refused(st, "group add inner group:inner", "contain itself");
	ctl_refused(st, "group add inner sip:no@example.net", "no such");
	ctl_refused(st, "group add nobody " ADA, "no such group: nobody");

	ctl_well(st, "group drop inner " ADA);
	ck_assert_int_eq(number("SELECT count(*) FROM principal_affiliation a "
				"JOIN principal g ON g.principal_id = "
				"a.ancestor_id WHERE g.kind = 9 AND "
				"a.principal_id = (SELECT principal_id FROM "
				"principal WHERE key = '" ADA "')"), 0);

	ctl_well(st, "group set inner --name Kernel");
	shows("group show kernel --json", BOB);
	ctl_refused(st, "group set kernel --name outer", "there is such");
	shows("group list", "Kernel");

	ctl_well(st, "group remove kernel --dry-run");
	ctl_well(st, "group remove kernel");
	ctl_well(st, "user show " BOB " --json");
	ck_assert_ptr_null(strstr(ctl_out(), "group:"));
	ctl_well(st, "group create kernel");
	ctl_well(st, "user show " BOB " --json");
	ck_assert_ptr_null(strstr(ctl_out(), "group:"));
}
END_TEST


START_TEST(endpoints_are_addresses_of_nobody_else)
{
	ctl_well(st, "user create " ADA);
	ctl_refused(st, "endpoint create " ADA, "address of a user");
	ctl_well(st, "endpoint create sip:Chat@Example.net --display Chat");
	shows("endpoint list", "sip:chat@example.net");
	ctl_refused(st, "endpoint create sip:chat@example.net",
		    "there is such an endpoint");
	ctl_refused(st, "user create sip:chat@example.net",
		    "an endpoint of the pool");
	ctl_refused(st, "endpoint create nonsense", "not a SIP URI");
	ctl_well(st, "endpoint remove sip:chat@example.net");
	ctl_refused(st, "endpoint remove sip:chat@example.net",
		    "no such endpoint");
}
END_TEST


START_TEST(nonsense_is_refused)
{
	ctl_refused(st, "user create nonsense", "not a SIP URI: nonsense");
	ctl_refused(st, "user create " ADA " --policy none",
		    "no such policy: none");
	ck_assert_int_eq(number("SELECT count(*) FROM principal "
				"WHERE kind IN (5, 8)"), 0);
	ctl_refused(st, "user show " ADA, "no such user: " ADA);
	ctl_refused(st, "user set " ADA " --display x", "no such user");
	ctl_well(st, "user create " ADA);
	ctl_refused(st, "user set " ADA, "set what?");
	ctl_refused(st, "user set " ADA " --state perfect", "enabled or");
	ctl_refused(st, "group create ''", "empty");
	ctl_refused(st, "group create x --member y@", "user's SIP URI");
}
END_TEST


static Suite *principal_suite(void)
{
	Suite *suite = suite_create("db/principal");
	TCase *tc = tcase_create("principal");

	tcase_add_checked_fixture(tc, setup, teardown);
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
