/**
 * @file tests/scenario/test_attack_back.c  An instance that falls silent and
 *                                          comes back
 *
 * The registrar ends the connections of the users it had.  Those who sign in on
 * it afterwards stay: it is the same process, but they are none of the former.
 */
#include <errno.h>
#include <signal.h>
#include <re.h>
#include "tests/scenario/attack.h"
#include "tests/unit/suite.h"

enum { COMES_MS = 40000, STAYS_MS = 3500 };


/* A dialog on that instance: users take turns */
static struct reg *sign_in_on(const char *name)
{
	const uint64_t end = tmr_jiffies() + COMES_MS;
	struct reg *r = NULL;

	while (tmr_jiffies() < end) {
		const long was = number("SELECT count(*) FROM endpoint JOIN "
					"instance USING (instance_id) WHERE "
					"name = $1", name);

		r = attack_sign_in("bob", NULL);
		ck_assert(attack_works(r, "Talk"));
		if (number("SELECT count(*) FROM endpoint JOIN instance "
			   "USING (instance_id) WHERE name = $1", name) > was)
			return r;
		mem_deref(r);
	}

	return NULL;
}


START_TEST(who_signs_in_on_it_stays)
{
	const struct pool_inst *inst = pool_inst(pool, 0);
	const pid_t pid = (pid_t)inst->pid;
	const uint64_t end = tmr_jiffies() + COMES_MS;
	const long orphans = attack_counter("edge_orphans");
	struct reg *r = sign_in_on(inst->name);
	char *msg;
	int err;

	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	while (attack_counter("edge_orphans") == orphans)
		ck_assert(tmr_jiffies() < end);
	ck_assert_int_eq(kill(pid, SIGCONT), 0);
	mem_deref(r);

	r = sign_in_on(inst->name);
	ck_assert_ptr_nonnull(r);
	do {
		err = raw_read(reg_raw(r), STAYS_MS, &msg);
		if (!err)
			mem_deref(msg);
	} while (!err);
	ck_assert_int_eq(err, ETIMEDOUT);
	ck_assert(attack_works(r, "Talk"));
	mem_deref(r);
}
END_TEST


static Suite *attack_back_suite(void)
{
	Suite *suite = suite_create("attack_back");
	TCase *tc = tcase_create("back");

	tcase_add_unchecked_fixture(tc, attack_up, stage_down);
	tcase_set_timeout(tc, 180);
	tcase_add_test(tc, who_signs_in_on_it_stays);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(attack_back_suite)
