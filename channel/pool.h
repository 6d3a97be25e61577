/**
 * @file channel/pool.h  Our place in the pool
 *
 * Each process renews a lease in the store and reads there who else is alive:
 * it connects the bus to newcomers, and purges rosters of those that left or
 * whose lease lapsed.  design.md sections 4 and 5.
 */
#pragma once

struct service;
struct pool;

/** Called once we are registered: the service is ready */
typedef void (pool_ready_h)(struct service *svc);

int  pool_open(struct pool **poolp, struct service *svc, pool_ready_h *h);
/** The main connection came up: (re)register */
void pool_store_up(struct pool *pool);

/** Somebody came or left: look at once */
void pool_changed(struct pool *pool);
bool pool_isready(const struct pool *pool);

/** Our lease lasts, as far as our own clock can tell.  When it does not, nothing
 *  new is taken: others may have put us out */
bool pool_holds(const struct pool *pool);
/** The store has refused something because our lease had ended: look at once */
void pool_doubt(struct pool *pool);

/** Called when the store knows that we left, or after a second */
typedef void (pool_left_h)(struct service *svc);
void pool_leave(struct pool *pool, pool_left_h *h);
