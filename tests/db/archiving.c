/**
 * @file tests/db/archiving.c  Events staged, and an archive daemon's inside
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <check.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/conf.h"
#include "common/db/db.h"
#include "common/db/embedded.h"
#include "common/db/migrate.h"
#include "compliance/archive.h"
#include "compliance/conf_keys.h"
#include "compliance/worker.h"
#include "deploy/ctl/tool.h"
#include "tests/db/archiving.h"
#include "tests/db/ask.h"
#include "tests/support/proc.h"
#include "tests/support/store.h"
#include "tests/support/wait.h"

enum { POKE_MS = 20 };

static struct store *st;
static char conninfo[160];
static char base[64];              /* the plug-in's, of the suite      */
static char dir[64];               /* of the test                      */
static struct mbuf *adapters;      /* lines of the configuration       */
static PGconn *pg;
static PGresult *query(const char *sql);
static struct db *db;
static struct config *conf;
static struct archive *archive;
static char *out, *errs;
static unsigned serial;


/* What pchat-compliance does in main(): we are its program here */
__attribute__((constructor))
static void be_worker(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], WORKER_ARG))
		exit(worker_main());
}


static void run_tool(const char *const argv[])
{
	char log[96];

	(void)snprintf(log, sizeof(log), "%s/log", base);
	if (proc_run(log, argv, ARCHIVING_LIMIT_MS)) {
		proc_show(log);
		ck_abort_msg("%s failed", argv[0]);
	}
}


/* Nothing of our tree but the header */
static void plugin_build(void)
{
	char folder[96], header[128], source[96], so[96], include[96];
	const char *const copy[] = { "cp", "compliance/adapter.h", header,
				     NULL };
	const char *const copy2[] = { "cp", "tests/db/plugin/lines.c",
				      source, NULL };
	const char *const cc[] = { "cc", "-std=c11", "-Wall", "-Wextra",
				   "-Werror", "-shared", "-fPIC", include,
				   "-o", so, source, NULL };

	(void)snprintf(folder, sizeof(folder), "%s/compliance", base);
	(void)snprintf(header, sizeof(header), "%s/adapter.h", folder);
	(void)snprintf(source, sizeof(source), "%s/lines.c", base);
	(void)snprintf(include, sizeof(include), "-I%s", base);
	(void)snprintf(so, sizeof(so), "%s/lines.so", base);

	ck_assert_int_eq(mkdir(folder, 0700), 0);
	run_tool(copy);
	run_tool(copy2);
	run_tool(cc);
}


void archiving_begin(void)
{
	str_ncpy(base, "/tmp/pchat-plugin-XXXXXX", sizeof(base));
	ck_assert_ptr_nonnull(mkdtemp(base));
	plugin_build();
	ck_assert_int_eq(store_start(&st), 0);
}


void archiving_end(void)
{
	store_stop(st);
	proc_rmtree(base);
}


void archiving_setup(void)
{
	struct mbuf *errmb = mbuf_alloc(256);
	char sql[64], name[16];

	(void)snprintf(name, sizeof(name), "c%d", (int)getpid());
	(void)snprintf(sql, sizeof(sql), "CREATE DATABASE %s", name);
	ck_assert_int_eq(store_sql(st, sql), 0);
	str_ncpy(conninfo, store_conninfo_db(st, name), sizeof(conninfo));
	ck_assert_int_eq(migrate_run(&sql_compliance, conninfo, NULL, NULL,
				     errmb), 0);
	mem_deref(errmb);

	str_ncpy(dir, "/tmp/pchat-archive-XXXXXX", sizeof(dir));
	ck_assert_ptr_nonnull(mkdtemp(dir));
	pg = PQconnectdb(conninfo);
	adapters = mbuf_alloc(256);
}


void archiving_teardown(void)
{
	archiving_down();
	mem_deref(adapters);
	PQfinish(pg);
	free(out);
	free(errs);
	out = errs = NULL;
	proc_rmtree(dir);
}


void archiving_alone(void)
{
	archiving_begin();
	archiving_setup();
}


void archiving_alone_end(void)
{
	archiving_teardown();
	archiving_end();
}


