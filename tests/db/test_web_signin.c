/**
 * @file tests/db/test_web_signin.c  Ways to sign in at the pages
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/db/operator.h"
#include "tests/db/webproc.h"
#include "tests/support/slapd.h"
#include "tests/unit/suite.h"

static const char data[] =
"{\"users\":[{\"uri\":\"ada@x.net\",\"display\":\"Ada\","
"  \"password\":\"ada-pw\"},{\"uri\":\"bob@x.net\",\"password\":\"bob-pw\"},"
" {\"uri\":\"ada@y.net\",\"password\":\"other\"}]}";

static const char people[] =
	"dn: ou=people," SLAPD_BASE "\nobjectClass: organizationalUnit\n"
	"ou: people\n\n"
	"dn: uid=ada,ou=people," SLAPD_BASE "\nobjectClass: inetOrgPerson\n"
	"cn: Ada\nsn: B\nuid: ada\nmail: ada@x.net\n"
	"userPassword: in-the-directory\n\n"
	"dn: uid=stranger,ou=people," SLAPD_BASE "\n"
	"objectClass: inetOrgPerson\ncn: Stranger\nsn: S\nuid: stranger\n"
	"mail: stranger@x.net\nuserPassword: in-the-directory\n";

static struct slapd *sl;


static void setup(void)
{
	op_setup();
	ck_assert_msg(op_import(data) == TOOL_OK, "%s", op_err());
}


static void teardown(void)
{
	wp_stop();
	slapd_stop(sl);
	sl = NULL;
	op_teardown();
}


static void directory(void)
{
	ck_assert_int_eq(slapd_start(&sl, false), 0);
	ck_assert_int_eq(slapd_ldif(sl, people), 0);
}


static long sessions(void)
{
	return (long)op_number("SELECT count(*) FROM web_session");
}


/* ------------------------------------------------------------- passwords */

START_TEST(the_password_of_the_store_opens_a_session)
{
	wp_start(" ");
	wp_is(401, "GET", "session", NULL);
	ck_assert_int_eq(wp_signin("ada", "ada-pw"), 201);
	wp_said("sip:ada@x.net");
	wp_is(200, "GET", "session", NULL);
	ck_assert_int_eq(sessions(), 1);
	/* hashed anew at the first sign-in, and still right at the second */
	ck_assert_int_eq(op_number("SELECT count(password_kdf) FROM"
				   " credential"), 1);
	wp_forget();
	ck_assert_int_eq(wp_signin("ADA@x.net", "ada-pw"), 201);
	wp_is(204, "DELETE", "session", NULL);
	wp_is(401, "GET", "session", NULL);
	ck_assert_int_eq(sessions(), 1);
}
END_TEST


START_TEST(wrong_and_unknown_are_the_same)
{
	wp_start(" ");
	ck_assert_int_eq(wp_signin("ada", "no"), 401);
	wp_said("wrong user or password");
	ck_assert_int_eq(wp_signin("nobody", "no"), 401);
	wp_said("wrong user or password");
	ck_assert_int_eq(wp_signin("<>@", "no"), 400);
	ck_assert_int_eq(wp_call("POST", "session", "{\"user\":\"ada\"}"),
			 400);
	ck_assert_int_eq(sessions(), 0);
}
END_TEST


START_TEST(who_fails_too_often_waits)
{
	wp_start("auth.failures_user 2\n");
	ck_assert_int_eq(wp_signin("ada", "1"), 401);
	ck_assert_int_eq(wp_signin("ada", "2"), 401);
	ck_assert_int_eq(wp_signin("ada", "3"), 401);
	ck_assert_int_eq(wp_signin("ada", "ada-pw"), 429);
	ck_assert_int_eq(wp_signin("bob", "bob-pw"), 201);
}
END_TEST


START_TEST(a_trusted_proxy_says_for_whom_it_asks)
{
	wp_start("auth.failures_address 1\n"
		 "auth.trusted_addresses 10.0.0.0/8 127.0.0.1\n");
	wp_header("X-Forwarded-For: 198.51.100.1, 203.0.113.7");
	ck_assert_int_eq(wp_signin("ada", "1"), 401);
	ck_assert_int_eq(wp_signin("bob", "2"), 401);
	ck_assert_int_eq(wp_signin("bob", "bob-pw"), 429);
	wp_header("X-Forwarded-For: 203.0.113.7, 203.0.113.8");
	ck_assert_int_eq(wp_signin("bob", "bob-pw"), 201);
	ck_assert_int_eq(op_number("SELECT count(*) FROM web_session WHERE"
				   " address = '203.0.113.8'"), 1);
}
END_TEST


/* --------------------------------------------------------------- directory */

