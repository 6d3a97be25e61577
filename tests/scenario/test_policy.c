/**
 * @file tests/scenario/test_policy.c  What operators say of users, at once
 *
 * Policies, states and groups changed by pchatctl while people are in rooms
 * on both instances, and addresses of the pool.
 */
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/scenario/tool.h"
#include "tests/unit/suite.h"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("cleo") ","
	USER("dan") "," USER("eve") "],"
	"\"groups\":[{\"name\":\"Crew\",\"members\":[\"" SIP("ada") "\"]}],"
	"\"categories\":[" MAIN "],"
	"\"rooms\":[" ROOM("Bobs") "," ROOM("Cleos") "," ROOM("Dans") ","
	"{\"name\":\"Deck\",\"category\":\"Main\",\"privacy\":\"closed\","
	"\"members\":[\"group:crew\"]}]}";


static void up(void)
{
	stage_up(&(struct pool_opts){ .data = data });
}


/* His dialog is ended by the server; what he still sends has none */
static bool ended(struct client *c, const char *room)
{
	return chat_post(c, room, "me?") == 481;
}


/* Signs in anew, once he may */
static struct client *again(const char *name)
{
	struct client *c = NULL;

	ck_soon((c = chat_open(pool, 1, name, NULL)) != NULL);

	return c;
}


static uint16_t invite(size_t instance, const char *user, const char *to,
		       unsigned *diagp)
{
	const struct client_conf conf = {
		.user = user, .epid = "other", .to = to,
		.hop = pool_inst(pool, instance)->sip_tcp,
	};
	struct client_answer ans = { .status = 0 };
	struct client *c = NULL;

	if (!client_open(&c, &conf, &ans))
		(void)client_close(c);
	if (diagp)
		*diagp = ans.diag;

	return ans.status;
}


/* What provisioning says of EnablePersistentChat */
static bool provisioned(size_t instance, const char *name, const char *value)
{
	static uint32_t cseq;
	struct raw *r;
	char want[80];
	bool same;

	(void)re_snprintf(want, sizeof(want), "<property name="
			  "\"EnablePersistentChat\">%s<", value);
	ck_assert_int_eq(raw_open(&r, pool_inst(pool, instance)->sip_tcp), 0);
	ck_assert_uint_eq(raw_provision(r, name, ++cseq), 200);
	same = strstr(raw_answer(r), want) != NULL;
	mem_deref(r);

	return same;
}


START_TEST(who_loses_his_policy_is_out_and_may_come_back)
{
	struct client *ada, *bob;
	unsigned diag;
	char *room;

	ck_room(room, pool, "Bobs");
	stage_two(&ada, &bob, "bob", room);
	ck_tool(pool, "policy revoke " SIP("bob"));
	ck_assert(chat_notice(ada, "part", room, SIP("bob")));
	ck_assert(chat_notice(bob, "part", room, SIP("bob")));
	ck_soon(ended(bob, room));
	ck_assert(provisioned(0, "bob", "false"));
	ck_assert(provisioned(1, "bob", "false"));
	ck_assert_uint_eq(invite(0, SIP("bob"), pool_uri(pool), &diag), 403);
	ck_assert_uint_eq(diag, 20010);

	/* all may, except at the site where the pool is */
	ck_tool(pool, "policy set global --enable yes");
	bob = again("bob");
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	ck_assert(provisioned(1, "bob", "true"));
	ck_tool(pool, "policy create Harbour --scope site --enable no");
	ck_tool(pool, "config set Site harbour");
	ck_assert(chat_notice(bob, "part", room, SIP("bob")));
	ck_assert(provisioned(0, "bob", "false"));

	ck_tool(pool, "policy grant enabled " SIP("bob"));
	bob = again("bob");
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	ck_tool(pool, "policy remove Harbour");
	ck_tool(pool, "policy set global --enable no");
	ck_assert(chat_say(bob, room, "back"));
	mem_deref(room);
}
END_TEST


START_TEST(who_is_disabled_is_out_and_may_come_back)
{
	struct client *ada, *cleo;
	char *room;

	ck_room(room, pool, "Cleos");
	stage_two(&ada, &cleo, "cleo", room);
	ck_tool(pool, "user set " SIP("cleo") " --state disabled");
	ck_assert(chat_notice(ada, "part", room, SIP("cleo")));
	ck_assert(chat_notice(cleo, "part", room, SIP("cleo")));
	ck_soon(ended(cleo, room));
	ck_assert_uint_eq(invite(1, SIP("cleo"), pool_uri(pool), NULL), 403);

	ck_tool(pool, "user set " SIP("cleo") " --state enabled");
	cleo = again("cleo");
	ck_assert_uint_eq(chat_join(cleo, room, NULL), 200);
	ck_assert(chat_say(cleo, room, "back"));
	mem_deref(room);
}
END_TEST


START_TEST(who_is_removed_is_out_for_good)
{
	struct client *ada, *dan;
	char *room;

	ck_room(room, pool, "Dans");
	stage_two(&ada, &dan, "dan", room);
	ck_tool(pool, "user remove " SIP("dan"));
	ck_assert(chat_notice(ada, "part", room, SIP("dan")));
	ck_soon(ended(dan, room));
	ck_assert_uint_eq(invite(0, SIP("dan"), pool_uri(pool), NULL), 403);
	ck_assert(provisioned(0, "dan", "false"));
	mem_deref(room);
}
END_TEST


START_TEST(who_is_put_into_a_group_has_its_rooms)
{
	struct client *ada, *eve;
	char *room;

	ck_room(room, pool, "Deck");
	ck_open(ada, pool, 0, "ada");
	ck_open(eve, pool, 1, "eve");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(eve, room, NULL), 403);

	ck_tool(pool, "group create Guests --member " SIP("eve"));
	ck_tool(pool, "group add Crew group:guests");
	ck_soon(chat_join(eve, room, NULL) == 200);
	ck_assert(chat_say(eve, room, "aboard"));
	ck_tool(pool, "group drop Guests " SIP("eve"));
	ck_assert(chat_notice(ada, "part", room, SIP("eve")));
	ck_assert(chat_notice(eve, "part", room, SIP("eve")));
	ck_assert_uint_eq(chat_join(eve, room, NULL), 403);
	mem_deref(room);
}
END_TEST


START_TEST(the_pool_answers_to_its_endpoints)
{
	static const char extra[] = "sip:rooms@example.net";
	size_t i;

	for (i = 0; i < 2; i++)
		ck_assert_uint_eq(invite(i, SIP("ada"), extra, NULL), 404);

	ck_tool(pool, "endpoint create %s --display Rooms", extra);
	for (i = 0; i < 2; i++)
		ck_soon(invite(i, SIP("ada"), extra, NULL) == 200);

	ck_tool(pool, "endpoint remove %s", extra);
	for (i = 0; i < 2; i++)
		ck_soon(invite(i, SIP("ada"), extra, NULL) == 404);
	ck_assert_uint_eq(invite(0, SIP("ada"), pool_uri(pool), NULL), 200);
}
END_TEST


static Suite *policy_suite(void)
{
	Suite *suite = suite_create("policy");
	TCase *tc = tcase_create("policy");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, who_loses_his_policy_is_out_and_may_come_back);
	tcase_add_test(tc, who_is_disabled_is_out_and_may_come_back);
	tcase_add_test(tc, who_is_removed_is_out_for_good);
	tcase_add_test(tc, who_is_put_into_a_group_has_its_rooms);
	tcase_add_test(tc, the_pool_answers_to_its_endpoints);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(policy_suite)