void archiving_sh(const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);

	ck_assert_msg(!system(cmd), "%s", cmd);
}


static const char *database(const char *name)
{
	static char buf[160];

	(void)snprintf(buf, sizeof(buf), "%s", name ?
		       store_conninfo_db(st, name) : conninfo);

	return buf;
}


void archiving_dump(const char *name, const char *file)
{
	archiving_sh("pg_dump -Fc -d '%s' -f %s/%s", database(name), dir,
		     file);
}


/* From another database: nobody is in the one that goes */
static void drop_and_make(const char *name)
{
	char own[16];

	(void)snprintf(own, sizeof(own), "c%d", (int)getpid());
	PQfinish(pg);
	pg = PQconnectdb(store_conninfo_db(st, "empty"));
	archiving_sql("DROP DATABASE %s WITH (FORCE)", name ? name : own);
	archiving_sql("CREATE DATABASE %s", name ? name : own);
	PQfinish(pg);
	pg = NULL;
}


void archiving_restore(const char *name, const char *file)
{
	drop_and_make(name);
	archiving_sh("pg_restore -d '%s' %s/%s", database(name), dir, file);
	pg = PQconnectdb(conninfo);
}


void archiving_anew(void)
{
	struct mbuf *errmb = mbuf_alloc(256);

	drop_and_make(NULL);
	ck_assert_int_eq(migrate_run(&sql_compliance, conninfo, NULL, NULL,
				     errmb), 0);
	mem_deref(errmb);
	pg = PQconnectdb(conninfo);
}


static const char *data_directory(void)
{
	static char path[256];
	PGresult *res;

	if (!*path) {
		res = query("SHOW data_directory");
		str_ncpy(path, PQgetvalue(res, 0, 0), sizeof(path));
		PQclear(res);
	}

	return path;
}


void archiving_copy(void)
{
	const char *data = data_directory();

	archiving_sql("CHECKPOINT");
	store_crash(st);
	archiving_sh("cp -a %s %s.copy", data, data);
	ck_assert_int_eq(store_up(st), 0);
	PQreset(pg);
}


void archiving_put_back(void)
{
	const char *data = data_directory();

	store_crash(st);
	archiving_sh("rm -rf %s && mv %s.copy %s", data, data, data);
	ck_assert_int_eq(store_up(st), 0);
	PQreset(pg);
}


struct store *archiving_store(void)
{
	return st;
}


const char *archiving_conninfo(void)
{
	return conninfo;
}


const char *archiving_dir(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);

	return path;
}


const char *archiving_file(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s.conf", dir, name);

	return path;
}


void archiving_mood(const char *name, const char *mood)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s.mood", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	(void)fprintf(f, "%s\n", mood ? mood : "");
	(void)fclose(f);
}


void archiving_adapter(const char *name, const char *type, const char *extra)
{
	FILE *f = fopen(archiving_file(name), "w");

	ck_assert_ptr_nonnull(f);
	(void)fprintf(f, "adapter.name\t%s\nadapter.directory\t%s\n"
		      "adapter.retry_max_s\t1\n", name, archiving_dir(name));
	if (type)
		(void)fprintf(f, "adapter.type\t%s\n", type);
	else
		(void)fprintf(f, "adapter.type\t%s/lines.so\n"
			      "mood\t%s/%s.mood\n", base, dir, name);
	(void)fprintf(f, "%s", extra ? extra : "");
	(void)fclose(f);

	ck_assert_int_eq(mkdir(archiving_dir(name), 0700), 0);
	(void)mbuf_printf(adapters, "adapter\t%s\n", archiving_file(name));
}


static void conf_write(const char *path, const char *extra)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	(void)fprintf(f, "instance.name\ttest\nstore.conninfo\t%s\n"
		      "staging.conninfo\t%s\nrun.settle_ms\t0\n"
		      "lease.period_ms\t200\nlease.lapse_ms\t1000\n%.*s%s",
		      store_conninfo(st), conninfo, (int)adapters->end,
		      (char *)adapters->buf, extra ? extra : "");
	(void)fclose(f);
}


