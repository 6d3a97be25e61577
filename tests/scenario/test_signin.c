/**
 * @file tests/scenario/test_signin.c  Coming in: SIP, and the first commands
 *
 *   client                             pool
 *     | INVITE  -------------------->   |   lookup dialog, SIPE only
 *     |   <-- 200 Session-Expires       |
 *     | INFO requri ---------------->   |
 *     |   <-- INFO rpl:requri           |
 *     | BYE ------------------------>   |
 *     | INVITE  -------------------->   |
 *     | INFO bjoin, INFO getinv ---->   |   back to back
 *     |   <-- INFO rpl:bjoin, rpl:getinv
 *     | INFO bccontext ------------->   |
 */
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"


static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") ","
	"{\"uri\":\"sip:mal@example.net\",\"enabled\":false}],"
	"\"categories\":[" MAIN "],"
	"\"rooms\":[" ROOM("Releases") ","
	"{\"name\":\"Core\",\"category\":\"Main\",\"privacy\":\"closed\","
	"\"members\":[\"sip:ada@example.net\"],"
	"\"managers\":[\"sip:bob@example.net\"]}]}";


static void up(void)
{
	const struct pool_opts opts = { .instances = 1, .data = data };

	stage_up(&opts);
}


static struct raw *raw_peer(void)
{
	struct raw *r;

	ck_assert_int_eq(raw_open(&r, pool_inst(pool, 0)->sip_tcp), 0);

	return r;
}


static uint16_t try_user(const char *user, struct client_answer *ans)
{
	const struct client_conf conf = {
		.user = user, .epid = "e1", .to = pool_uri(pool),
		.hop = pool_inst(pool, 0)->sip_tcp
	};
	struct client *c = NULL;

	memset(ans, 0, sizeof(*ans));
	(void)client_open(&c, &conf, ans);
	(void)client_close(c);

	return ans->status;
}


START_TEST(the_200_to_invite_names_the_client_as_refresher)
{
	struct client_answer ans;

	ck_assert_uint_eq(try_user("sip:ada@example.net", &ans), 200);
	ck_assert_uint_eq(ans.expires_s, 300);
	ck_assert(ans.refresher_uac);
}
END_TEST


START_TEST(who_is_not_enabled_is_refused_at_the_invite)
{
	struct client_answer ans;

	ck_assert_uint_eq(try_user("sip:mal@example.net", &ans), 403);
	ck_assert_uint_eq(ans.diag, 20010);
}
END_TEST


START_TEST(who_is_unknown_is_refused_at_the_invite)
{
	struct client_answer ans;

	ck_assert_uint_eq(try_user("sip:nobody@example.net", &ans), 403);
	ck_assert_uint_eq(ans.diag, 20010);
}
END_TEST


START_TEST(an_identity_is_compared_without_regard_to_case)
{
	struct client_answer ans;

	ck_assert_uint_eq(try_user("sip:Ada@EXAMPLE.net", &ans), 200);
}
END_TEST


