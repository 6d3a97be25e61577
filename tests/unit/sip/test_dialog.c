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


static bool backlog_is(void *arg)
{
	return dlg_backlog(app.dlg) == *(uint32_t *)arg;
}


static bool backlog(uint32_t want)
{
	return loop_until(backlog_is, &want);
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
	ck_assert(backlog(0));

	req.met  = "BYE";
	req.cseq = 3;
	req.body = req.ctype = NULL;
	raw_send(ada, request(&req));
	ck_assert_int_eq(status(raw_msg(ada)), 200);
	ck_assert_uint_eq(app.closes, 1);
	ck_assert_int_eq(app.why, DLG_BYE);
}
END_TEST


static struct req info_req(const char *tag, unsigned cseq)
{
	struct req req = { .met = "INFO", .cseq = cseq, .totag = tag,
			   .ctype = "text/plain", .body = "<xccos/>" };

	return req;
}


static int ask(struct req *req)
{
	raw_send(ada, request(req));
	return status(raw_msg(ada));
}


START_TEST(the_ok_to_invite_has_what_clients_need)
{
	struct req req = { .met = "INVITE", .cseq = 7,
		.ctype = "application/sdp",
		.body = "v=0\r\nm=x-ms-message 5061 sip null\r\n",
		.extra = "Contact: <sip:ada@h;opaque=user:epid:Yx;gruu>\r\n"
			"Record-Route: <sip:127.0.0.1:1;lr;a=b>\r\n"
			"Record-Route: <sip:10.0.0.1;lr>,\r\n <sip:10.0.0.2;lr>\r\n"
			"Session-Expires: 300;refresher=uas\r\n" };
	const char *msg;

	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 200);
	ck_assert_str_eq(field(msg, "Via"),
			 "SIP/2.0/tcp 127.0.0.1:50311");
	ck_assert(!strncmp(field(msg, "To"), "<sip:Pool@example.net>;tag=",
			   27));
	ck_assert_str_eq(field(msg, "CSeq"), "7 INVITE");
	ck_assert_str_eq(field(msg, "Session-Expires"), "300;refresher=uac");
	ck_assert_str_eq(field(msg, "Record-Route"),
			 "<sip:127.0.0.1:1;lr;a=b>");
	ck_assert_ptr_nonnull(strstr(msg, "<sip:10.0.0.1;lr>,"));
	ck_assert_str_eq(field(msg, "Supported"), "timer");
	ck_assert_str_eq(field(msg, "Require"), "");
	ck_assert_ptr_nonnull(strstr(field(msg, "Contact"), "transport=tcp"));
	ck_assert_str_eq(field(msg, "Content-Type"), "application/sdp");
	ck_assert_ptr_nonnull(strstr(body(msg), "m=x-ms-message "));
	ck_assert_ptr_nonnull(strstr(body(msg), "a=accept-types:text/plain"));

	say("x");
	msg = raw_msg(ada);
	ck_assert_ptr_nonnull(strstr(msg,
		"Route: <sip:127.0.0.1:1;lr;a=b>\r\n"
		"Route: <sip:10.0.0.1;lr>,   <sip:10.0.0.2;lr>\r\n"));
	ck_assert(!strncmp(msg, "INFO sip:ada@h;opaque=user:epid:Yx;gruu ",
			   40));
}
END_TEST


/* RFC 4028 9: too short an interval is refused when it is the client's own,
   and raised when a proxy put it in on the way */
START_TEST(a_session_is_never_shorter_than_ninety_seconds)
{
	struct req req = { .met = "INVITE", .cseq = 1,
		.extra = "Contact: <sip:a@b>\r\nx: 89\r\nk: timer\r\n" };
	const char *msg;

	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 422);
	ck_assert_str_eq(field(msg, "Min-SE"), "90");
	ck_assert_uint_eq(app.invites, 0);

	req.extra = "Contact: <sip:a@b>\r\nx: 90\r\nk: a, timer\r\n";
	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_str_eq(field(msg, "Session-Expires"), "90;refresher=uac");
	ck_assert_str_eq(field(msg, "Require"), "timer");

	req.cseq  = 2;
	req.extra = "Contact: <sip:a@b>\r\nSession-Expires: 30\r\n";
	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_str_eq(field(msg, "Session-Expires"), "90;refresher=uac");
	ck_assert_str_eq(field(msg, "Require"), "");

	req.cseq  = 3;
	req.extra = "Contact: <sip:a@b>\r\nSession-Expires: 100\r\n"
		"Min-SE: 120\r\n";
	raw_send(ada, request(&req));
	ck_assert_str_eq(field(raw_msg(ada), "Session-Expires"),
			 "120;refresher=uac");

	req.cseq  = 4;
	req.extra = "Contact: <sip:a@b>\r\nSession-Expires: soon\r\n";
	raw_send(ada, request(&req));
	ck_assert_int_eq(status(raw_msg(ada)), 400);
}
END_TEST


