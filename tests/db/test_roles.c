/**
 * @file tests/db/test_roles.c  Least privilege: what each role can, and cannot
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/embedded.h"
#include "common/db/roles.h"
#include "tests/db/operator.h"
#include "tests/unit/suite.h"

enum { ROUNDS = 8, PARAMS_MAX = 32 };

#define DENIED "42501"

/* What an attempt ends with that only lacks what goes before it in a command:
   a temporary table, a cursor, a setting */
static const char *const lackv[] = {
	"42P01", "34000", "42704",
};

static const struct sql_set *const setv[] = { &sql_store, &sql_compliance };


static const char *database(const struct sql_set *set)
{
	return set == &sql_store ? "mgc" : "empty";
}


static PGconn *connect_as(const struct sql_set *set, const char *user)
{
	char conninfo[192];

	(void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=%s user=%s",
		       store_dir(op_store()), database(set), user);

	return PQconnectdb(conninfo);
}


static void setup(void)
{
	char empty[128];

	op_setup();
	(void)snprintf(empty, sizeof(empty), "%s",
		       store_conninfo_db(op_store(), "empty"));
	op_ok("migrate --roles --compliance '%s'", empty);
	ck_assert_int_eq(store_sql(op_store(), "CREATE ROLE stranger LOGIN"),
			 0);
}


/* ------------------------------------------------------ nothing is missed */

static void undecided_handler(const char *kind, const char *object,
			      bool undecided, void *arg)
{
	unsigned *n = arg;

	if (!undecided)
		return;

	++*n;
	(void)re_fprintf(stderr, "sql/rights: %s %s has no line\n", kind,
			 object);
}


START_TEST(every_table_and_function_has_a_line_that_says_who_may_use_it)
{
	struct mbuf *mb = mbuf_alloc(256);
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(setv); i++)
		ck_assert_int_eq(rights_check(
			setv[i], store_conninfo_db(op_store(),
						   database(setv[i])),
			undecided_handler, &n, mb), 0);

	mem_deref(mb);
	ck_assert_uint_eq(n, 0);
}
END_TEST


/* ------------------------------------- every statement under its own role */

static bool outcome(PGresult *res, char state[8])
{
	const ExecStatusType status = PQresultStatus(res);
	const char *code = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	str_ncpy(state, code ? code : "", 8);
	PQclear(res);

	return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ||
	       status == PGRES_COPY_IN || status == PGRES_COPY_OUT;
}


static void drain(PGconn *pg)
{
	PGresult *res;
	char *row;

	(void)PQputCopyEnd(pg, NULL);
	while (PQgetCopyData(pg, &row, 0) > 0)
		PQfreemem(row);
	while ((res = PQgetResult(pg)))
		PQclear(res);
}


static unsigned parameters(const char *text)
{
	unsigned max = 0;

	for (const char *p = strchr(text, '$'); p; p = strchr(p + 1, '$')) {
		const unsigned n = (unsigned)strtoul(p + 1, NULL, 10);

		if (n > max)
			max = n;
	}

	return max;
}


/* What a cursor is for, else the statement itself */
static const char *query_of(const char *text)
{
	const char *p = strstr(text, "CURSOR FOR");

	return p ? p + strlen("CURSOR FOR") : text;
}


static bool plannable(const char *text)
{
	static const char *const verbv[] = {
		"SELECT", "WITH", "INSERT", "UPDATE", "DELETE"
	};

	text += strspn(text, " \t\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbv); i++) {
		if (!strncmp(text, verbv[i], strlen(verbv[i])))
			return true;
	}

	return false;
}


