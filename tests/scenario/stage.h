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

/** Ada on one instance, another user on the other, who see each other in the
 *  room */
void stage_two(struct client **ap, struct client **bp, const char *other,
	       const char *room);
