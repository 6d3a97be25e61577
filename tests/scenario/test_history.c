/**
 * @file tests/scenario/test_history.c  The past, by date, id, words and author
 *
 *   ada           channel-1                 store
 *    | cmd:bcsearch ->|                       | <- index, behind the posts
 *    | <- 200         |- rights of the rooms->|
 *    |                |- conditions --------->|  on a connection of its own
 *    | <- rpl:bcsearch|<- newest first -------|
 *
 * Spec: protocol.md 4.14.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <libpq-fe.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"


#define OPEN_OF(name, category) "{\"name\":\"" name "\",\"category\":\"" \
	category "\",\"privacy\":\"open\"}"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("dan") "],"
	"\"categories\":[" MAIN ",{\"name\":\"Fleeting\",\"allowed\":["
	"\"domain:example.net\"],\"history\":false},"
	"{\"name\":\"Shut\",\"allowed\":[\"domain:example.net\"],"
	"\"denied\":[\"sip:dan@example.net\"]}],"
	"\"rooms\":[" ROOM("Verbs") "," ROOM("Words") "," ROOM("Scripts") "," ROOM("Dates") ","
	ROOM("Pages") "," ROOM("Authors") "," ROOM("Big") "," ROOM("Empty") ","
	ROOM("First") "," ROOM("Second") "," ROOM("Late") "," ROOM("Busy") ","
	OPEN_OF("Gone", "Fleeting") "," OPEN_OF("Denied", "Shut") ","
	"{\"name\":\"Closed\",\"category\":\"Main\",\"privacy\":\"closed\","
	"\"members\":[\"sip:ada@example.net\"],"
	"\"managers\":[\"sip:bob@example.net\"]},"
	"{\"name\":\"Secret\",\"category\":\"Main\",\"privacy\":\"secret\","
	"\"members\":[\"sip:ada@example.net\"]}]}";


static void up(void)
{
	static const char *const setv[] = {
		"reply.size_max=20000",
		"message.story_size_max=8000", "search.queue_max=1", NULL
	};
	const struct pool_opts opts = { .data = data, .setv = setv };

	stage_up(&opts);
}


/* Posts of who is in the room for them alone */
static char *said(struct client *c, const char *title,
		  const char *const *textv, size_t n)
{
	char *room;
	size_t i;

	ck_room(room, pool, title);
	ck_assert_uint_eq(chat_join(c, room, NULL), 200);
	for (i = 0; i < n; i++)
		ck_assert(chat_say(c, room, textv[i]));

	return room;
}

#define SAID(c, title, ...)                                             \
	said((c), (title), (const char *const []){ __VA_ARGS__ },       \
	     ARRAY_SIZE(((const char *const []){ __VA_ARGS__ })))


START_TEST(every_verb_that_begins_so_is_answered_alike)
{
	static const char *const verbv[] = {
		"bcbydate", "bcbymsg", "bcbyid", "bcsearch", "bcsrch",
		"bcwhatever",
	};
	struct client *ada;
	struct xd *x = NULL;
	char *room, id[32];
	size_t i;

	ck_open(ada, pool, 0, "ada");
	room = SAID(ada, "Verbs", "one", "two");

	for (i = 0; i < ARRAY_SIZE(verbv); i++) {
		ck_assert_int_eq(chat_ask(ada, verbv[i], &x,
					  "<chanib uri=\"%s\"/>", room), 0);
		(void)re_snprintf(id, sizeof(id), "rpl:%s", verbv[i]);
		ck_assert_str_eq(xd_str(x, "/xccos/rpl/@id"), id);
		ck_assert_int_eq(xd_num(x, "/xccos/rpl/resp/@code"), 200);
		ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/chanib"), 1);
		ck_assert_str_eq(xd_str(x, "//chanib/@uri"), room);
		ck_assert_uint_eq(xd_count(x, "//chanib/@more"), 0);
		ck_assert_str_eq(xd_str(x, "//msg[1]/chat"), "one");
		ck_assert_str_eq(xd_str(x, "//msg[2]/chat"), "two");
		ck_assert_str_eq(xd_str(x, "//msg[2]/@chanUri"), room);
		ck_assert_str_eq(xd_str(x, "//msg[2]/@author"), SIP("ada"));
		ck_assert_int_eq(xd_num(x, "//msg[2]/@chatId"), 2);
		x = mem_deref(x);
	}

	/* conditions make bccontext one of them */
	ck_assert_str_eq(texts(ada, "bccontext", room, "<bcq><msgid id=\"1\"/>"
			       "<last cnt=\"5\"/></bcq>"), "one,");
	(void)client_close(ada);
}
END_TEST


