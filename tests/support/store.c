/**
 * @file tests/support/store.c  A private PostgreSQL cluster for a test
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/wait.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/migrate.h"
#include "tests/support/pgrun.h"
#include "tests/support/proc.h"
#include "tests/support/store.h"

enum { START_LIMIT_MS = 30000, POLL_MS = 10 };

struct store {
	char dir[64];
	char conninfo[128];
	char conninfo_db[128];
	pid_t pid;
};


static int initdb(const char *dir)
{
	char data[96];
	char *argv[] = { "initdb", "-D", data, "-U", "pchat", "-A", "trust",
			 "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
			 "--wal-segsize=1", NULL };
	int err;

	(void)snprintf(data, sizeof(data), "%s/data", dir);

	err = pgrun_wait(pgrun_spawn(dir, argv));
	if (err)
		proc_show(pgrun_log(dir));

	return err;
}


static bool answers(const struct store *st)
{
	return PQping(st->conninfo) == PQPING_OK;
}


static int server_up(struct store *st)
{
	char data[96];
	char *argv[] = { "postgres", "-D", data, "-k", st->dir,
			 "-c", "listen_addresses=", "-c", "fsync=off",
			 "-c", "synchronous_commit=off",
			 "-c", "full_page_writes=off",
			 "-c", "shared_buffers=16MB",
			 "-c", "max_connections=60",
			 "-c", "log_min_messages=fatal",
			 "-c", "log_min_error_statement=panic", NULL };
	int waited;

	(void)snprintf(data, sizeof(data), "%s/data", st->dir);

	st->pid = pgrun_spawn(st->dir, argv);
	if (st->pid < 0)
		return pgrun_fail("fork");

	for (waited = 0; waited < START_LIMIT_MS; waited += POLL_MS) {

		if (answers(st))
			return 0;

		if (waitpid(st->pid, NULL, WNOHANG) == st->pid) {
			st->pid = -1;
			break;
		}

		(void)poll(NULL, 0, POLL_MS);
	}

	proc_show(pgrun_log(st->dir));

	return pgrun_fail("the server does not come up");
}


static void server_down(struct store *st, int sig)
{
	if (st->pid <= 0)
		return;

	(void)kill(st->pid, sig);
	(void)pgrun_wait(st->pid);
	st->pid = -1;
}


static void conninfo_set(struct store *st)
{
	(void)snprintf(st->conninfo, sizeof(st->conninfo),
		       "host=%s dbname=mgc user=pchat", st->dir);
}


static int template_fill(struct store *tmpl)
{
	struct mbuf *errmb;
	int err;

	(void)snprintf(tmpl->conninfo, sizeof(tmpl->conninfo),
		       "host=%s dbname=postgres user=pchat", tmpl->dir);

	err = server_up(tmpl);
	if (!err)
		err = store_sql(tmpl, "CREATE DATABASE mgc");
	if (err)
		return err;

	conninfo_set(tmpl);
	err = store_sql(tmpl, "ALTER DATABASE postgres RENAME TO empty");
	if (err)
		return err;

	errmb = mbuf_alloc(256);
	err = migrate_run(&sql_store, tmpl->conninfo, NULL, NULL, errmb);
	if (err)
		(void)re_fprintf(stderr, "store: %b\n", errmb->buf,
				 errmb->end);
	mem_deref(errmb);

	return err;
}


static int template_make(const char *dir)
{
	struct store tmpl = { .pid = -1 };
	int err;

	(void)snprintf(tmpl.dir, sizeof(tmpl.dir), "%s", dir);

	err = pgrun_mkdir(dir);
	if (!err)
		err = initdb(dir);
	if (!err)
		err = template_fill(&tmpl);

	server_down(&tmpl, SIGINT);
	if (err)
		proc_rmtree(dir);

	return err;
}


static int template_ensure(char *dir, size_t size)
{
	int err;

	err = pgrun_prepare();
	if (err)
		return err;

	(void)snprintf(dir, size, "%s/template", pgrun_dir());
	if (0 == access(dir, F_OK))
		return 0;

	return template_make(dir);
}


static int template_copy(const char *from, const char *to)
{
	char src[128], dst[128];
	pid_t pid;

	(void)snprintf(src, sizeof(src), "%s/data", from);
	(void)snprintf(dst, sizeof(dst), "%s/data", to);

	pid = fork();
	if (pid == 0) {
		(void)execlp("cp", "cp", "-a", "--reflink=auto", src, dst,
			     (char *)NULL);
		_exit(127);
	}

	return pid < 0 ? pgrun_fail("fork") : pgrun_wait(pid);
}


static void destructor(void *data)
{
	struct store *st = data;

	store_freeze(st, false);
	server_down(st, SIGQUIT);
	proc_rmtree(st->dir);
}


int store_start(struct store **stp)
{
	static unsigned serial;
	char tmpl[64];
	struct store *st;
	int err;

	err = template_ensure(tmpl, sizeof(tmpl));
	if (err)
		return err;

	st = mem_zalloc(sizeof(*st), destructor);
	if (!st)
		return ENOMEM;

	(void)snprintf(st->dir, sizeof(st->dir), "%s/%d-%u", pgrun_dir(),
		       (int)getpid(), ++serial);
	conninfo_set(st);

	err = pgrun_mkdir(st->dir);
	if (!err)
		err = template_copy(tmpl, st->dir);
	if (!err)
		err = server_up(st);

	if (err)
		mem_deref(st);
	else
		*stp = st;

	return err;
}


void store_stop(struct store *st)
{
	mem_deref(st);
}


const char *store_conninfo(const struct store *st)
{
	return st->conninfo;
}


const char *store_conninfo_db(struct store *st, const char *dbname)
{
	(void)snprintf(st->conninfo_db, sizeof(st->conninfo_db),
		       "host=%s dbname=%s user=pchat", st->dir, dbname);

	return st->conninfo_db;
}


const char *store_dir(const struct store *st)
{
	return st->dir;
}


void store_crash(struct store *st)
{
	server_down(st, SIGQUIT);
}


int store_up(struct store *st)
{
	return server_up(st);
}


static void signal_handler(pid_t pid, void *arg)
{
	(void)kill(pid, *(const int *)arg);
}


void store_freeze(struct store *st, bool frozen)
{
	int sig = frozen ? SIGSTOP : SIGCONT;

	(void)kill(st->pid, sig);
	proc_children(st->pid, signal_handler, &sig);
}


static PGresult *query(const struct store *st, const char *sql)
{
	PGconn *pg = PQconnectdb(st->conninfo);
	PGresult *res = PQexec(pg, sql);
	const ExecStatusType status = PQresultStatus(res);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		(void)re_fprintf(stderr, "store: %s", PQerrorMessage(pg));
		PQclear(res);
		res = NULL;
	}

	PQfinish(pg);

	return res;
}


int store_sql(struct store *st, const char *sql)
{
	PGresult *res = query(st, sql);

	if (!res)
		return EPROTO;

	PQclear(res);

	return 0;
}


long long store_number(struct store *st, const char *sql)
{
	PGresult *res = query(st, sql);
	long long n = -1;

	if (res && PQntuples(res) > 0 && !PQgetisnull(res, 0, 0))
		n = atoll(PQgetvalue(res, 0, 0));

	PQclear(res);

	return n;
}
