/**
 * @file tests/scenario/test_web_api.c  The API: who may do what, and what of it
 *                                      those see who chat over SIP
 */
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/web.h"
#include "tests/unit/suite.h"

#define ADA "\"sip:ada@example.net\""
#define BOB "\"sip:bob@example.net\""
#define OURS(name, privacy) "{\"name\":\"" name "\",\"category\":\"Main\"," \
	"\"privacy\":\"" privacy "\",\"members\":[" ADA "," BOB "]," \
	"\"managers\":[" ADA "]}"
#define ROOMS "/api/v1/rooms"

enum { EACH = 12 };

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("cleo") ","
	USER("root") "],"
	"\"categories\":[{\"name\":\"Main\",\"allowed\":["
	"\"domain:example.net\"],\"creators\":[" ADA "]},{\"name\":\"Wall\","
	"\"allowed\":[" BOB "]}],"
	"\"rooms\":[" OURS("Ours", "closed") "," OURS("Hidden", "secret") ","
	OURS("Tags", "closed") "," OURS("Shut", "closed") ","
	ROOM("Order") "," ROOM("Found") "," ROOM("Forged") ",{\"name\":"
	"\"Behind\",\"category\":\"Wall\",\"privacy\":\"open\","
	"\"managers\":[" BOB "]}]}";

static struct browser *v[4];           /* cleo, bob, ada, root            */


static void up(void)
{
	web_up(data, NULL);
}


static void everybody(void)
{
	static const char *const namev[] = { "cleo", "bob", "ada", "root" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++)
		ck_browser(v[i], pool, i % 2, namev[i]);
}


/* If-Match with what the room is now, as an administrator sees it */
static void match_now(struct browser *b, const char *room)
{
	struct browser *root;

	ck_browser(root, pool, 0, "root");
	ck_status(root, browser_get(root, ROOMS "/%s", room), 200);
	browser_with(b, "If-Match: %s", browser_head(root, "ETag"));
	mem_deref(root);
}


/* ------------------------------------------------------------ who may what */

/* A stranger, a member, a manager who is member, an administrator who is not;
   %s is the room */
static const struct {
	const char *room, *method, *path, *body;
	unsigned statusv[4];
} rightv[] = {
	{ "Ours",   "GET",    "",               "", { 200, 200, 200, 200 } },
	{ "Hidden", "GET",    "",               "", { 404, 200, 200, 200 } },
	{ "Behind", "GET",    "",               "", { 404, 200, 404, 200 } },
	{ "Ours",   "GET",    "/participants",  "", { 403, 200, 200, 403 } },
	{ "Hidden", "GET",    "/participants",  "", { 404, 200, 200, 403 } },
	{ "Ours",   "GET",    "/messages",      "", { 403, 200, 200, 403 } },
	{ "Hidden", "GET",    "/messages",      "", { 404, 200, 200, 403 } },
	{ "Behind", "GET",    "/messages",      "", { 404, 200, 404, 403 } },
	{ "Ours",   "POST",   "/messages",      "{\"text\":\"hi\"}",
	  { 403, 201, 201, 403 } },
	{ "Hidden", "POST",   "/messages",      "{\"text\":\"hi\"}",
	  { 404, 201, 201, 403 } },
	{ "Ours",   "POST",   "/files?name=a.txt", "{\"a\":1}",
	  { 403, 201, 201, 403 } },
	{ "Hidden", "POST",   "/files?name=a.txt", "{\"a\":1}",
	  { 404, 201, 201, 404 } },
	{ "Ours",   "PATCH",  "",               "{\"description\":\"new\"}",
	  { 403, 403, 200, 200 } },
	{ "Hidden", "PATCH",  "",               "{\"description\":\"new\"}",
	  { 404, 403, 200, 200 } },
	{ "Behind", "PATCH",  "",               "{\"description\":\"new\"}",
	  { 404, 200, 404, 200 } },
	{ "Ours",   "DELETE", "",               "", { 403, 403, 403, 0 } },
	{ "Hidden", "DELETE", "",               "", { 403, 403, 403, 0 } },
};

