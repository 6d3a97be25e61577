/**
 * @file tests/scenario/test_attack_signin.c  Passwords guessed, answers reused
 *
 * One throttle for the registrar and the web: delay by user, address and known
 * way, and nobody is kept out of where they came in before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/scenario/attack.h"
#include "tests/scenario/tool.h"
#include "tests/support/browser.h"
#include "tests/unit/suite.h"

#define ELSEWHERE "127.0.0.66"
#define UNKNOWN   "127.0.0.77"
#define HOME      "127.0.0.88"

enum { FREE = 5, TRIES = 40 };


static struct reg *guesser(const char *user, const char *source)
{
	const struct reg_conf conf = {
		.hop = pool_registrar_tcp(pool), .user = user,
		.password = "not this", .source = source
	};
	struct reg *r;

	ck_assert_int_eq(reg_open(&r, &conf), 0);

	return r;
}


static uint16_t register_once(const char *user, const char *source,
			      bool sha256)
{
	const struct reg_conf conf = {
		.hop = pool_registrar_tcp(pool), .user = user,
		.password = user, .source = source, .sha256 = sha256
	};
	uint16_t status;
	struct reg *r;

	ck_assert_int_eq(reg_open(&r, &conf), 0);
	status = reg_register(r);
	mem_deref(r);

	return status;
}


/* --------------------------------------------------------- answers, reused */

static uint16_t with_line(struct reg *r, const char *method, const char *line)
{
	const struct reg_req q = {
		.method = method, .more = line, .to = "<" SIP("ada") ">",
		.ctype = "text/plain", .body = "x"
	};

	return reg_ask(r, &q);
}


/* REGISTER is challenged each time, so it shows what an answer is good for */
START_TEST(an_answer_is_good_once_and_where_it_was_asked_for)
{
	struct reg *ada = attack_connect("ada", NULL);
	struct reg *other = attack_connect("ada", NULL);
	const long refused = attack_counter("edge_nonce_refused");
	static const char *const methodv[] = {
		"INVITE", "SUBSCRIBE", "INFO", "BYE", "SERVICE", "MESSAGE",
	};
	char *line;

	ck_assert_uint_eq(with_line(ada, "REGISTER", NULL), 407);
	line = reg_digest(ada, "REGISTER");
	ck_assert_uint_eq(with_line(other, "REGISTER", line), 407);
	ck_assert_ptr_nonnull(strstr(raw_answer(reg_raw(other)),
				     "stale=true"));
	/* spent by that, wherever it comes from now */
	ck_assert_uint_eq(with_line(ada, "REGISTER", line), 407);
	mem_deref(line);

	line = reg_digest(ada, "REGISTER");
	for (size_t i = 0; i < ARRAY_SIZE(methodv); i++) {
		ck_assert_uint_eq(with_line(other, methodv[i], line), 407);
		mem_deref(line);
		ck_assert_uint_eq(with_line(ada, "REGISTER", NULL), 407);
		line = reg_digest(ada, "REGISTER");
	}
	ck_assert_uint_eq(with_line(ada, "REGISTER", line), 200);
	ck_assert_uint_eq(with_line(ada, "REGISTER", line), 407);
	mem_deref(line);
	ck_assert_int_ge(attack_counter("edge_nonce_refused"), refused + 9);
	mem_deref(other);
	mem_deref(ada);
}
END_TEST


static const struct {
	const char *fmt;
	uint16_t status;
} oddv[] = {
	{ "Proxy-Authorization: Digest\r\n", 407 },
	{ "Proxy-Authorization: Basic YWRhOmFkYQ==\r\n", 407 },
	{ "Proxy-Authorization: Digest username=\"ada\"\r\n", 407 },
	{ "Proxy-Authorization: Digest username=\"ada\", realm=\"example.net\""
	  ", nonce=\"%r\", uri=\"x\", response=\"00\"\r\n", 400 },
	{ "Proxy-Authorization: Digest username=\"ada\", realm=\"elsewhere\""
	  ", nonce=\"%r\", uri=\"x\", response=\"00\", qop=auth, nc=00000001,"
	  " cnonce=\"a\"\r\n", 400 },
	{ "Proxy-Authorization: Digest username=\"ada\", realm=\"example.net\""
	  ", nonce=\"%r\", uri=\"x\", response=\"00\", qop=auth, nc=1,"
	  " cnonce=\"a\"\r\n", 400 },
	{ "Proxy-Authorization: Digest username=\"ada\", username=\"eve\","
	  " realm=\"example.net\", nonce=\"%r\", uri=\"x\", response=\"00\","
	  " qop=auth, nc=00000001, cnonce=\"a\"\r\n", 400 },
	{ "Proxy-Authorization: Digest username=\"a'; DROP TABLE credential; "
	  "--\", realm=\"example.net\", nonce=\"%r\", uri=\"x\\\\'\","
	  " response=\"00\", qop=auth, nc=00000001, cnonce=\"a\"\r\n", 403 },
	{ "Proxy-Authorization: Digest username=\"ada\", realm=\"example.net\""
	  ", nonce=\"%r\", uri=\"x\", response=\"\", qop=auth, nc=00000001,"
	  " cnonce=\"a\", algorithm=NONE\r\n", 400 },
	{ "Proxy-Authorization: Digest username=\"cyd\", realm=\"example.net\""
	  ", nonce=\"%r\", uri=\"x\", response=\"\", qop=auth, nc=00000001,"
	  " cnonce=\"a\", algorithm=SHA-256\r\n", 403 },
};


