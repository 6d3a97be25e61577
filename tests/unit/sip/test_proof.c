/**
 * @file tests/unit/sip/test_proof.c  Whose request it is, and what it carries
 *
 * No request opens, moves or fills a dialog without proof that its user sent
 * it; what cannot be read is refused as the RFCs say.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "tests/unit/suite.h"
#include "channel/sip/core.h"
#include "channel/sip/sipstats.h"
#include "tests/unit/sip/sipfix.h"

static struct app app;
static struct raw *ada, *eve;
static char tag[64];


static void setup(void)
{
	app_open(&app, NULL);
	ada = raw_open(&app);
	eve = raw_open(&app);
	str_ncpy(tag, sign_in(ada, NULL), sizeof(tag));
}


static void teardown(void)
{
	raw_close(eve);
	raw_close(ada);
	app_close(&app);
}


static void reopen(const struct uas_conf *conf)
{
	raw_close(eve);
	raw_close(ada);
	app_close(&app);
	app_open(&app, conf);
	ada = raw_open(&app);
	eve = raw_open(&app);
}


static void say(const char *text)
{
	struct info *info;

	ck_assert_int_eq(info_alloc(&info, text, strlen(text)), 0);
	dlg_send(app.dlg, info);
	mem_deref(info);
}


static int ask(struct raw *raw, const struct req *req)
{
	raw_send(raw, request(req));
	return status(raw_msg(raw));
}


START_TEST(nothing_opens_without_proof)
{
	const char *const metv[] = { "INVITE", "SUBSCRIBE" };
	struct req req = { .cseq = 1, .callid = "other", .asserted = "",
			   .extra = "Contact: <sip:eve@x>\r\nEvent: e\r\n" };
	const uint64_t refused = sip_stats.identity_refused;
	const char *msg;

	for (size_t i = 0; i < ARRAY_SIZE(metv); i++) {
		req.met = metv[i];
		raw_send(eve, request(&req));
		msg = raw_msg(eve);
		ck_assert_int_eq(status(msg), 403);
		ck_assert(!strncmp(field(msg, "Ms-diagnostics"), "20002;",
				   6));
	}

	ck_assert_uint_eq(app.invites, 1);
	ck_assert_uint_eq(app.subscribes, 0);
	ck_assert_uint_eq(sip_stats.identity_refused, refused + 2);

	/* who probes has none, and needs none */
	req.met = "OPTIONS";
	ck_assert_int_eq(ask(eve, &req), 200);
}
END_TEST


/*
 * eve knows Call-ID and tags.  She says that she is ada, or nothing, or who
 * she is; From is ada's or hers; the connection is hers or ada's
 */
START_TEST(nothing_moves_a_dialog_but_its_user)
{
	static const char *const metv[] = { "INFO", "UPDATE", "INVITE",
					    "OPTIONS", "BYE" };
	static const char *const whov[] = { "", "sip:eve@example.net",
					    "sip:ada@example.net.evil.org",
					    "sip:ada%40@example.net" };
	static const char *const fromv[] = { NULL, "sip:eve@example.net" };
	struct req req = { .cseq = 5, .totag = tag, .body = "<xccos/>",
			   .extra = "Contact: <sip:eve@evil>\r\n" };

	for (size_t m = 0; m < ARRAY_SIZE(metv); m++) {
		for (size_t w = 0; w < ARRAY_SIZE(whov); w++) {
			for (size_t f = 0; f < 2 * ARRAY_SIZE(fromv); f++) {
				req.met      = metv[m];
				req.asserted = whov[w];
				req.from     = fromv[f / 2];
				req.ctype    = m ? "application/sdp" :
					"text/plain";
				ck_assert_int_eq(ask(f & 1 ? ada : eve, &req),
						 403);
			}
		}
	}

	ck_assert_uint_eq(app.infos, 0);
	ck_assert_uint_eq(app.closes, 0);

	say("for ada");
	ck_assert(!strncmp(raw_msg(ada), "INFO sip:ada@example.net:50311", 30));
	ck_assert(raw_silent(eve));

	/* the same number, from her: nothing was used up */
	req = (struct req){ .met = "INFO", .cseq = 5, .totag = tag,
			    .ctype = "text/plain", .body = "mine" };
	ck_assert_int_eq(ask(ada, &req), 200);
	ck_assert_str_eq(app.body, "mine");
}
END_TEST


