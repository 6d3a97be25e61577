/**
 * @file tests/scenario/test_failover.c  The store's primary freezes, its
 *                                       standby takes over
 *
 *   clients     channel-1, -2     primary ====> standby   (synchronous)
 *     | posts ----> |  ------------> |             |
 *     |             |  -----------> ### SIGSTOP    |
 *     |             |                ###        promoted
 *     |             |  --------------------------> |
 *     |             |               SIGCONT        |
 *
 * The pool goes on within ten seconds.  What was answered 200 is there, once;
 * what was refused is not; and nothing is written to the old primary when it
 * wakes up.
 */
#include <stdlib.h>
#include <string.h>
#include <libpq-fe.h>
#include "tests/scenario/behind.h"
#include "tests/scenario/stage.h"
#include "tests/support/proc.h"
#include "tests/support/standby.h"
#include "tests/unit/suite.h"

enum {
	USERS = 6, TEXTS = 4000, STEP = 60,
	LIMIT_MS = 10000,              /* what a failover may cost           */
};

struct talker {
	struct client *c;
	unsigned text;                 /* under way                          */
};

static struct talker talkerv[USERS];
static uint16_t statusv[TEXTS];        /* 0: not answered                    */
static unsigned textc, okc, goal;
static bool talking;
static struct standby *standby;
static char *room;


static void edit_conf(size_t i)
{
	char *edit = NULL, *name = NULL;
	const char *argv[] = { "sed", "-i", NULL, pool_inst(pool, i)->conf,
			       NULL };

	ck_assert_int_eq(re_sdprintf(&edit, "s/^\\(store.conninfo.*\\)host="
		"127.0.0.1 port=\\([0-9]*\\)/\\1host=127.0.0.1,127.0.0.1 "
		"port=\\2,%u target_session_attrs=read-write/",
		standby_port(standby)), 0);
	argv[2] = edit;
	ck_assert_int_eq(str_dup(&name, pool_inst(pool, i)->name), 0);
	ck_assert_int_eq(proc_run("/dev/null", argv, 10000), 0);
	ck_assert_int_eq(pool_stop(pool, name), 0);
	ck_assert_int_eq(pool_start(pool, name), 0);
	mem_deref(edit);
	mem_deref(name);
}


static void up(void)
{
	char *data = NULL;
	struct mbuf *mb = mbuf_alloc(1024);
	unsigned i;

	(void)mbuf_printf(mb, "{\"users\":[");
	for (i = 0; i < USERS; i++)
		(void)mbuf_printf(mb, "%s{\"uri\":\"sip:u%u@example.net\","
				  "\"enabled\":true}", i ? "," : "", i);
	(void)mbuf_printf(mb, "],\"categories\":[" MAIN "],\"rooms\":["
			  ROOM("Fail") "]}");
	mb->pos = 0;
	(void)mbuf_strdup(mb, &data, mbuf_get_left(mb));
	stage_up(&(struct pool_opts){ .data = data });
	mem_deref(data);
	mem_deref(mb);

	ck_assert_int_eq(standby_start(&standby, pool), 0);
	edit_conf(0);
	edit_conf(1);
}


static void down(void)
{
	standby_freeze_primary(pool, false);
	stage_down();
	standby = mem_deref(standby);
}


/* ---------------------------------------------------------------- talking */

static void post_next(struct talker *t);


static void status_handler(uint16_t status, void *arg)
{
	struct talker *t = arg;

	statusv[t->text] = status;
	okc += status == 200;
	post_next(t);
	wait_poke();
}


static void post_next(struct talker *t)
{
	char text[16], *body;

	if (!talking || textc == TEXTS || client_ended(t->c))
		return;

	t->text = textc++;
	(void)re_snprintf(text, sizeof(text), "t%u", t->text);
	body = xd_grpchat(client_envid(t->c), room, client_user(t->c), text);
	(void)client_send(t->c, body, status_handler, t);
	mem_deref(body);
}


