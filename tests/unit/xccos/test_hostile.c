/**
 * @file tests/unit/xccos/test_hostile.c  What is refused, and that it is cheap
 */
#include <string.h>
#include <unistd.h>
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


static int nested(size_t depth)
{
	static char body[1048576];
	size_t i;

	memset(body, 0, sizeof(body));
	strcpy(body, "<xccos>");
	for (i = 1; i < depth; i++)
		memcpy(body + 7 + 3 * (i - 1), "<a>", 3);
	for (i = 1; i < depth; i++)
		memcpy(body + 7 + 3 * (depth - 1) + 4 * (i - 1), "</a>", 4);
	strcat(body, "</xccos>");

	return verdict(body);
}


START_TEST(nesting_ends_at_32)
{
	ck_assert_int_eq(nested(32), 0);
	ck_assert_int_eq(nested(33), EBADMSG);
	ck_assert_int_eq(nested(300), EBADMSG);
	ck_assert_int_eq(nested(30000), EBADMSG);
}
END_TEST


START_TEST(what_is_not_xccos_is_refused)
{
	static const char *const badv[] = {
		"", " ", "hello", "<", "<xccos", "<xccos>", "<xccos/>",
		"<xccos></xccos>", "<xccos>text</xccos>",
		"<html><cmd id='cmd:x'/></html>",
		"<xccos><cmd id='cmd:x'></xccos>",
		"<xccos><cmd id='cmd:x' id='cmd:y'/></xccos>",
		"<xccos><cmd id=cmd:x/></xccos>",
		"<xccos><cmd id='cmd:x'/></xccos><xccos/>",
		"<xccos><cmd id='cmd:x'/></xccos>trailer",
		"<xccos><cmd id='&unknown;'/></xccos>",
		"<xccos><cmd>&unknown;</cmd></xccos>",
		"<xccos><cmd id='a<b'/></xccos>",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(badv); i++)
		ck_assert_msg(verdict(badv[i]) == EBADMSG, "%s", badv[i]);
}
END_TEST


START_TEST(characters_outside_xml_are_refused)
{
	static const char *const badv[] = {
		"\x01", "\x1f", "&#0;", "&#1;", "&#xD800;", "&#xFFFE;",
		"&#x110000;",
		"\xed\xa0\x80", "\xef\xbf\xbe", "\xef\xbf\xbf",
		"\xc0\xaf", "\xe0\x80\xaf", "\xc1\x81", "\xf5\x80\x80\x80",
		"\xf4\x90\x80\x80", "\xe2\x82", "\xff", "\x80",
	};
	char body[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(badv); i++) {

		strcat(strcat(strcpy(body, "<xccos><grpchat><chat>"),
			      badv[i]), "</chat></grpchat></xccos>");
		ck_assert_msg(verdict(body) == EBADMSG, "text %zu", i);

		strcat(strcat(strcpy(body, "<xccos><cmd id='cmd:"),
			      badv[i]), "'/></xccos>");
		ck_assert_msg(verdict(body) == EBADMSG, "attribute %zu", i);
	}
}
END_TEST


START_TEST(a_zero_byte_is_refused_wherever_it_stands)
{
	char body[sizeof(requri)];
	struct xccos *x;
	size_t i;

	for (i = 0; i < sizeof(requri) - 1; i++) {
		memcpy(body, requri, sizeof(body));
		body[i] = '\0';
		ck_assert_int_eq(decode_mem(&x, body, sizeof(body) - 1),
				 EBADMSG);
	}

	ck_assert_int_eq(decode_mem(&x, requri, sizeof(requri)), EBADMSG);
}
END_TEST


START_TEST(utf_16_is_refused)
{
	char body[2 * sizeof(requri) + 2] = "\xff\xfe";
	struct xccos *x;
	size_t i;

	for (i = 0; i < sizeof(requri); i++)
		body[2 + 2 * i] = requri[i];

	ck_assert_int_eq(decode_mem(&x, body, 2 * sizeof(requri)), EBADMSG);
	ck_assert_int_eq(decode_mem(&x, body + 2, 2 * sizeof(requri) - 2),
			 EBADMSG);
}
END_TEST


START_TEST(a_document_type_is_refused_even_an_empty_one)
{
	ck_assert_int_eq(verdict("<!DOCTYPE xccos><xccos><cmd id='cmd:x'/>"
				 "</xccos>"), EBADMSG);
	ck_assert_int_eq(verdict("<?xml version='1.0'?><!DOCTYPE xccos []>"
				 "<xccos><cmd id='cmd:x'/></xccos>"), EBADMSG);
	ck_assert_int_eq(verdict("<!DOCTYPE xccos PUBLIC 'a' 'file:///dev/nul'"
				 "><xccos><cmd id='cmd:x'/></xccos>"),
			 EBADMSG);
}
END_TEST


