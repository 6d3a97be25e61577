/**
 * @file tests/unit/sip/test_dialog.c  Dialogs as a raw client sees them
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "tests/unit/suite.h"
#include "tests/unit/sip/sipfix.h"

static struct app app;
static struct raw *ada;


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


static void say(const char *text)
{
	struct info *info;

	ck_assert_int_eq(info_alloc(&info, text, strlen(text)), 0);
	dlg_send(app.dlg, info);
	mem_deref(info);
}


/*
 *   ada                    core
 *    |------ INVITE -------->|
 *    |<----- 200 ------------|
 *    |------ ACK ----------->|
 *    |------ INFO ---------->|
 *    |<----- 200 ------------|
 *    |<----- INFO -----------|
 *    |------ 200 ----------->|
 *    |------ BYE ----------->|
 *    |<----- 200 ------------|
 */
START_TEST(a_dialog_carries_info_both_ways)
{
	struct req req = { .met = "INFO", .cseq = 2, .ctype = "text/plain",
			   .body = "<xccos/>" };
	const char *msg;

	req.totag = sign_in(ada, NULL);
	ck_assert_str_eq(app.user, "sip:ada@example.net");
	ck_assert_str_eq(app.display, "Ada L.");
	ck_assert_str_eq(app.epid, "5f1e2d3c4b5a");
	ck_assert_str_eq(app.to, "sip:Pool@example.net");
	ck_assert_str_eq(app.ruri_user, "Pool");
	ck_assert_str_eq(dlg_self(app.dlg), "sip:Pool@example.net");

	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 200);
	ck_assert_str_eq(field(msg, "CSeq"), "2 INFO");
	ck_assert_str_eq(field(msg, "Content-Length"), "0");
	ck_assert_str_eq(app.body, "<xccos/>");

	say("<xccos>hello</xccos>");
	msg = raw_msg(ada);
	ck_assert_ptr_nonnull(msg);
	ck_assert(!strncmp(msg, "INFO sip:ada@example.net:50311;"
			   "maddr=127.0.0.1;transport=tcp SIP/2.0\r\n", 68));
	ck_assert_str_eq(field(msg, "Content-Type"), "text/plain");
	ck_assert_str_eq(field(msg, "To"), "\"Ada L.\" "
			 "<sip:Ada@Example.net>;tag=1a2b3c;epid=5f1e2d3c4b5a");
	ck_assert(!strncmp(field(msg, "From"), "<sip:Pool@example.net>;tag=",
			   27));
	ck_assert_str_eq(body(msg), "<xccos>hello</xccos>");
	ck_assert_uint_eq(dlg_backlog(app.dlg), 1);
	raw_answer(ada, msg, 200);
	loop_for(5);
	ck_assert_uint_eq(dlg_backlog(app.dlg), 0);

	req.met  = "BYE";
	req.cseq = 3;
	req.body = req.ctype = NULL;
	raw_send(ada, request(&req));
	ck_assert_int_eq(status(raw_msg(ada)), 200);
	ck_assert_uint_eq(app.closes, 1);
	ck_assert_int_eq(app.why, DLG_BYE);
}
END_TEST


static Suite *sip_dialog_suite(void)
{
	Suite *suite = suite_create("sip_dialog");
	TCase *tc = tcase_create("dialog");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_dialog_carries_info_both_ways);
	suite_add_tcase(suite, tc);
	return suite;
}
TEST_SUITE(sip_dialog_suite)