START_TEST(one_user_has_many_spellings)
{
	static const char *const whov[] = {
		"sip:ada@example.net", "SIP:ADA@EXAMPLE.NET",
		"sip:%61d%61@example.net", "sip:ada@example.net:5060;x=y",
	};
	struct req req = { .met = "INFO", .totag = tag, .cseq = 1,
			   .ctype = "text/plain", .body = "x" };

	for (size_t i = 0; i < ARRAY_SIZE(whov); i++) {
		++req.cseq;
		req.asserted = whov[i];
		ck_assert_int_eq(ask(ada, &req), 200);
	}

	++req.cseq;
	req.asserted = "";
	req.extra = "P-Asserted-Identity: tel:+49123\r\n"
		"P-Asserted-Identity: \"x\" <sip:%41da@example.net>\r\n";
	ck_assert_int_eq(ask(ada, &req), 200);

	/* two users asserted is nobody */
	++req.cseq;
	req.extra = "P-Asserted-Identity: <sip:ada@example.net>\r\n"
		"P-Asserted-Identity: <sip:eve@example.net>\r\n";
	ck_assert_int_eq(ask(ada, &req), 403);
}
END_TEST


START_TEST(an_ack_moves_nothing)
{
	struct req req = { .met = "INVITE", .cseq = 1, .callid = "call-2",
			   .extra = "Contact: <sip:ada@h>\r\n" };
	const char *p;

	raw_send(ada, request(&req));
	p = strstr(field(raw_msg(ada), "To"), ";tag=") + 5;
	str_ncpy(tag, p, sizeof(tag));

	/* eve's counts for nothing, a proxy's without identity ends the 200s */
	req = (struct req){ .met = "ACK", .cseq = 1, .callid = "call-2",
			    .totag = tag, .asserted = "sip:eve@example.net" };
	raw_send(eve, request(&req));
	ck_assert_int_eq(status(raw_msg(ada)), 200);
	req.asserted = "";
	raw_send(eve, request(&req));
	ck_assert(raw_silent(eve));
	loop_for(1500);
	ck_assert(raw_silent(ada));

	say("for ada");
	ck_assert_str_eq(body(raw_msg(ada)), "for ada");
	ck_assert(raw_silent(eve));
}
END_TEST


/* Somebody who guesses cannot answer for a client */
START_TEST(an_answer_is_taken_by_its_branch)
{
	char msg[2048], *p;
	struct req bye = { .met = "BYE", .cseq = 9, .totag = tag };

	say("x");
	str_ncpy(msg, raw_msg(ada), sizeof(msg));
	p = strstr(msg, ";branch=") + 8;

	*p = 'y';
	raw_answer(ada, msg, 481);
	*p = 'z';
	memcpy(strstr(msg, "tag=1a2b3c"), "tag=xxxxxx", 10);
	raw_answer(ada, msg, 481);
	memcpy(strstr(msg, "tag=xxxxxx"), "TAG=1a2b3c", 10);
	ck_assert(raw_silent(ada));
	ck_assert_uint_eq(app.closes, 0);

	/* written in another way it is the same answer */
	raw_answer(ada, msg, 200);
	ck_assert(raw_silent(ada));
	ck_assert_uint_eq(dlg_backlog(app.dlg), 0);
	ck_assert_int_eq(ask(ada, &bye), 200);
}
END_TEST


START_TEST(a_lab_may_take_from)
{
	struct uas_conf conf;
	struct req req;

	app_conf(&conf);
	conf.identity_from = true;
	reopen(&conf);

	req = (struct req){ .met = "INVITE", .cseq = 1, .asserted = "",
			    .extra = "Contact: <sip:a@b>\r\n" };
	ck_assert_int_eq(ask(ada, &req), 200);
	ck_assert_str_eq(app.user, "sip:ada@example.net");
	str_ncpy(tag, strstr(field(ada->msg, "To"), ";tag=") + 5,
		 sizeof(tag));

	req = (struct req){ .met = "INFO", .cseq = 2, .totag = tag,
			    .ctype = "text/plain", .body = "x",
			    .asserted = "" };
	ck_assert_int_eq(ask(ada, &req), 200);
	req.cseq = 3;
	req.from = "sip:eve@example.net";
	ck_assert_int_eq(ask(eve, &req), 403);
	req.from = NULL;
	req.asserted = "sip:eve@example.net";
	ck_assert_int_eq(ask(eve, &req), 403);
}
END_TEST


