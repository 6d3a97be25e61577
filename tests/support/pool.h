/**
 * @file tests/support/pool.h  A private pool for a test, up and down
 *
 * Runs deploy/dev/pool in a temporary folder and reads its pool.json.  The
 * folder is entered in the list file named by PCHAT_POOLS before anything
 * starts, so that the runner can take down what a failed test left behind:
 * see pools_sweep().  Functions that run the script block.  A pool brought up
 * in an unchecked fixture may be used by every test of the case: the forked
 * test has a copy, which pool_reload() brings up to date.
 */
#pragma once

#include "tests/support/poolfile.h"

struct pool;

struct pool_opts {
	unsigned instances;          /* 0: two                               */
	unsigned compliance;
	unsigned web;                /* processes of the web service         */
	bool registrar;
	const char *data;            /* JSON text (starts with '{') or the
	                                path of a file; NULL: none           */
	const char *const *setv;     /* "KEY=VALUE", NULL-terminated; or NULL */
};

/**
 * Bring a pool up and wait until all of it is ready
 *
 * @param poolp  Set on success; pool_down() it
 * @param opts   NULL: two instances, no data
 *
 * @return 0, ETIMEDOUT, EPROTO (the script failed: its output is printed)
 */
int  pool_up(struct pool **poolp, const struct pool_opts *opts);
/** Take it down, whatever its state, print what the sanitizers reported in its
 *  logs, and remove the folder.  NULL is fine */
void pool_down(struct pool *pool);
/** `down` and `up` again in the same folder: the data stays */
int  pool_cycle(struct pool *pool);
/** Read pool.json again; what the accessors returned before is gone */
int  pool_reload(struct pool *pool);

/** One process by name: an instance's, "compliance-1", "web-1", "store",
 *  "registrar" */
int  pool_stop(struct pool *pool, const char *name);
int  pool_start(struct pool *pool, const char *name);
/** SIGKILL, for "store" to the postmaster and its children.  ENOENT */
int  pool_kill9(struct pool *pool, const char *name);

const char *pool_dir(const struct pool *pool);
const char *pool_store(const struct pool *pool);    /* libpq conninfo    */
const char *pool_uri(const struct pool *pool);
const char *pool_domain(const struct pool *pool);
size_t pool_instances(const struct pool *pool);
/** NULL beyond the last */
const struct pool_inst *pool_inst(const struct pool *pool, size_t i);
/** Of the compliance store; NULL without compliance daemons */
const char *pool_compliance_store(const struct pool *pool);
/** The folder for what adapters write; NULL as before */
const char *pool_archive(const struct pool *pool);
/** A compliance daemon; NULL beyond the last */
const struct pool_compliance *pool_compliance(const struct pool *pool,
					      size_t i);
/** A process of the web service; NULL beyond the last */
const struct pool_web *pool_web(const struct pool *pool, size_t i);
/** Certificate of the authority that signed all others, a file's path */
const char *pool_ca(const struct pool *pool);
/** "127.0.0.1:PORT", NULL without a registrar */
const char *pool_registrar_tcp(const struct pool *pool);
const char *pool_registrar_tls(const struct pool *pool);
/** Its sockets for kamcmd and kamctl */
const char *pool_registrar_ctl(const struct pool *pool);
const char *pool_registrar_fifo(const struct pool *pool);
/** The store's postmaster now, 0 when it does not run */
pid_t pool_postmaster(const struct pool *pool);

/**
 * First column of the first row of a query on the store, in a connection of
 * its own, by blocking libpq
 *
 * @param p1  $1 as text, or NULL
 *
 * @return text to mem_deref(); NULL: no row, null or failed
 */
char *pool_sql(const struct pool *pool, const char *sql, const char *p1);
/** The same in the compliance store */
char *pool_compliance_sql(const struct pool *pool, const char *sql,
			  const char *p1);

/**
 * Take down every pool that is listed and still there; removes the list
 *
 * @return true if a process of any listed pool, taken down before or now, left
 *         a sanitizer's report in its log
 */
bool pools_sweep(const char *listfile);