START_TEST(a_refresh_has_the_same_least_interval)
{
	struct req req = { .cseq = 2, .totag = sign_in(ada, NULL),
		.extra = "Session-Expires: 60\r\nSupported: timer\r\n"
			"Contact: <sip:ada@elsewhere>\r\n" };
	const char *const metv[] = { "UPDATE", "INVITE" };
	const char *msg;

	for (size_t i = 0; i < ARRAY_SIZE(metv); i++) {
		req.met = metv[i];
		raw_send(ada, request(&req));
		msg = raw_msg(ada);
		ck_assert_int_eq(status(msg), 422);
		ck_assert_str_eq(field(msg, "Min-SE"), "90");
	}

	/* and what is refused moves nothing */
	say("x");
	ck_assert(!strncmp(raw_msg(ada), "INFO sip:ada@example.net:", 25));
}
END_TEST


START_TEST(numbers_start_again_after_the_invite)
{
	struct req req = info_req(sign_in(ada, NULL), 1);

	ck_assert_int_eq(ask(&req), 200);
	req.cseq = 5;
	ck_assert_int_eq(ask(&req), 200);
	ck_assert_uint_eq(app.infos, 2);
}
END_TEST


START_TEST(an_info_is_executed_once)
{
	struct req req = info_req(sign_in(ada, NULL), 2);

	ck_assert_int_eq(ask(&req), 200);
	ck_assert_int_eq(ask(&req), 200);
	ck_assert_uint_eq(app.infos, 1);

	app.hold_info = true;
	req.cseq = 5;
	raw_send(ada, request(&req));
	raw_send(ada, request(&req));
	ck_assert(raw_silent(ada));
	ck_assert_uint_eq(app.infos, 2);
	st_reply(app.held[0], 403, "Forbidden", NULL);
	ck_assert_int_eq(status(raw_msg(ada)), 403);
	ck_assert(raw_silent(ada));
	ck_assert_int_eq(ask(&req), 403);
	ck_assert_uint_eq(app.infos, 2);

	req.cseq = 4;
	ck_assert_int_eq(ask(&req), 500);
	ck_assert_uint_eq(app.infos, 2);
}
END_TEST


START_TEST(what_belongs_to_no_dialog_is_told_so)
{
	static const char *const metv[] = { "INFO", "BYE", "UPDATE", "INVITE",
					    "OPTIONS" };
	char tag[64];
	struct req req;
	const char *msg;

	str_ncpy(tag, sign_in(ada, NULL), sizeof(tag));

	for (size_t i = 0; i < ARRAY_SIZE(metv); i++) {
		req = info_req("0000019f8e7d6c5b4a3f2e", 2);
		req.met = metv[i];
		raw_send(ada, request(&req));
		msg = raw_msg(ada);
		ck_assert_int_eq(status(msg), 481);
		ck_assert(!strncmp(field(msg, "Ms-diagnostics"), "20006;",
				   6));
	}

	req = info_req(tag, 2);
	req.callid = "call-2";
	ck_assert_int_eq(ask(&req), 481);
	req = info_req(tag, 2);
	req.ftag = "other";
	ck_assert_int_eq(ask(&req), 481);
	req = info_req(NULL, 2);
	ck_assert_int_eq(ask(&req), 481);
	req = info_req(tag, 2);
	ck_assert_int_eq(ask(&req), 200);
	ck_assert_uint_eq(app.infos, 1);
}
END_TEST


START_TEST(two_clients_may_share_call_id_and_tag)
{
	struct raw *bob = raw_open(&app);
	struct req req = { .met = "INVITE", .cseq = 1,
			   .extra = "Contact: <sip:bob@x>\r\n",
			   .from = "sip:bob@example.net" };
	char tag[64];

	str_ncpy(tag, sign_in(ada, NULL), sizeof(tag));
	raw_send(bob, request(&req));
	ck_assert_int_eq(status(raw_msg(bob)), 200);
	ck_assert_str_eq(app.user, "sip:bob@example.net");

	say("for bob");
	ck_assert_str_eq(body(raw_msg(bob)), "for bob");
	ck_assert(raw_silent(ada));
	raw_close(bob);
}
END_TEST


