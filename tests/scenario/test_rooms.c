/**
 * @file tests/scenario/test_rooms.c  Who may see, enter, speak; large rooms
 *
 * Spec: protocol.md 6.1 and 6.4, product.md part A.
 */
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"


#define ROOM_OF(name, rest) "{\"name\":\"" name "\"," rest "}"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("cleo") ","
	USER("dan") ",{\"uri\":\"sip:out@partner.example\","
	"\"enabled\":true}],"
	"\"groups\":[{\"name\":\"crew\",\"members\":["
	"\"sip:cleo@example.net\"]}],"
	"\"categories\":[" MAIN ",{\"name\":\"Shut\",\"allowed\":["
	"\"domain:example.net\"],\"denied\":[\"sip:dan@example.net\"]}],"
	"\"rooms\":[" ROOM("Open") "," ROOM("Leave") ","
	ROOM_OF("Closed", "\"category\":\"Main\",\"privacy\":\"closed\","
		"\"members\":[\"sip:ada@example.net\",\"group:crew\"],"
		"\"managers\":[\"sip:bob@example.net\"]") ","
	ROOM_OF("Secret", "\"category\":\"Main\",\"privacy\":\"secret\","
		"\"members\":[\"sip:ada@example.net\"],"
		"\"managers\":[\"sip:ada@example.net\"]") ","
	ROOM_OF("Off", "\"category\":\"Main\",\"privacy\":\"open\","
		"\"disabled\":true") ","
	ROOM_OF("Stage", "\"category\":\"Main\",\"privacy\":\"open\","
		"\"type\":\"auditorium\","
		"\"members\":[\"sip:ada@example.net\"],"
		"\"presenters\":[\"sip:ada@example.net\"]") ","
	ROOM_OF("Denied", "\"category\":\"Shut\",\"privacy\":\"open\"")
	"]}";


static void up(void)
{
	stage_up(&(struct pool_opts){ .data = data });
}


/* Code of the reply when NAME tries to join the room called TITLE */
static unsigned try_join(const char *name, const char *title)
{
	struct client *c;
	unsigned code;
	char *room;

	ck_room(room, pool, title);
	ck_open(c, pool, 0, name);
	code = chat_join(c, room, NULL);
	(void)client_close(c);

	return code;
}


START_TEST(an_open_room_lets_everybody_of_its_scope_in)
{
	ck_assert_uint_eq(try_join("dan", "Open"), 200);
}
END_TEST


START_TEST(a_closed_room_is_for_its_members)
{
	ck_assert_uint_eq(try_join("ada", "Closed"), 200);
	ck_assert_uint_eq(try_join("cleo", "Closed"), 200);   /* by group */
	ck_assert_uint_eq(try_join("dan", "Closed"), 403);
	/* managing is not being a member */
	ck_assert_uint_eq(try_join("bob", "Closed"), 403);
}
END_TEST


START_TEST(a_secret_room_is_not_there_for_strangers)
{
	struct client *c;
	struct xd *secret = NULL, *unknown = NULL;
	char *room;

	ck_assert_uint_eq(try_join("ada", "Secret"), 200);

	ck_room(room, pool, "Secret");
	ck_open(c, pool, 0, "dan");
	ck_assert_uint_eq(chat_join(c, room, &secret), 404);
	ck_assert_uint_eq(chat_join(c, "ma-chan://example.net/"
		"00000000-0000-0000-0000-000000000000", &unknown), 404);
	ck_assert_str_eq(xd_str(secret, "/xccos/rpl/resp"),
			 xd_str(unknown, "/xccos/rpl/resp"));
	ck_assert_uint_eq(xd_count(secret, "/xccos/rpl/data/*"), 0);
	(void)client_close(c);
}
END_TEST


START_TEST(a_disabled_room_is_gone)
{
	ck_assert_uint_eq(try_join("ada", "Off"), 410);
}
END_TEST


