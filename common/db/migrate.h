/**
 * @file common/db/migrate.h  Bring a store to the schema of this build
 *
 * For pchatctl and for tests: blocks, never in a daemon.
 */
#pragma once

struct sql_set;

/** A migration was applied and committed */
typedef void (migrate_h)(uint32_t version, const char *name, void *arg);

/**
 * Apply every migration of the set that the database does not have, in order
 *
 * Each is one transaction, under a lock that makes two who migrate at the
 * same time take turns.  What was committed stays when a later one fails;
 * running it again goes on from there, and on a complete store does nothing.
 *
 * Whoever connects becomes the owner of the schema or else of the database, if
 * they may (SET ROLE), so that everything has one owner.
 *
 * @param set       &sql_store or &sql_compliance (common/db/db.h)
 * @param conninfo  libpq; the database exists, the user may create in it
 * @param h         Told of each (may be NULL)
 * @param errmb     On failure one line that says what is wrong
 *
 * @return 0, EINVAL, ECONNREFUSED (no connection), EPROTO (the store is newer
 *         than this build, or a migration was refused), ENOMEM
 */
int migrate_run(const struct sql_set *set, const char *conninfo,
		migrate_h *h, void *arg, struct mbuf *errmb);

/** Tell @p h of every migration that migrate_run() would apply; changes nothing */
int migrate_pending(const struct sql_set *set, const char *conninfo,
		    migrate_h *h, void *arg, struct mbuf *errmb);
