/**
 * @file tests/db/test_migrate.c  Migrations
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/embedded.h"
#include "common/db/migrate.h"
#include "tests/support/store.h"
#include "tests/unit/suite.h"

static struct store *st;
static struct mbuf *errmb;
static unsigned applied;


static void setup(void)
{
	applied = 0;
	errmb = mbuf_alloc(256);
	ck_assert_int_eq(store_start(&st), 0);
}


static void teardown(void)
{
	store_stop(st);
	mem_deref(errmb);
}


static void applied_handler(uint32_t version, const char *name, void *arg)
{
	(void)name;
	(void)arg;

	ck_assert_uint_eq(version, sql_store.migrationv[applied].version);
	++applied;
}


static int migrate(const char *dbname)
{
	applied = 0;
	mbuf_rewind(errmb);

	return migrate_run(&sql_store, store_conninfo_db(st, dbname),
			   applied_handler, NULL, errmb);
}


static bool complains_of(const char *what)
{
	return memmem(errmb->buf, errmb->end, what, strlen(what)) != NULL;
}


START_TEST(an_empty_store_gets_all_and_a_complete_one_nothing)
{
	ck_assert_int_eq(migrate("empty"), 0);
	ck_assert_uint_eq(applied, sql_store.migrationc);
	ck_assert_int_eq(migrate("empty"), 0);
	ck_assert_uint_eq(applied, 0);
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM "
				      "schema_version"),
			 (int)sql_store.migrationc);
}
END_TEST


/* Else a pool without an archive fills its outbox for ever */
START_TEST(a_new_store_records_no_event_before_compliance_is_enabled)
{
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM pg_trigger"
				      " WHERE tgname ~ '^compliance_'"
				      " AND tgenabled <> 'D'"), 0);
	ck_assert_int_eq(store_sql(st, "INSERT INTO principal (kind, key, name)"
				   " VALUES (5, 'sip:a@b.c', 'sip:a@b.c')"), 0);
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM outbox"), 0);
}
END_TEST


START_TEST(a_newer_store_is_left_alone)
{
	ck_assert_int_eq(store_sql(st, "INSERT INTO schema_version "
				   "VALUES (9999)"), 0);
	ck_assert_int_eq(migrate("mgc"), EPROTO);
	ck_assert(complains_of("9999"));
	ck_assert_uint_eq(applied, 0);
}
END_TEST


START_TEST(a_migration_that_fails_leaves_nothing_behind)
{
	ck_assert_int_eq(store_sql(st, "CREATE DATABASE spoilt"), 0);
	ck_assert_int_eq(migrate("spoilt"), 0);
	ck_assert_int_eq(store_sql(st, "DELETE FROM schema_version"), 0);
	ck_assert_int_eq(migrate("mgc"), EPROTO);
	ck_assert(complains_of("migration 1 (store)"));
	ck_assert(complains_of("already exists"));
	ck_assert_int_eq(store_number(st, "SELECT count(*) FROM "
				      "schema_version"), 0);
}
END_TEST


/* Nothing can be made right later: so it is said before the first migration,
   and how */
START_TEST(a_database_that_cannot_serve_is_refused)
{
	static const struct {
		const char *name, *encoding, *ctype, *problem;
	} unfitv[] = {
		{ "ascii",  "SQL_ASCII", "C", "its encoding is SQL_ASCII" },
		{ "latin",  "LATIN1",    "C", "its encoding is LATIN1"    },
		{ "euc",    "EUC_JP",    "C", "its encoding is EUC_JP"    },
		{ "nocase", "UTF8",      "C", "does not fold the case"    },
	};
	char sql[192];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unfitv); i++) {
		(void)re_snprintf(sql, sizeof(sql), "CREATE DATABASE %s "
				  "ENCODING '%s' LOCALE '%s' TEMPLATE "
				  "template0", unfitv[i].name,
				  unfitv[i].encoding, unfitv[i].ctype);
		ck_assert_int_eq(store_sql(st, sql), 0);
		ck_assert_int_eq(migrate(unfitv[i].name), EPROTO);
		ck_assert_uint_eq(applied, 0);
		ck_assert(complains_of(unfitv[i].problem));

		(void)re_snprintf(sql, sizeof(sql), "CREATE DATABASE %s "
				  "ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE "
				  "template0", unfitv[i].name);
		ck_assert(complains_of(sql));
	}
	ck_assert_int_eq(migrate_run(&sql_compliance,
				     store_conninfo_db(st, "ascii"), NULL,
				     NULL, errmb), EPROTO);

	/* what it proposes works */
	(void)re_snprintf(sql, sizeof(sql), "DROP DATABASE nocase");
	ck_assert_int_eq(store_sql(st, sql), 0);
	ck_assert_int_eq(store_sql(st, "CREATE DATABASE nocase ENCODING "
		"'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0"), 0);
	ck_assert_int_eq(migrate("nocase"), 0);
}
END_TEST


