/**
 * @file tests/scenario/test_order.c  What one dialog does, in its order
 *
 *   ada            channel                others, the store, the archive
 *     | post -------> |
 *     | part -------> | stored ------------> the post
 *     |               | and then ----------> ada has left
 */
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"

enum { ROUNDS = 40, OLD = 30 };

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("cleo") "],"
	"\"categories\":[" MAIN "],\"rooms\":[" ROOM("Leave") "," ROOM("Late")
	"," ROOM("Enter") "," ROOM("Clock") "," ROOM("Dead") "," ROOM("After")
	"]}";


static void up(void)
{
	stage_up(&(struct pool_opts){ .data = data });
	/* events wait in the store: no daemon takes them */
	stage_sql("SELECT compliance_enable(true)");
}


/* ---------------------------------------------------- a peer that does not wait */

struct hasty {
	struct raw *r;
	struct raw_dlg d;
	char *room;
	char *join, *part;             /* bodies                           */
};


static void hasty_open(struct hasty *h, const char *room)
{
	char *inner = NULL;

	ck_room(h->room, pool, room);
	ck_assert_int_eq(raw_open(&h->r, pool_inst(pool, 0)->sip_tcp), 0);
	ck_assert_uint_eq(raw_invite(h->r, &h->d, SIP("ada"), "hasty",
				     pool_uri(pool)), 200);
	(void)re_sdprintf(&inner, "<chanid domain=\"example.net\" "
			  "value=\"%s\"/>", xd_room_id(h->room));
	h->join = xd_cmd(1, "join", inner);
	inner = mem_deref(inner);
	(void)re_sdprintf(&inner, "<chanib uri=\"%s\"/>", h->room);
	h->part = xd_cmd(2, "part", inner);
	mem_deref(inner);
}


static uint32_t hasty_send(struct hasty *h, const char *method,
			   const char *body)
{
	ck_assert_int_eq(raw_request(h->r, &h->d, method, body, false), 0);

	return h->d.cseq;
}


static uint32_t hasty_post(struct hasty *h, const char *text)
{
	char *body = xd_grpchat(3, h->room, SIP("ada"), text);
	const uint32_t cseq = hasty_send(h, "INFO", body);

	mem_deref(body);

	return cseq;
}


static void hasty_close(struct hasty *h)
{
	mem_deref(h->r);
	mem_deref(h->room);
	mem_deref(h->join);
	mem_deref(h->part);
}


/* What a witness sees of ada in the room: p a post, j, l: joined, left */
struct seen {
	char events[4 * ROUNDS + 1];
	size_t n, goal;
};


static bool see(const char *body, void *arg)
{
	struct seen *seen = arg;
	char what = '\0';

	if (!strstr(body, SIP("ada")))
		return false;
	if (strstr(body, "last words"))
		what = 'p';
	else if (strstr(body, "ntc:join") || strstr(body, "\"ntc:join\""))
		what = 'j';
	else if (strstr(body, "ntc:part"))
		what = 'l';
	if (what && seen->n < sizeof(seen->events) - 1)
		seen->events[seen->n++] = what;

	return false;
}


static bool all_seen(void *arg)
{
	const struct seen *seen = arg;

	return seen->n >= seen->goal;
}


/* Sessions of which a message lies outside their JOIN and PART, as the events
   have it: by time and by place */
static long long outside(void)
{
	return number(
		"SELECT count(*) FROM message m"
		" JOIN LATERAL (SELECT o.* FROM outbox o WHERE o.kind = 1 AND"
		"  o.room_id = m.room_id AND m.msg_id BETWEEN o.msg_id AND"
		"  o.last_id) AS c ON true"
		" WHERE NOT EXISTS (SELECT FROM outbox j"
		"  JOIN outbox p ON p.room_id = j.room_id AND p.session ="
		"  j.session AND p.kind = 21 WHERE j.kind = 20 AND j.room_id ="
		"  m.room_id AND j.session = m.session AND j.ts <= m.ts AND"
		"  m.ts <= p.ts AND j.event_id < c.event_id AND c.event_id <"
		"  p.event_id) AND m.chat = 'last words'", NULL);
}


