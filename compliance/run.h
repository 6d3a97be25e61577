/**
 * @file compliance/run.h  From staged events to batches, and away with old ones
 *
 * A run closes batches over all events before a time T at which nothing older
 * can come any more: T is before every transaction that is open in the store,
 * before the oldest event of its outbox, and some time ago.  So the events of
 * a room are in order from batch to batch.  A run makes several batches when
 * there is much: none is larger than events_max and, by more than one event,
 * bytes_max.
 */
#pragma once

struct db;
struct run;

struct run_conf {
	const char *who;           /* name of the lease's holder              */
	uint32_t settle_ms;        /* before T is this long ago it is not due */
	uint32_t events_max;
	uint64_t bytes_max;
	uint64_t keep_s;           /* how long events stay that all have      */
};

/**
 * @param staging  A connection for this alone: closing a batch takes its time
 * @param store    The Persistent Chat Store
 */
int  run_open(struct run **rp, struct db *staging, struct db *store,
	      const struct run_conf *conf);
/** Only who holds the lease runs */
void run_enable(struct run *r, bool enable);
void run_interval(struct run *r, uint32_t interval_s);
/** Have a run soon, whoever does it; repeated until the store knows.
 *  @return 0, or as db_exec(): then nobody was asked */
int  run_ask(struct run *r);
/** Look whether one is due; also by itself, every second */
void run_kick(struct run *r);
