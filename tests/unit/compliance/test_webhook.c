/**
 * @file tests/unit/compliance/test_webhook.c  Batches to a real HTTPS server
 * that takes them, refuses, fails, and does not answer
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include "compliance/adapter.h"
#include "compliance/adapter/builtin.h"
#include "tests/unit/compliance/fixture.h"
#include "tests/unit/sip/sipcert.h"
#include "tests/unit/suite.h"

#define KEY "hook-000000000007-20131105T140000Z-20131105T141500Z-"

static struct certs *certs;
static char url[64];


static void setup(void)
{
	fx_setup();
	fx_write("secret", "s3cret\n", 0600);
	ck_assert_int_eq(certs_alloc(&certs), 0);
	ck_assert_int_eq(certs_make(certs, "srv", "localhost",
				    "DNS:localhost"), 0);
}


static void teardown(void)
{
	certs = mem_deref(certs);
	fx_teardown();
}


/* The answers in their order, the last one for ever */
static void serve(const char *one, const char *two, const char *three)
{
	const unsigned port = fx_server("httpsd.py", fx_path("."),
					certs_path(certs, "srv.pem"),
					certs_path(certs, "srv.key"), one,
					two, three, NULL);

	(void)re_snprintf(url, sizeof(url), "https://localhost:%u/in", port);
}


static void open_hook(const char *key, const char *value)
{
	fx_must_open(&adapter_webhook, "name", "hook", "url", url,
		     "secret_file", fx_path("secret"),
		     "ca_file", certs_path(certs, "ca.pem"), key, value,
		     NULL);
}


static bool has_header(unsigned n, const char *line)
{
	char name[32], want[256];

	(void)re_snprintf(name, sizeof(name), "request-%u.head", n);
	(void)re_snprintf(want, sizeof(want), "%s\n", line);

	return fx_read(name) && strstr(fx_read(name), want);
}


static bool is_signed(unsigned n, const char *key)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	char name[32], *data = NULL, want[128];
	unsigned len = 0;
	bool ok;

	(void)re_snprintf(name, sizeof(name), "request-%u", n);
	ck_assert_int_eq(re_sdprintf(&data, "%s.%s", key, fx_read(name)), 0);
	(void)HMAC(EVP_sha256(), "s3cret", 6, (unsigned char *)data,
		   strlen(data), mac, &len);
	mem_deref(data);

	(void)re_snprintf(want, sizeof(want), "x-pchat-signature: sha256=%w",
			  mac, (size_t)len);
	ok = has_header(n, want);

	return ok;
}


START_TEST(a_batch_is_posted_and_signed)
{
	serve("200", NULL, NULL);
	open_hook(NULL, NULL);
	ck_assert_int_eq(fx_deliver(), 0);

	ck_assert(has_header(1, "content-type: application/x-ndjson"));
	ck_assert(has_header(1, "idempotency-key: " KEY "1"));
	ck_assert(has_header(1, "x-pchat-batch: 7"));
	ck_assert(has_header(1, "x-pchat-part: 1; last"));
	ck_assert(is_signed(1, KEY "1"));
	ck_assert_ptr_nonnull(strstr(fx_read("request-1"), "\"e10\""));
	ck_assert_ptr_null(fx_read("request-2"));
}
END_TEST


START_TEST(a_large_batch_goes_in_parts)
{
	size_t n = 0;
	unsigned i;

	serve("204", NULL, NULL);
	open_hook("part_bytes", "1500");
	ck_assert_int_eq(fx_deliver(), 0);

	for (i = 1;; i++) {
		char name[32];

		(void)re_snprintf(name, sizeof(name), "request-%u", i);
		if (!fx_read(name))
			break;

		ck_assert_uint_le(strlen(fx_read(name)), 1500);
		for (const char *p = fx_read(name); (p = strchr(p, '\n'));
		     p++)
			n++;
	}

	ck_assert_uint_eq(n, 10);
	ck_assert_uint_ge(i, 3);
	ck_assert(has_header(1, "x-pchat-part: 1"));
	ck_assert(has_header(2, "idempotency-key: " KEY "2"));
	ck_assert(is_signed(2, KEY "2"));
}
END_TEST


START_TEST(json_is_an_array)
{
	const char *body;

	serve("200", NULL, NULL);
	open_hook("format", "json");
	ck_assert_int_eq(fx_deliver(), 0);

	body = fx_read("request-1");
	ck_assert(has_header(1, "content-type: application/json"));
	ck_assert_int_eq(*body, '[');
	ck_assert_str_eq(body + strlen(body) - 4, "}\n]\n");
}
END_TEST


START_TEST(an_answer_says_what_becomes_of_the_batch)
{
	static const struct {
		const char *code;
		enum adapter_verdict verdict;
	} v[] = {
		{ "200", ADAPTER_TAKEN }, { "202", ADAPTER_TAKEN },
		{ "301", ADAPTER_REFUSED },
		{ "400", ADAPTER_REFUSED }, { "401", ADAPTER_REFUSED }, { "413", ADAPTER_REFUSED },
		{ "408", ADAPTER_LATER }, { "429", ADAPTER_LATER }, { "500", ADAPTER_LATER },
		{ "503", ADAPTER_LATER },
	};
	char why[64];

	serve(v[_i].code, NULL, NULL);
	open_hook(NULL, NULL);
	ck_assert_int_eq(fx_deliver(), v[_i].verdict == ADAPTER_LATER ?
			 ADAPTER_LATER : ADAPTER_TAKEN);

	(void)re_snprintf(why, sizeof(why), "the server answers %s",
			  v[_i].code);
	ck_assert_str_eq(fx_error, v[_i].verdict ? why : "");
	ck_assert_str_eq(fx_items(), v[_i].verdict == ADAPTER_TAKEN ?
			 "part 1: taken\n" : v[_i].verdict == ADAPTER_LATER ?
			 "" : "part 1: refused\n");
}
END_TEST


