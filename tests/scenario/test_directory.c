/**
 * @file tests/scenario/test_directory.c  A directory changes who may do what
 *
 *   directory        pchatctl            store         channel x 2
 *     | change           |                 |               |
 *     | <--- search ---- | --- writes ---> | -- NOTIFY --> | ntc:part to all
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "tests/scenario/stage.h"
#include "tests/scenario/tool.h"
#include "tests/support/slapd.h"
#include "tests/unit/suite.h"

#define PERSON(name) "dn: uid=" name "," SLAPD_BASE "\n" \
	"objectClass: inetOrgPerson\nuid: " name "\ncn: " name "\nsn: x\n" \
	"mail: " name "@example.net\n\n"
#define MEMBER(name) "member: uid=" name "," SLAPD_BASE "\n"
#define CREW "cn=Crew," SLAPD_BASE
#define CHANGE(dn, type) "dn: " dn "\nchangetype: " type "\n"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("eve") "],"
	"\"groups\":[{\"name\":\"Crew\",\"members\":[]}],"
	"\"categories\":[" MAIN "],"
	"\"rooms\":[{\"name\":\"Deck\",\"category\":\"Main\","
	"\"privacy\":\"closed\",\"members\":[\"group:crew\",\""
	SIP("ada") "\"]}," ROOM("Pier") ","
	"{\"name\":\"Brig\",\"category\":\"Main\",\"privacy\":\"secret\","
	"\"members\":[\"" SIP("eve") "\"]}]}";

static const char tree[] =
	PERSON("ada") PERSON("bob") PERSON("eve")
	"dn: " CREW "\nobjectClass: groupOfNames\ncn: Crew\n" MEMBER("bob");

static struct slapd *sl;


static void sync(void)
{
	ck_tool(pool, "sync ldap --config %s/sync.conf", slapd_dir(sl));
}


static void up(void)
{
	const struct pool_opts opts = { .instances = 2, .data = data };
	char path[128];
	FILE *f;

	ck_assert_int_eq(slapd_start(&sl, false), 0);
	ck_assert_int_eq(slapd_ldif(sl, tree), 0);
	stage_up(&opts);

	(void)re_snprintf(path, sizeof(path), "%s/sync.conf", slapd_dir(sl));
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	(void)fprintf(f, "ldap.uri %s\nuser.base " SLAPD_BASE "\n"
		      "user.uri mail\nuser.policy enabled\n"
		      "ldap.page_size 2\n", slapd_uri(sl));
	ck_assert_int_eq(fclose(f), 0);
	sync();
}


static void down(void)
{
	stage_down();
	slapd_stop(sl);
	sl = NULL;
}


static void change(const char *ldif)
{
	ck_assert_int_eq(slapd_ldif(sl, ldif), 0);
	sync();
}


START_TEST(who_leaves_a_group_of_the_directory_leaves_its_rooms)
{
	struct client *ada, *bob;
	char *room;

	ck_room(room, pool, "Deck");
	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 1, "bob");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	ck_assert(chat_say(bob, room, "aboard"));

	change(CHANGE(CREW, "modify") "replace: member\n" MEMBER("eve"));
	ck_assert(chat_notice(ada, "part", room, SIP("bob")));
	ck_assert(chat_notice(bob, "part", room, SIP("bob")));
	ck_assert_uint_eq(chat_post(bob, room, "me?"), 403);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 403);

	change(CHANGE(CREW, "modify") "replace: member\n" MEMBER("bob"));
	ck_soon(chat_join(bob, room, NULL) == 200);
	ck_assert(chat_say(bob, room, "aboard again"));
	mem_deref(room);
}
END_TEST


/* The next one of that address has none of the rooms of the one before */
START_TEST(who_leaves_the_directory_leaves_for_good)
{
	struct client *ada, *eve;
	char *room, *secret;

	ck_room(room, pool, "Pier");
	ck_room(secret, pool, "Brig");
	ck_open(ada, pool, 0, "ada");
	ck_open(eve, pool, 1, "eve");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(eve, room, NULL), 200);
	ck_assert_uint_eq(chat_join(eve, secret, NULL), 200);

	change(CHANGE("uid=eve," SLAPD_BASE, "delete"));
	ck_assert(chat_notice(ada, "part", room, SIP("eve")));
	ck_soon(chat_post(eve, room, "me?") == 481);
	ck_assert(!chat_open(pool, 0, "eve", "other"));

	change(PERSON("eve"));
	ck_soon((eve = chat_open(pool, 1, "eve", NULL)) != NULL);
	ck_assert_uint_eq(chat_join(eve, room, NULL), 200);
	ck_assert(chat_say(eve, room, "new here"));
	ck_assert_uint_eq(chat_join(eve, secret, NULL), 404);
	ck_assert_uint_eq(chat_history(eve, secret, 5, NULL), 404);
	mem_deref(room);
	mem_deref(secret);
}
END_TEST


static Suite *directory_suite(void)
{
	Suite *suite = suite_create("directory");
	TCase *tc = tcase_create("directory");

	tcase_add_unchecked_fixture(tc, up, down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc,
		       who_leaves_a_group_of_the_directory_leaves_its_rooms);
	tcase_add_test(tc, who_leaves_the_directory_leaves_for_good);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(directory_suite)