START_TEST(update_and_invite_refresh_a_session)
{
	struct req req = info_req(sign_in(ada, NULL), 2);
	const char *msg;

	req.met  = "UPDATE";
	req.body = req.ctype = NULL;
	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 200);
	ck_assert_str_eq(field(msg, "Session-Expires"), "1200;refresher=uac");
	ck_assert_str_eq(body(msg), "");

	req.met   = "INVITE";
	req.cseq  = 3;
	req.extra = "Contact: <sip:ada@new;gruu>\r\n";
	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 200);
	ck_assert_ptr_nonnull(strstr(body(msg), "m=message "));
	ck_assert_uint_eq(app.invites, 1);

	say("x");
	ck_assert(!strncmp(raw_msg(ada), "INFO sip:ada@new;gruu SIP/2.0\r\n"
			   "Via: SIP/2.0/TCP 127.0.0.1:", 58));
}
END_TEST


START_TEST(options_are_told_inside_and_outside)
{
	struct req req = { .met = "OPTIONS", .cseq = 1 };
	const char *msg;

	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 200);
	ck_assert_ptr_nonnull(strstr(field(msg, "Allow"), "INFO"));
	ck_assert_str_ne(field(msg, "Accept"), "");
	ck_assert_ptr_nonnull(strstr(field(msg, "To"), ";tag="));

	req.totag = sign_in(ada, NULL);
	req.cseq  = 2;
	ck_assert_int_eq(ask(&req), 200);
}
END_TEST


START_TEST(a_pending_invite_can_be_cancelled)
{
	struct req req = { .met = "INVITE", .cseq = 1,
			   .extra = "Contact: <sip:a@b>\r\n" };
	struct dlg *dlg;
	const char *msg;

	app.hold_invite = true;
	raw_send(ada, request(&req));
	ck_assert(raw_silent(ada));

	req.met = "CANCEL";
	ck_assert_int_eq(ask(&req), 200);
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 487);
	ck_assert_str_eq(field(msg, "CSeq"), "1 INVITE");

	ck_assert_int_eq(dlg_accept(&dlg, app.held[0], &app), ECANCELED);
	ck_assert(raw_silent(ada));
	ck_assert_int_eq(ask(&req), 481);
}
END_TEST


START_TEST(a_cancel_too_late_changes_nothing)
{
	struct req req = { .met = "INVITE", .cseq = 1,
			   .extra = "Contact: <sip:a@b>\r\n" };

	ck_assert_int_eq(ask(&req), 200);
	req.met = "CANCEL";
	ck_assert_int_eq(ask(&req), 200);
	say("x");
	ck_assert_str_eq(body(raw_msg(ada)), "x");
}
END_TEST


START_TEST(a_repeated_invite_makes_one_dialog)
{
	struct req req = { .met = "INVITE", .cseq = 1,
			   .extra = "Contact: <sip:a@b>\r\n" };
	char to[256];

	app.hold_invite = true;
	raw_send(ada, request(&req));
	raw_send(ada, request(&req));
	ck_assert(raw_silent(ada));
	ck_assert_uint_eq(app.invites, 1);

	ck_assert_int_eq(dlg_accept(&app.dlg, app.held[0], &app), 0);
	str_ncpy(to, field(raw_msg(ada), "To"), sizeof(to));
	raw_send(ada, request(&req));
	ck_assert_str_eq(field(raw_msg(ada), "To"), to);
	ck_assert_uint_eq(app.invites, 1);
}
END_TEST


START_TEST(the_ok_comes_again_until_ack)
{
	struct req req = { .met = "INVITE", .cseq = 1,
			   .extra = "Contact: <sip:a@b>\r\n" };
	char first[2048];
	const char *msg, *p;

	raw_send(ada, request(&req));
	str_ncpy(first, raw_msg(ada), sizeof(first));
	msg = raw_msg(ada);
	ck_assert_str_eq(msg, first);

	/* any request in the dialog will do for an ACK */
	p = strstr(field(first, "To"), ";tag=") + 5;
	req = info_req(p, 2);
	ck_assert_int_eq(ask(&req), 200);
	loop_for(1500);
	ck_assert(raw_silent(ada));
}
END_TEST


