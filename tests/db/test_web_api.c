/**
 * @file tests/db/test_web_api.c  What administrators and users change over HTTP
 */
#include <stdio.h>
#include <string.h>
#include "tests/db/operator.h"
#include "tests/db/webproc.h"
#include "tests/unit/suite.h"

static const char data[] =
"{\"users\":[{\"uri\":\"ada@x.net\",\"display\":\"Ada\","
"  \"password\":\"ada-pw\"},"
" {\"uri\":\"bob@x.net\",\"password\":\"bob-pw\"},{\"uri\":\"eve@y.net\"}],"
"\"groups\":[{\"name\":\"Staff\",\"members\":[\"ada@x.net\"]}],"
"\"categories\":[{\"name\":\"Here\",\"allowed\":[\"domain:x.net\"]}],"
"\"rooms\":[{\"name\":\"Lobby\",\"category\":\"Here\","
"  \"privacy\":\"open\"},{\"name\":\"Vault\",\"category\":\"Here\","
"  \"privacy\":\"secret\"}]}";

static char path[256];


static const char *at(const char *fmt, const char *sql)
{
	char guid[64];

	(void)snprintf(guid, sizeof(guid), "%s", op_text(sql));
	(void)snprintf(path, sizeof(path), fmt, guid);

	return path;
}


static const char *category(const char *name)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql), "SELECT guid::text FROM category"
		       " WHERE name = '%s'", name);

	return at("categories/%s", sql);
}


static const char *room(const char *name, const char *more)
{
	char sql[256], fmt[64];

	(void)snprintf(sql, sizeof(sql), "SELECT guid::text FROM room"
		       " WHERE name = '%s'", name);
	(void)snprintf(fmt, sizeof(fmt), "rooms/%%s%s", more);

	return at(fmt, sql);
}


static const char *user(const char *uri)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql), "SELECT guid::text FROM principal"
		       " WHERE key = 'sip:%s'", uri);

	return at("users/%s", sql);
}


static void setup(void)
{
	op_setup();
	ck_assert_msg(op_import(data) == TOOL_OK, "%s", op_err());
	op_ok("config set Administrators sip:ada@x.net");
	wp_start(" ");
	ck_assert_int_eq(wp_signin("ada", "ada-pw"), 201);
}


static void teardown(void)
{
	wp_stop();
	op_teardown();
}


/* The last change was audited as Ada's */
static void audited(const char *action)
{
	ck_assert_str_eq(op_text("SELECT actor || ' ' || action FROM"
				 " admin_audit ORDER BY audit_id DESC LIMIT 1"),
			 action);
}


START_TEST(a_category_from_its_making_to_its_end)
{
	wp_is(201, "POST", "categories", "{\"name\":\"Deals\",\"allowed\":"
	      "[\"domain:x.net\",\"sip:eve@y.net\"],\"denied\":"
	      "[\"sip:bob@x.net\"],\"creators\":[\"group:staff\"],"
	      "\"retention_days\":7}");
	wp_said("\"retention_days\": 7");
	audited("sip:ada@x.net category.create");

	wp_is(200, "GET", category("Deals"), NULL);
	wp_match();
	wp_is(200, "PATCH", path, "{\"files\":false,"
	      "\"retention_days\":null}");
	wp_said("\"files\": false");
	wp_said("\"retention_days\": null");
	wp_said("sip:eve@y.net");
	wp_match();
	wp_is(204, "DELETE", path, NULL);
	audited("sip:ada@x.net category.delete");
	wp_is(404, "GET", path, NULL);
}
END_TEST


START_TEST(two_who_change_one_thing_are_told)
{
	char old[128];

	wp_is(200, "GET", category("Here"), NULL);
	(void)snprintf(old, sizeof(old), "If-Match: %s", wp_tag());
	wp_is(428, "PATCH", path, "{\"files\":false}");
	wp_header(old);
	wp_is(200, "PATCH", path, "{\"files\":false}");
	wp_is(412, "PATCH", path, "{\"files\":true}");
	wp_is(412, "DELETE", path, NULL);
	ck_assert_int_eq(op_number("SELECT count(*) FROM category WHERE"
				   " NOT files"), 1);
}
END_TEST


