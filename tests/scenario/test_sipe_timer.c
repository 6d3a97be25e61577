/**
 * @file tests/scenario/test_sipe_timer.c  pidgin-sipe and its session timer
 *
 * SIPE sends an UPDATE every Session-Expires less ten seconds, here every
 * second, which keeps the session.  When the instance is frozen the registrar
 * ends it.
 *
 *   ada: UPDATE          --> <-- 200 ... and so on
 */
#include <signal.h>
#include <re.h>
#include "tests/support/pool.h"
#include "tests/support/purple.h"
#include "tests/scenario/sipe.h"
#include "tests/unit/suite.h"

enum { EXPIRES_S = 11, UPDATES = EXPIRES_S + 3 };


static void up(void)
{
	static const char *const setv[] = { "session.expires_s=11", NULL };

	sipe_pool_up_with(setv);
}


static void same_text(struct pidgin *p, const char *room, const char *user,
		      const char *expected)
{
	char *text = sipe_next_text(p, room, user);

	ck_assert_str_eq(text, expected);
	mem_deref(text);
}


/* Ada and bob in a room, on different instances; ada's */
static const struct pool_inst *two_in(struct pidgin **adap,
				      struct pidgin **bobp, const char *room)
{
	unsigned all, one;
	size_t i;

	/* a test before may have started one again */
	ck_assert_int_eq(pool_reload(sipe_pool), 0);
	all = sipe_all_endpoints();
	one = sipe_endpoints(0);
	*adap = sipe_sign_in(ADA, "tcp");
	sipe_await_endpoints(all + 1);
	i = sipe_endpoints(0) > one ? 0 : 1;
	*bobp = sipe_sign_in(BOB, "tcp");
	sipe_await_endpoints(all + 2);
	/* the registrar may not know yet that the other one is there again */
	while (sipe_endpoints(0) != one + 1) {
		*bobp = sipe_leave(*bobp);
		sipe_await_endpoints(all + 1);
		*bobp = sipe_sign_in(BOB, "tcp");
		sipe_await_endpoints(all + 2);
	}
	sipe_enter(*adap, ADA, room);
	sipe_enter(*bobp, BOB, room);
	pidgin_mark(*adap);
	pidgin_mark(*bobp);

	return pool_inst(sipe_pool, i);
}


START_TEST(an_idle_session_outlives_its_interval_by_updates)
{
	struct pidgin *ada, *bob;

	(void)two_in(&ada, &bob, "Signs");
	sipe_await_traced(ADA, "UPDATE sip:", UPDATES);

	ck_assert_int_eq(pidgin_send(bob, "say Signs after a while"), 0);
	same_text(ada, "Signs", BOB, "after a while");
	ck_assert_uint_eq(pidgin_count(ada, "groupchat-ready"), 0);
	ck_assert_uint_eq(pidgin_count(bob, "user|Signs|-|" ADA), 0);
	sipe_leave(bob);
	sipe_leave(ada);
}
END_TEST


/* The instance is frozen: the registrar closes ada's connection, she comes back
   on the other one, and then the first one knows things that are not so */
START_TEST(an_old_dialog_of_a_frozen_instance_is_dropped)
{
	struct pidgin *ada, *bob;
	const pid_t pid = two_in(&ada, &bob, "Harbour")->pid;
	const unsigned all = sipe_all_endpoints();

	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	ck_assert_ptr_nonnull(pidgin_await(ada, "signed-off"));
	ck_assert_int_eq(pidgin_send(ada, "login"), 0);
	ck_assert_ptr_nonnull(pidgin_await(ada, "rejoined|Harbour"));
	ck_assert_ptr_nonnull(pidgin_await(ada, "user|Harbour|=|" ADA));
	ck_assert_int_eq(pidgin_send(ada, "say Harbour back"), 0);
	same_text(ada, "Harbour", ADA, "back");
	ck_assert_int_eq(pidgin_send(bob, "say Harbour one"), 0);
	same_text(ada, "Harbour", BOB, "one");

	ck_assert_int_eq(kill(pid, SIGCONT), 0);
	sipe_await_endpoints(all);
	ck_assert_int_eq(pidgin_send(bob, "say Harbour two"), 0);
	same_text(ada, "Harbour", BOB, "two");
	ck_assert_int_eq(pidgin_send(ada, "say Harbour three"), 0);
	same_text(ada, "Harbour", ADA, "three");
	ck_assert_uint_eq(pidgin_count(ada, "msg|Harbour|*|*|two"), 1);
	ck_assert_uint_eq(pidgin_count(ada, "msg|Harbour|*|*|three"), 1);
	sipe_leave(bob);
	sipe_leave(ada);
}
END_TEST


static Suite *sipe_timer_suite(void)
{
	Suite *suite = suite_create("sipe_timer");
	TCase *tc = tcase_create("timer");

	tcase_add_unchecked_fixture(tc, up, sipe_pool_down);
	tcase_set_timeout(tc, 180);
	tcase_add_test(tc, an_idle_session_outlives_its_interval_by_updates);
	tcase_add_test(tc, an_old_dialog_of_a_frozen_instance_is_dropped);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(sipe_timer_suite)
