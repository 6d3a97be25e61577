/**
 * @file tests/scenario/test_web_rate.c  One visitor does not cost the others
 *
 * Ada begins and never ends, asks without end, opens connection after
 * connection; Bob, from another address, is served.
 */
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/web.h"
#include "tests/support/rawtls.h"
#include "tests/unit/suite.h"

enum { TOKENS = 5, UNFINISHED = 3, CONNECTIONS = 40, TRIES = 400 };

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "],"
	"\"categories\":[{\"name\":\"Main\",\"allowed\":"
	"[\"domain:example.net\"],\"files\":true}],"
	"\"rooms\":[" ROOM("Pieces") "," ROOM("Quota") "," ROOM("Tokens")
	"]}";


static void up(void)
{
	static const char *const setv[] = {
		"files.tokens_max=5", "webfiles.files.unfinished_max=3",
		"webfiles.http.connections_per_address=40",
		"webfiles.files.clean_s=1", "webfiles.http.user_burst=50", "webfiles.http.user_per_min=60",
		NULL,
	};

	web_up(data, setv);
}


/* Some of a file, of which there will be length bytes */
static unsigned piece(struct browser *b, const char *t, const char *room,
		      unsigned n, unsigned offset, unsigned length)
{
	char *body = NULL;
	unsigned status;

	ck_assert_int_eq(re_sdprintf(&body, "<s:Envelope xmlns:s=\"http://"
		"schemas.xmlsoap.org/soap/envelope/\"><s:Body><AppendChunk "
		"xmlns=\"http://www.microsoft.com\"><token>%s</token>"
		"<channelId>%s</channelId><uniqueFilename>%08x-0000-4000-8000-"
		"000000000000.txt</uniqueFilename><fileChunk>QUJD</fileChunk>"
		"<offset>%u</offset><fileLength>%u</fileLength></AppendChunk>"
		"</s:Body></s:Envelope>", t, xd_room_id(room), n, offset,
		length), 0);
	browser_with(b, "SOAPAction: \"http://www.microsoft.com/AppendChunk\"");
	status = browser_put(b, "POST", "text/xml; charset=utf-8", body,
			     strlen(body), false,
			     "/PersistentChat/MGCWebService.asmx");
	mem_deref(body);

	return status;
}


START_TEST(uploads_that_are_not_finished_are_few)
{
	struct client *ada;
	struct browser *b;
	char *room, *t;
	unsigned i;

	ck_room(room, pool, "Pieces");
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	t = web_token(ada, room, "getfutok");
	ck_assert_int_eq(browser_open(&b, pool, 0), 0);

	for (i = 0; i < UNFINISHED; i++)
		ck_status(b, piece(b, t, room, i, 0, 6), 200);
	ck_status(b, piece(b, t, room, 77, 0, 6), 500);
	ck_assert_ptr_nonnull(strstr(browser_text(b), "unfinished"));

	/* one that is finished makes place, and one that is given up */
	ck_status(b, piece(b, t, room, 0, 3, 6), 200);
	ck_status(b, piece(b, t, room, 77, 0, 6), 200);
	ck_status(b, piece(b, t, room, 78, 0, 6), 500);
	web_sql("UPDATE file_piece SET touched_on = now() - interval '2 hours' "
		"RETURNING 1", NULL);
	ck_assert(comes_to(0, "SELECT count(*) FROM file_piece", NULL));
	ck_status(b, piece(b, t, room, 78, 0, 6), 200);
}
END_TEST