START_TEST(an_answer_that_is_none_opens_nothing)
{
	struct reg *r = attack_connect("dan", "127.0.0.99");
	struct pl nonce;
	char *line;

	for (size_t i = 0; i < ARRAY_SIZE(oddv); i++) {
		uint16_t status;
		const char *answer;

		ck_assert_uint_eq(with_line(r, "REGISTER", NULL), 407);
		answer = raw_answer(reg_raw(r));
		ck_assert_int_eq(re_regex(answer, strlen(answer),
					  "nonce=\"[^\"]+\"", &nonce), 0);
		ck_assert_int_eq(re_sdprintf(&line, oddv[i].fmt, &nonce), 0);
		status = with_line(r, "REGISTER", line);
		ck_assert_msg(status == oddv[i].status, "%u for %s", status,
			      line);
		mem_deref(line);
	}
	ck_assert_int_gt(number("SELECT count(*) FROM credential", NULL), 0);
	mem_deref(r);
}
END_TEST


START_TEST(sha_256_is_offered_and_checked)
{
	struct reg *r = attack_connect("ada", NULL);

	ck_assert_uint_eq(with_line(r, "REGISTER", NULL), 407);
	ck_assert_ptr_nonnull(strstr(raw_answer(reg_raw(r)),
				     "algorithm=SHA-256"));
	ck_assert_ptr_nonnull(strstr(raw_answer(reg_raw(r)),
				     "algorithm=MD5"));
	mem_deref(r);
	ck_assert_uint_eq(register_once("ada", NULL, true), 200);

	/* whoever has it needs no MD5, and is not asked for it */
	stage_sql("UPDATE credential SET ha1 = NULL, ha1b = NULL WHERE "
		  "username = 'gus' RETURNING 1");
	ck_assert_uint_eq(register_once("gus", NULL, true), 200);
	r = attack_connect("gus", NULL);
	ck_assert_uint_eq(with_line(r, "REGISTER", NULL), 407);
	mem_deref(r);
	/* as the others from before this was stored */
	stage_sql("UPDATE credential SET ha1_sha256 = NULL, ha1b_sha256 = NULL"
		  " WHERE username = 'fay' RETURNING 1");
	ck_assert_uint_eq(register_once("fay", NULL, true), 200);
}
END_TEST


/* ------------------------------------------------------------------ guesses */

static unsigned guess(const char *user, const char *source, unsigned n)
{
	struct reg *r = guesser(user, source);
	unsigned wrong = 0;

	for (unsigned i = 0; i < n; i++) {
		const uint16_t status = reg_register(r);

		ck_assert_msg(status == 403 || status == 503, "%u", status);
		wrong += status == 403;
	}
	mem_deref(r);

	return wrong;
}


START_TEST(guesses_are_few_whoever_makes_them)
{
	const long waiting = attack_counter("edge_waiting");
	unsigned wrong;

	/* a few more than are free: each wait lets one more through */
	wrong = guess("dan", ELSEWHERE, TRIES);
	ck_assert_uint_ge(wrong, FREE);
	ck_assert_uint_le(wrong, FREE + 4);
	ck_assert_int_gt(attack_counter("edge_waiting"), waiting);
	/* from many addresses at once it is the user's count that stops them */
	wrong = 0;
	for (unsigned i = 1; i <= TRIES; i++) {
		char source[32];

		(void)re_snprintf(source, sizeof(source), "127.0.1.%u", i);
		wrong += guess("dan", source, 1);
	}
	ck_assert_uint_le(wrong, 4);
}
END_TEST


static unsigned web_signin(const char *name)
{
	struct browser *b;
	unsigned status;

	ck_assert_int_eq(browser_open(&b, pool, 0), 0);
	status = browser_signin(b, name);
	mem_deref(b);

	return status;
}


/* The page counts 127.0.0.1: nobody has come in by it as eve */
START_TEST(the_web_and_the_registrar_count_together)
{
	ck_assert_uint_eq(web_signin("cyd"), 201);
	(void)guess("eve", ELSEWHERE, FREE + 2);
	stage_sql("UPDATE web_throttle SET blocked_to = now() + '60 s' "
		  "WHERE key = 'user:" SIP("eve") "' RETURNING 1");
	ck_assert_uint_eq(web_signin("eve"), 429);
	ck_assert_uint_eq(web_signin("cyd"), 201);
}
END_TEST


