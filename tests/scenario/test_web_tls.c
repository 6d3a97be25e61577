/**
 * @file tests/scenario/test_web_tls.c  Certificates of the web service, and
 *                                      how it is reached
 */
#include <signal.h>
#include <stdlib.h>
#include <openssl/ssl.h>
#include "tests/scenario/web.h"
#include "tests/support/rawtls.h"
#include "tests/unit/suite.h"

static const char data[] = "{\"users\":[" USER("ada") "]}";


static void up(void)
{
	web_up(data, NULL);
}


static void sh(const char *fmt)
{
	char *line = NULL;

	ck_assert_int_eq(re_sdprintf(&line, "cd '%s/tls' && %s",
				     pool_dir(pool), fmt), 0);
	ck_assert_int_eq(system(line), 0);
	mem_deref(line);
}


static bool shows(void *arg)
{
	struct rawtls *r;
	char name[128];

	ck_assert_int_eq(rawtls_open(&r, pool, 0), 0);
	rawtls_peer(r, name, sizeof(name));
	mem_deref(r);

	return !strcmp(name, arg);
}


static bool logged(void *arg)
{
	char line[512];

	(void)re_snprintf(line, sizeof(line), "grep -q '%s' '%s/log/web-1.log'",
			  arg, pool_dir(pool));

	return !system(line);
}


START_TEST(another_certificate_is_shown_after_a_reload)
{
	struct rawtls *before;
	pid_t pid = pool_web(pool, 0)->pid;

	ck_assert(shows("web-1.example.net"));
	ck_assert_int_eq(rawtls_open(&before, pool, 0), 0);
	sh("cp web-1.pem 1.pem && cp web-1.key 1.key && "
	   "cp web-2.pem web-1.pem && cp web-2.key web-1.key");
	ck_assert_int_eq(kill(pid, SIGHUP), 0);
	ck_assert(web_until(shows, "web-2.example.net"));

	/* who was connected is not cut off */
	ck_assert_int_eq(rawtls_printf(before, "GET /healthz HTTP/1.1\r\n"
				       "Host: h\r\n\r\n"), 0);
	ck_assert_uint_eq(rawtls_status(before), 200);
	mem_deref(before);

	/* what cannot be used is not: the old one stays */
	sh("cp 1.pem web-1.pem");
	ck_assert_int_eq(kill(pid, SIGHUP), 0);
	ck_assert(web_until(logged, "the key is that of another certificate"));
	ck_assert(shows("web-2.example.net"));
	sh("echo x > web-1.pem");
	ck_assert_int_eq(kill(pid, SIGHUP), 0);
	ck_assert(web_until(logged, "http.certificate.*No certificate"));
	ck_assert(shows("web-2.example.net"));

	sh("mv 1.pem web-1.pem && mv 1.key web-1.key");
	ck_assert_int_eq(kill(pid, SIGHUP), 0);
	ck_assert(web_until(shows, "web-1.example.net"));
}
END_TEST


START_TEST(old_versions_of_tls_are_refused)
{
	struct rawtls *r;

	ck_assert_int_eq(rawtls_open_old(&r, pool, 0, TLS1_VERSION), EPROTO);
	ck_assert_int_eq(rawtls_open_old(&r, pool, 0, TLS1_1_VERSION),
			 EPROTO);
	ck_assert_int_eq(rawtls_open_old(&r, pool, 0, TLS1_2_VERSION), 0);
	mem_deref(r);
}
END_TEST


static Suite *web_tls_suite(void)
{
	Suite *suite = suite_create("web_tls");
	TCase *tc = tcase_create("web_tls");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 180);
	tcase_add_test(tc, another_certificate_is_shown_after_a_reload);
	tcase_add_test(tc, old_versions_of_tls_are_refused);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(web_tls_suite)
