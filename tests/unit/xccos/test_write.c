/**
 * @file tests/unit/xccos/test_write.c  What we send, and that it reads back
 */
#include <string.h>
#include <re.h>
#include "channel/xccos/xccos.h"
#include "channel/xccos/emit.h"
#include "tests/unit/suite.h"

#define ROOT(envid) "<xccos xmlns=\"urn:parlano:xml:ns:xccos\"" \
	" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"" \
	" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" ver=\"1\"" \
	" envid=\"" envid "\">"
#define ROOM_ID "2f6d0c1e-58b7-4a42-9a53-0a7c8f1d2b10"
#define ROOM "ma-chan://example.net/" ROOM_ID
#define GRIN "\xf0\x9f\x98\x80"

static struct mbuf *mb;


static void buffer_open(void)
{
	mb = mbuf_alloc(16);
	ck_assert_ptr_nonnull(mb);
}


static void buffer_close(void)
{
	mb = mem_deref(mb);
}


static void ck_written(const char *expected)
{
	char *s = NULL;

	mb->pos = 0;
	ck_assert_int_eq(mbuf_strdup(mb, &s, mb->end), 0);
	ck_assert_str_eq(s, expected);
	mem_deref(s);
	mbuf_reset(mb);
}


/** Read back what is in the buffer, and empty it */
static struct xccos *reread(void)
{
	const struct pl pl = { (char *)mb->buf, mb->end };
	struct xccos *x;

	ck_assert_int_eq(xccos_decode(&x, &pl), 0);
	ck_assert_uint_eq(x->primc, 1);
	mbuf_reset(mb);

	return x;
}


static struct xccos_chat chat_of(const char *text)
{
	struct xccos_chat chat = {
		.chan_uri = ROOM,
		.author = "sip:ada@example.net",
		.display = "Ada",
		.id = 4712,
		.ts_us = 1368541578003000,
	};

	pl_set_str(&chat.chat, text);

	return chat;
}


START_TEST(a_reply_is_that_of_the_reference)
{
	const struct xccos_uib uib = {
		.id = -1,
		.uri = "sip:GC-1-PersistentChatService-2@example.net",
	};

	ck_assert_int_eq(xccos_rpl(mb, 7700000000000000001, "requri", "1",
				   "4294967295", xccos_resp(0)), 0);
	ck_assert_int_eq(xccos_uib(mb, &uib), 0);
	ck_assert_int_eq(xccos_end(mb, "rpl"), 0);

	ck_written(ROOT("7700000000000000001")
		   "<rpl id=\"rpl:requri\" seqid=\"1\">"
		   "<commandid seqid=\"1\" envid=\"4294967295\"/>"
		   "<resp code=\"200\">SUCCESS_OK</resp><data>"
		   "<uib uri=\"sip:GC-1-PersistentChatService-2@example.net\""
		   "/></data></rpl></xccos>");
}
END_TEST


START_TEST(a_refusal_has_a_code_and_empty_data)
{
	ck_assert_int_eq(xccos_rpl(mb, 1, "frobnicate", "2",
				   "18446744073709551615",
				   xccos_resp(ENOSYS)), 0);
	ck_assert_int_eq(xccos_end(mb, "rpl"), 0);

	ck_written(ROOT("1") "<rpl id=\"rpl:frobnicate\" seqid=\"1\">"
		   "<commandid seqid=\"2\" envid=\"18446744073709551615\"/>"
		   "<resp code=\"501\">ERROR_MSG_NOT_SUPPORTED</resp><data/>"
		   "</rpl></xccos>");
}
END_TEST


START_TEST(a_command_without_verb_is_answered_all_the_same)
{
	ck_assert_int_eq(xccos_rpl(mb, UINT64_MAX, NULL, NULL, NULL,
				   xccos_resp(EINVAL)), 0);
	ck_assert_int_eq(xccos_end(mb, "rpl"), 0);

	ck_written(ROOT("18446744073709551615") "<rpl id=\"rpl:\" seqid=\"1\">"
		   "<commandid seqid=\"1\" envid=\"0\"/>"
		   "<resp code=\"400\">ERROR_INVALID_ARGUMENT</resp><data/>"
		   "</rpl></xccos>");
}
END_TEST


