/**
 * @file tests/scenario/test_kill.c  SIGKILL while everybody is talking
 *
 * Twenty clients on two instances post as fast as they are answered.  Books
 * are kept of every text that was answered 200, or refused, and of what each
 * client heard; at the end history is held against them.
 */
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"


enum {
	USERS = 20,
	TEXTS = 480,                   /* all fit in one history reply     */
};

/* What became of one text */
struct book {
	bool ok;                       /* answered 200                     */
	bool refused;                  /* answered, but not 200            */
	bool unknown;                  /* in flight when the store died    */
	unsigned stored;               /* times in history                 */
};

struct talker {
	struct client *c;
	unsigned no;
	int64_t lastid;                /* highest that it heard            */
	unsigned heard;
	int *heardv;                   /* numbers of the texts, in order   */
};

static struct book bookv[TEXTS];
static struct talker talkerv[USERS];
static unsigned textc, okc, refusedc, goal;
static char *room;
static bool talking;


static void up(void)
{
	char *data = NULL;
	struct mbuf *mb = mbuf_alloc(4096);
	unsigned i;

	(void)mbuf_printf(mb, "{\"users\":[");
	for (i = 0; i < USERS; i++)
		(void)mbuf_printf(mb, "%s{\"uri\":\"sip:u%u@example.net\","
				  "\"enabled\":true}", i ? "," : "", i);
	(void)mbuf_printf(mb, "],\"categories\":[" MAIN "],\"rooms\":["
			  ROOM("Kill") "]}");
	mb->pos = 0;
	(void)mbuf_strdup(mb, &data, mbuf_get_left(mb));

	stage_up(&(struct pool_opts){ .data = data });
	mem_deref(data);
	mem_deref(mb);
}


/* --------------------------------------------------------------- talking */

static void post_next(struct talker *t);


struct posted {
	struct talker *t;
	unsigned text;
};


static void status_handler(uint16_t status, void *arg)
{
	struct posted *posted = arg;
	struct book *book = &bookv[posted->text];
	struct talker *t = posted->t;

	mem_deref(posted);

	book->ok = status == 200;
	book->refused = status && !book->ok;
	okc += book->ok;
	refusedc += book->refused;

	/* a refused one waits for a tick of resume() */
	if (book->ok)
		post_next(t);
	wait_poke();
}


static void post_next(struct talker *t)
{
	struct posted *posted;
	char text[16], *body;

	if (!talking || textc == TEXTS || client_ended(t->c))
		return;

	posted = mem_zalloc(sizeof(*posted), NULL);
	posted->t = t;
	posted->text = textc++;

	(void)re_snprintf(text, sizeof(text), "t%u", posted->text);
	body = xd_grpchat(client_envid(t->c), room, client_user(t->c), text);
	if (client_send(t->c, body, status_handler, posted))
		mem_deref(posted);
	mem_deref(body);
}


/* Number behind "<chat>t"; -1: not a post of ours */
static int text_of(const char *body)
{
	const char *p = strstr(body, "<chat>t");

	return strstr(body, "<grpchat ") && p ? atoi(p + 7) : -1;
}


static bool hear(const char *body, void *arg)
{
	struct talker *t = arg;
	const char *id = strstr(body, "chatId=\"");
	const int text = text_of(body);

	if (text < 0)
		return false;

	ck_assert_int_lt(t->heard, TEXTS);
	ck_assert_int_lt(t->lastid, strtoll(id + 8, NULL, 10));
	t->lastid = strtoll(id + 8, NULL, 10);
	t->heardv[t->heard++] = text;

	return true;
}


static void talker_name(const struct talker *t, char *name, char *epid)
{
	(void)re_snprintf(name, 16, "u%u", t->no);
	(void)re_snprintf(epid, 16, "e%u", t->no);
}


