/**
 * @file tests/unit/sip/test_conn.c  Connections: framing, limits, slow
 * readers, who is let in
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "tests/unit/suite.h"
#include "common/wheel.h"
#include "channel/sip/sipstats.h"
#include "tests/unit/sip/sipfix.h"

static struct app app;
static struct raw *ada;
static const struct req options = { .met = "OPTIONS", .cseq = 1 };


static void setup(void)
{
	app_open(&app, NULL);
	ada = raw_open(&app);
}


static void teardown(void)
{
	raw_close(ada);
	app_close(&app);
}


static void reopen(const struct uas_conf *conf)
{
	raw_close(ada);
	app_close(&app);
	app_open(&app, conf);
	ada = raw_open(&app);
}


static char *filler(size_t len)
{
	char *text = malloc(len + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', len);
	text[len] = '\0';
	return text;
}


START_TEST(a_message_may_come_byte_by_byte)
{
	const char *msg;
	struct req req = { .met = "INFO", .cseq = 2, .ctype = "text/plain",
			   .body = "0123456789" };

	req.totag = sign_in(ada, NULL);
	msg = request(&req);
	for (; *msg; msg++) {
		raw_sendn(ada, msg, 1);
		loop_for(0);
	}

	ck_assert_int_eq(status(raw_msg(ada)), 200);
	ck_assert_str_eq(app.body, "0123456789");
}
END_TEST


START_TEST(messages_may_come_all_at_once)
{
	char *all = calloc(1, 200000), want[32];
	struct req req = { .met = "INFO", .cseq = 2, .ctype = "text/plain",
			   .body = "text" };
	size_t len = 0;

	req.totag = sign_in(ada, NULL);
	for (; req.cseq < 302; req.cseq++) {
		const char *msg = request(&req);

		memcpy(all + len, msg, strlen(msg));
		len += strlen(msg);
	}
	raw_sendn(ada, all, len);

	for (unsigned n = 2; n < 302; n++) {
		const char *msg = raw_msg(ada);

		(void)re_snprintf(want, sizeof(want), "%u INFO", n);
		ck_assert_int_eq(status(msg), 200);
		ck_assert_str_eq(field(msg, "CSeq"), want);
	}
	free(all);
}
END_TEST


START_TEST(a_message_may_come_in_pieces_of_any_size)
{
	struct req req = { .met = "INFO", .cseq = 2, .ctype = "text/plain" };
	char *text = filler(100000);
	const size_t piece = (size_t)1 << _i;

	req.totag = sign_in(ada, NULL);
	req.body  = text;
	for (int n = 0; n < 2; n++, req.cseq++) {
		const char *msg = request(&req);
		size_t l = strlen(msg);

		for (; l; loop_for(0)) {
			const size_t now = MIN(piece, l);

			raw_sendn(ada, msg, now);
			msg += now;
			l -= now;
		}
	}

	ck_assert_int_eq(status(raw_msg(ada)), 200);
	ck_assert_int_eq(status(raw_msg(ada)), 200);
	ck_assert_uint_eq(app.infos, 2);
	ck_assert_str_eq(app.body, text);
	free(text);
}
END_TEST


START_TEST(a_ping_gets_its_pong)
{
	raw_send(ada, "\r\n");
	raw_send(ada, request(&options));
	ck_assert_int_eq(status(raw_msg(ada)), 200);

	raw_send(ada, "\r\n\r\n");
	raw_send(ada, request(&options));
	ck_assert_int_eq(status(raw_msg(ada)), 200);
	ck_assert_uint_eq(app.closes, 0);
}
END_TEST


static bool has_two(void *arg)
{
	return ada->len >= 2;
}


START_TEST(the_pong_is_one_line_end)
{
	raw_send(ada, "\r\n\r");
	raw_send(ada, "\n");
	ck_assert(loop_until(has_two, NULL));
	ck_assert_uint_eq(ada->len, 2);
	ck_assert(!memcmp(ada->buf, "\r\n", 2));
}
END_TEST


START_TEST(a_body_too_large_is_refused_and_read_past)
{
	struct req req = { .met = "INFO", .cseq = 2, .ctype = "text/plain" };
	char *text = filler(200000);

	req.totag = sign_in(ada, NULL);
	req.body  = text;
	raw_send(ada, request(&req));
	ck_assert_int_eq(status(raw_msg(ada)), 413);
	ck_assert_uint_eq(app.infos, 0);

	req.cseq = 3;
	req.body = "small";
	raw_send(ada, request(&req));
	ck_assert_int_eq(status(raw_msg(ada)), 200);
	ck_assert_str_eq(app.body, "small");
	free(text);
}
END_TEST


START_TEST(a_slow_reader_is_cut_at_the_limit)
{
	struct uas_conf conf;
	struct info *info;
	char *text = filler(100000);
	const uint64_t cuts = sip_stats.conns_cut;
	int n;

	app_conf(&conf);
	conf.window     = 64;
	conf.output_max = 1000000;
	reopen(&conf);
	sign_in(ada, NULL);
	ck_assert(raw_silent(ada));
	fd_close(ada->fd);

	ck_assert_int_eq(info_alloc(&info, text, 100000), 0);
	for (n = 0; n < 1000 && sip_stats.conns_cut == cuts; n++) {
		dlg_send(app.dlg, info);
		loop_for(0);
	}
	mem_deref(info);
	free(text);

	ck_assert_int_ge(n, 10);
	ck_assert_int_lt(n, 200);
	ck_assert(loop_until_is(&app.closes, 1));
	ck_assert_int_eq(app.why, DLG_LOST);
}
END_TEST


START_TEST(a_reader_that_pauses_gets_all)
{
	struct uas_conf conf;
	struct info *info;
	char *text = filler(100000);

	app_conf(&conf);
	conf.window = 64;
	reopen(&conf);
	sign_in(ada, NULL);
	ck_assert(raw_silent(ada));

	ck_assert_int_eq(info_alloc(&info, text, 100000), 0);
	for (int i = 0; i < 64; i++)
		dlg_send(app.dlg, info);
	mem_deref(info);

	for (int i = 0; i < 64; i++) {
		const char *msg = raw_msg(ada);

		ck_assert_ptr_nonnull(msg);
		ck_assert_str_eq(body(msg), text);
	}
	free(text);
}
END_TEST


START_TEST(strangers_are_turned_away)
{
	struct uas_conf conf;

	app_conf(&conf);
	conf.peer_addrs = "192.0.2.0/24";
	reopen(&conf);
	ck_assert(raw_wait_closed(ada));
}
END_TEST


START_TEST(too_many_are_turned_away)
{
	struct uas_conf conf;
	struct raw *bob;

	app_conf(&conf);
	conf.conns_max = 1;
	reopen(&conf);
	ck_assert(raw_silent(ada));
	bob = raw_open(&app);
	ck_assert(raw_wait_closed(bob));
	ck_assert(raw_silent(ada));
	raw_close(bob);
}
END_TEST


START_TEST(nobody_trusted_is_an_error)
{
	static const struct uas_events ev;
	struct uas_events all = ev;
	struct uas_conf conf;
	struct uas *uas;

	app_conf(&conf);
	ck_assert_int_eq(uas_open(&uas, &conf, &ev, NULL), EINVAL);

	all.invite = (void (*)(struct st *, const struct uas_invite *,
			       void *))abort;
	all.info   = (void (*)(struct dlg *, struct st *, const struct pl *,
			       void *))abort;
	all.closed = (void (*)(struct dlg *, enum dlg_end, void *))abort;
	conf.peer_addrs = " ";
	ck_assert_int_eq(uas_open(&uas, &conf, &all, NULL), EACCES);
	conf.peer_addrs = "nonsense";
	ck_assert_int_eq(uas_open(&uas, &conf, &all, NULL), EINVAL);
	conf.peer_addrs = "127.0.0.1";
	conf.listen_tcp = "127.0.0.1";
	ck_assert_int_eq(uas_open(&uas, &conf, &all, NULL), EINVAL);
}
END_TEST


START_TEST(a_port_in_use_is_told)
{
	static const struct uas_events ev;
	struct uas_events all = ev;
	struct uas_conf conf;
	struct uas *uas;
	char addr[64];

	app_conf(&conf);
	(void)re_snprintf(addr, sizeof(addr), "%J",
			  uas_laddr(app.uas, false));
	conf.listen_tcp = addr;
	all.invite = (void (*)(struct st *, const struct uas_invite *,
			       void *))abort;
	all.info   = (void (*)(struct dlg *, struct st *, const struct pl *,
			       void *))abort;
	all.closed = (void (*)(struct dlg *, enum dlg_end, void *))abort;
	ck_assert_int_eq(uas_open(&uas, &conf, &all, NULL), EADDRINUSE);
}
END_TEST


/* Time, as the core's timers see it; the loop stands still */
static void pass(unsigned seconds)
{
	static uint64_t now;

	if (!now)
		now = tmr_jiffies();

	for (unsigned i = 0; i < 10 * seconds; i++) {
		now += 100;
		wheel_time_set(now);
		tmr_poll(NULL);
	}
}