START_TEST(known_ways_stay_open_while_others_guess)
{
	struct browser *b;

	/* bob came in here before, by both doors */
	ck_assert_uint_eq(register_once("bob", HOME, false), 200);
	ck_assert_int_eq(browser_open(&b, pool, 0), 0);
	ck_assert_uint_eq(browser_signin(b, "bob"), 201);

	(void)guess("bob", ELSEWHERE, FREE + 2);
	stage_sql("UPDATE web_throttle SET blocked_to = now() + '60 s' "
		  "WHERE key = 'user:" SIP("bob") "' RETURNING 1");
	ck_assert_uint_eq(register_once("bob", UNKNOWN, false), 503);
	ck_assert_uint_eq(register_once("bob", HOME, false), 200);

	/* the browser is known wherever it is, and this address is */
	stage_sql("DELETE FROM signin_way WHERE way = 'address:127.0.0.1' "
		  "RETURNING 1");
	stage_sql("INSERT INTO web_throttle (key, failures, blocked_to) "
		  "VALUES ('user:" SIP("bob") "', 9, now() + '60 s') "
		  "ON CONFLICT (key) DO UPDATE SET blocked_to = "
		  "excluded.blocked_to RETURNING 1");
	ck_assert_uint_eq(browser_signin(b, "bob"), 201);
	stage_sql("DELETE FROM signin_way WHERE way = 'address:127.0.0.1' "
		  "RETURNING 1");
	stage_sql("INSERT INTO web_throttle (key, failures, blocked_to) "
		  "VALUES ('user:" SIP("bob") "', 9, now() + '60 s') "
		  "ON CONFLICT (key) DO UPDATE SET blocked_to = "
		  "excluded.blocked_to RETURNING 1");
	ck_assert_uint_eq(web_signin("bob"), 429);
	mem_deref(b);
}
END_TEST


/* ------------------------------------------------------------- former users */

START_TEST(a_former_user_gets_nowhere)
{
	struct reg *cyd = attack_sign_in("cyd", NULL);
	struct reg *fay = attack_sign_in("fay", NULL);
	const long former = attack_counter("edge_former_user");

	ck_tool(pool, "user set " SIP("cyd") " --state disabled");
	ck_tool(pool, "user remove " SIP("fay"));
	/* on connections that were proved, and on new ones */
	ck_assert_uint_eq(reg_invite(cyd, pool_uri(pool)), 403);
	ck_assert_uint_ge(reg_invite(fay, pool_uri(pool)), 403);
	ck_assert_uint_eq(register_once("cyd", NULL, false), 403);
	ck_assert_uint_eq(register_once("fay", NULL, false), 403);
	ck_assert(!attack_works(cyd, "Talk"));
	ck_assert(!attack_works(fay, "Talk"));
	ck_assert_int_gt(attack_counter("edge_former_user"), former);
	mem_deref(fay);
	mem_deref(cyd);
}
END_TEST


static void set_password(const char *user, const char *password)
{
	char path[] = "/tmp/pchat-password-XXXXXX";
	const int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert(dprintf(fd, "%s\n", password) > 0);
	(void)close(fd);
	ck_tool(pool, "user set " SIP("%s") " --password-file %s", user, path);
	(void)unlink(path);
}


static uint16_t open_another(struct reg *r, const char *callid)
{
	const struct reg_req q = {
		.method = "INVITE", .ruri = pool_uri(pool), .callid = callid,
		.ctype = "application/sdp", .body = "v=0\r\n"
	};

	return reg_ask(r, &q);
}


/* The name is another's now, or the password is: a connection that was proved
   before is asked for a proof again, which its holder does not have */
START_TEST(a_proof_ends_with_its_person_and_password)
{
	struct reg *fay = attack_sign_in("fay", NULL);
	struct reg *cyd = attack_sign_in("cyd", NULL);

	ck_assert_uint_eq(open_another(fay, "f1"), 200);
	ck_tool(pool, "user remove " SIP("fay"));
	ck_tool(pool, "user create " SIP("fay") " --policy enabled");
	set_password("fay", "other");
	set_password("cyd", "other");
	ck_assert_uint_eq(open_another(fay, "f2"), 407);
	ck_assert_uint_eq(open_another(cyd, "c2"), 407);
	set_password("fay", "fay");
	set_password("cyd", "cyd");
	ck_assert_uint_eq(reg_invite(cyd, pool_uri(pool)), 200);
	mem_deref(cyd);
	mem_deref(fay);
}
END_TEST


static Suite *attack_signin_suite(void)
{
	Suite *suite = suite_create("attack_signin");
	TCase *tc = tcase_create("signin");

	tcase_add_unchecked_fixture(tc, attack_up, stage_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_proof_ends_with_its_person_and_password);
	tcase_add_test(tc, an_answer_is_good_once_and_where_it_was_asked_for);
	tcase_add_test(tc, an_answer_that_is_none_opens_nothing);
	tcase_add_test(tc, sha_256_is_offered_and_checked);
	tcase_add_test(tc, guesses_are_few_whoever_makes_them);
	tcase_add_test(tc, the_web_and_the_registrar_count_together);
	tcase_add_test(tc, known_ways_stay_open_while_others_guess);
	tcase_add_test(tc, a_former_user_gets_nowhere);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(attack_signin_suite)
