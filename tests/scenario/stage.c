/**
 * @file tests/scenario/stage.c  The one pool of a suite
 */
#include <poll.h>
#include <stdlib.h>
#include "tests/scenario/stage.h"

enum { WAIT_MS = 20000, POLL_MS = 20 };


struct pool *pool;


void stage_up(const struct pool_opts *opts)
{
	ck_assert_int_eq(pool_up(&pool, opts), 0);
}


void stage_down(void)
{
	pool_down(pool);
	pool = NULL;
}


void stage_sql(const char *text)
{
	mem_deref(pool_sql(pool, text, NULL));
}


void stage_two(struct client **ap, struct client **bp, const char *other,
	       const char *room)
{
	ck_open(*ap, pool, 0, "ada");
	ck_open(*bp, pool, 1, other);
	ck_assert_uint_eq(chat_join(*ap, room, NULL), 200);
	ck_assert_uint_eq(chat_join(*bp, room, NULL), 200);
	/* he may have been in the roster that ada's join read */
	ck_assert(chat_say(*ap, room, "both here"));
	ck_assert_int_gt(chat_hear(*bp, room, "both here"), 0);
}


long long number(const char *query, const char *p1)
{
	char *text = pool_sql(pool, query, p1);
	const long long n = text ? strtoll(text, NULL, 10) : -1;

	mem_deref(text);

	return n;
}


bool comes_to(long long n, const char *query, const char *p1)
{
	unsigned ms;

	for (ms = 0; ms < WAIT_MS && number(query, p1) != n; ms += POLL_MS)
		(void)poll(NULL, 0, POLL_MS);

	return ms < WAIT_MS;
}


struct going {
	const char *query, *p1;
	long long n;
	struct tmr tmr;
};


static void poll_handler(void *arg)
{
	struct going *going = arg;

	tmr_start(&going->tmr, POLL_MS, poll_handler, going);
	wait_poke();
}


static bool is_there(void *arg)
{
	const struct going *going = arg;

	return number(going->query, going->p1) == going->n;
}


bool goes_to(long long n, const char *query, const char *p1)
{
	struct going going = { .query = query, .p1 = p1, .n = n };
	int err;

	tmr_init(&going.tmr);
	poll_handler(&going);
	err = wait_for(is_there, &going, WAIT_MS);
	tmr_cancel(&going.tmr);

	return !err;
}


void stage_indexed(void)
{
	ck_assert(comes_to(0, "SELECT count(*) FROM room_head h LEFT JOIN "
			   "room_indexed i USING (room_id) WHERE h.last_id > "
			   "coalesce(i.msg_id, 0)", NULL));
}


const char *texts(struct client *c, const char *verb, const char *room,
		  const char *bcq)
{
	static char buf[1024];
	struct xd *x = NULL;
	size_t i, n, pos = 0;

	ck_assert_int_eq(chat_ask(c, verb, &x, "<chanib uri=\"%s\"/>%s", room,
				  bcq), 0);
	ck_assert_int_eq(xd_num(x, "/xccos/rpl/resp/@code"), 200);

	buf[0] = '\0';
	n = xd_count(x, "/xccos/rpl/data/chanib/msg[@id='grpchat']");
	for (i = 1; i <= n; i++) {
		char path[64];

		(void)re_snprintf(path, sizeof(path), "//msg[%zu]/chat", i);
		pos += (size_t)re_snprintf(buf + pos, sizeof(buf) - pos,
					   "%s,", xd_str(x, path));
	}
	if (xd_count(x, "//chanib[@more='true']"))
		(void)re_snprintf(buf + pos, sizeof(buf) - pos, "more");
	mem_deref(x);

	return buf;
}
