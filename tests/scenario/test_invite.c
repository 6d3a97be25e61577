/**
 * @file tests/scenario/test_invite.c  Invitations, and the notices that are
 *                                     off unless configured
 *
 * Spec: protocol.md 4.8, 5.3 and 6.7.  The pool has notices.extended on and
 * small replies; test_manage.c sees that without it nothing of this is sent.
 */
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"

#define CLOSED(name, members) "{\"name\":\"" name "\",\"category\":\"Main\"," \
	"\"privacy\":\"closed\",\"members\":[" members "]," \
	"\"managers\":[\"sip:ada@example.net\"]}"
#define ADA "\"sip:ada@example.net\""
#define AB ADA ",\"sip:bob@example.net\""
#define UIB(name) "<uib uri=\"sip:" name "@example.net\"/>"

enum { MANY = 60 };

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("cleo") ","
	USER("dan") "," USER("eve") "," USER("fay") "," USER("guy") ","
	USER("root") "],"
	"\"groups\":[{\"name\":\"crew\",\"members\":["
	"\"sip:cleo@example.net\"]}],"
	"\"categories\":[{\"name\":\"Main\",\"allowed\":["
	"\"domain:example.net\"],\"creators\":[\"sip:ada@example.net\"]}],"
	"\"rooms\":[" CLOSED("Added", ADA) "," CLOSED("Grouped", ADA) ","
	CLOSED("Shut", ADA) "," CLOSED("Gone", ADA) "," CLOSED("Kick", AB) ","
	CLOSED("Off", AB) "," CLOSED("Props", AB) "," CLOSED("Rights", AB) ","
	CLOSED("Loaded", ADA) "," CLOSED("After", ADA) "]}";


static void up(void)
{
	static const char *const setv[] = {
		"notices.extended=yes", "reply.size_max=16384",
		"message.story_size_max=8000", NULL,
	};
	const struct pool_opts opts = { .data = data, .setv = setv };

	stage_up(&opts);
	stage_sql("INSERT INTO configuration (key, value) VALUES "
		  "('Administrators', 'sip:root@example.net') RETURNING 1");
}


/* Who is on the member list now; the rest of the room stays */
static void members(struct client *ada, const char *room, const char *list)
{
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\">"
			      "<members>%s</members></chanib>", room, list),
			  200);
}


static bool invited(struct client *c, const char *room)
{
	return chat_notice(c, "invite", room, "<inv inviteId=");
}


/* Invitations with ids above one */
static struct xd *getinv(struct client *c, int64_t above)
{
	struct xd *x;

	ck_assert_uint_eq(ask(c, &x, "getinv", "<inv inviteId=\"%lld\" "
			      "domain=\"example.net\"/>", (long long)above),
			  200);

	return x;
}


static size_t listed(struct client *c, const char *room)
{
	struct xd *x = getinv(c, 1);
	char path[256];
	size_t n;

	(void)re_snprintf(path, sizeof(path),
			  "/xccos/rpl/data/inv/chanib[@uri='%s']", room);
	n = xd_count(x, path);
	mem_deref(x);

	return n;
}


/* ------------------------------------------------------------- invitations */

START_TEST(a_new_member_is_told_wherever_he_is_signed_in)
{
	struct client *ada, *bob[2];
	struct xd *x;
	char *room;
	int64_t id;

	ck_room(room, pool, "Added");
	ck_open(ada, pool, 0, "ada");
	ck_open(bob[0], pool, 0, "bob");
	bob[1] = chat_open(pool, 1, "bob", "second");
	ck_assert_ptr_nonnull(bob[1]);

	members(ada, room, UIB("ada") UIB("bob"));
	ck_assert(invited(bob[0], room));
	ck_assert(invited(bob[1], room));

	x = getinv(bob[1], 1);
	ck_assert_uint_eq(xd_count(x, "//inv[chanib/@name='Added']"
		"[@domain='example.net'][starts-with(@createdOn,'20')]"
		"/chanib/info[@id='urn:parlano:ma:info:visibilty']"), 1);
	id = xd_num(x, "//inv[last()]/@inviteId");
	ck_assert_int_ge(id, 2);
	mem_deref(x);
	x = getinv(bob[0], id);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/*"), 0);
	mem_deref(x);

	/* out and in again is no news */
	members(ada, room, UIB("ada"));
	ck_assert_uint_eq(listed(bob[0], room), 0);
	members(ada, room, UIB("ada") UIB("bob"));
	ck_assert_uint_eq(listed(bob[0], room), 1);
	ck_assert_uint_eq(inbox_count(client_inbox(ada), "ntc:invite"), 0);
}
END_TEST