/* EXPLAIN checks the rights on tables and functions, and runs nothing */
static bool explain(PGconn *pg, const char *text, char state[8])
{
	char sql[256] = "EXPLAIN EXECUTE s";
	const unsigned n = parameters(text);
	bool ok;

	ok = outcome(PQprepare(pg, "s", text, 0, NULL), state);
	if (!ok)
		return false;

	for (unsigned i = 0; i < n; i++)
		(void)strcat(sql, i ? ",NULL" : "(NULL");
	if (n)
		(void)strcat(sql, ")");

	ok = outcome(PQexec(pg, sql), state);
	PQclear(PQexec(pg, ok ? "DEALLOCATE s" :
		       "ROLLBACK TO step; DEALLOCATE s"));

	return ok;
}


/* Statements that make and fill temporary tables are run, in the one
   transaction that is undone at the end */
static bool attempt(PGconn *pg, const struct sql_stmt *stmt, char state[8])
{
	const char *text = query_of(stmt->text);
	bool ok;

	PQclear(PQexec(pg, "SAVEPOINT step"));

	if (plannable(text)) {
		ok = explain(pg, text, state);
	}
	else {
		ok = outcome(PQexec(pg, text), state);
		drain(pg);
	}

	PQclear(PQexec(pg, ok ? "RELEASE step" : "ROLLBACK TO step"));

	return ok;
}


static bool lacks(const char *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(lackv); i++) {
		if (!strcmp(state, lackv[i]))
			return true;
	}

	return false;
}


static bool runs_it(const struct sql_stmt *stmt, const char *role)
{
	const size_t len = strlen(role);
	const char *p = stmt->roles;

	while ((p = strstr(p, role))) {
		if ((p == stmt->roles || p[-1] == ' ') &&
		    (p[len] == ' ' || !p[len]))
			return true;
		p += len;
	}

	return false;
}


/* Whatever works is done with; the rest again, as long as that helps */
static unsigned denied(const struct sql_set *set, const char *role,
		       unsigned *foundp)
{
	bool *donev = mem_zalloc(set->stmtc * sizeof(*donev), NULL);
	unsigned bad = 0, round;
	char user[32], state[8];
	PGconn *pg;
	size_t i;

	(void)snprintf(user, sizeof(user), "pchat_%s", role);
	pg = connect_as(set, user);
	ck_assert_msg(PQstatus(pg) == CONNECTION_OK, "%s",
		      PQerrorMessage(pg));
	PQclear(PQexec(pg, "SET client_min_messages = error; BEGIN"));

	for (round = 1; round <= ROUNDS; round++) {
		for (i = 0; i < set->stmtc; i++) {
			const struct sql_stmt *stmt = &set->stmtv[i];

			if (donev[i] || !runs_it(stmt, role))
				continue;

			donev[i] = attempt(pg, stmt, state);
			*foundp += donev[i];
			if (donev[i] || (round < ROUNDS && strcmp(state, DENIED)) ||
			    lacks(state))
				continue;

			++bad;
			donev[i] = true;
			(void)re_fprintf(stderr, "%s of %s as %s: %s\n",
					 stmt->name, set->name, user, state);
		}
	}

	PQfinish(pg);
	mem_deref(donev);

	return bad;
}


START_TEST(every_statement_may_be_run_by_the_role_that_it_is_for)
{
	static const char *const rolev[] = {
		"channel", "web", "compliance", "ctl"
	};
	unsigned bad = 0, found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rolev); i++) {
		bad += denied(&sql_store, rolev[i], &found);
		if (!strcmp(rolev[i], "compliance") || !strcmp(rolev[i], "ctl"))
			bad += denied(&sql_compliance, rolev[i], &found);
	}

	ck_assert_uint_eq(bad, 0);
	ck_assert_uint_gt(found, 300);
}
END_TEST


/* ----------------------------------------------------------- nothing else */

static void ck_denied(const struct sql_set *set, const char *user,
		      const char *sql)
{
	PGconn *pg = connect_as(set, user);
	char state[8] = "";

	if (PQstatus(pg) == CONNECTION_OK)
		ck_assert_msg(!outcome(PQexec(pg, sql), state) &&
			      !strcmp(state, DENIED),
			      "%s: %s: \"%s\"", user, sql, state);
	else
		ck_assert_msg(strstr(PQerrorMessage(pg), "permission denied"),
			      "%s: %s", user, PQerrorMessage(pg));

	PQfinish(pg);
}


