/**
 * @file tests/scenario/test_sipe_orphan.c  pidgin-sipe that only reads, when
 * its instance is killed
 *
 * It sends nothing and nobody is left to send it anything.  The registrar
 * closes its connection; SIPE signs in again and is in its rooms.
 *
 *   ada --> instance killed, or killed and started again at once
 *   registrar: closes ada's connection
 *   ada: signs in        --> an instance     (back in her room, asks for it)
 *   bob, on the other one: "one" --> ada
 */
#include <stdio.h>
#include <string.h>
#include <re.h>
#include "tests/support/chat.h"
#include "tests/support/client.h"
#include "tests/support/pool.h"
#include "tests/support/purple.h"
#include "tests/scenario/sipe.h"
#include "tests/unit/suite.h"

enum { SECONDS_MS = 20000 };


/* Index of the instance that has ada in the room */
static size_t instance_of(const char *room)
{
	char *name = pool_sql(sipe_pool, "SELECT i.name FROM roster o "
			      "JOIN endpoint e USING (endpoint_id) "
			      "JOIN instance i USING (instance_id) "
			      "JOIN principal p USING (principal_id) "
			      "JOIN room r USING (room_id) "
			      "WHERE p.key = '" ADA "' AND r.name = $1 "
			      "ORDER BY i.lease_until DESC", room);
	size_t i;

	ck_assert_ptr_nonnull(name);
	i = strcmp(name, pool_inst(sipe_pool, 0)->name) ? 1 : 0;
	mem_deref(name);

	return i;
}


START_TEST(a_reader_is_told_within_seconds_of_a_killed_instance)
{
	const bool restart = _i & 1;
	struct pidgin *ada;
	struct client *bob;
	char name[64], *room = chat_room(sipe_pool, "Phoenix");
	uint64_t t;
	size_t i;

	ck_assert_int_eq(pool_reload(sipe_pool), 0);
	ada = sipe_sign_in(ADA, _i & 2 ? "tls" : "tcp");
	sipe_enter(ada, ADA, "Phoenix");
	i = instance_of("Phoenix");
	str_ncpy(name, pool_inst(sipe_pool, i)->name, sizeof(name));
	bob = chat_open(sipe_pool, !i, "bob", NULL);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);

	pidgin_mark(ada);
	t = tmr_jiffies();
	ck_assert_int_eq(pool_kill9(sipe_pool, name), 0);
	if (restart)
		ck_assert_int_eq(pool_start(sipe_pool, name), 0);

	/* a person's Pidgin signs in again by itself */
	ck_assert_ptr_nonnull(pidgin_await(ada, "signed-off"));
	ck_assert_uint_lt(tmr_jiffies() - t, SECONDS_MS);
	ck_assert_int_eq(pidgin_send(ada, "login"), 0);
	ck_assert_ptr_nonnull(pidgin_await(ada, "rejoined|Phoenix"));
	ck_assert_ptr_nonnull(pidgin_await(ada, "user|Phoenix|=|" ADA));

	ck_assert(!client_ended(bob));
	pidgin_mark(ada);
	ck_assert_uint_eq(chat_post(bob, room, "one"), 200);
	ck_assert_ptr_nonnull(pidgin_await(ada, "msg|Phoenix|" BOB "|*|one"));

	if (!restart)
		ck_assert_int_eq(pool_start(sipe_pool, name), 0);
	client_close(bob);
	sipe_leave(ada);
	mem_deref(room);
}
END_TEST


static Suite *sipe_orphan_suite(void)
{
	Suite *suite = suite_create("sipe_orphan");
	TCase *tc = tcase_create("orphan");

	tcase_add_unchecked_fixture(tc, sipe_pool_up, sipe_pool_down);
	tcase_set_timeout(tc, 180);
	tcase_add_loop_test(tc,
			    a_reader_is_told_within_seconds_of_a_killed_instance,
			    0, 4);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(sipe_orphan_suite)