START_TEST(a_bind_by_template_opens_a_session)
{
	directory();
	wp_start("auth.method ldap\nldap.uri %s\nldap.ca %s\n"
		 "ldap.user_dn uid={user},ou=people," SLAPD_BASE "\n",
		 slapd_tls_uri(sl), slapd_ca(sl));
	ck_assert_int_eq(wp_signin("ada", "in-the-directory"), 201);
	wp_forget();
	ck_assert_int_eq(wp_signin("ada", "ada-pw"), 401);
	ck_assert_int_eq(wp_signin("ada", ""), 401);
	ck_assert_int_eq(wp_signin("bob", "in-the-directory"), 401);
	/* in the directory, but no user of ours; and ada of another house */
	ck_assert_int_eq(wp_signin("stranger", "in-the-directory"), 401);
	ck_assert_int_eq(wp_signin("ada@y.net", "in-the-directory"), 401);
	ck_assert_int_eq(sessions(), 1);
}
END_TEST


START_TEST(a_bind_after_a_search_opens_a_session)
{
	char path[96];
	FILE *f;

	directory();
	(void)snprintf(path, sizeof(path), "%s/reader", slapd_dir(sl));
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs(SLAPD_SECRET "\n", f);
	(void)fchmod(fileno(f), 0600);
	(void)fclose(f);

	wp_start("auth.method ldap\nldap.uri %s\nldap.start_tls yes\n"
		 "ldap.ca %s\nldap.base " SLAPD_BASE "\n"
		 "ldap.filter (&(objectClass=person)(mail={address}))\n"
		 "ldap.bind_dn " SLAPD_READER "\nldap.password_file %s\n",
		 slapd_uri(sl), slapd_ca(sl), path);
	ck_assert_int_eq(wp_signin("ada", "in-the-directory"), 201);
	wp_forget();
	ck_assert_int_eq(wp_signin("ada", "x"), 401);
	ck_assert_int_eq(wp_signin("a*", "in-the-directory"), 401);
	ck_assert_int_eq(wp_signin("*", "in-the-directory"), 401);
	ck_assert_int_eq(sessions(), 1);
}
END_TEST


START_TEST(a_directory_that_cannot_be_asked_is_no_wrong_password)
{
	directory();
	wp_start("auth.method ldap\nldap.uri %s\nauth.failures_user 0\n"
		 "ldap.user_dn uid={user},ou=people," SLAPD_BASE "\n",
		 slapd_tls_uri(sl));
	/* without ldap.ca its certificate is nobody's */
	ck_assert_int_eq(wp_signin("ada", "in-the-directory"), 503);
	wp_said("directory-away");
	slapd_stop(sl);
	sl = NULL;
	ck_assert_int_eq(wp_signin("ada", "in-the-directory"), 503);
	ck_assert_int_eq(op_number("SELECT count(*) FROM web_throttle"), 0);
}
END_TEST


START_TEST(a_base_that_is_not_there_is_no_wrong_password)
{
	directory();
	wp_start("auth.method ldap\nldap.uri %s\nldap.base o=elsewhere\n",
		 slapd_uri(sl));
	ck_assert_int_eq(wp_signin("ada", "in-the-directory"), 503);
}
END_TEST


START_TEST(a_directory_that_hangs_is_waited_for_only_so_long)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof(sa);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, len), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);

	wp_start("auth.method ldap\nldap.uri ldap://127.0.0.1:%u\n"
		 "ldap.timeout_s 1\nldap.user_dn uid={user}\n",
		 ntohs(sa.sin_port));
	ck_assert_int_eq(wp_signin("ada", "in-the-directory"), 503);
	wp_said("directory-away");
	(void)close(fd);
}
END_TEST


static const char *const wrongv[] = {
	"auth.method ldap\n",
	"auth.method ldap\nldap.uri ldaps://127.0.0.1\n",
	"auth.method ldap\nldap.uri ldaps://h\nldap.user_dn uid=x\n",
	"auth.method ldap\nldap.uri ldap://h.example\n"
	"ldap.user_dn uid={user}\n",
	"auth.method ldap\nldap.uri ldaps://h\nldap.base o=x\n"
	"ldap.bind_dn cn=x\n",
	"auth.method header\n",
	"auth.method header\nauth.trusted_addresses 10.0.0.0/33\n",
	"auth.method header\nauth.trusted_addresses proxy\n",
};

START_TEST(half_a_configuration_does_not_start)
{
	ck_assert(wp_refuses("%s", wrongv[_i]));
}
END_TEST


/* ------------------------------------------------------------------- proxy */

