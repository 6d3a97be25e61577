/**
 * @file tests/unit/suite.h  How a test file makes its suite known
 *
 * A test file is found by its place (tests/unit/ and below) and ends with
 *
 *     static Suite *room_suite(void) { ... return suite; }
 *     TEST_SUITE(room_suite)
 *
 * Several suites in a file are fine.  The runner has called libre_init()
 * before; every test runs in a process of its own (Check's fork mode), so a
 * loop that a test starts is gone with it.  T=pattern in the environment
 * selects suites whose name contains it.
 */
#pragma once

#include <check.h>

typedef Suite *(suite_h)(void);

struct test_suite {
	const char *name;              /* of the function, "room_suite" */
	suite_h *h;
	struct test_suite *next;       /* set by test_suite_register()  */
};

/** Keeps @p suite, which is static; called before main() */
void test_suite_register(struct test_suite *suite);
/** Run them; exit status: 0, 1 (some test failed), 2 (T selects none) */
int  suites_run(void);

#define TEST_SUITE(fn)                                                  \
	static struct test_suite entry_##fn = { #fn, fn, NULL };        \
	__attribute__((constructor))                                    \
	static void register_##fn(void)                                 \
	{                                                               \
		test_suite_register(&entry_##fn);                       \
	}
