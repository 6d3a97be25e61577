/**
 * @file tests/scenario/test_queue.c  Events from the rooms to the archive
 *
 *   client     channel-1, channel-2     compliance-1, -2     mgccomp
 *     | post ---> | commit: message, event
 *     | <-- 200   | --- batch ------------> |
 *     |           |                         | --- commit ----> |
 *     |           | <------------- stored - |
 *     |           | event deleted
 *
 * Whatever dies on the way, what is in the rooms' history is staged once.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/bus.h"
#include "common/ctl.h"
#include "common/queue.h"
#include "tests/scenario/archive.h"
#include "tests/scenario/stage.h"
#include "tests/support/proc.h"
#include "tests/unit/suite.h"


enum { STAGED_MS = 40000, POLL_MS = 50, MANY = 400 };

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "],"
	"\"categories\":[" MAIN "],"
	"\"rooms\":[" ROOM("Plain") "," ROOM("Daemon") "," ROOM("Orphans") ","
	ROOM("Stream") "," ROOM("Closed") "," ROOM("Books") "]}";

static char dir[64];


/* What was archived is kept: the tests look at it */
static void up(void)
{
	char adapter[128];
	const char *setv[] = { adapter, "compliance.run.keep_s=86400",
			       "compliance.run.settle_ms=0", NULL };
	const struct pool_opts opts = {
		.data = data, .compliance = 2, .setv = setv,
	};

	str_ncpy(dir, "/tmp/pchat-queue-XXXXXX", sizeof(dir));
	ck_assert_ptr_nonnull(mkdtemp(dir));
	archive_adapter(dir, dir, "null", "");
	(void)re_snprintf(adapter, sizeof(adapter),
			  "compliance.adapter=%s/null.conf", dir);

	stage_up(&opts);
}


static void down(void)
{
	stage_down();
	proc_rmtree(dir);
}


/* Processes that another test started have other ids */
static void setup(void)
{
	ck_assert_int_eq(pool_reload(pool), 0);
}


/* ---------------------------------------------------------------- the books */

static const char *guid_of(const char *room)
{
	return strrchr(room, '/') + 1;
}


/* What was said in a room, in order, as the store and as staging have it */
static char *said(const char *room)
{
	return pool_sql(pool, "SELECT count(*) || ': ' || string_agg(m.chat,"
			" ',' ORDER BY m.msg_id) FROM message m JOIN room r"
			" USING (room_id) WHERE r.guid = $1::uuid",
			guid_of(room));
}


static char *staged(const char *room)
{
	return pool_compliance_sql(pool, "SELECT count(*) || ': ' ||"
				   " string_agg(event::jsonb->>'chat', ','"
				   " ORDER BY msg_id) FROM staged"
				   " WHERE kind = 1 AND room = $1::uuid",
				   guid_of(room));
}


static bool all_staged(const char *room)
{
	char *a = said(room), *b = staged(room);
	const bool same = a && b && !strcmp(a, b);

	mem_deref(a);
	mem_deref(b);

	return same;
}


static void ck_staged(const char *room, const char *count)
{
	unsigned ms;
	char *b;

	for (ms = 0; ms < STAGED_MS && !all_staged(room); ms += POLL_MS)
		(void)poll(NULL, 0, POLL_MS);

	b = staged(room);
	ck_assert_msg(all_staged(room), "staged %s", b);
	ck_assert_int_eq(strncmp(b, count, strlen(count)), 0);
	ck_assert_int_eq(b[strlen(count)], ':');
	mem_deref(b);
}


static bool is(char *text, const char *want)
{
	const bool same = text && !strcmp(text, want);

	mem_deref(text);

	return same;
}


static void ck_becomes(char *(*sql)(const struct pool *, const char *,
				    const char *),
		       const char *query, const char *want)
{
	unsigned ms;

	for (ms = 0; ms < STAGED_MS; ms += POLL_MS) {
		if (is(sql(pool, query, NULL), want))
			return;
		(void)poll(NULL, 0, POLL_MS);
	}

	ck_abort_msg("%s is not %s", query, want);
}


static void say_some(struct client *c, const char *room, unsigned from,
		     unsigned n)
{
	char text[16];
	unsigned i;

	for (i = from; i < from + n; i++) {
		(void)re_snprintf(text, sizeof(text), "t%u", i);
		ck_assert_uint_eq(chat_post(c, room, text), 200);
	}
}


/* ---------------------------------------------------------------- the tests */

