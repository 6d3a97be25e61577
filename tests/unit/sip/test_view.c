/**
 * @file tests/unit/sip/test_view.c  Messages as views
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "tests/unit/suite.h"
#include "channel/sip/view.h"

static struct view v;

static int decode(const char *msg)
{
	return view_decode(&v, msg, strlen(msg));
}


/* It can be framed, and is wrong in this */
static void wrong(const char *msg, uint16_t code, const char *fault)
{
	ck_assert_int_eq(decode(msg), 0);
	ck_assert_int_eq(v.framing, VIEW_FRAMED);
	ck_assert_msg(v.fault != NULL, "nothing is wrong with \"%s\"", msg);
	ck_assert_str_eq(v.fault, fault);
	ck_assert_uint_eq(v.fcode, code);
}


static void is(const struct pl *pl, const char *want)
{
	ck_assert_msg(!pl_strcmp(pl, want), "\"%.*s\" is not \"%s\"",
		      (int)pl->l, pl->p, want);
}


START_TEST(a_request_is_taken_apart)
{
	static const char msg[] =
		"INFO sip:pc@example.net SIP/2.0\r\n"
		"Via: SIP/2.0/tcp 192.0.2.10:50311\r\n"
		"Via: SIP/2.0/TLS 192.0.2.11;branch=z9hG4bK1\r\n"
		"From: <sip:ada@example.net>;tag=1a;epid=ff\r\n"
		"To: <sip:pc@example.net>;tag=2b\r\n"
		"Call-ID: abc@x\r\n"
		"CSeq: 2 INFO\r\n"
		"Max-Forwards: 70\r\n"
		"Content-Type: text/plain\r\n"
		"Content-Length: 4\r\n\r\nbodyINFO";

	ck_assert_int_eq(decode(msg), 0);
	ck_assert_int_eq(v.method, MET_INFO);
	ck_assert_uint_eq(v.scode, 0);
	is(&v.ruri, "sip:pc@example.net");
	ck_assert_uint_eq(v.viac, 2);
	is(&v.viav[0], "SIP/2.0/tcp 192.0.2.10:50311");
	ck_assert_int_eq(view_tags(&v), 0);
	is(&v.ftag, "1a");
	is(&v.ttag, "2b");
	is(&v.callid, "abc@x");
	ck_assert_uint_eq(v.cseq_num, 2);
	is(&v.cseq_met, "INFO");
	is(&v.body, "body");
	ck_assert_ptr_null(view_fault(&v));
}
END_TEST


START_TEST(a_response_is_taken_apart)
{
	ck_assert_int_eq(decode("SIP/2.0 481 Call Leg Gone\r\n"
				"v: SIP/2.0/TCP a;branch=z\r\nf: <sip:a@b>;tag=x\r\n"
				"t: sip:c@d;tag=y\r\ni: 1\r\n"
				"CSEQ:  7   INFO\r\nl: 0\r\n\r\n"), 0);
	ck_assert_uint_eq(v.scode, 481);
	is(&v.reason, "Call Leg Gone");
	ck_assert_int_eq(view_tags(&v), 0);
	is(&v.ftag, "x");
	is(&v.ttag, "y");
	ck_assert_uint_eq(v.cseq_num, 7);
	is(&v.cseq_met, "INFO");
	ck_assert_ptr_null(view_fault(&v));
}
END_TEST


START_TEST(a_status_line_may_lack_its_reason)
{
	ck_assert_int_eq(decode("SIP/2.0 200 \r\nl: 0\r\n\r\n"), 0);
	ck_assert_uint_eq(v.scode, 200);
	ck_assert_int_eq(decode("SIP/2.0 200\r\nl: 0\r\n\r\n"), 0);
	wrong("SIP/2.0 2x0 no\r\n\r\n", 400, "Bad status line");
	wrong("SIP/2.0 099 no\r\n\r\n", 400, "Bad status line");
	wrong("SIP/2.1 200 no\r\n\r\n", 400, "Bad status line");
	ck_assert(v.response);
	ck_assert_int_eq(decode("SIP/2.0 20"), EAGAIN);
	wrong("SIP/2.0 20\r\n\r\n", 400, "Bad status line");
}
END_TEST


