/**
 * @file tests/scenario/test_outcome.c  Each statement of a channel process
 *                                      goes wrong once
 *
 *   client        channel-1      proxy       store       channel-2    client
 *     |               |            |           |             |          |
 *     | part -------> | DELETE --> X           |             |          |
 *     |   <-- rpl 200 |            |           |             |          |
 *     |               | DELETE --------------> | <---------- |          |
 *
 * Refused by the server, cut off before it, cut off after the commit: then what
 * was answered, the rosters of both instances and the events for the archive
 * must tell the same story.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/behind.h"
#include "tests/scenario/stage.h"
#include "tests/scenario/tool.h"
#include "tests/support/pgproxy.h"
#include "tests/unit/suite.h"

enum { HIT_MS = 15000, SOON_MS = 20000 };

#define HOWS 3                    /* without PGPROXY_STALL */

/* JOIN less PART of a session is whether it is in the roster */
#define UNBALANCED \
	"SELECT count(*) FROM (SELECT session, room_id, " \
	" count(*) FILTER (WHERE kind = 20) - " \
	" count(*) FILTER (WHERE kind = 21) AS n FROM outbox " \
	" WHERE kind IN (20, 21) GROUP BY 1, 2) AS e " \
	"FULL JOIN (SELECT * FROM roster JOIN endpoint USING (endpoint_id) " \
	" WHERE instance_id IS NOT NULL) AS o ON o.endpoint_id = e.session " \
	" AND o.room_id = e.room_id " \
	"WHERE coalesce(e.n, 0) <> (o.endpoint_id IS NOT NULL)::int"

#define IN_STORE \
	"SELECT count(*) FROM roster o JOIN endpoint e USING (endpoint_id) " \
	"JOIN principal p USING (principal_id) WHERE p.name = $1 " \
	"AND e.instance_id IS NOT NULL"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("eve") ","
	USER("fay") "],"
	"\"categories\":[{\"name\":\"Main\",\"allowed\":["
	"\"domain:example.net\"],\"creators\":[\"sip:ada@example.net\"]}],"
	"\"rooms\":[" ROOM("Out") ",{\"name\":\"Mask\",\"category\":\"Main\","
	"\"privacy\":\"closed\",\"members\":[\"sip:ada@example.net\","
	"\"sip:bob@example.net\"]}]}";

static struct client *ada, *bob;
static char *room;


static void up(void)
{
	/* one post of a user at a time: one whose outcome is unknown takes
	   nobody's place */
	static const char *const setv[] = { "post.user_max=1", NULL };

	stage_up(&(struct pool_opts){ .data = data, .setv = setv });
	ck_tool(pool, "compliance enable");
	behind_up();
}


static void down(void)
{
	behind_down();
	stage_down();
}


/* Bob, on the instance that nothing happens to, looks on */
static void setup(void)
{
	pgproxy_freeze(proxy, false);
	pgproxy_shut(proxy, false);
	pgproxy_disarm(proxy);
	ck_room(room, pool, "Out");
	ck_open(bob, pool, 1, "bob");
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
}


/* ------------------------------------------------------------- what is so */

/* On which of the instances' rosters of the room ada is: bits */
static unsigned in_rosters(void)
{
	unsigned i, bits = 0;

	for (i = 0; i < 2; i++) {
		struct client *eve = chat_open(pool, i, "eve", "looks");
		struct xd *x = NULL;

		if (eve && chat_join(eve, room, &x) == 200 && x)
			bits |= (chat_mask(x, SIP("ada")) >= 0) << i;
		else
			bits |= 1u << (8 + i);
		mem_deref(x);
		(void)client_close(eve);
	}

	return bits;
}


static bool rosters_come_to(unsigned bits)
{
	const uint64_t end = tmr_jiffies() + SOON_MS;

	while (in_rosters() != bits) {
		if (tmr_jiffies() > end)
			return false;
	}

	return true;
}