START_TEST(refusals_have_their_reason)
{
	struct req req = { .met = "INVITE", .cseq = 1,
			   .extra = "Contact: <sip:a@b>\r\n" };
	const char *msg;

	app.refuse_invite = true;
	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 403);
	ck_assert(!strncmp(field(msg, "Ms-diagnostics"), "20010;", 6));

	app.busy = true;
	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 503);
	ck_assert(!strncmp(field(msg, "Ms-diagnostics"), "20008;", 6));
	ck_assert_str_eq(field(msg, "Retry-After"), "5");
	req.met = "OPTIONS";
	ck_assert_int_eq(ask(&req), 503);

	req.met   = "INVITE";
	app.busy  = false;
	req.extra = NULL;
	ck_assert_int_eq(ask(&req), 400);
	app.refuse_invite = false;
	req.extra = "Contact: <tel:1>\r\n";
	ck_assert_int_eq(ask(&req), 400);
	req.extra = "Contact: <sip:a@b>, <sip:c@d>\r\n";
	ck_assert_int_eq(ask(&req), 400);
	req.extra = "Contact: <sip:a@b\r\n";
	ck_assert_int_eq(ask(&req), 400);
	req.extra = "Contact: <sip:a@b>\r\nRequire: timer, 100rel\r\n";
	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 420);
	ck_assert_str_eq(field(msg, "Unsupported"), "100rel");
	req.extra = "Contact: <sip:a@b>\r\n";
	req.ruri  = "tel:+49123";
	ck_assert_int_eq(ask(&req), 416);
	req.ruri = NULL;
	req.from = "tel:1";
	ck_assert_int_eq(ask(&req), 403);
	req.from = NULL;
	req.met  = "MESSAGE";
	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 405);
	ck_assert_str_ne(field(msg, "Allow"), "");
	req.met = "NEWFANGLED";
	ck_assert_int_eq(ask(&req), 405);
	req.met = "NEGOTIATE";
	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 405);
	ck_assert_ptr_nonnull(strstr(field(msg, "Allow"), "INVITE"));
	ck_assert_uint_eq(app.closes, 0);
}
END_TEST


START_TEST(requests_without_their_fields_are_refused)
{
	raw_send(ada, "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n"
		 "From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\n"
		 "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
	ck_assert(!strncmp(raw_msg(ada), "SIP/2.0 400 Missing Call-ID", 27));
	raw_send(ada, "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n"
		 "From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: 1\r\n"
		 "CSeq: 1 OPTIONS\r\nMax-Forwards: 0\r\n"
		 "Content-Length: 0\r\n\r\n");
	/* it has arrived: nobody forwards it from here */
	ck_assert_int_eq(status(raw_msg(ada)), 200);
	raw_send(ada, "ACK sip:x@y SIP/2.0\r\nContent-Length: 0\r\n\r\n");
	ck_assert(raw_silent(ada));
}
END_TEST


START_TEST(subscribe_reaches_the_application)
{
	struct req req = { .met = "SUBSCRIBE", .cseq = 1, .extra =
		"Event: vnd-microsoft-provisioning-v2;x=1\r\n" };
	const char *msg;

	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 200);
	ck_assert_str_eq(app.event, "vnd-microsoft-provisioning-v2");
	ck_assert_str_eq(body(msg), "<provisionGroupList/>");
}
END_TEST


START_TEST(a_window_of_infos_is_open)
{
	const char *msg;
	char want[16], first[2048];

	sign_in(ada, NULL);
	for (int i = 0; i < 10; i++) {
		(void)re_snprintf(want, sizeof(want), "n%d", i);
		say(want);
	}
	ck_assert_uint_eq(dlg_backlog(app.dlg), 10);

	for (int i = 0; i < 4; i++) {
		(void)re_snprintf(want, sizeof(want), "n%d", i);
		msg = raw_msg(ada);
		ck_assert_str_eq(body(msg), want);
		if (!i)
			str_ncpy(first, msg, sizeof(first));
	}
	ck_assert(raw_silent(ada));

	for (int i = 4; i < 10; i++) {
		(void)re_snprintf(want, sizeof(want), "n%d", i);
		raw_answer(ada, first, 200);
		msg = raw_msg(ada);
		ck_assert_str_eq(body(msg), want);
		/* the next answer is to the one after */
		(void)re_snprintf(want, sizeof(want), "%u", 100000000 + i - 3);
		memcpy(strstr(first, "CSeq: ") + 6, want, 9);
		memcpy(strstr(first, ";branch=z9hG4bK") + 15 + 22, want, 9);
	}
}
END_TEST