START_TEST(a_folded_field_is_one_field)
{
	const char *pos = NULL;
	struct pl pl;

	ck_assert_int_eq(decode("OPTIONS sip:a@b SIP/2.0\r\n"
				"From: \"A;tag=no\"\r\n <sip:a@b;tag=no>\r\n"
				"\t;tag=yes\r\nTo: <sip:c@d>\r\n"
				"CSeq:\r\n 3\r\n OPTIONS\r\n"
				"X: 1\r\n\r\n"), 0);
	ck_assert_int_eq(view_tags(&v), 0);
	is(&v.ftag, "yes");
	ck_assert_uint_eq(v.ttag.l, 0);
	ck_assert_uint_eq(v.cseq_num, 3);
	is(&v.cseq_met, "OPTIONS");
	ck_assert(view_next(&v, &pos, "x", 0, &pl));
	is(&pl, "1");
	ck_assert(!view_next(&v, &pos, "x", 0, &pl));
}
END_TEST


START_TEST(lines_may_end_with_lf_alone)
{
	ck_assert_int_eq(decode("BYE sip:a@b SIP/2.0\nCall-ID : x\n"
				"Content-Length: 2\n\nab"), 0);
	is(&v.callid, "x");
	is(&v.body, "ab");
}
END_TEST


START_TEST(every_cut_of_a_message_asks_for_more)
{
	static const char msg[] =
		"INFO sip:pc@example.net SIP/2.0\r\nVia: SIP/2.0/tcp x\r\n"
		"From: <sip:a@b>;tag=1\r\n folded\r\n"
		"Content-Length: 3\r\n\r\nabc";

	for (size_t l = 0; l < sizeof(msg) - 4; l++) {
		char *copy = malloc(l + 1);

		memcpy(copy, msg, l);
		ck_assert_int_eq(view_decode(&v, copy, l), EAGAIN);
		free(copy);
	}

	ck_assert_int_eq(view_decode(&v, msg, sizeof(msg) - 2), 0);
	ck_assert_uint_eq(v.clen, 3);
	ck_assert_uint_eq(v.body.l, 2);
}
END_TEST


START_TEST(what_is_wrong_in_a_head_is_named)
{
	wrong("GET / HTTP/1.1\r\n\r\n", 400, "Bad request line");
	ck_assert(v.alien);
	wrong("\x16\x03\x01\n\n", 400, "Bad request line");
	ck_assert(v.alien);
	wrong("INFO SIP/2.0\r\n\r\n", 400, "Bad request line");
	wrong("INFO a b SIP/2.0\r\n\r\n", 400, "Bad request line");
	wrong("INFO  a SIP/2.0\r\n\r\n", 400, "Bad request line");
	wrong("INFO sip:a SIP/3.0\r\nl: 0\r\n\r\n", 505,
	      "Version Not Supported");
	wrong("INFO sip:a SIP/2.0\r\nnocolon\r\nl: 2\r\n\r\n", 400,
	      "Header line without a name");
	ck_assert_uint_eq(v.clen, 2);
	wrong("INFO sip:a SIP/2.0\r\n: x\r\n\r\n", 400,
	      "Header line without a name");
	wrong("INFO sip:a SIP/2.0\r\nX: a\rY: b\r\n\r\n", 400,
	      "Control character in the head");
	wrong("INFO sip:a SIP/2.0\r\nl: 0\r\nl: 0\r\n\r\n", 400,
	      "Repeated header field");
	wrong("INFO sip:a SIP/2.0\r\nVia: \r\n\r\n", 400, "Empty Via");
}
END_TEST


START_TEST(a_nul_in_a_head_is_told)
{
	static const char msg[] = "INFO sip:a SIP/2.0\r\nX: a\0b\r\n\r\n";

	ck_assert_int_eq(view_decode(&v, msg, sizeof(msg) - 1), 0);
	ck_assert_str_eq(v.fault, "Control character in the head");
}
END_TEST


