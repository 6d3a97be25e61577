/**
 * @file tests/scenario/test_sipe_lost.c  pidgin-sipe when something is lost
 *
 * SIPE never rejoins its rooms by itself after a 481, so the pool must put it
 * back where it was.  The instances are killed, not stopped; each test starts
 * again what it has killed.
 *
 *   ada --> instance killed
 *   ada: INFO post        --> registrar      <-- 481, "not delivered"
 *   ada: INVITE, getinv   --> the other one  (back in her room, unasked)
 */
#include <stdio.h>
#include <re.h>
#include "tests/support/pool.h"
#include "tests/support/purple.h"
#include "tests/scenario/sipe.h"
#include "tests/unit/suite.h"


static void same_text(struct pidgin *p, const char *room, const char *user,
		      const char *expected)
{
	char *text = sipe_next_text(p, room, user);

	ck_assert_str_eq(text, expected);
	mem_deref(text);
}


static void change(const char *sql)
{
	mem_deref(pool_sql(sipe_pool, sql, NULL));
}


/* The client's own trace tells what it got */
static void await_traced(const char *user, const char *text)
{
	const uint64_t end = tmr_jiffies() + PIDGIN_MS;

	while (!sipe_traced(user, text))
		ck_assert_uint_lt(tmr_jiffies(), end);
}


/* ada and bob, by the one instance that is left */
static void await_both_in(const char *room)
{
	const uint64_t end = tmr_jiffies() + PIDGIN_MS;
	char *both = NULL;

	while (!both) {
		ck_assert_uint_lt(tmr_jiffies(), end);
		both = pool_sql(sipe_pool, "SELECT 1 FROM roster o "
				"JOIN endpoint e USING (endpoint_id) "
				"JOIN room r USING (room_id) "
				"WHERE r.name = $1 AND e.instance_id IS NOT NULL "
				"GROUP BY e.instance_id HAVING "
				"count(DISTINCT e.principal_id) = 2", room);
	}

	mem_deref(both);
}


START_TEST(after_a_killed_instance_the_rooms_work_again_without_a_join)
{
	unsigned all = sipe_all_endpoints(), first = sipe_endpoints(0);
	struct pidgin *ada, *bob;
	const char *name;

	ada = sipe_sign_in(ADA, "tcp");
	sipe_await_endpoints(all + 1);
	name = pool_inst(sipe_pool, sipe_endpoints(0) > first ? 0 : 1)->name;
	bob = sipe_sign_in(BOB, "tls");
	sipe_await_endpoints(all + 2);
	ck_assert_uint_eq(sipe_endpoints(0), first + 1);

	sipe_enter(ada, ADA, "Phoenix");
	sipe_enter(bob, BOB, "Phoenix");
	ck_assert_int_eq(pidgin_send(bob, "say Phoenix before"), 0);
	same_text(ada, "Phoenix", BOB, "before");
	same_text(bob, "Phoenix", BOB, "before");

	/* Whatever ada sends first is lost, and told so */
	pidgin_mark(ada);
	ck_assert_int_eq(pool_kill9(sipe_pool, name), 0);
	ck_assert_int_eq(pidgin_send(ada, "say Phoenix lost"), 0);
	ck_assert_ptr_nonnull(pidgin_await(ada, "refused|481"));
	ck_assert_ptr_nonnull(pidgin_await(ada, "notdelivered|Phoenix"));
	ck_assert_ptr_nonnull(pidgin_await(ada, "groupchat-ready"));
	await_both_in("Phoenix");

	ck_assert_int_eq(pidgin_send(bob, "say Phoenix after"), 0);
	ck_assert_ptr_nonnull(pidgin_await(ada, "msg|Phoenix|" BOB "|*|after"));
	ck_assert_int_eq(pidgin_send(ada, "say Phoenix mine"), 0);
	same_text(bob, "Phoenix", BOB, "after");
	same_text(bob, "Phoenix", ADA, "mine");
	ck_assert_ptr_nonnull(pidgin_await(ada, "msg|Phoenix|" ADA "|*|mine"));
	ck_assert_uint_eq(pidgin_count(ada, "msg|Phoenix|*|*|after"), 1);
	ck_assert_uint_eq(pidgin_count(ada, "msg|Phoenix|*|*|mine"), 1);

	ck_assert_int_eq(pool_start(sipe_pool, name), 0);
	sipe_leave(bob);
	sipe_leave(ada);
}
END_TEST


