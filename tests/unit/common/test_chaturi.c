/**
 * @file tests/unit/common/test_chaturi.c  Room, category and user URIs
 */
#include <string.h>
#include <re.h>
#include "common/chaturi.h"
#include "tests/unit/suite.h"


#define GUID "2f6d0c1e-58b7-4a42-9a53-0a7c8f1d2b10"

static const uint8_t guid[GUID_SIZE] = {
	0x2f, 0x6d, 0x0c, 0x1e, 0x58, 0xb7, 0x4a, 0x42,
	0x9a, 0x53, 0x0a, 0x7c, 0x8f, 0x1d, 0x2b, 0x10,
};


static int decode(enum chaturi_kind kind, const char *text)
{
	uint8_t out[GUID_SIZE];
	struct pl pl;
	int err;

	pl_set_str(&pl, text);

	err = chaturi_decode(out, kind, &pl);
	if (!err)
		ck_assert_mem_eq(out, guid, GUID_SIZE);

	return err;
}


START_TEST(uris_are_printed_in_one_spelling)
{
	char buf[CHATURI_SIZE];

	ck_assert_int_eq(chaturi_print(buf, sizeof(buf), CHATURI_ROOM,
				       "example.net", guid), 0);
	ck_assert_str_eq(buf, "ma-chan://example.net/" GUID);
	ck_assert_int_eq(chaturi_print(buf, sizeof(buf), CHATURI_CATEGORY,
				       "example.net", guid), 0);
	ck_assert_str_eq(buf, "ma-cat://example.net/" GUID);
}
END_TEST


START_TEST(a_uri_that_does_not_fit_is_not_cut)
{
	char buf[32];

	ck_assert_int_eq(chaturi_print(buf, sizeof(buf), CHATURI_ROOM,
				       "example.net", guid), EOVERFLOW);
}
END_TEST


START_TEST(uris_are_read_in_any_case_and_from_any_domain)
{
	ck_assert_int_eq(decode(CHATURI_ROOM,
				"ma-chan://example.net/" GUID), 0);
	ck_assert_int_eq(decode(CHATURI_ROOM, "MA-CHAN://Other.EXAMPLE/"
				"2F6D0C1E-58B7-4A42-9A53-0A7C8F1D2B10"), 0);
	ck_assert_int_eq(decode(CHATURI_CATEGORY,
				"ma-cat://example.net/" GUID), 0);
}
END_TEST


START_TEST(an_id_that_is_no_guid_names_nothing_here)
{
	ck_assert_int_eq(decode(CHATURI_ROOM, "ma-chan://example.net/4711"),
			 ENOENT);
	ck_assert_int_eq(decode(CHATURI_ROOM,
				"ma-chan://example.net/" GUID "/x"), ENOENT);
}
END_TEST


START_TEST(what_is_no_such_uri_is_refused)
{
	static const char *const badv[] = {
		"", "ma-chan:", "ma-chan://", "ma-chan:///" GUID,
		"ma-chan://example.net", "ma-chan://example.net/",
		"ma-cat://example.net/" GUID, "sip:alice@example.net", GUID,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(badv); i++)
		ck_assert_int_eq(decode(CHATURI_ROOM, badv[i]), EBADMSG);
}
END_TEST


