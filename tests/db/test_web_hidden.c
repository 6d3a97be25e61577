/**
 * @file tests/db/test_web_hidden.c  Rooms that a user must not know of, over HTTP
 *
 * Every route that takes a room answers for a hidden one, to the byte, as for
 * one that there is not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/db/operator.h"
#include "tests/db/webproc.h"
#include "tests/unit/suite.h"

#define NOTHING "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

/* Bob manages Desk alone; Away is not in his scope */
static const char data[] =
"{\"users\":[{\"uri\":\"ada@x.net\",\"password\":\"ada-pw\"},"
" {\"uri\":\"bob@x.net\",\"password\":\"bob-pw\"},{\"uri\":\"eve@y.net\"}],"
"\"categories\":[{\"name\":\"Here\",\"allowed\":[\"domain:x.net\"]},"
" {\"name\":\"Away\",\"allowed\":[\"domain:y.net\"]}],"
"\"rooms\":[{\"name\":\"Desk\",\"category\":\"Here\","
"  \"managers\":[\"bob@x.net\"],\"members\":[\"bob@x.net\"]},"
" {\"name\":\"Club\",\"category\":\"Here\",\"members\":[\"ada@x.net\"]},"
" {\"name\":\"Vault\",\"category\":\"Here\",\"privacy\":\"secret\","
"  \"members\":[\"ada@x.net\"]},"
" {\"name\":\"Abroad\",\"category\":\"Away\",\"privacy\":\"open\"},"
" {\"name\":\"Embassy\",\"category\":\"Away\",\"members\":[\"eve@y.net\"]},"
" {\"name\":\"Ruin\",\"category\":\"Here\",\"privacy\":\"open\","
"  \"disabled\":true}]}";

static const char *const hiddenv[] = { "Vault", "Abroad", "Embassy", "Ruin" };

static const struct {
	const char *method, *path, *body;
} routev[] = {
	{ "GET",    "rooms/%s", NULL },
	{ "PATCH",  "rooms/%s", "{\"description\":\"x\"}" },
	{ "DELETE", "rooms/%s", NULL },
	{ "GET",    "rooms/%s/participants", NULL },
	{ "GET",    "rooms/%s/messages", NULL },
	{ "GET",    "rooms/%s/messages?after=0", NULL },
	{ "POST",   "rooms/%s/messages", "{\"text\":\"x\"}" },
	{ "PUT",    "rooms/%s/follow", NULL },
	{ "PUT",    "rooms/%s/read", "{\"id\":1}" },
	{ "POST",   "rooms/%s/files?name=a.txt", "x" },
	{ "GET",    "rooms/%s/files/" NOTHING ".txt", NULL },
	{ "GET",    "search?q=x&room=%s", NULL },
	{ "GET",    "principals?room=%s", NULL },
};


static void setup(void)
{
	op_setup();
	ck_assert_msg(op_import(data) == TOOL_OK, "%s", op_err());
	wp_start(" ");
	ck_assert_int_eq(wp_signin("bob", "bob-pw"), 201);
}


static void teardown(void)
{
	wp_stop();
	op_teardown();
}


static void guid_of(char guid[64], const char *room)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "SELECT guid::text FROM room "
		       "WHERE name = '%s'", room);
	(void)snprintf(guid, 64, "%s", op_text(sql));
}


/* The answer of a route, with the room's GUID blotted out; to be freed */
static char *answer(int route, const char *guid)
{
	char path[160], *text = NULL, *p;
	long status;

	(void)snprintf(path, sizeof(path), routev[route].path, guid);
	wp_header("If-Match: \"2026-01-01T00:00:00.000000Z\"");
	status = wp_call(routev[route].method, path, routev[route].body);
	ck_assert_int_gt(asprintf(&text, "%ld %s", status, wp_body()), 0);
	while ((p = strcasestr(text, guid)))
		memset(p, '-', strlen(guid));

	return text;
}


START_TEST(a_hidden_room_is_as_one_that_there_is_not)
{
	char guid[64];
	char *none = answer(_i, NOTHING);

	ck_assert_msg(*none == '4', "%s", none);
	for (size_t i = 0; i < ARRAY_SIZE(hiddenv); i++) {

		char *hidden;

		guid_of(guid, hiddenv[i]);
		hidden = answer(_i, guid);
		ck_assert_msg(!strcmp(hidden, none), "%s: %s\n%s", hiddenv[i],
			      hidden, none);
		free(hidden);
	}
	free(none);
}
END_TEST