static void gather(void)
{
	unsigned i;

	ck_room(room, pool, "Kill");
	textc = okc = refusedc = 0;
	memset(bookv, 0, sizeof(bookv));

	for (i = 0; i < USERS; i++) {
		struct talker *t = &talkerv[i];
		char name[16], epid[16];

		t->no = i;
		t->heard = 0;
		t->lastid = 0;
		t->heardv = mem_zalloc(TEXTS * sizeof(*t->heardv), NULL);
		talker_name(t, name, epid);
		t->c = chat_open(pool, i & 1, name, epid);
		ck_assert_ptr_nonnull(t->c);
		ck_assert_uint_eq(chat_join(t->c, room, NULL), 200);
		inbox_watch(client_inbox(t->c), hear, t);
	}
}


static bool goal_reached(void *arg)
{
	(void)arg;

	return okc >= goal;
}


static void talk_until(unsigned n)
{
	goal = n;
	ck_assert_int_eq(wait_for(goal_reached, NULL, 30000), 0);
}


static bool has_refused(void *arg)
{
	(void)arg;

	return refusedc > 0;
}


static void start_talking(unsigned first, unsigned step)
{
	unsigned i;

	talking = true;
	for (i = first; i < USERS; i += step)
		post_next(&talkerv[i]);
}


static bool quiet(void *arg)
{
	size_t n = 0;
	unsigned i;

	(void)arg;
	for (i = 0; i < USERS; i++)
		n += client_pending(talkerv[i].c);

	return n == 0;
}


static void stop_talking(void)
{
	talking = false;
	ck_assert_int_eq(wait_for(quiet, NULL, 40000), 0);
}


/* ----------------------------------------------------------------- books */

/* What the room remembers: numbers of the texts, in order */
static int storedv[TEXTS];
static unsigned storedc;


/* By the raw peer: libre takes no message of more than 64 kB */
static void history(void)
{
	struct xd *x = NULL;
	struct raw_dlg d;
	struct raw *r;
	char *data = NULL;
	size_t i, n;

	ck_assert_int_eq(raw_open(&r, pool_inst(pool, 0)->sip_tcp), 0);
	ck_assert_uint_eq(raw_invite(r, &d, SIP("u0"), "books",
				     pool_uri(pool)), 200);
	(void)re_sdprintf(&data, "<chanid domain=\"example.net\" "
			  "value=\"%s\"/>", xd_room_id(room));
	ck_assert_uint_eq(raw_ask(r, &d, "INFO", xd_cmd(1, "join", data)),
			  200);
	(void)re_sdprintf(&data, "<chanib uri=\"%s\"/><bcq><last "
			  "cnt=\"500\"/></bcq>", room);
	ck_assert_uint_eq(raw_ask(r, &d, "INFO",
				  xd_cmd(2, "bccontext", data)), 200);
	ck_assert_int_eq(xd_parse(&x, raw_body(r, "rpl:bccontext")), 0);
	ck_assert_str_eq(xd_str(x, "//resp/@code"), "200");
	(void)raw_ask(r, &d, "BYE", NULL);

	n = xd_count(x, "//msg[starts-with(chat, 't')]");
	ck_assert_uint_le(n, TEXTS);
	for (i = 0; i < n; i++) {
		char path[64];

		(void)re_snprintf(path, sizeof(path), "//msg[starts-with("
				  "chat, 't')][%zu]/chat", i + 1);
		storedv[i] = atoi(xd_str(x, path) + 1);
	}

	storedc = (unsigned)n;
	mem_deref(x);
	mem_deref(r);
}


/* Each text answered 200 once, no refused one, the rest at most once.  Only
   the store knew what became of a commit that it died over: who posted that
   was told 503 when it stayed away, and may find it there all the same */