START_TEST(what_is_said_on_any_instance_is_staged_once_and_in_order)
{
	struct client *ada, *bob;
	char *room;
	unsigned i;

	ck_room(room, pool, "Plain");
	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 1, "bob");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);

	for (i = 0; i < 20; i++)
		say_some(i & 1 ? ada : bob, room, i, 1);
	ck_staged(room, "20");

	(void)client_close(ada);
	(void)client_close(bob);
	ck_becomes(pool_compliance_sql, "SELECT string_agg(k, ' ' ORDER BY k)"
		   " FROM (SELECT kind || ':' || count(*) AS k FROM staged"
		   " WHERE kind IN (20, 21) AND event::jsonb->'room'->>'name' ="
		   " 'Plain' GROUP BY kind) AS x", "20:2 21:2");
	ck_becomes(pool_sql, "SELECT count(*) FROM outbox", "0");
	mem_deref(room);
}
END_TEST


static void daemons(int (*h)(struct pool *pool, const char *name))
{
	ck_assert_int_eq(h(pool, "compliance-1"), 0);
	ck_assert_int_eq(h(pool, "compliance-2"), 0);
}


START_TEST(what_waited_for_a_stopped_daemon_is_caught_up)
{
	struct client *ada;
	char *room;

	ck_room(room, pool, "Daemon");
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	daemons(pool_stop);
	say_some(ada, room, 0, 30);
	ck_assert(!all_staged(room));
	daemons(pool_start);
	ck_staged(room, "30");
	(void)client_close(ada);
	mem_deref(room);
}
END_TEST


START_TEST(events_of_a_killed_instance_are_adopted)
{
	struct client *ada;
	char *room;

	ck_room(room, pool, "Orphans");
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	daemons(pool_stop);
	say_some(ada, room, 0, 30);
	ck_assert_int_eq(pool_kill9(pool, "channel-1"), 0);
	(void)client_drop(ada);
	daemons(pool_start);
	ck_staged(room, "30");
	ck_assert_int_eq(pool_start(pool, "channel-1"), 0);
	mem_deref(room);
}
END_TEST


static unsigned answered;

static void status_handler(uint16_t status, void *arg)
{
	const unsigned kill_at = MANY / 4;

	(void)arg;

	ck_assert_uint_eq(status, 200);
	if (++answered == kill_at)
		ck_assert_int_eq(pool_kill9(pool, "compliance-1"), 0);
	if (answered == 2 * kill_at)
		ck_assert_int_eq(pool_kill9(pool, "compliance-2"), 0);
	wait_poke();
}


static bool all_answered(void *arg)
{
	(void)arg;

	return answered == MANY;
}


START_TEST(a_daemon_killed_in_the_stream_loses_and_repeats_nothing)
{
	struct client *cv[2];
	char *room, text[16];
	unsigned i;

	ck_room(room, pool, "Stream");
	ck_open(cv[0], pool, 0, "ada");
	ck_open(cv[1], pool, 1, "bob");
	ck_assert_uint_eq(chat_join(cv[0], room, NULL), 200);
	ck_assert_uint_eq(chat_join(cv[1], room, NULL), 200);

	answered = 0;
	for (i = 0; i < MANY; i++) {
		struct client *c = cv[i & 1];
		char *body;

		(void)re_snprintf(text, sizeof(text), "t%u", i);
		body = xd_grpchat(client_envid(c), room, client_user(c),
				  text);
		ck_assert_int_eq(client_send(c, body, status_handler, NULL),
				 0);
		mem_deref(body);
	}
	ck_assert_int_eq(wait_for(all_answered, NULL, STAGED_MS), 0);
	ck_assert_int_eq(pool_start(pool, "compliance-2"), 0);
	ck_staged(room, "400");

	ck_assert_int_eq(pool_start(pool, "compliance-1"), 0);
	(void)client_close(cv[0]);
	(void)client_close(cv[1]);
	mem_deref(room);
}
END_TEST


static uint64_t queue_stat(const char *name)
{
	json_t *reply = NULL;
	uint64_t n;

	ck_assert_int_eq(ctl_call(pool_compliance(pool, 0)->ctl, "stats",
				  &reply), 0);
	n = (uint64_t)json_integer_value(json_object_get(reply, name));
	json_decref(reply);

	return n;
}


static bool is_refused(void *arg)
{
	return queue_stat("queue_refused") > *(uint64_t *)arg;
}


