/**
 * @file tests/scenario/test_attack_odd.c  Odd messages over the connection
 *                                         that carries everybody
 *
 *   bob --odd--> registrar --the connection of all--> instance <-- ada's post
 *
 * What is legal is served, what is wrong is answered, and what others have
 * under way is not touched by either.
 */
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/attack.h"
#include "tests/unit/suite.h"

enum { LONG = 50000, TOO_LONG = 62000, LONG_UNPROVED = 10000 };

static struct reg *ada, *bob;


static char *repeated(const char *fmt, unsigned n)
{
	struct mbuf *mb = mbuf_alloc(8192);
	char *text;

	for (unsigned i = 0; i < n; i++)
		(void)mbuf_printf(mb, fmt, i, i);
	mb->pos = 0;
	(void)mbuf_strdup(mb, &text, mb->end);
	mem_deref(mb);

	return text;
}


static char *field(size_t len)
{
	char *text = mem_zalloc(len + 8, NULL);

	memset(text, 'x', len);
	memcpy(text, "X: ", 3);
	memcpy(text + len, "\r\n", 2);

	return text;
}


/* In bob's dialog, with these lines more; ada's posts go through meanwhile */
static uint16_t bobs_info(const char *more)
{
	const struct reg_req q = {
		.method = "INFO", .in_dialog = true, .more = more,
		.ctype = "text/plain", .body = "<xccos ver=\"1\" envid=\"1\" "
		"xmlns=\"urn:parlano:xml:ns:xccos\"><cmd id=\"cmd:requri\" "
		"seqid=\"1\"><data/></cmd></xccos>"
	};
	const uint16_t status = reg_ask(bob, &q);

	ck_assert(attack_works(ada, "Vault"));

	return status;
}


static void both(void)
{
	ada = attack_sign_in("ada", NULL);
	bob = attack_sign_in("bob", NULL);
}


static void gone(void)
{
	bob = mem_deref(bob);
	ada = mem_deref(ada);
}


static const char *const legalv[] = {
	"X: y\r\n", "x-y.z_+~:\r\n", "Subject: a\r\n b\r\n\tc\r\n",
	"X : y\r\n", "X\t:y\r\n", "Supported: a, b,c , d\r\n",
	"X: \xc3\xa4\xe4\xb8\xad\r\n", "X: \"(<>@,;:\\\\/[]?={}\r\n",
	"User-Agent: Lync/5.0\r\nms-keep-alive: UAC;hop-hop=yes\r\n",
	"v: SIP/2.0/TCP a.example.net,SIP/2.0/TLS b.example.net:5061\r\n",
	"Route: <sip:192.0.2.1;lr>\r\n",
};


START_TEST(what_is_legal_is_served)
{
	char *text;

	both();
	for (size_t i = 0; i < ARRAY_SIZE(legalv) - 1; i++) {
		const uint16_t status = bobs_info(legalv[i]);

		ck_assert_msg(status == 200, "%u for %s", status, legalv[i]);
	}
	text = repeated("Via: SIP/2.0/TCP 192.0.2.%u:5060;branch=z9hG4bK%u"
			"\r\n", 60);
	ck_assert_uint_eq(bobs_info(text), 200);
	mem_deref(text);
	text = repeated("X-%u: %u\r\n", 600);
	ck_assert_uint_eq(bobs_info(text), 200);
	mem_deref(text);
	text = field(LONG);
	ck_assert_uint_eq(bobs_info(text), 200);
	mem_deref(text);
	gone();
}
END_TEST


static const char *const wrongv[] = {
	"no colon\r\n", ": x\r\n", "X y: z\r\n", "X: a\rb\r\n", "X: a\nb\r\n",
	"X: \x01\r\n", "X: \x7f\r\n", "X\x80: y\r\n", "Content-Length: 5\r\n",
	"l: 0\r\n", "From: <" SIP("eve") ">;tag=x\r\n", "CSeq: 1 INFO\r\n",
	"i: x\r\n", "t: <" SIP("eve") ">\r\n", "Max-Forwards: 3\r\n",
	"Content-Type: text/xml\r\n", "X: a\r\r\n", "X: a\n",
	"P-Asserted-Identity;x: <" SIP("ada") ">\r\n",
	"X: y\nP-Asserted-Identity: <" SIP("ada") ">\r\n",
	"X: y\rP-Asserted-Identity: <" SIP("ada") ">\r\n",
};


