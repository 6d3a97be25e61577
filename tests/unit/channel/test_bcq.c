/**
 * @file tests/unit/channel/test_bcq.c  Conditions of a history query
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/limits.h"
#include "channel/cmd/bcq.h"
#include "channel/xccos/xccos.h"
#include "tests/unit/suite.h"

enum { COUNT = 30 };

static struct xccos *doc;
static struct bcq *q;


static int decode(const char *data)
{
	char *text = NULL;
	struct pl pl;
	int err;

	doc = mem_deref(doc);
	q = mem_deref(q);
	ck_assert_int_eq(re_sdprintf(&text, "<xccos xmlns=\"urn:parlano:xml:ns:"
		"xccos\" ver=\"1\" envid=\"1\"><cmd id=\"cmd:bcsearch\" "
		"seqid=\"1\"><data>%s</data></cmd></xccos>", data), 0);
	pl_set_str(&pl, text);
	ck_assert_int_eq(xccos_decode(&doc, &pl), 0);
	err = bcq_decode(&q, &doc->primv[0], COUNT);
	mem_deref(text);

	return err;
}


static bool asked(const char *data)
{
	(void)decode(data);

	return bcq_asked(&doc->primv[0]);
}


static void teardown(void)
{
	q = mem_deref(q);
	doc = mem_deref(doc);
}


START_TEST(nothing_asked_is_the_newest_of_any)
{
	ck_assert_int_eq(decode("<bcq/>"), 0);
	ck_assert_ptr_null(q->text);
	ck_assert_int_eq(q->from_us, INT64_MIN);
	ck_assert_int_eq(q->to_us, INT64_MAX);
	ck_assert_int_eq(q->msgid, 0);
	ck_assert_uint_eq(q->authorc, 0);
	ck_assert_uint_eq(q->limit, COUNT);
	ck_assert(q->backwards && !q->sort_backwards);
}
END_TEST


START_TEST(everything_as_elements)
{
	ck_assert_int_eq(decode(
		"<bcq><text mt=\"PHRASE\" matchcase=\"true\"> two words\n"
		"</text><date from=\"2013-05-14T14:20:03Z\" "
		"to=\"2013-05-14T14:20:04.5Z\"/><msgid id=\"4711\"/>"
		"<author uri=\"sip:Bob@Example.net\"/>"
		"<author uri=\"ada@example.net\"/><limit cnt=\"100\"/>"
		"<searchbkwds>false</searchbkwds><sortbkwds>true</sortbkwds>"
		"</bcq>"), 0);
	ck_assert_str_eq(q->text, "two words");
	ck_assert_int_eq(q->match, BCQ_PHRASE);
	ck_assert(q->matchcase);
	ck_assert_int_eq(q->from_us, 1368541203000000);
	ck_assert_int_eq(q->to_us, 1368541204500000);
	ck_assert_int_eq(q->msgid, 4711);
	ck_assert_uint_eq(q->authorc, 2);
	ck_assert_int_eq(pl_strcmp(&q->authorv[0], "sip:bob@example.net"), 0);
	ck_assert_int_eq(pl_strcmp(&q->authorv[1], "sip:ada@example.net"), 0);
	ck_assert_uint_eq(q->limit, 100);
	ck_assert(!q->backwards && q->sort_backwards);
}
END_TEST


START_TEST(everything_as_attributes_in_any_case)
{
	ck_assert_int_eq(decode(
		"<BCQ Text=\"word\" MT=\"all\" MatchCase=\"1\" "
		"From=\"2013-05-14T14:20:03\" To=\"2013-05-14T14:20:03\" "
		"MsgId=\"7\" Author=\"sip:ada@example.net\" Limit=\"5\" "
		"SearchBkwds=\"False\" SortBkwds=\"True\" odd=\"1\"/>"), 0);
	ck_assert_str_eq(q->text, "word");
	ck_assert_int_eq(q->match, BCQ_ALL);
	ck_assert(q->matchcase);
	/* to the end of the second */
	ck_assert_int_eq(q->to_us - q->from_us, 999999);
	ck_assert_int_eq(q->msgid, 7);
	ck_assert_uint_eq(q->authorc, 1);
	ck_assert_uint_eq(q->limit, 5);
	ck_assert(!q->backwards && q->sort_backwards);
}
END_TEST


