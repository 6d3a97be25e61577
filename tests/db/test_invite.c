/**
 * @file tests/db/test_invite.c  Who is invited, and how many at most
 *
 * protocol.md 6.7, product.md B.3.  Each test has rooms and people of its own
 * name in two categories: "Main" for everybody, "Quiet" without invitations.
 */
#include <stdio.h>
#include <string.h>
#include <libpq-fe.h>
#include <check.h>
#include <re.h>
#include "common/db/db.h"
#include "tests/db/ask.h"
#include "tests/support/store.h"
#include "tests/unit/suite.h"

enum { SLICE = 200, MANY = 1000 };

/* Columns of invite_step */
enum { MADE, REFUSED, MORE, STORED };


static void up(void)
{
	ask_begin();
	ask_do("INSERT INTO category (category_id, name, invitations) VALUES"
	       " (1, 'Main', true), (2, 'Quiet', false), (3, 'Wall', true);"
	       "INSERT INTO category_scope (category_id, principal_id, denied)"
	       " VALUES (1, 1, false), (2, 1, false)");
}


/* NAME1 ... NAMEn, who may sign in */
static void people(const char *name, int n)
{
	ask_do("INSERT INTO principal (kind, key, name, policy_id)"
	       " SELECT 5, 'sip:%s' || i, 'sip:%s' || i, 2"
	       " FROM generate_series(1, %d) AS i;"
	       "INSERT INTO principal_affiliation"
	       " SELECT p.principal_id, a FROM principal p, unnest(ARRAY[1,"
	       " p.principal_id]) AS a WHERE p.key ~ '^sip:%s[0-9]+$'",
	       name, name, n, name);
}


static void group(const char *name, int kind)
{
	ask_do("INSERT INTO principal (kind, key, name)"
	       " VALUES (%d, 'group:%s', '%s');"
	       "INSERT INTO principal_affiliation SELECT principal_id,"
	       " principal_id FROM principal WHERE key = 'group:%s'",
	       kind, name, name, name);
}


/* Everybody whose key looks so comes into the group */
static void enter(const char *pattern, const char *name)
{
	ask_do("INSERT INTO principal_affiliation"
	       " SELECT p.principal_id, g.principal_id FROM principal p,"
	       " principal g WHERE p.key LIKE '%s' AND g.key = 'group:%s'"
	       " ON CONFLICT DO NOTHING", pattern, name);
}


static void room(const char *name)
{
	ask_do("INSERT INTO room (category_id, name) VALUES (1, '%s')", name);
}


static void put(const char *name, const char *pattern, int role)
{
	ask_do("INSERT INTO room_role (room_id, role, principal_id)"
	       " SELECT r.room_id, %d, p.principal_id FROM room r, principal p"
	       " WHERE r.name = '%s' AND p.key LIKE '%s'",
	       role, name, pattern);
}


static void take(const char *name, const char *pattern)
{
	ask_do("DELETE FROM room_role x USING room r, principal p"
	       " WHERE r.name = '%s' AND p.key LIKE '%s' AND x.room_id ="
	       " r.room_id AND x.principal_id = p.principal_id",
	       name, pattern);
}


/* Made and refused; more is left or not */
static int64_t step(int64_t *refused, bool *more)
{
	struct db_args args;

	db_args_init(&args);
	db_int4(&args, SLICE);
	ck_assert_int_eq(ask("invite_step", &args), 0);
	ck_assert_uint_eq(db_rows(ask_res()), 1);
	if (refused)
		*refused += db_get_int(ask_res(), 0, REFUSED);
	*more = db_get_bool(ask_res(), 0, MORE);

	return db_get_int(ask_res(), 0, MADE);
}


static int64_t work(void)
{
	int64_t made = 0;
	bool more;

	do {
		made += step(NULL, &more);
	} while (more);

	return made;
}


