/**
 * @file tests/db/test_away.c  A store that is silent, away, or not ours to read
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "common/log.h"
#include "common/db/bstore.h"
#include "common/db/db.h"
#include "common/db/priv.h"
#include "tests/support/store.h"
#include "tests/support/wait.h"
#include "tests/unit/suite.h"

enum { LIMIT_MS = 20000, ANSWER_MS = 600, PROBE_MS = 100 };

static struct {
	unsigned calls;
	int err;
} got;

static struct store *st;
static FILE *said;
static int stderr_fd;


static void state_handler(bool up, void *arg)
{
	(void)up;
	(void)arg;
	wait_poke();
}


static void result_handler(int err, const struct db_res *res, void *arg)
{
	(void)res;
	(void)arg;
	++got.calls;
	got.err = err;
	wait_poke();
}


static bool is_up(void *arg)
{
	return db_isup(arg);
}


static bool is_down(void *arg)
{
	return !db_isup(arg);
}


static bool is_idle(void *arg)
{
	return 0 == db_pending(arg);
}


static struct db *open_up(const char *conninfo)
{
	const struct db_conf conf = {
		.name = "away", .conninfo = conninfo,
		.answer_ms = ANSWER_MS, .probe_ms = PROBE_MS,
		.connect_ms = 300, .backoff_max_ms = 200,
	};
	struct db *d = NULL;

	ck_assert_int_eq(db_open(&d, &conf, state_handler, NULL), 0);
	ck_assert_int_eq(wait_for(is_up, d, LIMIT_MS), 0);

	return d;
}


/* The log is standard error: a file for the time of a test */
static void log_begin(void)
{
	(void)fflush(stderr);
	said = tmpfile();
	log_level_set(LOG_INFO);
	stderr_fd = dup(STDERR_FILENO);
	(void)dup2(fileno(said), STDERR_FILENO);
}


static unsigned log_count(const char *part)
{
	char line[1024];
	unsigned n = 0;

	rewind(said);
	while (fgets(line, sizeof(line), said))
		n += strstr(line, part) != NULL;

	return n;
}


static void log_end(void)
{
	(void)dup2(stderr_fd, STDERR_FILENO);
	(void)close(stderr_fd);
	(void)fclose(said);
	log_level_set(LOG_ERR);
}


static void setup(void)
{
	memset(&got, 0, sizeof(got));
	ck_assert_int_eq(store_start(&st), 0);
}


static void teardown(void)
{
	store_stop(st);
}


static void sleep_on(struct db *db, const char *sql)
{
	ck_assert_int_eq(db_exec_text(db, "test", sql, NULL, result_handler,
				      NULL), 0);
}


START_TEST(a_frozen_server_is_left_and_found_again)
{
	struct db *db = open_up(store_conninfo(st));
	const uint64_t at = tmr_jiffies();

	ck_assert(db_answers(db, 300));
	store_freeze(st, true);
	sleep_on(db, "SELECT 1");
	ck_assert_int_eq(wait_for(is_down, db, LIMIT_MS), 0);
	ck_assert_uint_lt(tmr_jiffies() - at, 10 * ANSWER_MS);
	ck_assert_uint_eq(got.calls, 1);
	ck_assert_int_eq(got.err, ECONNRESET);
	ck_assert(!db_answers(db, 300));

	store_freeze(st, false);
	ck_assert_int_eq(wait_for(is_up, db, LIMIT_MS), 0);
	sleep_on(db, "SELECT 1");
	ck_assert_int_eq(wait_for(is_idle, db, LIMIT_MS), 0);
	ck_assert_int_eq(got.err, 0);
	ck_assert(db_answers(db, 300));
	mem_deref(db);
}
END_TEST


/* Nobody asks anything: the probe does */
START_TEST(an_idle_connection_notices_it_too)
{
	struct db *db = open_up(store_conninfo(st));

	store_freeze(st, true);
	ck_assert_int_eq(wait_for(is_down, db, LIMIT_MS), 0);
	store_freeze(st, false);
	ck_assert_int_eq(wait_for(is_up, db, LIMIT_MS), 0);
	mem_deref(db);
}
END_TEST


START_TEST(a_long_statement_is_not_silence)
{
	struct db *busy = open_up(store_conninfo(st));
	struct db *other = open_up(store_conninfo(st));
	const uint64_t lost = db_reconnects;

	sleep_on(busy, "SELECT pg_sleep(2)");
	ck_assert_int_eq(wait_for(is_idle, busy, LIMIT_MS), 0);
	ck_assert_int_eq(got.err, 0);
	ck_assert_uint_eq(db_reconnects, lost);
	mem_deref(busy);
	mem_deref(other);
}
END_TEST


