/**
 * @file tests/db/test_conn.c  A connection: statements, errors, losses
 */
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/priv.h"
#include "tests/support/store.h"
#include "tests/support/wait.h"
#include "tests/unit/suite.h"

enum { LIMIT_MS = 20000 };

/* What the last handlers were told */
static struct {
	unsigned calls;
	int err;
	int64_t n;
	unsigned notices;
	char payload[32];
} got;

static struct store *st;
static struct db *db;


static void result_handler(int err, const struct db_res *res, void *arg)
{
	(void)arg;

	++got.calls;
	got.err = err;
	got.n = db_get_int(res, 0, 0);
	wait_poke();
}


static void state_handler(bool up, void *arg)
{
	(void)up;
	(void)arg;
	wait_poke();
}


static void notify_handler(const char *channel, const char *payload,
			   void *arg)
{
	(void)channel;
	(void)arg;

	++got.notices;
	str_ncpy(got.payload, payload, sizeof(got.payload));
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


static bool has_notices(void *arg)
{
	return got.notices >= *(const unsigned *)arg;
}


static struct db *open_up(const char *conninfo, uint32_t timeout_ms)
{
	const struct db_conf conf = {
		.name = "test", .conninfo = conninfo,
		.timeout_ms = timeout_ms, .backoff_max_ms = 200,
	};
	struct db *d = NULL;

	ck_assert_int_eq(db_open(&d, &conf, state_handler, NULL), 0);
	ck_assert_int_eq(wait_for(is_up, d, LIMIT_MS), 0);

	return d;
}


static void setup(void)
{
	memset(&got, 0, sizeof(got));
	ck_assert_int_eq(store_start(&st), 0);
	db = open_up(store_conninfo(st), 2000);
}


static void teardown(void)
{
	mem_deref(db);
	store_stop(st);
}


static void send_sql(const char *sql)
{
	ck_assert_int_eq(db_exec_text(db, "test", sql, NULL, result_handler,
				      NULL), 0);
}


static int run_sql(const char *sql)
{
	send_sql(sql);
	ck_assert_int_eq(wait_for(is_idle, db, LIMIT_MS), 0);

	return got.err;
}


START_TEST(a_statement_is_called_by_name)
{
	ck_assert_int_eq(db_exec(db, "schema_version", NULL, result_handler,
				 NULL), 0);
	ck_assert_uint_eq(got.calls, 0);
	ck_assert_int_eq(wait_for(is_idle, db, LIMIT_MS), 0);
	ck_assert_int_eq(got.err, 0);
	ck_assert_int_eq(got.n, db_schema_version());
	ck_assert_int_eq(db_exec(db, "nobody_wrote_this", NULL,
				 result_handler, NULL), ENOENT);
}
END_TEST


struct order {
	unsigned next, bad;
};

static struct order order;

static void order_handler(int err, const struct db_res *res, void *arg)
{
	const unsigned i = (unsigned)(uintptr_t)arg;

	order.bad += err || db_rows(res) != 1 || i != order.next;
	++order.next;
	wait_poke();
}


START_TEST(a_thousand_at_once_are_answered_in_order)
{
	uintptr_t i;

	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(db_exec(db, "schema_version", NULL,
					 order_handler, (void *)i), 0);

	ck_assert_uint_eq(db_pending(db), 1000);
	ck_assert_int_eq(wait_for(is_idle, db, LIMIT_MS), 0);
	ck_assert_uint_eq(order.next, 1000);
	ck_assert_uint_eq(order.bad, 0);
}
END_TEST


static void types_handler(int err, const struct db_res *res, void *arg)
{
	static const uint8_t guid[16] = { 1, 2, 3, [15] = 0xff };
	struct pl pl;
	int64_t *v;
	size_t n;

	ck_assert_int_eq(err, 0);
	ck_assert_uint_eq(db_rows(res), 1);
	ck_assert_int_eq(db_get_int(res, 0, 0), -7);
	ck_assert_int_eq(db_get_int(res, 0, 1), INT64_C(-1234567890123));
	ck_assert(db_get_bool(res, 0, 2));
	pl = db_get_text(res, 0, 3);
	ck_assert_int_eq(pl_strcmp(&pl, "\xf0\x9f\x90\x98 'quoted'"), 0);
	ck_assert(db_isnull(res, 0, 4));
	ck_assert_ptr_null(db_get_text(res, 0, 4).p);
	ck_assert_int_eq(memcmp(db_get_uuid(res, 0, 5), guid, 16), 0);
	ck_assert_int_eq(db_get_time(res, 0, 6), INT64_C(1368541577620635));
	ck_assert_int_eq(db_get_time(res, 0, 7), INT64_MIN);
	ck_assert_int_eq(db_get_int(res, 0, 8), 32);
	ck_assert_int_eq(db_get_int8v(res, 0, 9, &v, &n), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(v[2], INT64_MIN);
	mem_deref(v);
	ck_assert_int_eq(db_get_int8v(res, 0, 10, &v, &n), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_ptr_null(v);
	ck_assert_int_eq(db_get_int8v(res, 0, 11, &v, &n), EBADMSG);
	pl = db_get_text(res, 0, 12);
	ck_assert_int_eq(pl_strcmp(&pl, "a,-,c|t,f|1|2013-05-14"), 0);
	ck_assert(db_isnull(res, 0, 99) && db_isnull(res, 1, 0));
	*(bool *)arg = true;
	wait_poke();
}


START_TEST(every_type_comes_back_as_it_was_sent)
{
	static const char sql[] =
		"SELECT $1::smallint, $2, $3, $4, $5, $6, $7, $8,"
		" cardinality($9) * 10 + cardinality($10), $9, $11,"
		" ARRAY[1], concat_ws('|', array_to_string($12, ',', '-'),"
		" array_to_string($13, ','), cardinality($14),"
		" to_char($7 AT TIME ZONE 'UTC', 'YYYY-MM-DD'))"
		" WHERE $15::jsonb ->> 'k' = 'v' AND $10[2] = 5";
	static const uint8_t guid[1][16] = {{ 1, 2, 3, [15] = 0xff }};
	const int64_t i8[] = { 1, -2, INT64_MIN };
	const int32_t i4[] = { 4, 5 };
	const struct pl textv[] = { PL("a"), PL_INIT, PL("c") };
	const bool boolv[] = { true, false };
	struct db_args a;
	bool done = false;

	db_args_init(&a);
	db_int4(&a, -7);
	db_int8(&a, INT64_C(-1234567890123));
	db_bool(&a, true);
	db_text(&a, "\xf0\x9f\x90\x98 'quoted'");
	db_text(&a, NULL);
	db_uuid(&a, guid[0]);
	db_time(&a, INT64_C(1368541577620635));
	db_time(&a, INT64_MIN);
	db_int8v(&a, i8, 3);
	db_int4v(&a, i4, 2);
	db_int8v(&a, NULL, 0);
	db_textv(&a, textv, 3);
	db_boolv(&a, boolv, 2);
	db_uuidv(&a, guid, 1);
	db_text(&a, "{\"k\":\"v\"}");
	ck_assert_int_eq(db_exec_text(db, "test", sql, &a, types_handler,
				      &done), 0);
	db_args_reset(&a);
	ck_assert_int_eq(wait_for(is_idle, db, LIMIT_MS), 0);
	ck_assert(done);
}
END_TEST


START_TEST(too_many_parameters_are_told_by_exec)
{
	struct db_args a;
	int i;

	db_args_init(&a);
	for (i = 0; i < 25; i++)
		db_int4(&a, i);
	ck_assert_int_eq(db_exec(db, "schema_version", &a, result_handler,
				 NULL), EOVERFLOW);
	ck_assert_ptr_null(a.mb);
}
END_TEST


static int removal(bool null)
{
	struct db_args a;

	db_args_init(&a);
	if (null)
		db_null(&a);
	else
		db_int8(&a, 2);
	db_int8(&a, 1);
	db_int4(&a, 0);
	ck_assert_int_eq(db_exec(db, "roster_mask", &a, result_handler,
				 NULL), 0);
	ck_assert_int_eq(wait_for(is_idle, db, LIMIT_MS), 0);

	return got.err;
}


START_TEST(a_parameter_may_be_null_first_and_a_number_later)
{
	ck_assert_int_eq(removal(true), 0);
	ck_assert_int_eq(removal(false), 0);
	ck_assert_int_eq(removal(true), 0);
	ck_assert_int_eq(removal(false), 0);
}
END_TEST


START_TEST(refusals_have_their_errno)
{
	ck_assert_int_eq(run_sql("CREATE TABLE t (n int PRIMARY KEY "
				 "CHECK (n > 0))"), 0);
	ck_assert_int_eq(run_sql("INSERT INTO t VALUES (0)"), EPERM);
	ck_assert_int_eq(run_sql("INSERT INTO t VALUES (1)"), 0);
	ck_assert_int_eq(run_sql("INSERT INTO t VALUES (1)"), EEXIST);
	ck_assert_int_eq(run_sql("SELECT nothing FROM nowhere"), EPROTO);
	ck_assert_int_eq(run_sql("SELECT 1/0"), EPROTO);
	ck_assert_int_eq(run_sql("SELECT 1"), 0);
}
END_TEST


START_TEST(a_statement_has_a_time_limit)
{
	struct db *hasty = open_up(store_conninfo(st), 50);

	ck_assert_int_eq(db_exec_text(hasty, "test", "SELECT pg_sleep(30)",
				      NULL, result_handler, NULL), 0);
	ck_assert_int_eq(wait_for(is_idle, hasty, LIMIT_MS), 0);
	ck_assert_int_eq(got.err, ETIMEDOUT);
	ck_assert(db_isup(hasty));
	mem_deref(hasty);
}
END_TEST


static void note_handler(int err, const struct db_res *res, void *arg)
{
	(void)res;
	*(int *)arg = err;
	wait_poke();
}


START_TEST(an_error_leaves_its_neighbours_alone)
{
	static const char *const sqlv[] = {
		"CREATE TABLE t (n int PRIMARY KEY)",
		"INSERT INTO t VALUES (1)",
		"INSERT INTO t VALUES (1)",
		"INSERT INTO t VALUES (2)",
		"INSERT INTO nowhere VALUES (3)",
		"INSERT INTO t VALUES (4)",
	};
	static const int wantv[] = { 0, 0, EEXIST, 0, EPROTO, 0 };
	int errv[ARRAY_SIZE(sqlv)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sqlv); i++)
		ck_assert_int_eq(db_exec_text(db, "test", sqlv[i], NULL,
					      note_handler, &errv[i]), 0);
	ck_assert_int_eq(wait_for(is_idle, db, LIMIT_MS), 0);
	for (i = 0; i < ARRAY_SIZE(sqlv); i++)
		ck_assert_int_eq(errv[i], wantv[i]);
	ck_assert_int_eq(store_number(st, "SELECT sum(n) FROM t"), 7);
}
END_TEST


START_TEST(a_commit_that_fails_is_an_error)
{
	ck_assert_int_eq(run_sql("CREATE TABLE d (n int UNIQUE DEFERRABLE "
				 "INITIALLY DEFERRED)"), 0);
	ck_assert_int_eq(run_sql("INSERT INTO d VALUES (1)"), 0);
	ck_assert_int_eq(run_sql("INSERT INTO d VALUES (1) RETURNING n"),
			 EEXIST);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM d"), 0);
	ck_assert_int_eq(got.n, 1);
}
END_TEST


static int version(void)
{
	ck_assert_int_eq(db_exec(db, "schema_version", NULL, result_handler,
				 NULL), 0);
	ck_assert_int_eq(wait_for(is_idle, db, LIMIT_MS), 0);

	return got.err;
}


START_TEST(a_preparation_that_failed_is_made_again)
{
	int errv[3], i;

	ck_assert_int_eq(run_sql("ALTER TABLE schema_version RENAME TO sv"),
			 0);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(db_exec(db, "schema_version", NULL,
					 note_handler, &errv[i]), 0);
	ck_assert_int_eq(run_sql("ALTER TABLE sv RENAME TO schema_version"),
			 0);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(errv[i], EPROTO);
	ck_assert_int_eq(version(), 0);
	ck_assert_int_eq(version(), 0);
	ck_assert_int_eq(got.n, db_schema_version());
}
END_TEST


START_TEST(a_parameter_of_megabytes_goes_through)
{
	const size_t len = 30u << 20;
	char *big = mem_zalloc(len, NULL);
	struct db_args a;

	memset(big, 'x', len);
	db_args_init(&a);
	db_textn(&a, big, len);
	ck_assert_int_eq(db_exec_text(db, "test", "SELECT length($1)", &a,
				      result_handler, NULL), 0);
	db_args_reset(&a);
	send_sql("SELECT 1");
	ck_assert_int_eq(wait_for(is_idle, db, LIMIT_MS), 0);
	ck_assert_uint_eq(got.calls, 2);
	ck_assert_int_eq(got.n, 1);
	mem_deref(big);
}
END_TEST


START_TEST(a_loss_is_told_and_the_connection_comes_back)
{
	send_sql("SELECT pg_sleep(30)");
	send_sql("SELECT 1");
	ck_assert_int_eq(store_sql(st, "SELECT pg_terminate_backend(pid) "
		"FROM pg_stat_activity WHERE application_name = 'test'"), 0);
	ck_assert_int_eq(wait_for(is_down, db, LIMIT_MS), 0);
	ck_assert_uint_eq(got.calls, 2);
	ck_assert_int_eq(got.err, ECONNRESET);
	ck_assert_int_eq(db_exec(db, "schema_version", NULL, result_handler,
				 NULL), ENOTCONN);
	ck_assert_int_eq(wait_for(is_up, db, LIMIT_MS), 0);
	ck_assert_int_eq(version(), 0);
}
END_TEST


START_TEST(a_server_that_crashed_is_found_again)
{
	ck_assert_int_eq(version(), 0);
	store_crash(st);
	ck_assert_int_eq(wait_for(is_down, db, LIMIT_MS), 0);
	ck_assert_int_eq(store_up(st), 0);
	ck_assert_int_eq(wait_for(is_up, db, LIMIT_MS), 0);
	ck_assert_int_eq(version(), 0);
}
END_TEST


START_TEST(the_second_host_is_tried_when_the_first_is_not_there)
{
	char conninfo[256];
	struct db *other;

	(void)re_snprintf(conninfo, sizeof(conninfo),
			  "host=/nowhere,%s dbname=mgc user=pchat "
			  "target_session_attrs=read-write", store_dir(st));
	other = open_up(conninfo, 0);
	mem_deref(other);
}
END_TEST


/* Takes connections (the kernel does) and never says a word. */
static int silent_server(uint16_t *portp)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(sin);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	*portp = ntohs(sin.sin_port);

	return fd;
}


START_TEST(a_host_that_says_nothing_does_not_hide_the_next)
{
	uint16_t port;
	const int fd = silent_server(&port);
	char conninfo[256];
	struct db *other;

	(void)re_snprintf(conninfo, sizeof(conninfo),
			  "host=127.0.0.1,%s port=%u,5432 dbname=mgc "
			  "user=pchat connect_timeout=1", store_dir(st),
			  port);
	other = open_up(conninfo, 0);
	mem_deref(other);
	(void)close(fd);
}
END_TEST


START_TEST(a_conninfo_that_makes_no_sense_is_refused)
{
	struct db_conf conf = { .name = "test", .conninfo = "no=such" };
	struct db *bad = NULL;

	ck_assert_int_eq(db_open(&bad, &conf, NULL, NULL), EINVAL);
	conf.conninfo = "host=a,b,c port=1,2";
	ck_assert_int_eq(db_open(&bad, &conf, NULL, NULL), EINVAL);
	ck_assert_ptr_null(bad);
}
END_TEST


START_TEST(the_queue_has_an_end)
{
	const struct db_conf conf = {
		.conninfo = store_conninfo(st), .queue_max = 2,
	};
	struct db *tight = NULL;
	int i;

	ck_assert_int_eq(db_open(&tight, &conf, state_handler, NULL), 0);
	ck_assert_int_eq(wait_for(is_up, tight, LIMIT_MS), 0);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(db_exec(tight, "schema_version", NULL,
					 result_handler, NULL),
				 i < 2 ? 0 : EAGAIN);
	mem_deref(tight);
	ck_assert_uint_eq(got.calls, 2);
	ck_assert_int_eq(got.err, ECANCELED);
}
END_TEST


START_TEST(notifications_come_also_after_a_reconnect)
{
	unsigned want = 1;

	ck_assert_int_eq(db_listen(db, "Odd \"name", notify_handler, NULL),
			 0);
	ck_assert_int_eq(db_listen(db, "Odd \"name", notify_handler, NULL),
			 EALREADY);
	ck_assert_int_eq(version(), 0);
	ck_assert_int_eq(store_sql(st, "NOTIFY \"Odd \"\"name\", 'one'"), 0);
	ck_assert_int_eq(wait_for(has_notices, &want, LIMIT_MS), 0);
	ck_assert_str_eq(got.payload, "one");

	store_crash(st);
	ck_assert_int_eq(wait_for(is_down, db, LIMIT_MS), 0);
	ck_assert_int_eq(store_up(st), 0);
	ck_assert_int_eq(wait_for(is_up, db, LIMIT_MS), 0);
	ck_assert_int_eq(version(), 0);
	ck_assert_int_eq(store_sql(st, "NOTIFY \"Odd \"\"name\", 'two'"), 0);
	want = 2;
	ck_assert_int_eq(wait_for(has_notices, &want, LIMIT_MS), 0);
	ck_assert_str_eq(got.payload, "two");
}
END_TEST


static void close_handler(int err, const struct db_res *res, void *arg)
{
	(void)res;
	(void)arg;

	++got.calls;
	got.err = err;
	db = mem_deref(db);
	wait_poke();
}


static bool is_closed(void *arg)
{
	(void)arg;
	return !db;
}


START_TEST(a_handler_may_close_the_connection)
{
	struct db *d = db;

	ck_assert_int_eq(db_exec(d, "schema_version", NULL, close_handler,
				 NULL), 0);
	ck_assert_int_eq(db_exec(d, "schema_version", NULL, result_handler,
				 NULL), 0);
	ck_assert_int_eq(wait_for(is_closed, NULL, LIMIT_MS), 0);
	ck_assert_uint_eq(got.calls, 2);
	ck_assert_int_eq(got.err, ECANCELED);
}
END_TEST


START_TEST(a_handler_may_close_the_connection_on_its_loss)
{
	struct db *d = db;

	ck_assert_int_eq(db_exec_text(d, "test", "SELECT pg_sleep(30)", NULL,
				      close_handler, NULL), 0);
	send_sql("SELECT 1");
	store_crash(st);
	ck_assert_int_eq(wait_for(is_closed, NULL, LIMIT_MS), 0);
	ck_assert_uint_eq(got.calls, 2);
}
END_TEST


static struct {
	int err;
	uint32_t found, wanted;
} schema;

static void schema_handler(int err, uint32_t found, uint32_t wanted,
			   void *arg)
{
	(void)arg;
	schema.err    = err;
	schema.found  = found;
	schema.wanted = wanted;
	wait_poke();
}


static int schema_check(struct db *d)
{
	ck_assert_int_eq(db_schema_check(d, schema_handler, NULL), 0);
	ck_assert_int_eq(wait_for(is_idle, d, LIMIT_MS), 0);
	ck_assert_uint_eq(schema.wanted, db_schema_version());

	return schema.err;
}


/* However it came by its schema */
START_TEST(a_database_that_cannot_serve_is_noticed)
{
	char sql[96];
	struct db *d;

	ck_assert_int_eq(run_sql("CREATE DATABASE nocase ENCODING 'UTF8' "
				 "LOCALE 'C' TEMPLATE template0"), 0);
	d = open_up(store_conninfo_db(st, "nocase"), 2000);
	(void)re_snprintf(sql, sizeof(sql), "CREATE TABLE schema_version AS "
			  "SELECT %u AS version", db_schema_version());
	ck_assert_int_eq(db_exec_text(d, "test", sql, NULL, result_handler,
				      NULL), 0);
	ck_assert_int_eq(schema_check(d), EPROTO);
	mem_deref(d);
}
END_TEST


START_TEST(another_schema_is_noticed)
{
	struct db *bare = open_up(store_conninfo_db(st, "empty"), 0);

	ck_assert_int_eq(schema_check(db), 0);
	ck_assert_uint_eq(schema.found, db_schema_version());
	ck_assert_int_eq(run_sql("INSERT INTO schema_version VALUES (9999)"),
			 0);
	ck_assert_int_eq(schema_check(db), EPROTO);
	ck_assert_uint_eq(schema.found, 9999);
	ck_assert_int_eq(schema_check(bare), EPROTO);
	ck_assert_uint_eq(schema.found, 0);
	mem_deref(bare);
}
END_TEST


static Suite *db_conn_suite(void)
{
	Suite *suite = suite_create("db/conn");
	TCase *tc = tcase_create("conn");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 90);
	tcase_add_test(tc, a_statement_is_called_by_name);
	tcase_add_test(tc, a_thousand_at_once_are_answered_in_order);
	tcase_add_test(tc, every_type_comes_back_as_it_was_sent);
	tcase_add_test(tc, too_many_parameters_are_told_by_exec);
	tcase_add_test(tc, a_parameter_may_be_null_first_and_a_number_later);
	tcase_add_test(tc, refusals_have_their_errno);
	tcase_add_test(tc, a_statement_has_a_time_limit);
	tcase_add_test(tc, an_error_leaves_its_neighbours_alone);
	tcase_add_test(tc, a_commit_that_fails_is_an_error);
	tcase_add_test(tc, a_preparation_that_failed_is_made_again);
	tcase_add_test(tc, a_parameter_of_megabytes_goes_through);
	tcase_add_test(tc, a_loss_is_told_and_the_connection_comes_back);
	tcase_add_test(tc, a_server_that_crashed_is_found_again);
	tcase_add_test(tc,
		       the_second_host_is_tried_when_the_first_is_not_there);
	tcase_add_test(tc,
		       a_host_that_says_nothing_does_not_hide_the_next);
	tcase_add_test(tc, a_conninfo_that_makes_no_sense_is_refused);
	tcase_add_test(tc, the_queue_has_an_end);
	tcase_add_test(tc, notifications_come_also_after_a_reconnect);
	tcase_add_test(tc, a_handler_may_close_the_connection);
	tcase_add_test(tc, a_handler_may_close_the_connection_on_its_loss);
	tcase_add_test(tc, a_database_that_cannot_serve_is_noticed);
	tcase_add_test(tc, another_schema_is_noticed);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(db_conn_suite)