START_TEST(who_never_asks_is_closed)
{
	const uint64_t idle = sip_stats.conns_idle;
	struct raw *bob = raw_open(&app);

	ck_assert(raw_silent(ada));
	pass(30);
	ck_assert_uint_eq(sip_stats.conns, 2);
	pass(4);
	ck_assert_uint_eq(sip_stats.conns, 1);
	ck_assert_uint_eq(sip_stats.conns_idle, idle + 1);
	raw_close(bob);
}
END_TEST


START_TEST(silence_ends_a_dialog)
{
	sign_in(ada, NULL);
	ck_assert(raw_silent(ada));
	pass(1198);
	ck_assert_uint_eq(app.closes, 0);
	pass(5);
	ck_assert_uint_eq(app.closes, 1);
	ck_assert_int_eq(app.why, DLG_EXPIRED);
}
END_TEST


START_TEST(no_answer_ends_a_dialog)
{
	struct info *info;

	sign_in(ada, NULL);
	ck_assert(raw_silent(ada));
	ck_assert_int_eq(info_alloc(&info, "x", 1), 0);
	dlg_send(app.dlg, info);
	mem_deref(info);
	pass(30);
	ck_assert_uint_eq(app.closes, 0);
	pass(6);
	ck_assert_uint_eq(app.closes, 1);
	ck_assert_int_eq(app.why, DLG_GONE);
}
END_TEST


