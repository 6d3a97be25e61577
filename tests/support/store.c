/**
 * @file tests/support/store.c  A private PostgreSQL cluster for a test
 *
 * Check runs each test in a process of its own, which a crash or a time-out
 * may end without notice: the server asks the kernel to be told, and the
 * files are below one folder of the test run, which its first process
 * removes at exit.
 */
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/migrate.h"
#include "tests/support/proc.h"
#include "tests/support/store.h"

enum { START_LIMIT_MS = 30000, POLL_MS = 10 };

#define MEMORY_MIN_BYTES (UINT64_C(1) << 30)

struct store {
	char dir[64];
	char conninfo[128];
	char conninfo_db[128];
	pid_t pid;
};

static struct {
	pid_t pid;                 /* the process that began the test run */
	char dir[48];
	char bindir[256];
	uid_t uid;
	gid_t gid;
} run;


static void remove_run(void)
{
	if (getpid() == run.pid)
		proc_rmtree(run.dir);
}


/* A cluster is a thousand small files: in memory, if there is enough. */
static const char *base_dir(void)
{
	struct statvfs vfs;

	if (0 == statvfs("/dev/shm", &vfs) && 0 == access("/dev/shm", W_OK) &&
	    (uint64_t)vfs.f_bavail * vfs.f_frsize > MEMORY_MIN_BYTES)
		return "/dev/shm";

	return "/tmp";
}


__attribute__((constructor))
static void run_begin(void)
{
	run.pid = getpid();
	(void)snprintf(run.dir, sizeof(run.dir), "%s/pchat-test-%d",
		       base_dir(), (int)run.pid);
	(void)atexit(remove_run);
}


static int fail(const char *what)
{
	(void)re_fprintf(stderr, "store: %s: %m\n", what, errno);

	return errno ? errno : EPROTO;
}


static int find_bindir(void)
{
	FILE *f = popen("pg_config --bindir", "r");

	if (!f || !fgets(run.bindir, sizeof(run.bindir), f))
		run.bindir[0] = '\0';
	if (f)
		(void)pclose(f);

	run.bindir[strcspn(run.bindir, "\n")] = '\0';

	return run.bindir[0] ? 0 : ENOENT;
}


static int find_user(void)
{
	const struct passwd *pw;

	run.uid = geteuid();
	run.gid = getegid();
	if (run.uid != 0)
		return 0;

	pw = getpwnam("postgres");
	if (!pw)
		return ENOENT;

	run.uid = pw->pw_uid;
	run.gid = pw->pw_gid;

	return 0;
}


/* In the child: become the server's user, and end when the test ends. */
static void child_prepare(pid_t parent)
{
	(void)setsid();

	if (geteuid() == 0) {
		if (setgroups(0, NULL) || setgid(run.gid) || setuid(run.uid))
			_exit(126);
	}

	(void)prctl(PR_SET_PDEATHSIG, SIGQUIT);
	if (getppid() != parent)
		_exit(126);

	(void)chdir("/");
}


static void child_output(const char *log)
{
	const int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (fd >= 0) {
		(void)dup2(fd, STDOUT_FILENO);
		(void)dup2(fd, STDERR_FILENO);
	}

	closefrom(3);
}


static pid_t spawn(const char *dir, char *const argv[])
{
	const pid_t parent = getpid();
	char path[512], log[128];
	pid_t pid;

	(void)snprintf(path, sizeof(path), "%s/%s", run.bindir, argv[0]);
	(void)snprintf(log, sizeof(log), "%s/log", dir);

	pid = fork();
	if (pid == 0) {
		child_prepare(parent);
		child_output(log);
		(void)execv(path, argv);
		_exit(127);
	}

	return pid;
}


static int child_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return errno;
	}

	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EPROTO;
}


static const char *log_path(const char *dir)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/log", dir);

	return path;
}


static int make_dir(const char *dir)
{
	if (mkdir(dir, 0700) || chown(dir, run.uid, run.gid))
		return fail(dir);

	return 0;
}


static int initdb(const char *dir)
{
	char data[96];
	char *argv[] = { "initdb", "-D", data, "-U", "pchat", "-A", "trust",
			 "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
			 "--wal-segsize=1", NULL };
	int err;

	(void)snprintf(data, sizeof(data), "%s/data", dir);

	err = child_wait(spawn(dir, argv));
	if (err)
		proc_show(log_path(dir));

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

	st->pid = spawn(st->dir, argv);
	if (st->pid < 0)
		return fail("fork");

	for (waited = 0; waited < START_LIMIT_MS; waited += POLL_MS) {

		if (answers(st))
			return 0;

		if (waitpid(st->pid, NULL, WNOHANG) == st->pid) {
			st->pid = -1;
			break;
		}

		(void)poll(NULL, 0, POLL_MS);
	}

	proc_show(log_path(st->dir));

	return fail("the server does not come up");
}


static void server_down(struct store *st, int sig)
{
	if (st->pid <= 0)
		return;

	(void)kill(st->pid, sig);
	(void)child_wait(st->pid);
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
	err = migrate_run(tmpl->conninfo, NULL, NULL, errmb);
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

	err = make_dir(dir);
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

	err = find_bindir();
	if (!err)
		err = find_user();
	if (err) {
		errno = err;
		return fail("no PostgreSQL programs or no user postgres");
	}

	(void)snprintf(dir, size, "%s/template", run.dir);
	if (0 == access(dir, F_OK))
		return 0;

	/* Others than its owner go through it to their sockets */
	if (mkdir(run.dir, 0711) && errno != EEXIST)
		return fail(run.dir);

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

	return pid < 0 ? fail("fork") : child_wait(pid);
}


static void destructor(void *data)
{
	struct store *st = data;

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

	(void)snprintf(st->dir, sizeof(st->dir), "%s/%d-%u", run.dir,
		       (int)getpid(), ++serial);
	conninfo_set(st);

	err = make_dir(st->dir);
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
