/**
 * @file tests/scenario/test_framing.c  Odd messages and strangers at an
 * instance, users beside them
 *
 * A connection of a registrar carries many users.  Whatever one of them sends
 * costs the others nothing, and nobody acts for anybody else.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "tests/support/chat.h"
#include "tests/support/client.h"
#include "tests/support/pool.h"
#include "tests/support/rawsip.h"
#include "tests/unit/suite.h"

#define ADA "sip:ada@example.net"
#define EVE "sip:eve@example.net"

static struct pool *pool;

static const char data[] =
"{\"users\":["
"  {\"uri\":\"" ADA "\",\"display\":\"Ada\"},"
"  {\"uri\":\"" EVE "\",\"display\":\"Eve\"},"
"  {\"uri\":\"sip:bob@example.net\",\"display\":\"Bob\"}],"
" \"groups\":[],"
" \"categories\":[{\"name\":\"All\",\"allowed\":[\"domain:example.net\"]}],"
" \"rooms\":[{\"name\":\"Hall\",\"category\":\"All\",\"privacy\":\"open\"}]}";


static void setup(void)
{
	static const char *const setv[] = { "sip.contact=127.0.0.1",
					    NULL };
	const struct pool_opts opts = { .instances = 1, .data = data,
					.setv = setv };

	ck_assert_int_eq(pool_up(&pool, &opts), 0);
}


static void teardown(void)
{
	pool_down(pool);
	pool = NULL;
}


static struct raw *peer(void)
{
	struct raw *r;

	ck_assert_int_eq(raw_open(&r, pool_inst(pool, 0)->sip_tcp), 0);
	return r;
}


/* "cmd:join" of a room as a body */
static char *join_body(const char *room)
{
	char *body;

	ck_assert_int_eq(re_sdprintf(&body, "<xccos ver=\"1\" envid=\"7\" "
		"xmlns=\"urn:parlano:xml:ns:xccos\"><cmd id=\"cmd:bjoin\" "
		"seqid=\"1\"><data><chanid key=\"0\" domain=\"example.net\" "
		"value=\"%s\"/></data></cmd></xccos>",
		strrchr(room, '/') + 1), 0);
	return body;
}


static char *post_body(const char *room, const char *author, const char *text)
{
	char *body;

	ck_assert_int_eq(re_sdprintf(&body, "<xccos ver=\"1\" envid=\"8\" "
		"xmlns=\"urn:parlano:xml:ns:xccos\"><grpchat id=\"grpchat\" "
		"seqid=\"1\" chanUri=\"%s\" author=\"%s\" "
		"ts=\"2026-11-30T00:00:00Z\"><chat>%s</chat></grpchat>"
		"</xccos>", room, author, text), 0);
	return body;
}


/*
 *   ada, others            instance
 *    |------ INVITE, join -->|
 *    |------ rubbish ------->|
 *    |<----- 400, 505, 513 --|
 *    |------ post ---------->|
 *    |<----- 200 ------------|   same connection, same dialog
 */
