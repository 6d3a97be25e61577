/**
 * @file common/db/migrate_priv.h  What migrate.c and roles.c share
 */
#pragma once

typedef struct pg_conn PGconn;

/** One connection that changes a schema or its rights */
struct migrator {
	const struct sql_set *set;
	PGconn *pg;
	struct mbuf *errmb;      /* one line that says what is wrong */
};

/**
 * Connect
 *
 * @param m      Its set and errmb are filled in; PQfinish(m->pg) in any case
 * @param owner  Become the owner of the schema or the database, if we may
 *
 * @return 0, ECONNREFUSED, EPROTO, ENOMEM
 */
int  migrator_open(struct migrator *m, const char *conninfo, bool owner);
/** EPROTO (refused), ECONNRESET */
int  migrator_run(const struct migrator *m, const char *what,
		  const char *sql);
/** The connection's error as one line, however many it has */
void migrator_complain(const struct migrator *m, const char *what);
