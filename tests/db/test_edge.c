/**
 * @file tests/db/test_edge.c  What the store does for the registrar
 */
#include <stdio.h>
#include <string.h>
#include "tests/db/operator.h"
#include "tests/unit/suite.h"

static const char data[] =
	"{\"users\":[{\"uri\":\"ada@x.net\",\"password\":\"ada\"},"
	"{\"uri\":\"bob@x.net\",\"password\":\"bob\"}]}";


static void setup(void)
{
	op_setup();
	ck_assert_msg(op_import(data) == TOOL_OK, "%s", op_err());
}


static const struct {
	const char *answer;
	const char *params;      /* as jsonb, "null": none                   */
} answerv[] = {
	{ "Digest a=b", "{\"a\": \"b\"}" },
	{ "DIGEST  A = \"b\" , C=d", "{\"a\": \"b\", \"c\": \"d\"}" },
	{ "Digest a=\"b, c=\\\"d\\\"\", e=f",
	  "{\"a\": \"b, c=\\\"d\\\"\", \"e\": \"f\"}" },
	{ "Digest a=\"\"", "{\"a\": \"\"}" },
	{ "Basic YQ==", "null" }, { "Digest", "null" }, { "Digest a", "null" },
	{ "Digest a=b, A=c", "null" }, { "Digest a=\"b", "null" },
	{ "Digest a=b c=d", "null" }, { "Digest ,", "null" },
	{ "Digest a=b,", "null" }, { "Digest a=b\"c\"", "null" },
	{ "Digest a==b", "{\"a\": \"=b\"}" },
};

START_TEST(an_answer_is_read_by_its_grammar)
{
	ck_assert_int_eq(op_number("SELECT (coalesce(digest_params($a$%s$a$), "
				   "'null') = $a$%s$a$::jsonb)::integer",
				   answerv[_i].answer, answerv[_i].params), 1);
}
END_TEST


static const struct {
	const char *uri, *plain;
} urlv[] = {
	{ "sip:a%2Eb@X.net", "sip:a.b@x.net" },
	{ "sip:%61%64%41@x.net", "sip:ada@x.net" },
	{ "sip:a%40b@x.net", "sip:a%40b@x.net" },
	{ "sip:a%0d%0ab@x.net", "sip:a%0d%0ab@x.net" },
	{ "sip:a%C3%A9@x.net", "sip:a%c3%a9@x.net" },
	{ "sip:a%2@x.net", "sip:a%2@x.net" }, { "sip:%%61@x", "sip:%a@x" },
};

START_TEST(an_escape_is_what_it_stands_for)
{
	ck_assert_int_eq(op_number("SELECT (uri_plain('%s') = '%s')::integer",
				   urlv[_i].uri, urlv[_i].plain), 1);
}
END_TEST


/* The verdict on a right answer to a challenge but for what is bent */
static long long verdict(const char *name, const char *user,
			 const char *method, const char *address,
			 const char *is)
{
	return op_number("WITH h AS (SELECT md5('%s:x.net:%s') AS ha1, "
		"md5('INVITE:u') AS ha2) SELECT (verdict = '%s')::integer "
		"FROM h, LATERAL (SELECT encode(convert_to(concat('Digest "
		"username=\"%s\", realm=\"x.net\", nonce=\"n\", uri=\"u\", "
		"qop=auth, nc=00000001, cnonce=\"c\", response=\"', md5(ha1 || "
		"':n:00000001:c:auth:' || ha2), '\"'), 'UTF8'), 'hex') AS a) "
		"AS x, LATERAL registrar_prove(encode('%s', 'hex'), a, "
		"encode('n', 'hex'), encode('%s', 'hex'), "
		"encode('x.net', 'hex'), '%s', '', '{2,30}', 60)",
		user, user, is, user, name, method, address);
}


START_TEST(an_answer_proves_its_user_for_its_method)
{
	ck_assert_int_eq(verdict("ada@x.net", "ada", "INVITE", "a", "good"),
			 1);
	ck_assert_int_eq(verdict("%41da@X.net", "ada", "INVITE", "a", "good"),
			 1);
	ck_assert_int_eq(verdict("bob@x.net", "ada", "INVITE", "a", "other"),
			 1);
	ck_assert_int_eq(verdict("ada@x.net", "ada", "BYE", "a", "wrong"), 1);
	op_ok("user set ada@x.net --state disabled");
	ck_assert_int_eq(verdict("ada@x.net", "ada", "INVITE", "a",
				 "disabled"), 1);
}
END_TEST


/* "BYE" makes each of them a wrong one */
START_TEST(failures_elsewhere_leave_a_known_way_open)
{
	ck_assert_int_eq(verdict("ada@x.net", "ada", "INVITE", "home",
				 "good"), 1);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(verdict("ada@x.net", "ada", "BYE", "away",
					 "wrong"), 1);
	ck_assert_int_eq(verdict("ada@x.net", "ada", "INVITE", "away",
				 "wait"), 1);
	ck_assert_int_eq(verdict("ada@x.net", "ada", "INVITE", "new", "wait"),
			 1);
	/* there as well there is an end to guesses, of this user's alone */
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(verdict("ada@x.net", "ada", "BYE", "home",
					 "wrong"), 1);
	ck_assert_int_eq(verdict("ada@x.net", "ada", "INVITE", "home",
				 "wait"), 1);
	ck_assert_int_eq(verdict("bob@x.net", "bob", "INVITE", "home",
				 "good"), 1);
}
END_TEST


static Suite *edge_suite(void)
{
	Suite *suite = suite_create("edge");
	TCase *tc = tcase_create("edge");

	tcase_add_checked_fixture(tc, setup, op_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, an_answer_is_read_by_its_grammar, 0,
			    ARRAY_SIZE(answerv));
	tcase_add_loop_test(tc, an_escape_is_what_it_stands_for, 0,
			    ARRAY_SIZE(urlv));
	tcase_add_test(tc, an_answer_proves_its_user_for_its_method);
	tcase_add_test(tc, failures_elsewhere_leave_a_known_way_open);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(edge_suite)
