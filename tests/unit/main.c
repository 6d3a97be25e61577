/**
 * @file tests/unit/main.c  Runs every suite that a test file registered
 *
 * The main of unit-tests and of db-tests.  What the code under test logs below
 * an error is shown with V=1.
 * The suites are sorted by name, so that the order does not depend on the
 * order of linking.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/log.h"
#include "tests/unit/suite.h"


static struct test_suite *suites;


void test_suite_register(struct test_suite *suite)
{
	struct test_suite **pos = &suites;

	while (*pos && strcmp((*pos)->name, suite->name) < 0)
		pos = &(*pos)->next;

	suite->next = *pos;
	*pos = suite;
}


static SRunner *runner_create(const char *pattern)
{
	SRunner *runner = NULL;
	const struct test_suite *s;

	for (s = suites; s; s = s->next) {

		if (pattern && !strstr(s->name, pattern))
			continue;

		if (runner)
			srunner_add_suite(runner, s->h());
		else
			runner = srunner_create(s->h());
	}

	return runner;
}


int main(void)
{
	const char *pattern = getenv("T");
	SRunner *runner;
	int failed;

	if (libre_init())
		return 2;

	log_open("tests");
	if (!getenv("V"))
		log_level_set(LOG_ERR);

	runner = runner_create(pattern);
	if (!runner) {
		(void)re_fprintf(stderr, "no suite matches T=%s\n", pattern);
		libre_close();
		return 2;
	}

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	libre_close();

	return failed ? 1 : 0;
}