START_TEST(a_refused_part_is_set_aside_alone)
{
	serve("200", "413", "200");
	open_hook("part_bytes", "1500");
	ck_assert_int_eq(fx_deliver(), ADAPTER_TAKEN);
	ck_assert(has_header(3, "idempotency-key: " KEY "3"));
	ck_assert_ptr_nonnull(strstr(fx_items(), "part 1: taken\n"
				     "part 2: refused\npart 3: taken\n"));
	fx_forget();
}
END_TEST


START_TEST(a_repeat_has_the_same_key_and_body)
{
	serve("503", "200", NULL);
	open_hook(NULL, NULL);
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert_int_eq(fx_deliver(), 0);

	ck_assert(has_header(1, "idempotency-key: " KEY "1"));
	ck_assert(has_header(2, "idempotency-key: " KEY "1"));
	ck_assert_str_eq(fx_read("request-1"), fx_read("request-2"));
}
END_TEST


START_TEST(a_part_that_was_taken_is_not_posted_again)
{
	serve("200", "500", "200");
	open_hook("part_bytes", "1500");
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert_int_eq(fx_deliver(), 0);

	ck_assert(has_header(1, "idempotency-key: " KEY "1"));
	ck_assert(has_header(2, "idempotency-key: " KEY "2"));
	ck_assert(has_header(3, "idempotency-key: " KEY "2"));
	ck_assert(!has_header(4, "idempotency-key: " KEY "1"));
}
END_TEST


START_TEST(who_is_asked_to_wait_does_not_knock)
{
	serve("429:3600", "200", NULL);
	open_hook(NULL, NULL);
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert_str_eq(fx_error,
			 "the server asked to wait, 3600 s are left");
	ck_assert_ptr_null(fx_read("request-2"));
}
END_TEST


START_TEST(no_answer_is_to_be_tried_again)
{
	serve(_i ? "drop" : "hang", "200", NULL);
	open_hook("timeout_s", "1");
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert_str_ne(fx_error, "");
	ck_assert_ptr_nonnull(fx_read("request-1"));

	ck_assert_int_eq(fx_deliver(), 0);
	ck_assert(has_header(2, "idempotency-key: " KEY "1"));
}
END_TEST


START_TEST(a_server_that_is_not_there_is_tried_again)
{
	(void)re_snprintf(url, sizeof(url), "https://localhost:1/");
	open_hook(NULL, NULL);
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert_str_ne(fx_error, "");
}
END_TEST


START_TEST(a_server_that_is_not_trusted_gets_nothing)
{
	struct certs *other = NULL;

	serve("200", NULL, NULL);
	ck_assert_int_eq(certs_alloc(&other), 0);
	fx_must_open(&adapter_webhook, "url", url, "secret_file",
		     fx_path("secret"), "ca_file",
		     certs_path(other, "ca.pem"), NULL);
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert_ptr_null(fx_read("request-1"));
	mem_deref(other);
}
END_TEST


START_TEST(a_secret_that_others_can_read_is_none)
{
	fx_write("secret", "s3cret\n", 0640);
	ck_assert_int_eq(fx_open(&adapter_webhook, "url", "https://localhost/",
				 "secret_file", fx_path("secret"), NULL),
			 EACCES);
	ck_assert_str_eq(fx_log(), "adapter webhook: secret_file: holds a"
			 " secret and must not be readable by group or others"
			 " (wanted mode 0600)\n");
}
END_TEST


START_TEST(nothing_goes_out_in_the_clear)
{
	ck_assert_int_eq(fx_open(&adapter_webhook, "url", "http://localhost/",
				 "secret_file", fx_path("secret"), NULL),
			 EINVAL);
	ck_assert_str_eq(fx_log(),
			 "adapter webhook: url: is no https:// URL\n");
}
END_TEST


static Suite *adapter_webhook_suite(void)
{
	Suite *suite = suite_create("adapter webhook");
	TCase *tc = tcase_create("webhook");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_batch_is_posted_and_signed);
	tcase_add_test(tc, a_large_batch_goes_in_parts);
	tcase_add_test(tc, json_is_an_array);
	tcase_add_loop_test(tc, an_answer_says_what_becomes_of_the_batch, 0,
			    10);
	tcase_add_test(tc, a_refused_part_is_set_aside_alone);
	tcase_add_test(tc, a_repeat_has_the_same_key_and_body);
	tcase_add_test(tc, a_part_that_was_taken_is_not_posted_again);
	tcase_add_test(tc, who_is_asked_to_wait_does_not_knock);
	tcase_add_loop_test(tc, no_answer_is_to_be_tried_again, 0, 2);
	tcase_add_test(tc, a_server_that_is_not_there_is_tried_again);
	tcase_add_test(tc, a_server_that_is_not_trusted_gets_nothing);
	tcase_add_test(tc, a_secret_that_others_can_read_is_none);
	tcase_add_test(tc, nothing_goes_out_in_the_clear);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(adapter_webhook_suite)