START_TEST(what_was_said_and_done_cannot_be_changed_behind_the_functions)
{
	static const char *const rolev[] = {
		"pchat_channel", "pchat_web", "pchat_compliance", "pchat_ctl",
		"pchat_reader", "pchat_registrar",
	};
	static const char *const sqlv[] = {
		"DELETE FROM message", "UPDATE message SET chat = ''",
		"TRUNCATE message", "DELETE FROM outbox",
		"UPDATE outbox SET kind = 1", "DELETE FROM admin_audit",
		"UPDATE admin_audit SET actor = ''",
		"SELECT message_drop(1, '{}', '{}')",
		"DELETE FROM schema_version", "UPDATE role_setup SET prefix = ''",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rolev); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(sqlv); k++)
			ck_denied(&sql_store, rolev[i], sqlv[k]);
	}

	ck_denied(&sql_compliance, "pchat_compliance", "DELETE FROM staged");
	ck_denied(&sql_compliance, "pchat_compliance",
		  "UPDATE staged SET event = ''");
	ck_denied(&sql_compliance, "pchat_compliance", "TRUNCATE seen");
	ck_denied(&sql_compliance, "pchat_ctl", "DELETE FROM staged");
}
END_TEST


START_TEST(nobody_but_the_owner_creates_alters_or_drops)
{
	static const char *const rolev[] = {
		"pchat_channel", "pchat_web", "pchat_compliance", "pchat_ctl",
		"pchat_reader",
	};
	static const char *const sqlv[] = {
		"CREATE TABLE mine (a integer)", "DROP TABLE message",
		"ALTER TABLE room DISABLE TRIGGER ALL",
		"CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
		"CREATE SCHEMA mine", "DROP FUNCTION room_told() CASCADE",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rolev); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(sqlv); k++)
			ck_denied(&sql_store, rolev[i], sqlv[k]);
		if (strcmp(rolev[i], "pchat_ctl"))
			ck_denied(&sql_store, rolev[i],
				  "CREATE TEMP TABLE t (a integer)");
	}
}
END_TEST


START_TEST(each_sees_no_more_than_it_needs)
{
	ck_denied(&sql_compliance, "pchat_channel", "SELECT 1");
	ck_denied(&sql_compliance, "pchat_web", "SELECT 1");
	ck_denied(&sql_compliance, "pchat_registrar", "SELECT 1");
	ck_denied(&sql_compliance, "stranger", "SELECT 1");
	ck_denied(&sql_store, "stranger", "SELECT 1");

	ck_denied(&sql_store, "pchat_channel", "SELECT ha1 FROM credential");
	ck_denied(&sql_store, "pchat_compliance",
		  "SELECT ha1 FROM credential");
	ck_denied(&sql_store, "pchat_web", "SELECT chat FROM message");
	ck_denied(&sql_store, "pchat_web", "UPDATE credential SET ha1 = ''");
	ck_denied(&sql_store, "pchat_reader", "SELECT chat FROM message");
	ck_denied(&sql_store, "pchat_reader", "SELECT * FROM credential");
	ck_denied(&sql_store, "pchat_registrar", "SELECT * FROM principal");
	ck_denied(&sql_store, "pchat_registrar",
		  "SELECT password_kdf FROM credential");
	ck_denied(&sql_store, "pchat_compliance", "SELECT * FROM message");
}
END_TEST


