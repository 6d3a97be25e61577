/**
 * @file tests/unit/sip/test_framing.c  What one message does to the connection
 * that all share
 *
 * Whatever can be framed is answered and read past; the next message is served
 * as if nothing had been there.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "tests/unit/suite.h"
#include "channel/sip/sipstats.h"
#include "tests/unit/sip/sipfix.h"

static struct app app;
static struct raw *ada;


static void setup(void)
{
	app_open(&app, NULL);
	ada = raw_open(&app);
	ck_assert(raw_silent(ada));
}


static void teardown(void)
{
	raw_close(ada);
	app_close(&app);
}


static void put(struct mbuf *mb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ck_assert_int_eq(mbuf_vprintf(mb, fmt, ap), 0);
	va_end(ap);
}


static void send_mb(struct mbuf *mb)
{
	raw_sendn(ada, (const char *)mb->buf, mb->end);
	mem_deref(mb);
}


/* An OPTIONS with more lines, and a body of so many bytes */
static struct mbuf *message(const char *line, const char *more, size_t body)
{
	struct mbuf *mb = mbuf_alloc(4096);

	put(mb, "%s\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKodd\r\n"
	    "From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: odd\r\n"
	    "CSeq: 1 OPTIONS\r\n%sContent-Length: %zu\r\n\r\n", line, more,
	    body);
	ck_assert_int_eq(body ? mbuf_fill(mb, 'b', body) : 0, 0);
	return mb;
}


static void answered(int code, const char *reason)
{
	const char *msg = raw_msg(ada);
	const char *got;

	ck_assert_int_eq(status(msg), code);
	got = msg + sizeof("SIP/2.0 400 ") - 1;
	ck_assert_msg(!strncmp(got, reason, strlen(reason)), "%s", got);
	ck_assert_ptr_nonnull(strstr(field(msg, "Ms-diagnostics"), reason));
	ck_assert(raw_silent(ada));
	ck_assert(!ada->closed);
}


START_TEST(what_is_wrong_but_framed_is_answered_and_read_past)
{
	static const struct { const char *line, *more; int code;
			      const char *reason; } casev[] = {
		{ "OPTIONS sip:x@y SIP/2.0", "no colon here\r\n", 400,
		  "Header line without a name" },
		{ "OPTIONS sip:x@y SIP/2.0", ": nothing before it\r\n", 400,
		  "Header line without a name" },
		{ "OPTIONS sip:x@y SIP/3.0", "", 505,
		  "Version Not Supported" },
		{ "OPTIONS  sip:x@y SIP/2.0", "", 400, "Bad request line" },
		{ "OPTIONS sip:x@y", "", 400, "Bad request line" },
		{ "OPTIONS sip:x@y SIP/2.0", "To: <sip:z@y>\r\n", 400,
		  "Repeated header field" },
		{ "OPTIONS sip:x@y SIP/2.0", "X: a\rb\r\n", 400,
		  "Control character in the head" },
		{ "OPTIONS sip:x@y SIP/2.0", "l: 9\r\n", 400,
		  "Repeated header field" },
		{ "INFO sip:x@y SIP/2.0", "", 400, "CSeq method differs" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		send_mb(message(casev[i].line, casev[i].more, 9));
		answered(casev[i].code, casev[i].reason);
	}
}
END_TEST


START_TEST(a_tag_that_is_none_is_answered_400)
{
	static const char *const tov[] = {
		";tag=", ";tag", ";tag=;tag=abc", ";tag=a;tag=b", ";tag=\"a\"",
	};
	const char *const metv[] = { "INVITE", "INFO", "SUBSCRIBE", "BYE" };

	for (size_t i = 0; i < ARRAY_SIZE(tov); i++) {
		for (size_t n = 0; n < ARRAY_SIZE(metv); n++) {
			struct mbuf *mb = mbuf_alloc(512);

			put(mb, "%s sip:x@y SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n"
			    "From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>%s\r\n"
			    "Call-ID: odd\r\nCSeq: 1 %s\r\n"
			    "P-Asserted-Identity: <sip:a@b>\r\n"
			    "Contact: <sip:a@b>\r\n"
			    "Content-Length: 0\r\n\r\n", metv[n], tov[i],
			    metv[n]);
			send_mb(mb);
			answered(400, "Bad To tag");
		}
	}

	ck_assert_uint_eq(app.invites, 0);
	ck_assert_uint_eq(app.subscribes, 0);
}
END_TEST


START_TEST(any_number_of_fields_is_served_within_the_limit)
{
	static const char *const namev[] = { "Via: SIP/2.0/TCP h%u\r\n",
		"Route: <sip:h%u;lr>\r\n", "X-Nobody-Knows: %u\r\n",
		"Supported: o%u\r\n", "Record-Route: <sip:127.0.0.1:%u;lr>\r\n" };
	const unsigned counts[] = { 17, 1200 };

	for (size_t c = 0; c < ARRAY_SIZE(counts); c++) {

		struct mbuf *mb = mbuf_alloc(65536);
		const char *msg, *p;
		unsigned n = 0;

		put(mb, "OPTIONS sip:x@y SIP/2.0\r\n");
		for (unsigned i = 0; i < counts[c]; i++)
			put(mb, namev[_i], i);
		put(mb, "Via: SIP/2.0/TCP last\r\nFrom: <sip:a@b>;tag=1\r\n"
		    "To: <sip:x@y>\r\nCall-ID: many\r\nCSeq: 1 OPTIONS\r\n"
		    "Content-Length: 0\r\n\r\n");
		send_mb(mb);

		msg = raw_msg(ada);
		ck_assert_int_eq(status(msg), 200);
		for (p = msg; (p = strstr(p, "Via: ")); p++)
			++n;
		ck_assert_uint_eq(n, _i ? 1 : counts[c] + 1);
		ck_assert_ptr_nonnull(strstr(msg, "Via: SIP/2.0/TCP last\r\n"));
	}
}
END_TEST


/* Also where the dialog has to keep them, and send along them */
START_TEST(a_dialog_may_have_many_via_and_routes)
{
	struct mbuf *lines = mbuf_alloc(4096);
	const char *msg, *p;
	struct req req = { .met = "INVITE", .cseq = 1 };
	struct info *info;
	unsigned n = 0;

	put(lines, "Contact: <sip:a@b>\r\n");
	for (unsigned i = 0; i < 40; i++)
		put(lines, "Via: SIP/2.0/TCP h%u\r\n"
		    "Record-Route: <sip:127.0.0.1:%u;lr>\r\n", i, i + 1);
	put(lines, "%c", 0);
	req.extra = (char *)lines->buf;
	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 200);
	ck_assert_ptr_nonnull(strstr(msg, "Via: SIP/2.0/TCP h39\r\n"));
	ck_assert_ptr_nonnull(strstr(msg, "Record-Route: <sip:127.0.0.1:40;lr>"));

	ck_assert_int_eq(info_alloc(&info, "x", 1), 0);
	dlg_send(app.dlg, info);
	msg = raw_msg(ada);
	for (p = msg; (p = strstr(p, "\r\nRoute: ")); p++)
		++n;
	ck_assert_uint_eq(n, 40);
	mem_deref(info);
	mem_deref(lines);
}
END_TEST


