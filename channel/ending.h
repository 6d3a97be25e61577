/**
 * @file channel/ending.h  What ended here, until the store knows
 *
 * Leaving a room, losing the right to be in it, signing off: done in memory at
 * once, and told to the store in order, in bunches, again and again until it
 * is stored.  Whatever reads or writes rosters of the same user waits for it:
 * ending_wait().
 */
#pragma once

struct endpoint;
struct service;
struct user;

/** @param bye  true: forget the endpoint; false: its rooms wait for it */
void ending_add(struct endpoint *ep, bool bye);
/** The endpoint is not in the room any more, or must not be after a join whose
 *  outcome is unknown */
void ending_leave(struct endpoint *ep, int64_t room_id);
/** Its rights in the room are others now */
void ending_mask(struct endpoint *ep, int64_t room_id, uint32_t mask);
/** It is back in its rooms: what waited for the same client goes */
void ending_superseded(struct endpoint *ep);

/**
 * @param err  0; EBUSY the store did not take it at the first try, or is away:
 *             it goes on being repeated; ECANCELED we are closing
 */
typedef void (ending_h)(int err, void *arg);
/**
 * Wait until the store knows of everything that ended for a user
 *
 * @return true: h is called later, once; false: there is nothing to wait for
 */
bool ending_wait(struct service *svc, struct user *user, ending_h *h,
		 void *arg);

/** The store is back: go on at once */
void ending_store_up(struct service *svc);
/** After the connections to the store were closed: who waits is told */
void ending_close(struct service *svc);

/** Endpoints that said BYE and that the store still has; returns how many */
size_t ending_byes(const struct service *svc, int64_t *idv, size_t max);
