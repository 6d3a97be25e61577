/**
 * @file tests/scenario/test_fence.c  A post overtaken by what forbids it
 *
 *   u3 on channel-1          channel-1            the store
 *     | INFO grpchat ---------> | stopped here: unread, queued, or waiting
 *     |                         |                  for its room
 *     |                         |   u3 is removed: answered, in effect
 *     |                         | goes on
 *     | <---------------- 403   |   nothing stored, nobody has heard it
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <libpq-fe.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"

/* What u%d loses, in its room R%d; ends: its dialog may be over before the post
   is read */
static const struct loss {
	const char *sql;
	bool ends;
} lossv[] = {
	{ "DELETE FROM room_role x USING principal p, room r WHERE"
	  " x.principal_id = p.principal_id AND x.room_id = r.room_id"
	  " AND x.role = 1 AND p.key = 'sip:u%d@example.net' AND"
	  " r.name = 'R%d'", false },
	{ "SELECT user_set('sip:u%d@example.net', NULL, NULL, 1), %d", true },
	{ "SELECT user_remove('sip:u%d@example.net'), %d", true },
	{ "SELECT group_change('group:g%d', ARRAY['sip:u%d@example.net'],"
	  " false)", false },
	{ "SELECT policy_grant('disabled', 'sip:u%d@example.net'), %d", true },
	{ "INSERT INTO category_scope SELECT c.category_id, p.principal_id,"
	  " true FROM category c, principal p WHERE p.key ="
	  " 'sip:u%d@example.net' AND c.name = 'Main' AND %d >= 0", false },
	{ "UPDATE room SET disabled = true WHERE name = 'R%d' AND %d >= 0",
	  false },
	{ "UPDATE room SET behavior = 1 WHERE name = 'R%d' AND %d >= 0",
	  false },
};

enum {
	LOSSES = ARRAY_SIZE(lossv),
	IN_GROUP = 3,                  /* who enters as one of a group     */
	WHERE = 3,                     /* unread, queued, waiting          */
	USERS = LOSSES * WHERE,
};

static PGconn *pg;                     /* holds what posts wait for        */
static uint16_t status[2];


static void put_user(struct mbuf *mb, unsigned i)
{
	const bool group = i % LOSSES == IN_GROUP;

	(void)mbuf_printf(mb, "{\"name\":\"R%u\",\"category\":\"Main\","
			  "\"privacy\":\"closed\",\"members\":["
			  "\"sip:w@example.net\",\"%s%u%s\"]},", i,
			  group ? "group:g" : "sip:u", i,
			  group ? "" : "@example.net");
}


static void up(void)
{
	static const char *const setv[] = {
		"lease.period_ms=250", "lease.lapse_ms=1500", NULL,
	};
	struct mbuf *mb = mbuf_alloc(8192);
	char *data = NULL;
	unsigned i;

	(void)mbuf_printf(mb, "{\"users\":[");
	for (i = 0; i < USERS; i++)
		(void)mbuf_printf(mb, "{\"uri\":\"sip:u%u@example.net\","
				  "\"enabled\":true},", i);
	(void)mbuf_printf(mb, USER("w") "," USER("ada") "],\"groups\":[");
	for (i = 0; i < USERS; i++)
		(void)mbuf_printf(mb, "%s{\"name\":\"g%u\",\"members\":["
				  "\"sip:u%u@example.net\"]}", i ? "," : "",
				  i, i);
	(void)mbuf_printf(mb, "],\"categories\":[" MAIN "],\"rooms\":[");
	for (i = 0; i < USERS; i++)
		put_user(mb, i);
	(void)mbuf_printf(mb, ROOM("Jam") "," ROOM("Lapse") ","
			  ROOM("Elsewhere") "]}");
	mb->pos = 0;
	(void)mbuf_strdup(mb, &data, mbuf_get_left(mb));

	stage_up(&(struct pool_opts){ .data = data, .setv = setv });
	mem_deref(data);
	mem_deref(mb);
}


static void setup(void)
{
	status[0] = status[1] = 0;
	pg = PQconnectdb(pool_store(pool));
	ck_assert_int_eq(PQstatus(pg), CONNECTION_OK);
}


static void teardown(void)
{
	PQfinish(pg);
}


static void run(const char *fmt, ...)
{
	char *sql = NULL;
	PGresult *res;
	va_list ap;

	va_start(ap, fmt);
	ck_assert_int_eq(re_vsdprintf(&sql, fmt, ap), 0);
	va_end(ap);
	res = PQexec(pg, sql);
	ck_assert_msg(PQresultStatus(res) == PGRES_COMMAND_OK ||
		      PQresultStatus(res) == PGRES_TUPLES_OK, "%s: %s", sql,
		      PQerrorMessage(pg));
	PQclear(res);
	mem_deref(sql);
}