START_TEST(answers_may_come_in_any_order)
{
	char msgv[4][2048];

	sign_in(ada, NULL);
	for (int i = 0; i < 4; i++)
		say("x");
	for (int i = 0; i < 4; i++)
		str_ncpy(msgv[i], raw_msg(ada), sizeof(msgv[i]));
	for (int i = 3; i >= 0; i--) {
		raw_answer(ada, msgv[i], 200);
		raw_answer(ada, msgv[i], 200);
		ck_assert(raw_silent(ada));
		ck_assert(backlog(i ? 4 : 0));
	}
}
END_TEST


START_TEST(some_answers_end_the_dialog)
{
	static const int codev[] = { 481, 487, 408, 480, 430, 404, 410, 477 };
	struct req bye = { .met = "BYE", .cseq = 9 };

	bye.totag = sign_in(ada, NULL);
	say("x");
	raw_answer(ada, raw_msg(ada), codev[_i]);
	ck_assert(loop_until_is(&app.closes, 1));
	ck_assert_int_eq(app.why, DLG_GONE);
	ck_assert_int_eq(ask(&bye), 481);
}
END_TEST


START_TEST(five_failures_in_a_row_end_it)
{
	sign_in(ada, NULL);

	for (int i = 0; i < 9; i++) {
		say("x");
		raw_answer(ada, raw_msg(ada), i == 4 ? 200 : 503);
		ck_assert(raw_silent(ada));
		ck_assert_uint_eq(app.closes, 0);
	}

	say("x");
	raw_answer(ada, raw_msg(ada), 500);
	ck_assert(loop_until_is(&app.closes, 1));
}
END_TEST


START_TEST(a_full_queue_ends_it_later)
{
	sign_in(ada, NULL);
	for (int i = 0; i < 1004; i++)
		say("x");
	ck_assert_uint_eq(dlg_backlog(app.dlg), 1004);
	say("one too many");
	ck_assert_uint_eq(app.closes, 0);
	say("to nobody");
	ck_assert(loop_until_is(&app.closes, 1));
	ck_assert_int_eq(app.why, DLG_SLOW);
}
END_TEST


START_TEST(who_is_barred_is_not_known_any_more)
{
	struct req bye = { .met = "BYE", .cseq = 9 };

	bye.totag = sign_in(ada, NULL);
	say("last words");
	dlg_bar(app.dlg);
	ck_assert_uint_eq(app.closes, 0);
	say("to nobody");
	ck_assert(loop_until_is(&app.closes, 1));
	ck_assert_int_eq(app.why, DLG_BARRED);
	/* not a word of it to the client, until it asks */
	ck_assert_ptr_nonnull(raw_msg(ada));
	ck_assert(raw_silent(ada));
	ck_assert_int_eq(ask(&bye), 481);
}
END_TEST


START_TEST(a_lost_connection_ends_a_direct_dialog)
{
	sign_in(ada, NULL);
	raw_close(ada);
	ada = raw_open(&app);
	ck_assert(loop_until_is(&app.closes, 1));
	ck_assert_int_eq(app.why, DLG_LOST);
}
END_TEST


START_TEST(handlers_may_close_and_say_bye)
{
	struct req req = info_req(sign_in(ada, NULL), 2);
	struct dlg *dlg = app.dlg;

	app.close_in_info = true;
	ck_assert_int_eq(ask(&req), 200);
	ck_assert(raw_silent(ada));
	ck_assert_uint_eq(app.closes, 0);
	ck_assert_int_eq(ask(&req), 481);

	app.close_in_info = false;
	app.bye_in_closed = true;
	req = info_req(sign_in(ada, NULL), 2);
	ck_assert_ptr_nonnull(dlg);
	req.met = "BYE";
	ck_assert_int_eq(ask(&req), 200);
	ck_assert_uint_eq(app.closes, 1);
}
END_TEST


START_TEST(bye_is_the_last_word)
{
	const char *msg;

	sign_in(ada, NULL);
	say("x");
	dlg_bye(app.dlg);
	ck_assert_str_eq(body(raw_msg(ada)), "x");
	msg = raw_msg(ada);
	ck_assert(!strncmp(msg, "BYE sip:ada@example.net:50311;", 30));
	ck_assert_str_eq(field(msg, "CSeq"), "100000001 BYE");
	ck_assert_str_eq(field(msg, "Content-Length"), "0");
	raw_answer(ada, msg, 200);
	ck_assert(raw_silent(ada));
	ck_assert_uint_eq(app.closes, 0);
}
END_TEST