START_TEST(rubbish_costs_those_beside_it_nothing)
{
	static const char head[] = "Via: SIP/2.0/TCP h;branch=z9hG4bKr%u\r\n"
		"From: <sip:x@y>;tag=1\r\nTo: <sip:x@y>%s\r\nCall-ID: r%u\r\n"
		"CSeq: %u OPTIONS\r\n%sContent-Length: 2\r\n\r\nxy";
	static const struct { const char *line, *to, *more; uint16_t code; }
	oddv[] = {
		{ "OPTIONS sip:x@y SIP/2.0", "", "", 200 },
		{ "OPTIONS sip:x@y SIP/2.0", "", "no colon\r\n", 400 },
		{ "OPTIONS sip:x@y SIP/4.0", "", "", 505 },
		{ "OPTIONS  sip:x@y SIP/2.0", "", "", 400 },
		{ "OPTIONS sip:x@y SIP/2.0", ";tag=;tag=x", "", 400 },
		{ "OPTIONS sip:x@y SIP/2.0", ";tag", "", 400 },
		{ "OPTIONS sip:x@y SIP/2.0", "", "To: <sip:z@z>\r\n", 400 },
		{ "OPTIONS sip:x@y SIP/2.0", "", "Require: x-odd\r\n", 420 },
	};
	struct raw *r = peer();
	struct raw_dlg d;
	char *room = chat_room(pool, "Hall"), *body = join_body(room);
	char *big = malloc(100001), *vias = calloc(1, 20000);
	uint32_t n;

	ck_assert_uint_eq(raw_invite(r, &d, ADA, "e1", pool_uri(pool)), 200);
	ck_assert_uint_eq(raw_ask(r, &d, "INFO", body), 200);
	ck_assert_ptr_nonnull(raw_body(r, "rpl:bjoin"));
	mem_deref(body);

	for (n = 0; n < ARRAY_SIZE(oddv); n++) {
		(void)raw_write(r, "%s\r\n", oddv[n].line);
		(void)raw_write(r, head, n, oddv[n].to, n, 100 + n,
				oddv[n].more);
		ck_assert_uint_eq(raw_status(r, 100 + n, "OPTIONS"),
				  oddv[n].code);
	}

	memset(big, 'x', 100000);
	memcpy(big, "X: ", 3);
	memcpy(big + 99998, "\r\n", 3);
	(void)raw_write(r, "OPTIONS sip:x@y SIP/2.0\r\n");
	(void)raw_write(r, head, n, "", n, 100 + n, big);
	ck_assert_uint_eq(raw_status(r, 100 + n, "OPTIONS"), 513);

	for (unsigned i = 0; i < 300; i++)
		(void)strcat(vias, "Via: SIP/2.0/TCP hop;branch=z9hG4bKmany\r\n");
	++n;
	(void)raw_write(r, "OPTIONS sip:x@y SIP/2.0\r\n");
	(void)raw_write(r, head, n, "", n, 100 + n, vias);
	ck_assert_uint_eq(raw_status(r, 100 + n, "OPTIONS"), 200);

	body = post_body(room, ADA, "still here");
	ck_assert_uint_eq(raw_ask(r, &d, "INFO", body), 200);
	ck_assert_ptr_nonnull(raw_body(r, "still here"));

	free(vias);
	free(big);
	mem_deref(body);
	mem_deref(room);
	mem_deref(r);
}
END_TEST


/* eve knows all there is to know of ada's dialog, but cannot prove to be ada */
START_TEST(nobody_acts_for_somebody_else)
{
	static const char *const metv[] = { "INFO", "UPDATE", "INVITE", "BYE" };
	static const char *const whov[] = { "",
		"P-Asserted-Identity: <" EVE ">\r\n" };
	struct raw *r = peer(), *eve = peer();
	struct raw_dlg d;
	char *room = chat_room(pool, "Hall"), *body = join_body(room), *post;
	uint32_t n = 1000;

	ck_assert_uint_eq(raw_invite(r, &d, ADA, "e2", pool_uri(pool)), 200);
	ck_assert_uint_eq(raw_ask(r, &d, "INFO", body), 200);
	ck_assert_ptr_nonnull(raw_body(r, "rpl:bjoin"));
	mem_deref(body);

	post = post_body(room, ADA, "forged");
	for (size_t m = 0; m < ARRAY_SIZE(metv); m++) {
		for (size_t w = 0; w < ARRAY_SIZE(whov); w++) {
			++n;
			(void)raw_write(eve, "%s %s SIP/2.0\r\n"
				"Via: SIP/2.0/TCP h;branch=z9hG4bKeve%u\r\n"
				"From: <%s>;tag=%s;epid=e2\r\n"
				"To: <%s>;tag=%s\r\nCall-ID: %s\r\n"
				"CSeq: %u %s\r\nContact: <sip:eve@127.0.0.1:9"
				";transport=tcp>\r\n%s"
				"Content-Type: %s\r\n"
				"Content-Length: %zu\r\n\r\n%s", metv[m],
				d.contact, n, d.user, d.ftag, d.to, d.ttag,
				d.callid, n, metv[m], whov[w],
				m ? "application/sdp" : "text/plain",
				strlen(post), post);
			ck_assert_uint_eq(raw_status(eve, n, metv[m]), 403);
		}
	}
	mem_deref(post);

	/* nothing was said, moved or ended */
	post = post_body(room, ADA, "by ada herself");
	ck_assert_uint_eq(raw_ask(r, &d, "INFO", post), 200);
	ck_assert_ptr_nonnull(raw_body(r, "by ada herself"));
	ck_assert_uint_eq(raw_count(r, "forged"), 0);
	ck_assert_uint_eq(raw_count(eve, "ada"), 0);

	mem_deref(post);
	mem_deref(room);
	mem_deref(eve);
	mem_deref(r);
}
END_TEST


