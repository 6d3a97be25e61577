/**
 * @file tests/support/standby.c  A streaming standby of a pool's store
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/json.h"
#include "tests/support/pgrun.h"
#include "tests/support/pool.h"
#include "tests/support/proc.h"
#include "tests/support/standby.h"

enum { LIMIT_MS = 60000, POLL_MS = 20 };

struct standby {
	char dir[96];
	char data[112];
	char admin[256];           /* conninfo of the primary's superuser    */
	char *conninfo;
	uint16_t primary, port;
	pid_t pid;
};


static void destructor(void *data)
{
	struct standby *sb = data;

	if (sb->pid > 0) {
		(void)kill(sb->pid, SIGQUIT);
		(void)pgrun_wait(sb->pid);
	}
	if (sb->dir[0])
		proc_rmtree(sb->dir);
	mem_deref(sb->conninfo);
}


/* The pool's own notes have the superuser's password */
static int read_admin(struct standby *sb, const struct pool *pool)
{
	char path[512];
	json_t *state;
	const char *port = strstr(pool_store(pool), "port=");
	const char *password;

	(void)re_snprintf(path, sizeof(path), "%s/state.json",
			  pool_dir(pool));
	state = json_load_file(path, 0, NULL);
	password = json_string_value(json_object_get(state,
						     "admin_password"));
	if (!password || !port) {
		json_decref(state);
		return pgrun_fail(path);
	}

	sb->primary = (uint16_t)atoi(port + 5);
	(void)re_snprintf(sb->admin, sizeof(sb->admin), "host=127.0.0.1 "
			  "port=%u user=postgres dbname=postgres "
			  "password=%s", sb->primary, password);
	json_decref(state);

	return 0;
}


/* The owner's, with our port in place of the primary's */
static int conninfo_set(struct standby *sb, const struct pool *pool)
{
	const char *all = pool_store(pool);
	const char *port = strstr(all, "port=");
	const size_t head = (size_t)(port - all);

	return re_sdprintf(&sb->conninfo, "%b port=%u%s", all, head, sb->port,
			   port + strcspn(port, " "));
}


static bool query(const char *conninfo, const char *sql)
{
	PGconn *pg = PQconnectdb(conninfo);
	PGresult *res = PQexec(pg, sql);
	const ExecStatusType status = PQresultStatus(res);
	const bool ok = status == PGRES_COMMAND_OK ||
		(status == PGRES_TUPLES_OK && PQntuples(res) &&
		 *PQgetvalue(res, 0, 0) == 't');

	PQclear(res);
	PQfinish(pg);

	return ok;
}


static int comes_true(const char *conninfo, const char *sql)
{
	unsigned ms;

	for (ms = 0; ms < LIMIT_MS; ms += POLL_MS) {
		if (query(conninfo, sql))
			return 0;
		(void)poll(NULL, 0, POLL_MS);
	}

	(void)re_fprintf(stderr, "standby: not in time: %s\n", sql);

	return ETIMEDOUT;
}


static int base_backup(struct standby *sb)
{
	char *argv[] = { "pg_basebackup", "-D", sb->data, "-R", "-X",
			 "stream", "-c", "fast", "-N", "-d", sb->admin,
			 NULL };
	int err = pgrun_wait(pgrun_spawn(sb->dir, argv));

	if (err)
		proc_show(pgrun_log(sb->dir));

	return err;
}


static int run(struct standby *sb)
{
	char port[24];
	char *argv[] = { "postgres", "-D", sb->data, "-c", port,
			 "-c", "synchronous_standby_names=",
			 "-c", "cluster_name=standby", NULL };

	sb->port = proc_free_port();
	(void)re_snprintf(port, sizeof(port), "port=%u", sb->port);
	sb->pid = pgrun_spawn(sb->dir, argv);

	return sb->pid < 0 ? pgrun_fail("fork") : 0;
}


/* From here on the primary's commits wait for the standby */
static int synchronous(const struct standby *sb)
{
	if (!query(sb->admin, "ALTER SYSTEM SET synchronous_standby_names "
		   "= '*'") || !query(sb->admin, "SELECT pg_reload_conf()"))
		return EPROTO;

	return comes_true(sb->admin, "SELECT count(*) = 1 FROM "
			  "pg_stat_replication WHERE sync_state = 'sync'");
}


int standby_start(struct standby **sbp, const struct pool *pool)
{
	struct standby *sb;
	int err;

	err = pgrun_prepare();
	if (err)
		return err;

	sb = mem_zalloc(sizeof(*sb), destructor);
	if (!sb)
		return ENOMEM;

	(void)re_snprintf(sb->dir, sizeof(sb->dir), "%s/standby-%d",
			  pgrun_dir(), (int)getpid());
	(void)re_snprintf(sb->data, sizeof(sb->data), "%s/data", sb->dir);
	err = pgrun_mkdir(sb->dir);
	if (!err)
		err = read_admin(sb, pool);
	if (!err)
		err = base_backup(sb);
	if (!err)
		err = run(sb);
	if (!err)
		err = synchronous(sb);
	if (!err)
		err = conninfo_set(sb, pool);

	if (err) {
		proc_show(pgrun_log(sb->dir));
		mem_deref(sb);
	}
	else
		*sbp = sb;

	return err;
}


uint16_t standby_port(const struct standby *sb)
{
	return sb->port;
}


const char *standby_conninfo(const struct standby *sb)
{
	return sb->conninfo;
}


int standby_promote(struct standby *sb)
{
	char *argv[] = { "pg_ctl", "promote", "-D", sb->data, NULL };
	int err;

	err = pgrun_wait(pgrun_spawn(sb->dir, argv));
	if (err) {
		proc_show(pgrun_log(sb->dir));
		return err;
	}

	return comes_true(sb->conninfo, "SELECT NOT pg_is_in_recovery()");
}


static void stop_handler(pid_t pid, void *arg)
{
	(void)kill(pid, *(const int *)arg);
}


/* The postmaster first: what it starts meanwhile would be missed */
void standby_freeze_primary(const struct pool *pool, bool frozen)
{
	const pid_t pid = pool_postmaster(pool);
	int sig = frozen ? SIGSTOP : SIGCONT;

	(void)kill(pid, sig);
	proc_children(pid, stop_handler, &sig);
}