START_TEST(words_by_any_all_phrase_and_case)
{
	struct client *ada;
	char *room;

	ck_open(ada, pool, 0, "ada");
	room = SAID(ada, "Words", "The build is green", "green grass",
		    "is the build Green");
	stage_indexed();

	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq><text>build grass"
		"</text></bcq>"), "The build is green,green grass,"
		"is the build Green,");
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq><text mt=\"ANY\" "
		"matchcase=\"true\">Green</text></bcq>"),
		"is the build Green,");
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq><text mt=\"ALL\">"
		"green BUILD</text></bcq>"),
		"The build is green,is the build Green,");
	ck_assert_str_eq(texts(ada, "bcsrch", room, "<bcq><text mt=\"PHRASE\">"
		"Is The Build</text></bcq>"), "is the build Green,");
	ck_assert_str_eq(texts(ada, "bcsrch", room, "<bcq><text mt=\"PHRASE\" "
		"matchcase=\"true\">Is the build</text></bcq>"), "");
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq text=\"nowhere\"/>"
		), "");
	(void)client_close(ada);
}
END_TEST


START_TEST(words_within_sentences_and_names)
{
	static const char cjk[] = "\u660e\u5929\u5728\u4e1c\u4eac\u5f00\u4f1a";
	struct client *ada;
	char *room, all[128];

	ck_open(ada, pool, 0, "ada");
	room = SAID(ada, "Scripts", cjk, "budget.xlsx r\u00e9sum\u00e9",
		    "other");
	stage_indexed();

	(void)re_snprintf(all, sizeof(all), "%s,", cjk);
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq><text>"
			       "\u4e1c\u4eac</text></bcq>"), all);
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq><text mt=\"PHRASE\""
			       ">\u5728\u4e1c\u4eac\u5f00</text></bcq>"), all);
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq><text mt=\"ALL\">"
			       "XLSX resume</text></bcq>"),
			 "budget.xlsx r\u00e9sum\u00e9,");
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq><text mt=\"ANY\" "
			       "matchcase=\"true\">XLSX \u4e1c</text></bcq>"),
			 all);
	(void)client_close(ada);
}
END_TEST


/* Time of a message, as it was told */
static char *time_of(struct client *c, const char *room, unsigned i)
{
	struct xd *x = NULL;
	char *ts = NULL, path[32];

	ck_assert_uint_eq(chat_history(c, room, 10, &x), 200);
	(void)re_snprintf(path, sizeof(path), "//msg[%u]/@ts", i);
	ck_assert_int_eq(str_dup(&ts, xd_str(x, path)), 0);
	mem_deref(x);

	return ts;
}


START_TEST(a_window_of_time_includes_both_ends)
{
	struct client *ada;
	char *room, *two, *three, *bcq = NULL;

	ck_open(ada, pool, 0, "ada");
	room = SAID(ada, "Dates", "one", "two", "three", "four");
	two = time_of(ada, room, 2);
	three = time_of(ada, room, 3);
	stage_indexed();

	(void)re_sdprintf(&bcq, "<bcq><date from=\"%s\" to=\"%s\"/></bcq>",
			  two, three);
	ck_assert_str_eq(texts(ada, "bcbydate", room, bcq), "two,three,");
	(void)re_sdprintf(&bcq, "<bcq><date from=\"%s\"/><text>two four"
			  "</text></bcq>", three);
	ck_assert_str_eq(texts(ada, "bcbydate", room, bcq), "four,");
	(void)re_sdprintf(&bcq, "<bcq><date to=\"%s\"/><text>two four"
			  "</text></bcq>", three);
	ck_assert_str_eq(texts(ada, "bcbydate", room, bcq), "two,");
	/* where a page begins counts, the window does not */
	(void)re_sdprintf(&bcq, "<bcq><date from=\"%s\"/><msgid id=\"2\"/>"
			  "</bcq>", three);
	ck_assert_str_eq(texts(ada, "bcbymsg", room, bcq), "one,two,");
	ck_assert_str_eq(texts(ada, "bcbydate", room, "<bcq><date to="
		"\"2013-05-14T14:20:03Z\"/></bcq>"), "");
	(void)client_close(ada);
}
END_TEST


