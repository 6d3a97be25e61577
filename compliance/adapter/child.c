/**
 * @file compliance/adapter/child.c  A command fed from a socket, with a limit
 *
 * A socket and not a pipe: writing to one that nobody reads is an error and
 * no signal, and what was left unread shows in the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <re.h>
#include "compliance/adapter/child.h"


enum { LINE_SIZE = 1001, LINES_MAX = 50 };

struct child {
	pid_t pid;                 /* 0: has been waited for            */
	int in, errfd, pidfd;      /* our ends                          */
	uint64_t deadline_ms;
	child_line_h *lineh;
	void *arg;
	char line[LINE_SIZE];
	size_t len;
	unsigned lines;
};


static void destructor(void *data)
{
	struct child *c = data;

	if (c->pid > 0) {
		(void)kill(-c->pid, SIGKILL);
		(void)waitpid(c->pid, NULL, 0);
	}

	if (c->in >= 0)
		(void)close(c->in);
	if (c->errfd >= 0)
		(void)close(c->errfd);
	if (c->pidfd >= 0)
		(void)close(c->pidfd);
}


/* After fork(): nothing but system calls */
static void run(const struct child_opt *opt, int in, int errfd)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)setpgid(0, 0);

	/* Ours may be among the first three */
	null  = fcntl(null, F_DUPFD_CLOEXEC, 3);
	in    = fcntl(in, F_DUPFD_CLOEXEC, 3);
	errfd = fcntl(errfd, F_DUPFD_CLOEXEC, 3);
	(void)dup2(in, 0);
	(void)dup2(null, 1);
	(void)dup2(errfd, 2);
	closefrom(3);

	(void)execve(opt->argv[0], (char *const *)opt->argv,
		     (char *const *)opt->envv);
	_exit(127);
}


static int start(struct child *c, const struct child_opt *opt)
{
	int inv[2], errv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, inv))
		return errno;

	c->in = inv[0];
	if (pipe2(errv, O_CLOEXEC)) {
		(void)close(inv[1]);
		return errno;
	}

	c->errfd = errv[0];
	c->pid = fork();
	if (!c->pid)
		run(opt, inv[1], errv[1]);

	(void)close(inv[1]);
	(void)close(errv[1]);

	if (c->pid < 0)
		return errno;

	(void)setpgid(c->pid, c->pid);
	(void)fcntl(c->errfd, F_SETFL, O_NONBLOCK);
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);

	return c->pidfd < 0 ? errno : 0;
}


int child_start(struct child **cp, const struct child_opt *opt)
{
	struct child *c;
	int err;

	if (!cp || !opt || !opt->argv || !opt->argv[0] || !opt->lineh)
		return EINVAL;

	c = mem_zalloc(sizeof(*c), destructor);
	if (!c)
		return ENOMEM;

	c->in = c->errfd = c->pidfd = -1;
	c->lineh = opt->lineh;
	c->arg   = opt->arg;
	c->deadline_ms = tmr_jiffies() + opt->timeout_ms;

	err = start(c, opt);
	if (err)
		mem_deref(c);
	else
		*cp = c;

	return err;
}


static void line_end(struct child *c)
{
	c->line[c->len] = '\0';
	if (c->len && c->lines++ < LINES_MAX)
		c->lineh(c->line, c->arg);
	c->len = 0;
}


/* What it has to say; the descriptor is closed at the end */
static void listen_to(struct child *c)
{
	char buf[1024];
	ssize_t n;

	while ((n = read(c->errfd, buf, sizeof(buf))) > 0) {

		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] == '\n')
				line_end(c);
			else if (c->len < LINE_SIZE - 1)
				c->line[c->len++] = buf[i];
		}
	}

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;

	line_end(c);
	(void)close(c->errfd);
	c->errfd = -1;
}


/* Wait for @p fd, hearing standard error meanwhile */
static int wait_fd(struct child *c, int fd, short events)
{
	for (;;) {
		struct pollfd pfdv[] = {
			{ .fd = fd, .events = events },
			{ .fd = c->errfd, .events = POLLIN },
		};
		const uint64_t now = tmr_jiffies();
		uint64_t left;

		if (now >= c->deadline_ms)
			return ETIMEDOUT;

		left = c->deadline_ms - now;
		if (left > 60000)
			left = 60000;

		if (poll(pfdv, ARRAY_SIZE(pfdv), (int)left) < 0 &&
		    errno != EINTR)
			return errno;

		if (pfdv[1].revents)
			listen_to(c);
		if (pfdv[0].revents)
			return 0;
	}
}


int child_write(struct child *c, const void *data, size_t n)
{
	const char *p = data;
	int err;

	while (n) {

		const ssize_t w = send(c->in, p, n,
				       MSG_NOSIGNAL | MSG_DONTWAIT);

		if (w > 0) {
			p += w;
			n -= (size_t)w;
			continue;
		}

		if (errno == EPIPE || errno == ECONNRESET)
			return EPIPE;
		if (errno != EAGAIN && errno != EINTR)
			return errno;

		err = wait_fd(c, c->in, POLLOUT);
		if (err)
			return err;
	}

	return 0;
}


/* Closed with something unread is a reset, otherwise an end of file */
static bool read_all(const struct child *c)
{
	char byte;

	return recv(c->in, &byte, 1, MSG_DONTWAIT) >= 0 ||
		errno != ECONNRESET;
}


int child_wait(struct child *c, int *statusp)
{
	int err;

	(void)shutdown(c->in, SHUT_WR);

	err = wait_fd(c, c->pidfd, POLLIN);
	if (err)
		return err;

	if (c->errfd >= 0)
		listen_to(c);
	if (c->len)
		line_end(c);

	if (waitpid(c->pid, statusp, 0) < 0)
		return errno;

	c->pid = 0;

	return read_all(c) ? 0 : EPIPE;
}