static void hold_room(const char *name)
{
	run("BEGIN; UPDATE room_head SET open = open WHERE room_id ="
	    " (SELECT room_id FROM room WHERE name = '%s')", name);
}


static void status_handler(uint16_t got, void *arg)
{
	*(uint16_t *)arg = got;
	wait_poke();
}


static bool is_answered(void *arg)
{
	return *(uint16_t *)arg != 0;
}


static void say(struct client *c, const char *room, const char *text,
		uint16_t *statusp)
{
	char *body = xd_grpchat(client_envid(c), room, client_user(c), text);

	ck_assert_int_eq(client_send(c, body, status_handler, statusp), 0);
	mem_deref(body);
}


static void until_store_holds(void)
{
	ck_assert(goes_to(1, "SELECT count(*) FROM pg_locks WHERE NOT granted"
			  " AND locktype IN ('transactionid', 'tuple')",
			  NULL));
}


static long long stored(const char *text)
{
	return number("SELECT count(*) FROM message WHERE chat = $1", text);
}


static pid_t first(void)
{
	return pool_inst(pool, 0)->pid;
}


/* The request is in the process's socket and was not read */
static void post_unread(struct client *c, const char *room, const char *text,
			const char *loss)
{
	ck_assert_int_eq(kill(first(), SIGSTOP), 0);
	say(c, room, text, &status[0]);
	run("%s", loss);
	ck_assert_int_eq(kill(first(), SIGCONT), 0);
}


/* It was checked and waits for the connection that posts */
static void post_queued(struct client *c, const char *room, const char *text,
			const char *loss)
{
	struct client *w = chat_open(pool, 0, "w", "jam");
	char *jam, *body = xd_cmd(client_envid(c), "getserverinfo", "");

	ck_room(jam, pool, "Jam");
	ck_assert_uint_eq(chat_join(w, jam, NULL), 200);
	hold_room("Jam");
	say(w, jam, "jam", &status[1]);
	until_store_holds();
	say(c, room, text, &status[0]);
	/* what comes after it was read, so it was, too */
	ck_assert_uint_eq(client_info(c, body), 200);
	mem_deref(body);
	ck_assert_int_eq(kill(first(), SIGSTOP), 0);
	run("%s", loss);
	run("COMMIT");
	ck_assert_int_eq(kill(first(), SIGCONT), 0);
	(void)client_drop(w);
	mem_deref(jam);
}


/* The statement is under way, and waits for the room */
static void post_waiting(struct client *c, const char *room, const char *text,
			 const char *loss, const char *name)
{
	hold_room(name);
	say(c, room, text, &status[0]);
	until_store_holds();
	run("%s", loss);
	run("COMMIT");
}


START_TEST(who_has_lost_the_right_stores_nothing)
{
	const unsigned where = (unsigned)_i / LOSSES;
	const struct loss *loss = &lossv[_i % LOSSES];
	struct client *c, *w;
	char name[16], room_name[16], text[32], *room, *sql = NULL;

	(void)re_snprintf(name, sizeof(name), "u%d", _i);
	(void)re_snprintf(room_name, sizeof(room_name), "R%d", _i);
	(void)re_snprintf(text, sizeof(text), "too late %d", _i);
	ck_assert_int_eq(re_sdprintf(&sql, loss->sql, _i, _i), 0);
	ck_room(room, pool, room_name);
	ck_open(c, pool, 0, name);
	ck_open(w, pool, 1, "w");
	ck_assert_uint_eq(chat_join(w, room, NULL), 200);
	ck_assert_uint_eq(chat_join(c, room, NULL), 200);
	ck_assert(chat_say(c, room, "in time"));
	ck_assert_int_gt(chat_hear(w, room, "in time"), 0);

	if (where == 0)
		post_unread(c, room, text, sql);
	else if (where == 1)
		post_queued(c, room, text, sql);
	else
		post_waiting(c, room, text, sql, room_name);

	ck_assert_int_eq(wait_for(is_answered, &status[0], CLIENT_MS), 0);
	ck_assert_msg(status[0] == 403 || (loss->ends && status[0] == 481),
		      "%u", status[0]);
	ck_assert_int_eq(stored(text), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(w), text), 0);

	(void)client_drop(c);
	(void)client_drop(w);
	mem_deref(room);
	mem_deref(sql);
}
END_TEST


