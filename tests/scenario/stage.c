/**
 * @file tests/scenario/stage.c  The one pool of a suite
 */
#include "tests/scenario/stage.h"


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
