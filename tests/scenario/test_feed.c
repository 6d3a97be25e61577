/**
 * @file tests/scenario/test_feed.c  What is new, and what is watched for
 *                                   (deploy/xccos-extensions.md)
 *
 *   bob (instance 2)            store            ada (instance 1, in no room)
 *     | grpchat ------------------> |                  |
 *     |                             | <-- looked through by either process
 *     |                             | ----------> ntc:feed
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"

#define LISTEN "<feed listen=\"true\"/>"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("cyd") ","
	USER("dan") "," USER("eve") "," USER("fay") ","
	"{\"uri\":\"sip:gus@example.net\",\"display\":\"Gustav Ole Lie\","
	"\"enabled\":true}],"
	"\"categories\":[" MAIN "],\"rooms\":["
	ROOM("Talk") "," ROOM("Words") "," ROOM("Scripts") "," ROOM("Away") "," ROOM("Count") ","
	ROOM("Names") "," ROOM("Open") "," ROOM("Death") "," ROOM("Limits")
	",{\"name\":\"Closed\",\"category\":\"Main\",\"privacy\":\"closed\","
	"\"members\":[\"sip:bob@example.net\",\"sip:dan@example.net\"]}]}";


static void up(void)
{
	static const char *const setv[] = { "notices.feeds=yes", NULL };
	const struct pool_opts opts = {
		.instances = 2, .data = data, .setv = setv
	};

	stage_up(&opts);
}


static void up_silent(void)
{
	const struct pool_opts opts = { .instances = 1, .data = data };

	stage_up(&opts);
}


/* Ask, expect that code; the reply's path as text that stays */
static const char *told(struct client *c, const char *verb, unsigned code,
			const char *path, const char *data_)
{
	struct xd *x = NULL;

	ck_assert_int_eq(chat_ask(c, verb, &x, "%s", data_), 0);
	ck_assert_uint_eq((unsigned)atoi(xd_str(x, "//resp/@code")), code);

	return xd_str(x, path);
}


static const char *watch_words(struct client *c, const char *words)
{
	char *cmd;

	ck_assert_int_eq(re_sdprintf(&cmd, "<watch kind=\"topic\" words=\"%s\""
				     "/>", words), 0);

	return told(c, "setwatch", 200, "//watch/@id", cmd);
}


static void follow(const char *user, const char *room)
{
	static unsigned number;       /* a test is a process of its own */

	ck_assert_uint_eq(chat_follow(pool, 0, user, (unsigned)getpid() +
				     ++number, room), 200);
}


/* The next notice is about this text, and about this watch */
static void hears(struct client *c, const char *watch, const char *text)
{
	char *body;
	struct xd *x;

	ck_assert_int_eq(inbox_expect(client_inbox(c), "ntc:feed", CLIENT_MS,
				      &body), 0);
	ck_assert_int_eq(xd_parse(&x, body), 0);
	ck_assert_str_eq(xd_str(x, "//ntc/data/item/msg/chat"), text);
	ck_assert_str_eq(xd_str(x, "//item/@watch"), watch);
}


static struct client *in_room(size_t i, const char *user, const char *room)
{
	struct client *c;

	ck_open(c, pool, i, user);
	ck_assert_uint_eq(chat_join(c, room, NULL), 200);

	return c;
}


START_TEST(who_asked_is_told_wherever_he_is_and_nobody_else)
{
	struct client *desk, *phone, *old, *bob;
	const char *watch;
	char *room;

	ck_room(room, pool, "Talk");
	follow("ada", room);
	ck_open(desk, pool, 0, "ada");
	phone = chat_open(pool, 1, "ada", "phone");
	old = chat_open(pool, 0, "ada", "old");
	watch = watch_words(desk, "rollback");
	ck_assert_str_eq(told(desk, "getfeed", 200, "//feed/@listen", LISTEN),
			 "true");
	ck_assert_str_eq(told(phone, "getfeed", 200, "//feed/@listen",
			      LISTEN), "true");

	bob = in_room(1, "bob", room);
	ck_assert(chat_say(bob, room, "a rollback, please"));
	hears(desk, watch, "a rollback, please");
	hears(phone, watch, "a rollback, please");

	ck_assert(chat_say(bob, room, "no rollback"));
	hears(desk, watch, "no rollback");
	hears(phone, watch, "no rollback");
	ck_assert_uint_eq(inbox_count(client_inbox(desk), NULL), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(phone), NULL), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(old), NULL), 0);
}
END_TEST


