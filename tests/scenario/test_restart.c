/**
 * @file tests/scenario/test_restart.c  Everything stopped and started again
 *
 *   client            pool
 *     | join, posts     |
 *     |             all processes, the store too, stop and start
 *     | INVITE, same epid
 *     | INFO getinv --> |   no join: SIPE believes that it is still inside
 *     |   <-- posts of its rooms
 */
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"


static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "],"
	"\"categories\":[" MAIN "],"
	"\"rooms\":[" ROOM("Kept") "," ROOM("Left") ","
	ROOM("Stops") "]}";


static void up(void)
{
	stage_up(&(struct pool_opts){ .data = data });
}


START_TEST(a_restarted_pool_knows_what_was_said_and_who_was_where)
{
	struct client *ada, *bob;
	struct xd *x = NULL;
	char *kept, *left;
	int64_t id;

	ck_room(kept, pool, "Kept");
	ck_room(left, pool, "Left");
	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 1, "bob");
	ck_assert_uint_eq(chat_join(ada, kept, NULL), 200);
	ck_assert_uint_eq(chat_join(bob, kept, NULL), 200);
	ck_assert_uint_eq(chat_join(bob, left, NULL), 200);
	ck_assert_uint_eq(chat_part(bob, left, NULL), 200);
	ck_assert_uint_eq(chat_post(ada, kept, "before"), 200);
	id = chat_hear(bob, kept, "before");
	ck_assert_int_gt(id, 0);

	ck_assert_int_eq(pool_cycle(pool), 0);
	(void)client_drop(ada);
	(void)client_drop(bob);

	/* on the other instance this time, and without join */
	ada = chat_return(pool, 1, "ada", "epidada");
	bob = chat_return(pool, 0, "bob", "epidbob");
	ck_assert_ptr_nonnull(ada);
	ck_assert_ptr_nonnull(bob);

	ck_assert_uint_eq(chat_post(ada, kept, "after"), 200);
	ck_assert_int_gt(chat_hear(bob, kept, "after"), id);
	ck_assert_uint_eq(chat_post(bob, left, "not here"), 403);

	ck_assert_uint_eq(chat_history(bob, kept, 25, &x), 200);
	ck_assert_uint_eq(xd_count(x, "//msg"), 2);
	ck_assert_str_eq(xd_str(x, "//msg[1]/chat"), "before");
	ck_assert_int_eq(xd_num(x, "//msg[1]/@chatId"), id);
	ck_assert_str_eq(xd_str(x, "//msg[2]/chat"), "after");

	/* who said BYE is in no room when he comes back */
	(void)client_close(bob);
	ck_assert(chat_notice(ada, "part", kept, SIP("bob")));
	bob = chat_return(pool, 0, "bob", "epidbob");
	ck_assert_ptr_nonnull(bob);
	ck_assert_uint_eq(chat_post(bob, kept, "not joined"), 403);
}
END_TEST


/* One instance stops in good order, the other one goes on */
START_TEST(an_instance_that_stops_gives_its_users_back)
{
	struct client *ada, *bob;
	char *room, *name;

	ck_assert_int_eq(str_dup(&name, pool_inst(pool, 1)->name), 0);
	ck_room(room, pool, "Stops");
	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 1, "bob");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	ck_assert(chat_notice(ada, "join", room, SIP("bob")));

	ck_assert_int_eq(pool_stop(pool, name), 0);
	ck_assert(chat_notice(ada, "part", room, SIP("bob")));
	ck_assert(chat_say(ada, room, "alone now"));
	(void)client_drop(bob);

	bob = chat_return(pool, 0, "bob", "epidbob");
	ck_assert_ptr_nonnull(bob);
	ck_assert(chat_notice(ada, "join", room, SIP("bob")));
	ck_assert(chat_say(bob, room, "back"));

	ck_assert_int_eq(pool_start(pool, name), 0);
	(void)client_close(ada);
	ck_assert(chat_notice(bob, "part", room, SIP("ada")));
	ck_open(ada, pool, 1, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert(chat_say(ada, room, "on the new one"));
	ck_assert_int_gt(chat_hear(bob, room, "on the new one"), 0);
}
END_TEST


static Suite *restart_suite(void)
{
	Suite *suite = suite_create("restart");
	TCase *tc = tcase_create("restart");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, an_instance_that_stops_gives_its_users_back);
	tcase_add_test(tc,
		a_restarted_pool_knows_what_was_said_and_who_was_where);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(restart_suite)