/* protocol.md 2.14 */
START_TEST(sipe_comes_in_with_two_dialogs)
{
	struct raw *r = raw_peer();
	struct raw_dlg look, d;
	struct xd *x = NULL;
	char *room, *body, *data_, *expires;

	ck_room(room, pool, "Releases");
	ck_assert_uint_eq(raw_invite(r, &look, SIP("ada"), "5f1e",
				     pool_uri(pool)), 200);
	expires = raw_header(raw_answer(r), "Session-Expires");
	ck_assert_str_eq(expires, "300;refresher=uac");

	body = xd_cmd(4294967295u, "requri", NULL);
	ck_assert_uint_eq(raw_ask(r, &look, "INFO", body), 200);
	ck_assert_int_eq(xd_parse(&x, raw_body(r, "rpl:requri")), 0);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/data/uib/@uri"),
			 pool_uri(pool));
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/commandid/@envid"),
			 "4294967295");
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/resp"), "SUCCESS_OK");
	ck_assert_uint_eq(raw_ask(r, &look, "BYE", NULL), 200);

	ck_assert_uint_eq(raw_invite(r, &d, SIP("ada"), "5f1e",
				     pool_uri(pool)), 200);
	(void)re_sdprintf(&data_, "<chanid key=\"0\" domain=\"example.net\" "
			  "value=\"%s\"/><chanid key=\"1\" "
			  "domain=\"example.net\" value=\"300\"/>",
			  xd_room_id(room));
	(void)raw_request(r, &d, "INFO", xd_cmd(0, "bjoin", data_), false);
	(void)raw_request(r, &d, "INFO", xd_cmd(1, "getinv", "<inv "
			  "inviteId=\"1\" domain=\"example.net\"/>"), false);
	ck_assert_uint_eq(raw_status(r, 3, "INFO"), 200);

	x = mem_deref(x);
	ck_assert_int_eq(xd_parse(&x, raw_body(r, "rpl:bjoin")), 0);
	ck_assert_int_eq(xd_num(x, "/xccos/rpl/resp/@code"), 200);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/data/chanib/@uri"), room);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/data/fib/@key"),
			 "OPERATION_FAILED");
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/data/fib/@value"), "300");
	ck_assert_ptr_nonnull(raw_body(r, "rpl:getinv"));

	(void)re_sdprintf(&data_, "<chanib uri=\"%s\"/><bcq><last "
			  "cnt=\"25\"/></bcq>", room);
	ck_assert_uint_eq(raw_ask(r, &d, "INFO",
				  xd_cmd(2, "bccontext", data_)), 200);
	ck_assert_ptr_nonnull(raw_body(r, "rpl:bccontext"));

	ck_assert_uint_eq(raw_ask(r, &d, "UPDATE", NULL), 200);
	expires = raw_header(raw_answer(r), "Session-Expires");
	ck_assert_str_eq(expires, "300;refresher=uac");
	ck_assert_uint_eq(raw_ask(r, &d, "BYE", NULL), 200);
}
END_TEST


/* protocol.md 1.1 */
START_TEST(lync_comes_in_with_one_dialog)
{
	struct client *c;
	struct xd *x = NULL;
	char *room;

	ck_room(room, pool, "Releases");
	ck_open(c, pool, 0, "ada");

	ck_assert_int_eq(chat_ask(c, "getserverinfo", &x, "<sib domain="
				  "\"example.net\" infoType=\"123\"/>"), 0);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/@id"), "rpl:getserverinfo");
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/data/sib/@infoType"), "123");
	ck_assert_int_eq(xd_num(x, "/xccos/rpl/data/sib/@searchLimit"), 999);
	ck_assert_int_eq(xd_num(x, "/xccos/rpl/data/sib/@messageSizeLimit"),
			 8000);
	ck_assert_uint_eq(strlen(xd_str(x, "/xccos/rpl/data/sib/@serverTime")),
			  strlen("2013-05-14T14:26:17.6206356Z"));
	ck_assert(!strncmp(xd_str(x, "/xccos/rpl/data/sib/@rootUri"),
			   "ma-cat://example.net/", 21));

	ck_assert_int_eq(chat_ask(c, "getassociations", &x, "<association "
				  "domain=\"example.net\" type=\"MEMBER\" "
				  "maxResults=\"500\"/>"), 0);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/chanib"), 1);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/data/chanib/@name"), "Core");

	ck_assert_int_eq(chat_ask(c, "getassociations", &x, "<association "
				  "domain=\"example.net\" type=\"MANAGER\" "
				  "maxResults=\"500\"/>"), 0);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/chanib"), 0);

	ck_assert_int_eq(chat_ask(c, "bjoin", &x, "<chanid key=\"0\" domain="
				  "\"example.net\" value=\"%s\"/>",
				  xd_room_id(room)), 0);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/data/chanib/@name"),
			 "Releases");
	ck_assert_int_eq(chat_mask(x, SIP("ada")), 3456);
	ck_assert_uint_eq(chat_history(c, room, 25, NULL), 200);
	ck_assert_int_eq(chat_ask(c, "getinv", &x, "<inv inviteId=\"0\" "
				  "domain=\"example.net\"/>"), 0);
	(void)client_close(c);
}
END_TEST


START_TEST(a_manager_finds_what_he_manages)
{
	struct client *c;
	struct xd *x = NULL;

	ck_open(c, pool, 0, "bob");
	ck_assert_int_eq(chat_ask(c, "getassociations", &x, "<association "
				  "type=\"MANAGER\"/>"), 0);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/data/chanib/@name"), "Core");
	(void)client_close(c);
}
END_TEST