static void bus_ignore(const struct pl *topic, const struct pl *body,
		       void *arg)
{
	(void)topic;
	(void)body;
	(void)arg;
}


static void poke_timer(void *arg)
{
	tmr_start(arg, POLL_MS, poke_timer, arg);
	wait_poke();
}


static void never_stored(uint64_t batch, void *arg)
{
	ck_abort_msg("batch %u was taken", (unsigned)batch);
	(void)arg;
}


START_TEST(who_has_a_key_that_the_store_does_not_name_is_refused)
{
	static const struct pl forged = PL("[{\"id\":\"00000000-0000-0000-"
		"0000-000000000001\",\"kind\":1,\"ts\":1,"
		"\"chat\":\"forged\"}]");
	uint64_t before = queue_stat("queue_refused");
	char *endpoint, *key;
	struct queue_out *q;
	struct tmr tmr;
	struct bus *bus;

	endpoint = pool_sql(pool, "SELECT endpoint FROM compliance_daemon"
			    " WHERE name = 'compliance-1'", NULL);
	key = pool_sql(pool, "SELECT key FROM compliance_daemon"
		       " WHERE name = 'compliance-1'", NULL);
	ck_assert_int_eq(bus_open(&bus, "tcp://127.0.0.1:*", bus_ignore,
				  NULL), 0);
	ck_assert_int_eq(queue_out_open(&q, bus, endpoint, key, never_stored,
					NULL), 0);
	ck_assert_int_eq(queue_out_send(q, 1, &forged), 0);

	tmr_init(&tmr);
	poke_timer(&tmr);
	ck_assert_int_eq(wait_for(is_refused, &before, STAGED_MS), 0);
	ck_assert(is(pool_compliance_sql(pool, "SELECT count(*) FROM staged"
		" WHERE event::jsonb->>'chat' = 'forged'", NULL), "0"));

	tmr_cancel(&tmr);
	mem_deref(q);
	mem_deref(bus);
	mem_deref(endpoint);
	mem_deref(key);
}
END_TEST


struct posting {
	struct client *c;
	const char *room;
	uint16_t want;
};


static bool is_answered(void *arg)
{
	const struct posting *p = arg;

	return chat_post(p->c, p->room, "again") == p->want;
}


static void ck_post_becomes(struct client *c, const char *room, uint16_t want)
{
	struct posting p = { c, room, want };
	unsigned ms;

	for (ms = 0; ms < STAGED_MS && !is_answered(&p); ms += POLL_MS)
		(void)poll(NULL, 0, POLL_MS);
	ck_assert_int_lt(ms, STAGED_MS);
}


static void set(const char *value)
{
	mem_deref(pool_sql(pool, "INSERT INTO configuration (key, value)"
			   " VALUES ('ComplianceFailClosed', $1) ON CONFLICT"
			   " (scope, key) DO UPDATE SET value ="
			   " excluded.value RETURNING 1", value));
}


START_TEST(fail_closed_refuses_posts_until_the_archive_has_caught_up)
{
	struct client *ada;
	char *room;

	ck_room(room, pool, "Closed");
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	daemons(pool_stop);
	say_some(ada, room, 0, 1);
	set("1");
	ck_post_becomes(ada, room, 503);
	daemons(pool_start);
	ck_assert_int_eq(archive_ctl(pool, "compliance run"), 0);
	ck_post_becomes(ada, room, 200);
	set("0");

	for (unsigned ms = 0; ms < STAGED_MS && !all_staged(room);
	     ms += POLL_MS)
		(void)poll(NULL, 0, POLL_MS);
	ck_assert(all_staged(room));
	(void)client_close(ada);
	mem_deref(room);
}
END_TEST


static Suite *scenario_queue_suite(void)
{
	Suite *suite = suite_create("scenario/queue");
	TCase *tc = tcase_create("queue");

	tcase_add_unchecked_fixture(tc, up, down);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 180);
	tcase_add_test(tc,
		what_is_said_on_any_instance_is_staged_once_and_in_order);
	tcase_add_test(tc, what_waited_for_a_stopped_daemon_is_caught_up);
	tcase_add_test(tc,
		who_has_a_key_that_the_store_does_not_name_is_refused);
	tcase_add_test(tc, events_of_a_killed_instance_are_adopted);
	tcase_add_test(tc,
		a_daemon_killed_in_the_stream_loses_and_repeats_nothing);
	tcase_add_test(tc,
		fail_closed_refuses_posts_until_the_archive_has_caught_up);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(scenario_queue_suite)