static const struct {
	long status;
	const char *body;
	const char *said;
} badv[] = {
	{ 400, NULL, "JSON object is required" },
	{ 400, "[]", "a JSON object is required" },
	{ 400, "{\"name\":\"X\"", "line 1" },
	{ 400, "{\"name\":\"X\",\"name\":\"Y\"}", "duplicate" },
	{ 400, "{}", "missing or not allowed" },
	{ 400, "{\"name\":7}", "name must be text" },
	{ 400, "{\"name\":\"X\",\"colour\":1}", "no such member: colour" },
	{ 400, "{\"name\":\"X\",\"files\":\"no\"}", "true or false" },
	{ 400, "{\"name\":\"X\",\"allowed\":\"any\"}", "list of texts" },
	{ 400, "{\"name\":\"X\",\"retention_days\":0}", "whole number" },
	{ 400, "{\"name\":\"X\",\"retention_days\":1.5}", "whole number" },
	{ 400, "{\"name\":\"X\",\"retention_days\":1e99}", "whole number" },
	{ 409, "{\"name\":\"here\"}", "or of one that looks the same: here" },
	{ 409, "{\"name\":\"LOBBY\"}", "or of one that looks the same: LOBBY" },
	{ 422, "{\"name\":\"X\",\"allowed\":[\"sip:no@x.net\"]}",
	  "sip:no@x.net" },
	{ 422, "{\"name\":\"X\",\"allowed\":[\"sip:eve@y.net\"],"
	  "\"creators\":[\"sip:ada@x.net\"]}", "outside of the allowed" },
};

START_TEST(a_refusal_says_what_is_wrong)
{
	wp_is(badv[_i].status, "POST", "categories", badv[_i].body);
	wp_said(badv[_i].said);
	ck_assert_int_eq(op_number("SELECT count(*) FROM category"), 1);
}
END_TEST


START_TEST(a_category_with_rooms_stays)
{
	wp_is(200, "GET", category("Here"), NULL);
	wp_match();
	wp_is(409, "DELETE", path, NULL);
	wp_said("Lobby, Vault");
}
END_TEST


START_TEST(an_addin_from_its_making_to_its_end)
{
	wp_is(400, "POST", "addins",
	      "{\"name\":\"Bad\",\"url\":\"javascript:1\"}");
	wp_is(400, "POST", "addins",
	      "{\"name\":\"Bad\",\"url\":\"http://b.example/\"}");
	wp_is(400, "POST", "addins",
	      "{\"name\":\"Bad\",\"url\":\"https://b.example/\\\\\"}");
	wp_is(201, "POST", "addins",
	      "{\"name\":\"Board\",\"url\":\"https://b.example/\"}");
	audited("sip:ada@x.net addin.create");
	wp_is(409, "POST", "addins",
	      "{\"name\":\"BOARD\",\"url\":\"https://b.example/\"}");

	wp_is(200, "GET", at("addins/%s", "SELECT guid::text FROM addin"),
	      NULL);
	wp_match();
	wp_is(200, "PATCH", path, "{\"url\":\"https://c.example/\"}");
	wp_match();
	op_ok("room set Lobby --addin Board");
	wp_is(409, "DELETE", path, NULL);
	op_ok("room set Lobby --addin none");
	wp_is(200, "GET", path, NULL);
	wp_match();
	wp_is(204, "DELETE", path, NULL);
	audited("sip:ada@x.net addin.delete");
}
END_TEST


START_TEST(users_and_policies)
{
	wp_is(200, "GET", "users?limit=2", NULL);
	wp_said("\"next\": \"sip:bob@x.net\"");
	wp_is(200, "GET", "users?limit=2&after=sip:bob@x.net", NULL);
	wp_said("sip:eve@y.net");
	wp_said("\"next\": null");
	wp_is(200, "GET", "users?q=EVE", NULL);
	wp_said("sip:eve@y.net");

	wp_is(200, "PATCH", user("bob@x.net"), "{\"policy\":\"disabled\"}");
	wp_said("\"chat\": false");
	audited("sip:ada@x.net policy.grant");
	wp_is(200, "PATCH", path, "{\"policy\":null,\"enabled\":false}");
	wp_said("\"enabled\": false");
	wp_is(409, "PATCH", path, "{\"policy\":\"none such\"}");
	wp_is(400, "PATCH", user("ada@x.net"), "{\"enabled\":false}");
	wp_is(404, "PATCH", "users/00000000-0000-0000-0000-000000000000",
	      "{}");

	wp_is(200, "PATCH", "policies/GLOBAL", "{\"enable_chat\":true}");
	audited("sip:ada@x.net policy.modify");
	wp_is(409, "PATCH", "policies/enabled", "{\"enable_chat\":false}");
	wp_is(404, "PATCH", "policies/nope", "{}");
	wp_is(200, "GET", "policies", NULL);
	wp_said("\"scope\": \"global\"");
}
END_TEST