/* 70 kB to nearly 1 MB, the length before the filling and after it */
START_TEST(a_head_over_the_limit_is_answered_513_and_read_past)
{
	const size_t sizev[] = { 70000, 300000, 1000000 };

	for (size_t i = 0; i < ARRAY_SIZE(sizev); i++) {

		struct mbuf *mb = mbuf_alloc(2048);

		put(mb, "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n"
		    "From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: 1\r\n"
		    "CSeq: 1 OPTIONS\r\nX: ");
		(void)mbuf_fill(mb, 'x', sizev[i]);
		put(mb, "\r\nContent-Length: 5\r\n\r\nOPTIO");
		send_mb(mb);
		answered(513, "Message Too Large");
	}

	ck_assert_uint_ge(sip_stats.refused[0], 3);
}
END_TEST


START_TEST(a_body_over_the_limit_is_answered_413_and_read_past)
{
	send_mb(message("OPTIONS sip:x@y SIP/2.0", "", 5000000));
	answered(413, "Request Entity Too Large");
}
END_TEST


START_TEST(a_head_without_an_end_ends_the_connection)
{
	struct mbuf *mb = mbuf_alloc(2048);

	put(mb, "OPTIONS sip:x@y SIP/2.0\r\nX: ");
	(void)mbuf_fill(mb, 'x', 1100000);
	send_mb(mb);
	ck_assert(raw_wait_closed(ada));
	ck_assert_uint_ge(sip_stats.head_endless, 1);
}
END_TEST


START_TEST(what_cannot_be_framed_is_answered_and_ends_the_connection)
{
	static const char *const badv[] = {
		"l: 1\r\nl: 2\r\n\r\nab",
		"Content-Type: text/plain\r\n\r\nab",
		"Content-Length: -1\r\n\r\n",
		"Content-Length:\r\n\r\n",
		"Content-Length: 99999999999999999999\r\n\r\n",
	};
	struct mbuf *mb = mbuf_alloc(512);

	put(mb, "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n"
	    "From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: 1\r\n"
	    "CSeq: 1 OPTIONS\r\n%s", badv[_i]);
	send_mb(mb);
	ck_assert_int_eq(status(raw_msg(ada)), _i == 4 ? 413 : 400);
	ck_assert(raw_wait_closed(ada));
}
END_TEST