START_TEST(a_manager_chooses_from_their_own_rooms_people)
{
	char desk[64], path[160], away[64];

	guid_of(desk, "Desk");
	(void)snprintf(away, sizeof(away), "%s", op_text("SELECT guid::text "
		       "FROM category WHERE name = 'Away'"));
	(void)snprintf(path, sizeof(path), "principals?room=%s", desk);
	wp_is(200, "GET", path, NULL);
	wp_said("sip:ada@x.net");
	(void)snprintf(path, sizeof(path), "principals?room=%s&category=%s",
		       desk, away);
	wp_is(400, "GET", path, NULL);
	(void)snprintf(path, sizeof(path), "principals?category=%s", away);
	wp_is(404, "GET", path, NULL);
}
END_TEST


/* Of a closed room its name, and nothing of what goes on inside */
START_TEST(an_outsider_learns_no_numbers_of_a_closed_room)
{
	char guid[64], path[160];

	guid_of(guid, "Club");
	ck_assert_int_eq(store_sql(op_store(), "UPDATE room_head h SET "
		"last_id = 4711 FROM room r WHERE r.room_id = h.room_id AND "
		"r.name = 'Club'; INSERT INTO read_position (principal_id, "
		"room_id, msg_id) SELECT p.principal_id, r.room_id, 1 FROM "
		"principal p, room r WHERE p.key = 'sip:bob@x.net' AND "
		"r.name = 'Club'"), 0);
	(void)snprintf(path, sizeof(path), "rooms/%s", guid);
	wp_is(200, "GET", path, NULL);
	wp_said("\"messages\": null");
	wp_said("\"unread\": null");
	wp_said("\"participants\": null");
	wp_is(200, "GET", "rooms", NULL);
	ck_assert_ptr_null(strstr(wp_body(), "4711"));
	ck_assert_ptr_null(strstr(wp_body(), "4710"));

	op_ok("room set Club --add-member sip:bob@x.net");
	wp_is(200, "GET", path, NULL);
	wp_said("\"unread\": 4710");
	op_ok("room set Club --remove-member sip:bob@x.net");
	wp_is(200, "GET", "rooms", NULL);
	ck_assert_ptr_null(strstr(wp_body(), "4710"));
}
END_TEST


/* That the name cannot be had is all that is said, whoever has it */
START_TEST(a_taken_name_does_not_tell_what_has_it)
{
	static const char *const takenv[] = { "Vault", "Desk", "Away" };
	char here[64], body[160], first[512] = "";

	op_ok("category set Here --add-creator sip:bob@x.net");
	(void)snprintf(here, sizeof(here), "%s", op_text("SELECT guid::text "
		       "FROM category WHERE name = 'Here'"));
	for (size_t i = 0; i < ARRAY_SIZE(takenv); i++) {

		char *p;

		(void)snprintf(body, sizeof(body), "{\"name\":\"%s\","
			       "\"category\":\"%s\",\"managers\":"
			       "[\"sip:bob@x.net\"]}", takenv[i], here);
		wp_is(409, "POST", "rooms", body);
		(void)snprintf(body, sizeof(body), "%s", wp_body());
		p = strstr(body, takenv[i]);
		if (p)
			*p = '\0';
		if (i)
			ck_assert_str_eq(body, first);
		(void)snprintf(first, sizeof(first), "%s", body);
	}
}
END_TEST


static Suite *web_hidden_suite(void)
{
	Suite *suite = suite_create("web_hidden");
	TCase *tc = tcase_create("hidden");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_hidden_room_is_as_one_that_there_is_not, 0,
			    (int)ARRAY_SIZE(routev));
	tcase_add_test(tc, a_manager_chooses_from_their_own_rooms_people);
	tcase_add_test(tc, an_outsider_learns_no_numbers_of_a_closed_room);
	tcase_add_test(tc, a_taken_name_does_not_tell_what_has_it);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(web_hidden_suite)
