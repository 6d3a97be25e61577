/**
 * @file tests/support/proc.c  Run programs, with a limit on their time
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <re.h>
#include "tests/support/proc.h"


static int wait_pid(pid_t pid, unsigned timeout_ms)
{
	struct pollfd pfd = { .events = POLLIN };
	int n;

	pfd.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pfd.fd < 0)
		return errno;

	n = poll(&pfd, 1, (int)timeout_ms);
	(void)close(pfd.fd);

	return n == 1 ? 0 : ETIMEDOUT;
}


static void child(const char *log, const char *const argv[])
{
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	int null = open("/dev/null", O_RDONLY);

	(void)setsid();
	(void)dup2(null, 0);
	(void)dup2(fd, 1);
	(void)dup2(fd, 2);
	closefrom(3);

	(void)execvp(argv[0], (char *const *)argv);
	_exit(127);
}


int proc_run(const char *log, const char *const argv[], unsigned timeout_ms)
{
	int status, err;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return errno;
	if (!pid)
		child(log, argv);

	err = wait_pid(pid, timeout_ms);
	if (err)
		(void)kill(-pid, SIGKILL);

	if (waitpid(pid, &status, 0) < 0)
		return errno;

	if (err)
		return err;

	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : EPROTO;
}


int proc_wait_gone(pid_t pid, unsigned timeout_ms)
{
	int err = wait_pid(pid, timeout_ms);

	return err == ESRCH ? 0 : err;
}


void proc_show(const char *path)
{
	char buf[4096];
	size_t n;
	FILE *f = fopen(path, "r");

	if (!f)
		return;

	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		(void)fwrite(buf, 1, n, stderr);

	(void)fclose(f);
}


static int rm_handler(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	(void)remove(path);

	return 0;
}


void proc_rmtree(const char *path)
{
	(void)nftw(path, rm_handler, 16, FTW_DEPTH | FTW_PHYS);
}


/* Field n (from 1) of /proc/PID/stat, counted behind the name in brackets */
static bool stat_fields(pid_t pid, unsigned long long v[32])
{
	char path[64], buf[1024], *p;
	unsigned i;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return false;

	p = fgets(buf, sizeof(buf), f) ? strrchr(buf, ')') : NULL;
	(void)fclose(f);
	if (!p || strlen(p) < 4)
		return false;

	p += 4;                        /* ") S " */
	for (i = 4; i < 32; i++)
		v[i] = strtoull(p, &p, 10);

	return true;
}


uint64_t proc_cpu_ticks(pid_t pid)
{
	unsigned long long v[32];

	return pid > 0 && stat_fields(pid, v) ? v[14] + v[15] : 0;
}


uint64_t proc_cpu_reaped(pid_t pid)
{
	unsigned long long v[32];

	return pid > 0 && stat_fields(pid, v) ? v[16] + v[17] : 0;
}


void proc_children(pid_t parent, proc_child_h *h, void *arg)
{
	unsigned long long v[32];
	struct dirent *e;
	DIR *d = opendir("/proc");

	if (!d)
		return;

	while ((e = readdir(d))) {

		const pid_t pid = (pid_t)atoi(e->d_name);

		if (pid > 0 && stat_fields(pid, v) && (pid_t)v[4] == parent)
			h(pid, arg);
	}

	(void)closedir(d);
}


uint16_t proc_free_port(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof(sa);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&sa, len) ||
	    getsockname(fd, (struct sockaddr *)&sa, &len))
		sa.sin_port = 0;
	(void)close(fd);

	return ntohs(sa.sin_port);
}