START_TEST(a_killed_client_comes_back_to_one_copy_of_everything)
{
	struct pidgin *bob = sipe_sign_in(BOB, "tcp");
	struct pidgin *ada = sipe_sign_in(ADA, "tcp");

	sipe_enter(bob, BOB, "Harbour");
	sipe_enter(ada, ADA, "Harbour");
	pidgin_mark(bob);
	mem_deref(ada);

	ada = sipe_sign_in(ADA, "tcp");
	sipe_enter(ada, ADA, "Harbour");
	ck_assert_int_eq(pidgin_send(bob, "say Harbour once"), 0);
	same_text(bob, "Harbour", BOB, "once");
	ck_assert_int_eq(pidgin_send(ada, "say Harbour only"), 0);
	same_text(bob, "Harbour", ADA, "only");
	ck_assert_ptr_nonnull(pidgin_await(ada, "msg|Harbour|" ADA "|*|only"));
	ck_assert_uint_eq(pidgin_count(ada, "msg|Harbour|*|*|once"), 1);
	ck_assert_uint_eq(pidgin_count(ada, "msg|Harbour|*|*|only"), 1);
	ck_assert_uint_eq(pidgin_count(bob, "msg|Harbour|*|*|once"), 1);

	sipe_leave(bob);
	sipe_leave(ada);
}
END_TEST


START_TEST(after_the_registrar_was_away_one_login_restores_the_rooms)
{
	struct pidgin *bob = sipe_sign_in(BOB, "tls");
	struct pidgin *ada = sipe_sign_in(ADA, "tcp");

	sipe_enter(bob, BOB, "Signs");
	sipe_enter(ada, ADA, "Signs");
	sipe_enter(ada, ADA, "Doors");
	pidgin_mark(ada);

	ck_assert_int_eq(pool_kill9(sipe_pool, "registrar"), 0);
	ck_assert_ptr_nonnull(pidgin_await(ada, "signed-off"));
	ck_assert_ptr_nonnull(pidgin_await(bob, "signed-off"));
	ck_assert_int_eq(pool_start(sipe_pool, "registrar"), 0);

	pidgin_mark(ada);
	ck_assert_int_eq(pidgin_send(ada, "login"), 0);
	ck_assert_ptr_nonnull(pidgin_await(ada, "rejoined|Signs"));
	ck_assert_ptr_nonnull(pidgin_await(ada, "user|Signs|=|" ADA));
	ck_assert_ptr_nonnull(pidgin_await(ada, "rejoined|Doors"));

	pidgin_mark(bob);
	ck_assert_int_eq(pidgin_send(bob, "login"), 0);
	ck_assert_ptr_nonnull(pidgin_await(bob, "user|Signs|=|" ADA));
	ck_assert_ptr_nonnull(pidgin_await(bob, "history-end"));

	ck_assert_int_eq(pidgin_send(bob, "say Signs back"), 0);
	same_text(ada, "Signs", BOB, "back");
	same_text(bob, "Signs", BOB, "back");
	ck_assert_uint_eq(pidgin_count(ada, "msg|Signs"), 1);
	ck_assert_uint_eq(pidgin_count(bob, "msg|Signs"), 1);

	sipe_leave(bob);
	sipe_leave(ada);
}
END_TEST


/* He is not cut off without a word: his rooms say that he has left, what he
   sends is refused, and his client survives to be told that it may not */
