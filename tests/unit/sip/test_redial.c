/**
 * @file tests/unit/sip/test_redial.c  Dialogs that came through a front end
 * outlive the connection to it
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <re.h>
#include "tests/unit/suite.h"
#include "common/wheel.h"
#include "tests/unit/sip/sipfix.h"

static struct app app;
static struct raw *fe;                 /* the front end's connection         */
static int lfd;                        /* where the front end listens        */
static char rr[128];


static void setup(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	app_open(&app, NULL);
	fe = raw_open(&app);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	lfd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(lfd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(lfd, 5), 0);
	ck_assert_int_eq(getsockname(lfd, (struct sockaddr *)&sin, &len), 0);
	(void)re_snprintf(rr, sizeof(rr), "Record-Route: <sip:127.0.0.1:%u;"
			  "transport=tcp;lr>\r\n", ntohs(sin.sin_port));
}


static void teardown(void)
{
	raw_close(fe);
	app_close(&app);
	(void)close(lfd);
}


static void say(const char *text)
{
	struct info *info;

	ck_assert_int_eq(info_alloc(&info, text, strlen(text)), 0);
	dlg_send(app.dlg, info);
	mem_deref(info);
}


static bool dialled(void *arg)
{
	int *fd = arg;

	*fd = accept(lfd, NULL, NULL);
	return *fd >= 0;
}


static bool backlog_none(void *arg)
{
	return !dlg_backlog(app.dlg);
}


/*
 *   front end              core
 *    |<----- INFO a ---------|
 *    |      x (lost)         |
 *    |<===== connect ========|
 *    |<----- INFO a ---------|   same CSeq, same branch
 *    |<----- INFO b ---------|
 *    |------ 200, 200 ------>|
 */
START_TEST(the_front_end_is_dialled_again)
{
	char first[2048];
	const char *msg;
	int fd;

	sign_in(fe, rr);
	say("a");
	str_ncpy(first, raw_msg(fe), sizeof(first));
	raw_close(fe);
	fe = NULL;

	ck_assert(loop_until(dialled, &fd));
	fe = raw_adopt(fd);
	ck_assert_uint_eq(app.closes, 0);
	msg = raw_msg(fe);
	ck_assert_str_eq(msg, first);
	raw_answer(fe, msg, 200);

	say("b");
	msg = raw_msg(fe);
	ck_assert_str_eq(body(msg), "b");
	raw_answer(fe, msg, 200);
	ck_assert(loop_until(backlog_none, NULL));
}
END_TEST


START_TEST(dialogs_share_what_is_dialled)
{
	struct req req = { .met = "INVITE", .cseq = 1, .callid = "call-2" };
	char extra[256], seen[128];
	struct dlg *first;
	int fd;

	sign_in(fe, rr);
	first = app.dlg;
	(void)re_snprintf(extra, sizeof(extra), "Contact: <sip:b@c>\r\n%s",
			  rr);
	req.extra = extra;
	raw_send(fe, request(&req));
	ck_assert_int_eq(status(raw_msg(fe)), 200);
	raw_close(fe);
	fe = NULL;
	loop_for(20);

	say("b");
	app.dlg = first;
	say("a");
	ck_assert(loop_until(dialled, &fd));
	fe = raw_adopt(fd);
	str_ncpy(seen, body(raw_msg(fe)), sizeof(seen));
	ck_assert_str_ne(seen, body(raw_msg(fe)));
	ck_assert_int_lt(accept(lfd, NULL, NULL), 0);
}
END_TEST


START_TEST(a_request_on_a_new_connection_moves_the_dialog)
{
	struct raw *next = raw_open(&app);
	struct req req = { .met = "INFO", .cseq = 2, .ctype = "text/plain",
			   .body = "x" };
	const char *msg;

	req.totag = sign_in(fe, rr);
	raw_send(next, request(&req));
	ck_assert_int_eq(status(raw_msg(next)), 200);
	say("y");
	msg = raw_msg(next);
	ck_assert_str_eq(body(msg), "y");
	raw_close(fe);
	fe = next;
	raw_answer(next, msg, 200);
	ck_assert(loop_until(backlog_none, NULL));
	ck_assert_uint_eq(app.closes, 0);
}
END_TEST


START_TEST(a_late_answer_may_come_another_way)
{
	char msg[2048];

	sign_in(fe, rr);
	say("a");
	str_ncpy(msg, raw_msg(fe), sizeof(msg));
	raw_close(fe);
	fe = raw_open(&app);
	raw_answer(fe, msg, 200);
	ck_assert(loop_until(backlog_none, NULL));
	say("b");
	ck_assert_uint_eq(dlg_backlog(app.dlg), 1);
	ck_assert_uint_eq(app.closes, 0);
}
END_TEST


START_TEST(strangers_are_not_dialled)
{
	sign_in(fe, "Record-Route: <sip:192.0.2.1:5060;lr>\r\n");
	raw_close(fe);
	fe = raw_open(&app);
	ck_assert(raw_silent(fe));
	say("x");
	ck_assert(raw_silent(fe));
	ck_assert_uint_eq(app.closes, 0);
	ck_assert_uint_eq(dlg_backlog(app.dlg), 1);
}
END_TEST


