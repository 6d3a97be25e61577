/**
 * @file tests/scenario/test_rate.c  One account does not cost the others
 *
 * Mallory asks without end and is answered 503; Bob is served throughout.  A
 * client that signs in to 500 rooms never meets a limit.  Keys are as shipped.
 */
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"

enum {
	ROOMS   = 1100,                /* that a search finds                */
	LIMIT   = 999,                 /* search.limit                       */
	DIALOGS = 16,                  /* session.dialogs_max                */
	TRIES   = 20000,               /* of which some must be refused      */
};


static void up(void)
{
	struct mbuf *mb = mbuf_alloc(65536);
	char *data;
	int i;

	ck_assert_ptr_nonnull(mb);
	(void)mbuf_printf(mb, "{\"users\":[" USER("ada") "," USER("bob") ","
			  USER("mallory") "," USER("mary") "," USER("max") ","
			  USER("mia") "," USER("moe") "," USER("zoe") "],"
			  "\"categories\":[" MAIN "],\"rooms\":[" ROOM("Hall"));
	for (i = 0; i < ROOMS; i++)
		(void)mbuf_printf(mb, "," "{\"name\":\"Room %04d\","
				  "\"category\":\"Main\",\"privacy\":\"open\"}",
				  i);
	for (i = 0; i < 500; i++)
		(void)mbuf_printf(mb, "," "{\"name\":\"Long %04d\","
				  "\"category\":\"Main\",\"privacy\":\"open\","
				  "\"description\":\"%0255d\"}", i, 0);
	(void)mbuf_write_str(mb, "]}");
	mb->pos = 0;
	ck_assert(!mbuf_strdup(mb, &data, mb->end));
	stage_up(&(struct pool_opts){ .instances = 1, .data = data });
	mem_deref(data);
	mem_deref(mb);
}


/* Bob comes, finds, reads and says something */
static void bob_is_served(struct client *bob, const char *room)
{
	struct xd *x = NULL;

	ck_assert(chat_say(bob, room, "still here"));
	ck_assert_int_eq(chat_search(bob, "Hall", &x), 0);
	ck_assert_uint_eq(xd_count(x, "//chanib"), 1);
	mem_deref(x);
	ck_assert_uint_eq(chat_history(bob, room, 5, NULL), 200);
}


static void sign_in(struct raw **rp, struct raw_dlg *d, const char *name)
{
	char user[64];

	ck_assert_int_eq(raw_open(rp, pool_inst(pool, 0)->sip_tcp), 0);
	(void)re_snprintf(user, sizeof(user), "sip:%s@example.net", name);
	ck_assert_uint_eq(raw_invite(*rp, d, user, "loop", pool_uri(pool)),
			  200);
}


/* What a refusal says: when to come again, why, and which limit it was */
static void refused_by(struct raw *r, const char *limit)
{
	char *later = raw_header(raw_answer(r), "Retry-After");
	char *diag = raw_header(raw_answer(r), "Ms-diagnostics");
	char *warn = raw_header(raw_answer(r), "Warning");

	ck_assert_ptr_nonnull(later);
	ck_assert_int_gt(atoi(later), 0);
	ck_assert_ptr_nonnull(diag);
	ck_assert_int_eq(atoi(diag), 20011);
	ck_assert_ptr_nonnull(warn);
	ck_assert_ptr_nonnull(strstr(warn, limit));
	mem_deref(later);
	mem_deref(diag);
	mem_deref(warn);
}


/* The same requests without end until one is refused; so many were taken */
static unsigned loop(const char *name, const char *limit, const char *const *v)
{
	struct raw_dlg d;
	char reply[64];
	struct raw *r;
	unsigned n;

	sign_in(&r, &d, name);
	for (n = 0; n < TRIES; n++) {
		const char *verb = v[(n % 2) ? 2 : 0];
		char *body = xd_cmd(n + 1, verb, v[(n % 2) ? 3 : 1]);
		const uint16_t status = raw_ask(r, &d, "INFO", body);

		mem_deref(body);
		if (status == 503)
			break;
		ck_assert_uint_eq(status, 200);
		/* one at a time, as a client that waits for each reply */
		(void)re_snprintf(reply, sizeof(reply),
				  "commandid seqid=\"1\" envid=\"%u\"", n + 1);
		ck_assert_ptr_nonnull(raw_body(r, reply));
		raw_forget(r);
	}
	ck_assert_uint_lt(n, TRIES);
	refused_by(r, limit);
	mem_deref(r);

	return n;
}


static void attack(const char *name, const char *limit, unsigned most,
		   const char *const *v)
{
	struct client *bob;
	char *room;

	ck_room(room, pool, "Hall");
	ck_open(bob, pool, 0, "bob");
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	ck_assert_uint_lt(loop(name, limit, v), most);
	bob_is_served(bob, room);
	mem_deref(room);
	(void)client_close(bob);
}


