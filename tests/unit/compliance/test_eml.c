/**
 * @file tests/unit/compliance/test_eml.c  Mails, read by another program and
 * sent to a real SMTP server
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/adapter/builtin.h"
#include "tests/unit/compliance/fixture.h"
#include "tests/unit/sip/sipcert.h"
#include "tests/unit/suite.h"

#define SPAN "000000000007-20131105T140000Z-20131105T141500Z"
#define TRADING "0e8f2a0c-3b1f-4a55-9a5e-0c6f6f2f8a01"
#define OFFICE "5d7b44aa-8e0f-4d1c-9f5e-9d9c3c3b7b02"
#define FIRST "mails-" SPAN "-" TRADING "-1.eml"
#define SECOND "mails-" SPAN "-" OFFICE "-1.eml"

static char url[64], arg[256];
static struct certs *certs;


static void teardown(void)
{
	certs = mem_deref(certs);
	fx_teardown();
}


/* A mail as its reader sees it */
static const char *mail(const char *name, const char *what)
{
	return fx_python("mailread.py", fx_path(name), what, NULL);
}


static void open_files(const char *key, const char *value)
{
	fx_must_open(&adapter_eml, "name", "mails", "domain", "example.com",
		     key, value, NULL);
}


static bool has(const char *text, const char *part)
{
	return text && strstr(text, part) != NULL;
}


START_TEST(a_conversation_is_a_mail)
{
	open_files(NULL, NULL);
	ck_assert_int_eq(fx_deliver(), 0);
	ck_assert_uint_eq(fx_wrote(), 3);

	ck_assert_str_eq(mail(FIRST, "Date,Message-ID,From,To,"
			      "X-GlobalRelay-MsgType,X-Pchat-Batch,"
			      "X-Pchat-Events,X-Pchat-RoomID"),
			 "Tue, 05 Nov 2013 14:15:00 +0000\n"
			 "<pchat-" SPAN "." TRADING ".1@example.com>\n"
			 "bob@example.com\n"
			 "\"Alice \\\"Al\\\" Smith\""
			 " <alice.smith@example.com>, bob@example.com\n"
			 "pchat\n7\n8\n" TRADING "\n");
	ck_assert_str_eq(mail(SECOND, "X-Pchat-RoomName,Subject,From"),
			 "B\xc3\xbcro\n"
			 "B\xc3\xbcro, 20131105T140000Z to 20131105T141500Z,"
			 " part 1 of 1\n"
			 "Zo\xc3\xab <zoe@example.com>\n");
}
END_TEST


START_TEST(mails_keep_the_rules)
{
	static const char *const namev[] = {
		FIRST, SECOND, "mails-" SPAN "-none-1.eml"
	};

	fx_write("upload", "the file", 0600);
	open_files(NULL, NULL);
	ck_assert_int_eq(fx_deliver(), 0);

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++)
		ck_assert_str_eq(mail(namev[i], "defects,raw"), "");
}
END_TEST


START_TEST(the_text_tells_who_did_what_when)
{
	const char *text;

	open_files(NULL, NULL);
	ck_assert_int_eq(fx_deliver(), 0);
	text = mail(FIRST, "text");

	ck_assert(has(text, "In the room at the start: Alice \"Al\" Smith"
		      " <alice@example.com>.\n"));
	ck_assert(has(text, "[2013-11-05 14:01:00 UTC] <bob@example.com>"
		      " entered the room\n"));
	ck_assert(has(text, "Alice \"Al\" Smith <alice@example.com>: hello"
		      " <Bob> & \"all\"\n  | second line\n"));
	ck_assert(has(text, " read history {\"command\":\"bccontext\""));
	ck_assert(has(text, " uploaded a file: 0988239a-bb66-4616-90a4-"
		      "b07771a2097c.txt (not attached)\n"));
	ck_assert(has(text, " replaced or removed a message: removed"
		      " {\"old\":\"hello\"}\n"));
	ck_assert(has(mail(FIRST, "html"), "<td>hello &lt;Bob&gt; &amp;"
		      " &quot;all&quot;\n  | second line</td>"));
	ck_assert(has(mail(SECOND, "text"), ": Gr\xc3\xbc\xc3\x9f" "e"
		      " \xf0\x9f\x8d\xb0\n"));
	ck_assert(has(mail("mails-" SPAN "-none-1.eml", "text"),
		      "The system changed a user or group"
		      " {\"action\":\"create\"}\n"));
}
END_TEST