/* An INVITE of an ordinary SIP client; false: refused */
static bool enter_without_epid(struct raw *r, const char *callid, char *to,
			       size_t size)
{
	char *value;

	(void)raw_write(r, "INVITE %s SIP/2.0\r\n"
			"Via: SIP/2.0/TCP h;branch=z9hG4bK%s\r\n"
			"From: \"Bob <b@x>\" <sip:B%%6fb@example.net>;tag=b\r\n"
			"P-Asserted-Identity: <sip:bo%%62@example.net>\r\n"
			"To: <%s>\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\n"
			"Contact: sip:bob@127.0.0.1:9;x=\"<sip:eve@evil>\"\r\n"
			"Content-Length: 0\r\n\r\n", pool_uri(pool), callid,
			pool_uri(pool), callid);
	if (raw_status(r, 1, "INVITE") != 200)
		return false;

	value = raw_header(raw_answer(r), "To");
	str_ncpy(to, value, size);
	mem_deref(value);
	return true;
}


static uint16_t info(struct raw *r, const char *callid, const char *to,
		     uint32_t cseq, const char *type, const char *body)
{
	(void)raw_write(r, "INFO %s SIP/2.0\r\n"
			"Via: SIP/2.0/TCP h;branch=z9hG4bK%s%u\r\n"
			"From: <sip:bob@example.net>;tag=b\r\n"
			"P-Asserted-Identity: <sip:bob@example.net>\r\n"
			"To: %s\r\nCall-ID: %s\r\nCSeq: %u INFO\r\n%s"
			"Content-Length: %zu\r\n\r\n%s", pool_uri(pool),
			callid, cseq, to, callid, cseq, type, strlen(body),
			body);

	return raw_status(r, cseq, "INFO");
}


START_TEST(an_ordinary_client_needs_no_epid)
{
	struct raw *desk = peer(), *phone = peer();
	char to[2][256], *room = chat_room(pool, "Hall");
	char *body = join_body(room), *n;

	ck_assert(enter_without_epid(desk, "desk", to[0], sizeof(to[0])));
	ck_assert(enter_without_epid(phone, "phone", to[1], sizeof(to[1])));
	ck_assert_uint_eq(info(desk, "desk", to[0], 2, "", body), 200);
	ck_assert_uint_eq(info(phone, "phone", to[1], 2, "", body), 200);
	ck_assert_ptr_nonnull(raw_body(desk, "rpl:bjoin"));
	ck_assert_ptr_nonnull(raw_body(phone, "rpl:bjoin"));

	n = pool_sql(pool, "SELECT count(DISTINCT e.epid) FROM endpoint e "
		     "JOIN principal p USING (principal_id) WHERE p.key = $1",
		     "sip:bob@example.net");
	ck_assert_str_eq(n, "2");

	/* one leaves: the other one stays */
	(void)raw_write(desk, "BYE %s SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n"
			"From: <sip:bob@example.net>;tag=b\r\n"
			"P-Asserted-Identity: <sip:bob@example.net>\r\n"
			"To: %s\r\nCall-ID: desk\r\nCSeq: 3 BYE\r\n"
			"Content-Length: 0\r\n\r\n", pool_uri(pool), to[0]);
	ck_assert_uint_eq(raw_status(desk, 3, "BYE"), 200);
	mem_deref(body);
	body = post_body(room, "sip:bob@example.net", "on the phone");
	ck_assert_uint_eq(info(phone, "phone", to[1], 3,
			       "Content-Type: text/plain\r\n", body), 200);
	ck_assert_ptr_nonnull(raw_body(phone, "on the phone"));

	/* and what an INFO may be, is or is not */
	ck_assert_uint_eq(info(phone, "phone", to[1], 4, "", ""), 200);
	ck_assert_uint_eq(info(phone, "phone", to[1], 5,
			       "Content-Type: image/png\r\n", "x"), 415);
	ck_assert_uint_eq(info(phone, "phone", to[1], 6,
			       "Content-Encoding: gzip\r\n", "x"), 415);

	mem_deref(n);
	mem_deref(body);
	mem_deref(room);
	mem_deref(desk);
	mem_deref(phone);
}
END_TEST


static Suite *framing_suite(void)
{
	Suite *suite = suite_create("framing");
	TCase *tc = tcase_create("framing");

	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, rubbish_costs_those_beside_it_nothing);
	tcase_add_test(tc, nobody_acts_for_somebody_else);
	tcase_add_test(tc, an_ordinary_client_needs_no_epid);
	suite_add_tcase(suite, tc);
	return suite;
}
TEST_SUITE(framing_suite)
