/**
 * @file tests/scenario/test_sipe.c  Everyday life with pidgin-sipe
 *
 *   ada, bob: pidgin-sipe --TCP or TLS--> registrar --> one of two instances
 *
 * The checklist that a server for SIPE must pass, on the real parts.  Every
 * test has a room of its own, as one pool serves them all.
 */
#include <re.h>
#include "tests/support/pool.h"
#include "tests/support/purple.h"
#include "tests/scenario/sipe.h"
#include "tests/unit/suite.h"

enum { BURST = 30, SIPE_HISTORY = 25 };


static void same_text(struct pidgin *p, const char *room, const char *user,
		      const char *expected)
{
	char *text = sipe_next_text(p, room, user);

	ck_assert_str_eq(text, expected);
	mem_deref(text);
}


START_TEST(signs_in_and_finds_the_pool)
{
	unsigned before = sipe_all_endpoints();
	struct pidgin *ada = sipe_sign_in(ADA, _i ? "tls" : "tcp");

	ck_assert_uint_eq(pidgin_count(ada, "error"), 0);
	ck_assert_uint_eq(pidgin_count(ada, "groupchat-ready"), 1);
	ck_assert_uint_eq(pidgin_count(ada, "refused"), 0);

	ck_assert_int_eq(pidgin_quit(ada), 0);
	ck_assert_ptr_nonnull(pidgin_wait(ada, "signed-off"));
	sipe_await_endpoints(before);
	mem_deref(ada);
}
END_TEST


START_TEST(lists_the_rooms_that_the_user_may_see)
{
	struct pidgin *bob = sipe_sign_in(BOB, "tcp");

	ck_assert_int_eq(pidgin_send(bob, "rooms"), 0);
	ck_assert_ptr_nonnull(pidgin_wait(bob, "rooms-end"));

	ck_assert_ptr_nonnull(pidgin_await(bob,
		"room|General|0|file,invite,logged|*|"
		"For all & \"everything\""));
	ck_assert_ptr_nonnull(pidgin_await(bob,
		"room|Board & Co|0|file,logged"));
	ck_assert_uint_eq(pidgin_count(bob, "room|Secret"), 0);
	sipe_leave(bob);
}
END_TEST


START_TEST(a_secret_room_is_listed_for_its_member_as_private)
{
	struct pidgin *ada = sipe_sign_in(ADA, "tcp");

	ck_assert_int_eq(pidgin_send(ada, "rooms"), 0);
	ck_assert_ptr_nonnull(pidgin_wait(ada, "rooms-end"));
	ck_assert_ptr_nonnull(pidgin_await(ada,
		"room|Secret|0|file,invite,logged,private"));
	sipe_leave(ada);
}
END_TEST


START_TEST(joining_shows_the_people_and_who_manages)
{
	struct pidgin *ada = sipe_sign_in(ADA, "tcp");
	struct pidgin *bob;

	sipe_enter(ada, ADA, "General");
	ck_assert_ptr_nonnull(pidgin_await(ada, "op|General|" ADA));

	bob = sipe_sign_in(BOB, "tls");
	ck_assert_int_eq(pidgin_send(bob, "rooms"), 0);
	ck_assert_ptr_nonnull(pidgin_wait(bob, "rooms-end"));
	ck_assert_ptr_nonnull(pidgin_await(bob, "room|General|1"));
	sipe_enter(bob, BOB, "General");
	ck_assert_ptr_nonnull(pidgin_await(bob, "user|General|=|" ADA));
	ck_assert_ptr_nonnull(pidgin_await(bob, "op|General|" ADA));
	ck_assert_uint_eq(pidgin_count(bob, "op|General|" BOB), 0);

	sipe_leave(bob);
	sipe_leave(ada);
}
END_TEST