START_TEST(nothing_from_outside_becomes_a_header)
{
	static const struct adapter_user mallory = {
		13, "sip:m@x\r\nBcc: a@b", "M\r\nBcc: c@d", "m@x, e@f", true
	};

	fx_tradingv[0].user = &mallory;
	fx_tradingv[4].file = "a\"\r\nX-Evil: 1";
	fx_write("upload", "x", 0600);
	open_files(NULL, NULL);
	ck_assert_int_eq(fx_deliver(), 0);

	ck_assert_str_eq(mail(FIRST, "Bcc,X-Evil,defects,attachments"),
			 "a\"\r\nX-Evil: 1 x\n");
	ck_assert(!has(mail(FIRST, "To"), "e@f"));
}
END_TEST


/* Each kind of line break, in what somebody says and in what they are called */
START_TEST(a_line_break_forges_no_line)
{
	static const char *const breakv[] = {
		"\n", "\r", "\r\n", "\v", "\f", "\xc2\x85", "\xe2\x80\xa8",
		"\xe2\x80\xa9"
	};
	static struct adapter_user mallory;
	static const char forged[] = "[2013-11-05 14:02:00 UTC] Ada <ada@x>:"
		" sold";
	char chat[128], name[128], marked[160];
	const char *text;

	(void)re_snprintf(chat, sizeof(chat), "x%s%s", breakv[_i], forged);
	(void)re_snprintf(name, sizeof(name), "M%s%s", breakv[_i], forged);
	(void)re_snprintf(marked, sizeof(marked), "\n  | %s", forged);
	mallory = (struct adapter_user){ 13, "sip:m@x", name, NULL, true };
	fx_tradingv[1].chat = chat;
	fx_tradingv[2].user = &mallory;
	open_files(NULL, NULL);
	ck_assert_int_eq(fx_deliver(), 0);

	text = mail(FIRST, "text");
	for (const char *p = text; (p = strstr(p, forged)); p++)
		ck_assert_int_eq(strncmp(p - 5, marked, 5), 0);
	ck_assert(has(text, marked));
	ck_assert(!has(text, breakv[_i]) || !_i);
}
END_TEST


START_TEST(an_attachment_has_its_name_and_type)
{
	static const struct {
		const char *title, *type;
	} v[] = {
		{ "Quarterly r\xc3\xa9sum\xc3\xa9.pdf", "application/pdf\n" },
		{ "plain.PNG", "image/png\n" },
		{ "no extension", "application/octet-stream\n" },
		{ "a \"quoted\"; name*=x.docx", "application/vnd.openxmlformats-"
		  "officedocument.wordprocessingml.document\n" },
		{ "a long name that goes on and on and on and on and on and on"
		  " and on and on and on and on and on and on and on \xe6\x97"
		  "\xa5\xe6\x9c\xac\xe8\xaa\x9e.txt", "text/plain\n" },
	};
	char want[256];

	fx_tradingv[4].title = v[_i].title;
	fx_write("upload", "x", 0600);
	open_files(NULL, NULL);
	ck_assert_int_eq(fx_deliver(), 0);

	(void)re_snprintf(want, sizeof(want), "%s x\n", v[_i].title);
	ck_assert_str_eq(mail(FIRST, "attachments"), want);
	ck_assert_str_eq(mail(FIRST, "types"), v[_i].type);
	ck_assert_str_eq(mail(FIRST, "defects,raw"), "");
}
END_TEST


START_TEST(to_is_bounded_and_the_text_names_everybody)
{
	enum { PEOPLE = 2500 };
	static struct adapter_user userv[PEOPLE];
	static const struct adapter_user *crowd[PEOPLE];
	static char uriv[PEOPLE][48];
	const char *to, *text;

	for (unsigned i = 0; i < PEOPLE; i++) {
		(void)re_snprintf(uriv[i], sizeof(uriv[i]), "sip:person.no."
				  "%u@example.com", i);
		userv[i] = (struct adapter_user){ 100 + i, uriv[i],
						  "Some Body", NULL, true };
		crowd[i] = &userv[i];
	}
	fx_convv[0].startv = crowd;
	fx_convv[0].startc = PEOPLE;
	open_files(NULL, NULL);
	ck_assert_int_eq(fx_deliver(), 0);

	to = mail(FIRST, "To");
	ck_assert_uint_lt(strlen(to), 17000);
	ck_assert(has(to, "person.no.7@example.com"));
	ck_assert(has(mail(FIRST, "X-Pchat-To"), " of 2502\n"));
	text = mail(FIRST, "text");
	ck_assert(has(text, "All whose mail this is"));
	ck_assert(has(strstr(text, "All whose mail"),
		      "person.no.2499@example.com"));
	ck_assert_str_eq(mail(FIRST, "defects"), "");
}
END_TEST