static void set(const char *key, long long value)
{
	ask_do("INSERT INTO configuration (key, value) VALUES ('%s', '%lld')"
	       " ON CONFLICT (scope, key) DO UPDATE SET value = '%lld';"
	       "UPDATE pool_size SET counted_on = '-infinity'",
	       key, value, value);
}


/* What a user is told of invitations from an id on: "2 Room, 3 Other" */
static const char *told(const char *key, int first)
{
	static char buf[1024];
	const int64_t user = ask_number("SELECT principal_id FROM principal"
					" WHERE key = '%s'", key);
	const int32_t id = first;
	struct db_args args;
	size_t n = 0;

	db_args_init(&args);
	db_int8v(&args, &user, 1);
	db_int4v(&args, &id, 1);
	db_bool(&args, false);
	db_int4(&args, 10);
	ck_assert_int_eq(ask("invitations", &args), 0);

	buf[0] = '\0';
	for (uint32_t i = 0; i < db_rows(ask_res()); i++) {
		ck_assert_int_eq(db_get_int(ask_res(), i, 23), user);
		n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%s%d %s",
				      i ? ", " : "",
				      (int)db_get_int(ask_res(), i, 21),
				      db_get_text(ask_res(), i, 2).p);
	}

	return buf;
}


/* ------------------------------------------------------------------- who */

START_TEST(a_member_is_invited_once)
{
	people("once", 2);
	room("Once");
	room("Twice");
	put("Once", "sip:once1", 1);
	ck_assert_int_eq(work(), 1);
	take("Once", "sip:once1");
	ck_assert_str_eq(told("sip:once1", 0), "");
	put("Once", "sip:once_", 1);
	put("Twice", "sip:once1", 1);
	ck_assert_int_eq(work(), 2);

	/* SIPE always asks for what is above 1 */
	ck_assert_str_eq(told("sip:once1", 2), "2 Once, 3 Twice");
	ck_assert_str_eq(told("sip:once1", 3), "3 Twice");
	ck_assert_str_eq(told("sip:once2", 0), "2 Once");
}
END_TEST


START_TEST(users_of_a_group_are_invited)
{
	people("crew", 3);
	group("inner", 9);
	group("outer", 10);
	enter("group:inner", "outer");
	enter("sip:crew_", "inner");
	enter("sip:crew_", "outer");
	room("Crew");
	put("Crew", "group:outer", 1);
	put("Crew", "sip:crew2", 1);
	ck_assert_int_eq(work(), 3);
	ck_assert_str_eq(told("sip:crew2", 0), "2 Crew");
}
END_TEST


START_TEST(who_comes_into_a_group_is_invited_to_its_rooms)
{
	people("late", 4);
	group("band", 9);
	group("idle", 9);
	enter("sip:late1", "band");
	room("Late 1");
	room("Late 2");
	ask_do("INSERT INTO room_role (room_id, role, principal_id) SELECT"
	       " r.room_id, 1, p.principal_id FROM room r, principal p WHERE"
	       " r.name LIKE 'Late _' AND p.key = 'group:band'");
	ck_assert_int_eq(work(), 2);

	enter("sip:late_", "band");
	enter("sip:late_", "idle");
	ck_assert_int_eq(ask_number("SELECT count(*) FROM invite_work"), 1);
	ck_assert_int_eq(work(), 6);
	ck_assert_str_eq(told("sip:late4", 0), "2 Late 1, 3 Late 2");
}
END_TEST


START_TEST(only_who_may_enter_is_invited)
{
	people("may", 5);
	room("May");
	ask_do("UPDATE room SET category_id = 3 WHERE name = 'May';"
	       "UPDATE principal SET state = 1 WHERE key = 'sip:may2';"
	       "UPDATE principal SET policy_id = 3 WHERE key = 'sip:may3';"
	       "INSERT INTO category_scope (category_id, principal_id, denied)"
	       " SELECT 3, principal_id, key = 'sip:may4' FROM principal"
	       " WHERE key IN ('sip:may1', 'sip:may2', 'sip:may3', 'sip:may4');"
	       "INSERT INTO category_scope (category_id, principal_id, denied)"
	       " SELECT 3, principal_id, false FROM principal"
	       " WHERE key = 'sip:may4'");
	put("May", "sip:may_", 1);
	ck_assert_int_eq(work(), 1);
	ck_assert_str_eq(told("sip:may1", 0), "2 May");
}
END_TEST