START_TEST(what_is_wrong_is_answered_and_cuts_nobody)
{
	const long bad = attack_counter("edge_bad");
	const struct reg_req fence = { .method = "OPTIONS" };
	char *text;

	both();
	for (size_t i = 0; i < ARRAY_SIZE(wrongv); i++) {
		const uint16_t status = bobs_info(wrongv[i]);

		ck_assert_msg(status == 400 || !status, "%u for %s", status,
			      wrongv[i]);
		if (status)
			continue;
		/* Kamailio reads nothing that it could answer: bob is cut,
		   nobody else */
		gone();
		both();
	}
	text = field(TOO_LONG);
	ck_assert_uint_eq(bobs_info(text), 513);
	mem_deref(text);
	ck_assert_uint_eq(reg_ask(bob, &fence), 200);
	ck_assert_uint_eq(bobs_info(NULL), 200);
	ck_assert_int_gt(attack_counter("edge_bad"), bad);
	gone();
}
END_TEST


/* Limits per address are for those who prove nothing */
START_TEST(requests_without_proof_are_few)
{
	struct reg *eve = attack_connect("eve", "127.0.0.66");
	const struct reg_req q = { .method = "INVITE" };
	unsigned n = 0;

	both();
	while (reg_ask(eve, &q) == 407)
		ck_assert_uint_lt(++n, 20000);
	ck_assert_int_gt(attack_counter("edge_rate"), 0);
	ck_assert_uint_eq(bobs_info(NULL), 200);
	mem_deref(eve);
	eve = attack_sign_in("cyd", NULL);
	mem_deref(eve);
	gone();
}
END_TEST


/* Checking a long head costs milliseconds: not for those who prove nothing */
START_TEST(a_strangers_head_is_short)
{
	struct reg *eve = attack_connect("eve", NULL);
	struct reg_req q = { .method = "INVITE" };
	char *text = field(LONG_UNPROVED);

	q.more = text;
	ck_assert_uint_eq(reg_ask(eve, &q), 513);
	q.more = NULL;
	ck_assert_uint_eq(reg_ask(eve, &q), 407);
	mem_deref(text);
	mem_deref(eve);
}
END_TEST


/* What an instance says of the rate is what the user hears */
START_TEST(a_refusal_for_too_much_says_when_to_come_back)
{
	struct reg *dan = attack_sign_in("dan", NULL);
	uint16_t status = 200;
	unsigned n = 0;
	char *body;

	while (status == 200) {
		body = xd_cmd(++n, "chansrch", "<qib qtype=\"BYNAME\" "
			      "criteria=\"\" extended=\"false\"/>");
		status = reg_info(dan, body);
		mem_deref(body);
		ck_assert_uint_lt(n, 10000);
	}
	ck_assert_uint_eq(status, 503);
	ck_assert_ptr_nonnull(strstr(raw_answer(reg_raw(dan)),
				     "Retry-After:"));
	ck_assert_ptr_nonnull(strcasestr(raw_answer(reg_raw(dan)),
					 "Ms-diagnostics:"));
	mem_deref(dan);
}
END_TEST


static Suite *attack_odd_suite(void)
{
	Suite *suite = suite_create("attack_odd");
	TCase *tc = tcase_create("odd");

	tcase_add_unchecked_fixture(tc, attack_up, stage_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, what_is_legal_is_served);
	tcase_add_test(tc, what_is_wrong_is_answered_and_cuts_nobody);
	tcase_add_test(tc, a_strangers_head_is_short);
	tcase_add_test(tc, a_refusal_for_too_much_says_when_to_come_back);
	tcase_add_test(tc, requests_without_proof_are_few);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(attack_odd_suite)