START_TEST(closing_before_being_told_is_closing)
{
	sign_in(ada, NULL);
	for (int i = 0; i < 1005; i++)
		say("x");
	dlg_close(app.dlg);
	raw_close(ada);
	ada = raw_open(&app);
	ck_assert(raw_silent(ada));
	ck_assert_uint_eq(app.closes, 0);
}
END_TEST


START_TEST(held_answers_outlive_dialog_connection_and_core)
{
	struct req req = info_req(sign_in(ada, NULL), 2);

	app.hold_info = true;
	for (; req.cseq < 5; req.cseq++)
		raw_send(ada, request(&req));
	ck_assert(loop_until_is(&app.heldn, 3));

	dlg_close(app.dlg);
	st_reply(app.held[0], 503, "Service Unavailable",
		 diag_line(20011));
	ck_assert_int_eq(status(raw_msg(ada)), 503);

	raw_close(ada);
	ada = raw_open(&app);
	ck_assert(raw_silent(ada));
	st_reply(app.held[1], 200, "OK", NULL);

	app_close(&app);
	st_reply(app.held[2], 200, "OK", NULL);
}
END_TEST


START_TEST(a_held_invite_outlives_connection_and_core)
{
	struct req req = { .met = "INVITE", .cseq = 1,
			   .extra = "Contact: <sip:a@b>\r\n" };
	struct dlg *dlg;

	app.hold_invite = true;
	for (; req.cseq < 3; req.cseq++)
		raw_send(ada, request(&req));
	ck_assert(loop_until_is(&app.heldn, 2));

	raw_close(ada);
	ada = raw_open(&app);
	ck_assert(raw_silent(ada));
	ck_assert_int_eq(dlg_accept(&dlg, app.held[0], &app), ECONNRESET);
	app_close(&app);
	ck_assert_int_eq(dlg_accept(&dlg, app.held[1], &app), ECONNRESET);
}
END_TEST


static Suite *sip_dialog_suite(void)
{
	Suite *suite = suite_create("sip_dialog");
	TCase *tc = tcase_create("dialog");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_dialog_carries_info_both_ways);
	tcase_add_test(tc, the_ok_to_invite_has_what_clients_need);
	tcase_add_test(tc, a_session_is_never_shorter_than_ninety_seconds);
	tcase_add_test(tc, a_refresh_has_the_same_least_interval);
	tcase_add_test(tc, numbers_start_again_after_the_invite);
	tcase_add_test(tc, an_info_is_executed_once);
	tcase_add_test(tc, what_belongs_to_no_dialog_is_told_so);
	tcase_add_test(tc, two_clients_may_share_call_id_and_tag);
	tcase_add_test(tc, update_and_invite_refresh_a_session);
	tcase_add_test(tc, options_are_told_inside_and_outside);
	tcase_add_test(tc, a_pending_invite_can_be_cancelled);
	tcase_add_test(tc, a_cancel_too_late_changes_nothing);
	tcase_add_test(tc, a_repeated_invite_makes_one_dialog);
	tcase_add_test(tc, the_ok_comes_again_until_ack);
	tcase_add_test(tc, refusals_have_their_reason);
	tcase_add_test(tc, requests_without_their_fields_are_refused);
	tcase_add_test(tc, subscribe_reaches_the_application);
	tcase_add_test(tc, a_window_of_infos_is_open);
	tcase_add_test(tc, answers_may_come_in_any_order);
	tcase_add_loop_test(tc, some_answers_end_the_dialog, 0, 8);
	tcase_add_test(tc, five_failures_in_a_row_end_it);
	tcase_add_test(tc, a_full_queue_ends_it_later);
	tcase_add_test(tc, who_is_barred_is_not_known_any_more);
	tcase_add_test(tc, a_lost_connection_ends_a_direct_dialog);
	tcase_add_test(tc, handlers_may_close_and_say_bye);
	tcase_add_test(tc, bye_is_the_last_word);
	tcase_add_test(tc, closing_before_being_told_is_closing);
	tcase_add_test(tc, held_answers_outlive_dialog_connection_and_core);
	tcase_add_test(tc, a_held_invite_outlives_connection_and_core);
	suite_add_tcase(suite, tc);
	return suite;
}
TEST_SUITE(sip_dialog_suite)