/* Everything of the days when names could be anything */
static const char old_names[] =
	"INSERT INTO category (category_id, name) VALUES (1, E'c\\t'), (2, 'C2');"
	"INSERT INTO room (room_id, category_id, name) VALUES"
	" (1, 1, E'tab\\tesc\\x1b'), (2, 1, 'Stra\xc3\x9f" "e'), (3, 1, 'STRASSE'),"
	" (4, 1, U&'\\200B'), (5, 1, U&'re\\0301'), (6, 1, '\xef\xbc\xa3" "2');"
	"INSERT INTO addin (name, url) VALUES (' ', 'https://a.net/');"
	"INSERT INTO principal (principal_id, kind, key, name, display) VALUES"
	" (201, 5, 'sip:a@x', 'sip:a@x', U&'A\\202E'),"
	" (202, 9, E'group:g\\x07', E'g\\x07', E'g\\x07'),"
	" (203, 9, 'group:ops', 'ops', 'ops'),"
	" (204, 9, 'group:\xef\xbd\x8fps', '\xef\xbd\x8fps', 'x');"
	"INSERT INTO watch (principal_id, kind, words) VALUES (201, 1, '\xe6\x9d\xb1');"
	"INSERT INTO message (room_id, msg_id, author_id, ts, origin, chat)"
	" VALUES (2, 1, 201, now(), 1, '\xe6\x9d\xb1\xe4\xba\xac');"
	"UPDATE room_head SET last_id = 1 WHERE room_id = 2;"
	"SELECT search_index_step(0, 10, 10)";


static void old_store(PGconn *pg, uint32_t before)
{
	size_t i;

	for (i = 0; i < sql_store.migrationc; i++) {
		if (sql_store.migrationv[i].version >= before)
			break;
		PQclear(PQexec(pg, "BEGIN"));
		PQclear(PQexec(pg, sql_store.migrationv[i].text));
		PQclear(PQexec(pg, "COMMIT"));
	}
}


static int old_number(PGconn *pg, const char *sql)
{
	PGresult *res = PQexec(pg, sql);
	int n = -1;

	ck_assert_msg(PQresultStatus(res) == PGRES_TUPLES_OK, "%s",
		      PQerrorMessage(pg));
	if (PQntuples(res))
		n = (int)strtol(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);

	return n;
}


static int migrate_old(void)
{
	mbuf_rewind(errmb);

	return migrate_run(&sql_store, store_conninfo_db(st, "empty"), NULL,
			   NULL, errmb);
}


