/**
 * @file tests/scenario/test_post.c  Saying something, hearing it, reading back
 *
 *   ada on channel-1        pool         bob on channel-2
 *     | INFO grpchat -------> |
 *     |                stored durably
 *     | <------------- 200    |
 *     | <--- INFO grpchat     |   INFO grpchat ---> |
 */
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"


static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("cleo") "],"
	"\"categories\":[" MAIN ",{\"name\":\"Fleeting\",\"allowed\":["
	"\"domain:example.net\"],\"history\":false}],"
	"\"rooms\":[" ROOM("Both") "," ROOM("Order") "," ROOM("Text") ","
	ROOM("Repeat") "," ROOM("Twice") "," ROOM("Size") ","
	ROOM("Refuse") "," ROOM("Past") "," ROOM("Other") ","
	"{\"name\":\"Gone\",\"category\":\"Fleeting\","
	"\"privacy\":\"open\"}]}";


static void up(void)
{
	stage_up(&(struct pool_opts){ .data = data });
}


/* Ada on the first instance, Bob on the second, both in the room */
static char *meet(const char *name, struct client **ada, struct client **bob)
{
	char *room;

	ck_room(room, pool, name);
	ck_open(*ada, pool, 0, "ada");
	ck_open(*bob, pool, 1, "bob");
	ck_assert_uint_eq(chat_join(*ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(*bob, room, NULL), 200);
	ck_assert(chat_notice(*ada, "join", room, SIP("bob")));

	return room;
}


START_TEST(a_post_reaches_both_instances_and_its_author)
{
	struct client *ada, *bob;
	char *body = NULL, *room = meet("Both", &ada, &bob);
	struct xd *x = NULL;

	ck_assert_uint_eq(chat_post(ada, room, "hello"), 200);
	ck_assert_int_gt(chat_hear(ada, room, "hello"), 0);
	ck_assert_int_eq(inbox_expect(client_inbox(bob), "hello", CLIENT_MS,
				      &body), 0);

	ck_assert_int_eq(xd_parse(&x, body), 0);
	ck_assert_str_eq(xd_str(x, "/xccos/grpchat/@author"), SIP("ada"));
	ck_assert_str_eq(xd_str(x, "/xccos/grpchat/@authdisp"), "ada");
	ck_assert_str_eq(xd_str(x, "/xccos/grpchat/@alert"), "false");
	/* the client's clock says 2013 */
	ck_assert(strcmp(xd_str(x, "/xccos/grpchat/@ts"), "2020") > 0);
	ck_assert_uint_eq(inbox_count(client_inbox(ada), "hello"), 0);

	(void)client_close(ada);
	ck_assert(chat_notice(bob, "part", room, SIP("ada")));
	(void)client_close(bob);
}
END_TEST


enum { ORDER_N = 40 };

static bool collect(const char *body, void *arg)
{
	int64_t **next = arg;
	struct xd *x;

	if (!strstr(body, "<grpchat ") || xd_parse(&x, body))
		return false;

	*(*next)++ = xd_num(x, "/xccos/grpchat/@chatId");
	mem_deref(x);

	return true;
}


static void ignore(uint16_t status, void *arg)
{
	unsigned *ok = arg;

	*ok += status == 200;
}


struct both {
	int64_t *a, *b, *enda, *endb;
};


static bool both_have_all(void *arg)
{
	const struct both *both = arg;

	return both->a == both->enda && both->b == both->endb;
}


START_TEST(everybody_sees_the_same_order_and_ids_rise)
{
	struct client *ada, *bob;
	char *room = meet("Order", &ada, &bob);
	int64_t a[ORDER_N + 1] = {0}, b[ORDER_N + 1] = {0};
	struct both both = { a, b, a + ORDER_N, b + ORDER_N };
	unsigned i, ok = 0;

	inbox_watch(client_inbox(ada), collect, &both.a);
	inbox_watch(client_inbox(bob), collect, &both.b);

	for (i = 0; i < ORDER_N; i++) {
		struct client *c = i & 1 ? bob : ada;

		ck_assert_int_eq(client_send(c, xd_grpchat(client_envid(c),
				 room, client_user(c), "x"), ignore, &ok), 0);
	}

	ck_assert_int_eq(wait_for(both_have_all, &both, CLIENT_MS), 0);
	ck_assert_uint_eq(ok, ORDER_N);
	ck_assert_mem_eq(a, b, sizeof(a));
	for (i = 1; i < ORDER_N; i++)
		ck_assert_int_gt(a[i], a[i - 1]);
}
END_TEST


static const char *const textv[] = {
	"<b>bold</b> & \"quoted\" 'too' ]]> &amp;",
	"\xf0\x9f\x98\x80 \xf0\x9d\x84\x9e G\xc3\xb6" "del \xe2\x82\xac",
	"one\ntwo\r\nthree\n\nfive",
	" leading and trailing \t tab ",
};


START_TEST(text_survives_on_the_wire_and_in_history)
{
	struct client *ada, *bob;
	char *room = meet("Text", &ada, &bob);
	struct xd *x = NULL;
	char path[64];

	ck_assert_uint_eq(chat_post(ada, room, textv[_i]), 200);
	ck_assert_int_gt(chat_hear(bob, room, textv[_i]), 0);

	ck_assert_uint_eq(chat_history(bob, room, 1, &x), 200);
	(void)re_snprintf(path, sizeof(path),
			  "/xccos/rpl/data/chanib/msg[last()]/chat");
	ck_assert_str_eq(xd_str(x, path), textv[_i]);

	(void)client_close(ada);
	(void)client_close(bob);
}
END_TEST


START_TEST(an_info_that_comes_again_is_not_stored_again)
{
	struct raw *r;
	struct raw_dlg d;
	struct xd *x = NULL;
	char *room, *body, *join;

	ck_room(room, pool, "Repeat");
	ck_assert_int_eq(raw_open(&r, pool_inst(pool, 0)->sip_tcp), 0);
	ck_assert_uint_eq(raw_invite(r, &d, SIP("cleo"), "r1",
				     pool_uri(pool)), 200);
	(void)re_sdprintf(&join, "<chanid key=\"0\" domain=\"example.net\" "
			  "value=\"%s\"/>", xd_room_id(room));
	ck_assert_uint_eq(raw_ask(r, &d, "INFO", xd_cmd(1, "join", join)),
			  200);
	ck_assert_ptr_nonnull(raw_body(r, "rpl:join"));

	body = xd_grpchat(2, room, SIP("cleo"), "once");
	/* the repeat overtakes the answer, then comes after it */
	(void)raw_request(r, &d, "INFO", body, false);
	(void)raw_request(r, &d, "INFO", body, true);
	ck_assert_uint_eq(raw_status(r, d.cseq, "INFO"), 200);
	(void)raw_request(r, &d, "INFO", body, true);
	ck_assert_uint_eq(raw_status(r, d.cseq, "INFO"), 200);

	(void)re_sdprintf(&join, "<chanib uri=\"%s\"/>", room);
	ck_assert_uint_eq(raw_ask(r, &d, "INFO", xd_cmd(3, "bccontext",
							join)), 200);
	ck_assert_int_eq(xd_parse(&x, raw_body(r, "rpl:bccontext")), 0);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/chanib/msg"), 1);
	ck_assert_uint_eq(raw_count(r, "<grpchat "), 1);

	/* a refused one is refused the same way again */
	body = xd_grpchat(4, room, SIP("ada"), "not mine");
	(void)raw_request(r, &d, "INFO", body, false);
	ck_assert_uint_eq(raw_status(r, d.cseq, "INFO"), 403);
	(void)raw_request(r, &d, "INFO", body, true);
	ck_assert_uint_eq(raw_status(r, d.cseq, "INFO"), 403);
}
END_TEST


START_TEST(two_endpoints_of_one_user_both_hear_and_count_once)
{
	struct client *ada, *bob, *bob2;
	char *room = meet("Twice", &ada, &bob);
	struct xd *x = NULL;

	bob2 = chat_open(pool, 0, "bob", "other");
	ck_assert_ptr_nonnull(bob2);
	ck_assert_uint_eq(chat_join(bob2, room, &x), 200);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/uib"), 2);

	ck_assert_uint_eq(chat_post(bob2, room, "from my phone"), 200);
	ck_assert_int_gt(chat_hear(bob, room, "from my phone"), 0);
	ck_assert_int_gt(chat_hear(bob2, room, "from my phone"), 0);
	ck_assert_int_gt(chat_hear(ada, room, "from my phone"), 0);

	(void)client_close(bob2);
	ck_assert(chat_say(ada, room, "after"));
	ck_assert_int_gt(chat_hear(bob, room, "after"), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(ada), "id=\"ntc:"), 0);

	(void)client_close(bob);
	ck_assert(chat_notice(ada, "part", room, SIP("bob")));
	(void)client_close(ada);
}
END_TEST