static void agree(bool in, const char *stmt, int how)
{
	ck_assert_msg(comes_to(in, IN_STORE, SIP("ada")),
		      "%s, %d: in the store: %lld", stmt, how,
		      number(IN_STORE, SIP("ada")));
	ck_assert_msg(rosters_come_to(in ? 3 : 0), "%s, %d: in rosters: %x",
		      stmt, how, in_rosters());
	ck_assert_msg(comes_to(0, UNBALANCED, NULL),
		      "%s, %d: %lld sessions whose JOIN and PART do not fit",
		      stmt, how, number(UNBALANCED, NULL));
}


/* Everything works again, unasked */
static void recovered(const char *stmt, int how)
{
	static unsigned n;
	const uint64_t end = tmr_jiffies() + SOON_MS;
	char text[64];

	(void)re_snprintf(text, sizeof(text), "%s %d %u", stmt, how, ++n);
	while (chat_post(ada, room, text) != 200)
		ck_assert_msg(tmr_jiffies() < end, "%s, %d: no post is taken",
			      stmt, how);
	ck_assert_int_gt(chat_hear(bob, room, text), 0);
}


static void ada_in(void)
{
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
}


static void ada_out(void)
{
	ada = client_close(ada);
	ck_assert(comes_to(0, IN_STORE, SIP("ada")));
	ck_assert(comes_to(0, UNBALANCED, NULL));
}


/* --------------------------------------------------------------- in, out */

/* Answered 200: she is in; else she is not, and her next try works */
static void join_once(const char *stmt, int how)
{
	unsigned code;

	ck_open(ada, pool, 0, "ada");
	pgproxy_arm(proxy, stmt, (enum pgproxy_how)how);
	code = chat_join(ada, room, NULL);
	ck_assert_msg(pgproxy_was_hit(proxy), "%s was not sent", stmt);
	ck_assert_msg(code == 200 || code == 503, "%s, %d: %u", stmt, how,
		      code);
	agree(code == 200, stmt, how);

	if (code != 200)
		ck_soon(chat_join(ada, room, NULL) == 200);
	agree(true, stmt, how);
	recovered(stmt, how);
	ada_out();
}


START_TEST(a_join_that_goes_wrong_happens_everywhere_or_nowhere)
{
	static const char *const stmtv[] = { "join_facts", "roster_add" };

	join_once(stmtv[_i / HOWS], _i % HOWS);
}
END_TEST


START_TEST(a_part_that_goes_wrong_is_repeated_until_it_is_stored)
{
	ada_in();
	pgproxy_arm(proxy, "roster_removed", (enum pgproxy_how)_i);
	ck_assert_uint_eq(chat_part(ada, room, NULL), 200);
	ck_assert(pgproxy_was_hit(proxy));
	ck_assert(chat_notice(bob, "part", room, SIP("ada")));
	agree(false, "roster_removed", _i);

	ck_soon(chat_join(ada, room, NULL) == 200);
	recovered("roster_removed", _i);
	ada_out();
}
END_TEST


START_TEST(a_bye_that_goes_wrong_is_repeated_until_it_is_stored)
{
	ada_in();
	pgproxy_arm(proxy, "endpoint_end", (enum pgproxy_how)_i);
	ada = client_close(ada);
	ck_assert(pgproxy_hit(proxy, HIT_MS));
	agree(false, "endpoint_end", _i);
	ck_assert(comes_to(0, "SELECT count(*) FROM endpoint e JOIN principal "
			   "p USING (principal_id) WHERE p.name = $1",
			   SIP("ada")));
}
END_TEST


/* Back without join, as SIPE does: she is in her room again */
static void come_back(const char *stmt, int how)
{
	ada_in();
	if (!strcmp(stmt, "endpoint_end"))
		pgproxy_arm(proxy, stmt, (enum pgproxy_how)how);
	ada = client_drop(ada);
	ck_assert(chat_notice(bob, "part", room, SIP("ada")));
	if (strcmp(stmt, "endpoint_end"))
		pgproxy_arm(proxy, stmt, (enum pgproxy_how)how);

	ada = chat_return(pool, 0, "ada", "epidada");
	ck_assert_ptr_nonnull(ada);
	ck_assert_msg(pgproxy_hit(proxy, HIT_MS), "%s was not sent", stmt);
	agree(true, stmt, how);
	recovered(stmt, how);
	ada_out();
}


