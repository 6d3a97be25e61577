/**
 * @file tests/unit/xccos/test_envelope.c  What a document says of itself
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "channel/xccos/xccos.h"
#include "tests/unit/suite.h"
#include "tests/unit/xccos/vectors.h"


static int decode_mem(struct xccos **xp, const char *p, size_t len)
{
	const struct pl pl = { p, len };

	return xccos_decode(xp, &pl);
}


static int decode(struct xccos **xp, const char *s)
{
	return decode_mem(xp, s, strlen(s));
}


static int verdict(const char *s)
{
	struct xccos *x = NULL;
	int err = decode(&x, s);

	ck_assert_int_eq(!x, !!err);
	mem_deref(x);

	return err;
}


static void ck_verb(const char *body, const char *envid, const char *verb)
{
	struct xccos *x;

	ck_assert_int_eq(decode(&x, body), 0);
	ck_assert_str_eq(x->envid, envid);
	ck_assert_uint_eq(x->primc, 1);
	ck_assert_int_eq(x->primv[0].kind, XCCOS_CMD);
	ck_assert_str_eq(x->primv[0].verb, verb);
	ck_assert_str_eq(x->primv[0].seqid, "1");
	mem_deref(x);
}


START_TEST(commands_of_the_known_clients_are_understood)
{
	ck_verb(requri, "4294967295", "requri");
	ck_verb(bjoin, "0", "bjoin");
	ck_verb(getinv, "1", "getinv");
	ck_verb(getfutok, "139132350", "getfutok");
}
END_TEST


START_TEST(a_post_is_no_command_and_has_no_verb)
{
	struct xccos *x;

	ck_assert_int_eq(decode(&x, grpchat), 0);
	ck_assert_int_eq(x->primv[0].kind, XCCOS_GRPCHAT);
	ck_assert_ptr_null(x->primv[0].verb);
	ck_assert_str_eq(x->primv[0].id, "grpchat");
	mem_deref(x);
}
END_TEST


START_TEST(an_envelope_id_of_64_bits_stays_text)
{
	ck_verb("<xccos envid=\"18446744073709551615\"><cmd id=\"cmd:x\"/>"
		"</xccos>", "18446744073709551615", "x");
	ck_verb("<xccos envid=\"007\"><cmd id=\"cmd:x\"/></xccos>",
		"007", "x");
}
END_TEST


START_TEST(an_envelope_id_may_be_missing_but_not_nonsense)
{
	ck_verb("<xccos><cmd id=\"cmd:x\"/></xccos>", "0", "x");
	ck_assert_int_eq(verdict("<xccos envid=\"\"><cmd/></xccos>"), EBADMSG);
	ck_assert_int_eq(verdict("<xccos envid=\"-1\"><cmd/></xccos>"),
			 EBADMSG);
}
END_TEST


START_TEST(names_are_known_in_any_case_and_with_any_prefix)
{
	ck_verb("<XCCOS ENVID=\"5\"><Cmd ID=\"CMD:ReqUri\" SeqId=\"1\"/>"
		"</XCCOS>", "5", "requri");
	ck_verb("<x:xccos xmlns:x=\"urn:parlano:xml:ns:xccos\" envid=\"5\">"
		"<x:cmd id=\"cmd:requri\"/></x:xccos>", "5", "requri");
	ck_verb("<x:xccos envid=\"5\"><x:cmd id=\"cmd:requri\"/></x:xccos>",
		"5", "requri");
}
END_TEST


START_TEST(what_stands_around_a_document_does_no_harm)
{
	ck_verb("\r\n <xccos envid=\"5\"><cmd id=\"cmd:x\"/></xccos>\r\n\r\n",
		"5", "x");
	ck_verb("\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n"
		"<xccos envid=\"5\"><cmd id=\"cmd:x\"/></xccos>", "5", "x");
	ck_verb("<!-- a --><xccos envid=\"5\"> <!-- b --> <?c d?>"
		"<cmd id=\"cmd:x\"/></xccos><!-- e -->", "5", "x");
}
END_TEST


START_TEST(a_declared_encoding_is_not_believed)
{
	struct xccos *x;

	ck_assert_int_eq(decode(&x, "<?xml version=\"1.0\""
				" encoding=\"utf-16\"?><xccos><grpchat><chat>"
				"\xc3\xa4</chat></grpchat></xccos>"), 0);
	ck_assert_str_eq(xccos_text(&x->primv[0], "chat"), "\xc3\xa4");
	mem_deref(x);

	ck_assert_int_eq(verdict("<?xml version=\"1.0\""
				 " encoding=\"iso-8859-1\"?><xccos><grpchat>"
				 "<chat>\xe4</chat></grpchat></xccos>"),
			 EBADMSG);
}
END_TEST


START_TEST(a_command_without_a_usable_id_has_no_verb)
{
	static const char *const idv[] = {
		"", "id=''", "id='requri'", "id='cmd:'", "id='rpl:requri'"
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(idv); i++) {

		struct xccos *x;
		char body[128];

		re_snprintf(body, sizeof(body), "<xccos><cmd %s/></xccos>",
			    idv[i]);
		ck_assert_int_eq(decode(&x, body), 0);
		ck_assert_int_eq(x->primv[0].kind, XCCOS_CMD);
		ck_assert_ptr_null(x->primv[0].verb);
		mem_deref(x);
	}
}
END_TEST


START_TEST(an_unknown_verb_is_handed_on)
{
	ck_verb("<xccos envid=\"5\"><cmd id=\"cmd:Frobnicate\"/></xccos>",
		"5", "frobnicate");
}
END_TEST


START_TEST(two_commands_keep_their_own_seqid)
{
	struct xccos *x;

	ck_assert_int_eq(decode(&x, "<xccos envid='9'>"
				"<cmd id='cmd:getinv' seqid='1'/>"
				"<cmd id='cmd:part' seqid='2'/>"
				"<ntc id='ntc:join' seqid='x'/></xccos>"), 0);
	ck_assert_uint_eq(x->primc, 3);
	ck_assert_str_eq(x->primv[0].seqid, "1");
	ck_assert_str_eq(x->primv[1].seqid, "2");
	ck_assert_str_eq(x->primv[1].verb, "part");
	ck_assert_int_eq(x->primv[2].kind, XCCOS_OTHER);
	ck_assert_ptr_null(x->primv[2].verb);
	ck_assert_str_eq(x->primv[2].seqid, "1");
	mem_deref(x);
}
END_TEST


static int with_prims(size_t n)
{
	char body[1024] = "<xccos>";
	size_t i;

	for (i = 0; i < n; i++)
		strcat(body, "<cmd id='cmd:x'/>");

	return verdict(strcat(body, "</xccos>"));
}


START_TEST(one_to_sixteen_primitives_are_taken)
{
	ck_assert_int_eq(with_prims(0), EBADMSG);
	ck_assert_int_eq(with_prims(1), 0);
	ck_assert_int_eq(with_prims(16), 0);
	ck_assert_int_eq(with_prims(17), EBADMSG);
}
END_TEST


START_TEST(the_document_outlives_the_bytes_it_came_from)
{
	char *body = strdup(getfutok);
	struct xccos *x;

	ck_assert_int_eq(decode(&x, body), 0);
	memset(body, 0xa5, strlen(body));
	free(body);

	ck_assert_str_eq(x->envid, "139132350");
	ck_assert_str_eq(x->primv[0].verb, "getfutok");
	ck_assert_str_eq(xccos_attr(&x->primv[0], "ftdb", "fileUrl"),
			 "minutes & plan.txt");
	mem_deref(x);
}
END_TEST


static Suite *xccos_envelope_suite(void)
{
	Suite *s = suite_create("xccos_envelope");
	TCase *tc = tcase_create("accepted");

	tcase_add_test(tc, commands_of_the_known_clients_are_understood);
	tcase_add_test(tc, a_post_is_no_command_and_has_no_verb);
	tcase_add_test(tc, an_envelope_id_of_64_bits_stays_text);
	tcase_add_test(tc, an_envelope_id_may_be_missing_but_not_nonsense);
	tcase_add_test(tc, names_are_known_in_any_case_and_with_any_prefix);
	tcase_add_test(tc, what_stands_around_a_document_does_no_harm);
	tcase_add_test(tc, a_declared_encoding_is_not_believed);
	tcase_add_test(tc, a_command_without_a_usable_id_has_no_verb);
	tcase_add_test(tc, an_unknown_verb_is_handed_on);
	tcase_add_test(tc, two_commands_keep_their_own_seqid);
	tcase_add_test(tc, one_to_sixteen_primitives_are_taken);
	tcase_add_test(tc, the_document_outlives_the_bytes_it_came_from);
	suite_add_tcase(s, tc);

	return s;
}
TEST_SUITE(xccos_envelope_suite)