START_TEST(a_strange_verb_cannot_break_the_reply)
{
	struct xccos *x;

	ck_assert_int_eq(xccos_rpl(mb, 1, "a\"><b c='", "\"/>", "&",
				   xccos_resp(ENOSYS)), 0);
	ck_assert_int_eq(xccos_end(mb, "rpl"), 0);

	x = reread();
	ck_assert_str_eq(x->primv[0].id, "rpl:a\"><b c='");
	ck_assert_str_eq(xccos_attr(&x->primv[0], "commandid", "seqid"),
			 "\"/>");
	ck_assert_str_eq(xccos_attr(&x->primv[0], "commandid", "envid"), "&");
	mem_deref(x);
}
END_TEST


START_TEST(a_join_reply_lists_users_before_the_room)
{
	const struct xccos_uib ada = {
		.id = 0, .uri = "sip:ada@example.net", .display = "Ada",
	};
	const struct xccos_uib bob = {
		.id = 1, .uri = "sip:bob@example.net", .display = "Bob",
		.guid = "00000000-0000-4000-8000-000000000001",
	};
	const struct xccos_chanib chan = {
		.uri = ROOM, .name = "Releases", .description = "Release talk",
		.parent = "ma-cat://example.net/x",
		.visibility = XCCOS_SCOPED, .ucnt = 2,
		.filepost = true, .invite = false, .logged = true,
	};
	const uint32_t idv[] = { 0, 17, 4294967295 };

	ck_assert_int_eq(xccos_uib(mb, &ada), 0);
	ck_assert_int_eq(xccos_uib(mb, &bob), 0);
	ck_assert_int_eq(xccos_chanib_open(mb, &chan), 0);
	ck_assert_int_eq(xccos_aib(mb, 12276, idv, 3), 0);
	ck_assert_int_eq(xccos_aib(mb, 3456, idv, 1), 0);
	ck_assert_int_eq(xccos_aib(mb, 3456, NULL, 0), 0);
	ck_assert_int_eq(xccos_chanib_info(mb, &chan), 0);
	ck_assert_int_eq(xccos_chanib_close(mb), 0);

	ck_written("<uib id=\"0\" uri=\"sip:ada@example.net\" type=\"5\""
		   " disp=\"Ada\"/>"
		   "<uib id=\"1\" uri=\"sip:bob@example.net\" type=\"5\""
		   " disp=\"Bob\""
		   " guid=\"00000000-0000-4000-8000-000000000001\"/>"
		   "<chanib name=\"Releases\" description=\"Release talk\""
		   " parent=\"ma-cat://example.net/x\" behavior=\"NORMAL\""
		   " disabled=\"false\" uri=\"" ROOM "\">"
		   "<aib key=\"12276\" value=\"0,17,4294967295\"/>"
		   "<aib key=\"3456\" value=\"0\"/>"
		   "<aib key=\"3456\" value=\"\"/>"
		   "<info id=\"urn:parlano:ma:info:ucnt\">2</info>"
		   "<info id=\"urn:parlano:ma:info:visibilty\">SCOPED</info>"
		   "<prop id=\"urn:parlano:ma:prop:logged\">true</prop>"
		   "<prop id=\"urn:parlano:ma:prop:invite\">false</prop>"
		   "<prop id=\"urn:parlano:ma:prop:filepost\">true</prop>"
		   "</chanib>");
}
END_TEST


