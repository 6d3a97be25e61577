/**
 * @file tests/scenario/test_sipe_presence.c  pidgin-sipe publishes itself
 *
 * Where the registrar says that the pool keeps presence documents, SIPE reads
 * its own at sign-in and publishes its state: all by way of the registrar, to
 * any instance.
 *
 *   ada: SUBSCRIBE roaming-self -->   <-- 200 (what is there)
 *   ada: SERVICE (device, state) -->  <-- 200 (versions)
 *
 * What Lync does with it beyond that is sent byte by byte.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "tests/support/chat.h"
#include "tests/support/pool.h"
#include "tests/support/purple.h"
#include "tests/support/rawsip.h"
#include "tests/scenario/sipe.h"
#include "tests/unit/suite.h"


static void up(void)
{
	static const char *const setv[] = { "registrar.presence=on", NULL };

	sipe_pool_up_with(setv);
}


static void up_digest(void)
{
	static const char *const setv[] = { "registrar.auth=digest", NULL };

	sipe_pool_up_with(setv);
}


static long kept(const char *what)
{
	char sql[160], *text;
	long n;

	(void)re_snprintf(sql, sizeof(sql), "SELECT %s FROM presence_category"
			  " WHERE name IN ('device', 'state')", what);
	text = pool_sql(sipe_pool, sql, NULL);
	n = text ? atol(text) : -1;
	mem_deref(text);

	return n;
}


START_TEST(its_state_is_kept_and_the_next_sign_in_goes_on_from_it)
{
	struct pidgin *ada = sipe_sign_in(ADA, "tcp");
	long published;

	/* the request and its answer */
	sipe_await_traced(ADA, "CSeq: 1 SERVICE", 2);
	sipe_enter(ada, ADA, "General");
	published = kept("count(*)");
	ck_assert_int_gt(published, 1);
	ck_assert_uint_eq(sipe_traced(ADA, "SIP/2.0 409"), 0);
	sipe_leave(ada);

	ada = sipe_sign_in(ADA, "tls");
	sipe_await_traced(ADA, "CSeq: 1 SERVICE", 2);
	sipe_enter(ada, ADA, "General");
	ck_assert_int_eq(kept("count(*)"), published);
	ck_assert_int_gt(kept("min(version)"), 1);
	ck_assert_uint_eq(sipe_traced(ADA, "SIP/2.0 409"), 0);
	ck_assert_uint_eq(pidgin_count(ada, "error"), 0);
	sipe_leave(ada);
}
END_TEST


/* What Lync does, by way of the registrar.  Only sends */
static struct raw *at_registrar(void)
{
	struct raw *r;

	ck_assert_int_eq(raw_open(&r, pool_registrar_tcp(sipe_pool)), 0);

	return r;
}


static void request(struct raw *r, const char *method, const char *ruri,
		    const char *to, const char *extra, const char *body)
{
	(void)raw_write(r, "%s %s SIP/2.0\r\n"
			"Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK%s\r\n"
			"From: <sip:cyd@example.net>;tag=1;epid=e\r\n"
			"To: %s\r\nCall-ID: r%s\r\n"
			"CSeq: 1 %s\r\nContact: <sip:cyd@127.0.0.1:9;"
			"transport=tcp>\r\nMax-Forwards: 70\r\n%s"
			"Content-Length: %zu\r\n\r\n%s", method, ruri, method,
			to, method, method, extra, strlen(body), body);
}


START_TEST(a_room_followed_by_way_of_the_registrar_is_told_the_same_way)
{
	static const char self[] = "sip:cyd@example.net";
	char *room = chat_room(sipe_pool, "Signs"), *body, *msg;
	struct raw *desk = at_registrar(), *phone = at_registrar();

	request(phone, "SUBSCRIBE", self, "<sip:cyd@example.net>",
		"Event: vnd-microsoft-roaming-self\r\nExpires: 600\r\n", "");
	ck_assert_uint_eq(raw_status(phone, 1, "SUBSCRIBE"), 200);
	ck_assert_ptr_null(strstr(raw_answer(phone), room));

	ck_assert_int_eq(re_sdprintf(&body, "<publish><publications>"
		"<publication categoryName=\"roomSetting\" instance=\"5\" "
		"container=\"1\" version=\"0\" expireType=\"static\">"
		"<property name=\"url\"><value>%s</value></property>"
		"</publication></publications></publish>", room), 0);
	request(desk, "SERVICE", self, "<sip:cyd@example.net>",
		"Content-Type: application/msrtc-category-publish+xml\r\n",
		body);
	ck_assert_uint_eq(raw_status(desk, 1, "SERVICE"), 200);

	ck_assert_int_eq(raw_read(phone, RAW_MS, &msg), 0);
	ck_assert_ptr_eq(strstr(msg, "BENOTIFY sip:cyd@"), msg);
	ck_assert_ptr_nonnull(strstr(msg, room));
	mem_deref(msg);
	mem_deref(desk);
	mem_deref(phone);
}
END_TEST


/* Nothing else would tell who sends it: the pool has no dialog for these */
START_TEST(in_a_dialog_too_the_registrar_asks_who_it_is)
{
	static const char *const methodv[] = { "SUBSCRIBE", "SERVICE" };
	struct raw *r = at_registrar();
	char route[96], ruri[96];
	size_t i;

	(void)re_snprintf(route, sizeof(route), "Route: <sip:%s;transport=tcp;"
			  "lr>\r\nEvent: vnd-microsoft-roaming-self\r\n",
			  pool_registrar_tcp(sipe_pool));
	(void)re_snprintf(ruri, sizeof(ruri), "sip:%s;transport=tcp",
			  pool_inst(sipe_pool, 0)->sip_tcp);
	for (i = 0; i < ARRAY_SIZE(methodv); i++) {
		request(r, methodv[i], ruri, "<sip:cyd@example.net>;tag=2",
			route, "");
		ck_assert_uint_eq(raw_status(r, 1, methodv[i]), 407);
	}
	mem_deref(r);
}
END_TEST


/* The client itself: MD5, "(null)" for a URI, a challenge for REGISTER alone */
START_TEST(with_a_password_it_signs_in_and_talks)
{
	struct pidgin *ada = sipe_sign_in(ADA, "tcp");
	struct pidgin *bob = sipe_sign_in(BOB, "tls");
	char *text;

	sipe_enter(ada, ADA, "General");
	sipe_enter(bob, BOB, "General");
	ck_assert_int_eq(pidgin_send(ada, "say General proved"), 0);
	text = sipe_next_text(bob, "General", ADA);
	ck_assert_str_eq(text, "proved");
	mem_deref(text);
	ck_assert_uint_eq(sipe_traced(ADA, "SIP/2.0 407"), 1);
	sipe_leave(bob);
	sipe_leave(ada);
}
END_TEST


static Suite *sipe_presence_suite(void)
{
	Suite *suite = suite_create("sipe_presence");
	TCase *tc = tcase_create("presence");

	tcase_add_unchecked_fixture(tc, up, sipe_pool_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc,
		its_state_is_kept_and_the_next_sign_in_goes_on_from_it);
	tcase_add_test(tc,
		a_room_followed_by_way_of_the_registrar_is_told_the_same_way);
	suite_add_tcase(suite, tc);

	tc = tcase_create("digest");
	tcase_add_unchecked_fixture(tc, up_digest, sipe_pool_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, in_a_dialog_too_the_registrar_asks_who_it_is);
	tcase_add_test(tc, with_a_password_it_signs_in_and_talks);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(sipe_presence_suite)
