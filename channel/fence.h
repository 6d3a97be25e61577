/**
 * @file channel/fence.h  What the store says of a write that memory decided
 *
 * A post or a join names the lease of our instance and the generations of the
 * rights that it was checked with (struct standing); the statement compares
 * them with those of now: sql/schema/0014_fence.sql.
 */
#pragma once

enum fence {
	FENCE_STORED = 0,
	FENCE_CLOSED = 1,    /* the room takes no posts                      */
	FENCE_STALE  = 2,    /* rights have changed: read them, check again  */
	FENCE_LEASE  = 3,    /* our lease has ended                          */
	FENCE_CLOCK  = 4,    /* stored; the room's time had been ahead of the
	                        store's clock and was set back               */
};