START_TEST(a_room_tells_all_that_is_set)
{
	const struct xccos_chanib chan = {
		.uri = ROOM, .name = "R&D", .topic = "<now>",
		.addin_guid = "g", .addin_name = "n", .addin_url = "u?a&b",
		.auditorium = true, .disabled = true,
		.visibility = XCCOS_PRIVATE,
	};

	ck_assert_int_eq(xccos_chanib_open(mb, &chan), 0);
	ck_written("<chanib name=\"R&amp;D\" description=\"\""
		   " topic=\"&lt;now&gt;\" behavior=\"AUDITORIUM\""
		   " disabled=\"true\" siopid=\"g\" siopname=\"n\""
		   " siopurl=\"u?a&amp;b\" uri=\"" ROOM "\">");
}
END_TEST


START_TEST(a_room_without_name_is_its_uri)
{
	const struct xccos_chanib chan = { .uri = ROOM };

	ck_assert_int_eq(xccos_chanib_open(mb, &chan), 0);
	ck_assert_int_eq(xccos_chanib_close(mb), 0);
	ck_written("<chanib uri=\"" ROOM "\"></chanib>");
}
END_TEST


START_TEST(a_group_is_marked_as_one)
{
	const struct xccos_uib uib = {
		.id = -1, .uri = "ma-grp:1@u.g", .display = "Staff",
	};

	ck_assert_int_eq(xccos_uib(mb, &uib), 0);
	ck_written("<uib uri=\"ma-grp:1@u.g\" type=\"9\" disp=\"Staff\"/>");
}
END_TEST


START_TEST(a_room_that_could_not_be_joined_is_named)
{
	ck_assert_int_eq(xccos_fib(mb, "example.net", "77e0"), 0);
	ck_written("<fib key=\"OPERATION_FAILED\" value=\"77e0\""
		   " domain=\"example.net\"/>");
}
END_TEST


START_TEST(a_join_notice_rebuilds_the_room_uri)
{
	const struct xccos_uib cleo = {
		.id = -1, .uri = "sip:cleo@example.net", .display = "Cleo",
	};

	ck_assert_int_eq(xccos_ntc_mask(mb, 5, "join", &cleo, 3456,
					"example.net", ROOM_ID), 0);
	ck_written(ROOT("5") "<ntc id=\"ntc:join\" seqid=\"1\"><data>"
		   "<uib uri=\"sip:cleo@example.net\" type=\"5\""
		   " disp=\"Cleo\"><aib key=\"3456\" domain=\"example.net\""
		   " value=\"" ROOM_ID "\"/></uib></data></ntc></xccos>");
}
END_TEST


START_TEST(a_part_notice_has_the_user_in_the_room)
{
	ck_assert_int_eq(xccos_ntc_user(mb, 6, "part", ROOM,
					"sip:cleo@example.net"), 0);
	ck_written(ROOT("6") "<ntc id=\"ntc:part\" seqid=\"1\"><data>"
		   "<chanib uri=\"" ROOM "\">"
		   "<uib uri=\"sip:cleo@example.net\"/></chanib></data></ntc>"
		   "</xccos>");
}
END_TEST


START_TEST(a_message_goes_out_as_the_reference_shows)
{
	const struct xccos_chat chat = chat_of("hello");

	ck_assert_int_eq(xccos_grpchat(mb, 7700000000000000042, &chat), 0);
	ck_written(ROOT("7700000000000000042")
		   "<grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"" ROOM "\""
		   " author=\"sip:ada@example.net\" authdisp=\"Ada\""
		   " alert=\"false\" chatId=\"4712\""
		   " ts=\"2013-05-14T14:26:18.0030000Z\">"
		   "<chat>hello</chat></grpchat></xccos>");
}
END_TEST


START_TEST(history_says_msg_and_keeps_the_id_grpchat)
{
	struct xccos_chat chat = chat_of("build is green");

	chat.display = NULL;
	chat.alert   = true;
	pl_set_str(&chat.rtf, "{\\rtf1 \"x\"}");
	ck_assert_int_eq(xccos_msg(mb, &chat), 0);
	ck_written("<msg id=\"grpchat\" seqid=\"1\" chanUri=\"" ROOM "\""
		   " author=\"sip:ada@example.net\" alert=\"true\""
		   " chatId=\"4712\" ts=\"2013-05-14T14:26:18.0030000Z\">"
		   "<chat>build is green</chat>"
		   "<rtf>{\\rtf1 \"x\"}</rtf></msg>");
}
END_TEST