static void witnesses(struct client *wv[2], struct seen *seenv,
		      const char *room)
{
	static const char *const namev[] = { "bob", "cleo" };
	size_t i;

	for (i = 0; i < 2; i++) {
		ck_open(wv[i], pool, i, namev[i]);
		ck_assert_uint_eq(chat_join(wv[i], room, NULL), 200);
		inbox_watch(client_inbox(wv[i]), see, &seenv[i]);
	}
}


/* Stored by nobody who would have told the processes at once */
static void store_unheard(const char *room, const char *n)
{
	char *sql = NULL, *got;

	(void)re_sdprintf(&sql,
		"SELECT count(*) FROM generate_series(1, %s) AS i, LATERAL"
		" (SELECT * FROM room WHERE name = $1) AS r, LATERAL"
		" post_batch(1, ARRAY[r.room_id], ARRAY[1], ARRAY[1],"
		" ARRAY[1], ARRAY[(SELECT principal_id FROM principal WHERE"
		" key = 'sip:ada@example.net')], ARRAY[0], ARRAY['old ' || i],"
		" ARRAY[NULL::text])", n);
	got = pool_sql(pool, sql, room);
	ck_assert_str_eq(got, n);
	mem_deref(got);
	mem_deref(sql);
}


/* The last thing that is said, and then away, all in one go; behind: messages
   before it are not known to the processes yet */
static void say_and_leave(bool bye, bool behind)
{
	struct hasty h;
	uint32_t post;

	hasty_open(&h, "Leave");
	ck_assert_uint_eq(raw_ask(h.r, &h.d, "INFO", h.join), 200);
	ck_assert_ptr_nonnull(raw_body(h.r, "rpl:join"));
	if (behind)
		store_unheard("Leave", "1");
	post = hasty_post(&h, "last words");
	(void)hasty_send(&h, bye ? "BYE" : "INFO", bye ? NULL : h.part);
	ck_assert_uint_eq(raw_status(h.r, post, "INFO"), 200);
	if (!bye) {
		ck_assert_ptr_nonnull(raw_body(h.r, "rpl:part"));
		ck_assert_uint_eq(raw_ask(h.r, &h.d, "BYE", NULL), 200);
	}
	hasty_close(&h);
}


START_TEST(who_leaves_has_said_all_before)
{
	static struct seen seenv[2];
	struct client *wv[2];
	char *room, events[3 * ROUNDS + 1] = "";
	unsigned i, k;

	ck_room(room, pool, "Leave");
	witnesses(wv, seenv, room);
	for (i = 0; i < ROUNDS; i++) {
		say_and_leave(_i & 1, _i & 2);
		(void)strcat(events, "jpl");

		/* a user who is back before they have left has not been away */
		for (k = 0; k < 2; k++) {
			seenv[k].goal = strlen(events);
			ck_assert_msg(!wait_for(all_seen, &seenv[k],
						CLIENT_MS), "%s",
				      seenv[k].events);
		}
	}

	for (k = 0; k < 2; k++) {
		ck_assert_str_eq(seenv[k].events, events);
		(void)client_close(wv[k]);
	}
	ck_assert(comes_to(0, "SELECT count(*) FROM endpoint", NULL));
	ck_assert_int_eq(outside(), 0);
	mem_deref(room);
}
END_TEST


START_TEST(who_enters_may_speak_at_once_and_who_has_left_may_not)
{
	struct hasty h;
	uint32_t first, second;

	hasty_open(&h, "Enter");
	(void)hasty_send(&h, "INFO", h.join);
	first = hasty_post(&h, "first words");
	(void)hasty_send(&h, "INFO", h.part);
	second = hasty_post(&h, "after all");

	ck_assert_uint_eq(raw_status(h.r, first, "INFO"), 200);
	ck_assert_uint_eq(raw_status(h.r, second, "INFO"), 403);
	ck_assert_int_eq(number("SELECT count(*) FROM message WHERE chat IN"
				" ('first words', 'after all')", NULL), 1);
	hasty_close(&h);
}
END_TEST


/* -------------------------------------------------------------- newcomers */

static bool heard_old(void *arg)
{
	return inbox_count(arg, "<chat>old ") >= OLD;
}