START_TEST(a_denied_user_is_out_although_the_domain_is_allowed)
{
	ck_assert_uint_eq(try_join("ada", "Denied"), 200);
	ck_assert_uint_ne(try_join("dan", "Denied"), 200);
}
END_TEST


START_TEST(only_presenters_speak_in_an_auditorium)
{
	struct client *ada, *dan;
	struct xd *x = NULL;
	char *room;

	ck_room(room, pool, "Stage");
	ck_open(ada, pool, 0, "ada");
	ck_open(dan, pool, 1, "dan");
	ck_assert_uint_eq(chat_join(ada, room, &x), 200);
	ck_assert_int_eq(chat_mask(x, SIP("ada")), 3456 + 4096);
	ck_assert_str_eq(xd_str(x, "//chanib/@behavior"), "AUDITORIUM");
	x = mem_deref(x);
	ck_assert_uint_eq(chat_join(dan, room, &x), 200);
	ck_assert_int_eq(chat_mask(x, SIP("dan")), 3456);

	ck_assert_uint_eq(chat_post(dan, room, "me too"), 403);
	ck_assert(chat_say(ada, room, "welcome"));
	ck_assert_int_gt(chat_hear(dan, room, "welcome"), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(ada), "me too"), 0);
	(void)client_close(ada);
	(void)client_close(dan);
}
END_TEST


START_TEST(a_manager_who_is_a_member_is_an_operator)
{
	struct client *ada;
	struct xd *x = NULL;
	char *room;

	ck_room(room, pool, "Secret");
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(chat_join(ada, room, &x), 200);
	ck_assert_int_eq(chat_mask(x, SIP("ada")), 12276);
	ck_assert_str_eq(xd_str(x, "//info[@id='urn:parlano:ma:info:"
				"visibilty']"), "PRIVATE");
	ck_assert_str_eq(xd_str(x, "//prop[@id='urn:parlano:ma:prop:"
				"logged']"), "true");
	(void)client_close(ada);
}
END_TEST


static bool sees(struct xd *x, const char *name)
{
	char path[128];

	(void)re_snprintf(path, sizeof(path),
			  "/xccos/rpl/data/chanib[@name='%s']", name);

	return xd_count(x, path) == 1;
}


START_TEST(search_shows_what_one_may_know_of)
{
	struct client *ada, *dan;
	struct xd *x = NULL;

	ck_open(ada, pool, 0, "ada");
	ck_open(dan, pool, 1, "dan");

	ck_assert_int_eq(chat_search(ada, "", &x), 0);
	ck_assert(sees(x, "Open") && sees(x, "Closed") && sees(x, "Stage"));
	ck_assert(sees(x, "Secret") && sees(x, "Denied") && !sees(x, "Off"));
	ck_assert_uint_eq(xd_count(x, "//uib | //aib"), 0);
	x = mem_deref(x);

	ck_assert_int_eq(chat_search(dan, "", &x), 0);
	ck_assert(sees(x, "Open") && sees(x, "Closed") && !sees(x, "Secret"));
	ck_assert(!sees(x, "Denied"));
	x = mem_deref(x);

	ck_assert_int_eq(chat_search(dan, "cLOS", &x), 0);
	ck_assert_uint_eq(xd_count(x, "//chanib"), 1);
	x = mem_deref(x);

	ck_assert_int_eq(chat_search(dan, "no such room", &x), 0);
	ck_assert_int_eq(xd_num(x, "/xccos/rpl/resp/@code"), 200);
	ck_assert_uint_eq(xd_count(x, "//chanib"), 0);
	(void)client_close(ada);
	(void)client_close(dan);
}
END_TEST