START_TEST(a_way_back_that_goes_wrong_is_tried_again)
{
	static const char *const stmtv[] = {
		"endpoint_end", "endpoint_rooms", "roster_add",
		"endpoint_superseded", "user_by_uri",
	};

	come_back(stmtv[_i / HOWS], _i % HOWS);
}
END_TEST


/* ----------------------------------------------------------------- rights */

#define MASK_OF \
	"SELECT o.mask FROM roster o JOIN endpoint e USING (endpoint_id) " \
	"JOIN principal p USING (principal_id) WHERE p.name = $1 " \
	"AND e.instance_id IS NOT NULL"

START_TEST(changed_rights_reach_the_roster_whatever_goes_wrong)
{
	static const char *const stmtv[] = { "room_standing", "roster_mask" };
	const char *stmt = stmtv[_i / HOWS];
	long long was;

	ada_in();
	was = number(MASK_OF, SIP("ada"));
	pgproxy_arm(proxy, stmt, (enum pgproxy_how)(_i % HOWS));
	ck_tool(pool, "room set Out --add-manager sip:ada@example.net");
	ck_assert_msg(pgproxy_hit(proxy, HIT_MS), "%s was not sent", stmt);
	ck_soon(number(MASK_OF, SIP("ada")) > was);
	recovered(stmt, _i % HOWS);
	ck_tool(pool, "room set Out --remove-manager sip:ada@example.net");
	ck_soon(number(MASK_OF, SIP("ada")) == was);
	ada_out();
}
END_TEST


/* Who may not be in a room any more is out of it everywhere */
START_TEST(who_is_put_out_is_out_whatever_goes_wrong)
{
	char *own = room;

	(void)client_close(bob);
	ck_room(room, pool, "Mask");
	ck_open(bob, pool, 1, "bob");
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	pgproxy_arm(proxy, "roster_removed", (enum pgproxy_how)_i);
	ck_tool(pool, "room set Mask --remove-member sip:ada@example.net");
	ck_assert(pgproxy_hit(proxy, HIT_MS));
	ck_assert(chat_notice(bob, "part", room, SIP("ada")));
	ck_assert(comes_to(0, IN_STORE, SIP("ada")));
	ck_assert(comes_to(0, UNBALANCED, NULL));
	ck_assert_uint_eq(chat_post(ada, room, "still here"), 403);
	ck_tool(pool, "room set Mask --add-member sip:ada@example.net");
	ck_soon(chat_join(ada, room, NULL) == 200);
	(void)client_close(ada);
	room = own;
}
END_TEST


/* ------------------------------------------------------------------- posts */

#define TIMES "SELECT count(*) FROM message WHERE chat = $1"

/* Answered 200: once; refused: never; unknown: the same again tells */
START_TEST(a_post_that_goes_wrong_is_stored_as_it_was_answered)
{
	static const char *const stmtv[] = { "post_batch", "post_outcome",
					     "post_abort" };
	const char *stmt = stmtv[_i / HOWS];
	char text[64];
	unsigned code;

	ada_in();
	(void)re_snprintf(text, sizeof(text), "once %d", _i);
	pgproxy_arm(proxy, stmt, (enum pgproxy_how)(_i % HOWS));
	code = chat_post(ada, room, text);
	if (_i < HOWS)
		ck_assert(pgproxy_was_hit(proxy));
	if (code == 200)
		ck_assert_int_gt(chat_hear(bob, room, text), 0);
	ck_assert_int_eq(number(TIMES, text), code == 200);
	recovered(stmt, _i % HOWS);
	ck_assert_int_eq(number(TIMES, text), code == 200);
	ada_out();
}
END_TEST


static uint16_t post_as(uint32_t envid, const char *text)
{
	char *body = xd_grpchat(envid, room, client_user(ada), text);
	const uint16_t status = client_info(ada, body);

	mem_deref(body);

	return status;
}


