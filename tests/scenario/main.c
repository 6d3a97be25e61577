/**
 * @file tests/scenario/main.c  Runs the scenarios, and leaves nothing behind
 *
 * The suites run in a process of their own.  This one waits for it, passes
 * signals on, and takes down every pool that is still there at the end,
 * whichever way a test came to its end.  T=pattern selects suites.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <re.h>
#include "tests/support/pool.h"
#include "tests/unit/suite.h"


static pid_t runner_pid;

const char *__asan_default_options(void);


/* A test's process ends with it, and frees nothing that it was told.  What it
   starts is checked for leaks: this is not in the environment */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}


static void signal_handler(int sig)
{
	(void)kill(runner_pid, sig);
}


static int wait_runner(void)
{
	int status;

	(void)signal(SIGINT, signal_handler);
	(void)signal(SIGTERM, signal_handler);
	(void)signal(SIGHUP, signal_handler);

	while (waitpid(runner_pid, &status, 0) < 0) {
		if (errno != EINTR)
			return 2;
	}

	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}


int main(void)
{
	char list[] = "/tmp/pchat-pools-XXXXXX";
	int fd, status;

	fd = mkstemp(list);
	if (fd < 0 || close(fd) || setenv("PCHAT_POOLS", list, 1) ||
	    libre_init()) {
		(void)re_fprintf(stderr, "%s: %m\n", list, errno);
		return 2;
	}

	runner_pid = fork();
	if (!runner_pid)
		_exit(suites_run());

	status = runner_pid < 0 ? 2 : wait_runner();

	if (pools_sweep(list) && !status)
		status = 1;
	libre_close();

	return status;
}
