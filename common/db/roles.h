/**
 * @file common/db/roles.h  Database roles and what they may do (sql/rights)
 *
 * For pchatctl and for tests: blocks, never in a daemon.
 */
#pragma once

struct sql_set;

/** A statement that was run, or would be */
typedef void (roles_sql_h)(const char *sql, void *arg);

struct roles_conf {
	const char *prefix;      /* of their names: "pchat" makes pchat_channel */
	bool dry;                /* run nothing                                 */
	roles_sql_h *h;          /* told of each statement (may be NULL)        */
	void *arg;
};

/** What a prefix may be: a lower-case SQL name, short enough */
bool roles_prefix_valid(const char *prefix);

/**
 * Make the roles that are not there; before the migrations
 *
 * With an administrator's connection also the owner, who gets an empty database
 * that an administrator made.
 *
 * @param errmb  On failure one line that says what is wrong
 *
 * @return 0, EINVAL (prefix), EACCES (some are missing and this user may not
 *         make roles), ECONNREFUSED, EPROTO, ENOMEM
 */
int roles_make(const struct sql_set *set, const char *conninfo,
	       const struct roles_conf *conf, struct mbuf *errmb);

/**
 * Give the roles what sql/rights says and take everything else from them and
 * from PUBLIC, in one transaction; after the migrations
 *
 * @param conf  With prefix NULL: the prefix that was used before, if any; this is
 *              how a migration's new functions get their rights
 *
 * @return as roles_make(); ENOENT: roles were never set up here
 */
int rights_apply(const struct sql_set *set, const char *conninfo,
		 const struct roles_conf *conf, struct mbuf *errmb);

/** A table or function of the database that sql/rights does not name, or a
    name in there that the database does not have */
typedef void (rights_undecided_h)(const char *kind, const char *object,
				  bool undecided, void *arg);

/** Compare sql/rights with the database.  As rights_apply() */
int rights_check(const struct sql_set *set, const char *conninfo,
		 rights_undecided_h *h, void *arg, struct mbuf *errmb);