START_TEST(functions_have_a_fixed_search_path)
{
	/* All that run with the owner's rights; of the others those that the
	   planner cannot expand in place anyway */
	static const char sql[] =
		"SELECT count(*) FROM pg_proc p JOIN pg_language l"
		" ON l.oid = p.prolang WHERE p.pronamespace = 'public'::regnamespace"
		" AND (p.prosecdef OR l.lanname = 'plpgsql')"
		" AND NOT coalesce(p.proconfig, '{}')"
		" @> ARRAY['search_path=public, pg_temp']";

	ck_assert_int_eq(op_number(sql), 0);
	ck_assert_int_gt(op_number("SELECT count(*) FROM pg_proc"
				   " WHERE prosecdef"), 100);
}
END_TEST


/* --------------------------------------------------------- again and again */

START_TEST(a_second_time_there_is_nothing_to_do)
{
	op_ok("migrate --roles");
	op_said("nothing to do");
	op_ok("migrate --roles --dry-run");
	op_said("nothing to do");
}
END_TEST


START_TEST(what_somebody_changed_is_put_right)
{
	ck_assert_int_eq(store_sql(op_store(),
		"GRANT ALL ON credential TO pchat_channel;"
		"GRANT SELECT ON message TO PUBLIC;"
		"REVOKE SELECT ON room FROM pchat_channel;"
		"ALTER ROLE pchat_web CREATEDB;"
		"ALTER FUNCTION room_told() SECURITY INVOKER"), 0);

	op_ok("migrate --roles --dry-run");
	op_said("REVOKE SELECT ON TABLE message FROM PUBLIC;");
	op_said("GRANT SELECT ON TABLE room TO pchat_channel;");
	op_said("ALTER ROLE pchat_web NOSUPERUSER NOCREATEDB");
	op_said("ALTER FUNCTION room_told() SECURITY DEFINER;");
	ck_assert_int_eq(op_number("SELECT has_table_privilege("
				   "'pchat_channel', 'credential', 'DELETE')::int"),
			 1);

	op_ok("migrate --roles");
	ck_denied(&sql_store, "pchat_channel", "SELECT * FROM credential");
	ck_denied(&sql_store, "stranger", "SELECT 1");
	op_ok("migrate --roles --dry-run");
	op_said("nothing to do");
}
END_TEST


START_TEST(a_function_that_a_migration_makes_anew_keeps_its_rights)
{
	ck_assert_int_eq(store_sql(op_store(),
		"CREATE OR REPLACE FUNCTION message_forget(older_s integer)"
		" RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'"), 0);
	op_ok("migrate");
	ck_assert_int_eq(op_number("SELECT prosecdef::int FROM pg_proc"
				   " WHERE proname = 'message_forget'"), 1);
}
END_TEST


START_TEST(who_may_not_make_roles_is_told_what_to_do)
{
	ck_assert_int_eq(store_sql(op_store(), "CREATE ROLE small LOGIN"), 0);
	ck_assert_int_eq(store_sql(op_store(), "CREATE DATABASE theirs"
				   " OWNER small"), 0);
	op_fails("pchatctl migrate --roles --dry-run",
		 "--store 'host=%s dbname=theirs user=small' migrate --roles"
		 " --role-prefix other", store_dir(op_store()));
	op_ok("--store 'host=%s dbname=theirs user=small' migrate --roles"
	      " --role-prefix other --dry-run", store_dir(op_store()));
	op_said("CREATE ROLE other_channel LOGIN;");
	op_misused("--role-prefix", "migrate --roles --role-prefix 'a b'");
}
END_TEST


START_TEST(an_administrator_s_migration_belongs_to_the_owner)
{
	ck_assert_int_eq(store_sql(op_store(), "CREATE DATABASE fresh"), 0);
	op_ok("--store '%s' migrate --roles --role-prefix new",
	      store_conninfo_db(op_store(), "fresh"));
	ck_assert_str_eq(op_text("SELECT pg_get_userbyid(datdba)"
				 " FROM pg_database WHERE datname = 'fresh'"),
			 "new_owner");
}
END_TEST