START_TEST(whom_the_proxy_names_is_signed_in)
{
	wp_start("auth.method header\nauth.trusted_addresses 127.0.0.0/8\n");
	wp_is(401, "GET", "session", NULL);
	ck_assert_int_eq(wp_signin("ada", "ada-pw"), 401);
	wp_header("X-Remote-User: ada");
	wp_is(401, "GET", "rooms", NULL);
	wp_is(200, "GET", "session", NULL);
	wp_said("sip:ada@x.net");
	wp_header(NULL);
	wp_is(200, "GET", "rooms", NULL);
	wp_forget();
	wp_header("X-Remote-User: bob@x.net");
	wp_is(201, "POST", "session", NULL);
	wp_forget();
	wp_header("X-Remote-User: nobody");
	wp_is(403, "GET", "session", NULL);
	ck_assert_int_eq(sessions(), 2);
}
END_TEST


START_TEST(another_name_is_another_session)
{
	wp_start("auth.method header\nauth.trusted_addresses 127.0.0.1\n");
	wp_header("X-Remote-User: ada");
	wp_is(200, "GET", "session", NULL);
	wp_is(200, "GET", "rooms", NULL);
	wp_header("X-Remote-User: bob");
	wp_is(401, "GET", "rooms", NULL);
	wp_is(200, "GET", "session", NULL);
	wp_said("sip:bob@x.net");
	wp_is(200, "GET", "rooms", NULL);
}
END_TEST


START_TEST(a_header_of_anybody_else_is_nothing)
{
	wp_start("auth.method header\nauth.trusted_addresses 10.0.0.0/8 ::1\n");
	wp_header("X-Remote-User: ada");
	wp_is(401, "GET", "session", NULL);
	wp_is(401, "POST", "session", NULL);
	ck_assert_int_eq(sessions(), 0);
}
END_TEST


START_TEST(a_header_is_nothing_to_other_methods)
{
	wp_start("auth.trusted_addresses 127.0.0.1\n");
	wp_header("X-Remote-User: ada");
	wp_is(401, "GET", "session", NULL);
	wp_is(400, "POST", "session", NULL);
}
END_TEST


/* ------------------------------------------------------------ it goes away */

START_TEST(who_is_disabled_is_out_at_once)
{
	wp_start(" ");
	ck_assert_int_eq(wp_signin("ada", "ada-pw"), 201);
	op_ok("user set ada@x.net --state disabled");
	wp_is(401, "GET", "session", NULL);
	ck_assert_int_eq(wp_signin("ada", "ada-pw"), 401);
}
END_TEST


START_TEST(another_password_ends_the_sessions_before_it)
{
	char file[96];
	FILE *f;

	(void)snprintf(file, sizeof(file), "%s/pw", store_dir(op_store()));
	f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs("better\n", f);
	(void)fchmod(fileno(f), 0600);
	(void)fclose(f);

	wp_start(" ");
	ck_assert_int_eq(wp_signin("ada", "ada-pw"), 201);
	op_ok("user set ada@x.net --password-file %s", file);
	ck_assert_int_eq(op_number("SELECT count(*) FROM credential WHERE"
				   " password_kdf LIKE 'scrypt$%%'"), 1);
	wp_is(401, "GET", "session", NULL);
	ck_assert_int_eq(wp_signin("ada", "ada-pw"), 401);
	ck_assert_int_eq(wp_signin("ada", "better"), 201);
}
END_TEST


static Suite *web_signin_suite(void)
{
	Suite *suite = suite_create("web_signin");
	TCase *tc = tcase_create("signin");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_password_of_the_store_opens_a_session);
	tcase_add_test(tc, wrong_and_unknown_are_the_same);
	tcase_add_test(tc, who_fails_too_often_waits);
	tcase_add_test(tc, a_trusted_proxy_says_for_whom_it_asks);
	tcase_add_test(tc, a_bind_by_template_opens_a_session);
	tcase_add_test(tc, a_bind_after_a_search_opens_a_session);
	tcase_add_test(tc,
		       a_directory_that_cannot_be_asked_is_no_wrong_password);
	tcase_add_test(tc, a_base_that_is_not_there_is_no_wrong_password);
	tcase_add_test(tc,
		       a_directory_that_hangs_is_waited_for_only_so_long);
	tcase_add_loop_test(tc, half_a_configuration_does_not_start, 0,
			    (int)ARRAY_SIZE(wrongv));
	tcase_add_test(tc, whom_the_proxy_names_is_signed_in);
	tcase_add_test(tc, another_name_is_another_session);
	tcase_add_test(tc, a_header_of_anybody_else_is_nothing);
	tcase_add_test(tc, a_header_is_nothing_to_other_methods);
	tcase_add_test(tc, who_is_disabled_is_out_at_once);
	tcase_add_test(tc, another_password_ends_the_sessions_before_it);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(web_signin_suite)