static void check_history(void)
{
	unsigned i;

	history();
	for (i = 0; i < storedc; i++)
		++bookv[storedv[i]].stored;

	for (i = 0; i < textc; i++) {
		const struct book *b = &bookv[i];

		ck_assert_msg(!b->ok || b->stored == 1,
			      "t%u answered 200, %u times in history, which "
			      "has %u of %u texts, from t%d on", i, b->stored,
			      storedc, textc, storedc ? storedv[0] : -1);
		ck_assert_msg(!b->refused || !b->stored || b->unknown,
			      "t%u was refused and is in history", i);
		ck_assert_msg(b->stored <= 1, "t%u twice in history", i);
	}
}


static bool has_heard(void *arg)
{
	const struct talker *t = arg;

	return t->heard >= storedc;
}


/* What a client heard is what history has, in the same order */
static void check_heard(struct talker *t)
{
	ck_assert_int_eq(wait_for(has_heard, t, CLIENT_MS), 0);
	ck_assert_uint_eq(t->heard, storedc);
	ck_assert_mem_eq(t->heardv, storedv, storedc * sizeof(storedv[0]));
}


/* ------------------------------------------------------------- the tests */

static void come_back(struct talker *t)
{
	char name[16], epid[16];

	(void)client_drop(t->c);
	talker_name(t, name, epid);
	t->c = chat_return(pool, 0, name, epid);
	ck_assert_ptr_nonnull(t->c);
}


START_TEST(nothing_is_lost_when_an_instance_is_killed)
{
	const char *victim = pool_inst(pool, 1)->name;
	unsigned i;

	gather();
	start_talking(0, 1);
	talk_until(100);
	ck_assert_int_eq(pool_kill9(pool, victim), 0);
	talk_until(okc + 100);
	talking = false;

	/* the others see every user of the dead one leave */
	for (i = 1; i < USERS; i += 2)
		ck_assert(chat_notice(talkerv[0].c, "part", room,
				      client_user(talkerv[i].c)));
	for (i = 1; i < USERS; i += 2)
		talkerv[i].c = client_drop(talkerv[i].c);
	stop_talking();

	check_history();
	for (i = 0; i < USERS; i += 2)
		check_heard(&talkerv[i]);

	/* they come back where there is room, and are inside at once */
	for (i = 1; i < USERS; i += 2)
		come_back(&talkerv[i]);
	for (i = 1; i < USERS; i += 2) {
		ck_assert(chat_notice(talkerv[0].c, "join", room,
				      client_user(talkerv[i].c)));
		ck_assert(chat_say(talkerv[i].c, room, "back"));
	}

	ck_assert_int_eq(pool_start(pool, victim), 0);
}
END_TEST


/* Until the store is there again everybody gets 503; then, unasked, 200 */
static void resume(const struct talker *talker)
{
	const uint64_t end = tmr_jiffies() + 30000;

	while (tmr_jiffies() < end) {
		if (chat_post(talker->c, room, "are you there?") == 200)
			return;
	}

	ck_abort_msg("no post was taken within 30 s of the store's return");
}


START_TEST(nothing_is_lost_when_the_store_is_killed)
{
	unsigned i;

	gather();
	start_talking(0, 1);
	talk_until(100);
	for (i = 0; i < TEXTS; i++)
		bookv[i].unknown = i < textc + USERS && !bookv[i].ok &&
				   !bookv[i].refused;
	ck_assert_int_eq(pool_kill9(pool, "store"), 0);
	ck_assert_int_eq(wait_for(has_refused, NULL, 40000), 0);
	stop_talking();

	ck_assert_int_eq(pool_start(pool, "store"), 0);
	resume(&talkerv[0]);
	resume(&talkerv[1]);
	start_talking(0, 1);
	talk_until(okc + 100);
	stop_talking();

	check_history();
	for (i = 0; i < USERS; i++)
		check_heard(&talkerv[i]);
}
END_TEST


static Suite *kill_suite(void)
{
	Suite *suite = suite_create("kill");
	TCase *tc = tcase_create("kill");

	tcase_add_checked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 150);
	tcase_add_test(tc, nothing_is_lost_when_an_instance_is_killed);
	tcase_add_test(tc, nothing_is_lost_when_the_store_is_killed);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(kill_suite)
