/**
 * @file tests/scenario/test_web_session.c  Signing in at the pages, and what a
 *                                          session is worth
 */
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/tool.h"
#include "tests/scenario/web.h"
#include "tests/unit/suite.h"

#define SESSION "/api/v1/session"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("cleo") ","
	USER("dan") "," USER("eve") "," USER("root") "],"
	"\"categories\":[" MAIN "],\"rooms\":[" ROOM("Lobby") "]}";


static void up(void)
{
	static const char *const setv[] = {
		"webfiles.files.clean_s=1", "webfiles.auth.failures_user=3",
		NULL,
	};

	web_up(data, setv);
}


static unsigned attempt(struct browser *b, const char *user,
			const char *password)
{
	char body[256];

	(void)re_snprintf(body, sizeof(body), "{\"user\":\"%s\","
			  "\"password\":\"%s\"}", user, password);

	return browser_send(b, "POST", body, SESSION);
}


/* "NAME=VALUE" of the cookie that was just set */
static void set_cookie(const struct browser *b, char *cookie, size_t size)
{
	const char *set = browser_head(b, "Set-Cookie");

	ck_assert_ptr_nonnull(set);
	(void)re_snprintf(cookie, size, "%b", set, strcspn(set, ";"));
}


START_TEST(a_session_has_a_cookie_for_this_service_alone)
{
	struct browser *b;
	char cookie[128];
	const char *set;

	ck_assert_int_eq(browser_open(&b, pool, 0), 0);
	ck_status(b, browser_get(b, SESSION), 401);
	ck_status(b, browser_signin(b, "ada"), 201);
	set_cookie(b, cookie, sizeof(cookie));
	set = browser_head(b, "Set-Cookie");
	ck_assert_int_eq(strncmp(set, "__Host-pchat=", 13), 0);
	ck_assert_ptr_nonnull(strstr(set, "; Path=/;"));
	ck_assert_ptr_nonnull(strstr(set, "; HttpOnly"));
	ck_assert_ptr_nonnull(strstr(set, "; SameSite=Strict"));
	ck_assert_ptr_nonnull(strstr(set, "; Secure"));
	ck_assert_ptr_null(strstr(set, "Domain"));
	ck_status(b, browser_get(b, SESSION), 200);
	ck_assert_str_eq(browser_member(b, "user.uri"), SIP("ada"));
	ck_assert_str_eq(browser_member(b, "user.admin"), "false");
	ck_assert_str_eq(browser_head(b, "Cache-Control"), "no-store");

	/* the token is the browser's alone; the password is hashed anew */
	ck_assert_int_eq(number("SELECT count(*) FROM web_session s "
		"WHERE position(encode(s.token_sha256, 'hex') in $1) > 0",
		cookie), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM credential "
		"WHERE username = 'ada' AND password_kdf LIKE 'scrypt$%'",
		NULL), 1);
	ck_status(b, browser_signin(b, "ada"), 201);
}
END_TEST


START_TEST(every_process_knows_it)
{
	struct browser *a, *b;
	char cookie[128];

	ck_browser(a, pool, 0, "ada");
	set_cookie(a, cookie, sizeof(cookie));
	ck_assert_int_eq(browser_open(&b, pool, 1), 0);
	browser_cookie(b, cookie);
	ck_status(b, browser_get(b, SESSION), 200);
}
END_TEST


START_TEST(a_cookie_from_elsewhere_is_never_a_session)
{
	static const char planted[] =
		"__Host-pchat=00112233445566778899aabbccddeeff00112233";
	struct browser *thief, *ada;
	char cookie[128], bare[128];

	/* he plants a cookie, she signs in with it */
	ck_assert_int_eq(browser_open(&ada, pool, 0), 0);
	browser_cookie(ada, planted);
	ck_status(ada, browser_signin(ada, "ada"), 201);
	set_cookie(ada, cookie, sizeof(cookie));
	ck_assert_str_ne(cookie, planted);

	ck_assert_int_eq(browser_open(&thief, pool, 0), 0);
	browser_cookie(thief, planted);
	ck_status(thief, browser_get(thief, SESSION), 401);

	/* nor is the name without its prefix */
	(void)re_snprintf(bare, sizeof(bare), "pchat%s",
			  cookie + strcspn(cookie, "="));
	browser_cookie(thief, bare);
	ck_status(thief, browser_get(thief, SESSION), 401);
}
END_TEST