static void gather(void)
{
	unsigned i;

	ck_room(room, pool, "Fail");
	for (i = 0; i < USERS; i++) {
		char name[16];

		(void)re_snprintf(name, sizeof(name), "u%u", i);
		ck_open(talkerv[i].c, pool, i & 1, name);
		ck_assert_uint_eq(chat_join(talkerv[i].c, room, NULL), 200);
	}
}


static void start_talking(void)
{
	unsigned i;

	talking = true;
	for (i = 0; i < USERS; i++)
		post_next(&talkerv[i]);
}


static bool goal_reached(void *arg)
{
	(void)arg;

	return okc >= goal;
}


static bool quiet(void *arg)
{
	size_t i, n = 0;

	(void)arg;
	for (i = 0; i < USERS; i++)
		n += client_pending(talkerv[i].c);

	return n == 0;
}


static void talk_on(unsigned n, unsigned limit_ms)
{
	goal = okc + n;
	ck_assert_msg(!wait_for(goal_reached, NULL, limit_ms),
		      "%u of %u posts within %u ms", okc, goal, limit_ms);
}


/* ------------------------------------------------------------------ books */

static long long count(const char *conninfo, const char *sql)
{
	PGconn *pg = PQconnectdb(conninfo);
	PGresult *res = PQexec(pg, sql);
	long long n = -1;

	if (PQresultStatus(res) == PGRES_TUPLES_OK)
		n = atoll(PQgetvalue(res, 0, 0));
	PQclear(res);
	PQfinish(pg);

	return n;
}


static void check_books(void)
{
	unsigned timesv[TEXTS] = { 0 };
	PGconn *pg = PQconnectdb(standby_conninfo(standby));
	PGresult *res = PQexec(pg, "SELECT chat FROM message");
	unsigned i;

	for (i = 0; i < (unsigned)PQntuples(res); i++)
		++timesv[atoi(PQgetvalue(res, (int)i, 0) + 1)];
	PQclear(res);
	PQfinish(pg);

	for (i = 0; i < textc; i++) {
		const uint16_t s = statusv[i];

		ck_assert_msg(s != 200 || timesv[i] == 1,
			      "t%u was answered 200 and is there %u times", i,
			      timesv[i]);
		ck_assert_msg((s != 503 && s != 403) || !timesv[i],
			      "t%u was answered %u and is there", i, s);
		ck_assert_msg(timesv[i] <= 1, "t%u is there %u times", i,
			      timesv[i]);
	}
}


START_TEST(a_promoted_standby_is_taken_within_ten_seconds)
{
	static const char messages[] = "SELECT count(*) FROM message";
	uint64_t at;
	long long old;
	unsigned before;

	gather();
	start_talking();
	talk_on(STEP, 30000);

	standby_freeze_primary(pool, true);
	at = tmr_jiffies();
	before = okc;
	ck_assert_int_eq(standby_promote(standby), 0);
	talk_on(STEP, LIMIT_MS);
	(void)re_printf("failover: %llu ms from freezing to %u more posts\n",
			(unsigned long long)(tmr_jiffies() - at),
			okc - before);
	ck_assert_uint_lt(tmr_jiffies() - at, LIMIT_MS);

	/* the old one wakes up: nobody writes to it any more */
	standby_freeze_primary(pool, false);
	old = count(pool_store(pool), messages);
	ck_assert_int_gt(old, 0);
	talk_on(STEP, LIMIT_MS);
	ck_assert_int_eq(count(pool_store(pool), messages), old);

	talking = false;
	ck_assert_int_eq(wait_for(quiet, NULL, 40000), 0);
	check_books();
	ck_assert_str_eq(behind_state(), "ready");
}
END_TEST


static Suite *failover_suite(void)
{
	Suite *suite = suite_create("failover");
	TCase *tc = tcase_create("failover");

	tcase_add_unchecked_fixture(tc, up, down);
	tcase_set_timeout(tc, 150);
	tcase_add_test(tc, a_promoted_standby_is_taken_within_ten_seconds);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(failover_suite)
