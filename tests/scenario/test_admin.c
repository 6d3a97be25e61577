/**
 * @file tests/scenario/test_admin.c  The operator changes rooms and categories
 * while people are in them
 *
 * Each change is pchatctl's, and seen on both instances.
 */
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/scenario/tool.h"
#include "tests/unit/suite.h"


#define CLOSED(cat, name) "{\"name\":\"" name "\",\"category\":\"" cat "\"," \
	"\"members\":[\"" SIP("ada") "\",\"" SIP("bob") "\"]}"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "],"
	"\"categories\":[" MAIN ",{\"name\":\"Deals\",\"allowed\":["
	"\"domain:example.net\"]}],"
	"\"rooms\":[" CLOSED("Main", "Kick") "," CLOSED("Main", "Off") ","
	CLOSED("Main", "Gone") ","
	CLOSED("Main", "Calm") "," CLOSED("Deals", "Wall") "]}";


static void up(void)
{
	stage_up(&(struct pool_opts){ .data = data });
}


/* Ada on one instance, Bob on the other, both in the room */
static void both(struct client **adap, struct client **bobp, const char *room)
{
	ck_open(*adap, pool, 0, "ada");
	ck_open(*bobp, pool, 1, "bob");
	ck_assert_uint_eq(chat_join(*adap, room, NULL), 200);
	ck_assert_uint_eq(chat_join(*bobp, room, NULL), 200);
	ck_assert(chat_say(*adap, room, "both here"));
	ck_assert_int_gt(chat_hear(*bobp, room, "both here"), 0);
}


static void told(struct client *ada, struct client *bob, const char *room,
		 const char *user)
{
	ck_assert(chat_notice(ada, "part", room, user));
	ck_assert(chat_notice(bob, "part", room, user));
}


/* Whoever is put out learns it; whether of the other, too, is chance */
static void each_told(struct client *ada, struct client *bob,
		      const char *room)
{
	ck_assert(chat_notice(ada, "part", room, SIP("ada")));
	ck_assert(chat_notice(bob, "part", room, SIP("bob")));
}


static void leave(struct client *ada, struct client *bob, char *room)
{
	(void)client_close(ada);
	(void)client_close(bob);
	mem_deref(room);
}


START_TEST(who_is_taken_off_the_members_is_put_out)
{
	struct client *ada, *bob;
	char *room;

	ck_room(room, pool, "Kick");
	both(&ada, &bob, room);
	ck_tool(pool, "room set Kick --remove-member bob@example.net");
	told(ada, bob, room, SIP("bob"));
	ck_assert_uint_ne(chat_join(bob, room, NULL), 200);
	ck_assert(chat_say(ada, room, "alone"));

	ck_tool(pool, "room set Kick --add-member bob@example.net");
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	leave(ada, bob, room);
}
END_TEST


START_TEST(a_disabled_room_is_empty_until_it_is_enabled)
{
	struct client *ada, *bob;
	char *room;

	ck_room(room, pool, "Off");
	both(&ada, &bob, room);
	ck_tool(pool, "room set Off --disabled yes");
	each_told(ada, bob, room);
	ck_assert_uint_ne(chat_join(ada, room, NULL), 200);

	ck_tool(pool, "room set Off --disabled no");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert(chat_say(ada, room, "back"));
	leave(ada, bob, room);
}
END_TEST


START_TEST(a_removed_room_is_gone_for_all)
{
	struct client *ada, *bob;
	char *room;

	ck_room(room, pool, "Gone");
	both(&ada, &bob, room);
	ck_tool(pool, "room remove Gone");
	each_told(ada, bob, room);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 404);
	leave(ada, bob, room);
}
END_TEST


START_TEST(a_wall_in_a_category_parts_people)
{
	struct client *ada, *bob;
	char *room;

	ck_room(room, pool, "Wall");
	both(&ada, &bob, room);
	ck_tool(pool, "category set Deals --add-denied bob@example.net");
	told(ada, bob, room, SIP("bob"));
	ck_assert_uint_ne(chat_join(bob, room, NULL), 200);
	ck_assert(chat_say(ada, room, "between us"));
	leave(ada, bob, room);
}
END_TEST


START_TEST(a_change_that_takes_nobodys_right_disturbs_nobody)
{
	struct client *ada, *bob;
	char *room;

	ck_room(room, pool, "Calm");
	both(&ada, &bob, room);
	ck_tool(pool, "addin create --name Wiki --url https://wiki.x/");
	ck_tool(pool, "room set Calm --addin Wiki --description 'As before'");
	ck_tool(pool, "category set Main --description 'The house'");
	ck_assert(chat_say(bob, room, "still here"));
	ck_assert_int_gt(chat_hear(ada, room, "still here"), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(ada), "ntc:part"), 0);
	leave(ada, bob, room);
}
END_TEST


START_TEST(a_new_room_can_be_entered_at_once)
{
	struct client *ada, *bob;
	char *room;

	ck_tool(pool, "room create --name Fresh --category Main"
		" --privacy open");
	ck_room(room, pool, "Fresh");
	both(&ada, &bob, room);
	leave(ada, bob, room);
}
END_TEST


/* Does the instance take another client of Bob's? */
static bool takes(size_t i)
{
	struct client *c = chat_open(pool, i, "bob", "another");

	if (c)
		(void)client_close(c);

	return c != NULL;
}


START_TEST(a_drained_process_keeps_its_clients_and_takes_no_more)
{
	const char *name = pool_inst(pool, 0)->name;
	struct client *ada;
	char *room;

	ck_room(room, pool, "Calm");
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);

	ck_tool(pool, "pool drain %s", name);
	ck_soon(!takes(0));
	ck_assert(takes(1));
	ck_assert(chat_say(ada, room, "still served"));
	ck_assert_int_ne(tool_run(pool, "pool drain %s",
				  pool_inst(pool, 1)->name), 0);

	ck_tool(pool, "pool activate %s", name);
	ck_soon(takes(0));
	(void)client_close(ada);
	mem_deref(room);
}
END_TEST


static Suite *admin_suite(void)
{
	Suite *suite = suite_create("admin");
	TCase *tc = tcase_create("admin");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, who_is_taken_off_the_members_is_put_out);
	tcase_add_test(tc, a_disabled_room_is_empty_until_it_is_enabled);
	tcase_add_test(tc, a_removed_room_is_gone_for_all);
	tcase_add_test(tc, a_wall_in_a_category_parts_people);
	tcase_add_test(tc, a_change_that_takes_nobodys_right_disturbs_nobody);
	tcase_add_test(tc, a_new_room_can_be_entered_at_once);
	tcase_add_test(tc,
		       a_drained_process_keeps_its_clients_and_takes_no_more);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(admin_suite)