START_TEST(who_is_disabled_is_out_and_his_client_is_not_confused)
{
	unsigned all = sipe_all_endpoints();
	struct pidgin *ada, *cyd;

	ada = sipe_sign_in(ADA, "tcp");
	cyd = sipe_sign_in(CYD, "tls");
	sipe_await_endpoints(all + 2);
	sipe_enter(ada, ADA, "Harbour");
	sipe_enter(cyd, CYD, "Harbour");
	pidgin_mark(ada);

	mem_deref(pool_sql(sipe_pool, "UPDATE principal SET policy_id = 3 "
			   "WHERE key = $1 RETURNING 1", CYD));
	sipe_await_endpoints(all + 1);
	ck_assert_ptr_nonnull(pidgin_await(ada, "user|Harbour|-|" CYD));

	pidgin_mark(cyd);
	ck_assert_int_eq(pidgin_send(cyd, "say Harbour anybody?"), 0);
	ck_assert_ptr_nonnull(pidgin_await(cyd, "refused|481"));
	ck_assert_ptr_nonnull(pidgin_await(cyd, "notdelivered|Harbour"));
	ck_assert_ptr_nonnull(pidgin_await(cyd, "groupchat-off"));
	ck_assert_int_ne(pidgin_pid(cyd), 0);
	ck_assert_uint_eq(sipe_all_endpoints(), all + 1);

	mem_deref(pool_sql(sipe_pool, "UPDATE principal SET policy_id = 2 "
			   "WHERE key = $1 RETURNING 1", CYD));
	sipe_leave(cyd);
	cyd = sipe_sign_in(CYD, "tls");
	sipe_enter(cyd, CYD, "Harbour");
	sipe_leave(cyd);
	sipe_leave(ada);
}
END_TEST


/* chanmodify, permmodify, invite and kick mean nothing to it */
START_TEST(notices_that_it_does_not_know_do_it_no_harm)
{
	struct pidgin *ada = sipe_sign_in(ADA, "tcp");
	struct pidgin *bob = sipe_sign_in(BOB, "tls");

	sipe_enter(ada, ADA, "Harbour");
	sipe_enter(bob, BOB, "Harbour");
	change("UPDATE room SET description = 'Ships' WHERE name = 'Harbour' "
	       "RETURNING 1");
	change("INSERT INTO room_role (room_id, role, principal_id) "
	       "SELECT r.room_id, x, p.principal_id FROM room r, principal p, "
	       "unnest(ARRAY[1, 2]) AS x WHERE r.name = 'Harbour' "
	       "AND p.key = '" BOB "' ON CONFLICT DO NOTHING RETURNING 1");
	await_traced(BOB, "ntc:chanmodify");
	await_traced(ADA, "ntc:permmodify");
	await_traced(BOB, "ntc:invite");
	ck_assert_int_eq(pidgin_send(ada, "say Harbour all well"), 0);
	same_text(bob, "Harbour", ADA, "all well");

	change("UPDATE room SET disabled = true WHERE name = 'Harbour' "
	       "RETURNING 1");
	await_traced(BOB, "ntc:kick");
	await_traced(ADA, "ntc:kick");
	sipe_enter(ada, ADA, "Signs");
	sipe_enter(bob, BOB, "Signs");
	ck_assert_int_eq(pidgin_send(bob, "say Signs alive"), 0);
	same_text(ada, "Signs", BOB, "alive");
	sipe_leave(bob);
	sipe_leave(ada);
}
END_TEST


static Suite *sipe_lost_suite(void)
{
	Suite *suite = suite_create("sipe_lost");
	TCase *tc = tcase_create("lost");

	tcase_add_unchecked_fixture(tc, sipe_pool_up, sipe_pool_down);
	tcase_set_timeout(tc, 180);
	tcase_add_test(tc, a_killed_client_comes_back_to_one_copy_of_everything);
	tcase_add_test(tc,
		after_the_registrar_was_away_one_login_restores_the_rooms);
	tcase_add_test(tc,
		after_a_killed_instance_the_rooms_work_again_without_a_join);
	tcase_add_test(tc,
		who_is_disabled_is_out_and_his_client_is_not_confused);
	suite_add_tcase(suite, tc);

	tc = tcase_create("notices");
	tcase_add_unchecked_fixture(tc, sipe_pool_up_extended, sipe_pool_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, notices_that_it_does_not_know_do_it_no_harm);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(sipe_lost_suite)
