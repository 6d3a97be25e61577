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
	const char *text;        /* without comment lines                */
};

/** A database: its schema, and the statements that go with it */
struct sql_set {
	const char *name;
	const struct sql_migration *migrationv;   /* by version          */
	size_t migrationc;
	const struct sql_stmt *stmtv;             /* by name             */
	size_t stmtc;
};

/** NULL: there is none of that name */
const struct sql_stmt *sql_stmt_find(const struct sql_set *set,
				     const char *name);
/** The newest migration's number */
uint32_t sql_set_version(const struct sql_set *set);
/** For when schema_version cannot be read: our role, and whether it exists */
extern const char sql_rights[];