/* Rights that change and still allow it: the post is checked again and goes */
START_TEST(who_still_may_is_stored_once)
{
	struct client *c, *w;
	char *room;

	ck_room(room, pool, "Jam");
	ck_open(c, pool, 0, "ada");
	ck_open(w, pool, 1, "w");
	ck_assert_uint_eq(chat_join(c, room, NULL), 200);
	ck_assert_uint_eq(chat_join(w, room, NULL), 200);
	hold_room("Jam");
	say(c, room, "still", &status[0]);
	until_store_holds();
	run("INSERT INTO room_role SELECT r.room_id, 1, p.principal_id FROM"
	    " room r, principal p WHERE r.name = 'Jam' AND p.key ="
	    " 'sip:ada@example.net'");
	run("COMMIT");

	ck_assert_int_eq(wait_for(is_answered, &status[0], CLIENT_MS), 0);
	ck_assert_uint_eq(status[0], 200);
	ck_assert_int_eq(stored("still"), 1);
	ck_assert_int_gt(chat_hear(w, room, "still"), 0);
	(void)client_drop(c);
	(void)client_drop(w);
	mem_deref(room);
}
END_TEST


/* ------------------------------------------------------------------ leases */

static void stop_until_reaped(void)
{
	ck_assert_int_eq(kill(first(), SIGSTOP), 0);
	ck_assert(goes_to(1, "SELECT count(*) FROM instance", NULL));
}


/* Others have it for dead: what it was given meanwhile is refused; then it is
   a member of the pool again, with those who are still there */
START_TEST(an_instance_that_stood_still_stores_nothing)
{
	struct client *c, *w;
	char *room;

	ck_room(room, pool, "Lapse");
	ck_open(c, pool, 0, "ada");
	ck_open(w, pool, 1, "w");
	ck_assert_uint_eq(chat_join(w, room, NULL), 200);
	ck_assert_uint_eq(chat_join(c, room, NULL), 200);
	ck_assert(chat_notice(w, "join", room, SIP("ada")));

	if (_i) {
		hold_room("Lapse");
		say(c, room, "lapsed", &status[0]);
		until_store_holds();
	}
	stop_until_reaped();
	if (_i)
		run("COMMIT");
	else
		say(c, room, "lapsed", &status[0]);
	ck_assert(chat_notice(w, "part", room, SIP("ada")));
	ck_assert_int_eq(kill(first(), SIGCONT), 0);

	ck_assert_int_eq(wait_for(is_answered, &status[0], CLIENT_MS), 0);
	ck_assert_uint_eq(status[0], 503);
	ck_assert(chat_notice(w, "join", room, SIP("ada")));
	ck_assert(chat_say(c, room, "back"));
	ck_assert_int_gt(chat_hear(w, room, "back"), 0);
	ck_assert_int_eq(stored("lapsed"), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(w), "lapsed"), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(c), "lapsed"), 0);

	(void)client_close(c);
	ck_assert(chat_notice(w, "part", room, SIP("ada")));
	(void)client_close(w);
	mem_deref(room);
}
END_TEST


/* The client did not wait: its old dialog is over when the instance is back */
START_TEST(a_client_that_went_elsewhere_is_put_out)
{
	struct client *old, *new, *w;
	char *room;

	ck_room(room, pool, "Elsewhere");
	ck_open(w, pool, 1, "w");
	ck_assert_uint_eq(chat_join(w, room, NULL), 200);
	ck_assert_ptr_nonnull(old = chat_open(pool, 0, "ada", "same"));
	ck_assert_uint_eq(chat_join(old, room, NULL), 200);
	stop_until_reaped();
	ck_assert_ptr_nonnull(new = chat_return(pool, 1, "ada", "same"));
	ck_assert(chat_say(new, room, "here"));
	ck_assert_int_eq(kill(first(), SIGCONT), 0);
	ck_assert(goes_to(2, "SELECT count(*) FROM instance", NULL));

	ck_assert_int_ge(chat_post(old, room, "there"), 400);
	ck_assert_int_eq(stored("there"), 0);
	ck_assert(chat_say(new, room, "still here"));
	ck_assert_int_gt(chat_hear(w, room, "still here"), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(w), "there<"), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM endpoint e JOIN"
				" principal p USING (principal_id) WHERE"
				" p.key = 'sip:ada@example.net'", NULL), 1);
	(void)client_drop(old);
	(void)client_drop(new);
	(void)client_drop(w);
	mem_deref(room);
}
END_TEST


static Suite *fence_suite(void)
{
	Suite *suite = suite_create("fence");
	TCase *tc = tcase_create("fence");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, who_has_lost_the_right_stores_nothing, 0,
			    USERS);
	tcase_add_test(tc, who_still_may_is_stored_once);
	tcase_add_loop_test(tc, an_instance_that_stood_still_stores_nothing,
			    0, 2);
	tcase_add_test(tc, a_client_that_went_elsewhere_is_put_out);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(fence_suite)