START_TEST(rights_of_each_route_of_a_room)
{
	char *room, *guid = NULL;
	size_t i;

	everybody();
	ck_room(room, pool, rightv[_i].room);
	(void)str_dup(&guid, xd_room_id(room));
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		unsigned status;

		if (!rightv[_i].statusv[i])
			continue;
		match_now(v[i], guid);
		status = browser_send(v[i], rightv[_i].method,
				      rightv[_i].body, ROOMS "/%s%s", guid,
				      rightv[_i].path);
		ck_assert_msg(status == rightv[_i].statusv[i],
			      "%s %s%s: %u for the %zuth: %s",
			      rightv[_i].method, rightv[_i].room,
			      rightv[_i].path, status, i,
			      browser_text(v[i]));
		if (status >= 400)
			ck_assert_str_eq(browser_head(v[i], "Content-Type"),
					 "application/problem+json");
	}
	mem_deref(guid);
	mem_deref(room);
}
END_TEST


static const struct {
	const char *method, *path, *body;
	unsigned statusv[4];
} placev[] = {
	{ "GET",  "/api/v1/session", "",     { 200, 200, 200, 200 } },
	{ "GET",  ROOMS, "",                 { 200, 200, 200, 200 } },
	{ "GET",  "/api/v1/invitations", "", { 200, 200, 200, 200 } },
	{ "GET",  "/api/v1/categories", "",  { 200, 200, 200, 200 } },
	{ "GET",  "/api/v1/addins", "",      { 200, 200, 200, 200 } },
	{ "GET",  "/api/v1/search?q=x", "",  { 200, 200, 200, 200 } },
	{ "GET",  "/api/v1/principals?room=%s", "", { 403, 403, 200, 200 } },
	{ "GET",  "/api/v1/search?q=x&room=%s", "", { 404, 200, 200, 404 } },
	{ "POST", ROOMS, "{\"name\":\"A%zu\",\"category\":\"%s\"}",
	  { 403, 403, 201, 201 } },
};

START_TEST(rights_of_the_other_routes)
{
	char *room, *category;
	size_t i;

	everybody();
	ck_room(room, pool, "Ours");
	category = pool_sql(pool, "SELECT guid FROM category WHERE name = "
			    "'Main'", NULL);
	for (i = 0; i < ARRAY_SIZE(v); i++) {

		char body[256] = "";

		if (*placev[_i].body)
			(void)re_snprintf(body, sizeof(body), placev[_i].body,
					  i, category);
		ck_status(v[i], browser_send(v[i], placev[_i].method, body,
			placev[_i].path, xd_room_id(room)),
			placev[_i].statusv[i]);
	}
	mem_deref(category);
	mem_deref(room);
}
END_TEST


START_TEST(who_is_not_signed_in_learns_nothing)
{
	struct browser *b;
	char *room;
	size_t i;

	ck_room(room, pool, "Order");
	ck_assert_int_eq(browser_open(&b, pool, 0), 0);
	for (i = 0; i < ARRAY_SIZE(rightv); i++)
		ck_status(b, browser_send(b, rightv[i].method, rightv[i].body,
			ROOMS "/%s%s", xd_room_id(room), rightv[i].path),
			401);
	for (i = 0; i < ARRAY_SIZE(placev); i++)
		ck_status(b, browser_send(b, placev[i].method, "",
			placev[i].path, xd_room_id(room)), 401);
	mem_deref(room);
}
END_TEST


