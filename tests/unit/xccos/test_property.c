/**
 * @file tests/unit/xccos/test_property.c  What holds for any document
 *
 * Values are drawn at random: whatever names, texts and numbers a reply, a
 * notice or a message is made of, it parses and says them again; and whatever
 * tree of elements comes in is either refused or can be asked everything.
 */
#include <string.h>
#include <re.h>
#include "channel/xccos/xccos.h"
#include "channel/xccos/emit.h"
#include "tests/unit/suite.h"

enum { ROUNDS = 2000 };

static struct mbuf *mb;


static void buffer_open(void)
{
	mb = mbuf_alloc(256);
	ck_assert_ptr_nonnull(mb);
}


static void buffer_close(void)
{
	mb = mem_deref(mb);
}


static uint32_t below(uint32_t n)
{
	return rand_u32() % n;
}


/* Text that XML can carry: markup, quotes, blanks, letters of 1 to 4 bytes */
static const char *any_text(char *buf, size_t size)
{
	static const char *const piecev[] = {
		"a", "Z", "0", " ", "<", ">", "&", "\"", "'", "]]>", "<!--",
		"&amp;", "\t", "\n", "\xc3\xa4", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80", "=", "/>", "?",
	};
	size_t n = 1 + below(20), len = 0;

	while (n--) {
		const char *piece = piecev[below(ARRAY_SIZE(piecev))];

		if (len + strlen(piece) + 1 > size)
			break;
		memcpy(buf + len, piece, strlen(piece));
		len += strlen(piece);
	}
	buf[len] = '\0';

	return buf;
}


static struct xccos *reread(void)
{
	const struct pl pl = { (char *)mb->buf, mb->end };
	struct xccos *x = NULL;

	ck_assert_int_eq(xccos_decode(&x, &pl), 0);
	ck_assert_uint_eq(x->primc, 1);
	mbuf_reset(mb);

	return x;
}


static void ck_attr(const struct xccos *x, const char *elem, const char *attr,
		    const char *value)
{
	const char *got = xccos_attr(&x->primv[0], elem, attr);

	ck_assert_msg(got && !strcmp(got, value), "%s/@%s: '%s', not '%s'",
		      elem, attr, got ? got : "(none)", value);
}


static void a_user_reads_back(void)
{
	char name[128], uri[160], id[16];
	struct xccos_uib uib;
	struct xccos *x;

	(void)re_snprintf(uri, sizeof(uri), "sip:%s@example.net",
			  any_text(name, 64));
	uib = (struct xccos_uib){ .id = below(1000), .uri = uri,
				  .display = any_text(name, sizeof(name)) };
	(void)re_snprintf(id, sizeof(id), "%lld", (long long)uib.id);

	ck_assert_int_eq(xccos_rpl(mb, 1, "join", "1", "1", xccos_resp(0)), 0);
	ck_assert_int_eq(xccos_uib(mb, &uib), 0);
	ck_assert_int_eq(xccos_end(mb, "rpl"), 0);

	x = reread();
	ck_attr(x, "uib", "uri", uri);
	ck_attr(x, "uib", "disp", name);
	ck_attr(x, "uib", "id", id);
	mem_deref(x);
}


static void a_room_reads_back(void)
{
	char name[128], description[128], topic[128];
	const uint32_t idv[] = { below(100), below(100) };
	const struct xccos_chanib chan = {
		.uri = "ma-chan://example.net/1",
		.name = any_text(name, sizeof(name)),
		.description = any_text(description, sizeof(description)),
		.topic = any_text(topic, sizeof(topic)),
		.auditorium = below(2), .disabled = below(2),
		.visibility = (enum xccos_visibility)below(3),
		.ucnt = rand_u32(),
	};
	struct xccos *x;
	char value[32];

	ck_assert_int_eq(xccos_rpl(mb, 1, "join", "1", "1", xccos_resp(0)), 0);
	ck_assert_int_eq(xccos_chanib_open(mb, &chan), 0);
	ck_assert_int_eq(xccos_aib(mb, rand_u32(), idv, 2), 0);
	ck_assert_int_eq(xccos_chanib_info(mb, &chan), 0);
	ck_assert_int_eq(xccos_chanib_close(mb), 0);
	ck_assert_int_eq(xccos_end(mb, "rpl"), 0);

	x = reread();
	ck_attr(x, "chanib", "name", name);
	ck_attr(x, "chanib", "description", description);
	ck_attr(x, "chanib", "topic", topic);
	ck_attr(x, "chanib", "behavior",
		chan.auditorium ? "AUDITORIUM" : "NORMAL");
	ck_attr(x, "chanib", "disabled", chan.disabled ? "true" : "false");
	(void)re_snprintf(value, sizeof(value), "%u,%u", idv[0], idv[1]);
	ck_attr(x, "aib", "value", value);
	mem_deref(x);
}


