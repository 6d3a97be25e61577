/**
 * @file tests/differ/kam.c  What Kamailio takes a message for
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/differ/differ.h"

enum { START_MS = 15000, ANSWER_MS = 300, POLL_MS = 20 };

struct kam {
	pid_t pid;
	struct sa sa;
	char run[64];
};

static const char fence[] =
	"OPTIONS sip:fence SIP/2.0\r\n"
	"Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKfence\r\n"
	"From: <sip:fence@x>;tag=f\r\nTo: <sip:fence@x>\r\n"
	"Call-ID: fence\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
	"Content-Length: 0\r\n\r\n";


static void destructor(void *data)
{
	struct kam *k = data;
	char cmd[96];

	if (k->pid > 0) {
		(void)kill(k->pid, SIGTERM);
		(void)waitpid(k->pid, NULL, 0);
	}
	(void)re_snprintf(cmd, sizeof(cmd), "rm -rf %s", k->run);
	if (k->run[0] && system(cmd))
		(void)re_fprintf(stderr, "%s stays\n", k->run);
}


static int dial(const struct kam *k)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !connect(fd, &k->sa.u.sa, k->sa.len))
		return fd;
	if (fd >= 0)
		(void)close(fd);

	return -1;
}


/* A port that nobody has */
static int port(struct sa *sa)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err = sa_set_str(sa, "127.0.0.1", 0);

	if (!err && (fd < 0 || bind(fd, &sa->u.sa, sa->len)))
		err = errno;
	sa->len = sizeof(sa->u);
	if (!err && getsockname(fd, &sa->u.sa, &sa->len))
		err = errno;
	if (fd >= 0)
		(void)close(fd);

	return err;
}


static void run(const struct kam *k)
{
	char at[64], log[96];

	(void)re_snprintf(at, sizeof(at), "tcp:%J", &k->sa);
	(void)re_snprintf(log, sizeof(log), "%s/log", k->run);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (!freopen(log, "w", stderr))
		_exit(1);
	(void)execl("/usr/sbin/kamailio", "kamailio", "-DD", "-E", "-f",
		    "tests/differ/kamailio.cfg", "-l", at, "-m", "256", "-M",
		    "16", "-Y", k->run, "-w", k->run, NULL);
	_exit(127);
}


int kam_start(struct kam **kp)
{
	struct kam *k = mem_zalloc(sizeof(*k), destructor);
	const uint64_t end = tmr_jiffies() + START_MS;
	int err, fd = -1;

	if (!k)
		return ENOMEM;

	str_ncpy(k->run, "/tmp/pchat-differ-XXXXXX", sizeof(k->run));
	err = mkdtemp(k->run) ? port(&k->sa) : errno;
	if (!err) {
		k->pid = fork();
		if (!k->pid)
			run(k);
	}
	while (!err && (fd = dial(k)) < 0) {
		(void)poll(NULL, 0, POLL_MS);
		if (tmr_jiffies() > end || waitpid(k->pid, NULL, WNOHANG))
			err = ETIMEDOUT;
	}
	if (fd >= 0)
		(void)close(fd);
	if (err)
		mem_deref(k);
	else
		*kp = k;

	return err;
}


/* All that comes until the fence is answered; false: closed, or in vain */
static bool answer(int fd, char *buf, size_t size)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t have = 0;

	while (have + 1 < size && poll(&pfd, 1, ANSWER_MS) == 1) {
		const ssize_t n = recv(fd, buf + have, size - have - 1, 0);
		const char *took;

		if (n <= 0)
			return false;
		have += (size_t)n;
		buf[have] = '\0';
		took = strstr(buf, "X-Took: ");
		if (took && strstr(took, "\r\n\r\n"))
			return true;
	}

	return false;
}


static void unhex(char *out, const char *p, size_t l)
{
	size_t n = 0;

	for (; l >= 2 && n + 1 < TOOK_FIELD; l -= 2, p += 2)
		out[n++] = (char)((ch_hex(p[0]) << 4) | ch_hex(p[1]));
	out[n] = '\0';
}


/* "007" is 7 */
static void plain_number(char *p)
{
	const size_t zeros = strspn(p, "0");

	if (zeros && p[zeros])
		memmove(p, p + zeros, strlen(p + zeros) + 1);
	else if (zeros)
		p[1] = '\0';
}


/* Hex but for the status of an answer, and for numbers */
static void fields(struct took *t, const char *p)
{
	for (size_t i = 0; i < TOOK_FIELDS && *p && *p != '\r'; i++) {
		const size_t l = strcspn(p, " ,\r");
		const bool plain = i >= 8 || (!i && l == 3);

		if (plain)
			(void)re_snprintf(t->fieldv[i], TOOK_FIELD, "%b", p,
					  l);
		else if (!(l == 1 && *p == '-') && *p != '<')
			unhex(t->fieldv[i], p, l);
		p += l;
		if (*p == ' ')
			++p;
	}
	plain_number(t->fieldv[TOOK_CSEQ]);
}


int kam_take(struct kam *k, struct took *t, const char *p, size_t l)
{
	const int fd = dial(k);
	char *buf = mem_zalloc(65536, NULL);
	const char *took;
	int err = 0;

	memset(t, 0, sizeof(*t));
	if (fd < 0 || !buf) {
		err = fd < 0 ? ECONNREFUSED : ENOMEM;
		goto out;
	}

	t->refused = send(fd, p, l, MSG_NOSIGNAL) != (ssize_t)l ||
		send(fd, fence, sizeof(fence) - 1, MSG_NOSIGNAL) < 0 ||
		!answer(fd, buf, 65536);
	took = t->refused ? NULL : strstr(buf, "X-Took: ") + 8;
	if (took && (!strncmp(took, "<null>", 6) ||
		     !strncmp(took, "refused", 7)))
		t->refused = true;
	if (took && !t->refused)
		fields(t, took);

 out:
	if (fd >= 0)
		(void)close(fd);
	mem_deref(buf);
	return err;
}