START_TEST(an_entity_that_names_a_file_is_refused)
{
	ck_assert_int_eq(verdict("<!DOCTYPE xccos [<!ENTITY f SYSTEM"
				 " 'file:///etc/hostname'>]><xccos><grpchat>"
				 "<chat>&f;</chat></grpchat></xccos>"),
			 EBADMSG);
	ck_assert_int_eq(verdict("<!DOCTYPE xccos [<!ENTITY % f SYSTEM"
				 " 'http://127.0.0.1:1/x'> %f;]><xccos>"
				 "<cmd id='cmd:x'/></xccos>"), EBADMSG);
}
END_TEST


START_TEST(a_billion_laughs_are_refused_at_once)
{
	char body[4096] = "<!DOCTYPE xccos [<!ENTITY a0 'ha'>";
	uint64_t start;
	int i;

	for (i = 1; i < 10; i++) {

		char *p = body + strlen(body);
		int j;

		p += re_snprintf(p, 64, "<!ENTITY a%d '", i);
		for (j = 0; j < 10; j++)
			p += re_snprintf(p, 16, "&a%d;", i - 1);
		strcpy(p, "'>");
	}
	strcat(body, "]><xccos><grpchat a='&a9;'><chat>&a9;</chat></grpchat>"
	       "</xccos>");

	start = tmr_jiffies();
	ck_assert_int_eq(verdict(body), EBADMSG);
	ck_assert_uint_lt(tmr_jiffies() - start, 100);
}
END_TEST


/** A body of that size: @p head, @p unit again and again, @p tail */
static struct mbuf *filled(size_t size, const char *head, const char *unit,
			   const char *tail)
{
	struct mbuf *mb = mbuf_alloc(size);
	const size_t room = size - strlen(tail) - strlen(unit) - 8;
	unsigned n = 0;

	ck_assert_ptr_nonnull(mb);
	mbuf_write_str(mb, head);
	while (mb->end < room)
		mbuf_printf(mb, unit, n++);
	mbuf_write_str(mb, tail);

	return mb;
}


static void ck_quick(const char *head, const char *unit, const char *tail,
		     int err)
{
	struct mbuf *mb = filled(131072, head, unit, tail);
	const uint64_t start = tmr_jiffies();
	struct xccos *x = NULL;

	ck_assert_int_eq(decode_mem(&x, (char *)mb->buf, mb->end), err);
	ck_assert_uint_lt(tmr_jiffies() - start, 500);

	mem_deref(x);
	mem_deref(mb);
}


START_TEST(crowds_of_attributes_or_namespaces_do_not_stop_the_loop)
{
	ck_quick("<xccos><cmd id='cmd:x'", " a%u=''", "/></xccos>", EBADMSG);
	ck_quick("<xccos><cmd id='cmd:x'", " a%u\n=\t''", "/></xccos>",
		 EBADMSG);
	ck_quick("<xccos", " xmlns:a%u='u'", "><a/></xccos>", EBADMSG);
	ck_quick("<xccos><cmd>", "<a/>", "</cmd></xccos>", 0);
	ck_quick("<xccos><cmd>", "<a b='%u' c='' d=''/>", "</cmd></xccos>", 0);
	ck_quick("<xccos><grpchat><chat>", "a = b == c ", "</chat></grpchat>"
		 "</xccos>", 0);
}
END_TEST


static int with_prefixes(unsigned outer, unsigned inner)
{
	char body[4096] = "<xccos", tag[32];
	unsigned i;

	for (i = 0; i < outer + inner; i++) {
		re_snprintf(tag, sizeof(tag), "%s xmlns:a%u='u'",
			    i == outer ? "><cmd" : "", i);
		strcat(body, tag);
	}

	return verdict(strcat(body, inner ? "/></xccos>" :
			      "><cmd/></xccos>"));
}


START_TEST(sixty_four_prefixes_are_enough)
{
	ck_assert_int_eq(with_prefixes(64, 0), 0);
	ck_assert_int_eq(with_prefixes(32, 32), 0);
	ck_assert_int_eq(with_prefixes(65, 0), EBADMSG);
	ck_assert_int_eq(with_prefixes(32, 33), EBADMSG);
}
END_TEST


START_TEST(a_document_beyond_the_limit_is_refused)
{
	struct mbuf *mb = filled(XCCOS_SIZE_MAX + 64, "<xccos><grpchat><chat>",
				 "aaaa", "</chat></grpchat></xccos>");
	struct xccos *x;

	ck_assert_int_eq(decode_mem(&x, (char *)mb->buf, mb->end), EBADMSG);
	mem_deref(mb);
}
END_TEST


START_TEST(every_cut_document_is_refused)
{
	struct xccos *x;
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(validv); i++) {

		for (len = 0; len < strlen(validv[i]); len++) {
			char *cut = mem_alloc(len, NULL);

			memcpy(cut, validv[i], len);
			ck_assert_int_eq(decode_mem(&x, cut, len), EBADMSG);
			mem_deref(cut);
		}
	}
}
END_TEST


