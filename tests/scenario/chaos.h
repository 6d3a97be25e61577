/**
 * @file tests/scenario/chaos.h  A pool that is used while it is wrecked
 *
 * chaos_load.c: people who sign in again whenever they are thrown out, and what
 * was answered to them.  chaos_wreck.c: a process that kills and breaks at
 * random moments, and mends all in the end.  said.c: what an archive holds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct pool;

enum { CHAOS_USERS = 8, CHAOS_ROOMS = 3, CHAOS_DISK = 1 << 30 };

/* chaos_load.c */

/** Learn the rooms, as long as the pool is well */
void chaos_load_begin(struct pool *pool);
/** Post, join, part and read on every instance until process pid is gone */
void chaos_load(struct pool *pool, pid_t pid);
/** Everybody signs out; then nobody is in a room any more */
void chaos_load_end(struct pool *pool);
/** Posts so far, and those answered 200 */
size_t chaos_posts(void);
size_t chaos_posts_ok(void);
/** Was post i, of text "t<i>", answered 200? */
bool chaos_post_ok(size_t i);

/* chaos_wreck.c */

/**
 * Start the process; it is our child
 *
 * @param dir      As long as a file "broken" is there, an adapter fails
 * @param disk     A tmpfs of CHAOS_DISK bytes to fill; NULL: none is filled
 * @param seconds  How long
 * @param seed     Of its dice
 *
 * Its exit status is 0 when everything runs again.
 */
pid_t chaos_wreck(struct pool *pool, const char *dir, const char *disk,
		  unsigned seconds, unsigned seed);

/* said.c */

/**
 * The messages in what an adapter wrote, a line "ROOM MSGID TEXT" each: room by
 * room, those of a room in the archive's order
 *
 * @param dir   Folder of its files; those of an earlier batch sort first
 * @param xml   Written by adapter xml, not as JSON lines
 *
 * @return text to mem_deref()
 */
char *said_archive(const char *dir, bool xml);
/** The same from the store */
char *said_store(const struct pool *pool);
/** Adapter xml's files that conversations.xsd does not describe; each is
 *  named */
unsigned said_invalid(const char *dir);