START_TEST(a_store_of_former_names_is_migrated_and_shows_them)
{
	PGconn *pg = PQconnectdb(store_conninfo_db(st, "empty"));

	PQclear(PQexec(pg, "SET client_min_messages = error"));
	old_store(pg, 17);
	ck_assert_int_ge(old_number(pg, old_names), 0);
	ck_assert_int_eq(migrate_old(), 0);

	ck_assert_int_eq(old_number(pg, "SELECT count(*) FROM names_unfit()"
		" WHERE kind = 'room' AND problem ~ 'U.0009|looks the same|"
		"U.200B|not composed'"), 4);
	ck_assert_int_eq(old_number(pg, "SELECT count(*) FROM names_unfit()"
		" WHERE (kind, problem) IN (('category', 'U+0009 at position "
		"2 is a control character'), ('category', 'looks the same as "
		"another name'), ('addin', 'is blank'), ('group', 'looks the "
		"same as another name'))"), 4);
	ck_assert_int_eq(old_number(pg, "SELECT count(*) FROM room WHERE "
		"name = 'STRASSE'"), 1);

	/* words are renewed behind it, and found */
	ck_assert_int_eq(old_number(pg, "SELECT stale_to FROM room_indexed "
				    "WHERE room_id = 2"), 1);
	(void)old_number(pg, "SELECT passed FROM search_index_step(0, 10, 10)");
	ck_assert_int_eq(old_number(pg, "SELECT count(*) FROM history_find("
		"'{2}', '\xe4\xba\xac', 1, false, NULL, '-infinity', "
		"'infinity', NULL, true, 10)"), 1);
	ck_assert_int_eq(old_number(pg, "SELECT count(*) FROM watch_term "
				    "WHERE term = ' \xe6\x9d\xb1'"), 1);
	PQfinish(pg);
}
END_TEST


START_TEST(a_store_that_is_not_there_is_said_so)
{
	ck_assert_int_eq(migrate("nowhere"), ECONNREFUSED);
	ck_assert(complains_of("nowhere"));
	ck_assert(!memchr(errmb->buf, '\n', errmb->end));
}
END_TEST


START_TEST(statements_are_in_the_order_that_they_are_searched_in)
{
	size_t i;

	for (i = 1; i < sql_store.stmtc; i++)
		ck_assert_str_lt(sql_store.stmtv[i - 1].name, sql_store.stmtv[i].name);
	for (i = 1; i < sql_store.migrationc; i++)
		ck_assert_uint_lt(sql_store.migrationv[i - 1].version,
				  sql_store.migrationv[i].version);
}
END_TEST


static void ck_same_text(const char *path, const char *text)
{
	const size_t len = strlen(text);
	char *buf = mem_alloc(len + 2, NULL);
	FILE *f = fopen(path, "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fread(buf, 1, len + 2, f), len);
	ck_assert_int_eq(memcmp(buf, text, len), 0);
	(void)fclose(f);
	mem_deref(buf);
}


/* Run from the top of the source tree, as make does */
START_TEST(a_migration_is_embedded_as_it_stands_in_its_file)
{
	char path[128];
	size_t i;

	for (i = 0; i < sql_store.migrationc; i++) {
		(void)re_snprintf(path, sizeof(path), "sql/schema/%04u_%s.sql",
				  sql_store.migrationv[i].version,
				  sql_store.migrationv[i].name);
		ck_same_text(path, sql_store.migrationv[i].text);
	}
}
END_TEST


static Suite *db_migrate_suite(void)
{
	Suite *suite = suite_create("db/migrate");
	TCase *tc = tcase_create("migrate");
	TCase *tables = tcase_create("tables");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc,
		       an_empty_store_gets_all_and_a_complete_one_nothing);
	tcase_add_test(tc,
		       a_new_store_records_no_event_before_compliance_is_enabled);
	tcase_add_test(tc, a_newer_store_is_left_alone);
	tcase_add_test(tc, a_migration_that_fails_leaves_nothing_behind);
	tcase_add_test(tc, a_database_that_cannot_serve_is_refused);
	tcase_add_test(tc,
		       a_store_of_former_names_is_migrated_and_shows_them);
	tcase_add_test(tc, a_store_that_is_not_there_is_said_so);
	suite_add_tcase(suite, tc);

	tcase_add_test(tables,
		       statements_are_in_the_order_that_they_are_searched_in);
	tcase_add_test(tables,
		       a_migration_is_embedded_as_it_stands_in_its_file);
	suite_add_tcase(suite, tables);

	return suite;
}
TEST_SUITE(db_migrate_suite)