static char *text_of_size(size_t len)
{
	char *text = mem_zalloc(len + 1, NULL);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', len);

	return text;
}


static char *story_of_size(size_t len)
{
	char *text = text_of_size(len);

	memcpy(text, "[STORY]", 7);

	return text;
}


START_TEST(a_text_beyond_the_limits_is_answered_413)
{
	struct client *ada, *bob;
	char *room = meet("Size", &ada, &bob);

	ck_assert(chat_say(ada, room, text_of_size(8000)));
	ck_assert_uint_eq(chat_post(ada, room, text_of_size(8001)), 413);
	/* its marker makes a story, which may be longer, not its length */
	ck_assert(chat_say(ada, room, story_of_size(9)));
	ck_assert(chat_say(ada, room, story_of_size(32000)));
	ck_assert_uint_eq(chat_post(ada, room, story_of_size(32001)), 413);
	ck_assert_int_eq(number("SELECT count(*) FROM message m JOIN room r "
				"USING (room_id) WHERE r.name = 'Size' "
				"AND m.flags & 2 <> 0", NULL), 2);
	/* beyond what a body may have at all */
	ck_assert_uint_eq(chat_post(ada, room, text_of_size(140000)), 413);
	ck_assert(chat_say(ada, room, "still here"));
}
END_TEST