START_TEST(a_file_that_was_lost_is_named)
{
	fx_tradingv[4].path = NULL;
	fx_tradingv[4].lost = true;
	open_files(NULL, NULL);
	ck_assert_int_eq(fx_deliver(), 0);
	ck_assert(has(mail(FIRST, "text"), "b07771a2097c.txt (LOST: "));
	ck_assert(has(mail(FIRST, "html"), "b07771a2097c.txt (LOST: "));
}
END_TEST


START_TEST(a_file_is_attached_unless_too_large)
{
	fx_write("upload", "content of the file", 0600);
	open_files("attach_bytes", _i ? "18" : "19");
	ck_assert_int_eq(fx_deliver(), 0);

	ck_assert_str_eq(mail(FIRST, "attachments"), _i ? "" :
			 "0988239a-bb66-4616-90a4-b07771a2097c.txt"
			 " content of the file\n");
	ck_assert_int_eq(has(mail(FIRST, "text"), "(not attached)"), _i);
	ck_assert_int_eq(has(fx_log(), "event=e5 file left out"), _i);
}
END_TEST


START_TEST(a_long_conversation_is_several_mails)
{
	static struct adapter_event eventv[120];
	static char chat[1000];

	memset(chat, '=', sizeof(chat) - 1);
	for (unsigned i = 0; i < ARRAY_SIZE(eventv); i++) {
		eventv[i] = fx_tradingv[1];
		eventv[i].chat = chat;
	}

	fx_convv[0].eventv = eventv;
	fx_convv[0].eventc = ARRAY_SIZE(eventv);
	fx_batch.convc = 1;
	open_files("mail_bytes", "200000");
	ck_assert_int_eq(fx_deliver(), 0);

	ck_assert_uint_ge(fx_files(), 3);
	for (unsigned i = 1; i <= fx_files(); i++) {
		char name[128], part[32];

		(void)re_snprintf(name, sizeof(name), "mails-" SPAN "-"
				  TRADING "-%u.eml", i);
		(void)re_snprintf(part, sizeof(part), "%u/%u\n", i,
				  fx_files());
		ck_assert_uint_le(strlen(fx_read(name)), 200000);
		ck_assert_str_eq(mail(name, "X-Pchat-Part"), part);
	}
}
END_TEST


static void serve(const char *one, const char *two)
{
	const unsigned port = fx_server("smtpd.py", fx_path("."), one,
					one ? two : NULL, NULL);

	(void)re_snprintf(url, sizeof(url), "smtp://localhost:%u", port);
}


static void open_smtp(const char *tls, const char *key, const char *value)
{
	fx_must_open(&adapter_eml, "smtp_url", url, "smtp_tls", tls,
		     "smtp_sender", "pchat@example.com", "smtp_recipient",
		     "journal@example.net", "smtp_recipient", "b@example.net",
		     "domain", "example.com", key, value, NULL);
}


START_TEST(a_server_gets_all_mails_over_one_connection)
{
	serve(NULL, NULL);
	open_smtp("none", NULL, NULL);
	ck_assert_int_eq(fx_deliver(), 0);

	ck_assert_str_eq(fx_read("smtp.log"),
		"mail 1 connection 1 plain pchat@example.com"
		" journal@example.net b@example.net\n"
		"mail 2 connection 1 plain pchat@example.com"
		" journal@example.net b@example.net\n"
		"mail 3 connection 1 plain pchat@example.com"
		" journal@example.net b@example.net\n");
	ck_assert_str_eq(mail("mail-1", "Message-ID,defects"),
			 "<pchat-" SPAN "." TRADING ".1@example.com>\n");
	ck_assert(has(mail("mail-2", "text"), "\xf0\x9f\x8d\xb0"));
	ck_assert_uint_eq(fx_wrote(), 0);
}
END_TEST


START_TEST(a_connection_has_its_number_of_mails)
{
	serve(NULL, NULL);
	open_smtp("none", "smtp_mails", "2");
	ck_assert_int_eq(fx_deliver(), 0);
	ck_assert(has(fx_read("smtp.log"), "mail 2 connection 1 "));
	ck_assert(has(fx_read("smtp.log"), "mail 3 connection 2 "));
}
END_TEST