START_TEST(an_info_may_say_nothing)
{
	struct req req = { .met = "INFO", .cseq = 2, .totag = tag };

	ck_assert_int_eq(ask(ada, &req), 200);
	req.cseq  = 3;
	req.ctype = "image/png";
	ck_assert_int_eq(ask(ada, &req), 200);
	ck_assert_uint_eq(app.infos, 0);
}
END_TEST


START_TEST(a_body_that_cannot_be_read_is_refused_with_what_can)
{
	static const struct { const char *ctype, *extra; int code;
			      const char *field, *has; } casev[] = {
		{ "text/plain", NULL, 200, NULL, NULL },
		{ "TEXT/Plain ; charset=\"UTF-8\"", NULL, 200, NULL, NULL },
		{ "application/xml", NULL, 200, NULL, NULL },
		{ NULL, NULL, 200, NULL, NULL },
		{ "text/plain", "Content-Encoding: identity\r\n", 200, NULL,
		  NULL },
		{ "image/png", NULL, 415, "Accept", "text/plain" },
		{ "multipart/mixed;boundary=x", NULL, 415, "Accept",
		  "text/plain" },
		{ "text/plainer", NULL, 415, "Accept", "text/plain" },
		{ "text/plain;charset=utf-16", NULL, 415, "Accept",
		  "text/plain" },
		{ "text/plain", "Content-Encoding: gzip\r\n", 415,
		  "Accept-Encoding", "identity" },
		{ "text/plain", "e: gzip\r\n", 415, "Accept-Encoding",
		  "identity" },
		{ "image/png", "Content-Disposition: render;"
		  "handling=optional\r\n", 200, NULL, NULL },
		{ "image/png", "Content-Disposition: render;"
		  "handling=required\r\n", 415, "Accept", "text/plain" },
		{ "text/plain", "Info-Package: dtmf\r\n", 469, "Recv-Info",
		  "nil" },
		{ "text/plain", "Require: \r\nRequire: a, b\r\n", 420,
		  "Unsupported", "a, b" },
	};
	struct req req = { .met = "INFO", .cseq = 1, .totag = tag,
			   .body = "<x/>" };

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		const char *msg;

		++req.cseq;
		req.ctype = casev[i].ctype;
		req.extra = casev[i].extra;
		raw_send(ada, request(&req));
		msg = raw_msg(ada);
		ck_assert_msg(status(msg) == casev[i].code, "%s %s: %d",
			      casev[i].ctype, casev[i].extra, status(msg));
		if (casev[i].field)
			ck_assert_ptr_nonnull(strstr(field(msg,
						casev[i].field),
						casev[i].has));
	}

	ck_assert_uint_eq(app.infos, 5);
	ck_assert_uint_eq(app.closes, 0);
}
END_TEST


/* One tag, and the one that it had, whatever it is refused for */
START_TEST(a_refusal_has_the_tag_of_the_request)
{
	struct req req = { .met = "INFO", .cseq = 2, .totag = tag,
			   .ctype = "text/plain" };
	char *text = malloc(140001), want[128], head[4096];
	const char *msg;

	memset(text, 'x', 140000);
	text[140000] = '\0';
	(void)re_snprintf(want, sizeof(want), "<sip:Pool@example.net>;tag=%s",
			  tag);

	req.body = text;
	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 413);
	ck_assert_str_eq(field(msg, "To"), want);

	req.body = "";
	str_ncpy(head, request(&req), sizeof(head));
	memcpy(strstr(head, "2 INFO"), "2 OFNI", 6);
	raw_send(ada, head);
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 400);
	ck_assert_str_eq(field(msg, "To"), want);
	free(text);
}
END_TEST


START_TEST(an_option_of_any_length_is_not_overlooked)
{
	char extra[900];
	struct req req = { .met = "INFO", .cseq = 2, .totag = tag,
			   .extra = extra, .ctype = "text/plain",
			   .body = "x" };

	memset(extra, 'o', sizeof(extra));
	memcpy(extra, "Require: ", 9);
	memcpy(extra + sizeof(extra) - 3, "\r\n", 3);
	ck_assert_int_eq(ask(ada, &req), 420);
	ck_assert_uint_eq(app.infos, 0);
}
END_TEST