START_TEST(a_batch_join_reports_each_failure_by_itself)
{
	struct client *dan;
	struct xd *x = NULL;
	char *open, *secret, *off;

	ck_room(open, pool, "Open");
	ck_room(secret, pool, "Secret");
	ck_room(off, pool, "Off");
	ck_open(dan, pool, 0, "dan");

	ck_assert_int_eq(chat_ask(dan, "bjoin", &x,
		"<chanid key=\"0\" domain=\"example.net\" value=\"%s\"/>"
		"<chanid key=\"1\" domain=\"example.net\" value=\"%s\"/>"
		"<chanid key=\"2\" domain=\"example.net\" value=\"%s\"/>",
		xd_room_id(secret), xd_room_id(open), xd_room_id(off)), 0);
	ck_assert_int_eq(xd_num(x, "/xccos/rpl/resp/@code"), 200);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/chanib"), 1);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/fib"
				   "[@key='OPERATION_FAILED']"), 2);
	(void)client_close(dan);
}
END_TEST


START_TEST(leaving_is_told_and_ends_what_one_hears)
{
	struct client *ada, *bob;
	struct xd *x = NULL;
	char *room;

	ck_room(room, pool, "Leave");
	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 1, "bob");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(bob, room, &x), 200);
	ck_assert_uint_eq(xd_count(x, "//uib"), 2);
	ck_assert(chat_notice(ada, "join", room, SIP("bob")));
	x = mem_deref(x);

	ck_assert_uint_eq(chat_part(bob, room, &x), 200);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/data/chanib/@uri"), room);
	ck_assert(chat_notice(ada, "part", room, SIP("bob")));

	ck_assert(chat_say(ada, room, "alone"));
	ck_assert_uint_eq(chat_post(bob, room, "from outside"), 403);
	x = mem_deref(x);

	/* once more, and a room that never was: the same answer */
	ck_assert_uint_eq(chat_part(bob, room, &x), 200);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/data/chanib/@uri"), room);
	x = mem_deref(x);
	ck_assert_uint_eq(chat_part(bob, "ma-chan://example.net/x", &x), 200);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/data/chanib/@uri"),
			 "ma-chan://example.net/x");

	ck_assert_uint_eq(inbox_count(client_inbox(bob), "<grpchat "), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(bob), "ntc:part"), 0);

	/* an end by BYE is told too */
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	ck_assert(chat_notice(ada, "join", room, SIP("bob")));
	(void)client_close(bob);
	ck_assert(chat_notice(ada, "part", room, SIP("bob")));
	(void)client_close(ada);
}
END_TEST


START_TEST(joining_twice_is_joining_once)
{
	struct client *ada, *bob;
	struct xd *x = NULL;
	char *room;

	ck_room(room, pool, "Leave");
	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 1, "bob");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	ck_assert(chat_notice(ada, "join", room, SIP("bob")));
	ck_assert_uint_eq(chat_join(bob, room, &x), 200);
	ck_assert_uint_eq(xd_count(x, "//uib"), 2);
	ck_assert(chat_say(bob, room, "once"));
	ck_assert_int_gt(chat_hear(ada, room, "once"), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(ada), "ntc:join"), 0);
	(void)client_close(ada);
	(void)client_close(bob);
}
END_TEST


/* ----------------------------------------------------------- large rooms */

enum { LIMIT = 5, CROWD = 6 };

static const char crowd_data[] =
	"{\"users\":[" USER("u0") "," USER("u1") "," USER("u2") ","
	USER("u3") "," USER("u4") "," USER("u5") "," USER("late") "],"
	"\"categories\":[" MAIN "],\"rooms\":[" ROOM("Hall") "]}";

static const char *const crowd_set[] = {
	"room.participant_update_limit=5", NULL
};


static void crowd_up(void)
{
	const struct pool_opts opts = {
		.data = crowd_data, .setv = crowd_set
	};

	stage_up(&opts);
}


/* How many are inside for the instance of somebody inside: joining once more
   tells it.  Asked until it is so many */
static bool counts(struct client *c, const char *room, int64_t n)
{
	const uint64_t end = tmr_jiffies() + CLIENT_MS;
	int64_t ucnt;

	do {
		struct xd *x = NULL;

		if (chat_join(c, room, &x) != 200)
			return false;
		ucnt = xd_num(x, "//info[@id='urn:parlano:ma:info:ucnt']");
		mem_deref(x);
	} while (ucnt != n && tmr_jiffies() < end);

	return ucnt == n;
}