/* Functions that run with their owner's rights, above all */
START_TEST(what_an_administrator_migrated_before_is_handed_over)
{
	const char *conninfo;
	PGconn *pg;
	PGresult *res;

	ck_assert_int_eq(store_sql(op_store(), "CREATE DATABASE late"), 0);
	conninfo = store_conninfo_db(op_store(), "late");
	op_ok("--store '%s' migrate", conninfo);
	op_ok("--store '%s' migrate --roles --role-prefix late", conninfo);
	pg = PQconnectdb(conninfo);
	res = PQexec(pg, "SELECT (SELECT count(*) FROM pg_proc p"
		     "  WHERE pronamespace = 'public'::regnamespace"
		     "    AND prosecdef AND proowner <> 'late_owner'::regrole)"
		     " + (SELECT count(*) FROM pg_class"
		     "     WHERE relnamespace = 'public'::regnamespace"
		     "       AND relowner <> 'late_owner'::regrole)");
	ck_assert_msg(PQntuples(res) == 1, "%s", PQerrorMessage(pg));
	ck_assert_str_eq(PQgetvalue(res, 0, 0), "0");
	PQclear(res);
	PQfinish(pg);

	op_ok("--store '%s' migrate --roles --role-prefix late --dry-run",
	      store_conninfo_db(op_store(), "late"));
	op_said("nothing to do");
}
END_TEST


START_TEST(the_operator_s_role_does_the_operator_s_work)
{
#define AS_CTL "--store 'host=%s dbname=mgc user=pchat_ctl' "
#define DIR store_dir(op_store())

	op_ok(AS_CTL "user create sip:ada@example.net --display Ada", DIR);
	op_ok(AS_CTL "group create staff", DIR);
	op_ok(AS_CTL "group add staff sip:ada@example.net", DIR);
	op_ok(AS_CTL "category create --name Desk --add-allowed group:staff",
	      DIR);
	op_ok(AS_CTL "room create --name Lists --category Desk"
	      " --add-manager sip:ada@example.net", DIR);
	op_ok(AS_CTL "room set Lists --description 'all of them'", DIR);
	op_ok(AS_CTL "message remove --room Lists", DIR);
	op_ok(AS_CTL "hold create H --room Lists", DIR);
	op_ok(AS_CTL "config set SearchLanguage english", DIR);
	op_ok(AS_CTL "compliance enable", DIR);
	op_ok(AS_CTL "room remove Lists", DIR);
	op_ok(AS_CTL "user remove sip:ada@example.net", DIR);
	op_ok(AS_CTL "audit list", DIR);
	op_said("room.delete");
}
END_TEST


static Suite *db_roles_suite(void)
{
	Suite *suite = suite_create("db/roles");
	TCase *tc = tcase_create("roles");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, op_teardown);
	tcase_add_test(tc,
		every_table_and_function_has_a_line_that_says_who_may_use_it);
	tcase_add_test(tc, every_statement_may_be_run_by_the_role_that_it_is_for);
	tcase_add_test(tc,
		what_was_said_and_done_cannot_be_changed_behind_the_functions);
	tcase_add_test(tc, nobody_but_the_owner_creates_alters_or_drops);
	tcase_add_test(tc, each_sees_no_more_than_it_needs);
	tcase_add_test(tc, functions_have_a_fixed_search_path);
	tcase_add_test(tc, a_second_time_there_is_nothing_to_do);
	tcase_add_test(tc, what_somebody_changed_is_put_right);
	tcase_add_test(tc, a_function_that_a_migration_makes_anew_keeps_its_rights);
	tcase_add_test(tc, who_may_not_make_roles_is_told_what_to_do);
	tcase_add_test(tc, an_administrator_s_migration_belongs_to_the_owner);
	tcase_add_test(tc,
		       what_an_administrator_migrated_before_is_handed_over);
	tcase_add_test(tc, the_operator_s_role_does_the_operator_s_work);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(db_roles_suite)