START_TEST(lists_show_what_one_may_know_of)
{
	static const struct {
		const char *view;
		size_t countv[4];
	} viewv[] = {
		{ "q=hidden",              { 0, 1, 1, 1 } },
		{ "q=behind",              { 0, 1, 0, 1 } },
		{ "q=ours",                { 1, 1, 1, 1 } },
		{ "view=mine&q=ours",      { 0, 1, 1, 0 } },
		{ "view=managed&q=ours",   { 0, 0, 1, 0 } },
	};
	size_t i, j;

	everybody();
	for (i = 0; i < ARRAY_SIZE(viewv); i++) {
		for (j = 0; j < ARRAY_SIZE(v); j++) {
			ck_status(v[j], browser_get(v[j], ROOMS "?%s",
						    viewv[i].view), 200);
			ck_assert_msg(browser_count(v[j], "items") ==
				      viewv[i].countv[j], "%s: %s",
				      viewv[i].view, browser_text(v[j]));
		}
	}
}
END_TEST


/* --------------------------------------------------------------- conflicts */

START_TEST(two_who_change_the_same)
{
	struct browser *a, *b;
	char tag[100], *room;

	ck_room(room, pool, "Tags");
	ck_browser(a, pool, 0, "ada");
	ck_browser(b, pool, 1, "root");
	ck_status(a, browser_get(a, ROOMS "/%s", xd_room_id(room)), 200);
	str_ncpy(tag, browser_head(a, "ETag"), sizeof(tag));

	ck_status(a, browser_send(a, "PATCH", "{\"description\":\"x\"}",
				  ROOMS "/%s", xd_room_id(room)), 428);
	browser_with(a, "If-Match: *");
	ck_status(a, browser_send(a, "PATCH", "{\"description\":\"x\"}",
				  ROOMS "/%s", xd_room_id(room)), 400);

	browser_with(b, "If-Match: %s", tag);
	ck_status(b, browser_send(b, "PATCH", "{\"description\":\"root's\"}",
				  ROOMS "/%s", xd_room_id(room)), 200);
	browser_with(a, "If-Match: %s", tag);
	ck_status(a, browser_send(a, "PATCH", "{\"description\":\"ada's\"}",
				  ROOMS "/%s", xd_room_id(room)), 412);
	ck_assert_str_eq(browser_member(a, "type"), "urn:pchat:problem:stale");

	/* with what the other one was told it goes on */
	browser_with(a, "If-Match: %s", browser_head(b, "ETag"));
	ck_status(a, browser_send(a, "PATCH", "{\"description\":\"ada's\"}",
				  ROOMS "/%s", xd_room_id(room)), 200);
	ck_assert_str_eq(browser_member(a, "description"), "ada's");
	mem_deref(room);
}
END_TEST


static const struct {
	const char *body;
	unsigned status;
} bodyv[] = {
	{ "{\"name\":\"Odd\"}", 422 },
	{ "{\"name\":\"Ours\",\"category\":\"%s\"}", 409 },
	{ "{\"name\":\"\",\"category\":\"%s\"}", 400 },
	{ "{\"name\":7,\"category\":\"%s\"}", 400 },
	{ "{\"name\":\"Odd\",\"category\":\"%s\",\"colour\":1}", 400 },
	{ "{\"name\":\"Odd\",\"category\":\"here\"}", 400 },
	{ "{\"name\":\"Odd\",\"category\":\"%s\",\"privacy\":\"shut\"}", 400 },
	{ "{\"name\":\"Odd\",\"category\":\"%s\",\"members\":[1]}", 400 },
	{ "{\"name\":\"Odd\",\"category\":\"%s\",\"members\":[\"x\"]}", 422 },
	{ "{\"name\":\"Odd\",\"category\":\"%s\",\"disabled\":\"no\"}", 400 },
	{ "{\"name\":\"O\\u0000dd\",\"category\":\"%s\"}", 400 },
};