static void a_message_reads_back(void)
{
	char text[256], rtf[256], author[160], part[64], display[128];
	struct xccos_chat chat = { .chan_uri = "ma-chan://example.net/1" };
	struct xccos *x;

	(void)re_snprintf(author, sizeof(author), "sip:%s@example.net",
			  any_text(part, sizeof(part)));
	chat.author  = author;
	chat.display = any_text(display, sizeof(display));
	chat.id      = 1 + below(1000000);
	chat.ts_us   = (int64_t)rand_u32() * 1000000;
	chat.alert   = below(2);
	pl_set_str(&chat.chat, any_text(text, sizeof(text)));
	pl_set_str(&chat.rtf, any_text(rtf, sizeof(rtf)));

	ck_assert_int_eq(xccos_grpchat(mb, rand_u64(), &chat), 0);

	x = reread();
	ck_assert_int_eq(x->primv[0].kind, XCCOS_GRPCHAT);
	ck_attr(x, NULL, "author", author);
	ck_attr(x, NULL, "authdisp", display);
	ck_attr(x, NULL, "alert", chat.alert ? "true" : "false");
	ck_assert_str_eq(xccos_text(&x->primv[0], "chat"), text);
	ck_assert_str_eq(xccos_text(&x->primv[0], "rtf"), rtf);
	mem_deref(x);
}


static void a_notice_reads_back(void)
{
	char part[64], uri[160], name[128], key[16];
	const uint32_t mask = rand_u32();
	struct xccos_uib uib = { .id = -1, .uri = uri };
	struct xccos *x;

	(void)re_snprintf(uri, sizeof(uri), "sip:%s@example.net",
			  any_text(part, sizeof(part)));
	uib.display = any_text(name, sizeof(name));
	(void)re_snprintf(key, sizeof(key), "%u", mask);

	ck_assert_int_eq(xccos_ntc_mask(mb, rand_u64(), "join", &uib, mask,
					"example.net", "7"), 0);
	x = reread();
	ck_attr(x, "uib", "uri", uri);
	ck_attr(x, "uib", "disp", name);
	ck_attr(x, "aib", "key", key);
	ck_attr(x, "aib", "value", "7");
	mem_deref(x);

	ck_assert_int_eq(xccos_ntc_user(mb, rand_u64(), "part",
					"ma-chan://example.net/7", uri), 0);
	x = reread();
	ck_attr(x, "chanib", "uri", "ma-chan://example.net/7");
	ck_attr(x, "uib", "uri", uri);
	mem_deref(x);
}


/* A tree of known and unknown elements with known and unknown attributes */
static void any_tree(unsigned depth)
{
	static const char *const elemv[] = {
		"data", "chanib", "uib", "aib", "bcq", "qib", "last", "inv",
		"text", "date", "msgid", "pref", "info", "prop", "members",
		"whatever",
	};
	static const char *const attrv[] = {
		"uri", "key", "value", "domain", "cnt", "from", "qtype",
		"criteria", "seqid", "id", "label", "other",
	};
	const char *elem = elemv[below(ARRAY_SIZE(elemv))];
	unsigned first = below(ARRAY_SIZE(attrv)), n = below(4), i;
	char text[64];

	(void)mbuf_printf(mb, "<%s", elem);
	for (i = 0; i < n; i++)
		(void)xw_attr(mb, attrv[(first + i) % ARRAY_SIZE(attrv)],
			      any_text(text, sizeof(text)));
	(void)XW_LIT(mb, ">");

	for (n = depth ? below(4) : 0; n; n--)
		any_tree(depth - 1);

	any_text(text, sizeof(text));
	(void)xw_text(mb, text, strlen(text));
	(void)mbuf_printf(mb, "</%s>", elem);
}


static bool ask_handler(const char *name, const char *value, void *arg)
{
	size_t *sum = arg;

	*sum += strlen(name) + strlen(value);

	return false;
}


static void any_tree_is_taken_and_can_be_asked_everything(void)
{
	struct xccos *x;
	size_t sum = 0;

	(void)mbuf_printf(mb, "<xccos xmlns=\"urn:parlano:xml:ns:xccos\" "
			  "ver=\"1\" envid=\"%u\"><cmd id=\"cmd:x\">",
			  rand_u32());
	any_tree(1 + below(6));
	(void)mbuf_write_str(mb, "</cmd></xccos>");

	x = reread();
	xccos_each_attr(&x->primv[0], ask_handler, &sum);
	sum += str_len(xccos_text(&x->primv[0], "chanib"));
	ck_assert_str_eq(x->primv[0].verb, "x");
	mem_deref(x);
}


typedef void (property_h)(void);

static property_h *const propertyv[] = {
	a_user_reads_back,
	a_room_reads_back,
	a_message_reads_back,
	a_notice_reads_back,
	any_tree_is_taken_and_can_be_asked_everything,
};


START_TEST(every_property_holds_in_every_round)
{
	unsigned i;

	for (i = 0; i < ROUNDS; i++)
		propertyv[_i]();
}
END_TEST


static Suite *xccos_property_suite(void)
{
	Suite *s = suite_create("xccos_property");
	TCase *tc = tcase_create("any");

	tcase_add_checked_fixture(tc, buffer_open, buffer_close);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, every_property_holds_in_every_round, 0,
			    ARRAY_SIZE(propertyv));
	suite_add_tcase(s, tc);

	return s;
}

TEST_SUITE(xccos_property_suite)