START_TEST(a_chat_is_never_empty)
{
	static const char *const emptyv[] = { "", "\x01\x02", "\xef\xbf\xbe" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(emptyv); i++) {
		const struct xccos_chat chat = chat_of(emptyv[i]);
		struct xccos *x;

		ck_assert_int_eq(xccos_grpchat(mb, 1, &chat), 0);
		x = reread();
		ck_assert_str_eq(xccos_text(&x->primv[0], "chat"), " ");
		mem_deref(x);
	}
}
END_TEST


START_TEST(an_unset_text_is_one_blank)
{
	struct xccos_chat chat = chat_of("");
	struct xccos *x;

	chat.chat = (struct pl){ NULL, 0 };
	ck_assert_int_eq(xccos_grpchat(mb, 1, &chat), 0);
	x = reread();
	ck_assert_str_eq(xccos_text(&x->primv[0], "chat"), " ");
	mem_deref(x);
}
END_TEST


START_TEST(what_is_said_reads_back_as_it_was)
{
	static const char *const textv[] = {
		"plain", "<b>&amp; \"quoted\" 'twice'</b> ]]> <![CDATA[ -->",
		("\xc3\xa4\xd0\x96\xe2\x82\xac" GRIN), (GRIN GRIN),
		"a\nb\n\nc\n", "a\r\nb\r\n\r\nc", "a\rb\n\rc", "\n", "\r", "\t",
		" two  blanks ", "\x7f\xc2\x85\xe2\x80\xa8",
		"1234567&12345678<123456789>", "1234567\xc3\xa4",
		"\xee\x80\x80\xef\xbf\xbd\xf4\x8f\xbf\xbf",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(textv); i++) {
		struct xccos_chat chat = chat_of(textv[i]);
		struct xccos *x;

		chat.rtf      = chat.chat;
		chat.display  = textv[i];
		chat.chan_uri = textv[i];
		ck_assert_int_eq(xccos_grpchat(mb, 1, &chat), 0);

		x = reread();
		ck_assert_str_eq(xccos_text(&x->primv[0], "chat"), textv[i]);
		ck_assert_str_eq(xccos_text(&x->primv[0], "rtf"), textv[i]);
		ck_assert_str_eq(xccos_attr(&x->primv[0], NULL, "authdisp"),
				 textv[i]);
		ck_assert_str_eq(xccos_attr(&x->primv[0], NULL, "chanUri"),
				 textv[i]);
		mem_deref(x);
	}
}
END_TEST


/*
 * client                server
 *   |  "a CR LF b"        |  XML makes LF of it, LF is stored
 *   |-------------------->|
 *   |  "a CR LF b"        |
 *   |<--------------------|
 */
START_TEST(line_ends_go_out_as_clients_wrote_them)
{
	struct xccos_chat chat = chat_of("a\nb\r\nc\rd");

	ck_assert_int_eq(xw_text(mb, chat.chat.p, chat.chat.l), 0);
	ck_written("a\r\nb&#13;\nc&#13;d");
}
END_TEST


START_TEST(a_line_end_is_one_even_if_something_is_left_out_of_it)
{
	ck_assert_int_eq(xw_text(mb, "a\r\x01\nb\x01\nc", 8), 0);
	ck_written("a&#13;\nb\r\nc");
}
END_TEST


START_TEST(values_keep_line_ends_and_tabs_as_references)
{
	ck_assert_int_eq(xccos_escape(mb, "a\tb\r\nc", 6), 0);
	ck_written("a&#9;b&#13;&#10;c");
}
END_TEST


START_TEST(markup_is_escaped)
{
	ck_assert_int_eq(xccos_escape(mb, "<a b=\"c\">&'", 11), 0);
	ck_written("&lt;a b=&quot;c&quot;&gt;&amp;'");
}
END_TEST


