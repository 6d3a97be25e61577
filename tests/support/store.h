/**
 * @file tests/support/store.h  A private PostgreSQL cluster for a test
 *
 * Each store is a cluster of its own, on a UNIX socket in a temporary folder,
 * with two databases: the migrated "mgc" and "empty".  The first store of a
 * test run makes a template that the others copy, so one takes some tenths of
 * a second.  fsync is off.  PostgreSQL refuses root, so root's test runs have
 * it run as the user postgres.  Nothing outlives the test run.
 */
#pragma once

struct store;

/** @return 0; on failure what is wrong is on standard error */
int  store_start(struct store **stp);
/** Takes it down and removes its files */
void store_stop(struct store *st);

/** Of the migrated database */
const char *store_conninfo(const struct store *st);
/** Of another database of the cluster, "empty" for instance */
const char *store_conninfo_db(struct store *st, const char *dbname);
/** Folder of the UNIX socket, for a conninfo of the test's own */
const char *store_dir(const struct store *st);

/** End the server as a crash would; store_up() brings it back */
void store_crash(struct store *st);
int  store_up(struct store *st);
/** Stop all its processes as they are, or let them go on */
void store_freeze(struct store *st, bool frozen);

/** Run SQL in "mgc" and wait for it; errors go to standard error */
int  store_sql(struct store *st, const char *sql);
/** The same; the first column of the first row, or -1 */
long long store_number(struct store *st, const char *sql);