static void state_handler(bool up, void *arg)
{
	(void)up;
	(void)arg;
	wait_poke();
}


static bool is_up(void *arg)
{
	(void)arg;

	return db_isup(db);
}


void archiving_up(const char *extra)
{
	const struct db_conf dc = {
		.name = "test", .conninfo = store_conninfo(st),
	};
	struct mbuf *errmb = mbuf_alloc(256);
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/conf%u", dir, ++serial);
	conf_write(path, extra);
	ck_assert_msg(!config_load(&conf, compliance_keyv, compliance_keyc,
				   path, errmb), "%.*s", (int)errmb->end,
		      (char *)errmb->buf);
	mem_deref(errmb);

	ck_assert_int_eq(db_open(&db, &dc, state_handler, NULL), 0);
	ck_assert_int_eq(wait_for(is_up, NULL, ARCHIVING_LIMIT_MS), 0);
	ck_assert_int_eq(archive_open(&archive, conf, db, NULL), 0);
}


void archiving_down(void)
{
	db = mem_deref(db);
	archive = mem_deref(archive);
	conf = mem_deref(conf);
}


static PGresult *query(const char *sql)
{
	PGresult *res = PQexec(pg, sql);
	const ExecStatusType status = PQresultStatus(res);

	ck_assert_msg(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK,
		      "%s: %s", sql, PQerrorMessage(pg));

	return res;
}


static int64_t number(const char *sql)
{
	PGresult *res = query(sql);
	int64_t n = -1;

	if (PQntuples(res) > 0 && !PQgetisnull(res, 0, 0))
		n = atoll(PQgetvalue(res, 0, 0));
	PQclear(res);

	return n;
}


void archiving_sql(const char *fmt, ...)
{
	char sql[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);

	PQclear(query(sql));
}


int64_t archiving_number(const char *fmt, ...)
{
	char sql[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);

	return number(sql);
}


struct goal {
	char sql[2048];
	int64_t n;
};


static bool is_there(void *arg)
{
	const struct goal *goal = arg;

	return number(goal->sql) == goal->n;
}


static void poke_handler(void *arg)
{
	struct tmr *tmr = arg;

	tmr_start(tmr, POKE_MS, poke_handler, tmr);
	wait_poke();
}


void archiving_wait(int64_t n, const char *fmt, ...)
{
	struct goal goal = { .n = n };
	struct tmr tmr;
	va_list ap;
	int err;

	va_start(ap, fmt);
	(void)vsnprintf(goal.sql, sizeof(goal.sql), fmt, ap);
	va_end(ap);

	tmr_init(&tmr);
	tmr_start(&tmr, POKE_MS, poke_handler, &tmr);
	err = wait_for(is_there, &goal, ARCHIVING_LIMIT_MS);
	tmr_cancel(&tmr);

	ck_assert_msg(!err, "never %lld: %s (%lld)", (long long)n, goal.sql,
		      (long long)number(goal.sql));
}


struct state {
	const char *expr;
	bool goal;
};


static bool is_so(void *arg)
{
	const struct state *state = arg;
	char sql[512];

	(void)snprintf(sql, sizeof(sql), "SELECT (%s)::integer", state->expr);

	return store_number(st, sql) == state->goal;
}


void archiving_state_wait(const char *goal, const char *expr)
{
	struct state state = { expr, *goal == 't' };
	struct tmr tmr;
	int err;

	tmr_init(&tmr);
	tmr_start(&tmr, POKE_MS, poke_handler, &tmr);
	err = wait_for(is_so, &state, ARCHIVING_LIMIT_MS);
	tmr_cancel(&tmr);

	ck_assert_msg(!err, "never %s: %s", goal, expr);
}


#define EVENT \
	"jsonb_build_object('id', gen_random_uuid(), 'kind', %d, 'ts', %s," \
	" 'room', jsonb_build_object('id'," \
	" '00000000-0000-4000-8000-00000000000%u', 'name', 'Room %u')," \
	" 'user', jsonb_build_object('id', %u, 'uri', 'sip:u%u@x'," \
	" 'internal', true), %s)"

#define BASE "1700000000000000"