START_TEST(settings_are_checked_as_pchatctl_does)
{
	wp_is(204, "PUT", "config/defaultchathistory", "{\"value\":\"30\"}");
	audited("sip:ada@x.net config.set");
	ck_assert_str_eq(op_text("SELECT value FROM configuration WHERE key ="
				 " 'DefaultChatHistory'"), "30");
	wp_is(400, "PUT", "config/SearchLimit", "{\"value\":\"0\"}");
	wp_said("between 1 and 100000");
	wp_is(400, "PUT", "config/SearchLimit", "{\"value\":\"x\"}");
	wp_is(400, "PUT", "config/SearchLimit", "{\"value\":3}");
	wp_is(404, "PUT", "config/Colour", "{\"value\":\"x\"}");
	wp_is(204, "DELETE", "config/DefaultChatHistory", NULL);
	wp_is(200, "GET", "config", NULL);
	wp_said("\"key\":\"SearchLimit\"");
}
END_TEST


START_TEST(the_state_of_things)
{
	wp_is(200, "GET", "pool", NULL);
	wp_said("\"users\": 3");
	wp_said("\"rooms\": 2");
	wp_said("\"Administrators\"");
	wp_is(200, "GET", "compliance", NULL);
	wp_said("\"enabled\": false");
	op_ok("hold create 'Case 7' --room Lobby");
	wp_is(200, "GET", "holds", NULL);
	wp_said("\"room\": \"Lobby\"");
	wp_is(200, "GET", "audit?q=ADMINISTRATORS", NULL);
	wp_said("\"object\": \"Administrators\"");
	wp_is(200, "GET", "principals/all?q=every", NULL);
	wp_said("\"key\": \"any\"");
}
END_TEST


START_TEST(a_room_from_its_making_to_its_end)
{
	char body[256], guid[64];

	(void)snprintf(guid, sizeof(guid), "%s",
		       op_text("SELECT guid::text FROM category"));
	(void)snprintf(body, sizeof(body), "{\"name\":\"Den\",\"category\":"
		       "\"%s\",\"members\":[\"sip:no@x.net\"]}", guid);
	wp_is(422, "POST", "rooms", body);
	wp_said("sip:no@x.net");
	(void)snprintf(body, sizeof(body), "{\"name\":\"Den\",\"category\":"
		       "\"%s\",\"members\":[\"sip:bob@x.net\"],"
		       "\"managers\":[\"sip:ada@x.net\"]}", guid);
	wp_is(201, "POST", "rooms", body);
	audited("sip:ada@x.net room.create");
	wp_is(409, "POST", "rooms", body);

	wp_is(200, "GET", room("Den", ""), NULL);
	wp_match();
	wp_is(422, "PATCH", path, "{\"members\":[\"sip:eve@y.net\"]}");
	wp_said("category Here: sip:eve@y.net");
	wp_header("If-Match: \"yesterday's\"");
	wp_is(412, "PATCH", path, "{\"description\":\"x\"}");
	wp_header(NULL);
	wp_is(200, "GET", path, NULL);
	wp_match();
	wp_is(200, "PATCH", path, "{\"description\":\"Warm\"}");
	wp_said("\"description\": \"Warm\"");
	wp_match();
	wp_is(204, "DELETE", path, NULL);
	audited("sip:ada@x.net room.delete");
	wp_is(404, "GET", path, NULL);
}
END_TEST


static const struct {
	const char *method, *path, *body;
} adminv[] = {
	{ "POST",   "categories", "{\"name\":\"X\"}" },
	{ "POST",   "addins", "{\"name\":\"X\",\"url\":\"https://x/\"}" },
	{ "GET",    "users", NULL },
	{ "GET",    "policies", NULL },
	{ "PATCH",  "policies/global", "{\"enable_chat\":true}" },
	{ "GET",    "pool", NULL },
	{ "GET",    "compliance", NULL },
	{ "GET",    "holds", NULL },
	{ "GET",    "audit", NULL },
	{ "GET",    "config", NULL },
	{ "PUT",    "config/SearchLimit", "{\"value\":\"9\"}" },
	{ "DELETE", "config/SearchLimit", NULL },
	{ "GET",    "principals/all", NULL },
};

START_TEST(nobody_else_administers)
{
	wp_forget();
	wp_is(401, adminv[_i].method, adminv[_i].path, adminv[_i].body);
	ck_assert_int_eq(wp_signin("bob", "bob-pw"), 201);
	wp_is(403, adminv[_i].method, adminv[_i].path, adminv[_i].body);
	wp_said("only administrators");
}
END_TEST


