/**
 * @file tests/scenario/test_message.c  Messages removed, replaced, retained,
 *                                      held, and reads on record
 *
 *   ada        channel-1        store        pchatctl
 *    | post ---->|------------->|              |
 *    |           |              |<- replace ---|  slice by slice
 *    | bccontext>|------------->|              |
 *    |<- notice -|              |              |
 *
 * Spec: product.md A.5, protocol.md 4.20.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <libpq-fe.h>
#include "tests/scenario/stage.h"
#include "tests/scenario/tool.h"
#include "tests/unit/suite.h"


#define NOTICE "This message was removed by an administrator."

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "],\"categories\":[" MAIN
	"],\"rooms\":[" ROOM("Words") "," ROOM("Gone") "," ROOM("Held") ","
	ROOM("Old") "," ROOM("Kept") "," ROOM("Busy") "," ROOM("Read") ","
	ROOM("Slow") "]}";


static void up(void)
{
	static const char *const setv[] = { "retention.interval_s=1", NULL };
	const struct pool_opts opts = { .data = data, .setv = setv };

	stage_up(&opts);
}


static const char *history(struct client *c, const char *room)
{
	return texts(c, "bccontext", room, "<bcq><last cnt=\"25\"/></bcq>");
}


/* ada and bob in a room, on the two instances */
static char *both(struct client **ada, struct client **bob, const char *title)
{
	char *room;

	ck_open(*ada, pool, 0, "ada");
	ck_open(*bob, pool, 1, "bob");
	ck_room(room, pool, title);
	ck_assert_uint_eq(chat_join(*ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(*bob, room, NULL), 200);

	return room;
}


START_TEST(history_shows_the_notice_in_place_of_the_text)
{
	struct client *ada, *bob;
	char *room = both(&ada, &bob, "Words");

	ck_assert(chat_say(ada, room, "before"));
	ck_assert(chat_say(ada, room, "a great secret"));
	ck_assert(chat_say(bob, room, "what secret?"));
	stage_indexed();
	ck_tool(pool, "message replace --words secret "
				  "--user sip:ada@example.net");

	ck_assert_str_eq(history(ada, room), "before," NOTICE ",what secret?,");
	ck_assert_str_eq(history(bob, room), "before," NOTICE ",what secret?,");
	ck_assert_str_eq(texts(bob, "bcsearch", room, "<bcq text=\"great\"/>"),
			 "");
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq text=\"secret\"/>"
			       ), "what secret?,");
	ck_assert(chat_say(ada, room, "after"));
	ck_assert_int_eq(chat_hear(bob, room, "after"), 4);
	(void)client_close(ada);
	(void)client_close(bob);
}
END_TEST


START_TEST(what_was_removed_is_in_no_history_and_no_search)
{
	struct client *ada, *bob;
	char *room = both(&ada, &bob, "Gone");

	ck_assert(chat_say(ada, room, "one"));
	ck_assert(chat_say(ada, room, "oops two"));
	ck_assert(chat_say(ada, room, "three"));
	/* in the index or not yet */
	ck_tool(pool, "message remove --words oops");

	ck_assert_str_eq(history(bob, room), "one,three,");
	stage_indexed();
	ck_assert_str_eq(texts(bob, "bcsearch", room, "<bcq text=\"two\"/>"),
			 "");
	ck_tool(pool, "room clear Gone --before 2999-01-01");
	ck_assert_str_eq(history(ada, room), "");
	/* ids go on */
	ck_assert_int_eq(chat_post(ada, room, "four"), 200);
	ck_assert_int_eq(chat_hear(bob, room, "four"), 4);
	(void)client_close(ada);
	(void)client_close(bob);
}
END_TEST


