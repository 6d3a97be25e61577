/**
 * @file tests/unit/xccos/test_read.c  Questions to a document
 */
#include <string.h>
#include <re.h>
#include "channel/xccos/xccos.h"
#include "tests/unit/suite.h"

static const char document[] =
	"<xccos xmlns='urn:parlano:xml:ns:xccos' ver='1' envid='7'>"
	"<cmd id='cmd:bcbydate' seqid='1' uri='of the command'><data>"
	"<chanib uri='ma-chan://example.net/1' xml:id='other'/>"
	"<chanib URI='ma-chan://example.net/2'>"
	"<members><uib uri='sip:bob@example.net'/>"
	"<uib uri='sip:cleo@example.net'/></members><managers/></chanib>"
	"<bcq><text mt='ALL' MatchCase=''>two &lt;words&gt;</text>"
	"<date from='a' to='b'/><last cnt='25'/><note>x<b>y<!-- --></b>z"
	"<?p q?>!</note><empty/></bcq>"
	"</data></cmd>"
	"<cmd id='cmd:second'><data><last cnt='30'/></data></cmd></xccos>";

static struct xccos *x;
static const struct xccos_prim *prim;


static void document_open(void)
{
	const struct pl pl = PL(document);

	ck_assert_int_eq(xccos_decode(&x, &pl), 0);
	prim = &x->primv[0];
}


static void document_close(void)
{
	x = mem_deref(x);
	prim = NULL;
}


static struct xccos *post(const char *chat)
{
	struct xccos *doc;
	char body[512];
	struct pl pl;

	re_snprintf(body, sizeof(body), "<xccos><grpchat id='grpchat'>%s"
		    "</grpchat></xccos>", chat);
	pl_set_str(&pl, body);
	ck_assert_int_eq(xccos_decode(&doc, &pl), 0);

	return doc;
}


START_TEST(an_attribute_is_found_on_the_first_element_of_that_name)
{
	ck_assert_str_eq(xccos_attr(prim, "chanib", "uri"),
			 "ma-chan://example.net/1");
	ck_assert_str_eq(xccos_attr(prim, "last", "cnt"), "25");
	ck_assert_str_eq(xccos_attr(&x->primv[1], "last", "cnt"), "30");
	ck_assert_str_eq(xccos_attr(prim, "uib", "uri"),
			 "sip:bob@example.net");
}
END_TEST


START_TEST(without_an_element_the_primitive_is_asked)
{
	ck_assert_str_eq(xccos_attr(prim, NULL, "uri"), "of the command");
	ck_assert_str_eq(xccos_attr(prim, NULL, "ID"), "cmd:bcbydate");
}
END_TEST


START_TEST(names_are_found_in_any_case)
{
	ck_assert_str_eq(xccos_attr(prim, "TEXT", "MATCHCASE"), "");
	ck_assert_str_eq(xccos_attr(prim, "text", "mT"), "ALL");
}
END_TEST


START_TEST(what_is_missing_is_null)
{
	ck_assert_ptr_null(xccos_attr(prim, "chanib", "name"));
	ck_assert_ptr_null(xccos_attr(prim, "nothing", "uri"));
	ck_assert_ptr_null(xccos_attr(prim, NULL, "cnt"));
	ck_assert_ptr_null(xccos_attr(&x->primv[1], "chanib", "uri"));
	ck_assert_ptr_null(xccos_text(prim, "nothing"));
	ck_assert_ptr_null(xccos_attr(NULL, NULL, "uri"));
	ck_assert_ptr_null(xccos_node_attr(NULL, "uri"));
}
END_TEST


START_TEST(an_attribute_with_a_prefix_is_another_one)
{
	ck_assert_ptr_null(xccos_attr(prim, "chanib", "id"));
}
END_TEST


struct found {
	char buf[512];
	size_t n, max;
};


static bool elem_handler(const void *node, void *arg)
{
	struct found *found = arg;
	const char *uri = xccos_node_attr(node, "uri");

	strcat(strcat(found->buf, uri ? uri : "-"), " ");

	return ++found->n == found->max;
}


START_TEST(elements_come_in_document_order)
{
	struct found found = { "", 0, 0 };

	xccos_each(prim, "chanib", elem_handler, &found);
	ck_assert_str_eq(found.buf, "ma-chan://example.net/1"
			 " ma-chan://example.net/2 ");

	memset(&found, 0, sizeof(found));
	xccos_each(prim, "uib", elem_handler, &found);
	ck_assert_str_eq(found.buf,
			 "sip:bob@example.net sip:cleo@example.net ");

	memset(&found, 0, sizeof(found));
	xccos_each(prim, "cmd", elem_handler, &found);
	ck_assert_uint_eq(found.n, 0);
}
END_TEST


START_TEST(the_handler_may_have_seen_enough)
{
	struct found found = { "", 0, 1 };

	xccos_each(prim, "uib", elem_handler, &found);
	ck_assert_str_eq(found.buf, "sip:bob@example.net ");
}
END_TEST


static bool members_handler(const void *node, void *arg)
{
	xccos_node_each(node, "uib", elem_handler, arg);

	return false;
}