START_TEST(pages_go_both_ways_and_are_sorted_both_ways)
{
	struct client *ada;
	char *room;

	ck_open(ada, pool, 1, "ada");
	room = SAID(ada, "Pages", "1", "2", "3", "4", "5");
	stage_indexed();

	ck_assert_str_eq(texts(ada, "bcbymsg", room, "<bcq><msgid id=\"4\"/>"
		"<limit cnt=\"2\"/></bcq>"), "3,4,more");
	ck_assert_str_eq(texts(ada, "bcbyid", room, "<bcq><msgid id=\"2\"/>"
		"<limit cnt=\"2\"/></bcq>"), "1,2,");
	ck_assert_str_eq(texts(ada, "bcbyid", room, "<bcq><msgid id=\"2\"/>"
		"<limit cnt=\"2\"/><searchbkwds>false</searchbkwds></bcq>"),
		"2,3,more");
	ck_assert_str_eq(texts(ada, "bcbymsg", room, "<bcq><msgid id=\"4\"/>"
		"<searchbkwds>true</searchbkwds><sortbkwds>true</sortbkwds>"
		"<last cnt=\"3\"/></bcq>"), "4,3,2,more");
	ck_assert_str_eq(texts(ada, "bcbymsg", room, "<bcq limit=\"2\" "
		"searchbkwds=\"false\" sortbkwds=\"true\"/>"), "2,1,more");
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq text=\"1 3 5\" "
		"limit=\"2\"/>"), "3,5,more");
	(void)client_close(ada);
}
END_TEST


START_TEST(authors_are_a_condition)
{
	struct client *ada, *bob;
	char *room;

	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 1, "bob");
	room = SAID(ada, "Authors", "ada speaks");
	(void)SAID(bob, "Authors", "bob speaks");
	stage_indexed();

	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq><author uri=\""
		"sip:BOB@example.net\"/></bcq>"), "bob speaks,");
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq><author uri=\""
		SIP("bob") "\"/><author uri=\"" SIP("ada") "\"/><text>speaks"
		"</text></bcq>"), "ada speaks,bob speaks,");
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq><author uri=\""
		SIP("ada") "\"/><text>bob</text></bcq>"), "");
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq><author uri=\""
		SIP("who") "\"/></bcq>"), "");
	(void)client_close(ada);
	(void)client_close(bob);
}
END_TEST


static char *long_text(char c)
{
	char *text = mem_zalloc(7001, NULL);

	memset(text, c, 7000);

	return text;
}


START_TEST(a_reply_keeps_its_size)
{
	struct client *ada;
	struct xd *x = NULL;
	char *room;

	ck_open(ada, pool, 0, "ada");
	room = SAID(ada, "Big", long_text('a'), long_text('b'),
		    long_text('c'));

	ck_assert_int_eq(chat_ask(ada, "bcbydate", &x, "<chanib uri=\"%s\"/>",
				  room), 0);
	/* what was selected last is what is left out */
	ck_assert_uint_eq(xd_count(x, "//msg"), 2);
	ck_assert_int_eq(xd_str(x, "//msg[1]/chat")[0], 'b');
	ck_assert_str_eq(xd_str(x, "//chanib/@more"), "true");
	(void)client_close(ada);
}
END_TEST


/* Code of the reply to a query in the room called TITLE */
static unsigned code_for(const char *name, const char *title)
{
	struct client *c;
	struct xd *x = NULL;
	char *room;
	unsigned code;

	ck_room(room, pool, title);
	ck_open(c, pool, 0, name);
	ck_assert_int_eq(chat_ask(c, "bcbydate", &x, "<chanib uri=\"%s\"/>",
				  room), 0);
	code = (unsigned)xd_num(x, "/xccos/rpl/resp/@code");
	ck_assert(code == 200 || !xd_count(x, "//chanib"));
	(void)client_close(c);

	return code;
}


START_TEST(only_who_may_read_a_room_is_answered)
{
	ck_assert_uint_eq(code_for("ada", "Closed"), 200);
	ck_assert_uint_eq(code_for("dan", "Closed"), 403);
	/* managing is not being a member */
	ck_assert_uint_eq(code_for("bob", "Closed"), 403);
	ck_assert_uint_eq(code_for("ada", "Secret"), 200);
	ck_assert_uint_eq(code_for("dan", "Secret"), 404);
	ck_assert_uint_eq(code_for("ada", "Denied"), 200);
	ck_assert_uint_eq(code_for("dan", "Denied"), 403);
	/* an open room's history is open: bit 10 */
	ck_assert_uint_eq(code_for("dan", "Empty"), 200);
}
END_TEST


static size_t found_in(struct xd *x, const char *room)
{
	char path[256];

	(void)re_snprintf(path, sizeof(path), "//chanib[@uri='%s']/msg", room);

	return xd_count(x, path);
}


