/**
 * @file tests/scenario/main.c  Runs the scenarios, and leaves nothing behind
 *
 * The suites run in a process of their own.  This one waits for it, passes
 * signals on, and takes down every pool that is still there at the end,
 * whichever way a test came to its end.  T=pattern selects suites.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <re.h>
#include "tests/support/pool.h"
#include "tests/unit/suite.h"


static struct test_suite *suites;
static pid_t runner_pid;

const char *__asan_default_options(void);


/* A test's process ends with it, and frees nothing that it was told.  What it
   starts is checked for leaks: this is not in the environment */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}


void test_suite_register(struct test_suite *suite)
{
	struct test_suite **pos = &suites;

	while (*pos && strcmp((*pos)->name, suite->name) < 0)
		pos = &(*pos)->next;

	suite->next = *pos;
	*pos = suite;
}


static int run_suites(void)
{
	const char *pattern = getenv("T");
	SRunner *runner = NULL;
	const struct test_suite *s;
	int failed;

	for (s = suites; s; s = s->next) {

		if (pattern && !strstr(s->name, pattern))
			continue;

		if (runner)
			srunner_add_suite(runner, s->h());
		else
			runner = srunner_create(s->h());
	}

	if (!runner) {
		(void)re_fprintf(stderr, "no suite matches T=%s\n", pattern);
		return 2;
	}

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);

	return failed ? 1 : 0;
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
		_exit(run_suites());

	status = runner_pid < 0 ? 2 : wait_runner();

	if (pools_sweep(list) && !status)
		status = 1;
	libre_close();

	return status;
}