START_TEST(rooms_that_do_not_invite_do_not)
{
	people("off", 1);
	room("Off");
	room("Off too");
	room("Off disabled");
	room("Off deleted");
	ask_do("UPDATE room SET invitations = false WHERE name = 'Off';"
	       "UPDATE room SET category_id = 2 WHERE name = 'Off too';"
	       "UPDATE room SET disabled = true WHERE name = 'Off disabled'");
	put("Off", "sip:off1", 1);
	put("Off too", "sip:off1", 1);
	put("Off disabled", "sip:off1", 1);
	put("Off deleted", "sip:off1", 1);
	ask_do("UPDATE room SET deleted_at = now() WHERE name = 'Off deleted'");
	ck_assert_int_eq(work(), 0);

	/* and what is switched on later does not tell of before */
	ask_do("UPDATE room SET invitations = true WHERE name = 'Off'");
	ck_assert_int_eq(work(), 0);
}
END_TEST


START_TEST(managers_domains_and_everybody_are_not_invited)
{
	people("odd", 2);
	group("dom", 8);
	enter("sip:odd_", "dom");
	room("Odd");
	put("Odd", "sip:odd1", 2);
	put("Odd", "sip:odd1", 3);
	put("Odd", "group:dom", 1);
	put("Odd", "any", 1);
	ck_assert_int_eq(work(), 0);
}
END_TEST


/* -------------------------------------------------------------- how many */

START_TEST(a_large_group_is_invited_in_slices)
{
	int64_t made = 0, n;
	unsigned steps = 0;
	bool more;

	people("many", MANY);
	group("mass", 9);
	enter("sip:many%", "mass");
	room("Many");
	put("Many", "group:mass", 1);
	do {
		n = step(NULL, &more);
		ck_assert_int_le(n, SLICE);
		made += n;
		++steps;
	} while (more);

	ck_assert_int_eq(made, MANY);
	ck_assert_uint_ge(steps, MANY / SLICE);
	ck_assert_int_eq(ask_number("SELECT count(DISTINCT principal_id) FROM"
				    " invitation JOIN room USING (room_id)"
				    " WHERE name = 'Many'"), MANY);
}
END_TEST


START_TEST(one_process_at_a_time_makes_them)
{
	PGconn *other = PQconnectdb(store_conninfo(ask_store()));
	bool more;

	people("lock", 1);
	room("Lock");
	put("Lock", "sip:lock1", 1);
	PQclear(PQexec(other, "BEGIN"));
	PQclear(PQexec(other, "SELECT pg_advisory_xact_lock("
		       "hashtextextended('pchat.invite', 0))"));
	ck_assert_int_eq(step(NULL, &more), 0);
	ck_assert(!more);
	PQclear(PQexec(other, "ROLLBACK"));
	PQfinish(other);
	ck_assert_int_eq(work(), 1);
}
END_TEST


START_TEST(above_the_ceiling_no_more_are_made)
{
	int64_t before, refused = 0;
	bool more;

	people("ceil", 5);
	room("Ceiling");
	(void)work();
	before = ask_number("SELECT count(*) FROM invitation");
	set("InvitationLimit", before + 2);
	put("Ceiling", "sip:ceil_", 1);
	ck_assert_int_eq(step(&refused, &more), 2);
	ck_assert_int_eq(refused, 3);
	ck_assert(!more);
	ck_assert_int_eq(db_get_int(ask_res(), 0, STORED), before + 2);
	ck_assert_int_eq(ask_number("SELECT count(*) FROM room_role JOIN room"
				    " USING (room_id) WHERE name = 'Ceiling'"),
			 5);
	ask_do("DELETE FROM configuration WHERE key = 'InvitationLimit'");
}
END_TEST