START_TEST(the_old_name_of_the_service_leads_here_too)
{
	struct raw *r = raw_peer();
	struct raw_dlg d;
	char *msg, *from;

	ck_assert_uint_eq(raw_invite(r, &d, SIP("ada"), "e2",
				     "sip:ocschat@example.net"), 200);
	(void)raw_request(r, &d, "INFO", xd_cmd(7, "requri", NULL), false);

	do {
		ck_assert_int_eq(raw_read(r, RAW_MS, &msg), 0);
	} while (strncmp(msg, "INFO ", 5));

	from = raw_header(msg, "From");
	ck_assert_ptr_nonnull(strstr(from, "<sip:ocschat@example.net>"));
	ck_assert_ptr_nonnull(strstr(raw_header(msg, "To"), "epid=e2"));
	ck_assert_ptr_nonnull(strstr(msg, "\r\nContent-Type: text/plain\r\n"));
	ck_assert_ptr_nonnull(strstr(msg, "sip:ocschat@example.net\"/>"));
}
END_TEST


START_TEST(commands_under_way_are_answered_in_order)
{
	struct raw *r = raw_peer();
	struct raw_dlg d;
	unsigned i;

	ck_assert_uint_eq(raw_invite(r, &d, SIP("bob"), "e3",
				     pool_uri(pool)), 200);
	for (i = 0; i < 20; i++)
		(void)raw_request(r, &d, "INFO",
				  xd_cmd(1000 + i, "chansrch", "<qib qtype="
				  "\"BYNAME\" criteria=\"\" "
				  "extended=\"false\"/>"), false);

	for (i = 0; i < 20; i++) {

		char part[32];

		(void)re_snprintf(part, sizeof(part), "envid=\"%u\"",
				  1000 + i);
		ck_assert_ptr_nonnull(raw_body(r, part));
		(void)re_snprintf(part, sizeof(part), "envid=\"%u\"",
				  1001 + i);
		ck_assert_uint_eq(raw_count(r, "rpl:chansrch"), i + 1);
	}
}
END_TEST


START_TEST(an_info_that_overtakes_the_ack_counts_as_ack)
{
	struct raw *r = raw_peer();
	struct raw_dlg d;

	ck_assert_uint_eq(raw_invite(r, &d, SIP("ada"), "e4",
				     pool_uri(pool)), 200);
	d.cseq = 0;                    /* below the INVITE's, as SIPE may */
	ck_assert_uint_eq(raw_ask(r, &d, "INFO", xd_cmd(1, "requri", NULL)),
			  200);
}
END_TEST


START_TEST(requests_in_no_dialog_get_481_and_a_probe_gets_200)
{
	struct raw *r = raw_peer();
	struct raw_dlg d;

	ck_assert_uint_eq(raw_invite(r, &d, SIP("ada"), "e5",
				     pool_uri(pool)), 200);
	d.ttag[0] ^= 1;
	ck_assert_uint_eq(raw_ask(r, &d, "INFO", xd_cmd(1, "requri", NULL)),
			  481);
	ck_assert_uint_eq(raw_ask(r, &d, "UPDATE", NULL), 481);
	ck_assert_uint_eq(raw_ask(r, &d, "BYE", NULL), 481);

	d.ttag[0] ^= 1;
	ck_assert_uint_eq(raw_ask(r, &d, "BYE", NULL), 200);
	ck_assert_uint_eq(raw_ask(r, &d, "INFO", xd_cmd(1, "requri", NULL)),
			  481);

	(void)raw_write(r, "\r\n\r\nOPTIONS sip:probe SIP/2.0\r\n"
			"Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK1\r\n"
			"From: <sip:probe@example.net>;tag=1\r\n"
			"To: <sip:probe>\r\nCall-ID: probe\r\n"
			"CSeq: 10 OPTIONS\r\nContent-Length: 0\r\n\r\n");
	ck_assert_uint_eq(raw_status(r, 10, "OPTIONS"), 200);
}
END_TEST


START_TEST(an_unknown_command_is_answered_501_by_its_own_name)
{
	struct client *c;
	struct xd *x = NULL;

	ck_open(c, pool, 0, "ada");
	ck_assert_int_eq(chat_ask(c, "frobnicate", &x, "<x/>"), 0);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/@id"), "rpl:frobnicate");
	ck_assert_int_eq(xd_num(x, "/xccos/rpl/resp/@code"), 501);
	(void)client_close(c);
}
END_TEST


