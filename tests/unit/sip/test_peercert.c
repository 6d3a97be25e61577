/**
 * @file tests/unit/sip/test_peercert.c  Peers with certificates as others make
 * them
 *
 * Made by the openssl command, not by a helper of ours: for server use only,
 * as Microsoft front ends present them, from an authority in between, expired,
 * of another authority.  What counts is the chain and the name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/ssl.h>
#include <re.h>
#include "tests/unit/suite.h"
#include "channel/sip/sipstats.h"
#include "tests/unit/sip/sipfix.h"

/* $1: the folder.  sign NAME ISSUER DAYS EXTENSIONS */
static const char script[] =
	"cd \"$1\" && exec 2>log\n"
	"key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key"
	" && chmod 600 $1.key; }\n"
	"ca() { key $1 && openssl req -x509 -new -key $1.key -subj \"/CN=$1\""
	" -days 2 -out $1.pem; }\n"
	"sign() { key $1 && printf \"$4\" >$1.ext && openssl req -new -key $1.key"
	" -subj \"/CN=${5:-registrar.example.net}\" -out $1.csr && openssl x509"
	" -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days $3"
	" -extfile $1.ext -out $1.pem; }\n"
	"name='subjectAltName=DNS:registrar.example.net\\n'\n"
	"eku() { printf '%s' \"${name}basicConstraints=CA:FALSE\\n"
	"extendedKeyUsage=$1\\n\"; }\n"
	"set -e\n"
	"ca root; ca alien\n"
	"sign pool root 2 \"$(eku serverAuth)\"\n"
	"sign server root 2 \"$(eku serverAuth)\"\n"
	"sign client root 2 \"$(eku clientAuth)\"\n"
	"sign code root 2 \"$(eku codeSigning)\"\n"
	"sign plain root 2 \"$name\"\n"
	"sign expired root -1 \"$(eku serverAuth)\"\n"
	"sign foreign alien 2 \"$(eku serverAuth)\"\n"
	"sign other root 2 'subjectAltName=DNS:laptop.example.net\\n'\n"
	"sign middle root 2 'basicConstraints=critical,CA:TRUE\\n' middle\n"
	"sign chained middle 2 \"$(eku serverAuth)\"\n"
	"cat middle.pem >>chained.pem\n"
	"sign forged server 2 \"$(eku clientAuth)\"\n"
	"cat server.pem >>forged.pem\n";

static char dir[64];
static struct app app;
static struct raw *fe;


static const char *file(const char *name, const char *ext)
{
	static char bufv[8][128];
	static unsigned n;
	char *buf = bufv[n++ % 8];

	(void)re_snprintf(buf, sizeof(bufv[0]), "%s/%s.%s", dir, name, ext);
	return buf;
}


static int run(const char *what)
{
	char cmd[4096];

	(void)re_snprintf(cmd, sizeof(cmd), "bash -c '%s' bash %s", what, dir);

	return system(cmd);
}


static void make_all(void)
{
	FILE *f;

	str_ncpy(dir, "/tmp/pchat-peercert-XXXXXX", sizeof(dir));
	ck_assert_ptr_nonnull(mkdtemp(dir));
	f = fopen(file("make", "sh"), "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs(script, f);
	(void)fclose(f);
	ck_assert_int_eq(run("bash \"$1/make.sh\" \"$1\""), 0);
}


static void remove_all(void)
{
	(void)run("rm -rf \"$1\"");
}


static void setup(void)
{
	struct uas_conf conf;

	memset(&conf, 0, sizeof(conf));
	conf.listen_tls = "127.0.0.1:0";
	conf.cert = file("pool", "pem");
	conf.key  = file("pool", "key");
	conf.ca   = file("root", "pem");
	conf.peer_names = "registrar.example.net";
	app_open(&app, &conf);
	fe = NULL;
}


static void teardown(void)
{
	raw_close(fe);
	app_close(&app);
}


static struct raw *dial(const char *name)
{
	return raw_tls(sa_port(uas_laddr(app.uas, true)), file(name, "pem"),
		       file(name, "key"), file("root", "pem"));
}


START_TEST(any_usage_is_accepted)
{
	static const char *const namev[] = { "server", "client", "plain",
					     "code", "chained" };

	fe = dial(namev[_i]);
	sign_in(fe, NULL);
	ck_assert(raw_silent(fe));
}
END_TEST


START_TEST(chain_name_and_time_are_still_checked)
{
	static const char *const namev[] = { "expired", "foreign", "other",
					     "forged" };
	const uint64_t failed = sip_stats.tls_failed;

	fe = dial(namev[_i]);
	raw_send(fe, request(&(struct req){ .met = "OPTIONS", .cseq = 1 }));
	ck_assert(raw_wait_closed(fe));
	ck_assert_uint_eq(fe->len, 0);
	ck_assert_uint_eq(sip_stats.tls_failed, failed + 1);
}
END_TEST


static Suite *sip_peercert_suite(void)
{
	Suite *suite = suite_create("sip_peercert");
	TCase *tc = tcase_create("peercert");

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, make_all, remove_all);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, any_usage_is_accepted, 0, 5);
	tcase_add_loop_test(tc, chain_name_and_time_are_still_checked, 0, 4);
	suite_add_tcase(suite, tc);
	return suite;
}
TEST_SUITE(sip_peercert_suite)