START_TEST(who_begins_with_another_protocol_is_closed)
{
	struct raw *bob = raw_open(&app);

	raw_send(bob, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert(raw_wait_closed(bob));
	ck_assert_uint_eq(bob->len, 0);
	raw_close(bob);

	/* on a connection that is known it is one odd message */
	raw_send(ada, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert(raw_silent(ada));
}
END_TEST


START_TEST(odd_answers_are_passed_over)
{
	static const char *const oddv[] = {
		"SIP/2.0 2x0 OK\r\n", "SIP/9.0 200 OK\r\n",
		"SIP/2.0 200 OK\r\nno colon\r\n",
		"SIP/2.0 200 OK\r\nTo: <sip:a@b>;tag=;tag=2\r\n"
		"From: <sip:c@d>;tag\r\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(oddv); i++) {
		struct mbuf *mb = mbuf_alloc(512);

		put(mb, "%sVia: SIP/2.0/TCP h\r\nCall-ID: 1\r\nCSeq: 1 INFO\r\n"
		    "Content-Length: 3\r\n\r\nabc", oddv[i]);
		send_mb(mb);
		ck_assert(raw_silent(ada));
	}
}
END_TEST


/* What a stream of all kinds of messages is answered, cut at one place */
static char *answers(const struct mbuf *all, size_t cut, unsigned count)
{
	struct raw *raw = raw_open(&app);
	struct mbuf *got = mbuf_alloc(1024);
	char *text;

	raw_sendn(raw, (const char *)all->buf, cut);
	loop_for(0);
	raw_sendn(raw, (const char *)all->buf + cut, all->end - cut);
	while (count--) {
		const char *msg = raw_msg(raw);

		ck_assert_ptr_nonnull(msg);
		put(got, "%d %s/", status(msg), field(msg, "Call-ID"));
	}
	ck_assert(!raw->closed);
	put(got, "%c", 0);
	ck_assert_int_eq(str_dup(&text, (char *)got->buf), 0);
	mem_deref(got);
	raw_close(raw);
	return text;
}


START_TEST(a_stream_may_be_cut_anywhere)
{
	struct mbuf *all = mbuf_alloc(4096), *one;
	char *whole;

	const char *const linev[] = { "OPTIONS sip:x@y SIP/2.0",
		"OPTIONS sip:x@y SIP/7.0", "OPTIONS  x SIP/2.0" };

	for (size_t i = 0; i < ARRAY_SIZE(linev); i++) {
		one = message(linev[i], i ? "" : "X: folded\r\n line\r\n",
			      7 * i);
		put(all, "\r\n%b", one->buf, one->end);
		mem_deref(one);
	}
	one = message("OPTIONS sip:x@y SIP/2.0", "nocolon\r\n", 3);
	put(all, "%b", one->buf, one->end);
	mem_deref(one);

	whole = answers(all, 0, 4);
	ck_assert_str_eq(whole, "200 odd/505 odd/400 odd/400 odd/");
	for (size_t cut = 1; cut < all->end; cut++) {
		char *text = answers(all, cut, 4);

		ck_assert_msg(!strcmp(text, whole), "cut at %zu: %s", cut,
			      text);
		mem_deref(text);
	}
	mem_deref(whole);
	mem_deref(all);
}
END_TEST


static Suite *sip_framing_suite(void)
{
	Suite *suite = suite_create("sip_framing");
	TCase *tc = tcase_create("framing");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
		       what_is_wrong_but_framed_is_answered_and_read_past);
	tcase_add_test(tc, a_tag_that_is_none_is_answered_400);
	tcase_add_loop_test(tc, any_number_of_fields_is_served_within_the_limit,
			    0, 5);
	tcase_add_test(tc, a_dialog_may_have_many_via_and_routes);
	tcase_add_test(tc, a_head_over_the_limit_is_answered_513_and_read_past);
	tcase_add_test(tc, a_body_over_the_limit_is_answered_413_and_read_past);
	tcase_add_test(tc, a_head_without_an_end_ends_the_connection);
	tcase_add_loop_test(tc,
		what_cannot_be_framed_is_answered_and_ends_the_connection,
		0, 5);
	tcase_add_test(tc, who_begins_with_another_protocol_is_closed);
	tcase_add_test(tc, odd_answers_are_passed_over);
	tcase_add_test(tc, a_stream_may_be_cut_anywhere);
	suite_add_tcase(suite, tc);
	return suite;
}
TEST_SUITE(sip_framing_suite)