START_TEST(history_comes_oldest_first_and_bursts_keep_their_order)
{
	struct pidgin *ada = sipe_sign_in(ADA, "tcp");
	struct pidgin *bob;
	char text[64];
	unsigned i;

	sipe_enter(ada, ADA, "Archive");
	for (i = 1; i <= BURST; i++)
		ck_assert_int_eq(pidgin_send(ada, "say Archive line %u", i),
				 0);
	for (i = 1; i <= BURST; i++) {
		(void)re_snprintf(text, sizeof(text), "line %u", i);
		same_text(ada, "Archive", ADA, text);
	}
	ck_assert_uint_eq(pidgin_count(ada, "msg|Archive"), BURST);

	bob = sipe_sign_in(BOB, "tcp");
	sipe_enter(bob, BOB, "Archive");
	for (i = BURST - SIPE_HISTORY + 1; i <= BURST; i++) {
		(void)re_snprintf(text, sizeof(text), "line %u", i);
		same_text(bob, "Archive", ADA, text);
	}
	ck_assert_uint_eq(pidgin_count(bob, "msg|Archive"), SIPE_HISTORY);

	sipe_leave(bob);
	sipe_leave(ada);
}
END_TEST


/* What is typed, and what is to be seen, both as the client's lines have it */
static const struct {
	const char *say, *see;
} signv[] = {
	{ "<b>bold</b> & \"quoted\" 'single' &amp; &lt; >>",
	  "<b>bold</b> & \"quoted\" 'single' &amp; &lt; >>" },
	{ "]]> <![CDATA[x]]> <!-- y --> <?z?>",
	  "]]> <![CDATA[x]]> <!-- y --> <?z?>" },
	{ "\\ud83d\\ude00 \\U0001d11e \\u00e9 \\u4e2d\\u6587 \\u0645",
	  "\xf0\x9f\x98\x80 \xf0\x9d\x84\x9e \xc3\xa9 "
	  "\xe4\xb8\xad\xe6\x96\x87 \xd9\x85" },
	{ "one\\ntwo\\r\\nthree\\n\\nfive", "one\\ntwo\\nthree\\n\\nfive" },
	{ "a back\\\\slash, a 100% sum; a:b=c/d?e#f",
	  "a back\\\\slash, a 100% sum; a:b=c/d?e#f" },
};


START_TEST(a_line_appears_once_and_unharmed_for_both)
{
	struct pidgin *ada = sipe_sign_in(ADA, "tcp");
	struct pidgin *bob = sipe_sign_in(BOB, "tls");
	char cmd[256];
	size_t i;

	sipe_enter(ada, ADA, "Signs");
	sipe_enter(bob, BOB, "Signs");

	for (i = 0; i < ARRAY_SIZE(signv); i++) {
		(void)re_snprintf(cmd, sizeof(cmd), "say Signs %s",
				  signv[i].say);
		ck_assert_int_eq(pidgin_send(ada, "%s", cmd), 0);
		same_text(ada, "Signs", ADA, signv[i].see);
		same_text(bob, "Signs", ADA, signv[i].see);
	}

	/* an answer of bob's is the fence behind which nothing may follow */
	ck_assert_int_eq(pidgin_send(bob, "say Signs over"), 0);
	same_text(ada, "Signs", BOB, "over");
	same_text(bob, "Signs", BOB, "over");
	ck_assert_uint_eq(pidgin_count(ada, "msg|Signs"), i + 1);
	ck_assert_uint_eq(pidgin_count(bob, "msg|Signs"), i + 1);

	sipe_leave(bob);
	sipe_leave(ada);
}
END_TEST


START_TEST(others_are_seen_coming_and_going)
{
	struct pidgin *ada = sipe_sign_in(ADA, "tcp");
	struct pidgin *bob = sipe_sign_in(BOB, "tcp");
	unsigned round;

	sipe_enter(ada, ADA, "Doors");

	for (round = 0; round < 2; round++) {
		sipe_enter(bob, BOB, "Doors");
		ck_assert_ptr_nonnull(pidgin_wait(ada,
						  "user|Doors|+|" BOB));

		ck_assert_int_eq(pidgin_send(bob, "part Doors"), 0);
		ck_assert_ptr_nonnull(pidgin_wait(bob, "parted|Doors"));
		ck_assert_ptr_nonnull(pidgin_wait(ada,
						  "user|Doors|-|" BOB));
	}

	sipe_enter(bob, BOB, "Doors");
	ck_assert_ptr_nonnull(pidgin_wait(ada, "user|Doors|+|" BOB));
	sipe_leave(bob);
	ck_assert_ptr_nonnull(pidgin_wait(ada, "user|Doors|-|" BOB));

	sipe_leave(ada);
}
END_TEST