/* Its process is behind the store: what is older than the entry is history */
START_TEST(who_enters_is_told_what_is_new_and_nothing_else)
{
	struct client *ada, *bob, *cleo;
	struct xd *x = NULL;
	char *room;

	ck_room(room, pool, "Late");
	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 1, "bob");
	ck_open(cleo, pool, 1, "cleo");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	store_unheard("Late", "30");
	ck_assert_uint_eq(chat_join(cleo, room, NULL), 200);
	ck_assert_uint_eq(chat_history(cleo, room, 100, &x), 200);
	ck_assert_uint_eq(xd_count(x, "//msg[starts-with(chat, 'old ')]"),
			  OLD);

	ck_assert(chat_say(ada, room, "something new"));
	ck_assert_int_gt(chat_hear(bob, room, "something new"), 0);
	ck_assert_int_gt(chat_hear(cleo, room, "something new"), 0);
	ck_assert_int_eq(wait_for(heard_old, client_inbox(bob), CLIENT_MS),
			 0);
	ck_assert_uint_eq(inbox_count(client_inbox(bob), "<chat>old "), OLD);
	/* only in the reply that she asked for */
	ck_assert_uint_eq(inbox_count(client_inbox(cleo),
				      "<grpchat "), 0);

	mem_deref(x);
	mem_deref(room);
	(void)client_close(cleo);
	(void)client_close(bob);
	(void)client_close(ada);
}
END_TEST


/* ----------------------------------------------------------------- the rest */

/* The clock of the store was an hour ahead when this room was last used */
START_TEST(a_room_whose_time_was_ahead_has_the_time_of_now)
{
	struct client *ada;
	char *room;

	ck_room(room, pool, "Clock");
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	stage_sql("UPDATE room_head h SET last_ts = clock_timestamp() +"
		  " interval '1 h' FROM room r WHERE r.room_id = h.room_id"
		  " AND r.name = 'Clock' RETURNING 1");
	ck_assert(chat_say(ada, room, "what time is it?"));
	ck_assert_int_eq(number("SELECT count(*) FROM message WHERE chat ="
				" 'what time is it?' AND abs(extract(epoch"
				" FROM ts - clock_timestamp())) < 30", NULL),
			 1);
	(void)client_close(ada);
	mem_deref(room);
}
END_TEST


static long long parts_of(const char *cond)
{
	char query[512];

	(void)re_snprintf(query, sizeof(query), "SELECT count(*) FROM outbox"
			  " o JOIN room r USING (room_id) WHERE r.name ="
			  " 'Dead' AND o.kind = 21 AND %s", cond);

	return number(query, NULL);
}


/* The place in the room waits half an hour for the client; that the client has
   left is told at once, with the time at which it left */
START_TEST(who_was_on_a_dead_instance_has_left_in_the_archive_too)
{
	const char *victim = pool_inst(pool, 1)->name;
	struct client *ada, *bob;
	char *room;

	ck_room(room, pool, "Dead");
	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 1, "bob");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	ck_assert(chat_notice(ada, "join", room, SIP("bob")));
	ck_assert_int_eq(pool_kill9(pool, victim), 0);
	ck_assert(chat_notice(ada, "part", room, SIP("bob")));

	ck_assert_int_eq(parts_of("true"), 1);
	ck_assert_int_eq(parts_of("o.ts BETWEEN clock_timestamp() - interval"
				  " '10 s' AND clock_timestamp()"), 1);
	ck_assert_int_eq(pool_start(pool, victim), 0);
	(void)client_drop(bob);
	(void)client_close(ada);
	mem_deref(room);
}
END_TEST


static Suite *order_suite(void)
{
	Suite *suite = suite_create("order");
	TCase *tc = tcase_create("order");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 90);
	tcase_add_loop_test(tc, who_leaves_has_said_all_before, 0, 4);
	tcase_add_test(tc,
		       who_enters_may_speak_at_once_and_who_has_left_may_not);
	tcase_add_test(tc,
		       who_enters_is_told_what_is_new_and_nothing_else);
	tcase_add_test(tc, a_room_whose_time_was_ahead_has_the_time_of_now);
	tcase_add_test(
		tc, who_was_on_a_dead_instance_has_left_in_the_archive_too);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(order_suite)