START_TEST(each_sign_in_is_a_session_of_its_own)
{
	struct browser *a, *b;
	char one[128], two[128];

	ck_browser(a, pool, 0, "bob");
	set_cookie(a, one, sizeof(one));
	ck_browser(b, pool, 0, "bob");
	set_cookie(b, two, sizeof(two));
	ck_assert_str_ne(one, two);
	ck_status(a, browser_send(a, "DELETE", "", SESSION), 204);
	ck_status(b, browser_get(b, SESSION), 200);
}
END_TEST


START_TEST(signing_out_ends_it)
{
	struct browser *a, *thief;
	char cookie[128];

	ck_browser(a, pool, 0, "bob");
	set_cookie(a, cookie, sizeof(cookie));
	ck_status(a, browser_send(a, "DELETE", "", SESSION), 204);
	ck_assert_ptr_nonnull(strstr(browser_head(a, "Set-Cookie"),
				     "Max-Age=0"));
	ck_assert_int_eq(browser_open(&thief, pool, 1), 0);
	browser_cookie(thief, cookie);
	ck_status(thief, browser_get(thief, SESSION), 401);
}
END_TEST


static bool no_session(void *arg)
{
	return !number("SELECT count(*) FROM web_session s JOIN "
			   "principal p USING (principal_id) WHERE p.name = "
			   "$1", arg);
}


START_TEST(a_session_that_was_not_used_is_over)
{
	struct browser *a;

	ck_browser(a, pool, 0, "cleo");
	web_sql("UPDATE web_session SET seen_on = now() - "
		"interval '59 minutes' RETURNING 1", NULL);
	ck_status(a, browser_get(a, SESSION), 200);

	/* which counted as use */
	ck_assert_int_eq(number("SELECT count(*) FROM web_session "
		"s JOIN principal p USING (principal_id) WHERE p.name = $1 "
		"AND seen_on > now() - interval '30 minutes'", SIP("cleo")),
		1);
	web_sql("UPDATE web_session SET seen_on = now() - "
		"interval '61 minutes' RETURNING 1", NULL);
	ck_status(a, browser_get(a, SESSION), 401);
	ck_assert(web_until(no_session, SIP("cleo")));
}
END_TEST


START_TEST(a_session_is_over_however_much_it_is_used)
{
	struct browser *a;

	ck_browser(a, pool, 0, "cleo");
	web_sql("UPDATE web_session SET created_on = now() - "
		"interval '11 hours' RETURNING 1", NULL);
	ck_status(a, browser_get(a, SESSION), 200);
	web_sql("UPDATE web_session SET created_on = now() - "
		"interval '13 hours' RETURNING 1", NULL);
	ck_status(a, browser_get(a, SESSION), 401);
}
END_TEST


START_TEST(who_may_not_chat_any_more_is_out_at_once)
{
	struct browser *a;

	ck_browser(a, pool, 0, "dan");
	ck_status(a, browser_get(a, "/api/v1/rooms"), 200);
	scene_import(pool, "{\"users\":[{\"uri\":\"sip:dan@example.net\","
		     "\"display\":\"dan\",\"password\":\"dan\","
		     "\"enabled\":false}]}");
	ck_status(a, browser_get(a, "/api/v1/rooms"), 401);
	ck_status(a, browser_send(a, "POST", "{\"text\":\"x\"}",
				  "/api/v1/rooms/x/messages"), 401);
	ck_status(a, browser_signin(a, "dan"), 401);
}
END_TEST


/* It does not come back when they may chat again, used meanwhile or not */
START_TEST(a_session_that_ended_stays_ended)
{
	static const char *const endv[][2] = {
		{ "user set " SIP("cleo") " --state disabled",
		  "user set " SIP("cleo") " --state enabled" },
		{ "policy grant disabled " SIP("cleo"),
		  "policy grant enabled " SIP("cleo") },
	};

	for (size_t i = 0; i < ARRAY_SIZE(endv); i++) {
		struct browser *a;

		ck_browser(a, pool, 0, "cleo");
		ck_status(a, browser_get(a, "/api/v1/rooms"), 200);
		ck_tool(pool, "%s", endv[i][0]);
		ck_tool(pool, "%s", endv[i][1]);
		ck_status(a, browser_get(a, "/api/v1/rooms"), 401);
	}
}
END_TEST


