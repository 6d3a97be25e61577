/**
 * @file compliance/origin.h  Are the stores still what they were?
 *
 * Each remembers of the other which one it is, in which cluster and database,
 * and how far that cluster's log was.  Whoever holds the lease compares now
 * and then: a store that was set back, restored or made anew becomes a row of
 * the table fork, which status shows and manifests tell of.  Loop.
 */
#pragma once

struct db;
struct origin;

/** mem_deref() ends it */
int  origin_open(struct origin **op, struct db *staging, struct db *store);
void origin_enable(struct origin *o, bool enable);
