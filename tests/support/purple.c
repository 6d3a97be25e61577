/**
 * @file tests/support/purple.c  The real client in a test
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <re.h>
#include "tests/support/evlog.h"
#include "tests/support/purple.h"

enum { LINE_MAX_SIZE = 1 << 20 };

struct pidgin {
	char *user;
	pid_t pid;
	int in, out;              /* our ends of its stdin and stdout */
	struct mbuf *mb;          /* an incomplete line               */
	struct evlog log;
	bool eof;
};


static const char *program(void)
{
	const char *path = getenv("PCHAT_PURPLE");

	return path ? path : "build/tests/purple-client";
}


static void reap(struct pidgin *p)
{
	if (p->pid > 0)
		(void)waitpid(p->pid, NULL, 0);
	p->pid = 0;
}


static void destructor(void *data)
{
	struct pidgin *p = data;

	pidgin_kill(p);
	if (p->in >= 0)
		(void)close(p->in);
	if (p->out >= 0)
		(void)close(p->out);
	evlog_flush(&p->log);
	mem_deref(p->mb);
	mem_deref(p->user);
}


/* ------------------------------------------------------------- the child */

static unsigned new_seed(void)
{
	return rand_u32() & 0x7fffffff;
}


static void child(const struct pidgin_conf *conf, const char *seed, int in,
		  int out)
{
	const char *argv[16] = {
		program(), "--user", conf->user, "--server", conf->server,
		"--transport", conf->transport ? conf->transport : "tcp",
		"--password", conf->password ? conf->password : "none",
		"--seed", seed
	};
	size_t n = 11;

	if (conf->home) {
		argv[n++] = "--purple-dir";
		argv[n++] = conf->home;
	}
	if (conf->trace) {
		argv[n++] = "--debug";
		argv[n++] = conf->trace;
	}

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)dup2(in, 0);
	(void)dup2(out, 1);
	closefrom(3);

	(void)execv(argv[0], (char *const *)argv);
	perror(argv[0]);
	_exit(127);
}


static int spawn(struct pidgin *p, const struct pidgin_conf *conf)
{
	int in[2], out[2], err = 0;
	char seed[16];

	if (pipe2(in, O_CLOEXEC))
		return errno;
	if (pipe2(out, O_CLOEXEC)) {
		err = errno;
		goto out;
	}

	(void)re_snprintf(seed, sizeof(seed), "%u",
			  conf->seed ? conf->seed : new_seed());

	p->pid = fork();
	if (p->pid == 0)
		child(conf, seed, in[0], out[1]);
	if (p->pid < 0) {
		err = errno;
		p->pid = 0;
		(void)close(out[0]);
	}
	else {
		p->in  = in[1];
		p->out = out[0];
	}
	(void)close(out[1]);

 out:
	(void)close(in[0]);
	if (err)
		(void)close(in[1]);

	return err;
}


int pidgin_start(struct pidgin **pp, const struct pidgin_conf *conf)
{
	struct pidgin *p;
	int err = 0;

	if (!pp || !conf || !conf->user || !conf->server)
		return EINVAL;

	p = mem_zalloc(sizeof(*p), destructor);
	if (!p)
		return ENOMEM;

	p->in = p->out = -1;
	p->mb = mbuf_alloc(4096);
	if (!p->mb)
		err = ENOMEM;

	if (!err)
		err = str_dup(&p->user, conf->user);
	if (!err)
		err = spawn(p, conf);

	if (err)
		mem_deref(p);
	else
		*pp = p;

	return err;
}


void pidgin_kill(struct pidgin *p)
{
	if (!p || p->pid <= 0)
		return;

	(void)kill(p->pid, SIGKILL);
	reap(p);
}


pid_t pidgin_pid(const struct pidgin *p)
{
	return p ? p->pid : 0;
}


