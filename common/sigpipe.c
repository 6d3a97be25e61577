/**
 * @file common/sigpipe.c  Signals as events of the loop
 *
 * Signal handlers that write to an eventfd rather than a signalfd: what makes
 * the second TERM final must work while the loop does not.
 */
#include <signal.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <re.h>
#include "common/sigpipe.h"


static const int sigv[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };

static struct {
	int fd;
	sigpipe_h *h;
	void *arg;
} sp = { -1, NULL, NULL };

static volatile sig_atomic_t pendingv[ARRAY_SIZE(sigv)];
static volatile sig_atomic_t stopping;


static void signal_caught(int sig)
{
	const int saved = errno;
	const uint64_t one = 1;
	size_t i;

	if (sig == SIGTERM || sig == SIGINT) {
		if (stopping)
			_exit(128 + sig);
		stopping = 1;
	}

	for (i = 0; i < ARRAY_SIZE(sigv); i++)
		if (sigv[i] == sig)
			pendingv[i] = 1;

	/* only full if 2^64 are pending: the loop will be woken anyway */
	if (write(sp.fd, &one, sizeof(one)) < 0)
		errno = 0;

	errno = saved;
}


static void event_handler(int flags, void *arg)
{
	uint64_t n;
	size_t i;
	(void)flags;
	(void)arg;

	if (read(sp.fd, &n, sizeof(n)) < 0)
		return;

	for (i = 0; i < ARRAY_SIZE(sigv); i++) {
		if (!pendingv[i])
			continue;

		pendingv[i] = 0;
		sp.h(sigv[i], sp.arg);
	}
}


int sigpipe_open(sigpipe_h *h, void *arg)
{
	struct sigaction sa = { .sa_handler = signal_caught,
				.sa_flags = SA_RESTART };
	size_t i;
	int err;

	if (!h || sp.fd >= 0)
		return EINVAL;

	sp.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (sp.fd < 0)
		return errno;

	sp.h = h;
	sp.arg = arg;

	err = fd_listen(sp.fd, FD_READ, event_handler, NULL);
	if (err) {
		(void)close(sp.fd);
		sp.fd = -1;
		return err;
	}

	(void)sigemptyset(&sa.sa_mask);
	for (i = 0; i < ARRAY_SIZE(sigv); i++)
		(void)sigaction(sigv[i], &sa, NULL);

	(void)signal(SIGPIPE, SIG_IGN);

	return 0;
}


void sigpipe_close(void)
{
	size_t i;

	if (sp.fd < 0)
		return;

	for (i = 0; i < ARRAY_SIZE(sigv); i++)
		(void)signal(sigv[i], SIG_DFL);

	fd_close(sp.fd);
	(void)close(sp.fd);
	sp.fd = -1;
}