START_TEST(whole_words_in_any_case_are_found_and_nothing_else)
{
	static const char *const said[] = {
		"unreleased", "the trains release", "a RELEASE, train!",
		"c'est l'\303\211T\303\211", "train release train", "stop"
	};
	struct client *cyd, *bob;
	const char *watch;
	char *room;
	size_t i;

	ck_room(room, pool, "Words");
	follow("cyd", room);
	cyd = in_room(0, "cyd", room);
	watch = watch_words(cyd, "release train , \303\251t\303\251,stop");
	(void)told(cyd, "getfeed", 200, "//feed/@listen", LISTEN);

	ck_assert(chat_say(cyd, room, "stop: my own"));
	bob = in_room(1, "bob", room);
	for (i = 0; i < ARRAY_SIZE(said); i++)
		ck_assert(chat_say(bob, room, said[i]));

	hears(cyd, watch, said[2]);
	hears(cyd, watch, said[3]);
	hears(cyd, watch, said[4]);
	hears(cyd, watch, said[5]);
}
END_TEST


/* In Chinese nothing is between words; a name has words, too */
START_TEST(words_within_sentences_and_names_are_found)
{
	static const char *const said[] = {
		"\u660e\u5929\u5728\u4e1c\u4eac\u5f00\u4f1a",
		"see budget.xlsx", "the r\u00e9sum\u00e9 of OPS-4711",
		"nothing", "\U0001f680 now",
	};
	struct client *cyd, *bob;
	const char *watch;
	char *room;
	size_t i;

	ck_room(room, pool, "Scripts");
	follow("cyd", room);
	cyd = in_room(0, "cyd", room);
	watch = watch_words(cyd, "\u4e1c\u4eac\uff0cxlsx,resume,\U0001f680");
	(void)told(cyd, "getfeed", 200, "//feed/@listen", LISTEN);

	(void)told(cyd, "setwatch", 400, "//resp",
		   "<watch kind=\"topic\" words=\"?!,:-)\"/>");

	bob = in_room(1, "bob", room);
	for (i = 0; i < ARRAY_SIZE(said); i++)
		ck_assert(chat_say(bob, room, said[i]));

	hears(cyd, watch, said[0]);
	hears(cyd, watch, said[1]);
	hears(cyd, watch, said[2]);
	hears(cyd, watch, said[4]);
}
END_TEST


START_TEST(an_ego_feed_finds_who_is_named)
{
	struct client *gus, *bob;
	const char *watch;
	char *room;

	ck_room(room, pool, "Names");
	follow("gus", room);
	ck_open(gus, pool, 1, "gus");
	watch = told(gus, "setwatch", 200, "//watch/@id",
		     "<watch kind=\"ego\"/>");
	(void)told(gus, "getfeed", 200, "//feed/@listen", LISTEN);

	bob = in_room(0, "bob", room);
	ck_assert(chat_say(bob, room, "Gustav is not here"));
	ck_assert(chat_say(bob, room, "ask @gus about it"));
	ck_assert(chat_say(bob, room, "where is gustav ole  Lie?"));
	hears(gus, watch, "ask @gus about it");
	hears(gus, watch, "where is gustav ole  Lie?");
}
END_TEST


START_TEST(who_lost_a_room_is_not_told_what_is_found_in_it)
{
	struct client *dan, *bob;
	char *closed, *open;
	const char *watch;

	ck_room(closed, pool, "Closed");
	ck_room(open, pool, "Open");
	follow("dan", closed);
	follow("dan", open);
	ck_open(dan, pool, 0, "dan");
	watch = watch_words(dan, "secret");
	(void)told(dan, "getfeed", 200, "//feed/@listen", LISTEN);
	bob = in_room(1, "bob", closed);
	ck_assert_uint_eq(chat_join(bob, open, NULL), 200);
	ck_assert(chat_say(bob, closed, "secret one"));
	hears(dan, watch, "secret one");

	ck_assert_ptr_nonnull(pool_sql(pool, "DELETE FROM room_role x USING "
		"principal p WHERE p.principal_id = x.principal_id AND "
		"p.key = $1 RETURNING 1", SIP("dan")));
	ck_assert(chat_say(bob, closed, "secret two"));
	ck_assert(chat_say(bob, open, "no secret"));
	hears(dan, watch, "no secret");
	ck_assert_str_eq(told(dan, "getfeed", 200, "count(//item)",
			      "<feed after=\"0\"/>"), "1");
}
END_TEST