START_TEST(all_rooms_are_those_that_one_may_read)
{
	struct client *ada, *dan;
	struct xd *x = NULL;
	char *first, *second, *secret, *denied, *closed, path[256];

	ck_open(ada, pool, 0, "ada");
	ck_open(dan, pool, 1, "dan");
	first = SAID(ada, "First", "needle 1", "hay", "needle 2");
	second = SAID(ada, "Second", "hay", "needle 3");
	secret = SAID(ada, "Secret", "needle 4");
	denied = SAID(ada, "Denied", "needle 5");
	closed = SAID(ada, "Closed", "needle 6");
	stage_indexed();

	ck_assert_int_eq(chat_ask(ada, "bcsearch", &x,
				  "<bcq text=\"needle\"/>"), 0);
	ck_assert_uint_eq(xd_count(x, "//chanib"), 5);
	ck_assert_uint_eq(found_in(x, first), 2);
	ck_assert_uint_eq(found_in(x, secret), 1);
	x = mem_deref(x);

	ck_assert_int_eq(chat_ask(dan, "bcsearch", &x,
				  "<bcq text=\"needle\"/>"), 0);
	ck_assert_uint_eq(xd_count(x, "//chanib"), 2);
	ck_assert_uint_eq(found_in(x, first), 2);
	ck_assert_uint_eq(found_in(x, second), 1);
	ck_assert_uint_eq(xd_count(x, "//chanib/@more"), 0);
	x = mem_deref(x);

	/* without words, too; the limit is of all rooms together, and the
	   first that has more is named */
	ck_assert_int_eq(chat_ask(ada, "bcbydate", &x, "<bcq limit=\"2\"/>"),
			 0);
	ck_assert_uint_eq(xd_count(x, "//msg"), 2);
	ck_assert_uint_eq(found_in(x, closed), 1);
	ck_assert_uint_eq(found_in(x, denied), 1);
	ck_assert_uint_eq(xd_count(x, "//chanib"), 3);
	ck_assert_uint_eq(xd_count(x, "//chanib[@more='true']"), 1);
	(void)re_snprintf(path, sizeof(path), "//chanib[@uri='%s']/@more",
			  secret);
	ck_assert_str_eq(xd_str(x, path), "true");
	x = mem_deref(x);

	/* of rooms that are named it is each one's */
	ck_assert_int_eq(chat_ask(ada, "bcsearch", &x, "<chanib uri=\"%s\"/>"
		"<chanib uri=\"%s\"/><chanib uri=\"%s\"/><bcq limit=\"1\">"
		"<text>needle</text></bcq>", first, second, secret), 0);
	ck_assert_uint_eq(xd_count(x, "//msg"), 3);
	ck_assert_uint_eq(found_in(x, first), 1);
	ck_assert_uint_eq(found_in(x, second), 1);
	ck_assert_uint_eq(found_in(x, secret), 1);
	ck_assert_uint_eq(xd_count(x, "//chanib[@more='true']"), 1);
	(void)re_snprintf(path, sizeof(path), "//chanib[@uri='%s']/@more",
			  first);
	ck_assert_str_eq(xd_str(x, path), "true");
	x = mem_deref(x);
	ck_assert_int_eq(chat_ask(ada, "bcbydate", &x, "<chanib uri=\"%s\"/>"
		"<chanib uri=\"%s\"/><bcq limit=\"2\"/>", first, second), 0);
	ck_assert_uint_eq(xd_count(x, "//msg"), 4);
	(void)re_snprintf(path, sizeof(path), "//chanib[@uri='%s']/msg[2]/chat",
			  first);
	ck_assert_str_eq(xd_str(x, path), "needle 2");
	x = mem_deref(x);

	/* of several that are named, those that he may read, in their order */
	ck_assert_int_eq(chat_ask(dan, "bcsearch", &x, "<chanib uri=\"%s\"/>"
		"<chanib uri=\"%s\"/><chanib uri=\"%s\"/><bcq><text>3</text>"
		"</bcq>", secret, first, second), 0);
	ck_assert_uint_eq(xd_count(x, "//chanib"), 2);
	ck_assert_str_eq(xd_str(x, "//chanib[1]/@uri"), first);
	ck_assert_uint_eq(found_in(x, first), 0);
	ck_assert_uint_eq(found_in(x, second), 1);
	(void)client_close(ada);
	(void)client_close(dan);
}
END_TEST