START_TEST(characters_outside_xml_are_left_out)
{
	ck_assert_int_eq(xccos_escape(mb, "a\0b\x1f" "c", 5), 0);
	ck_written("abc");
	ck_assert_int_eq(xccos_escape(mb, "a\xed\xa0\x80\xed\xbf\xbf" "b", 8),
			 0);
	ck_written("ab");
	ck_assert_int_eq(xccos_escape(mb, "a\xef\xbf\xbe\xef\xbf\xbf" "b", 8),
			 0);
	ck_written("ab");
}
END_TEST


START_TEST(bytes_that_are_no_utf8_become_replacement_characters)
{
#define FFFD "\xef\xbf\xbd"
	static const struct { const char *in, *out; } casev[] = {
		{ "a\xff" "b",         "a" FFFD "b"            },
		{ "a\x80" "b",         "a" FFFD "b"            },
		{ "\xc0\xaf",          FFFD FFFD               },
		{ "\xe2\x82",          FFFD FFFD               },
		{ "\xe2\x82<",         FFFD FFFD "&lt;"        },
		{ "\xf4\x90\x80\x80",  FFFD FFFD FFFD FFFD     },
		{ "\xe0\x80\xaf",      FFFD FFFD FFFD          },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(casev); i++) {
		ck_assert_int_eq(xccos_escape(mb, casev[i].in,
					      strlen(casev[i].in)), 0);
		ck_written(casev[i].out);
	}
}
END_TEST


/** A slow escape of one byte at a time, to hold the fast one against */
static void ck_same_in_pieces(const char *p, size_t len)
{
	struct mbuf *pieces = mbuf_alloc(64);
	size_t i;

	for (i = 0; i < len; i++)
		ck_assert_int_eq(xccos_escape(pieces, p + i, 1), 0);
	ck_assert_int_eq(xccos_escape(mb, p, len), 0);

	ck_assert_uint_eq(mb->end, pieces->end);
	ck_assert_mem_eq(mb->buf, pieces->buf, mb->end);
	mbuf_reset(mb);
	mem_deref(pieces);
}


START_TEST(the_short_cut_over_plain_bytes_misses_nothing)
{
	char text[24];
	unsigned c, at;

	for (c = 0; c < 0x80; c++) {
		for (at = 0; at < 16; at++) {
			memset(text, at % 2 ? '~' : ' ', sizeof(text));
			text[at]     = (char)c;
			text[at + 1] = (char)(c ^ 0x02);
			text[at + 2] = (char)(c ^ 0x04);
			ck_same_in_pieces(text, sizeof(text));
		}
	}
}
END_TEST


START_TEST(any_bytes_make_a_document_that_reads_back)
{
	unsigned i;

	for (i = 0; i < 5000; i++) {

		uint8_t text[64];
		struct xccos_chat chat = chat_of("");
		struct xccos *x;
		size_t n;

		rand_bytes(text, sizeof(text));
		for (n = 0; i % 2 && n < sizeof(text); n++)
			text[n] &= 0x3f;

		chat.chat.p = (char *)text;
		chat.chat.l = rand_u32() % sizeof(text);
		ck_assert_int_eq(xccos_grpchat(mb, i, &chat), 0);
		x = reread();
		ck_assert_str_ne(xccos_text(&x->primv[0], "chat"), "");
		mem_deref(x);
	}
}
END_TEST


START_TEST(documents_follow_what_is_in_the_buffer)
{
	const struct xccos_chat chat = chat_of("x");
	const uint8_t head[] = "INFO";
	size_t first;

	mb->pos = mb->end = 4;
	memcpy(mb->buf, head, 4);
	ck_assert_int_eq(xccos_grpchat(mb, 1, &chat), 0);
	first = mb->pos;
	ck_assert_uint_eq(first, mb->end);
	ck_assert_mem_eq(mb->buf, "INFO<xccos ", 11);

	ck_assert_int_eq(xccos_grpchat(mb, 1, &chat), 0);
	ck_assert_uint_eq(mb->end, 2 * first - 4);
}
END_TEST