/* The functions do not rely on who called them */
START_TEST(the_store_asks_again_who_it_is)
{
	ck_assert_str_eq(op_text("SELECT (api_admin('category_create', p.principal_id, NULL,"
		" NULL, '{\"name\":\"X\"}')).status FROM principal p"
		" WHERE key = 'sip:bob@x.net'"), "EACCES");
}
END_TEST


START_TEST(a_room_is_followed_as_a_client_does_it)
{
	ck_assert_int_eq(wp_signin("bob", "bob-pw"), 201);
	wp_is(204, "PUT", room("Lobby", "/follow"), NULL);
	wp_is(204, "PUT", path, NULL);
	ck_assert_int_eq(op_number("SELECT count(*) FROM followed"), 1);
	ck_assert_str_eq(op_text(
		"SELECT c.name || container || expire_type || (body = '<propertyList xmlns="
		"\"http://schemas.microsoft.com/2010/12/sip/propertyList\"><property name=\"url\""
		" type=\"string\"><value>ma-chan://x.net/' || r.guid || '</value></property>"
		"<property name=\"name\" type=\"string\"><value>Lobby</value></property>"
		"</propertyList>') FROM presence_category c JOIN room r USING (room_id)"),
		"roomSetting1statictrue");
	wp_is(200, "GET", "rooms?view=followed", NULL);
	wp_said("\"followed\": true");
	wp_is(204, "DELETE", path, NULL);
	wp_is(204, "DELETE", path, NULL);
	ck_assert_int_eq(op_number("SELECT count(*) FROM"
				   " presence_category"), 0);
	/* he must not learn that there is a vault */
	wp_is(404, "PUT", room("Vault", "/follow"), NULL);
	wp_is(404, "GET", room("Vault", ""), NULL);
}
END_TEST


START_TEST(what_was_read_never_goes_back)
{
	wp_is(201, "POST", room("Lobby", "/messages"), "{\"text\":\"one\"}");
	wp_is(201, "POST", path, "{\"text\":\"two\"}");
	wp_is(200, "PUT", room("Lobby", "/read"), "{\"id\":1}");
	wp_is(200, "GET", room("Lobby", ""), NULL);
	wp_said("\"unread\": 1");
	wp_is(200, "PUT", room("Lobby", "/read"), "{\"id\":99}");
	wp_said("\"id\": 2");
	wp_is(200, "PUT", path, "{\"id\":1}");
	wp_said("\"id\": 2");
	wp_is(400, "PUT", path, "{\"id\":\"two\"}");
	wp_is(400, "PUT", path, "{}");
	ck_assert_int_eq(wp_signin("bob", "bob-pw"), 201);
	wp_is(404, "PUT", room("Vault", "/read"), "{\"id\":1}");
}
END_TEST


START_TEST(head_and_errors_leave_the_connection_in_order)
{
	wp_is(200, "HEAD", "rooms", NULL);
	ck_assert_str_eq(wp_body(), "");
	wp_is(404, "GET", "nothing", NULL);
	wp_is(405, "PUT", "rooms", "{}");
	wp_is(200, "GET", "rooms", NULL);
	wp_is(200, "GET", "/", NULL);
	wp_is(200, "GET", "openapi.json", NULL);
	wp_said("\"openapi\": \"3.1.0\"");
}
END_TEST


static Suite *web_api_suite(void)
{
	Suite *suite = suite_create("web_api");
	TCase *tc = tcase_create("api");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_category_from_its_making_to_its_end);
	tcase_add_test(tc, two_who_change_one_thing_are_told);
	tcase_add_loop_test(tc, a_refusal_says_what_is_wrong, 0,
			    (int)ARRAY_SIZE(badv));
	tcase_add_test(tc, a_category_with_rooms_stays);
	tcase_add_test(tc, an_addin_from_its_making_to_its_end);
	tcase_add_test(tc, a_room_from_its_making_to_its_end);
	tcase_add_test(tc, users_and_policies);
	tcase_add_test(tc, settings_are_checked_as_pchatctl_does);
	tcase_add_test(tc, the_state_of_things);
	tcase_add_loop_test(tc, nobody_else_administers, 0,
			    (int)ARRAY_SIZE(adminv));
	tcase_add_test(tc, the_store_asks_again_who_it_is);
	tcase_add_test(tc, a_room_is_followed_as_a_client_does_it);
	tcase_add_test(tc, what_was_read_never_goes_back);
	tcase_add_test(tc, head_and_errors_leave_the_connection_in_order);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(web_api_suite)