START_TEST(an_invite_needs_no_epid_and_no_body)
{
	struct mbuf *mb = mbuf_alloc(512);
	const char *msg;

	(void)mbuf_printf(mb, "INVITE sip:pool@example.net SIP/2.0\r\n"
			  "v: SIP/2.0/TCP h\r\n"
			  "f: \"a, <sip:x@y>;tag=9 \\\" \" <sip:bob@example.net>"
			  ";tag=b\r\nt: sip:pool@example.net\r\ni: bob\r\n"
			  "CSeq: 1 INVITE\r\n"
			  "P-Asserted-Identity: sip:bob@example.net\r\n"
			  "m: sip:bob@h;x=\"<sip:eve@evil>;y\";+sip.instance="
			  "\"<urn:uuid:1>\"\r\nl: 0\r\n\r\n");
	raw_sendn(eve, (char *)mb->buf, mb->end);
	mem_deref(mb);
	msg = raw_msg(eve);
	ck_assert_int_eq(status(msg), 200);
	ck_assert_str_eq(app.user, "sip:bob@example.net");
	ck_assert_str_eq(app.epid, "");

	say("x");
	ck_assert(!strncmp(raw_msg(eve), "INFO sip:bob@h SIP/2.0\r\n", 24));
}
END_TEST


START_TEST(a_configured_name_is_where_we_are)
{
	struct uas_conf conf;
	const char *msg;
	struct req req = { .met = "INFO", .cseq = 2, .totag = "nobody" };

	app_conf(&conf);
	conf.contact = "chat1.example.net:5062";
	reopen(&conf);
	str_ncpy(tag, sign_in(ada, NULL), sizeof(tag));

	say("x");
	msg = raw_msg(ada);
	ck_assert_str_eq(field(msg, "Contact"), "<sip:chat1.example.net:5062;"
			 "transport=tcp>");
	raw_answer(ada, msg, 200);

	raw_send(ada, request(&req));
	msg = raw_msg(ada);
	ck_assert_int_eq(status(msg), 481);
	ck_assert_ptr_nonnull(strstr(field(msg, "Ms-diagnostics"),
				     ";source=\"chat1.example.net\";"));
}
END_TEST


/* Cut, it would have no line end, and what follows would be part of it */
START_TEST(a_line_of_a_long_name_is_whole)
{
	char name[254];
	const char *line;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	diag_source(name);
	line = diag_again(UINT32_MAX, 20011, "a reason");
	ck_assert_msg(!strncmp(line, "Retry-After: 4294967295\r\n"
			       "Ms-diagnostics: 20011;source=\"nnn", 55),
		      "%s", line);
	ck_assert_ptr_nonnull(strstr(line, ";reason=\"a reason\";"
				     "component=\"GroupChat\"\r\n"));
	diag_source(NULL);
	ck_assert_str_eq(diag_again(5, 20008, NULL), "Retry-After: 5\r\n"
			 "Ms-diagnostics: 20008;source=\"pchat\";reason=\""
			 "Rejected session (inbound queue full)\";component="
			 "\"GroupChat\"\r\n");
}
END_TEST


static Suite *sip_proof_suite(void)
{
	Suite *suite = suite_create("sip_proof");
	TCase *tc = tcase_create("proof");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_opens_without_proof);
	tcase_add_test(tc, nothing_moves_a_dialog_but_its_user);
	tcase_add_test(tc, one_user_has_many_spellings);
	tcase_add_test(tc, an_ack_moves_nothing);
	tcase_add_test(tc, an_answer_is_taken_by_its_branch);
	tcase_add_test(tc, a_lab_may_take_from);
	tcase_add_test(tc, an_info_may_say_nothing);
	tcase_add_test(tc,
		       a_body_that_cannot_be_read_is_refused_with_what_can);
	tcase_add_test(tc, a_refusal_has_the_tag_of_the_request);
	tcase_add_test(tc, an_option_of_any_length_is_not_overlooked);
	tcase_add_test(tc, an_invite_needs_no_epid_and_no_body);
	tcase_add_test(tc, a_configured_name_is_where_we_are);
	tcase_add_test(tc, a_line_of_a_long_name_is_whole);
	suite_add_tcase(suite, tc);
	return suite;
}
TEST_SUITE(sip_proof_suite)