START_TEST(a_front_end_that_is_away_is_asked_again_later)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int fd;

	sign_in(fe, rr);
	ck_assert_int_eq(getsockname(lfd, (struct sockaddr *)&sin, &len), 0);
	(void)close(lfd);
	raw_close(fe);
	fe = raw_open(&app);
	ck_assert(raw_silent(fe));
	say("x");
	ck_assert(raw_silent(fe));

	lfd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	fd  = 1;
	(void)setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &fd, sizeof(fd));
	ck_assert_int_eq(bind(lfd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(lfd, 5), 0);
	ck_assert(loop_until(dialled, &fd));
	raw_close(fe);
	fe = raw_adopt(fd);
	ck_assert_str_eq(body(raw_msg(fe)), "x");
	ck_assert_uint_eq(app.closes, 0);
}
END_TEST


/*
 *   client        front end, two connections       core
 *    |                  |<------- INFO a (1) -------|
 *    |--- INFO -------->|-------- INFO (2) -------->|   no answer to a yet
 *    |                  x (1 is lost)               |
 *    |                  |<------- INFO a (2) -------|
 */
START_TEST(what_a_lost_connection_had_goes_where_the_client_is)
{
	struct raw *next = raw_open(&app);
	struct req req = { .met = "INFO", .cseq = 2, .ctype = "text/plain",
			   .body = "x" };
	char first[2048];

	req.totag = sign_in(fe, _i ? rr : NULL);
	say("a");
	str_ncpy(first, raw_msg(fe), sizeof(first));

	/* while the answer may still come, it is not asked for twice */
	raw_send(next, request(&req));
	ck_assert_int_eq(status(raw_msg(next)), 200);
	ck_assert(raw_silent(next));

	raw_close(fe);
	fe = next;
	ck_assert_str_eq(raw_msg(next), first);
	raw_answer(next, first, 200);
	ck_assert(loop_until(backlog_none, NULL));
	ck_assert_uint_eq(app.closes, 0);
}
END_TEST


/* RFC 3261 18.2.2: the answer goes to the address in Via */
START_TEST(an_answer_finds_a_new_connection)
{
	struct req req = { .met = "INFO", .cseq = 2, .ctype = "text/plain",
			   .body = "x" };
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	char msg[2048], via[64];
	int fd;

	req.totag = sign_in(fe, rr);
	ck_assert_int_eq(getsockname(lfd, (struct sockaddr *)&sin, &len), 0);
	(void)re_snprintf(via, sizeof(via), "127.0.0.1:%u", ntohs(sin.sin_port));
	str_ncpy(msg, request(&req), sizeof(msg));
	ck_assert_ptr_nonnull(strstr(msg, "127.0.0.1:50311"));
	memcpy(strstr(msg, "127.0.0.1:50311"), via, strlen(via));

	app.hold_info = true;
	raw_send(fe, msg);
	ck_assert(loop_until_is(&app.heldn, 1));
	raw_close(fe);
	fe = raw_open(&app);
	ck_assert(raw_silent(fe));
	raw_close(fe);
	fe = NULL;

	st_reply(app.held[0], 200, "OK", NULL);
	ck_assert(loop_until(dialled, &fd));
	fe = raw_adopt(fd);
	ck_assert_str_eq(field(raw_msg(fe), "CSeq"), "2 INFO");
}
END_TEST


/* Time, as the core's timers see it; the loop stands still */
static void pass(unsigned seconds)
{
	uint64_t now = tmr_jiffies();

	for (unsigned i = 0; i < 10 * seconds; i++) {
		now += 100;
		wheel_time_set(now);
		tmr_poll(NULL);
	}
}


START_TEST(the_time_without_a_front_end_is_not_the_clients)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	const int on = 1;
	int fd;

	sign_in(fe, rr);
	ck_assert_int_eq(getsockname(lfd, (struct sockaddr *)&sin, &len), 0);
	(void)close(lfd);
	raw_close(fe);
	fe = raw_open(&app);
	ck_assert(raw_silent(fe));
	say("x");
	pass(120);
	ck_assert_uint_eq(app.closes, 0);
	ck_assert_uint_eq(dlg_backlog(app.dlg), 1);

	/* real time stands still from here: each look at the dialog passes it */
	lfd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	(void)setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	ck_assert_int_eq(bind(lfd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(lfd, 5), 0);
	for (int i = 0; i < 50 && (fd = accept(lfd, NULL, NULL)) < 0; i++)
		pass(1);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(app.closes, 0);
	(void)close(fd);
}
END_TEST


static Suite *sip_redial_suite(void)
{
	Suite *suite = suite_create("sip_redial");
	TCase *tc = tcase_create("redial");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_front_end_is_dialled_again);
	tcase_add_test(tc, dialogs_share_what_is_dialled);
	tcase_add_test(tc, a_request_on_a_new_connection_moves_the_dialog);
	tcase_add_test(tc, a_late_answer_may_come_another_way);
	tcase_add_test(tc, strangers_are_not_dialled);
	tcase_add_test(tc, a_front_end_that_is_away_is_asked_again_later);
	tcase_add_loop_test(tc,
			    what_a_lost_connection_had_goes_where_the_client_is,
			    0, 2);
	tcase_add_test(tc, an_answer_finds_a_new_connection);
	tcase_add_test(tc, the_time_without_a_front_end_is_not_the_clients);
	suite_add_tcase(suite, tc);
	return suite;
}
TEST_SUITE(sip_redial_suite)