START_TEST(an_answer_says_what_becomes_of_the_mail)
{
	static const struct {
		const char *answer;
		enum adapter_verdict verdict;
		const char *items;         /* of each mail; NULL: none */
	} v[] = {
		{ "mail=451", ADAPTER_LATER, "1 to b@example.net: later" },
		{ "mail=550", ADAPTER_TAKEN, "1 to b@example.net: refused" },
		{ "rcpt=450", ADAPTER_LATER, "1 to b@example.net: later" },
		{ "rcpt=550", ADAPTER_TAKEN, "1 to b@example.net: refused" },
		{ "data=452", ADAPTER_LATER, "none-1: later" },
		{ "data=554", ADAPTER_TAKEN, "none-1: refused" },
		{ "mail=530", ADAPTER_LATER, NULL },
		{ "mail=421", ADAPTER_LATER, NULL },
	};

	serve(v[_i].answer, NULL);
	open_smtp("none", NULL, NULL);
	ck_assert_int_eq(fx_deliver(), v[_i].verdict);
	ck_assert(has(fx_error, "mail: "));
	ck_assert(has(fx_error, strchr(v[_i].answer, '=') + 1) || _i >= 4);

	if (v[_i].items)
		ck_assert_msg(has(fx_items(), v[_i].items), "%s", fx_items());
	else
		ck_assert_str_eq(fx_items(), "");
	ck_assert_ptr_null(fx_read("mail-1"));
}
END_TEST


/* The second of three mails: the others go out, and it does not go again */
START_TEST(a_refused_mail_is_set_aside_alone)
{
	serve("data=554@2", NULL);
	open_smtp("none", NULL, NULL);
	ck_assert_int_eq(fx_deliver(), ADAPTER_TAKEN);
	ck_assert_str_eq(fx_items(), "mail " TRADING "-1: taken\n"
			 "mail " OFFICE "-1: refused\nmail none-1: taken\n");
	ck_assert_int_eq(fx_deliver(), ADAPTER_TAKEN);
	ck_assert_str_eq(fx_read("smtp.log"),
		"mail 1 connection 1 plain pchat@example.com"
		" journal@example.net b@example.net\nrefused 2\n"
		"mail 3 connection 1 plain pchat@example.com"
		" journal@example.net b@example.net\n");
}
END_TEST


/* The other recipient gets every mail, once */
START_TEST(a_refused_recipient_is_set_aside_alone)
{
	serve(_i ? "refuse=b@example.net:450" : "refuse=b@example.net:550",
	      NULL);
	open_smtp("none", NULL, NULL);
	ck_assert_int_eq(fx_deliver(), _i ? ADAPTER_LATER : ADAPTER_TAKEN);
	ck_assert_int_eq(fx_deliver(), _i ? ADAPTER_LATER : ADAPTER_TAKEN);

	ck_assert(has(fx_items(), _i ? "mail none-1 to b@example.net: later\n"
		      : "mail none-1 to b@example.net: refused\n"));
	ck_assert(has(fx_items(),
		      "mail none-1 to journal@example.net: taken\n"));
	ck_assert_ptr_nonnull(fx_read("mail-3"));
	ck_assert_ptr_null(fx_read("mail-4"));
	ck_assert(!has(fx_read("smtp.log"), "b@example.net"));
}
END_TEST


START_TEST(a_mail_that_was_taken_is_not_sent_again)
{
	serve("data=451@2", NULL);
	open_smtp("none", NULL, NULL);
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert_int_eq(fx_deliver(), 0);

	ck_assert(has(fx_read("mail-1"), "X-Pchat-RoomID: " TRADING));
	ck_assert_ptr_null(fx_read("mail-2"));
	ck_assert(has(fx_read("mail-3"), "X-Pchat-RoomID: none"));
	ck_assert(has(fx_read("mail-4"), "X-Pchat-RoomID: " OFFICE));
	ck_assert_ptr_null(fx_read("mail-5"));
}
END_TEST


START_TEST(a_server_that_is_away_is_tried_again)
{
	(void)re_snprintf(url, sizeof(url), "smtp://localhost:1");
	open_smtp("none", NULL, NULL);
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert(has(fx_error, "mail: Failed to connect"));
}
END_TEST