START_TEST(a_search_below_an_element_stays_below_it)
{
	struct found found = { "", 0, 0 };

	xccos_each(prim, "managers", members_handler, &found);
	ck_assert_uint_eq(found.n, 0);

	xccos_each(prim, "members", members_handler, &found);
	ck_assert_uint_eq(found.n, 2);
}
END_TEST


static bool attr_handler(const char *name, const char *value, void *arg)
{
	struct found *found = arg;

	strcat(strcat(strcat(strcat(found->buf, name), "="), value), " ");

	return ++found->n == found->max;
}


START_TEST(every_attribute_below_the_primitive_is_seen)
{
	struct found found = { "", 0, 0 };

	xccos_each_attr(&x->primv[1], attr_handler, &found);
	ck_assert_str_eq(found.buf, "cnt=30 ");

	memset(&found, 0, sizeof(found));
	xccos_each_attr(prim, attr_handler, &found);
	ck_assert_uint_eq(found.n, 10);
	ck_assert_ptr_nonnull(strstr(found.buf, "from=a to=b cnt=25 "));
	ck_assert_ptr_null(strstr(found.buf, "of the command"));

	memset(&found, 0, sizeof(found));
	found.max = 3;
	xccos_each_attr(prim, attr_handler, &found);
	ck_assert_uint_eq(found.n, 3);
}
END_TEST


START_TEST(text_is_what_the_element_says)
{
	ck_assert_str_eq(xccos_text(prim, "text"), "two <words>");
	ck_assert_str_eq(xccos_text(prim, "empty"), "");
}
END_TEST


START_TEST(text_in_pieces_is_put_together)
{
	const char *text = xccos_text(prim, "note");
	struct xccos *doc;

	ck_assert_str_eq(text, "xyz!");
	ck_assert_ptr_eq(xccos_text(prim, "note"), text);

	doc = post("<chat>a<![CDATA[<b> & ]]>c<!-- x -->&#100;</chat>");
	ck_assert_str_eq(xccos_text(&doc->primv[0], "chat"), "a<b> & cd");
	mem_deref(doc);
}
END_TEST


START_TEST(a_missing_chat_differs_from_an_empty_one)
{
	struct xccos *doc = post("");

	ck_assert_ptr_null(xccos_text(&doc->primv[0], "chat"));
	mem_deref(doc);

	doc = post("<chat/>");
	ck_assert_str_eq(xccos_text(&doc->primv[0], "chat"), "");
	mem_deref(doc);

	doc = post("<chat><b/></chat>");
	ck_assert_str_eq(xccos_text(&doc->primv[0], "chat"), "");
	mem_deref(doc);
}
END_TEST


START_TEST(line_ends_are_those_that_xml_leaves)
{
	struct xccos *doc = post("<chat>a\r\nb\nc&#13;&#10;d&#xD;e\rf</chat>");

	ck_assert_str_eq(xccos_text(&doc->primv[0], "chat"),
			 "a\nb\nc\r\nd\re\nf");
	mem_deref(doc);
}
END_TEST


START_TEST(references_become_characters)
{
	struct xccos *doc = post("<chat a=\"&quot;&#10;&amp;&apos;&lt;\">"
				 "&lt;&gt;&amp;&quot;&apos;&#x1F600;</chat>");

	ck_assert_str_eq(xccos_text(&doc->primv[0], "chat"),
			 "<>&\"'\xf0\x9f\x98\x80");
	ck_assert_str_eq(xccos_attr(&doc->primv[0], "chat", "a"),
			 "\"\n&'<");
	mem_deref(doc);
}
END_TEST


START_TEST(truth_is_spelled_in_three_ways)
{
	ck_assert(xccos_bool("true"));
	ck_assert(xccos_bool("True"));
	ck_assert(xccos_bool("1"));
	ck_assert(!xccos_bool("false"));
	ck_assert(!xccos_bool("0"));
	ck_assert(!xccos_bool(""));
	ck_assert(!xccos_bool("truely"));
	ck_assert(!xccos_bool(NULL));
}
END_TEST


static Suite *xccos_read_suite(void)
{
	Suite *s = suite_create("xccos_read");
	TCase *tc = tcase_create("read");

	tcase_add_checked_fixture(tc, document_open, document_close);
	tcase_add_test(tc,
		       an_attribute_is_found_on_the_first_element_of_that_name);
	tcase_add_test(tc, without_an_element_the_primitive_is_asked);
	tcase_add_test(tc, names_are_found_in_any_case);
	tcase_add_test(tc, what_is_missing_is_null);
	tcase_add_test(tc, an_attribute_with_a_prefix_is_another_one);
	tcase_add_test(tc, elements_come_in_document_order);
	tcase_add_test(tc, the_handler_may_have_seen_enough);
	tcase_add_test(tc, a_search_below_an_element_stays_below_it);
	tcase_add_test(tc, every_attribute_below_the_primitive_is_seen);
	tcase_add_test(tc, text_is_what_the_element_says);
	tcase_add_test(tc, text_in_pieces_is_put_together);
	tcase_add_test(tc, a_missing_chat_differs_from_an_empty_one);
	tcase_add_test(tc, line_ends_are_those_that_xml_leaves);
	tcase_add_test(tc, references_become_characters);
	tcase_add_test(tc, truth_is_spelled_in_three_ways);
	suite_add_tcase(s, tc);

	return s;
}
TEST_SUITE(xccos_read_suite)