START_TEST(a_missing_body_is_refused)
{
	const struct pl none = { NULL, 0 };
	struct xccos *x;

	ck_assert_int_eq(xccos_decode(&x, &none), EBADMSG);
	ck_assert_int_eq(xccos_decode(NULL, &none), EINVAL);
	ck_assert_int_eq(xccos_decode(&x, NULL), EINVAL);
}
END_TEST


START_TEST(the_parser_prints_nothing)
{
	char buf[16];
	int fdv[2], saved = dup(2);

	ck_assert_int_eq(pipe(fdv), 0);
	dup2(fdv[1], 2);

	(void)verdict("<xccos><x:cmd &bad; <</xccos>");
	(void)verdict("<!DOCTYPE a [<!ENTITY % b SYSTEM 'file:///x'>%b;]><a/>");
	(void)nested(300);

	dup2(saved, 2);
	close(saved);
	close(fdv[1]);

	ck_assert_int_eq(read(fdv[0], buf, sizeof(buf)), 0);
	close(fdv[0]);
}
END_TEST


static bool ask_attr(const char *name, const char *value, void *arg)
{
	size_t *sum = arg;

	*sum += strlen(name) + strlen(value);

	return false;
}


/** All that a handler would ask; for what it makes the checkers see */
static void ask_everything(const struct xccos *x)
{
	size_t sum = strlen(x->envid);
	uint32_t i;

	for (i = 0; i < x->primc; i++) {
		const struct xccos_prim *prim = &x->primv[i];

		sum += strlen(prim->seqid);
		sum += str_len(prim->verb) + str_len(prim->id);
		sum += str_len(xccos_attr(prim, NULL, "chanUri"));
		sum += str_len(xccos_attr(prim, "chanid", "value"));
		sum += str_len(xccos_text(prim, "chat"));
		xccos_each_attr(prim, ask_attr, &sum);
	}

	ck_assert_uint_gt(sum, 0);
}


static void mutate(char *p, size_t *len)
{
	static const char bits[] = "<>&\"'/=!?[]- ax:#;\x80\xff";
	const size_t at = rand_u32() % *len;

	switch (rand_u32() % 5) {

	case 0:
		p[at] = (char)rand_u32();
		break;

	case 1:
		p[at] = bits[rand_u32() % (sizeof(bits) - 1)];
		break;

	case 2:
		p[at] ^= (char)(1 << rand_u32() % 8);
		break;

	case 3:
		*len = *len > 1 ? *len - 1 : 1;
		memmove(p + at, p + at + 1, *len - at);
		break;

	default:
		memmove(p + at, p + rand_u32() % *len, 1);
		break;
	}
}


START_TEST(ten_thousand_damaged_documents_do_no_harm)
{
	unsigned i, taken = 0;

	for (i = 0; i < 10000; i++) {

		const char *src = validv[i % ARRAY_SIZE(validv)];
		size_t n, len = strlen(src);
		char *body = mem_alloc(len + 1, NULL);
		struct xccos *x = NULL;

		memcpy(body, src, len + 1);
		for (n = 1 + rand_u32() % 4; n; n--)
			mutate(body, &len);

		if (!decode_mem(&x, body, len)) {
			ask_everything(x);
			++taken;
		}

		mem_deref(x);
		mem_deref(body);
	}

	/* both ways are gone: most damage is noticed, some is in the text */
	ck_assert_uint_gt(taken, 100);
	ck_assert_uint_lt(taken, 9000);
}
END_TEST


static Suite *xccos_hostile_suite(void)
{
	Suite *s = suite_create("xccos_hostile");
	TCase *tc;

	tc = tcase_create("refused");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, nesting_ends_at_32);
	tcase_add_test(tc, what_is_not_xccos_is_refused);
	tcase_add_test(tc, characters_outside_xml_are_refused);
	tcase_add_test(tc, a_zero_byte_is_refused_wherever_it_stands);
	tcase_add_test(tc, utf_16_is_refused);
	tcase_add_test(tc, a_document_type_is_refused_even_an_empty_one);
	tcase_add_test(tc, an_entity_that_names_a_file_is_refused);
	tcase_add_test(tc, a_billion_laughs_are_refused_at_once);
	tcase_add_test(tc,
		       crowds_of_attributes_or_namespaces_do_not_stop_the_loop);
	tcase_add_test(tc, sixty_four_prefixes_are_enough);
	tcase_add_test(tc, a_document_beyond_the_limit_is_refused);
	tcase_add_test(tc, every_cut_document_is_refused);
	tcase_add_test(tc, a_missing_body_is_refused);
	tcase_add_test(tc, the_parser_prints_nothing);
	tcase_add_test(tc, ten_thousand_damaged_documents_do_no_harm);
	suite_add_tcase(s, tc);

	return s;
}
TEST_SUITE(xccos_hostile_suite)