int pidgin_send(struct pidgin *p, const char *fmt, ...)
{
	char *line = NULL;
	va_list ap;
	int err;

	if (!p || !fmt)
		return EINVAL;

	va_start(ap, fmt);
	err = re_vsdprintf(&line, fmt, ap);
	va_end(ap);
	if (err)
		return err;

	if (dprintf(p->in, "%s\n", line) < 0)
		err = errno;
	mem_deref(line);

	return err;
}


/* ---------------------------------------------------------------- events */

static void split_lines(struct pidgin *p)
{
	const char *start = (const char *)p->mb->buf, *end;
	size_t left = p->mb->end;

	while ((end = memchr(start, '\n', left))) {

		(void)evlog_add(&p->log, start, (size_t)(end - start));
		left -= (size_t)(end + 1 - start);
		start = end + 1;
	}

	memmove(p->mb->buf, start, left);
	p->mb->pos = p->mb->end = left;
}


static void read_some(struct pidgin *p)
{
	char buf[4096];
	ssize_t n = read(p->out, buf, sizeof(buf));

	if (n <= 0 || p->mb->end > LINE_MAX_SIZE) {
		p->eof = true;
		return;
	}

	if (!mbuf_write_mem(p->mb, (uint8_t *)buf, (size_t)n))
		split_lines(p);
}


/* false: nothing came in time, or nothing will come any more */
static bool wait_input(struct pidgin *p, uint64_t deadline)
{
	struct pollfd pfd = { .fd = p->out, .events = POLLIN };
	uint64_t now = tmr_jiffies();

	if (p->eof)
		return false;

	if (poll(&pfd, 1, now < deadline ? (int)(deadline - now) : 0) <= 0)
		return false;

	read_some(p);

	return true;
}


/* one of the two ways to look for it: behind the cursor, behind the mark */
static const char *look(struct pidgin *p, const char *pattern, bool next)
{
	return next ? evlog_next(&p->log, pattern)
		    : evlog_first(&p->log, pattern);
}


static const char *search(struct pidgin *p, const char *pattern, bool next)
{
	uint64_t deadline = tmr_jiffies() + PIDGIN_MS;
	const char *line;

	for (;;) {
		line = look(p, pattern, next);
		if (line)
			return line;
		if (!wait_input(p, deadline))
			break;
	}

	(void)re_fprintf(stderr, "client %d, %s: no \"%s\"%s; it told:\n",
			 (int)p->pid, p->user, pattern,
			 p->eof ? ", it has ended" : "");
	evlog_show(&p->log);

	return NULL;
}


const char *pidgin_wait(struct pidgin *p, const char *pattern)
{
	return p ? search(p, pattern, true) : NULL;
}


const char *pidgin_await(struct pidgin *p, const char *pattern)
{
	return p ? search(p, pattern, false) : NULL;
}


static void read_all(struct pidgin *p)
{
	while (wait_input(p, 0))
		;
}


void pidgin_mark(struct pidgin *p)
{
	if (!p)
		return;

	read_all(p);
	evlog_mark(&p->log);
}


size_t pidgin_count(struct pidgin *p, const char *pattern)
{
	if (!p)
		return 0;

	read_all(p);

	return evlog_count(&p->log, pattern);
}


/* What stands behind the next tab */
static const char *skip_field(const char *line)
{
	const char *tab = strchr(line, '\t');

	return tab ? tab + 1 : line + strlen(line);
}


char *pidgin_field(const char *line, unsigned i)
{
	char *text = NULL;
	struct pl pl;

	if (!line)
		return NULL;

	for (line = skip_field(line); i; i--)
		line = skip_field(line);

	pl.p = line;
	pl.l = strcspn(line, "\t");

	return pl_strdup(&text, &pl) ? NULL : text;
}


int pidgin_quit(struct pidgin *p)
{
	uint64_t deadline = tmr_jiffies() + PIDGIN_MS;
	int status = -1;

	if (!p || p->pid <= 0)
		return -1;

	(void)pidgin_send(p, "quit");
	while (wait_input(p, deadline))
		;

	if (p->eof && waitpid(p->pid, &status, 0) == p->pid)
		p->pid = 0;
	pidgin_kill(p);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