START_TEST(uploads_that_are_not_finished_count_against_the_quota)
{
	struct client *ada;
	struct browser *b;
	char *room, *t;

	web_setting("RoomFileQuotaKB", "100");
	web_sql("DELETE FROM file_piece RETURNING 1", NULL);
	ck_room(room, pool, "Quota");
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	t = web_token(ada, room, "getfutok");
	ck_assert_int_eq(browser_open(&b, pool, 0), 0);

	ck_status(b, piece(b, t, room, 1, 0, 60000), 200);
	ck_status(b, piece(b, t, room, 2, 0, 60000), 500);
	ck_assert_ptr_nonnull(strstr(browser_text(b), "no space"));
	/* its own place does not stand in its way */
	ck_status(b, piece(b, t, room, 1, 3, 60000), 200);
	ck_status(b, piece(b, t, room, 3, 0, 6), 200);
	ck_status(b, piece(b, t, room, 3, 3, 6), 200);
	web_setting("RoomFileQuotaKB", NULL);
}
END_TEST


START_TEST(tokens_are_so_many_and_no_more)
{
	struct client *bob;
	char *room, *t;
	int i;

	ck_room(room, pool, "Tokens");
	ck_open(bob, pool, 0, "bob");
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	for (i = 0; i < TOKENS; i++) {
		t = web_token(bob, room, i % 2 ? "getfdtok" : "getfutok");
		ck_assert_ptr_nonnull(t);
		mem_deref(t);
	}
	ck_assert_uint_eq(ask(bob, NULL, "getfutok", "<ftdb channelUri=\"%s\" "
			      "fileUrl=\"f\"/>", room), 413);
	ck_assert_int_eq(number("SELECT count(*) FROM file_token t JOIN "
				"principal p USING (principal_id) WHERE p.key "
				"= 'sip:bob@example.net'", NULL), TOKENS);

	/* those whose time is over do not count */
	web_sql("UPDATE file_token SET expires_on = now() RETURNING 1", NULL);
	t = web_token(bob, room, "getfutok");
	ck_assert_ptr_nonnull(t);
}
END_TEST


START_TEST(who_asks_without_end_is_told_to_wait)
{
	struct browser *ada, *bob;
	unsigned status = 200, n;
	const char *later;

	ck_browser(ada, pool, 1, "ada");
	ck_browser(bob, pool, 1, "bob");
	for (n = 0; n < TRIES && status == 200; n++)
		status = browser_get(ada, "/api/v1/rooms");
	ck_assert_uint_eq(status, 429);
	ck_assert_uint_gt(n, 40);
	later = browser_head(ada, "Retry-After");
	ck_assert_ptr_nonnull(later);
	ck_assert_int_gt(atoi(later), 0);
	ck_assert_ptr_nonnull(strstr(browser_head(ada, "Content-Type"),
				     "application/problem+json"));
	ck_assert_ptr_nonnull(strstr(browser_text(ada),
				     "urn:pchat:problem:rate"));
	ck_status(bob, browser_get(bob, "/api/v1/rooms"), 200);
}
END_TEST


START_TEST(who_opens_connections_without_end_has_so_many)
{
	static struct rawtls *rv[TRIES];
	struct browser *bob;
	size_t i, n = 0;

	for (i = 0; i < TRIES; i++)
		n += !rawtls_open(&rv[i], pool, 1);
	ck_assert_uint_le(n, CONNECTIONS);
	ck_assert_uint_ge(n, CONNECTIONS / 2);

	ck_assert_int_eq(browser_open(&bob, pool, 1), 0);
	browser_from(bob, "127.0.0.2");
	ck_status(bob, browser_get(bob, "/"), 200);
	for (i = 0; i < TRIES; i++)
		mem_deref(rv[i]);
}
END_TEST


static Suite *web_rate_suite(void)
{
	Suite *suite = suite_create("web_rate");
	TCase *tc = tcase_create("web_rate");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, uploads_that_are_not_finished_are_few);
	tcase_add_test(tc, uploads_that_are_not_finished_count_against_the_quota);
	tcase_add_test(tc, tokens_are_so_many_and_no_more);
	tcase_add_test(tc, who_asks_without_end_is_told_to_wait);
	tcase_add_test(tc, who_opens_connections_without_end_has_so_many);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(web_rate_suite)
