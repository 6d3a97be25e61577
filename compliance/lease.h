/**
 * @file compliance/lease.h  The one daemon that runs the archives
 *
 * A row of the compliance store says who it is and until when; it is renewed
 * in time, and another takes it over when it lapsed.  What only the holder may
 * do is checked once more in the statements that do it.
 */
#pragma once

struct db;
struct lease;

/** It is ours from now on, or not any more */
typedef void (lease_h)(bool held, void *arg);

/**
 * @param db    The compliance store
 * @param name  Ours, unique among the daemons
 */
int  lease_open(struct lease **lp, struct db *db, const char *name,
		uint32_t period_ms, uint32_t lapse_ms, lease_h *h, void *arg);
bool lease_held(const struct lease *l);
/** Who has it, as far as we know; "" nobody */
const char *lease_holder(const struct lease *l);
/** Give it back; whoever is next need not wait */
void lease_drop(struct lease *l);