START_TEST(bodies_that_are_refused)
{
	char *category, body[256];
	struct browser *a;

	category = pool_sql(pool, "SELECT guid FROM category WHERE name = "
			    "'Main'", NULL);
	(void)re_snprintf(body, sizeof(body), bodyv[_i].body, category);
	ck_browser(a, pool, 0, "ada");
	ck_status(a, browser_send(a, "POST", body, ROOMS), bodyv[_i].status);
	ck_assert_str_ne(browser_member(a, "detail"), "");
	mem_deref(category);
}
END_TEST


/* ---------------------------------------------------------- seen over SIP */

START_TEST(a_room_made_here_is_joined_over_sip_at_once)
{
	struct client *bob, *cleo;
	char *category, *room = NULL, body[256];
	struct browser *a;

	category = pool_sql(pool, "SELECT guid FROM category WHERE name = "
			    "'Main'", NULL);
	ck_open(bob, pool, 1, "bob");
	ck_open(cleo, pool, 0, "cleo");
	ck_browser(a, pool, 0, "ada");
	(void)re_snprintf(body, sizeof(body), "{\"name\":\"Fresh\",\"category"
		"\":\"%s\",\"privacy\":\"closed\",\"members\":[" BOB "]}",
		category);
	ck_status(a, browser_send(a, "POST", body, ROOMS), 201);
	(void)re_snprintf(body, sizeof(body), ROOMS "/%s",
			  browser_member(a, "guid"));
	ck_assert_str_eq(browser_head(a, "Location"), body);
	ck_assert_str_eq(browser_member(a, "managers.0.key"), SIP("ada"));

	(void)re_sdprintf(&room, "ma-chan://example.net/%s",
			  browser_member(a, "guid"));
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	ck_assert_uint_ne(chat_join(cleo, room, NULL), 200);
	ck_assert(chat_say(bob, room, "first"));

	/* who is inside and what was said is seen here */
	ck_status(a, browser_get(a, "%s", body), 200);
	ck_assert_str_eq(browser_member(a, "participants"), "1");
	mem_deref(room);
	mem_deref(category);
}
END_TEST


START_TEST(a_disabled_room_puts_people_out)
{
	struct client *ada, *bob;
	struct browser *a;
	char *room;

	ck_room(room, pool, "Shut");
	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 1, "bob");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	ck_browser(a, pool, 0, "ada");
	match_now(a, xd_room_id(room));
	ck_status(a, browser_send(a, "PATCH", "{\"disabled\":true}",
				  ROOMS "/%s", xd_room_id(room)), 200);
	ck_assert(chat_notice(bob, "part", room, SIP("bob")));
	ck_assert(chat_notice(ada, "part", room, SIP("ada")));
	ck_assert_uint_ne(chat_join(bob, room, NULL), 200);
	ck_status(a, browser_send(a, "POST", "{\"text\":\"x\"}",
				  ROOMS "/%s/messages", xd_room_id(room)),
		  403);

	match_now(a, xd_room_id(room));
	ck_status(a, browser_send(a, "PATCH", "{\"disabled\":false}",
				  ROOMS "/%s", xd_room_id(room)), 200);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	mem_deref(room);
}
END_TEST


struct heard {
	char idv[EACH * 8 * 2];        /* "1 2 3 " as they came           */
	size_t n;
};


static bool note_handler(const char *body, void *arg)
{
	struct heard *heard = arg;
	const char *p = strstr(body, "<grpchat ");

	p = p ? strstr(p, " chatId=\"") : NULL;
	if (p) {
		const size_t len = strlen(heard->idv);

		(void)re_snprintf(heard->idv + len, sizeof(heard->idv) - len,
				  "%b ", p + 9, strcspn(p + 9, "\""));
		++heard->n;
		wait_poke();
	}

	return false;
}


static bool all_heard(void *arg)
{
	const struct heard *heard = arg;

	return heard[0].n == 2 * EACH && heard[1].n == 2 * EACH;
}