START_TEST(held_messages_stay)
{
	struct client *ada, *bob;
	char *room = both(&ada, &bob, "Held");

	ck_assert(chat_say(ada, room, "ada's"));
	ck_assert(chat_say(bob, room, "bob's"));
	ck_tool(pool, "hold create Case --user "
				  "sip:bob@example.net");
	ck_tool(pool, "message remove --room Held");
	ck_assert_str_eq(history(ada, room), "bob's,");
	ck_tool(pool, "hold lift Case");
	ck_tool(pool, "message remove --room Held");
	ck_assert_str_eq(history(ada, room), "");
	(void)client_close(ada);
	(void)client_close(bob);
}
END_TEST


START_TEST(what_is_past_its_retention_goes_by_itself)
{
	static const char left[] = "SELECT count(*) FROM message m JOIN room r"
		" USING (room_id) WHERE r.name = $1";
	struct client *ada, *bob;
	char *room = both(&ada, &bob, "Old"), *kept;

	ck_room(kept, pool, "Kept");
	ck_assert_uint_eq(chat_join(ada, kept, NULL), 200);
	ck_assert(chat_say(ada, room, "long ago"));
	ck_assert(chat_say(ada, kept, "long ago"));
	stage_sql("WITH old AS (UPDATE message SET ts = ts - "
		  "interval '8 days' WHERE chat = 'long ago' RETURNING 1) "
		  "SELECT count(*) FROM old");
	ck_assert(chat_say(ada, room, "today"));
	ck_tool(pool, "hold create Litigation --room Kept");
	stage_sql("UPDATE category SET retention_d = 7 "
		  "RETURNING 1");

	ck_assert(comes_to(1, left, "Old"));
	ck_assert_str_eq(history(bob, room), "today,");
	ck_assert_str_eq(history(ada, kept), "long ago,");

	ck_tool(pool, "hold lift Litigation");
	ck_assert(comes_to(0, left, "Kept"));
	ck_assert_str_eq(history(ada, kept), "");
	(void)client_close(ada);
	(void)client_close(bob);
}
END_TEST


/* The slice has done its work and not committed: it holds what it locks */
START_TEST(a_removal_under_way_delays_no_post_and_no_history)
{
	struct client *ada, *bob;
	char *room = both(&ada, &bob, "Busy");
	PGconn *pg = PQconnectdb(pool_store(pool));
	PGresult *res;

	ck_assert(chat_say(ada, room, "one"));
	ck_assert(chat_say(ada, room, "two"));
	PQclear(PQexec(pg, "BEGIN"));
	res = PQexec(pg, "SELECT gone FROM message_sweep('{\"action\": "
		"\"remove\", \"words\": \"one\", \"match\": 1, \"case\": "
		"false}', 0, 0, 1000, false)");
	ck_assert_str_eq(PQgetvalue(res, 0, 0), "1");
	PQclear(res);

	ck_assert(chat_say(ada, room, "three"));
	ck_assert_int_eq(chat_hear(bob, room, "three"), 3);
	ck_assert_str_eq(history(bob, room), "one,two,three,");

	PQclear(PQexec(pg, "COMMIT"));
	PQfinish(pg);
	ck_assert_str_eq(history(bob, room), "two,three,");
	(void)client_close(ada);
	(void)client_close(bob);
}
END_TEST


#define READS "SELECT count(*) FROM outbox b JOIN room r USING (room_id) " \
	"JOIN principal p ON p.principal_id = b.author_id WHERE b.kind = 2 " \
	"AND b.session IS NOT NULL AND p.key = 'sip:ada@example.net' AND " \
	"r.name = 'Read' AND b.body @> $1::jsonb"