START_TEST(what_is_not_xccos_is_answered_400)
{
	static const char *const badv[] = {
		"hello", "<xccos", "<html/>",
		"<xccos xmlns=\"urn:parlano:xml:ns:xccos\" ver=\"1\" "
		"envid=\"1\"><cmd id=\"cmd:requri\"></xccos>",
		"<!DOCTYPE x [<!ENTITY e \"e\">]><xccos xmlns=\"urn:parlano:"
		"xml:ns:xccos\" ver=\"1\" envid=\"1\"><cmd id=\"cmd:requri\" "
		"seqid=\"1\"><data/></cmd></xccos>",
	};
	struct client *ada;
	size_t i;

	ck_open(ada, pool, 0, "ada");
	for (i = 0; i < ARRAY_SIZE(badv); i++)
		ck_assert_uint_eq(client_info(ada, badv[i]), 400);

	ck_assert_int_eq(chat_ask(ada, "requri", NULL, ""), 0);
	(void)client_close(ada);
}
END_TEST


START_TEST(a_post_that_may_not_be_is_refused_by_its_status)
{
	struct client *ada, *bob;
	char *room = meet("Refuse", &ada, &bob), *other;

	ck_room(other, pool, "Other");

	ck_assert_uint_eq(chat_post(ada, other, "not joined"), 403);
	ck_assert_uint_eq(chat_post(ada, "ma-chan://example.net/no-such",
				    "unknown"), 403);
	ck_assert_uint_eq(client_info(ada, xd_grpchat(1, room, SIP("bob"),
						      "as bob")), 403);
	ck_assert_uint_eq(chat_post(ada, room, ""), 400);
	ck_assert_uint_eq(client_info(ada,
		"<xccos xmlns=\"urn:parlano:xml:ns:xccos\" ver=\"1\" "
		"envid=\"2\"><grpchat id=\"grpchat\" seqid=\"1\"/></xccos>"),
		400);
	ck_assert(chat_say(ada, room, "allowed"));
	ck_assert_int_gt(chat_hear(bob, room, "allowed"), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(bob), "<grpchat "), 0);
}
END_TEST


