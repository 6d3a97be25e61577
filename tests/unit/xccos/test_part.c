/**
 * @file tests/unit/xccos/test_part.c  A part of a document: as XML of its own,
 *                                     or as an outline that says nothing
 */
#include <string.h>
#include <re.h>
#include "channel/xccos/xccos.h"
#include "tests/unit/suite.h"

static struct mbuf *mb;


static void part_open(void)
{
	mb = mbuf_alloc(64);
	ck_assert_ptr_nonnull(mb);
}


static void part_close(void)
{
	mb = mem_deref(mb);
}


static const char *written(void)
{
	ck_assert_int_eq(mbuf_write_u8(mb, '\0'), 0);

	return (char *)mb->buf;
}


static const char *inner(const char *document)
{
	struct xccos *x;
	struct pl pl;

	pl_set_str(&pl, document);
	ck_assert_int_eq(xccos_decode_as(&x, &pl, "a"), 0);
	ck_assert_int_eq(xccos_node_inner(mb, x->primv[0].node), 0);
	mem_deref(x);

	return written();
}


static const char *outline(const char *document, size_t max)
{
	struct xccos *x;
	struct pl pl;

	pl_set_str(&pl, document);
	ck_assert_int_eq(xccos_decode_as(&x, &pl, "a"), 0);
	ck_assert_int_eq(xccos_node_outline(mb, x->primv[0].node, max), 0);
	mem_deref(x);

	return written();
}


START_TEST(what_is_inside_comes_out_as_it_was)
{
	ck_assert_str_eq(inner("<a><b xmlns=\"urn:b\" c=\"&lt;&quot;\">"
			       "\303\251 &amp; x</b> y</a>"),
			 "<b xmlns=\"urn:b\" c=\"&lt;&quot;\">"
			 "\303\251 &amp; x</b> y");
}
END_TEST


START_TEST(namespaces_from_further_out_come_along)
{
	ck_assert_str_eq(inner("<a xmlns=\"urn:a\" xmlns:p=\"urn:p\"><b/>"
			       "<p:c/></a>"),
			 "<b xmlns=\"urn:a\"/><p:c xmlns:p=\"urn:p\"/>");
}
END_TEST


START_TEST(nothing_inside_is_nothing)
{
	ck_assert_str_eq(inner("<a/>"), "");
}
END_TEST


START_TEST(an_outline_keeps_names_and_numbers_and_no_words)
{
	ck_assert_str_eq(outline("<a id=\"cmd:x\" topic=\"lunch\" n=\"7\" "
				 "s=\"two words\"><b>text</b> <c/></a>", 1000),
			 "<a id=\"cmd:x\" topic=\"[5]\" n=\"7\" s=\"[9]\">"
			 "<b>[4]</b><c></c></a>");
}
END_TEST


START_TEST(an_outline_ends_near_its_limit)
{
	ck_assert_uint_lt(strlen(outline("<a><b/><b/><b/><b/><b/><b/></a>",
					 10)), 25);
}
END_TEST


START_TEST(another_root_is_another_document)
{
	struct xccos *x;
	const struct pl pl = PL("<b/>");

	ck_assert_int_eq(xccos_decode_as(&x, &pl, "a"), EBADMSG);
	ck_assert_int_eq(xccos_decode_as(&x, &pl, "b"), 0);
	ck_assert_uint_eq(x->primc, 1);
	mem_deref(x);
}
END_TEST


static Suite *part_suite(void)
{
	Suite *suite = suite_create("xccos_part");
	TCase *tc = tcase_create("part");

	tcase_add_checked_fixture(tc, part_open, part_close);
	tcase_add_test(tc, what_is_inside_comes_out_as_it_was);
	tcase_add_test(tc, namespaces_from_further_out_come_along);
	tcase_add_test(tc, nothing_inside_is_nothing);
	tcase_add_test(tc, an_outline_keeps_names_and_numbers_and_no_words);
	tcase_add_test(tc, an_outline_ends_near_its_limit);
	tcase_add_test(tc, another_root_is_another_document);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(part_suite)