START_TEST(what_came_while_he_was_away_is_kept)
{
	struct client *eve, *bob;
	const char *last;
	char *room, *ask;

	ck_room(room, pool, "Away");
	follow("eve", room);
	ck_open(eve, pool, 0, "eve");
	(void)watch_words(eve, "outage");
	last = told(eve, "getfeed", 200, "//feed/@last", "<feed/>");
	(void)client_close(eve);

	bob = in_room(1, "bob", room);
	ck_assert(chat_say(bob, room, "outage one"));
	ck_assert(chat_say(bob, room, "outage two"));

	ck_open(eve, pool, 1, "eve");
	ck_assert_int_eq(re_sdprintf(&ask, "<feed after=\"%s\" listen=\"true\""
				     " cnt=\"1\"/>", last), 0);
	/* found a moment later, at the latest */
	while (!strcmp(told(eve, "getfeed", 200, "//feed/@more", ask),
		       "false"))
		;
	ck_assert_str_eq(told(eve, "getfeed", 200, "//item/msg/chat", ask),
			 "outage one");
	last = told(eve, "getfeed", 200, "//feed/@last", ask);
	ck_assert_int_eq(re_sdprintf(&ask, "<feed after=\"%s\"/>", last), 0);
	ck_assert_str_eq(told(eve, "getfeed", 200, "//item/msg/chat", ask),
			 "outage two");
	ck_assert_str_eq(told(eve, "getfeed", 200, "//feed/@more", ask),
			 "false");
}
END_TEST


START_TEST(watches_are_listed_changed_and_removed_by_who_has_them)
{
	struct client *eve, *bob;
	const char *id;
	char *cmd;
	int i;

	ck_open(eve, pool, 0, "eve");
	ck_open(bob, pool, 1, "bob");
	id = watch_words(eve, "first");
	ck_assert_int_eq(re_sdprintf(&cmd, "<watch id=\"%s\" kind=\"topic\" "
				     "words=\"second\"/>", id), 0);
	ck_assert_str_eq(told(eve, "setwatch", 200, "//watch/@id", cmd), id);
	(void)told(bob, "setwatch", 404, "//watch", cmd);
	(void)told(bob, "delwatch", 404, "//watch", cmd);
	ck_assert_str_eq(told(eve, "getwatches", 200,
			      "//watch[last()]/@words", ""), "second");
	ck_assert_str_eq(told(eve, "delwatch", 200, "//watch/@id", cmd), id);
	(void)told(eve, "delwatch", 404, "//watch", cmd);

	(void)told(bob, "setwatch", 400, "//watch", "<watch words=\"x\"/>");
	(void)told(bob, "setwatch", 400, "//watch",
		   "<watch kind=\"topic\" words=\" ,\"/>");
	(void)told(bob, "setwatch", 413, "//watch", "<watch kind=\"topic\" "
		   "words=\"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,"
		   "20,21\"/>");
	for (i = 0; i < 20; i++)
		(void)watch_words(bob, "x");
	(void)told(bob, "setwatch", 413, "//watch",
		   "<watch kind=\"topic\" words=\"x\"/>");
}
END_TEST


