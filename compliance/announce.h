/**
 * @file compliance/announce.h  Our place in the pool
 *
 * The daemon renews a lease in the store's table compliance_daemon, where
 * channel processes find its endpoint and key, and reads there whose keys it
 * may let in.
 */
#pragma once

struct announce;
struct compliance;

/** We are registered: told once */
typedef void (announce_ready_h)(struct compliance *svc);
/** The store knows that we left, or a second has passed */
typedef void (announce_left_h)(struct compliance *svc);

int  announce_open(struct announce **ap, struct compliance *svc,
		   announce_ready_h *h);
/** The store is there: register */
void announce_store_up(struct announce *a);
bool announce_isready(const struct announce *a);
void announce_leave(struct announce *a, announce_left_h *h);
