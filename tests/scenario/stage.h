/**
 * @file tests/scenario/stage.h  The one pool of a suite
 */
#pragma once

#include "tests/scenario/scene.h"

/** Between stage_up() and stage_down() */
extern struct pool *pool;

/** Bring it up, before all tests of a case; fails them */
void stage_up(const struct pool_opts *opts);
void stage_down(void);

/** SQL that answers with a row */
void stage_sql(const char *text);

/** The number that a query on the store answers; -1: none */
long long number(const char *query, const char *p1);
/** Until it answers this; false: it does not within twenty seconds */
bool comes_to(long long n, const char *query, const char *p1);
/** The same, while the clients of this process go on */
bool goes_to(long long n, const char *query, const char *p1);
/** Until all that was said is in the full-text index */
void stage_indexed(void);

/** Texts of the reply to a query of history, each with a comma behind it; then
 *  "more" where it says so.  Valid until the next */
const char *texts(struct client *c, const char *verb, const char *room,
		  const char *bcq);

/** Ada on one instance, another user on the other, who see each other in the
 *  room */
void stage_two(struct client **ap, struct client **bp, const char *other,
	       const char *room);