/* One connection's own limit, whatever the others hear */
START_TEST(an_answer_may_not_be_owed_for_ever)
{
	const struct db_conf conf = {
		.name = "late", .conninfo = store_conninfo(st),
		.deadline_ms = 400,
	};
	struct db *other = open_up(store_conninfo(st)), *db = NULL;

	ck_assert_int_eq(db_open(&db, &conf, state_handler, NULL), 0);
	ck_assert_int_eq(wait_for(is_up, db, LIMIT_MS), 0);
	sleep_on(db, "SELECT pg_sleep(30)");
	ck_assert_int_eq(wait_for(is_idle, db, LIMIT_MS), 0);
	ck_assert_int_eq(got.err, ECONNRESET);
	ck_assert(db_isup(other));
	mem_deref(db);
	mem_deref(other);
}
END_TEST


static bool has_failed(void *arg)
{
	return db_failures >= *(const uint64_t *)arg;
}


START_TEST(an_outage_is_a_line_not_a_line_for_each_try)
{
	struct db *db = open_up(store_conninfo(st));
	uint64_t tries;

	sleep_on(db, "SELECT 1");
	ck_assert_int_eq(wait_for(is_idle, db, LIMIT_MS), 0);
	log_begin();
	store_crash(st);
	ck_assert_int_eq(wait_for(is_down, db, LIMIT_MS), 0);
	tries = db_failures + 15;
	/* nothing tells of a try that failed: look now and then */
	while (wait_for(has_failed, &tries, 50))
		ck_assert_uint_lt(db_failures, tries);
	ck_assert_int_eq(store_up(st), 0);
	ck_assert_int_eq(wait_for(is_up, db, LIMIT_MS), 0);
	sleep_on(db, "SELECT 1");
	ck_assert_int_eq(wait_for(is_idle, db, LIMIT_MS), 0);

	ck_assert_uint_eq(log_count("db.lost") + log_count("db.connect"), 1);
	ck_assert_uint_eq(log_count("db.up"), 1);
	ck_assert_uint_eq(log_count("failures=1 "), 1);
	log_end();
	mem_deref(db);
}
END_TEST


/* ------------------------------------------------------------------ rights */

static int schema_err;


static void schema_handler(int err, uint32_t found, uint32_t wanted, void *arg)
{
	(void)found;
	(void)wanted;
	(void)arg;
	schema_err = err;
	wait_poke();
}


/* Neither to the schema nor to its table */
static const char *const rightsv[] = {
	"REVOKE ALL ON schema_version FROM PUBLIC",
	"REVOKE USAGE ON SCHEMA public FROM PUBLIC",
};


START_TEST(a_role_without_rights_is_told_so)
{
	char conninfo[160], *text = NULL;
	size_t size = 0;
	FILE *err = open_memstream(&text, &size);
	struct bstore *bst = NULL;
	struct db *db;

	ck_assert_int_eq(store_sql(st, "CREATE ROLE stranger LOGIN"), 0);
	ck_assert_int_eq(store_sql(st, rightsv[_i]), 0);
	(void)snprintf(conninfo, sizeof(conninfo),
		       "host=%s dbname=mgc user=stranger", store_dir(st));

	db = open_up(conninfo);
	log_begin();
	ck_assert_int_eq(db_schema_check(db, schema_handler, NULL), 0);
	ck_assert_int_eq(wait_for(is_idle, db, LIMIT_MS), 0);
	ck_assert_int_eq(schema_err, EPROTO);
	ck_assert_uint_eq(log_count("db.rights"), 1);
	ck_assert_uint_eq(log_count("role=stranger"), 1);
	ck_assert_uint_eq(log_count("found=0"), 0);
	log_end();
	mem_deref(db);

	ck_assert_int_eq(bstore_open(&bst, &sql_store, conninfo, err), 0);
	ck_assert_int_eq(bstore_check_schema(bst), EPROTO);
	(void)fclose(err);
	ck_assert_msg(strstr(text, "stranger") && strstr(text, "may not read"),
		      "%s", text);
	ck_assert_msg(!strstr(text, "number 0"), "%s", text);
	mem_deref(bst);
	free(text);
}
END_TEST


static Suite *away_suite(void)
{
	Suite *suite = suite_create("db/away");
	TCase *tc = tcase_create("away");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 90);
	tcase_add_test(tc, a_frozen_server_is_left_and_found_again);
	tcase_add_test(tc, an_idle_connection_notices_it_too);
	tcase_add_test(tc, a_long_statement_is_not_silence);
	tcase_add_test(tc, an_answer_may_not_be_owed_for_ever);
	tcase_add_test(tc, an_outage_is_a_line_not_a_line_for_each_try);
	tcase_add_loop_test(tc, a_role_without_rights_is_told_so, 0,
			    (int)ARRAY_SIZE(rightsv));
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(away_suite)