void archiving_chats(unsigned room, unsigned first, unsigned last)
{
	char sql[1024], ts[96];

	(void)snprintf(ts, sizeof(ts), BASE " + %u * 3600000000 + "
		       "(60 + i) * 1000000", room);
	(void)snprintf(sql, sizeof(sql), "SELECT stage(jsonb_agg(" EVENT
		       ")) FROM generate_series(%u, %u) AS i", 1, ts, room,
		       room, room, room, "'msg_id', i, 'chat', 'text ' || i",
		       first, last);
	ck_assert_int_eq(number(sql), last - first + 1);
}


void archiving_presence(unsigned room, unsigned user, int kind, unsigned s)
{
	char sql[1024], ts[96], rest[48];

	(void)snprintf(ts, sizeof(ts), BASE " + %u * 3600000000 + "
		       "%u * 1000000", room, s);
	(void)snprintf(rest, sizeof(rest), "'session', '%u'", 100 + user);
	(void)snprintf(sql, sizeof(sql), "SELECT stage(jsonb_build_array("
		       EVENT "))", kind, ts, room, room, user, user, rest);
	ck_assert_int_eq(number(sql), 1);
}


/* One round of what channel/outbox.c does */
static bool push_some(PGconn *from)
{
	const char *text = sql_stmt_find(&sql_store, "outbox_next")->text;
	const char *const argv[] = { "0", "0", "{}", "500", "1000000" };
	const char *done[2] = { "0" };
	PGresult *res, *res2;
	bool any;

	res = PQexecParams(from, text, 5, NULL, argv, NULL, NULL, 0);
	ck_assert_msg(PQresultStatus(res) == PGRES_TUPLES_OK, "%s",
		      PQerrorMessage(from));
	any = !PQgetisnull(res, 0, 0);

	if (any) {
		const char *const ev[] = { PQgetvalue(res, 0, 1) };

		res2 = PQexecParams(pg, "SELECT stage(" WHOLE_EVENTS("b.b")
				    ") FROM (SELECT $1::jsonb) AS b (b)", 1,
				    NULL, ev, NULL, NULL, 0);
		ck_assert_msg(PQresultStatus(res2) == PGRES_TUPLES_OK, "%s",
			      PQerrorMessage(pg));
		PQclear(res2);
		done[1] = PQgetvalue(res, 0, 0);
		res2 = PQexecParams(from, sql_stmt_find(&sql_store,
							"outbox_done")->text,
				    2, NULL, done, NULL, NULL, 0);
		ck_assert_int_eq(PQresultStatus(res2), PGRES_TUPLES_OK);
		PQclear(res2);
	}
	PQclear(res);

	return any;
}


void archiving_push(void)
{
	PGconn *from = PQconnectdb(store_conninfo(st));

	while (push_some(from))
		;

	PQfinish(from);
}


void archiving_run(void)
{
	archiving_sql("UPDATE run SET asked_on = clock_timestamp(); "
		      "NOTIFY pchat_run");
	archiving_wait(0, "SELECT (SELECT count(*) FROM run WHERE asked_on > "
		       "done_on) + (SELECT count(*) FROM adapter WHERE "
		       "batch_id < (SELECT coalesce(max(batch_id), 0) "
		       "FROM batch))");
}


int archiving_ctl(const char *word, ...)
{
	const char *argv[16] = { "pchatctl", word };
	int argc = 2, status;
	FILE *o, *e;
	size_t n;
	va_list ap;

	va_start(ap, word);
	while (argc < 15 && (argv[argc] = va_arg(ap, const char *)))
		++argc;
	va_end(ap);

	(void)setenv("PCHAT_STORE", store_conninfo(st), 1);
	(void)setenv("PCHAT_COMPLIANCE", conninfo, 1);

	free(out);
	free(errs);
	o = open_memstream(&out, &n);
	e = open_memstream(&errs, &n);
	status = tool_main(argc, (char **)argv, o, e);
	(void)fclose(o);
	(void)fclose(e);

	return status;
}


const char *archiving_out(void)
{
	return out;
}


const char *archiving_err(void)
{
	return errs;
}
