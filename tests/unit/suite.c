/**
 * @file tests/unit/suite.c  Runs every suite that a test file registered
 *
 * They are sorted by name, so that the order does not depend on the order of
 * linking.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "tests/unit/suite.h"

/* Limits of tests are what an idle machine needs, with room to spare; a busy
   one may take so many times as long before a test counts as hanging */
#define PATIENCE "4"

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


int suites_run(void)
{
	const char *pattern = getenv("T");
	SRunner *runner;
	int failed;

	(void)setenv("CK_TIMEOUT_MULTIPLIER", PATIENCE, 0);
	runner = runner_create(pattern);
	if (!runner) {
		(void)re_fprintf(stderr, "no suite matches T=%s\n", pattern);
		return 2;
	}

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);

	return failed ? 1 : 0;
}