START_TEST(every_read_is_on_record_with_what_was_read)
{
	struct client *ada;
	char *room;

	ck_room(room, pool, "Read");
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	(void)history(ada, room);
	ck_assert(chat_say(ada, room, "apple"));
	ck_assert(chat_say(ada, room, "pear"));
	ck_assert(chat_say(ada, room, "apple pie"));
	stage_indexed();
	ck_assert_int_eq(number(READS, "{}"), 0);

	stage_sql("SELECT compliance_enable(true)");
	(void)history(ada, room);
	ck_assert_int_eq(number(READS, "{\"command\": \"bccontext\", \"ids\":"
		" [[1, 3]], \"asked\": {\"limit\": 25}}"), 1);
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq text=\"apple\"/>"),
			 "apple,apple pie,");
	ck_assert_int_eq(number(READS, "{\"command\": \"bcsearch\", \"ids\": "
		"[[1, 1], [3, 3]], \"asked\": {\"words\": \"apple\", "
		"\"match\": \"any\"}}"), 1);
	ck_assert_str_eq(texts(ada, "bcsearch", room, "<bcq text=\"plum\"/>"),
			 "");
	ck_assert_int_eq(number(READS, "{\"ids\": [], \"asked\": {\"words\": "
				"\"plum\"}}"), 1);
	ck_assert_int_eq(chat_ask(ada, "bcsearch", NULL,
				  "<bcq text=\"nowhere\"/>"), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM outbox WHERE kind = 2 "
		"AND room_id IS NULL AND body -> 'asked' ->> 'words' = $1",
		"nowhere"), 1);

	stage_sql("SELECT compliance_enable(false)");
	(void)history(ada, room);
	ck_assert_int_eq(number(READS, "{\"command\": \"bccontext\"}"), 1);
	(void)client_close(ada);
}
END_TEST


START_TEST(a_read_is_not_answered_before_it_is_on_record)
{
	struct client *ada;
	char *room, *body, *reply = NULL, part[64];
	uint32_t envid;
	PGconn *pg;

	ck_room(room, pool, "Slow");
	ck_open(ada, pool, 1, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert(chat_say(ada, room, "hidden"));
	stage_sql("SELECT compliance_enable(true)");

	pg = PQconnectdb(pool_store(pool));
	PQclear(PQexec(pg, "BEGIN; LOCK TABLE outbox"));
	envid = client_envid(ada);
	(void)re_snprintf(part, sizeof(part),
			  "<commandid seqid=\"1\" envid=\"%u\"", envid);
	(void)re_sdprintf(&body, "<chanib uri=\"%s\"/><bcq><last "
			  "cnt=\"25\"/></bcq>", room);
	body = xd_cmd(envid, "bccontext", body);
	ck_assert_uint_eq(client_info(ada, body), 200);
	ck_assert(comes_to(1, "SELECT count(*) FROM pg_stat_activity WHERE "
		"wait_event_type = 'Lock' AND application_name = 'pchat-read'",
		NULL));
	ck_assert_uint_eq(inbox_count(client_inbox(ada), part), 0);

	PQclear(PQexec(pg, "COMMIT"));
	PQfinish(pg);
	ck_assert_int_eq(inbox_expect(client_inbox(ada), part, CLIENT_MS,
				      &reply), 0);
	ck_assert_ptr_nonnull(strstr(reply, "hidden"));
	ck_assert_int_eq(number("SELECT count(*) FROM outbox WHERE kind = 2 "
		"AND body -> 'ids' = $1::jsonb", "[[1, 1]]"), 1);
	stage_sql("SELECT compliance_enable(false)");
	(void)client_close(ada);
}
END_TEST


static Suite *message_suite(void)
{
	Suite *suite = suite_create("message");
	TCase *tc = tcase_create("message");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, history_shows_the_notice_in_place_of_the_text);
	tcase_add_test(tc, what_was_removed_is_in_no_history_and_no_search);
	tcase_add_test(tc, held_messages_stay);
	tcase_add_test(tc, what_is_past_its_retention_goes_by_itself);
	tcase_add_test(tc,
		       a_removal_under_way_delays_no_post_and_no_history);
	tcase_add_test(tc, every_read_is_on_record_with_what_was_read);
	tcase_add_test(tc, a_read_is_not_answered_before_it_is_on_record);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(message_suite)