START_TEST(who_searches_in_a_loop_is_told_to_wait)
{
	static const char *const v[] = {
		"chansrch", "<qib qtype=\"BYNAME\" criteria=\"\"/>",
		"chansrch", "<qib qtype=\"BYNAME\" criteria=\"\"/>",
	};

	attack("mallory", "rate.search", 100, v);
}
END_TEST


START_TEST(who_enters_and_leaves_in_a_loop_is_told_to_wait)
{
	char *room, join[256], part[256];
	const char *v[] = { "join", join, "part", part };

	ck_room(room, pool, "Room 0001");
	(void)re_snprintf(join, sizeof(join), "<chanid key=\"0\" "
			  "domain=\"example.net\" value=\"%s\"/>",
			  xd_room_id(room));
	(void)re_snprintf(part, sizeof(part), "<chanib uri=\"%s\"/>", room);
	attack("mary", "rate.command", 600, v);
}
END_TEST


START_TEST(who_reads_in_a_loop_is_told_to_wait)
{
	char *room, data[256];
	const char *v[] = { "bccontext", data, "bccontext", data };

	ck_room(room, pool, "Room 0002");
	(void)re_snprintf(data, sizeof(data), "<chanib uri=\"%s\"/><bcq>"
			  "<last cnt=\"25\"/></bcq>", room);
	attack("max", "rate.command", 5000, v);
}
END_TEST


START_TEST(who_asks_for_all_history_in_a_loop_is_told_to_wait)
{
	static const char *const v[] = {
		"bcsearch", "<bcq><text>still</text></bcq>",
		"bcsearch", "<bcq><text>still</text></bcq>",
	};

	attack("mia", "rate.search", 200, v);
}
END_TEST


START_TEST(a_user_has_so_many_dialogs_and_no_more)
{
	struct client *c[DIALOGS], *bob;
	struct client_answer ans;
	char epid[32], *room;
	struct client_conf conf = {
		.user = SIP("moe"), .epid = "one-more",
		.to = pool_uri(pool), .hop = pool_inst(pool, 0)->sip_tcp,
	};
	struct client *more = NULL;
	int i;

	ck_room(room, pool, "Room 0003");
	ck_open(bob, pool, 0, "bob");
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	for (i = 0; i < DIALOGS; i++) {
		(void)re_snprintf(epid, sizeof(epid), "moe%d", i);
		c[i] = chat_open(pool, 0, "moe", epid);
		ck_assert_ptr_nonnull(c[i]);
		ck_assert_uint_eq(chat_join(c[i], room, NULL), 200);
	}
	ck_assert_int_eq(client_open(&more, &conf, &ans), EPROTO);
	ck_assert_uint_eq(ans.status, 503);
	ck_assert_uint_eq(ans.diag, 20009);

	/* the same client again: its lost dialog makes room */
	conf.epid = "moe0";
	ck_assert_int_eq(client_open(&more, &conf, &ans), 0);
	ck_assert_uint_eq(chat_join(c[0], room, NULL), 0);
	ck_assert_uint_eq(chat_join(more, room, NULL), 200);

	bob_is_served(bob, room);
	ck_assert(chat_say(more, room, "it is me"));
	ck_assert_int_ne(chat_hear(bob, room, "it is me"), 0);
}
END_TEST


static bool idle(void *arg)
{
	return !client_pending(arg);
}


static void answered(uint16_t status, void *arg)
{
	unsigned *v = arg;

	++v[status == 200 ? 0 : status == 503 ? 1 : 2];
}


START_TEST(who_posts_without_end_is_told_to_wait)
{
	unsigned v[3] = { 0 };
	struct client *zoe, *bob;
	char *room;
	int i;

	ck_room(room, pool, "Room 0004");
	ck_open(zoe, pool, 0, "zoe");
	ck_open(bob, pool, 0, "bob");
	ck_assert_uint_eq(chat_join(zoe, room, NULL), 200);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	for (i = 0; i < TRIES && !v[1]; i++) {
		char *body = xd_grpchat(client_envid(zoe), room, SIP("zoe"),
					"and another");

		ck_assert_int_eq(client_send(zoe, body, answered, v), 0);
		mem_deref(body);
		if (i % 16 == 0)
			ck_assert_int_eq(wait_for(idle, zoe, CLIENT_MS), 0);
	}
	ck_assert_int_eq(wait_for(idle, zoe, CLIENT_MS), 0);
	ck_assert_uint_gt(v[0], 1000);
	ck_assert_uint_gt(v[1], 0);
	ck_assert_uint_eq(v[2], 0);
	ck_assert(chat_say(bob, room, "a word from me"));
}
END_TEST


/* --------------------------------------------------- what never meets a limit */

