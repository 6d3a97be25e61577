/**
 * @file tests/db/test_ctl_pool.c  pchatctl pool
 */
#include <string.h>
#include "tests/db/operator.h"
#include "tests/unit/suite.h"


static void setup(void)
{
	op_setup();
	ck_assert_int_eq(store_sql(op_store(),
		"INSERT INTO instance VALUES"
		" (1, 'one', 'tcp://a', 'k', 'ready', 7, now(),"
		"  now() + interval '1 h'),"
		" (2, 'two', 'tcp://b', 'k', 'ready', 9, now(),"
		"  now() + interval '1 h'),"
		" (3, 'dead', 'tcp://c', 'k', 'ready', 0, now(),"
		"  now() - interval '1 h')"), 0);
}


START_TEST(processes_are_listed_with_what_they_do)
{
	op_ok("pool list");
	op_said("one   ready           7");
	op_said("dead  lapsed");
	op_ok("pool list --json");
	op_said("\"endpoints\": 9");
}
END_TEST


START_TEST(one_is_taken_out_and_put_back)
{
	op_ok("pool drain one");
	op_said("one: takes no new clients");
	op_ok("pool drain one");
	op_said("was so already");
	op_ok("pool list");
	op_said("one   draining");

	/* it is not forgotten while the process is away */
	ck_assert_int_eq(store_sql(op_store(), "DELETE FROM instance"
				   " WHERE name = 'one'"), 0);
	op_ok("pool list");
	op_said("one   absent");
	op_ok("pool activate one");
	op_said("one: takes clients");
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit WHERE"
				   " action LIKE 'pool.%%' AND"
				   " object = 'one'"), 2);
}
END_TEST


START_TEST(the_last_one_stays)
{
	op_ok("pool drain one --dry-run");
	op_ok("pool drain one");
	op_fails("nobody else would take clients: two", "pool drain two");
	op_fails("no such process in the pool: three", "pool drain three");
	op_fails("no such process in the pool: three", "pool activate three");
}
END_TEST


static Suite *ctl_pool_suite(void)
{
	Suite *suite = suite_create("ctl_pool");
	TCase *tc = tcase_create("pool");

	tcase_add_checked_fixture(tc, setup, op_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, processes_are_listed_with_what_they_do);
	tcase_add_test(tc, one_is_taken_out_and_put_back);
	tcase_add_test(tc, the_last_one_stays);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(ctl_pool_suite)
