/**
 * @file compliance/lag.h  How far the archive is behind
 *
 * The oldest event that no archive has, be it in the store's outbox, staged or
 * in a batch: a gauge, an alarm in the log, and, when the pool is to stop
 * rather than to go on without an archive, the word to the channel processes.
 */
#pragma once

struct db;
struct lag;

int  lag_open(struct lag **lp, struct db *staging, struct db *store);
/** Only who holds the lease tells the others */
void lag_enable(struct lag *l, bool enable);
/** In s; 0: never */
void lag_limits(struct lag *l, uint64_t alarm_s, uint64_t closed_s);
uint64_t lag_oldest_s(const struct lag *l);
bool lag_alarm(const struct lag *l);
bool lag_closed(const struct lag *l);