START_TEST(two_commands_in_one_envelope_get_two_replies)
{
	struct client *c;
	char *one = NULL, *two = NULL;

	ck_open(c, pool, 0, "ada");
	ck_assert_uint_eq(client_info(c,
		"<xccos ver=\"1\" envid=\"77\" xmlns=\"urn:parlano:xml:ns:"
		"xccos\"><cmd id=\"cmd:requri\" seqid=\"1\"><data/></cmd>"
		"<cmd id=\"cmd:getinv\" seqid=\"2\"><data><inv inviteId=\"1\""
		" domain=\"example.net\"/></data></cmd></xccos>"), 200);
	ck_assert_int_eq(inbox_expect(client_inbox(c), "rpl:requri",
				      CLIENT_MS, &one), 0);
	ck_assert_int_eq(inbox_expect(client_inbox(c), "rpl:getinv",
				      CLIENT_MS, &two), 0);
	ck_assert_ptr_nonnull(strstr(one, "<commandid seqid=\"1\" "
				     "envid=\"77\""));
	ck_assert_ptr_nonnull(strstr(two, "<commandid seqid=\"2\" "
				     "envid=\"77\""));
	(void)client_close(c);
}
END_TEST


START_TEST(provisioning_tells_who_may_come_and_where)
{
	struct raw *r = raw_peer();
	char property[160];

	ck_assert_uint_eq(raw_provision(r, "ada", 1), 200);
	ck_assert_ptr_nonnull(raw_header(raw_answer(r), "ms-piggyback-cseq"));
	ck_assert_ptr_nonnull(strstr(raw_answer(r), "<provisionGroup name="
				     "\"persistentChatConfiguration\""));
	ck_assert_ptr_nonnull(strstr(raw_answer(r), "<property name="
				     "\"EnablePersistentChat\">true<"));
	(void)re_snprintf(property, sizeof(property), "<property name="
			  "\"DefaultPersistentChatPoolUri\">%s<",
			  pool_uri(pool));
	ck_assert_ptr_nonnull(strstr(raw_answer(r), property));

	ck_assert_uint_eq(raw_provision(r, "mal", 1), 200);
	ck_assert_ptr_nonnull(strstr(raw_answer(r), "<property name="
				     "\"EnablePersistentChat\">false<"));
}
END_TEST


START_TEST(a_cancelled_invite_ends_one_way_or_the_other)
{
	struct raw *r = raw_peer();
	static const char *const metv[] = { "INVITE", "CANCEL" };
	uint16_t status;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(metv); i++)
		(void)raw_write(r, "%s %s SIP/2.0\r\n"
				"Via: SIP/2.0/TCP 127.0.0.1:9\r\n"
				"From: <sip:ada@example.net>;tag=c;epid=c\r\n"
				"P-Asserted-Identity: <sip:ada@example.net>"
				"\r\n"
				"To: <%s>\r\nCall-ID: cancelled\r\n"
				"CSeq: 1 %s\r\nMax-Forwards: 70\r\n"
				"Contact: <sip:ada@127.0.0.1:9;transport=tcp>"
				"\r\nContent-Length: 0\r\n\r\n",
				metv[i], pool_uri(pool), pool_uri(pool),
				metv[i]);

	status = raw_status(r, 1, "INVITE");
	ck_assert(status == 487 || status == 200);
}
END_TEST


static Suite *signin_suite(void)
{
	Suite *suite = suite_create("signin");
	TCase *tc = tcase_create("signin");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, the_200_to_invite_names_the_client_as_refresher);
	tcase_add_test(tc, who_is_not_enabled_is_refused_at_the_invite);
	tcase_add_test(tc, who_is_unknown_is_refused_at_the_invite);
	tcase_add_test(tc, an_identity_is_compared_without_regard_to_case);
	tcase_add_test(tc, sipe_comes_in_with_two_dialogs);
	tcase_add_test(tc, lync_comes_in_with_one_dialog);
	tcase_add_test(tc, a_manager_finds_what_he_manages);
	tcase_add_test(tc, the_old_name_of_the_service_leads_here_too);
	tcase_add_test(tc, commands_under_way_are_answered_in_order);
	tcase_add_test(tc, an_info_that_overtakes_the_ack_counts_as_ack);
	tcase_add_test(tc,
		       requests_in_no_dialog_get_481_and_a_probe_gets_200);
	tcase_add_test(tc, an_unknown_command_is_answered_501_by_its_own_name);
	tcase_add_test(tc, two_commands_in_one_envelope_get_two_replies);
	tcase_add_test(tc, provisioning_tells_who_may_come_and_where);
	tcase_add_test(tc, a_cancelled_invite_ends_one_way_or_the_other);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(signin_suite)