/* A command by raw SIP, whose replies may be large; the first of them, valid
   until the next */
static const char *big(struct raw *r, struct raw_dlg *d, uint32_t envid,
		       const char *verb, const char *data)
{
	char *body = xd_cmd(envid, verb, data), part[64];
	const char *text;

	raw_forget(r);
	ck_assert_uint_eq(raw_ask(r, d, "INFO", body), 200);
	(void)re_snprintf(part, sizeof(part),
			  "<commandid seqid=\"1\" envid=\"%u\"/>"
			  "<resp code=\"200\"", envid);
	text = raw_body(r, part);
	ck_assert_ptr_nonnull(text);
	mem_deref(body);

	return text;
}


/* One room after another, as SIPE and Lync read them */
static void read_all(struct raw *r, struct raw_dlg *d, char **roomv, int n)
{
	char data[256];
	int i;

	for (i = 0; i < n; i++) {
		(void)re_snprintf(data, sizeof(data), "<chanib uri=\"%s\"/>"
				  "<bcq><last cnt=\"25\"/></bcq>", roomv[i]);
		(void)big(r, d, 1000 + i, "bccontext", data);
	}
}


START_TEST(a_client_of_five_hundred_rooms_meets_no_limit)
{
	char *data, *roomv[500], name[32];
	struct mbuf *mb = mbuf_alloc(65536);
	struct raw_dlg d;
	struct raw *r;
	int i, again;

	for (i = 0; i < 500; i++) {
		(void)re_snprintf(name, sizeof(name), "Room %04d", i);
		ck_room(roomv[i], pool, name);
		(void)mbuf_printf(mb, "<chanid key=\"%d\" domain=\"example.net\""
				  " value=\"%s\"/>", i, xd_room_id(roomv[i]));
	}
	mb->pos = 0;
	ck_assert_int_eq(mbuf_strdup(mb, &data, mb->end), 0);

	/* twice: it comes back after a failover */
	for (again = 0; again < 2; again++) {
		sign_in(&r, &d, "ada");
		(void)big(r, &d, 1, "getserverinfo", "");
		(void)big(r, &d, 2, "getassociations", "");
		(void)big(r, &d, 3, "getassociations", "");
		ck_assert_ptr_null(strstr(big(r, &d, 4, "bjoin", data),
					  "<fib"));
		(void)big(r, &d, 5, "getinv", "");
		read_all(r, &d, roomv, 500);
		r = mem_deref(r);
	}
}
END_TEST


/* --------------------------------------------------------- sets and lists */

START_TEST(a_room_that_is_named_twice_is_joined_once)
{
	struct client *ada;
	struct xd *x = NULL;
	char *room;

	ck_room(room, pool, "Hall");
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(ask(ada, &x, "bjoin",
		"<chanid key=\"0\" domain=\"example.net\" value=\"%s\"/>"
		"<chanid key=\"1\" domain=\"example.net\" value=\"no-such\"/>"
		"<chanid key=\"2\" domain=\"example.net\" value=\"%s\"/>"
		"<chanid key=\"3\" domain=\"example.net\" value=\"no-such\"/>",
		xd_room_id(room), xd_room_id(room)), 200);
	ck_assert_uint_eq(xd_count(x, "//chanib"), 1);
	ck_assert_uint_eq(xd_count(x, "//fib"), 1);
	ck_assert(chat_say(ada, room, "I am in"));
	mem_deref(x);
}
END_TEST


START_TEST(a_principal_that_is_named_twice_is_on_the_list_once)
{
	struct client *ada;

	stage_sql("INSERT INTO category_creator (category_id, principal_id) "
		  "SELECT c.category_id, p.principal_id FROM category c, "
		  "principal p WHERE c.name = 'Main' AND p.key = "
		  "'sip:ada@example.net' RETURNING 1");
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(ask(ada, NULL, "chancreate",
		"<chanib name=\"Twice\" parent=\"%s\"><members>"
		"<uib uri=\"sip:bob@example.net\"/>"
		"<uib uri=\"sip:BOB@example.net\"/></members><managers>"
		"<uib uri=\"sip:ada@example.net\"/>"
		"<uib uri=\"sip:ada@example.net\"/></managers></chanib>",
		pool_sql(pool, "SELECT 'ma-cat://example.net/' || guid "
			 "FROM category WHERE name = 'Main'", NULL)), 200);
	ck_assert_int_eq(number("SELECT count(*) FROM room_role x JOIN room r "
				"USING (room_id) WHERE r.name = 'Twice'",
				NULL), 2);
}
END_TEST