/* The first two, one on each instance, both count so many */
static bool both_count(struct client *const *uv, const char *room, int64_t n)
{
	return counts(uv[0], room, n) && counts(uv[1], room, n);
}


START_TEST(a_large_room_is_silent_until_it_is_small_again)
{
	struct client *uv[CROWD], *late;
	struct xd *x = NULL;
	char *room, name[8];
	unsigned i;

	ck_room(room, pool, "Hall");
	for (i = 0; i < CROWD; i++) {
		(void)re_snprintf(name, sizeof(name), "u%u", i);
		ck_open(uv[i], pool, i & 1, name);
		x = mem_deref(x);
		ck_assert_uint_eq(chat_join(uv[i], room, &x), 200);
		ck_assert(counts(uv[0], room, i + 1));
		ck_assert(!i || counts(uv[1], room, i + 1));
	}

	/* the sixth is one more than the limit: no list, no notice */
	ck_assert_uint_eq(xd_count(x, "//uib | //aib"), 0);
	ck_assert_int_eq(xd_num(x, "//info[@id='urn:parlano:ma:info:ucnt']"),
			 CROWD);
	ck_assert(chat_say(uv[5], room, "hello hall"));
	for (i = 0; i < LIMIT; i++)
		ck_assert_int_gt(chat_hear(uv[i], room, "hello hall"), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(uv[0]), "sip:u5@"), 0);
	for (i = 1; i < LIMIT; i++) {
		(void)re_snprintf(name, sizeof(name), "u%u", i);
		ck_assert(chat_notice(uv[0], "join", room,
				      client_user(uv[i])));
	}

	/* down to 4 = 80 % is not below it: still silent */
	(void)client_close(uv[5]);
	(void)client_close(uv[4]);
	ck_assert(both_count(uv, room, 4));
	ck_open(late, pool, 0, "late");
	ck_assert_uint_eq(chat_join(late, room, NULL), 200);
	ck_assert(both_count(uv, room, 5));
	(void)client_close(late);
	ck_assert(both_count(uv, room, 4));
	ck_assert_uint_eq(inbox_count(client_inbox(uv[0]), "ntc:"), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(uv[1]), "sip:late@"), 0);

	/* below it: as before */
	(void)client_close(uv[3]);
	ck_assert(both_count(uv, room, 3));
	inbox_flush(client_inbox(uv[1]));
	ck_open(late, pool, 0, "late");
	x = mem_deref(x);
	ck_assert_uint_eq(chat_join(late, room, &x), 200);
	ck_assert_uint_eq(xd_count(x, "//uib"), 4);
	ck_assert(chat_notice(uv[0], "join", room, SIP("late")));
	ck_assert(chat_notice(uv[1], "join", room, SIP("late")));
}
END_TEST


static TCase *access_case(void)
{
	TCase *tc = tcase_create("access");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_open_room_lets_everybody_of_its_scope_in);
	tcase_add_test(tc, a_closed_room_is_for_its_members);
	tcase_add_test(tc, a_secret_room_is_not_there_for_strangers);
	tcase_add_test(tc, a_disabled_room_is_gone);
	tcase_add_test(tc,
		       a_denied_user_is_out_although_the_domain_is_allowed);
	tcase_add_test(tc, only_presenters_speak_in_an_auditorium);
	tcase_add_test(tc, a_manager_who_is_a_member_is_an_operator);
	tcase_add_test(tc, search_shows_what_one_may_know_of);
	tcase_add_test(tc, a_batch_join_reports_each_failure_by_itself);
	tcase_add_test(tc, leaving_is_told_and_ends_what_one_hears);
	tcase_add_test(tc, joining_twice_is_joining_once);

	return tc;
}


static Suite *rooms_suite(void)
{
	Suite *suite = suite_create("rooms");
	TCase *tc = tcase_create("large");

	tcase_add_unchecked_fixture(tc, crowd_up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_large_room_is_silent_until_it_is_small_again);

	suite_add_tcase(suite, access_case());
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(rooms_suite)