START_TEST(an_unknown_user_and_a_wrong_password_are_alike)
{
	struct browser *b;
	char *answer = NULL;

	ck_assert_int_eq(browser_open(&b, pool, 0), 0);
	ck_status(b, attempt(b, "bob", "wrong"), 401);
	(void)str_dup(&answer, browser_text(b));
	ck_status(b, attempt(b, "nobody", "wrong"), 401);
	ck_assert_str_eq(browser_text(b), answer);
	ck_assert_ptr_null(browser_head(b, "Set-Cookie"));
	mem_deref(answer);
}
END_TEST


static int64_t eves_wait(void)
{
	return number("SELECT ceil(extract(epoch FROM blocked_to - "
			  "failed_on))::integer FROM web_throttle WHERE key = "
			  "'user:sip:eve@example.net'", NULL);
}


START_TEST(after_some_failures_there_is_a_wait)
{
	struct browser *b, *c;
	unsigned i, wait;

	ck_assert_int_eq(browser_open(&b, pool, 0), 0);
	for (i = 0; i < 4; i++)
		ck_status(b, attempt(b, "eve", "wrong"), 401);

	ck_assert_int_eq(eves_wait(), 2);

	/* a longer one, as this machine may be slow: on the other process,
	   with the right password, in other letters */
	web_sql("UPDATE web_throttle SET blocked_to = now() + "
		"interval '100 s' RETURNING 1", NULL);
	ck_assert_int_eq(browser_open(&c, pool, 1), 0);
	ck_status(c, attempt(c, "EVE@Example.net", "eve"), 429);
	wait = (unsigned)atoi(browser_head(c, "Retry-After"));
	ck_assert_uint_ge(wait, 1);
	ck_assert_uint_le(wait, 100);

	/* each failure doubles it; others are not concerned */
	web_sql("UPDATE web_throttle SET blocked_to = now() RETURNING 1",
		NULL);
	ck_status(b, attempt(b, "eve", "wrong"), 401);
	ck_assert_int_eq(eves_wait(), 4);
	ck_status(c, browser_signin(c, "bob"), 201);

	web_sql("UPDATE web_throttle SET blocked_to = now() RETURNING 1",
		NULL);
	ck_status(c, browser_signin(c, "eve"), 201);
	ck_assert_int_eq(number("SELECT count(*) FROM web_throttle "
		"WHERE key = 'user:sip:eve@example.net'", NULL), 0);
}
END_TEST


static const struct {
	const char *body;
	unsigned status;
} oddv[] = {
	{ "{}", 400 },
	{ "{\"user\":\"ada\"}", 400 },
	{ "{\"user\":1,\"password\":\"ada\"}", 400 },
	{ "{\"user\":\"\",\"password\":\"ada\"}", 400 },
	{ "{\"user\":\"ada\",\"password\":[\"ada\"]}", 400 },
	{ "[\"ada\",\"ada\"]", 400 },
	{ "{\"user\":\"ada\",\"user\":\"root\",\"password\":\"ada\"}", 400 },
	{ "{\"user\":\"a\\u0000da\",\"password\":\"ada\"}", 400 },
	{ "{\"user\":\"ada' OR '1'='1\",\"password\":\"ada\"}", 400 },
	{ "{\"user\":\"%\",\"password\":\"ada\"}", 400 },
};

START_TEST(odd_sign_ins)
{
	struct browser *b;

	ck_assert_int_eq(browser_open(&b, pool, 0), 0);
	ck_status(b, browser_send(b, "POST", oddv[_i].body, SESSION),
		  oddv[_i].status);
	ck_assert_ptr_null(browser_head(b, "Set-Cookie"));
}
END_TEST


static Suite *web_session_suite(void)
{
	Suite *suite = suite_create("web_session");
	TCase *tc = tcase_create("web_session");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 180);
	tcase_add_test(tc, a_session_has_a_cookie_for_this_service_alone);
	tcase_add_test(tc, every_process_knows_it);
	tcase_add_test(tc, a_cookie_from_elsewhere_is_never_a_session);
	tcase_add_test(tc, each_sign_in_is_a_session_of_its_own);
	tcase_add_test(tc, signing_out_ends_it);
	tcase_add_test(tc, a_session_that_was_not_used_is_over);
	tcase_add_test(tc, a_session_is_over_however_much_it_is_used);
	tcase_add_test(tc, who_may_not_chat_any_more_is_out_at_once);
	tcase_add_test(tc, a_session_that_ended_stays_ended);
	tcase_add_test(tc, an_unknown_user_and_a_wrong_password_are_alike);
	tcase_add_test(tc, after_some_failures_there_is_a_wait);
	tcase_add_loop_test(tc, odd_sign_ins, 0, ARRAY_SIZE(oddv));
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(web_session_suite)