START_TEST(a_group_is_invited_and_who_comes_into_it_later)
{
	struct client *ada, *cleo, *dan;
	char *room;

	ck_room(room, pool, "Grouped");
	ck_open(ada, pool, 0, "ada");
	ck_open(cleo, pool, 1, "cleo");
	ck_open(dan, pool, 0, "dan");
	members(ada, room, UIB("ada") "<uib uri=\"group:crew\"/>");
	ck_assert(invited(cleo, room));
	ck_assert_uint_eq(listed(dan, room), 0);

	scene_import(pool, "{\"groups\":[{\"name\":\"crew\",\"members\":["
		     "\"sip:cleo@example.net\",\"sip:dan@example.net\"]}]}");
	ck_assert(invited(dan, room));
	ck_assert_uint_eq(listed(dan, room), 1);
	ck_assert_uint_eq(listed(cleo, room), 1);
}
END_TEST


START_TEST(an_import_invites)
{
	struct client *guy;
	char *room;

	ck_room(room, pool, "Loaded");
	ck_open(guy, pool, 1, "guy");
	scene_import(pool, "{\"rooms\":[{\"name\":\"Loaded\",\"members\":["
		     ADA ",\"sip:guy@example.net\"]}]}");
	ck_assert(invited(guy, room));
}
END_TEST


/* Notices come in the order of what they tell of, so the second one says that
   there was none before it */
START_TEST(a_room_that_does_not_invite_is_not_told_of)
{
	char *cat = pool_sql(pool, "SELECT guid FROM category", NULL);
	struct client *ada, *fay;
	char *room;

	ck_room(room, pool, "After");
	ck_open(ada, pool, 0, "ada");
	ck_open(fay, pool, 1, "fay");
	ck_assert_uint_eq(ask(ada, NULL, "chancreate", "<chanib name=\"Still\""
		" parent=\"ma-cat://example.net/%s\">"
		"<prop id=\"urn:parlano:ma:prop:invite\">false</prop>"
		"<members>" UIB("fay") "</members></chanib>", cat), 200);
	members(ada, room, UIB("ada") UIB("fay"));
	ck_assert(invited(fay, room));
	ck_assert_uint_eq(inbox_count(client_inbox(fay), "Still"), 0);
	mem_deref(cat);
}
END_TEST


START_TEST(a_room_that_cannot_be_entered_drops_out)
{
	struct client *ada, *root, *eve;
	char *shut, *gone;

	ck_room(shut, pool, "Shut");
	ck_room(gone, pool, "Gone");
	ck_open(ada, pool, 0, "ada");
	ck_open(eve, pool, 1, "eve");
	ck_open(root, pool, 1, "root");
	members(ada, shut, UIB("ada") UIB("eve"));
	members(ada, gone, UIB("ada") UIB("eve"));
	ck_assert(invited(eve, shut));
	ck_assert(invited(eve, gone));

	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\" "
			      "disabled=\"true\"/>", shut), 200);
	ck_assert_uint_eq(ask(root, NULL, "chandelete", "<chanib uri=\"%s\"/>",
			      gone), 200);
	ck_assert_uint_eq(listed(eve, shut), 0);
	ck_assert_uint_eq(listed(eve, gone), 0);
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\" "
			      "disabled=\"false\"/>", shut), 200);
	ck_assert_uint_eq(listed(eve, shut), 1);
}
END_TEST


static bool all_made(void *arg)
{
	char *n = pool_sql(arg, "SELECT count(*) FROM invitation JOIN room "
			   "USING (room_id) WHERE name LIKE 'Many %'", NULL);
	const bool done = n && atoi(n) == MANY;

	mem_deref(n);

	return done;
}


/* As many as fit, the oldest first: the next question goes on from there */
START_TEST(more_invitations_than_a_reply_holds_come_in_parts)
{
	size_t seen = 0, n, replies = 0;
	struct client *guy;
	int64_t last = 1;

	stage_sql("WITH r AS (INSERT INTO room (category_id, name, privacy) "
		  "SELECT c.category_id, 'Many ' || i, 1 FROM category c, "
		  "generate_series(1, 60) AS i RETURNING room_id) "
		  "INSERT INTO room_role (room_id, role, principal_id) "
		  "SELECT r.room_id, 1, p.principal_id FROM r, principal p "
		  "WHERE p.key = 'sip:guy@example.net' RETURNING 1");
	while (!all_made(pool))
		;

	ck_open(guy, pool, 0, "guy");
	do {
		struct xd *x = getinv(guy, last);

		n = xd_count(x, "//inv[starts-with(chanib/@name,'Many ')]");
		if (xd_count(x, "//inv"))
			last = xd_num(x, "//inv[last()]/@inviteId");
		replies += n > 0;
		seen += n;
		mem_deref(x);
	} while (n);

	ck_assert_uint_eq(seen, MANY);
	ck_assert_uint_gt(replies, 1);
}
END_TEST