START_TEST(what_is_said_here_and_over_sip_is_one_order)
{
	struct heard heard[2] = { { "", 0 }, { "", 0 } };
	char text[64], order[256] = "", *room;
	struct client *ada, *bob;
	struct browser *a;
	struct xd *x;
	size_t i;

	ck_room(room, pool, "Order");
	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 1, "bob");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	inbox_watch(client_inbox(ada), note_handler, &heard[0]);
	inbox_watch(client_inbox(bob), note_handler, &heard[1]);
	ck_browser(a, pool, 0, "cleo");

	for (i = 0; i < EACH; i++) {
		(void)re_snprintf(text, sizeof(text), "{\"text\":\"web %zu\"}",
				  i);
		ck_status(a, browser_send(a, "POST", text,
			ROOMS "/%s/messages", xd_room_id(room)), 201);
		(void)re_snprintf(text, sizeof(text), "sip %zu", i);
		ck_assert_uint_eq(chat_post(i % 2 ? ada : bob, room, text),
				  200);
		(void)re_snprintf(order + strlen(order), sizeof(order) -
				  strlen(order), "%zu %zu ", 2 * i + 1,
				  2 * i + 2);
	}
	ck_assert_int_eq(wait_for(all_heard, heard, CLIENT_MS), 0);
	ck_assert_str_eq(heard[0].idv, order);
	ck_assert_str_eq(heard[1].idv, order);

	/* and history here and there */
	ck_assert_uint_eq(chat_history(bob, room, 2, &x), 200);
	ck_assert_str_eq(xd_str(x, "//msg[1]/chat"), "web 11");
	ck_assert_str_eq(xd_str(x, "//msg[1]/@author"), SIP("cleo"));
	mem_deref(x);
	ck_status(a, browser_get(a, ROOMS "/%s/messages?limit=3",
				 xd_room_id(room)), 200);
	ck_assert_str_eq(browser_member(a, "items.1.text"), "web 11");
	ck_assert_str_eq(browser_member(a, "items.2.text"), "sip 11");
	ck_assert_str_eq(browser_member(a, "items.2.author.uri"), SIP("ada"));
	ck_status(a, browser_get(a, ROOMS "/%s/messages?limit=3&before=%s",
				 xd_room_id(room), "4"), 200);
	ck_assert_str_eq(browser_member(a, "items.0.id"), "1");
	ck_assert_str_eq(browser_member(a, "items.2.id"), "3");
	ck_status(a, browser_get(a, ROOMS "/%s/messages?limit=0",
				 xd_room_id(room)), 400);
	ck_status(a, browser_get(a, ROOMS "/%s/messages?before=x",
				 xd_room_id(room)), 400);
	mem_deref(room);
}
END_TEST


struct quest {
	struct browser *b;
	size_t n;
};


static bool found(void *arg)
{
	struct quest *q = arg;

	return browser_get(q->b, "/api/v1/search?q=marmalade") == 200 &&
		browser_count(q->b, "items") == q->n;
}


START_TEST(what_was_said_is_found_by_who_may_read_it)
{
	struct quest q;
	struct client *bob;
	char *room;

	ck_room(room, pool, "Found");
	ck_open(bob, pool, 0, "bob");
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	ck_assert(chat_say(bob, room, "tea and marmalade"));
	mem_deref(room);
	ck_room(room, pool, "Hidden");
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	ck_assert(chat_say(bob, room, "secret marmalade"));
	mem_deref(room);

	q.n = 2;
	ck_browser(q.b, pool, 0, "ada");
	ck_assert(web_until(found, &q));
	q.n = 1;
	ck_browser(q.b, pool, 0, "cleo");
	ck_assert(web_until(found, &q));
	ck_assert_str_eq(browser_member(q.b, "items.0.text"),
			 "tea and marmalade");
	ck_assert_str_eq(browser_member(q.b, "items.0.room.name"), "Found");
	ck_status(q.b, browser_get(q.b, "/api/v1/search?q="), 400);
	ck_status(q.b, browser_get(q.b, "/api/v1/search?q=a&match=none"), 400);
	ck_status(q.b, browser_get(q.b, "/api/v1/search?q=a&from=later"), 400);
}
END_TEST


