/**
 * @file tests/support/pool.c  A private pool for a test, up and down
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <libpq-fe.h>
#include <re.h>
#include "tests/support/pool.h"
#include "tests/support/poolfile.h"
#include "tests/support/proc.h"
#include "tests/support/sanlog.h"


enum {
	UP_MS     = 90000,
	DOWN_MS   = 60000,
	ARGS_MAX  = 64,
};

#define FAULT "fault "

struct pool {
	char *base;                    /* our temporary folder             */
	char *dir;                     /* --dir, in base                   */
	char *log;                     /* what the script says             */
	char *datafile;
	const char *upv[ARGS_MAX];     /* how `up` was called              */
	char *textv[ARGS_MAX];         /* its arguments that are ours      */
	size_t textc;

	struct poolfile *file;         /* pool.json                        */
};


static const char *script(void)
{
	const char *path = getenv("PCHAT_POOL");

	return path ? path : "deploy/dev/pool";
}


static void destructor(void *data)
{
	struct pool *pool = data;
	size_t i;

	mem_deref(pool->file);
	for (i = 0; i < pool->textc; i++)
		mem_deref(pool->textv[i]);
	mem_deref(pool->datafile);
	mem_deref(pool->log);
	mem_deref(pool->dir);
	mem_deref(pool->base);
}


int pool_reload(struct pool *pool)
{
	struct poolfile *file;
	char path[512];
	int err;

	if (!pool)
		return EINVAL;

	if (re_snprintf(path, sizeof(path), "%s/pool.json", pool->dir) < 0)
		return EOVERFLOW;

	err = poolfile_load(&file, path);
	if (err)
		return err;

	mem_deref(pool->file);
	pool->file = file;

	return 0;
}


/* ------------------------------------------------------------ the script */

static int run_script(const struct pool *pool, const char *const argv[],
		      unsigned timeout_ms)
{
	int err = proc_run(pool->log, argv, timeout_ms);

	if (err) {
		(void)re_fprintf(stderr, "%s %s: %m; it said:\n",
				 argv[0], argv[1], err);
		proc_show(pool->log);
	}

	return err;
}


static int one(struct pool *pool, const char *verb, const char *name)
{
	const char *const argv[] = {
		script(), verb, name, "--dir", pool->dir, NULL
	};
	int err = run_script(pool, argv, UP_MS);

	return err ? err : pool_reload(pool);
}


static void down(const struct pool *pool)
{
	const char *const argv[] = {
		script(), "down", "--dir", pool->dir, NULL
	};

	(void)run_script(pool, argv, DOWN_MS);
}