START_TEST(a_long_list_comes_in_parts_up_to_its_limit)
{
	static const char body[] = "<qib qtype=\"BYNAME\" criteria=\"Room\"/>";
	const char *part = NULL;
	struct raw_dlg d;
	struct raw *r;
	size_t n = 0, parts = 0;
	char *cmd = xd_cmd(77, "chansrch", body);

	sign_in(&r, &d, "bob");
	ck_assert_uint_eq(raw_ask(r, &d, "INFO", cmd), 200);
	/* the last one says that there are more rooms than the limit */
	part = raw_body(r, "<data more=\"true\">");
	ck_assert_ptr_nonnull(part);
	parts = raw_count(r, "<data continued=\"true\">");
	ck_assert_uint_ge(parts, 1);
	ck_assert_uint_eq(raw_count(r, "envid=\"77\""), parts + 1);

	for (part = NULL; n <= LIMIT; n++) {
		char name[32];

		(void)re_snprintf(name, sizeof(name), "name=\"Room %04zu\"",
				  n);
		if (raw_count(r, name) != 1)
			break;
	}
	ck_assert_uint_eq(n, LIMIT);
	mem_deref(r);
	mem_deref(cmd);
}
END_TEST


START_TEST(a_join_of_many_rooms_comes_in_parts)
{
	struct mbuf *mb = mbuf_alloc(65536);
	struct raw_dlg d;
	struct raw *r;
	char *data, *cmd;
	int i;

	for (i = 0; i < 500; i++) {
		char name[32], *room;

		(void)re_snprintf(name, sizeof(name), "Long %04d", i);
		ck_room(room, pool, name);
		(void)mbuf_printf(mb, "<chanid key=\"%d\" domain=\"example.net\""
				  " value=\"%s\"/>", i, xd_room_id(room));
		mem_deref(room);
	}
	mb->pos = 0;
	ck_assert_int_eq(mbuf_strdup(mb, &data, mb->end), 0);
	cmd = xd_cmd(9, "bjoin", data);
	sign_in(&r, &d, "bob");
	ck_assert_uint_eq(raw_ask(r, &d, "INFO", cmd), 200);
	ck_assert_ptr_nonnull(raw_body(r, "Long 0499"));
	ck_assert_uint_ge(raw_count(r, "<data continued=\"true\">"), 1);
	ck_assert_uint_eq(raw_count(r, "<fib"), 0);
	for (i = 0; i < 500; i++) {
		char name[32];

		(void)re_snprintf(name, sizeof(name), "name=\"Long %04d\"", i);
		ck_assert_uint_eq(raw_count(r, name), 1);
	}
	mem_deref(r);
}
END_TEST


START_TEST(history_that_does_not_fit_says_so)
{
	char *room, data[256], *text = mem_zalloc(7001, NULL);
	struct client *ada;
	struct raw_dlg d;
	struct raw *r;
	const char *said;
	int i;

	ck_room(room, pool, "Room 0005");
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	memset(text, 'x', 7000);
	for (i = 0; i < 40; i++)
		ck_assert_uint_eq(chat_post(ada, room, text), 200);

	sign_in(&r, &d, "bob");
	(void)re_snprintf(data, sizeof(data), "<chanib uri=\"%s\"/>"
			  "<bcq><last cnt=\"10\"/></bcq>", room);
	said = big(r, &d, 1, "bccontext", data);
	ck_assert_ptr_null(strstr(said, "more="));
	(void)re_snprintf(data, sizeof(data), "<chanib uri=\"%s\"/>"
			  "<bcq><last cnt=\"40\"/></bcq>", room);
	said = big(r, &d, 2, "bccontext", data);
	ck_assert_ptr_nonnull(strstr(said, " more=\"true\">"));
	ck_assert_ptr_null(strstr(said, "chatId=\"1\""));
	ck_assert_ptr_nonnull(strstr(said, "chatId=\"40\""));
	mem_deref(r);
}
END_TEST


static Suite *rate_suite(void)
{
	Suite *suite = suite_create("rate");
	TCase *tc = tcase_create("rate");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, who_searches_in_a_loop_is_told_to_wait);
	tcase_add_test(tc, who_enters_and_leaves_in_a_loop_is_told_to_wait);
	tcase_add_test(tc, who_reads_in_a_loop_is_told_to_wait);
	tcase_add_test(tc, who_asks_for_all_history_in_a_loop_is_told_to_wait);
	tcase_add_test(tc, a_user_has_so_many_dialogs_and_no_more);
	tcase_add_test(tc, who_posts_without_end_is_told_to_wait);
	tcase_add_test(tc, a_client_of_five_hundred_rooms_meets_no_limit);
	tcase_add_test(tc, a_room_that_is_named_twice_is_joined_once);
	tcase_add_test(tc, a_principal_that_is_named_twice_is_on_the_list_once);
	tcase_add_test(tc, a_long_list_comes_in_parts_up_to_its_limit);
	tcase_add_test(tc, a_join_of_many_rooms_comes_in_parts);
	tcase_add_test(tc, history_that_does_not_fit_says_so);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(rate_suite)
