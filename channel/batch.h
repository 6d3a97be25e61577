/**
 * @file channel/batch.h  Which messages one commit stores, and where
 *
 * The statement wants its rooms ascending and once each, so that batches of
 * different processes lock the rooms' counters in one order and never
 * deadlock; messages of one room keep the order in which they came.  No I/O.
 */
#pragma once

enum { BATCH_MAX = 1024 };

struct batch {
	uint32_t n;                      /* messages                         */
	uint32_t rooms;
	int64_t roomv[BATCH_MAX];        /* ascending, distinct              */
	int32_t countv[BATCH_MAX];       /* messages per room                */
	int32_t placev[BATCH_MAX];       /* per message: room, from 1        */
	int32_t nthv[BATCH_MAX];         /* per message: in its room, from 1 */
};

/** @p roomv: the room of each message in order of arrival; n <= BATCH_MAX */
void batch_group(struct batch *batch, const int64_t *roomv, uint32_t n);