START_TEST(a_server_that_does_not_answer_is_tried_again)
{
	serve("data=hang", NULL);
	open_smtp("none", "timeout_s", "1");
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert_str_ne(fx_error, "");
}
END_TEST


START_TEST(a_server_without_tls_gets_nothing)
{
	serve(NULL, NULL);
	open_smtp("required", NULL, NULL);
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert_ptr_null(fx_read("mail-1"));
}
END_TEST


/* login: the right word, a wrong one, none */
START_TEST(tls_and_login_go_together)
{
	static const char *const wordv[] = { "w0rd", "other" };

	ck_assert_int_eq(certs_alloc(&certs), 0);
	ck_assert_int_eq(certs_make(certs, "srv", "localhost",
				    "DNS:localhost"), 0);
	(void)re_snprintf(arg, sizeof(arg), "tls=%s,%s",
			  certs_path(certs, "srv.pem"),
			  certs_path(certs, "srv.key"));
	serve(arg, "login=pchat:w0rd");
	fx_write("word", wordv[_i], 0600);

	fx_must_open(&adapter_eml, "smtp_url", url, "smtp_sender",
		     "pchat@example.com", "smtp_recipient",
		     "journal@example.net", "ca_file",
		     certs_path(certs, "ca.pem"), "smtp_user", "pchat",
		     "smtp_password_file", fx_path("word"), NULL);
	ck_assert_int_eq(fx_deliver(), _i ? ADAPTER_LATER : 0);

	if (_i) {
		ck_assert_str_eq(fx_error, "mail: Login denied");
		ck_assert_ptr_null(fx_read("mail-1"));
	}
	else {
		ck_assert(has(fx_read("smtp.log"), " tls pchat@"));
	}
}
END_TEST


START_TEST(a_wrong_setting_is_named)
{
	static const struct {
		const char *key, *value, *log;
	} v[] = {
		{ "from", "nobody", "from: is no mail address" },
		{ "domain", "a b", "domain: is no domain" },
		{ "mail_bytes", "12", "mail_bytes: is no number from 65536"
		  " to 1073741824" },
		{ "smtp_url", "http://x", "smtp_url: is no smtp:// or"
		  " smtps:// URL" },
		{ "smtp_url", "smtp://x", "smtp_sender: is missing and has no"
		  " default" },
		{ "smtp_tls", "maybe", "smtp_tls: is none of: required try"
		  " none" },
	};

	ck_assert_int_ne(fx_open(&adapter_eml, v[_i].key, v[_i].value, NULL),
			 0);
	ck_assert(has(fx_log(), v[_i].log));
}
END_TEST


static Suite *adapter_eml_suite(void)
{
	Suite *suite = suite_create("adapter eml");
	TCase *tc = tcase_create("eml");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, fx_setup, teardown);
	tcase_add_test(tc, a_conversation_is_a_mail);
	tcase_add_test(tc, mails_keep_the_rules);
	tcase_add_test(tc, the_text_tells_who_did_what_when);
	tcase_add_test(tc, nothing_from_outside_becomes_a_header);
	tcase_add_loop_test(tc, a_line_break_forges_no_line, 0, 8);
	tcase_add_loop_test(tc, an_attachment_has_its_name_and_type, 0, 5);
	tcase_add_test(tc, to_is_bounded_and_the_text_names_everybody);
	tcase_add_test(tc, a_file_that_was_lost_is_named);
	tcase_add_loop_test(tc, a_file_is_attached_unless_too_large, 0, 2);
	tcase_add_test(tc, a_long_conversation_is_several_mails);
	tcase_add_test(tc, a_server_gets_all_mails_over_one_connection);
	tcase_add_test(tc, a_connection_has_its_number_of_mails);
	tcase_add_loop_test(tc, an_answer_says_what_becomes_of_the_mail, 0,
			    8);
	tcase_add_test(tc, a_refused_mail_is_set_aside_alone);
	tcase_add_loop_test(tc, a_refused_recipient_is_set_aside_alone, 0, 2);
	tcase_add_test(tc, a_mail_that_was_taken_is_not_sent_again);
	tcase_add_test(tc, a_server_that_is_away_is_tried_again);
	tcase_add_test(tc, a_server_that_does_not_answer_is_tried_again);
	tcase_add_test(tc, a_server_without_tls_gets_nothing);
	tcase_add_loop_test(tc, tls_and_login_go_together, 0, 2);
	tcase_add_loop_test(tc, a_wrong_setting_is_named, 0, 6);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(adapter_eml_suite)