static void talk(struct pidgin *ada, struct pidgin *bob, const char *room)
{
	sipe_enter(ada, ADA, room);
	sipe_enter(bob, BOB, room);
	pidgin_mark(ada);
	pidgin_mark(bob);
	ck_assert_int_eq(pidgin_send(ada, "say \"%s\" here", room), 0);
	same_text(bob, room, ADA, "here");
	same_text(ada, room, ADA, "here");
	ck_assert_int_eq(pidgin_send(bob, "say \"%s\" there", room), 0);
	same_text(ada, room, BOB, "there");
	same_text(bob, room, BOB, "there");
}


START_TEST(two_instances_are_one_room)
{
	unsigned all = sipe_all_endpoints(), one = sipe_endpoints(0);
	struct pidgin *ada, *bob;

	ada = sipe_sign_in(ADA, "tcp");
	sipe_await_endpoints(all + 1);
	bob = sipe_sign_in(BOB, "tls");
	sipe_await_endpoints(all + 2);
	ck_assert_uint_eq(sipe_endpoints(0), one + 1);

	talk(ada, bob, "Doors");
	sipe_leave(bob);
	sipe_leave(ada);
	sipe_await_endpoints(all);
}
END_TEST


/* Two clients started in the same second are alike in Call-IDs and tags */
START_TEST(clients_with_the_same_call_ids_are_told_apart)
{
	struct pidgin *ada = sipe_sign_in_as(ADA, "tcp", 4711);
	struct pidgin *bob = sipe_sign_in_as(BOB, "tcp", 4711);

	talk(ada, bob, "General");
	sipe_leave(bob);
	ck_assert_ptr_nonnull(pidgin_await(ada, "user|General|-|" BOB));
	ck_assert_int_eq(pidgin_send(ada, "say General alone"), 0);
	same_text(ada, "General", ADA, "alone");
	sipe_leave(ada);
}
END_TEST


START_TEST(a_line_that_is_refused_is_shown_and_no_storm_follows)
{
	struct pidgin *bob = sipe_sign_in(BOB, "tcp");

	sipe_enter(bob, BOB, "Stage");
	ck_assert_int_eq(pidgin_send(bob, "say Stage may I?"), 0);
	ck_assert_ptr_nonnull(pidgin_wait(bob, "refused|403"));
	ck_assert_ptr_nonnull(pidgin_await(bob, "notdelivered|Stage"));

	/* still alive, and nothing but what it was told to send */
	sipe_enter(bob, BOB, "Doors");
	ck_assert_uint_eq(sipe_traced(BOB, "UPDATE sip:"), 0);
	sipe_leave(bob);
}
END_TEST


START_TEST(a_closed_room_turns_strangers_away_with_a_reason)
{
	struct pidgin *bob = sipe_sign_in(BOB, "tcp");
	char *reason;

	ck_assert_int_eq(pidgin_send(bob, "rooms"), 0);
	ck_assert_ptr_nonnull(pidgin_wait(bob, "rooms-end"));
	ck_assert_int_eq(pidgin_send(bob, "join \"Board & Co\""), 0);

	reason = pidgin_field(pidgin_wait(bob,
					  "error|Error joining chat room"), 2);
	ck_assert_ptr_nonnull(reason);
	ck_assert_str_ne(reason, "");
	mem_deref(reason);
	sipe_leave(bob);
}
END_TEST


static Suite *sipe_suite(void)
{
	Suite *suite = suite_create("sipe");
	TCase *tc = tcase_create("everyday");

	tcase_add_unchecked_fixture(tc, sipe_pool_up, sipe_pool_down);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, signs_in_and_finds_the_pool, 0, 2);
	tcase_add_test(tc, lists_the_rooms_that_the_user_may_see);
	tcase_add_test(tc, a_secret_room_is_listed_for_its_member_as_private);
	tcase_add_test(tc, joining_shows_the_people_and_who_manages);
	tcase_add_test(tc,
		       history_comes_oldest_first_and_bursts_keep_their_order);
	tcase_add_test(tc, a_line_appears_once_and_unharmed_for_both);
	tcase_add_test(tc, others_are_seen_coming_and_going);
	tcase_add_test(tc, two_instances_are_one_room);
	tcase_add_test(tc, clients_with_the_same_call_ids_are_told_apart);
	tcase_add_test(tc,
		       a_line_that_is_refused_is_shown_and_no_storm_follows);
	tcase_add_test(tc, a_closed_room_turns_strangers_away_with_a_reason);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(sipe_suite)