START_TEST(a_length_that_cannot_be_trusted_is_told)
{
	static const char *const badv[] = {
		"", "x", "-1", "1x", "1 2", "+1", "0x10", "1, 1", "\r\n ",
	};
	char msg[128];

	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		(void)re_snprintf(msg, sizeof(msg), "INFO sip:a SIP/2.0\r\n"
				  "Content-Length: %s\r\n\r\n", badv[i]);
		ck_assert_int_eq(decode(msg), 0);
		ck_assert_int_eq(v.framing, VIEW_BAD_LENGTH);
	}

	ck_assert_int_eq(decode("INFO sip:a SIP/2.0\r\nl: 1\r\n"
				"Content-Length: 2\r\n\r\nab"), 0);
	ck_assert_int_eq(v.framing, VIEW_BAD_LENGTH);
	ck_assert_int_eq(decode("INFO sip:a SIP/2.0\r\nc: x/y\r\n\r\n"), 0);
	ck_assert_int_eq(v.framing, VIEW_NO_LENGTH);
	ck_assert_int_eq(decode("INFO sip:a SIP/2.0\r\n"
				"l: 0000000000000000000000012\r\n\r\n"), 0);
	ck_assert_int_eq(v.framing, VIEW_FRAMED);
	ck_assert_uint_eq(v.clen, 12);
	ck_assert_int_eq(decode("INFO sip:a SIP/2.0\r\n"
				"l: 99999999999999999999999\r\n\r\n"), 0);
	ck_assert_uint_eq(v.clen, UINT32_MAX);
}
END_TEST


/* Proof of a dialog, and of whose it is: one reading, or none */
START_TEST(a_tag_is_there_once_with_a_value_or_not_at_all)
{
	static const struct { const char *to, *tag; } casev[] = {
		{ "<sip:a@b>", "" },
		{ "<sip:a@b>;tag=x", "x" },
		{ "sip:a@b;tag=x", "x" },
		{ "<sip:a@b;tag=no>;p=\";tag=no\";TAG = x;q", "x" },
		{ "\"a\\\";tag=no\" <sip:a@b>", "" },
		{ "<sip:a@b>;tag", NULL },
		{ "<sip:a@b>;tag=", NULL },
		{ "<sip:a@b>;tag=;tag=x", NULL },
		{ "<sip:a@b>;tag=x;tag=x", NULL },
		{ "<sip:a@b>;tag=x;tag", NULL },
		{ "<sip:a@b>;tag=\"x\"", NULL },
		{ "<sip:a@b>;tag=\"\"", NULL },
		{ "<sip:a@b>;tag=x,<sip:c@d>;tag=y", NULL },
		{ "<sip:a@b>,", NULL },
		{ "<sip:a@b>;tag=x y", NULL },
		{ "<sip:a@b>;tag=<x>", NULL },
		{ "<sip:a@b>;", NULL },
		{ "<sip:a@b>;;tag=x", NULL },
		{ "<sip:a@b> tag=x", NULL },
		{ "<sip:a@b><sip:c@d>", NULL },
		{ "<sip:a@b", NULL },
		{ "<>", NULL },
		{ "\"open <sip:a@b>", NULL },
		{ "\"open\\", NULL },
		{ "a \"b\" <sip:a@b>", NULL },
		{ "(c) <sip:a@b>", NULL },
		{ "<sip:a b@c>", NULL },
		{ "<sip:a@b>x;tag=1", NULL },
	};
	char msg[256];

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		for (int answer = 0; answer < 2; answer++) {
			(void)re_snprintf(msg, sizeof(msg), "%s\r\n"
				"From: <sip:f@g>;tag=1\r\nTo: %s\r\n\r\n",
				answer ? "SIP/2.0 200 OK" :
				"INFO sip:a SIP/2.0", casev[i].to);
			ck_assert_int_eq(decode(msg), 0);
			ck_assert_msg(view_tags(&v) ==
				      (casev[i].tag ? 0 : EBADMSG), "%s",
				      casev[i].to);
			if (casev[i].tag)
				is(&v.ttag, casev[i].tag);
			else
				ck_assert_ptr_nonnull(strstr(v.fault,
							     "Bad To"));
		}
	}
}
END_TEST