START_TEST(a_post_needs_no_time_of_its_own)
{
	struct client *ada, *bob;
	char *room = meet("Refuse", &ada, &bob), *body;

	(void)re_sdprintf(&body, "<xccos xmlns=\"urn:parlano:xml:ns:xccos\" "
			  "ver=\"1\" envid=\"2\"><grpchat id=\"grpchat\" "
			  "seqid=\"1\" chanUri=\"%s\" author=\"%s\" "
			  "alert=\"true\"><chat>no ts</chat></grpchat>"
			  "</xccos>", room, SIP("ada"));
	ck_assert_uint_eq(client_info(ada, body), 200);
	ck_assert_int_eq(inbox_expect(client_inbox(bob), "no ts", CLIENT_MS,
				      &body), 0);
	ck_assert_ptr_nonnull(strstr(body, "alert=\"true\""));
}
END_TEST


START_TEST(history_is_the_last_messages_oldest_first)
{
	struct client *ada, *bob;
	char *room = meet("Past", &ada, &bob);
	struct xd *x = NULL;
	unsigned i;

	for (i = 0; i < 12; i++) {
		char text[16];

		(void)re_snprintf(text, sizeof(text), "line %u", i);
		ck_assert(chat_say(i & 1 ? bob : ada, room, text));
	}

	ck_assert_uint_eq(chat_history(ada, room, 5, &x), 200);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/data/chanib/@uri"), room);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/chanib/msg"
				   "[@id='grpchat']"), 5);
	ck_assert_str_eq(xd_str(x, "//msg[1]/chat"), "line 7");
	ck_assert_str_eq(xd_str(x, "//msg[5]/chat"), "line 11");
	ck_assert_str_eq(xd_str(x, "//msg[5]/@author"), SIP("bob"));
	ck_assert_str_eq(xd_str(x, "//msg[5]/@chanUri"), room);
}
END_TEST


START_TEST(history_is_not_for_who_is_not_in_the_room)
{
	struct client *ada;
	struct xd *x = NULL;
	char *room;

	ck_room(room, pool, "Other");
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_ne(chat_history(ada, "ma-chan://example.net/nowhere",
				       5, &x), 200);
	ck_assert_uint_eq(xd_count(x, "//msg"), 0);
}
END_TEST


START_TEST(a_room_without_history_delivers_and_remembers_nothing)
{
	struct client *ada, *bob;
	char *room = meet("Gone", &ada, &bob);
	struct xd *x = NULL;

	ck_assert(chat_say(ada, room, "pst"));
	ck_assert_int_gt(chat_hear(bob, room, "pst"), 0);
	ck_assert_uint_eq(chat_history(bob, room, 5, &x), 200);
	ck_assert_uint_eq(xd_count(x, "//msg"), 0);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/chanib"), 1);
}
END_TEST


static Suite *post_suite(void)
{
	Suite *suite = suite_create("post");
	TCase *tc = tcase_create("post");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_post_reaches_both_instances_and_its_author);
	tcase_add_test(tc, everybody_sees_the_same_order_and_ids_rise);
	tcase_add_loop_test(tc, text_survives_on_the_wire_and_in_history, 0,
			    ARRAY_SIZE(textv));
	tcase_add_test(tc, an_info_that_comes_again_is_not_stored_again);
	tcase_add_test(tc, two_endpoints_of_one_user_both_hear_and_count_once);
	tcase_add_test(tc, a_text_beyond_the_limits_is_answered_413);
	tcase_add_test(tc, what_is_not_xccos_is_answered_400);
	tcase_add_test(tc, a_post_that_may_not_be_is_refused_by_its_status);
	tcase_add_test(tc, a_post_needs_no_time_of_its_own);
	tcase_add_test(tc, history_is_the_last_messages_oldest_first);
	tcase_add_test(tc, history_is_not_for_who_is_not_in_the_room);
	tcase_add_test(tc,
		       a_room_without_history_delivers_and_remembers_nothing);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(post_suite)
