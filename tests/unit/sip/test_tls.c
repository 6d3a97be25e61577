/**
 * @file tests/unit/sip/test_tls.c  Who is let in over TLS
 */
#include <string.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <openssl/ssl.h>
#include <re.h>
#include "tests/unit/suite.h"
#include "tests/unit/sip/sipcert.h"
#include "tests/unit/sip/sipfix.h"

static struct certs *certs, *other;
static struct app app;
static struct uas_conf conf;
static struct raw *fe;


static void setup(void)
{
	ck_assert_int_eq(certs_alloc(&certs), 0);
	ck_assert_int_eq(certs_alloc(&other), 0);
	ck_assert_int_eq(certs_make(certs, "pool", "pool.example.net", NULL),
			 0);
	ck_assert_int_eq(certs_make(certs, "fe", "x", "DNS:other.example.net,"
				    "DNS:fe1.edge.example.net"), 0);
	ck_assert_int_eq(certs_make(certs, "cn", "registrar.example.net",
				    NULL), 0);
	ck_assert_int_eq(certs_make(certs, "user", "registrar.example.net",
				    "DNS:laptop.example.net"), 0);
	ck_assert_int_eq(certs_make(other, "fe", "registrar.example.net",
				    NULL), 0);

	memset(&conf, 0, sizeof(conf));
	conf.listen_tls = "127.0.0.1:0";
	conf.cert = strdup(certs_path(certs, "pool.pem"));
	conf.key  = strdup(certs_path(certs, "pool.key"));
	conf.ca   = strdup(certs_path(certs, "ca.pem"));
	conf.peer_names = "registrar.example.net *.edge.example.net";
	app_open(&app, &conf);
	fe = NULL;
}


static void teardown(void)
{
	raw_close(fe);
	app_close(&app);
	free((char *)conf.cert);
	free((char *)conf.key);
	free((char *)conf.ca);
	mem_deref(certs);
	mem_deref(other);
}


static struct raw *dial(const struct certs *from, const char *name)
{
	char cert[64], key[64];

	(void)re_snprintf(cert, sizeof(cert), "%s.pem", name);
	(void)re_snprintf(key, sizeof(key), "%s.key", name);

	return raw_tls(sa_port(uas_laddr(app.uas, true)),
		       from ? certs_path(from, cert) : NULL,
		       from ? certs_path(from, key) : NULL, conf.ca);
}


static void say(const char *text, size_t len)
{
	struct info *info;

	ck_assert_int_eq(info_alloc(&info, text, len), 0);
	dlg_send(app.dlg, info);
	mem_deref(info);
}


START_TEST(a_listed_name_is_let_in)
{
	const char *msg;

	fe = dial(certs, _i ? "cn" : "fe");
	sign_in(fe, NULL);
	say("hello", 5);
	msg = raw_msg(fe);
	ck_assert_str_eq(body(msg), "hello");
	ck_assert(!strncmp(field(msg, "Via"), "SIP/2.0/TLS ", 12));
	ck_assert_ptr_nonnull(strstr(field(msg, "Contact"),
				     ";transport=tls>"));
	raw_answer(fe, msg, 200);
	ck_assert(raw_silent(fe));
	ck_assert_uint_eq(dlg_backlog(app.dlg), 0);
}
END_TEST


START_TEST(a_name_that_is_not_listed_is_turned_away)
{
	fe = dial(certs, "user");
	raw_send(fe, request(&(struct req){ .met = "OPTIONS", .cseq = 1 }));
	ck_assert(raw_wait_closed(fe));
	ck_assert_uint_eq(fe->len, 0);
}
END_TEST


START_TEST(a_foreign_certificate_is_turned_away)
{
	fe = dial(other, "fe");
	ck_assert(raw_wait_closed(fe));
	ck_assert_uint_eq(fe->len, 0);
}
END_TEST


START_TEST(no_certificate_is_turned_away)
{
	fe = dial(NULL, "");
	ck_assert(raw_wait_closed(fe));
	ck_assert_uint_eq(fe->len, 0);
}
END_TEST


START_TEST(large_bodies_pass_both_ways)
{
	static char text[100001];
	struct req req = { .met = "INFO", .cseq = 2, .ctype = "text/plain",
			   .body = text };

	memset(text, 'x', sizeof(text) - 1);
	fe = dial(certs, "fe");
	req.totag = sign_in(fe, NULL);
	for (; req.cseq < 12; req.cseq++)
		raw_send(fe, request(&req));
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(status(raw_msg(fe)), 200);
	ck_assert_str_eq(app.body, text);

	for (int i = 0; i < 20; i++)
		say(text, sizeof(text) - 1);
	for (int i = 0; i < 20; i++) {
		const char *msg = raw_msg(fe);

		ck_assert_str_eq(body(msg), text);
		raw_answer(fe, msg, 200);
	}
}
END_TEST


START_TEST(plain_text_on_the_tls_port_is_closed)
{
	struct sa sa = *uas_laddr(app.uas, true);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, &sa.u.sa, sa.len), 0);
	fe = raw_adopt(fd);
	raw_send(fe, request(&(struct req){ .met = "OPTIONS", .cseq = 1 }));
	ck_assert(raw_wait_closed(fe));
}
END_TEST


START_TEST(certificates_are_read_again)
{
	ck_assert_int_eq(uas_reload(app.uas, &conf), 0);
	fe = dial(certs, "fe");
	ck_assert(raw_silent(fe));

	conf.peer_names = "registrar.example.net";
	ck_assert_int_eq(uas_reload(app.uas, &conf), 0);
	ck_assert(raw_silent(fe));
	raw_close(fe);
	fe = dial(certs, "fe");
	ck_assert(raw_wait_closed(fe));

	conf.peer_names = "";
	ck_assert_int_eq(uas_reload(app.uas, &conf), EACCES);
}
END_TEST


START_TEST(a_key_others_may_read_is_refused)
{
	ck_assert_int_eq(chmod(conf.key, 0644), 0);
	ck_assert_int_ne(uas_reload(app.uas, &conf), 0);
	ck_assert_int_eq(chmod(conf.key, 0600), 0);
	ck_assert_int_eq(uas_reload(app.uas, &conf), 0);
}
END_TEST


START_TEST(a_key_of_another_certificate_is_refused)
{
	struct uas_conf wrong = conf;

	wrong.key = certs_path(certs, "fe.key");
	ck_assert_int_eq(uas_reload(app.uas, &wrong), EBADMSG);
	wrong.key = certs_path(certs, "none.key");
	ck_assert_int_eq(uas_reload(app.uas, &wrong), EBADMSG);
}
END_TEST


static Suite *sip_tls_suite(void)
{
	Suite *suite = suite_create("sip_tls");
	TCase *tc = tcase_create("tls");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_listed_name_is_let_in, 0, 2);
	tcase_add_test(tc, a_name_that_is_not_listed_is_turned_away);
	tcase_add_test(tc, a_foreign_certificate_is_turned_away);
	tcase_add_test(tc, no_certificate_is_turned_away);
	tcase_add_test(tc, large_bodies_pass_both_ways);
	tcase_add_test(tc, plain_text_on_the_tls_port_is_closed);
	tcase_add_test(tc, certificates_are_read_again);
	tcase_add_test(tc, a_key_others_may_read_is_refused);
	tcase_add_test(tc, a_key_of_another_certificate_is_refused);
	suite_add_tcase(suite, tc);
	return suite;
}
TEST_SUITE(sip_tls_suite)
