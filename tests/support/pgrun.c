/**
 * @file tests/support/pgrun.c  PostgreSQL's programs in a test run
 *
 * Check runs each test in a process of its own, which a crash or a time-out
 * may end without notice: the server asks the kernel to be told, and the
 * files are below one folder of the test run, which its first process
 * removes at exit.
 */
#include <fcntl.h>
#include <grp.h>
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
#include <re.h>
#include "tests/support/pgrun.h"
#include "tests/support/proc.h"

#define MEMORY_MIN_BYTES (UINT64_C(1) << 30)

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


int pgrun_fail(const char *what)
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

	if (chdir("/"))
		_exit(126);
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


/* initdb looks for itself, and beside itself for postgres, in PATH */
static void child_path(void)
{
	const char *path = getenv("PATH");
	char *own = NULL;

	if (!re_sdprintf(&own, "%s:%s", run.bindir,
			 path ? path : "/usr/bin:/bin"))
		(void)setenv("PATH", own, 1);
	mem_deref(own);
}


pid_t pgrun_spawn(const char *dir, char *const argv[])
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
		child_path();
		(void)execv(path, argv);
		_exit(127);
	}

	return pid;
}


int pgrun_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return errno;
	}

	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EPROTO;
}


const char *pgrun_log(const char *dir)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/log", dir);

	return path;
}


int pgrun_mkdir(const char *dir)
{
	if (mkdir(dir, 0700) || chown(dir, run.uid, run.gid))
		return pgrun_fail(dir);

	return 0;
}

int pgrun_prepare(void)
{
	int err;

	err = find_bindir();
	if (!err)
		err = find_user();
	if (err) {
		errno = err;
		return pgrun_fail("no PostgreSQL or no user postgres");
	}

	/* Others than its owner go through it to their sockets */
	if (mkdir(run.dir, 0711) && errno != EEXIST)
		return pgrun_fail(run.dir);

	return 0;
}


const char *pgrun_dir(void)
{
	return run.dir;
}
