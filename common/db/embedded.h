/**
 * @file common/db/embedded.h  What sql/embed.awk makes of the files in sql/
 *
 * Private to common/db, to pchatctl and to tests.
 */
#pragma once

struct sql_migration {
	uint32_t version;        /* NNNN of sql/schema/NNNN_what.sql     */
	const char *name;        /* what                                 */
	const char *text;        /* the whole file                       */
};

struct sql_stmt {
	const char *name;
	const char *roles;       /* who runs it: "channel web"           */
	const char *text;        /* without comment lines                */
};

/** One right of sql/rights, see there.  A function's mode (owner, caller) is a
    row without role, an object that nobody may use one without privilege */
struct sql_right {
	const char *kind;        /* "table"                              */
	const char *object;      /* "room"                               */
	const char *role;        /* "channel"                            */
	const char *privilege;   /* "select"                             */
};

/** A database: its schema, and the statements that go with it */
struct sql_set {
	const char *name;
	const struct sql_migration *migrationv;   /* by version          */
	size_t migrationc;
	const struct sql_stmt *stmtv;             /* by name             */
	size_t stmtc;
	const struct sql_right *rightv;
	size_t rightc;
};

/** NULL: there is none of that name */
const struct sql_stmt *sql_stmt_find(const struct sql_set *set,
				     const char *name);
/** The newest migration's number */
uint32_t sql_set_version(const struct sql_set *set);
