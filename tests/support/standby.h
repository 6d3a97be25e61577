/**
 * @file tests/support/standby.h  A streaming standby of a pool's store
 *
 * Made by pg_basebackup from the running primary, which then commits
 * synchronously: what it has told its clients is on the standby.
 */
#pragma once

struct pool;
struct standby;

/**
 * @param sbp  Set on success; mem_deref() ends it and removes its files
 *
 * @return 0; on failure what is wrong is on standard error
 */
int  standby_start(struct standby **sbp, const struct pool *pool);
/** Its port on 127.0.0.1 */
uint16_t standby_port(const struct standby *sb);
/** libpq conninfo of the owner's database there; valid as long as sb */
const char *standby_conninfo(const struct standby *sb);
/** It becomes the primary; returns when it takes writes */
int  standby_promote(struct standby *sb);

/** Stop (true) the processes of the pool's store as they are, or let them go
 *  on */
void standby_freeze_primary(const struct pool *pool, bool frozen);