START_TEST(unread_messages_are_counted_for_the_user_not_the_endpoint)
{
	struct client *fay, *phone, *bob;
	char *room, *other, *cmd;

	ck_room(room, pool, "Count");
	ck_room(other, pool, "Closed");
	bob = in_room(1, "bob", room);
	ck_assert(chat_say(bob, room, "before"));
	follow("fay", room);
	follow("fay", other);

	fay = in_room(0, "fay", room);
	ck_assert_str_eq(told(fay, "getunread", 200, "//chanib/@unread", ""),
			 "0");
	ck_assert(chat_say(bob, room, "one"));
	ck_assert(chat_say(bob, room, "two"));
	ck_assert(chat_say(fay, room, "mine"));
	ck_assert(chat_say(bob, room, "three"));

	phone = chat_open(pool, 1, "fay", "phone");
	ck_assert_str_eq(told(phone, "getunread", 200, "//chanib/@unread",
			      ""), "3");
	ck_assert_str_eq(told(phone, "getunread", 200, "count(//chanib)", ""),
			 "1");
	ck_assert_int_eq(re_sdprintf(&cmd, "<chanib uri=\"%s\" chatId=\"3\"/>",
				     room), 0);
	ck_assert_str_eq(told(phone, "setread", 200, "//chanib/@read", cmd),
			 "3");
	ck_assert_str_eq(told(fay, "getunread", 200, "//chanib/@unread", ""),
			 "1");

	ck_assert_int_eq(re_sdprintf(&cmd, "<chanib uri=\"%s\" chatId=\"1\"/>",
				     room), 0);
	ck_assert_str_eq(told(fay, "setread", 200, "//chanib/@read", cmd),
			 "3");
	ck_assert_int_eq(re_sdprintf(&cmd, "<chanib uri=\"%s\" chatId=\"99\"/>",
				     room), 0);
	ck_assert_str_eq(told(fay, "setread", 200, "//chanib/@read", cmd),
			 "5");
	ck_assert_int_eq(re_sdprintf(&cmd, "<chanib uri=\"%s\" chatId=\"1\"/>",
				     other), 0);
	(void)told(fay, "setread", 404, "//chanib", cmd);
	(void)told(fay, "setread", 400, "//chanib", "<chanib uri=\"x\"/>");
}
END_TEST


START_TEST(a_dead_instance_takes_nothing_with_it)
{
	struct client *ada, *bob;
	const char *watch;
	char *room;

	ck_room(room, pool, "Death");
	follow("ada", room);
	ck_open(ada, pool, 1, "ada");
	watch = watch_words(ada, "alive");
	(void)told(ada, "getfeed", 200, "//feed/@listen", LISTEN);
	bob = in_room(1, "bob", room);

	ck_assert_int_eq(pool_kill9(pool, pool_inst(pool, 0)->name), 0);
	ck_assert(chat_say(bob, room, "alive and well"));
	hears(ada, watch, "alive and well");
	ck_assert_int_eq(pool_start(pool, pool_inst(pool, 0)->name), 0);
}
END_TEST


START_TEST(without_the_setting_nobody_is_told_at_once)
{
	struct client *ada, *bob;
	char *room;

	ck_room(room, pool, "Talk");
	follow("ada", room);
	ada = in_room(0, "ada", room);
	(void)watch_words(ada, "rollback");
	ck_assert_str_eq(told(ada, "getfeed", 200, "//feed/@listen",
			      "<feed after=\"0\" listen=\"true\"/>"), "false");

	bob = in_room(0, "bob", room);
	ck_assert(chat_say(bob, room, "rollback"));
	while (!strcmp(told(ada, "getfeed", 200, "count(//item)",
			    "<feed after=\"0\" listen=\"true\"/>"), "0"))
		;
	ck_assert_uint_eq(inbox_count(client_inbox(ada), "ntc:feed"), 0);
}
END_TEST


static Suite *feed_suite(void)
{
	Suite *suite = suite_create("feed");
	TCase *tc = tcase_create("feed");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, who_asked_is_told_wherever_he_is_and_nobody_else);
	tcase_add_test(tc, whole_words_in_any_case_are_found_and_nothing_else);
	tcase_add_test(tc, words_within_sentences_and_names_are_found);
	tcase_add_test(tc, an_ego_feed_finds_who_is_named);
	tcase_add_test(tc, who_lost_a_room_is_not_told_what_is_found_in_it);
	tcase_add_test(tc, what_came_while_he_was_away_is_kept);
	tcase_add_test(tc,
		watches_are_listed_changed_and_removed_by_who_has_them);
	tcase_add_test(tc,
		unread_messages_are_counted_for_the_user_not_the_endpoint);
	tcase_add_test(tc, a_dead_instance_takes_nothing_with_it);
	suite_add_tcase(suite, tc);

	tc = tcase_create("silent");
	tcase_add_unchecked_fixture(tc, up_silent, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, without_the_setting_nobody_is_told_at_once);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(feed_suite)