/* ---------------------------------------------------------- another's site */

START_TEST(requests_that_another_site_makes_are_refused)
{
	static const char *const headv[] = {
		"Origin: https://evil.example", "Sec-Fetch-Site: cross-site",
		"Sec-Fetch-Site: same-site", "Origin: null",
	};
	struct browser *a, *b;
	char *room, path[128], csrf[64];
	size_t i;

	ck_room(room, pool, "Forged");
	(void)re_snprintf(path, sizeof(path), ROOMS "/%s/messages",
			  xd_room_id(room));
	ck_browser(a, pool, 0, "ada");
	ck_browser(b, pool, 0, "bob");
	for (i = 0; i < ARRAY_SIZE(headv); i++) {
		browser_with(a, "%s", headv[i]);
		ck_status(a, browser_send(a, "POST", "{\"text\":\"x\"}",
					  "%s", path), 403);
		browser_with(a, "%s", headv[i]);
		ck_status(a, browser_signin(a, "ada"), 403);
		ck_browser(a, pool, 0, "ada");
	}

	/* a form can neither say JSON nor a token */
	browser_csrf(a, "");
	ck_status(a, browser_send(a, "POST", "{\"text\":\"x\"}", "%s", path),
		  403);
	ck_assert_str_eq(browser_member(a, "type"), "urn:pchat:problem:csrf");
	browser_csrf(a, "0000000000000000000000000000000000000000");
	ck_status(a, browser_send(a, "POST", "{\"text\":\"x\"}", "%s", path),
		  403);
	ck_status(b, browser_get(b, "/api/v1/session"), 200);
	str_ncpy(csrf, browser_member(b, "csrf"), sizeof(csrf));
	browser_csrf(a, csrf);
	ck_status(a, browser_send(a, "POST", "{\"text\":\"x\"}", "%s", path),
		  403);
	ck_status(a, browser_send(a, "DELETE", "", "/api/v1/session"), 403);
	browser_csrf(a, NULL);
	ck_status(a, browser_put(a, "POST", "text/plain", "{\"text\":\"x\"}",
				 12, false, "%s", path), 415);

	/* nothing of it was said; what is meant goes through */
	ck_status(a, browser_get(a, "%s", path), 200);
	ck_assert_uint_eq(browser_count(a, "items"), 0);
	browser_with(a, "Origin: %s", pool_web(pool, 0)->url);
	browser_with(a, "Sec-Fetch-Site: same-origin");
	ck_status(a, browser_send(a, "POST", "{\"text\":\"x\"}", "%s", path),
		  201);
	mem_deref(room);
}
END_TEST


static Suite *web_api_suite(void)
{
	Suite *suite = suite_create("web_api");
	TCase *tc = tcase_create("web_api");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 180);
	tcase_add_loop_test(tc, rights_of_each_route_of_a_room, 0,
			    ARRAY_SIZE(rightv));
	tcase_add_loop_test(tc, rights_of_the_other_routes, 0,
			    ARRAY_SIZE(placev));
	tcase_add_test(tc, who_is_not_signed_in_learns_nothing);
	tcase_add_test(tc, lists_show_what_one_may_know_of);
	tcase_add_test(tc, two_who_change_the_same);
	tcase_add_loop_test(tc, bodies_that_are_refused, 0,
			    ARRAY_SIZE(bodyv));
	tcase_add_test(tc, a_room_made_here_is_joined_over_sip_at_once);
	tcase_add_test(tc, a_disabled_room_puts_people_out);
	tcase_add_test(tc, what_is_said_here_and_over_sip_is_one_order);
	tcase_add_test(tc, what_was_said_is_found_by_who_may_read_it);
	tcase_add_test(tc, requests_that_another_site_makes_are_refused);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(web_api_suite)