static int arg_add(struct pool *pool, size_t *n, const char *flag,
		   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static int arg_add(struct pool *pool, size_t *n, const char *flag,
		   const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int err;

	if (*n + 3 > ARGS_MAX)
		return EOVERFLOW;

	va_start(ap, fmt);
	err = re_vsdprintf(&text, fmt, ap);
	va_end(ap);
	if (err)
		return err;

	pool->textv[pool->textc++] = text;
	pool->upv[(*n)++] = flag;
	pool->upv[(*n)++] = text;

	return 0;
}


/* Tests run the default, not what the script sets for a lab */
static int default_args(struct pool *pool, size_t *n,
			const struct pool_opts *opts)
{
	const char *const *set;

	for (set = opts->setv; set && *set; set++) {
		if (!strncmp(*set, "sip.identity=", 13))
			return 0;
	}

	return arg_add(pool, n, "--set", "%s", "sip.identity=asserted");
}


static int up_args(struct pool *pool, const struct pool_opts *opts)
{
	const char *const *set;
	size_t n = 0;
	int err;

	pool->upv[n++] = script();
	pool->upv[n++] = "up";
	err = arg_add(pool, &n, "--dir", "%s", pool->dir);
	if (!err)
		err = arg_add(pool, &n, "--instances", "%u",
			      opts->instances ? opts->instances : 2);
	if (!err && opts->compliance)
		err = arg_add(pool, &n, "--compliance", "%u",
			      opts->compliance);
	if (!err && opts->web)
		err = arg_add(pool, &n, "--web", "%u", opts->web);
	if (!err && pool->datafile)
		err = arg_add(pool, &n, "--data", "%s", pool->datafile);

	if (!err)
		err = default_args(pool, &n, opts);
	for (set = opts->setv; set && *set && !err; set++)
		err = arg_add(pool, &n, "--set", "%s", *set);

	if (opts->registrar)
		pool->upv[n++] = "--registrar";
	pool->upv[n] = NULL;

	return err;
}


static int data_write(struct pool *pool, const char *data)
{
	FILE *f;
	int err;

	if (!data)
		return 0;

	if (data[0] != '{')
		return str_dup(&pool->datafile, data);

	err = re_sdprintf(&pool->datafile, "%s/data.json", pool->base);
	if (err)
		return err;

	f = fopen(pool->datafile, "w");
	if (!f)
		return errno;

	if (fputs(data, f) < 0)
		err = EIO;
	if (fclose(f))
		err = EIO;

	return err;
}


/* A folder, or with a mark what was found at fault in it */
static void enlist(const char *mark, const char *base)
{
	const char *list = getenv("PCHAT_POOLS");
	FILE *f = list ? fopen(list, "a") : NULL;

	if (!f)
		return;

	(void)fprintf(f, "%s%s\n", mark, base);
	(void)fclose(f);
}


static int folder(struct pool *pool)
{
	const char *tmp = getenv("TMPDIR");
	char path[256];
	int err;

	if (re_snprintf(path, sizeof(path), "%s/pchat-XXXXXX",
			tmp ? tmp : "/tmp") < 0)
		return EOVERFLOW;

	if (!mkdtemp(path))
		return errno;
	/* the database may run as another user, who passes through here */
	if (chmod(path, 0755))
		return errno;

	enlist("", path);

	err = str_dup(&pool->base, path);
	if (!err)
		err = re_sdprintf(&pool->dir, "%s/pool", path);
	if (!err)
		err = re_sdprintf(&pool->log, "%s/script.log", path);

	return err;
}


int pool_up(struct pool **poolp, const struct pool_opts *opts)
{
	static const struct pool_opts plain;
	struct pool *pool;
	int err;

	if (!poolp)
		return EINVAL;

	pool = mem_zalloc(sizeof(*pool), destructor);
	if (!pool)
		return ENOMEM;

	if (!opts)
		opts = &plain;

	err = folder(pool);
	if (!err)
		err = data_write(pool, opts->data);
	if (!err)
		err = up_args(pool, opts);
	if (!err)
		err = run_script(pool, pool->upv, UP_MS);
	if (!err)
		err = pool_reload(pool);

	if (err)
		pool_down(pool);
	else
		*poolp = pool;

	return err;
}


void pool_down(struct pool *pool)
{
	if (!pool)
		return;

	if (pool->log && !access(pool->dir, F_OK))
		down(pool);

	if (pool->dir && sanlog_show(pool->dir))
		enlist(FAULT, pool->base);

	if (pool->base && !getenv("PCHAT_KEEP"))
		proc_rmtree(pool->base);

	mem_deref(pool);
}


int pool_cycle(struct pool *pool)
{
	int err;

	if (!pool)
		return EINVAL;

	down(pool);
	err = run_script(pool, pool->upv, UP_MS);

	return err ? err : pool_reload(pool);
}


int pool_stop(struct pool *pool, const char *name)
{
	return pool && name ? one(pool, "stop", name) : EINVAL;
}


int pool_start(struct pool *pool, const char *name)
{
	return pool && name ? one(pool, "start", name) : EINVAL;
}


/* -------------------------------------------------------------- the kill */

pid_t pool_postmaster(const struct pool *pool)
{
	return pool ? poolfile_postmaster(pool->dir) : 0;
}


static void kill_handler(pid_t pid, void *arg)
{
	(void)arg;
	(void)kill(pid, SIGKILL);
}


static pid_t pid_of(const struct pool *pool, const char *name)
{
	size_t i;

	if (!strcmp(name, "store"))
		return pool_postmaster(pool);
	if (!strcmp(name, "registrar"))
		return pool->file->reg_pid;

	for (i = 0; i < pool->file->instc; i++) {
		if (!strcmp(pool->file->instv[i].name, name))
			return pool->file->instv[i].pid;
	}

	for (i = 0; i < pool->file->compc; i++) {
		if (!strcmp(pool->file->compv[i].name, name))
			return pool->file->compv[i].pid;
	}

	for (i = 0; i < pool->file->webc; i++) {
		if (!strcmp(pool->file->webv[i].name, name))
			return pool->file->webv[i].pid;
	}

	return 0;
}


int pool_kill9(struct pool *pool, const char *name)
{
	pid_t pid;

	if (!pool || !name)
		return EINVAL;

	pid = pid_of(pool, name);
	if (pid <= 1)
		return ENOENT;

	/* children first: without a parent they could no longer be found */
	(void)kill(pid, SIGSTOP);
	proc_children(pid, kill_handler, NULL);
	if (kill(pid, SIGKILL))
		return errno;

	return proc_wait_gone(pid, 5000);
}


/* ------------------------------------------------------------- accessors */

const char *pool_dir(const struct pool *pool)
{
	return pool ? pool->dir : NULL;
}


const char *pool_store(const struct pool *pool)
{
	return pool ? pool->file->store : NULL;
}


const char *pool_uri(const struct pool *pool)
{
	return pool ? pool->file->pool_uri : NULL;
}


const char *pool_domain(const struct pool *pool)
{
	return pool ? pool->file->domain : NULL;
}


size_t pool_instances(const struct pool *pool)
{
	return pool ? pool->file->instc : 0;
}


const struct pool_inst *pool_inst(const struct pool *pool, size_t i)
{
	return i < pool_instances(pool) ? &pool->file->instv[i] : NULL;
}


const char *pool_compliance_store(const struct pool *pool)
{
	return pool ? pool->file->compliance_store : NULL;
}


const char *pool_archive(const struct pool *pool)
{
	return pool ? pool->file->archive : NULL;
}


const struct pool_compliance *pool_compliance(const struct pool *pool,
					      size_t i)
{
	return pool && i < pool->file->compc ? &pool->file->compv[i] : NULL;
}


const struct pool_web *pool_web(const struct pool *pool, size_t i)
{
	return pool && i < pool->file->webc ? &pool->file->webv[i] : NULL;
}


const char *pool_ca(const struct pool *pool)
{
	return pool ? pool->file->ca : NULL;
}


const char *pool_registrar_tcp(const struct pool *pool)
{
	return pool ? pool->file->reg_tcp : NULL;
}


const char *pool_registrar_tls(const struct pool *pool)
{
	return pool ? pool->file->reg_tls : NULL;
}


const char *pool_registrar_ctl(const struct pool *pool)
{
	return pool ? pool->file->reg_ctl : NULL;
}


const char *pool_registrar_fifo(const struct pool *pool)
{
	return pool ? pool->file->reg_fifo : NULL;
}


static char *first_column(const char *conninfo, const char *sql,
			  const char *p1)
{
	char *text = NULL;
	PGresult *res;
	PGconn *conn;

	if (!conninfo || !sql)
		return NULL;

	conn = PQconnectdb(conninfo);
	res = PQexecParams(conn, sql, p1 ? 1 : 0, NULL, &p1, NULL, NULL, 0);

	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		(void)re_fprintf(stderr, "%s: %s", sql, PQerrorMessage(conn));
	else if (PQntuples(res) && !PQgetisnull(res, 0, 0))
		(void)str_dup(&text, PQgetvalue(res, 0, 0));

	PQclear(res);
	PQfinish(conn);

	return text;
}


char *pool_sql(const struct pool *pool, const char *sql, const char *p1)
{
	return first_column(pool_store(pool), sql, p1);
}


char *pool_compliance_sql(const struct pool *pool, const char *sql,
			  const char *p1)
{
	return first_column(pool_compliance_store(pool), sql, p1);
}


/* ------------------------------------------------------------- the sweep */

static void sweep(const char *base)
{
	struct pool *pool;

	if (access(base, F_OK))
		return;

	pool = mem_zalloc(sizeof(*pool), destructor);
	if (!pool)
		return;

	if (!str_dup(&pool->base, base) &&
	    !re_sdprintf(&pool->dir, "%s/pool", base) &&
	    !re_sdprintf(&pool->log, "%s/script.log", base)) {
		(void)re_fprintf(stderr, "left behind: %s\n", base);
		pool_down(pool);
	}
	else {
		mem_deref(pool);
	}
}


/* What the sweep itself finds is appended, and read in the end */
bool pools_sweep(const char *listfile)
{
	bool fault = false;
	char line[512];
	FILE *f = listfile ? fopen(listfile, "r") : NULL;

	if (!f)
		return false;

	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, FAULT, sizeof(FAULT) - 1))
			fault = true;
		else
			sweep(line);
	}

	(void)fclose(f);
	(void)unlink(listfile);

	return fault;
}