START_TEST(what_is_missing_is_named)
{
	static const struct { const char *msg, *fault; } casev[] = {
		{ "INFO sip:a SIP/2.0\r\n\r\n", "Missing Via" },
		{ "INFO sip:a SIP/2.0\r\nv: x\r\n\r\n", "Missing From" },
		{ "INFO sip:a SIP/2.0\r\nv: x\r\nf: a\r\n\r\n", "Missing To" },
		{ "INFO sip:a SIP/2.0\r\nv: x\r\nf: a\r\nt: b\r\n\r\n",
		  "Missing Call-ID" },
		{ "INFO sip:a SIP/2.0\r\nv: x\r\nf: a\r\nt: b\r\ni: c\r\n"
		  "\r\n", "Missing or bad CSeq" },
		{ "INFO sip:a SIP/2.0\r\nv: x\r\nf: a\r\nt: b\r\ni: c\r\n"
		  "CSeq: INFO\r\n\r\n", "Missing or bad CSeq" },
		{ "INFO sip:a SIP/2.0\r\nv: x\r\nf: a\r\nt: b\r\ni: c\r\n"
		  "CSeq: 4294967296 INFO\r\n\r\n", "Missing or bad CSeq" },
		{ "INFO sip:a SIP/2.0\r\nv: x\r\nf: a\r\nt: b\r\ni: c\r\n"
		  "CSeq: 1 BYE\r\n\r\n", "CSeq method differs" },
		{ "INFO sip:a SIP/2.0\r\nv: x\r\nf: a\r\nt: b\r\ni: c\r\n"
		  "CSeq: 1 INFO\r\nTo: d\r\nl: 0\r\n\r\n", "Repeated header field" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		ck_assert_int_eq(decode(casev[i].msg), 0);
		ck_assert_str_eq(view_fault(&v), casev[i].fault);
	}
}
END_TEST


START_TEST(parameters_are_found_outside_quotes_and_brackets)
{
	static const struct { const char *val, *name, *want; } casev[] = {
		{ "<sip:a@b>;tag=1", "tag", "1" },
		{ "<sip:a@b>;x=2; Tag = 1 ;y", "tag", "1" },
		{ "\"x;tag=9 \\\" <>\" <sip:a@b;tag=8>;tag=1", "tag", "1" },
		{ "sip:a@b;tag=1", "tag", "1" },
		{ "<sip:a@b>;lr", "lr", "" },
		{ "<sip:a@b>;stag=1", "tag", NULL },
		{ "<sip:a@b>;tagged=1", "tag", NULL },
		{ "<sip:a@b;tag=1>", "tag", NULL },
		{ "<sip:a@b", "tag", NULL },
		{ "\"open", "tag", NULL },
		{ "\"open\\", "tag", NULL },
		{ "<sip:a@b>;", "tag", NULL },
		{ "<sip:a@b>;x=\"<;tag=2>\\\"\";tag=1", "tag", "1" },
		{ "sip:a@b;x=\"<sip:c@d>\";tag=1", "tag", "1" },
		{ "<sip:a@b>;tag=", "tag", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		struct pl val, pv;

		pl_set_str(&val, casev[i].val);
		ck_assert_int_eq(view_param(&val, casev[i].name, &pv),
				 casev[i].want != NULL);
		if (casev[i].want)
			is(&pv, casev[i].want);
	}
}
END_TEST


START_TEST(the_address_is_found_in_a_value)
{
	struct pl val, uri;

	pl_set_str(&val, "\"a <x>\" <sip:a@b:5;maddr=1>;proxy=replace");
	ck_assert_int_eq(view_uri(&val, &uri), 0);
	is(&uri, "sip:a@b:5;maddr=1");

	pl_set_str(&val, "sip:a@b;tag=1");
	ck_assert_int_eq(view_uri(&val, &uri), 0);
	is(&uri, "sip:a@b");

	pl_set_str(&val, "sip:a@b;x=\"<sip:c@d>\"");
	ck_assert_int_eq(view_uri(&val, &uri), 0);
	is(&uri, "sip:a@b");

	pl_set_str(&val, "Ada L. <sip:a@[::1]:5>;+sip.instance=\"<urn:x>\", *");
	ck_assert_int_eq(view_uri(&val, &uri), 0);
	is(&uri, "sip:a@[::1]:5");

	pl_set_str(&val, "<>");
	ck_assert_int_eq(view_uri(&val, &uri), EBADMSG);
	pl_set_str(&val, "<sip:a");
	ck_assert_int_eq(view_uri(&val, &uri), EBADMSG);
}
END_TEST


START_TEST(a_transaction_is_known_with_and_without_branch)
{
	static const struct { const char *a, *b; bool same; } casev[] = {
		{ "SIP/2.0/TCP x;branch=z1", "SIP/2.0/TCP x;i=1;branch=z1",
		  true },
		{ "SIP/2.0/TCP x;branch=z1", "SIP/2.0/TCP x;branch=z2",
		  false },
		{ "SIP/2.0/tcp 1.2.3.4:5", "SIP/2.0/TCP 1.2.3.4:5;rport",
		  true },
		{ "SIP/2.0/tcp 1.2.3.4:5", "SIP/2.0/tcp 1.2.3.4:6", false },
		{ "SIP/2.0/tcp x", "SIP/2.0/tcp x;branch=z", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		struct pl a, b;

		pl_set_str(&a, casev[i].a);
		pl_set_str(&b, casev[i].b);
		ck_assert_int_eq(view_via_match(&a, &b), casev[i].same);
	}
}
END_TEST


START_TEST(lists_are_split_at_commas)
{
	struct pl pl;

	pl_set_str(&pl, "100rel, Timer ,x");
	ck_assert(view_list_has(&pl, "timer"));
	ck_assert(view_list_has(&pl, "100rel"));
	ck_assert(!view_list_has(&pl, "time"));
}
END_TEST


START_TEST(methods_are_told_apart)
{
	ck_assert_int_eq(decode("info sip:a SIP/2.0\r\n\r\n"), 0);
	ck_assert_int_eq(v.method, MET_INFO);
	ck_assert_int_eq(decode("MESSAGE sip:a SIP/2.0\r\n\r\n"), 0);
	ck_assert_int_eq(v.method, MET_OTHER);
	ck_assert_int_eq(decode("INFOO sip:a SIP/2.0\r\n\r\n"), 0);
	ck_assert_int_eq(v.method, MET_UNKNOWN);
}
END_TEST


START_TEST(any_number_of_via_is_read)
{
	struct mbuf *mb = mbuf_alloc(1024);
	const char *pos = NULL;
	struct pl val;
	unsigned n = 0;

	(void)mbuf_write_str(mb, "INFO sip:a SIP/2.0\r\n");
	for (int i = 0; i < 100; i++)
		(void)mbuf_printf(mb, "%s: SIP/2.0/TCP x%d\r\n",
				  i & 1 ? "v" : "Via", i);
	(void)mbuf_write_str(mb, "\r\n");

	ck_assert_int_eq(view_decode(&v, (char *)mb->buf, mb->end), 0);
	ck_assert_uint_eq(v.viac, 100);
	while (view_next(&v, &pos, "Via", 'v', &val)) {
		char want[32];

		(void)re_snprintf(want, sizeof(want), "SIP/2.0/TCP x%u", n++);
		is(&val, want);
	}
	ck_assert_uint_eq(n, 100);
	mem_deref(mb);
}
END_TEST


static Suite *sip_view_suite(void)
{
	Suite *suite = suite_create("sip_view");
	TCase *tc = tcase_create("view");

	tcase_add_test(tc, a_request_is_taken_apart);
	tcase_add_test(tc, a_response_is_taken_apart);
	tcase_add_test(tc, a_status_line_may_lack_its_reason);
	tcase_add_test(tc, a_folded_field_is_one_field);
	tcase_add_test(tc, lines_may_end_with_lf_alone);
	tcase_add_test(tc, every_cut_of_a_message_asks_for_more);
	tcase_add_test(tc, what_is_wrong_in_a_head_is_named);
	tcase_add_test(tc, a_nul_in_a_head_is_told);
	tcase_add_test(tc, a_length_that_cannot_be_trusted_is_told);
	tcase_add_test(tc, a_tag_is_there_once_with_a_value_or_not_at_all);
	tcase_add_test(tc, what_is_missing_is_named);
	tcase_add_test(tc, parameters_are_found_outside_quotes_and_brackets);
	tcase_add_test(tc, the_address_is_found_in_a_value);
	tcase_add_test(tc, a_transaction_is_known_with_and_without_branch);
	tcase_add_test(tc, lists_are_split_at_commas);
	tcase_add_test(tc, methods_are_told_apart);
	tcase_add_test(tc, any_number_of_via_is_read);
	suite_add_tcase(suite, tc);
	return suite;
}
TEST_SUITE(sip_view_suite)