START_TEST(an_id_is_not_given_again)
{
	people("again", 1);
	room("Again 1");
	room("Again 2");
	put("Again 1", "sip:again1", 1);
	(void)work();
	ask_do("UPDATE room SET deleted_at = now() WHERE name = 'Again 1';"
	       "UPDATE pool_size SET counted_on = '-infinity'");
	ck_assert_str_eq(told("sip:again1", 0), "");
	(void)work();
	ck_assert_int_eq(ask_number("SELECT count(*) FROM invitation JOIN room"
				    " USING (room_id) WHERE name = 'Again 1'"),
			 0);
	put("Again 2", "sip:again1", 1);
	(void)work();
	ck_assert_str_eq(told("sip:again1", 0), "3 Again 2");
}
END_TEST


START_TEST(what_can_not_be_entered_is_not_told_of)
{
	people("tell", 1);
	room("Tell 1");
	room("Tell 2");
	room("Tell 3");
	put("Tell 1", "sip:tell1", 1);
	put("Tell 2", "sip:tell1", 1);
	put("Tell 3", "sip:tell1", 1);
	ck_assert_int_eq(work(), 3);
	take("Tell 1", "sip:tell1");
	ask_do("UPDATE room SET disabled = true WHERE name = 'Tell 2'");
	ck_assert_str_eq(told("sip:tell1", 0), "4 Tell 3");
	ask_do("UPDATE room SET category_id = 3 WHERE name = 'Tell 3'");
	ck_assert_str_eq(told("sip:tell1", 0), "");
	ask_do("UPDATE room SET disabled = false WHERE name = 'Tell 2'");
	ck_assert_str_eq(told("sip:tell1", 0), "3 Tell 2");
}
END_TEST


START_TEST(a_pool_takes_only_so_many_access_entries)
{
	PGconn *pg = PQconnectdb(store_conninfo(ask_store()));
	PGresult *res;
	bool more;

	people("full", 2);
	room("Full");
	set("AccessEntryLimit", 1);
	(void)step(NULL, &more);
	res = PQexec(pg, "INSERT INTO room_role (room_id, role, principal_id)"
		     " SELECT r.room_id, 1, p.principal_id FROM room r,"
		     " principal p WHERE r.name = 'Full'"
		     " AND p.key LIKE 'sip:full_'");
	ck_assert_str_eq(PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY),
			 "EDQUOT");
	ck_assert_ptr_nonnull(strstr(PQresultErrorField(res,
		PG_DIAG_MESSAGE_DETAIL), "AccessEntryLimit"));
	PQclear(res);
	PQfinish(pg);

	ask_do("DELETE FROM configuration WHERE key = 'AccessEntryLimit'");
	put("Full", "sip:full_", 1);
	ck_assert_int_eq(work(), 2);
}
END_TEST


static Suite *db_invite_suite(void)
{
	const TTest *const testv[] = {
		a_member_is_invited_once,
		users_of_a_group_are_invited,
		who_comes_into_a_group_is_invited_to_its_rooms,
		only_who_may_enter_is_invited,
		rooms_that_do_not_invite_do_not,
		managers_domains_and_everybody_are_not_invited,
		a_large_group_is_invited_in_slices,
		one_process_at_a_time_makes_them,
		above_the_ceiling_no_more_are_made,
		an_id_is_not_given_again,
		what_can_not_be_entered_is_not_told_of,
		a_pool_takes_only_so_many_access_entries,
	};
	Suite *suite = suite_create("db/invite");
	TCase *tc = tcase_create("invite");
	size_t i;

	tcase_add_unchecked_fixture(tc, up, ask_end);
	tcase_add_checked_fixture(tc, ask_setup, ask_teardown);
	tcase_set_timeout(tc, 30);
	for (i = 0; i < ARRAY_SIZE(testv); i++)
		tcase_add_test(tc, testv[i]);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(db_invite_suite)