START_TEST(elements_inside_elements)
{
	ck_assert_int_eq(decode(
		"<bcq><date><from>2013-05-14T14:20:03Z</from></date>"
		"<msgid>12</msgid><author>sip:ada@example.net</author>"
		"<limit>9</limit></bcq>"), 0);
	ck_assert_int_eq(q->from_us, 1368541203000000);
	ck_assert_int_eq(q->msgid, 12);
	ck_assert_uint_eq(q->authorc, 1);
	ck_assert_uint_eq(q->limit, 9);
}
END_TEST


START_TEST(the_server_s_limit_wins)
{
	ck_assert_int_eq(decode("<bcq><limit cnt=\"100000\"/></bcq>"), 0);
	ck_assert_uint_eq(q->limit, BCQ_COUNT_MAX);
	ck_assert_int_eq(decode("<bcq><last cnt=\"7\"/></bcq>"), 0);
	ck_assert_uint_eq(q->limit, 7);
	ck_assert_int_eq(decode("<bcq><limit cnt=\"0\"/></bcq>"), 0);
	ck_assert_uint_eq(q->limit, COUNT);
	/* bounded by what is asked: all of it */
	ck_assert_int_eq(decode("<bcq text=\"x\"/>"), 0);
	ck_assert_uint_eq(q->limit, BCQ_COUNT_MAX);
}
END_TEST


START_TEST(an_unknown_author_is_still_a_condition)
{
	ck_assert_int_eq(decode("<bcq><author uri=\"nobody\"/></bcq>"), 0);
	ck_assert_uint_eq(q->authorc, 1);
	ck_assert_uint_eq(q->authorv[0].l, 0);
}
END_TEST


START_TEST(what_makes_no_sense_is_refused)
{
	char *many = NULL, text[LIMIT_SEARCH + 64];
	struct mbuf *mb = mbuf_alloc(4096);
	unsigned i;

	ck_assert_int_eq(decode("<bcq><date from=\"soon\"/></bcq>"), EINVAL);
	ck_assert_int_eq(decode("<bcq><msgid id=\"-1\"/></bcq>"), EINVAL);
	ck_assert_int_eq(decode("<bcq><msgid id=\"4x\"/></bcq>"), EINVAL);
	ck_assert_int_eq(decode("<bcq><limit cnt=\"99999999999999999999\"/>"
				"</bcq>"), EINVAL);

	memset(text, 'x', sizeof(text));
	memcpy(text, "<text>", 6);
	(void)snprintf(text + LIMIT_SEARCH + 7, 32, "</text>");
	ck_assert_int_eq(decode(text), EINVAL);

	for (i = 0; i <= BCQ_AUTHORS_MAX; i++)
		(void)mbuf_printf(mb, "<author uri=\"sip:u%u@x\"/>", i);
	mb->pos = 0;
	ck_assert_int_eq(mbuf_strdup(mb, &many, mb->end), 0);
	ck_assert_int_eq(decode(many), E2BIG);
	mem_deref(many);
	mem_deref(mb);
}
END_TEST


START_TEST(a_number_alone_is_no_condition)
{
	ck_assert(!asked("<chanib uri=\"x\"/><bcq><last cnt=\"25\"/></bcq>"));
	ck_assert(!asked("<chanib uri=\"x\"/>"));
	ck_assert(asked("<bcq><last cnt=\"25\"/><msgid id=\"4\"/></bcq>"));
}
END_TEST


static Suite *bcq_suite(void)
{
	Suite *suite = suite_create("channel/bcq");
	TCase *tc = tcase_create("bcq");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, nothing_asked_is_the_newest_of_any);
	tcase_add_test(tc, everything_as_elements);
	tcase_add_test(tc, everything_as_attributes_in_any_case);
	tcase_add_test(tc, elements_inside_elements);
	tcase_add_test(tc, the_server_s_limit_wins);
	tcase_add_test(tc, an_unknown_author_is_still_a_condition);
	tcase_add_test(tc, what_makes_no_sense_is_refused);
	tcase_add_test(tc, a_number_alone_is_no_condition);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(bcq_suite)