START_TEST(no_ack_ends_a_dialog)
{
	const struct req req = { .met = "INVITE", .cseq = 1,
				 .extra = "Contact: <sip:a@b>\r\n" };
	const uint64_t again = sip_stats.ok_resent;

	raw_send(ada, request(&req));
	ck_assert_int_eq(status(raw_msg(ada)), 200);
	pass(31);
	ck_assert_uint_ge(sip_stats.ok_resent, again + 8);
	ck_assert_uint_eq(app.closes, 0);
	pass(2);
	ck_assert_uint_eq(app.closes, 1);
	ck_assert_int_eq(app.why, DLG_GONE);
}
END_TEST


static Suite *sip_conn_suite(void)
{
	Suite *suite = suite_create("sip_conn");
	TCase *tc = tcase_create("conn");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_message_may_come_byte_by_byte);
	tcase_add_test(tc, messages_may_come_all_at_once);
	tcase_add_loop_test(tc, a_message_may_come_in_pieces_of_any_size,
			    9, 18);
	tcase_add_test(tc, a_ping_gets_its_pong);
	tcase_add_test(tc, the_pong_is_one_line_end);
	tcase_add_test(tc, a_body_too_large_is_refused_and_read_past);
	tcase_add_test(tc, a_slow_reader_is_cut_at_the_limit);
	tcase_add_test(tc, a_reader_that_pauses_gets_all);
	tcase_add_test(tc, strangers_are_turned_away);
	tcase_add_test(tc, too_many_are_turned_away);
	tcase_add_test(tc, nobody_trusted_is_an_error);
	tcase_add_test(tc, a_port_in_use_is_told);
	tcase_add_test(tc, who_never_asks_is_closed);
	tcase_add_test(tc, silence_ends_a_dialog);
	tcase_add_test(tc, no_answer_ends_a_dialog);
	tcase_add_test(tc, no_ack_ends_a_dialog);
	suite_add_tcase(suite, tc);
	return suite;
}
TEST_SUITE(sip_conn_suite)