/* It was committed, and nobody can say so for a while */
START_TEST(a_post_of_unknown_outcome_is_not_stored_twice)
{
	const uint64_t end = tmr_jiffies() + SOON_MS;
	const char *text = _i ? "unknown, stored" : "unknown, lost";
	uint32_t envid;
	uint16_t status;

	ada_in();
	envid = client_envid(ada);
	pgproxy_arm_and_shut(proxy, "post_batch", _i ? PGPROXY_CUT_AFTER :
			     PGPROXY_CUT_BEFORE);
	ck_assert_uint_eq(post_as(envid, text), 504);
	ck_assert_uint_eq(post_as(envid, text), 504);
	ck_assert_int_eq(number(TIMES, text), _i);
	pgproxy_shut(proxy, false);

	do {
		status = post_as(envid, text);
		ck_assert_msg(tmr_jiffies() < end, "%u", status);
	} while (status != 200);
	ck_assert_int_gt(chat_hear(bob, room, text), 0);
	ck_assert_int_eq(number(TIMES, text), 1);

	ck_soon(chat_post(ada, room, "and another") == 200);

	/* it is an answer, not another post */
	if (_i)
		ck_assert_uint_eq(post_as(envid, text), 200);
	recovered("unknown", _i);
	ck_assert_int_eq(number(TIMES, text), 1);
	ada_out();
}
END_TEST


/* --------------------------------------------------------------- commands */

/* Whatever fails is answered, and works when it is sent again */
static const struct {
	const char *stmt, *verb, *data;
} cmdv[] = {
	{ "preference_set", "setpref", "<pref label=\"l%u\" seqid=\"0\" "
	  "createdefault=\"false\" content=\"QUJD\"/>" },
	{ "preference_create", "getpref", "<pref label=\"c%u\" seqid=\"0\" "
	  "createdefault=\"true\"/>" },
	{ "preference_get", "getpref", "<pref label=\"g%u\" seqid=\"0\" "
	  "createdefault=\"false\"/>" },
	{ "watch_set", "setwatch",
	  "<watch kind=\"topic\" words=\"w%u\"/>" },
	{ "watch_list", "getwatches", "" },
	{ "unread", "getunread", "" },
	{ "room_find", "chansrch", "<qib qtype=\"BYNAME\" criteria=\"Out\"/>" },
	{ "invitations", "getinv", "<inv inviteId=\"0\"/>" },
};


/* A version that was stored is not stored again */
static bool is_there(unsigned i, int how, unsigned code)
{
	return code == 409 && how == PGPROXY_CUT_AFTER &&
		!strcmp(cmdv[i].stmt, "preference_set");
}


START_TEST(a_command_that_goes_wrong_is_answered_and_works_again)
{
	const int how = _i % HOWS;
	const unsigned i = (unsigned)_i / HOWS;
	const uint64_t end = tmr_jiffies() + SOON_MS;
	unsigned code;

	ada_in();
	pgproxy_arm(proxy, cmdv[i].stmt, (enum pgproxy_how)how);
	code = ask(ada, NULL, cmdv[i].verb, cmdv[i].data, _i);
	ck_assert_msg(pgproxy_was_hit(proxy), "%s was not sent",
		      cmdv[i].stmt);
	ck_assert_msg(code == 503 || code == 500, "%s, %d: %u", cmdv[i].stmt,
		      how, code);
	do {
		code = ask(ada, NULL, cmdv[i].verb, cmdv[i].data, _i);
		ck_assert_msg(tmr_jiffies() < end, "%s, %d", cmdv[i].stmt,
			      how);
	} while (code != 200 && !is_there(i, how, code));
	recovered(cmdv[i].stmt, how);
	ada_out();
}
END_TEST


/* ------------------------------------------------------- what runs by itself */

START_TEST(what_runs_by_itself_goes_on_by_itself)
{
	static const char *const stmtv[] = {
		"instance_beat", "room_heads", "roster_counts",
		"outbox_state",
	};
	const char *stmt = stmtv[_i / HOWS];
	unsigned seen;

	ada_in();
	pgproxy_arm(proxy, stmt, (enum pgproxy_how)(_i % HOWS));
	ck_assert_msg(pgproxy_hit(proxy, HIT_MS), "%s was not sent", stmt);
	seen = pgproxy_seen(proxy, stmt);
	ck_soon(pgproxy_seen(proxy, stmt) > seen + 1);
	agree(true, stmt, _i % HOWS);
	recovered(stmt, _i % HOWS);
	ada_out();
}
END_TEST


