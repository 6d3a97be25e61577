/**
 * @file common/db/embedded.h  What sql/embed.awk makes of the files in sql/
 *
 * Private to common/db and its tests.
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

extern const struct sql_migration sql_migrationv[];   /* by version  */
extern const size_t sql_migrationc;
extern const struct sql_stmt sql_stmtv[];             /* by name     */
extern const size_t sql_stmtc;