START_TEST(what_must_not_be_sent_is_refused)
{
	struct xccos_chat chat = chat_of("x");
	struct xccos_uib uib = { .id = 0, .uri = "ada@example.net" };
	const struct xccos_chanib chan = { .name = "x" };

	ck_assert_int_eq(xccos_uib(mb, &uib), EINVAL);
	ck_assert_int_eq(xccos_ntc_mask(mb, 1, "join", &uib, 1, "d", "v"), EINVAL);
	ck_assert_int_eq(xccos_ntc_user(mb, 1, "part", ROOM, uib.uri), EINVAL);
	uib.uri = NULL;
	ck_assert_int_eq(xccos_uib(mb, &uib), EINVAL);
	ck_assert_int_eq(xccos_chanib_open(mb, &chan), EINVAL);

	chat.author = "ada@example.net";
	ck_assert_int_eq(xccos_grpchat(mb, 1, &chat), EINVAL);
	ck_assert_int_eq(xccos_msg(mb, &chat), EINVAL);
	chat = chat_of("x");
	chat.chan_uri = NULL;
	ck_assert_int_eq(xccos_grpchat(mb, 1, &chat), EINVAL);

	ck_assert_uint_eq(mb->end, 0);
}
END_TEST


static Suite *xccos_write_suite(void)
{
	Suite *s = suite_create("xccos_write");
	TCase *tc = tcase_create("documents");

	tcase_add_checked_fixture(tc, buffer_open, buffer_close);
	tcase_add_test(tc, a_reply_is_that_of_the_reference);
	tcase_add_test(tc, a_refusal_has_a_code_and_empty_data);
	tcase_add_test(tc, a_command_without_verb_is_answered_all_the_same);
	tcase_add_test(tc, a_strange_verb_cannot_break_the_reply);
	tcase_add_test(tc, a_join_reply_lists_users_before_the_room);
	tcase_add_test(tc, a_room_tells_all_that_is_set);
	tcase_add_test(tc, a_room_without_name_is_its_uri);
	tcase_add_test(tc, a_group_is_marked_as_one);
	tcase_add_test(tc, a_room_that_could_not_be_joined_is_named);
	tcase_add_test(tc, a_join_notice_rebuilds_the_room_uri);
	tcase_add_test(tc, a_part_notice_has_the_user_in_the_room);
	tcase_add_test(tc, a_message_goes_out_as_the_reference_shows);
	tcase_add_test(tc, history_says_msg_and_keeps_the_id_grpchat);
	tcase_add_test(tc, documents_follow_what_is_in_the_buffer);
	tcase_add_test(tc, what_must_not_be_sent_is_refused);
	suite_add_tcase(s, tc);

	tc = tcase_create("text");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, buffer_open, buffer_close);
	tcase_add_test(tc, a_chat_is_never_empty);
	tcase_add_test(tc, an_unset_text_is_one_blank);
	tcase_add_test(tc, what_is_said_reads_back_as_it_was);
	tcase_add_test(tc, line_ends_go_out_as_clients_wrote_them);
	tcase_add_test(tc,
		       a_line_end_is_one_even_if_something_is_left_out_of_it);
	tcase_add_test(tc, values_keep_line_ends_and_tabs_as_references);
	tcase_add_test(tc, markup_is_escaped);
	tcase_add_test(tc, characters_outside_xml_are_left_out);
	tcase_add_test(tc, bytes_that_are_no_utf8_become_replacement_characters);
	tcase_add_test(tc, the_short_cut_over_plain_bytes_misses_nothing);
	tcase_add_test(tc, any_bytes_make_a_document_that_reads_back);
	suite_add_tcase(s, tc);

	return s;
}
TEST_SUITE(xccos_write_suite)