START_TEST(what_is_not_kept_is_not_found)
{
	struct client *ada;
	char *room;

	ck_open(ada, pool, 0, "ada");
	room = SAID(ada, "Gone", "whisper");
	stage_indexed();

	ck_assert_str_eq(texts(ada, "bcbydate", room, ""), "");
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq text=\"whisper\"/>"
			       ), "");
	(void)client_close(ada);
}
END_TEST


static unsigned refusal(struct client *c, const char *data_text)
{
	struct xd *x = NULL;
	unsigned code;

	ck_assert_int_eq(chat_ask(c, "bcsearch", &x, "%s", data_text), 0);
	code = (unsigned)xd_num(x, "/xccos/rpl/resp/@code");
	mem_deref(x);

	return code;
}


START_TEST(what_makes_no_sense_is_refused)
{
	struct client *ada;

	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(refusal(ada, "<bcq><date from=\"now\"/></bcq>"),
			  400);
	ck_assert_uint_eq(refusal(ada, "<bcq><msgid id=\"x\"/></bcq>"), 400);
	ck_assert_uint_eq(refusal(ada, "<chanib uri=\"nothing\"/>"), 404);
	ck_assert_uint_eq(refusal(ada, "<chanib uri=\"ma-chan://example.net/"
		"00000000-0000-0000-0000-000000000000\"/>"), 404);
	(void)client_close(ada);
}
END_TEST


START_TEST(the_index_goes_on_when_its_process_is_gone)
{
	struct client *ada;
	char *room;

	ck_open(ada, pool, 1, "ada");
	ck_assert_int_eq(pool_kill9(pool, pool_inst(pool, 0)->name), 0);
	room = SAID(ada, "Late", "afterwards");
	stage_indexed();
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq text=\"afterwards"
			       "\"/>"), "afterwards,");
	(void)client_close(ada);
	ck_assert_int_eq(pool_start(pool, pool_inst(pool, 0)->name), 0);
}
END_TEST


START_TEST(slow_searches_are_refused_and_harm_no_post)
{
	struct client *ada, *bob;
	char *room, part[64], *body, *reply = NULL;
	uint32_t envid;
	PGconn *pg;

	ck_open(ada, pool, 1, "ada");
	ck_open(bob, pool, 1, "bob");
	room = SAID(bob, "Busy", "before");
	stage_indexed();

	pg = PQconnectdb(pool_store(pool));
	PQclear(PQexec(pg, "BEGIN; LOCK TABLE message_fts"));

	envid = client_envid(ada);
	body = xd_cmd(envid, "bcsearch", "<bcq text=\"before\"/>");
	ck_assert_uint_eq(client_info(ada, body), 200);

	/* one waits, as many as may */
	ck_assert_uint_eq(refusal(bob, "<bcq text=\"before\"/>"), 503);
	ck_assert(chat_say(bob, room, "meanwhile"));
	ck_assert_str_eq(texts(bob, "bcbydate", room, ""),
			 "before,meanwhile,");
	ck_assert_uint_eq(chat_history(bob, room, 5, NULL), 200);

	(void)re_snprintf(part, sizeof(part),
			  "<commandid seqid=\"1\" envid=\"%u\"", envid);
	ck_assert_int_eq(inbox_expect(client_inbox(ada), part, CLIENT_MS,
				      &reply), 0);
	ck_assert_ptr_nonnull(strstr(reply, "code=\"503\""));

	PQclear(PQexec(pg, "COMMIT"));
	PQfinish(pg);
	stage_indexed();
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq text=\"meanwhile\""
			       "/>"), "meanwhile,");
	(void)client_close(ada);
	(void)client_close(bob);
}
END_TEST


static Suite *history_suite(void)
{
	Suite *suite = suite_create("history");
	TCase *tc = tcase_create("history");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_verb_that_begins_so_is_answered_alike);
	tcase_add_test(tc, words_by_any_all_phrase_and_case);
	tcase_add_test(tc, words_within_sentences_and_names);
	tcase_add_test(tc, a_window_of_time_includes_both_ends);
	tcase_add_test(tc, pages_go_both_ways_and_are_sorted_both_ways);
	tcase_add_test(tc, authors_are_a_condition);
	tcase_add_test(tc, a_reply_keeps_its_size);
	tcase_add_test(tc, only_who_may_read_a_room_is_answered);
	tcase_add_test(tc, all_rooms_are_those_that_one_may_read);
	tcase_add_test(tc, what_is_not_kept_is_not_found);
	tcase_add_test(tc, what_makes_no_sense_is_refused);
	tcase_add_test(tc, slow_searches_are_refused_and_harm_no_post);
	tcase_add_test(tc, the_index_goes_on_when_its_process_is_gone);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(history_suite)