START_TEST(a_full_pool_takes_no_more_lists)
{
	char *cat = pool_sql(pool, "SELECT guid FROM category", NULL);
	struct client *ada;
	struct xd *x;

	ck_open(ada, pool, 0, "ada");
	stage_sql("INSERT INTO configuration (key, value) VALUES "
		  "('AccessEntryLimit', '1') RETURNING 1");
	ck_assert_uint_eq(ask(ada, &x, "chancreate", "<chanib name=\"Beyond\""
		" parent=\"ma-cat://example.net/%s\"/>", cat), 413);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/resp"), "ERROR_LIMIT_EXCEEDED");
	mem_deref(x);
	stage_sql("DELETE FROM configuration WHERE key = 'AccessEntryLimit' "
		  "RETURNING 1");
	ck_assert_uint_eq(ask(ada, NULL, "chancreate", "<chanib name=\"Beyond\""
		" parent=\"ma-cat://example.net/%s\"/>", cat), 200);
	mem_deref(cat);
}
END_TEST


/* ----------------------------------------------------------------- notices */

START_TEST(who_is_put_out_is_told_why)
{
	struct client *ada, *bob;
	char *room;

	ck_room(room, pool, "Kick");
	stage_two(&ada, &bob, "bob", room);
	members(ada, room, UIB("ada"));
	ck_assert(chat_notice(bob, "kick", room, SIP("bob")));
	ck_assert(chat_notice(bob, "part", room, SIP("bob")));
	/* the others see him leave */
	ck_assert(chat_notice(ada, "part", room, SIP("bob")));
	ck_assert_uint_eq(inbox_count(client_inbox(ada), "ntc:kick"), 0);
}
END_TEST


START_TEST(a_disabled_room_puts_everybody_out)
{
	struct client *ada, *bob;
	char *room;

	ck_room(room, pool, "Off");
	stage_two(&ada, &bob, "bob", room);
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\" "
			      "disabled=\"true\"/>", room), 200);
	ck_assert(chat_notice(ada, "chanmodify", room, "disabled=\"true\""));
	ck_assert(chat_notice(bob, "chanmodify", room, "disabled=\"true\""));
	ck_assert(chat_notice(ada, "kick", room, SIP("ada")));
	ck_assert(chat_notice(bob, "kick", room, SIP("bob")));
}
END_TEST


START_TEST(what_changed_of_a_room_is_told_to_those_in_it)
{
	struct client *ada, *bob, *cleo;
	char *room;

	ck_room(room, pool, "Props");
	stage_two(&ada, &bob, "bob", room);
	ck_open(cleo, pool, 0, "cleo");
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\" "
		"description=\"new &amp; old\"><info id=\"urn:parlano:ma:"
		"info:visibilty\">PRIVATE</info></chanib>", room), 200);
	ck_assert(chat_notice(ada, "chanmodify", room, "new &amp; old"));
	ck_assert(chat_notice(bob, "chanmodify", room, ">PRIVATE<"));

	/* lists are no properties */
	members(ada, room, UIB("ada") UIB("bob") UIB("cleo"));
	ck_assert(invited(cleo, room));
	ck_assert(chat_say(ada, room, "later"));
	ck_assert_int_gt(chat_hear(bob, room, "later"), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(ada), "chanmodify"), 0);
	ck_assert_uint_eq(inbox_count(client_inbox(bob), "chanmodify"), 0);
}
END_TEST


START_TEST(a_changed_right_is_told_to_the_room)
{
	struct client *ada, *bob;
	struct client *v[2];
	char *room;
	size_t i;

	ck_room(room, pool, "Rights");
	stage_two(&ada, &bob, "bob", room);
	v[0] = ada;
	v[1] = bob;
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\">"
		"<managers>" UIB("ada") UIB("bob") "</managers></chanib>",
		room), 200);
	for (i = 0; i < 2; i++)
		ck_assert(chat_notice(v[i], "permmodify", room, "<uib uri=\""
			"sip:bob@example.net\" type=\"5\""));
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\">"
		"<managers>" UIB("ada") "</managers></chanib>", room), 200);
	for (i = 0; i < 2; i++)
		ck_assert(chat_notice(v[i], "permmodify", room,
				      "key=\"3456\""));
	ck_assert_uint_eq(inbox_count(client_inbox(ada), "permmodify"), 0);
}
END_TEST


static Suite *invite_suite(void)
{
	Suite *suite = suite_create("invite");
	TCase *tc = tcase_create("invite");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_new_member_is_told_wherever_he_is_signed_in);
	tcase_add_test(tc, a_group_is_invited_and_who_comes_into_it_later);
	tcase_add_test(tc, an_import_invites);
	tcase_add_test(tc, a_room_that_does_not_invite_is_not_told_of);
	tcase_add_test(tc, a_room_that_cannot_be_entered_drops_out);
	tcase_add_test(tc, more_invitations_than_a_reply_holds_come_in_parts);
	tcase_add_test(tc, a_full_pool_takes_no_more_lists);
	tcase_add_test(tc, who_is_put_out_is_told_why);
	tcase_add_test(tc, a_disabled_room_puts_everybody_out);
	tcase_add_test(tc, what_changed_of_a_room_is_told_to_those_in_it);
	tcase_add_test(tc, a_changed_right_is_told_to_the_room);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(invite_suite)