static const struct {
	const char *in, *out;
} userv[] = {
	{ "sip:alice@example.net",              "sip:alice@example.net" },
	{ "SIP:Alice@EXAMPLE.net",              "sip:alice@example.net" },
	{ "sips:alice@example.net",             "sip:alice@example.net" },
	{ "alice@example.net",                  "sip:alice@example.net" },
	{ "<sip:alice@example.net>",            "sip:alice@example.net" },
	{ " <alice@example.net> ",              "sip:alice@example.net" },
	{ "Alice <sip:alice@example.net>;tag=7", "sip:alice@example.net" },
	{ "\"<sip:bob@a.b>\" <sip:alice@example.net>", "sip:alice@example.net" },
	{ "\"\\\"<sip:bob@a.b>\" <sip:alice@a.b>", "sip:alice@a.b" },
	{ "\"Alice\"",                          NULL },
	{ "\"<sip:bob@example.net>",            NULL },
	{ "\"Alice\" <sip:alice@example.net>;tag=7", "sip:alice@example.net" },
	{ "sip:alice@example.net:5061;transport=tls", "sip:alice@example.net" },
	{ "sip:alice@example.net;gruu;opaque=app:x",  "sip:alice@example.net" },
	{ "sip:alice@example.net?subject=x",    "sip:alice@example.net" },
	{ "sip:alice;ext=7@example.net",        "sip:alice@example.net" },
	{ "sip:a.b+c%20d@[2001:DB8::1]:5060",   "sip:a.b+c%20d@[2001:db8::1]" },
	{ "sip:a%6cice@example.net",            "sip:alice@example.net" },
	{ "sip:A%2Eb@example.net",              "sip:a.b@example.net" },
	{ "sip:a%2D%5f%7eb@example.net",        "sip:a-_~b@example.net" },
	{ "sip:a%2Fb@example.net",              "sip:a%2fb@example.net" },
	{ "sip:a%40b%3B%00@example.net",        "sip:a%40b%3b%00@example.net" },
	{ "sip:a%25b@example.net",              "sip:a%25b@example.net" },
	{ "sip:a%2@example.net",                NULL },
	{ "sip:a%zzb@example.net",              NULL },
	{ "sip:a%@example.net",                 NULL },
	{ "sip:alice@10.0.0.1",                 "sip:alice@10.0.0.1" },
	{ "",                                   NULL },
	{ "   ",                                NULL },
	{ "<>",                                 NULL },
	{ "sip:",                               NULL },
	{ "sip:example.net",                    NULL },
	{ "sip:@example.net",                   NULL },
	{ "sip:alice@",                         NULL },
	{ "sip:alice@;x",                       NULL },
	{ "sip:alice:secret@example.net",       NULL },
	{ "mailto:alice@example.net",           NULL },
	{ "tel:+4912345",                       NULL },
	{ "<sip:alice@example.net",             NULL },
	{ "sip:al ice@example.net",             NULL },
	{ "sip:al\nice@example.net",            NULL },
	{ "sip:alice@exam ple.net",             NULL },
	{ "sip:alice@bob@example.net",          NULL },
	{ "sip:alice@[]",                       NULL },
	{ "sip:alice@[::1",                     NULL },
	{ "sip:j\xc3\xbcrg@example.net",       NULL },
};


START_TEST(a_user_has_one_spelling)
{
	char buf[128];
	struct pl pl;
	int err;

	pl_set_str(&pl, userv[_i].in);
	err = useruri_canon(buf, sizeof(buf), &pl);

	if (userv[_i].out) {
		ck_assert_int_eq(err, 0);
		ck_assert_str_eq(buf, userv[_i].out);
	}
	else {
		ck_assert_int_eq(err, EBADMSG);
	}
}
END_TEST


START_TEST(a_user_that_does_not_fit_is_not_cut)
{
	struct pl pl = PL("sip:alice@example.net");
	char buf[22];

	ck_assert_int_eq(useruri_canon(buf, sizeof(buf), &pl), 0);
	ck_assert_int_eq(useruri_canon(buf, sizeof(buf)-1, &pl), EOVERFLOW);
}
END_TEST


/* Bytes behind the end of a pointer-length string do not count */
START_TEST(a_uri_is_read_up_to_its_length_only)
{
	struct pl pl = PL("sip:alice@example.net>");
	char buf[64];

	pl.l -= 5;
	ck_assert_int_eq(useruri_canon(buf, sizeof(buf), &pl), 0);
	ck_assert_str_eq(buf, "sip:alice@example");
}
END_TEST


static Suite *chaturi_suite(void)
{
	Suite *suite = suite_create("chaturi");
	TCase *tc = tcase_create("rooms");

	tcase_add_test(tc, uris_are_printed_in_one_spelling);
	tcase_add_test(tc, a_uri_that_does_not_fit_is_not_cut);
	tcase_add_test(tc, uris_are_read_in_any_case_and_from_any_domain);
	tcase_add_test(tc, an_id_that_is_no_guid_names_nothing_here);
	tcase_add_test(tc, what_is_no_such_uri_is_refused);
	suite_add_tcase(suite, tc);

	tc = tcase_create("users");
	tcase_add_loop_test(tc, a_user_has_one_spelling,
			    0, ARRAY_SIZE(userv));
	tcase_add_test(tc, a_user_that_does_not_fit_is_not_cut);
	tcase_add_test(tc, a_uri_is_read_up_to_its_length_only);
	suite_add_tcase(suite, tc);

	return suite;
}


TEST_SUITE(chaturi_suite)
