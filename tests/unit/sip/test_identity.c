/**
 * @file tests/unit/sip/test_identity.c  Who sent a request
 */
#include <string.h>
#include <re.h>
#include "tests/unit/suite.h"
#include "channel/sip/identity.h"
#include "channel/sip/view.h"

static struct identity id;
static char msg[2048];


static int decode_as(bool from_counts, const char *from, const char *more)
{
	struct view v;

	(void)re_snprintf(msg, sizeof(msg), "INVITE sip:p@x SIP/2.0\r\n"
			  "From: %s\r\n%s\r\n", from, more);
	ck_assert_int_eq(view_decode(&v, msg, strlen(msg)), 0);
	return identity_decode(&id, &v, from_counts);
}


/* As a lab has it */
static int decode(const char *from, const char *more)
{
	return decode_as(true, from, more);
}


static int proven(const char *more)
{
	return decode_as(false, "<sip:eve@x.net>;tag=1", more);
}


START_TEST(from_names_the_user)
{
	ck_assert_int_eq(decode("\"Ada L.\" <sip:Ada@Example.NET:5060;x=y>"
				";tag=1;epid=ab12", ""), 0);
	ck_assert_str_eq(id.user, "sip:ada@example.net");
	ck_assert(!pl_strcmp(&id.display, "Ada L."));
	ck_assert(!pl_strcmp(&id.epid, "ab12"));
}
END_TEST


START_TEST(a_bare_from_will_do)
{
	ck_assert_int_eq(decode("sip:ada@example.net;tag=1", ""), 0);
	ck_assert_str_eq(id.user, "sip:ada@example.net");
	ck_assert_uint_eq(id.display.l, 0);
	ck_assert_uint_eq(id.epid.l, 0);
}
END_TEST


START_TEST(an_asserted_identity_wins)
{
	ck_assert_int_eq(decode("Eve <sip:eve@example.net>;tag=1;epid=e",
				"P-Asserted-Identity: \"A\" "
				"<sip:Ada@example.net>\r\n"), 0);
	ck_assert_str_eq(id.user, "sip:ada@example.net");
	ck_assert(!pl_strcmp(&id.display, "Eve"));
	ck_assert(!pl_strcmp(&id.epid, "e"));
}
END_TEST


START_TEST(a_telephone_number_is_passed_over)
{
	ck_assert_int_eq(decode("<sip:eve@x>;tag=1", "P-Asserted-Identity: "
				"<tel:+4912345>,<sip:ada@example.net>\r\n"),
			 0);
	ck_assert_str_eq(id.user, "sip:ada@example.net");

	ck_assert_int_eq(decode("<sip:eve@x.net>;tag=1",
				"P-Asserted-Identity: tel:+4912345\r\n"
				"P-Asserted-Identity: <sips:bob@y.net>\r\n"),
			 0);
	ck_assert_str_eq(id.user, "sip:bob@y.net");

	ck_assert_int_eq(decode("<sip:eve@x.net>;tag=1",
				"P-Asserted-Identity: <tel:+4912345>\r\n"), 0);
	ck_assert_str_eq(id.user, "sip:eve@x.net");
}
END_TEST


START_TEST(without_an_address_nobody_is_known)
{
	ck_assert_int_eq(decode("<tel:+49123>;tag=1", ""), EBADMSG);
	ck_assert_int_eq(decode("<sip:example.net>;tag=1", ""), EBADMSG);
	ck_assert_int_eq(decode("<>;tag=1", ""), EBADMSG);
	ck_assert_int_eq(decode("<sip:@>;tag=1",
				"P-Asserted-Identity: ,,<,\r\n"), EBADMSG);
}
END_TEST


START_TEST(an_endless_name_is_refused)
{
	char from[1200];

	memset(from, 'a', sizeof(from));
	memcpy(from, "<sip:", 5);
	memcpy(from + 1100, "@example.net>", 14);
	ck_assert_int_eq(decode(from, ""), EOVERFLOW);
}
END_TEST


START_TEST(what_from_says_is_no_proof)
{
	ck_assert_int_eq(proven(""), EACCES);
	ck_assert_int_eq(proven("P-Asserted-Identity:\r\n"), EACCES);
	ck_assert_int_eq(proven("P-Asserted-Identity: <tel:+49123>\r\n"),
			 EACCES);
	ck_assert_int_eq(proven("P-Preferred-Identity: <sip:a@x.net>\r\n"),
			 EACCES);
	ck_assert_int_eq(proven("X: P-Asserted-Identity: <sip:a@x.net>\r\n"),
			 EACCES);
	ck_assert_int_eq(proven("P-Asserted-Identity: <sip:a@x.net>\r\n"), 0);
	ck_assert_str_eq(id.user, "sip:a@x.net");
}
END_TEST


START_TEST(two_proofs_of_two_users_are_none)
{
	ck_assert_int_eq(proven("P-Asserted-Identity: <sip:a@x.net>, "
				"<sip:b@x.net>\r\n"), EACCES);
	ck_assert_int_eq(proven("P-Asserted-Identity: <sip:a@x.net>\r\n"
				"P-Asserted-Identity: <sip:b@x.net>\r\n"),
			 EACCES);
	ck_assert_int_eq(decode("<sip:eve@x.net>;tag=1",
				"P-Asserted-Identity: <sip:a@x.net>\r\n"
				"P-Asserted-Identity: <sip:b@x.net>\r\n"),
			 EACCES);
	ck_assert_int_eq(proven("P-Asserted-Identity: <sip:A@x.net>\r\n"
				"P-Asserted-Identity: \"b <sip:b@x>\" "
				"<sip:%61@X.net>, tel:+491\r\n"), 0);
	ck_assert_str_eq(id.user, "sip:a@x.net");
}
END_TEST


START_TEST(an_escaped_name_is_the_same_user)
{
	ck_assert_int_eq(proven("P-Asserted-Identity: <sip:a%2Eb@x.net>\r\n"),
			 0);
	ck_assert_str_eq(id.user, "sip:a.b@x.net");
}
END_TEST


static Suite *sip_identity_suite(void)
{
	Suite *suite = suite_create("sip_identity");
	TCase *tc = tcase_create("identity");

	tcase_add_test(tc, from_names_the_user);
	tcase_add_test(tc, a_bare_from_will_do);
	tcase_add_test(tc, an_asserted_identity_wins);
	tcase_add_test(tc, a_telephone_number_is_passed_over);
	tcase_add_test(tc, without_an_address_nobody_is_known);
	tcase_add_test(tc, an_endless_name_is_refused);
	tcase_add_test(tc, what_from_says_is_no_proof);
	tcase_add_test(tc, two_proofs_of_two_users_are_none);
	tcase_add_test(tc, an_escaped_name_is_the_same_user);
	suite_add_tcase(suite, tc);
	return suite;
}
TEST_SUITE(sip_identity_suite)