/* ------------------------------------------------------- a frozen store (C5) */

static bool states_come_to(const char *state, unsigned options,
			   unsigned limit_ms)
{
	const uint64_t end = tmr_jiffies() + limit_ms;

	while (strcmp(behind_state(), state) || behind_options() != options) {
		if (tmr_jiffies() > end)
			return false;
		(void)poll(NULL, 0, 20);
	}

	return true;
}


START_TEST(a_frozen_store_is_told_and_left_within_the_limits)
{
	struct client *fay = NULL;
	uint64_t at;
	uint16_t status;

	ada_in();
	ck_assert(states_come_to("ready", 200, SOON_MS));
	pgproxy_freeze(proxy, true);
	at = tmr_jiffies();

	/* each in its own time: a post, a command, a part, a newcomer */
	status = chat_post(ada, room, "frozen");
	ck_assert_msg(status == 503 || status == 504, "%u", status);
	ck_assert_uint_lt(tmr_jiffies() - at, 5000);
	ck_assert_uint_eq(ask(ada, NULL, "getwatches", ""), 503);
	ck_assert_uint_lt(tmr_jiffies() - at, 8000);
	ck_assert(states_come_to("store-away", 503, 2000));
	ck_assert_uint_eq(chat_part(ada, room, NULL), 200);
	at = tmr_jiffies();
	fay = chat_open(pool, 0, "fay", NULL);
	ck_assert_ptr_null(fay);
	ck_assert_uint_lt(tmr_jiffies() - at, 10000);

	/* she goes while the store knows nothing of her part, and is back */
	ada = client_drop(ada);
	pgproxy_freeze(proxy, false);
	ck_assert(states_come_to("ready", 200, 10000));
	ada = chat_return(pool, 0, "ada", "epidada");
	ck_assert_ptr_nonnull(ada);
	ck_assert_uint_eq(chat_post(ada, room, "not in there"), 403);
	agree(false, "frozen", 0);
	ck_soon(chat_join(ada, room, NULL) == 200);
	recovered("frozen", 0);
	ada_out();
}
END_TEST


static Suite *outcome_suite(void)
{
	Suite *suite = suite_create("outcome");
	TCase *tc = tcase_create("outcome");

	tcase_add_unchecked_fixture(tc, up, down);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 150);
	tcase_add_loop_test(tc,
		a_join_that_goes_wrong_happens_everywhere_or_nowhere, 0,
		2 * HOWS);
	tcase_add_loop_test(tc,
		a_part_that_goes_wrong_is_repeated_until_it_is_stored, 0,
		HOWS);
	tcase_add_loop_test(tc,
		a_bye_that_goes_wrong_is_repeated_until_it_is_stored, 0, HOWS);
	tcase_add_loop_test(tc, a_way_back_that_goes_wrong_is_tried_again, 0,
			    5 * HOWS);
	tcase_add_loop_test(tc,
		changed_rights_reach_the_roster_whatever_goes_wrong, 0,
		2 * HOWS);
	tcase_add_loop_test(tc, who_is_put_out_is_out_whatever_goes_wrong, 0,
			    HOWS);
	tcase_add_loop_test(tc,
		a_post_that_goes_wrong_is_stored_as_it_was_answered, 0, HOWS);
	tcase_add_loop_test(tc, a_post_of_unknown_outcome_is_not_stored_twice,
			    0, 2);
	tcase_add_loop_test(tc,
		a_command_that_goes_wrong_is_answered_and_works_again, 0,
		(int)ARRAY_SIZE(cmdv) * HOWS);
	tcase_add_loop_test(tc, what_runs_by_itself_goes_on_by_itself, 0,
			    4 * HOWS);
	tcase_add_test(tc,
		       a_frozen_store_is_told_and_left_within_the_limits);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(outcome_suite)
