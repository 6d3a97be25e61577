/**
 * @file tests/unit/sip/test_deadlink.c  A connection that dies without a word
 *
 * In a network of its own: loopback is taken down under an established
 * connection, so that nothing comes and nobody says so.
 */
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <re.h>
#include "tests/unit/suite.h"
#include "channel/sip/sipstats.h"
#include "tests/unit/sip/sipfix.h"

static struct app app;
static struct raw *fe;
static int lfd, ctl = -1;
static char rr[128];


static void loopback(bool up)
{
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	str_ncpy(ifr.ifr_name, "lo", sizeof(ifr.ifr_name));
	ck_assert_int_eq(ioctl(ctl, SIOCGIFFLAGS, &ifr), 0);
	if (up)
		ifr.ifr_flags |= IFF_UP;
	else
		ifr.ifr_flags &= (short)~IFF_UP;
	ck_assert_int_eq(ioctl(ctl, SIOCSIFFLAGS, &ifr), 0);
}


static void setup(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	struct uas_conf conf;

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return;

	ctl = socket(AF_INET, SOCK_DGRAM, 0);
	loopback(true);

	app_conf(&conf);
	conf.user_timeout_ms = 1000;
	app_open(&app, &conf);
	fe = raw_open(&app);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	lfd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(lfd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(lfd, 5), 0);
	ck_assert_int_eq(getsockname(lfd, (struct sockaddr *)&sin, &len), 0);
	(void)re_snprintf(rr, sizeof(rr), "Record-Route: <sip:127.0.0.1:%u;"
			  "transport=tcp;lr>\r\n", ntohs(sin.sin_port));
}


static bool none_is_up(void *arg)
{
	return !sip_stats.conns;
}


static bool dialled(void *arg)
{
	int *fd = arg;

	*fd = accept(lfd, NULL, NULL);
	return *fd >= 0;
}


/*
 *   front end              core
 *    |      x (silence)      |
 *    |      <--- INFO -------|
 *    |                       |   unacknowledged for sip.tcp_user_timeout_ms
 *    |<===== connect ========|
 *    |<----- INFO -----------|
 *    |------ 200 ----------->|
 *    |------ UPDATE -------->|   the user was never out
 *    |<----- 200 ------------|
 */
START_TEST(silence_under_a_message_costs_the_connection_not_the_user)
{
	struct req req = { .met = "UPDATE", .cseq = 2 };
	struct info *info;
	const char *msg;
	int fd;

	/* no right to networks of our own here */
	if (ctl < 0)
		return;

	req.totag = sign_in(fe, rr);
	ck_assert(raw_silent(fe));

	loopback(false);
	ck_assert_int_eq(info_alloc(&info, "a", 1), 0);
	dlg_send(app.dlg, info);
	mem_deref(info);
	ck_assert(loop_until(none_is_up, NULL));
	ck_assert_uint_eq(app.closes, 0);

	loopback(true);
	ck_assert(loop_until(dialled, &fd));
	raw_close(fe);
	fe = raw_adopt(fd);
	msg = raw_msg(fe);
	ck_assert_str_eq(body(msg), "a");
	raw_answer(fe, msg, 200);
	raw_send(fe, request(&req));
	ck_assert_int_eq(status(raw_msg(fe)), 200);
	ck_assert_uint_eq(dlg_backlog(app.dlg), 0);
	ck_assert_uint_eq(app.closes, 0);

	raw_close(fe);
	app_close(&app);
}
END_TEST


static Suite *sip_deadlink_suite(void)
{
	Suite *suite = suite_create("sip_deadlink");
	TCase *tc = tcase_create("deadlink");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc,
		silence_under_a_message_costs_the_connection_not_the_user);
	suite_add_tcase(suite, tc);
	return suite;
}
TEST_SUITE(sip_deadlink_suite)
