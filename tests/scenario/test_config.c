/**
 * @file tests/scenario/test_config.c  Settings in the store, effective at once
 */
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/scenario/tool.h"
#include "tests/unit/suite.h"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "],"
	"\"categories\":[" MAIN "],"
	"\"rooms\":[" ROOM("Hall") "," ROOM("Walk") "]}";


static void up(void)
{
	stage_up(&(struct pool_opts){ .data = data });
}


/* Ask until the server tells this of itself, for five seconds */
static bool told(struct client *c, const char *attr, const char *value)
{
	const uint64_t end = tmr_jiffies() + 5000;
	char path[64];
	bool same = false;

	(void)re_snprintf(path, sizeof(path), "//sib/@%s", attr);
	while (!same && tmr_jiffies() < end) {
		struct xd *x;

		ck_assert_int_eq(chat_ask(c, "getserverinfo", &x,
					  "<sib infoType=\"123\"/>"), 0);
		same = !strcmp(xd_str(x, path), value);
		mem_deref(x);
	}

	return same;
}


START_TEST(every_process_obeys_a_new_setting_without_a_restart)
{
	struct client *c[2];
	unsigned i;

	ck_open(c[0], pool, 0, "ada");
	c[1] = chat_open(pool, 1, "ada", "other");
	ck_assert(told(c[0], "displayName", "Persistent Chat"));

	ck_assert_int_eq(tool_run(pool, "config set displayname 'Trading & more'"),
			 0);
	ck_assert_int_eq(tool_run(pool, "config set MessageSizeLimit 512"), 0);
	for (i = 0; i < 2; i++) {
		ck_assert(told(c[i], "displayName", "Trading & more"));
		ck_assert(told(c[i], "messageSizeLimit", "512"));
	}
}
END_TEST


START_TEST(what_is_removed_is_the_files_again)
{
	struct client *c;

	ck_open(c, pool, 0, "ada");
	ck_assert_int_eq(tool_run(pool, "config set SearchLimit 7"), 0);
	ck_assert(told(c, "searchLimit", "7"));
	ck_assert_int_eq(tool_run(pool, "config remove SearchLimit"), 0);
	ck_assert(told(c, "searchLimit", "999"));
}
END_TEST


START_TEST(the_size_of_a_history_reply_follows_its_setting)
{
	struct client *c;
	struct xd *x;
	char *room;
	int i;

	ck_open(c, pool, 0, "ada");
	ck_room(room, pool, "Hall");
	ck_assert_uint_eq(chat_join(c, room, NULL), 200);
	for (i = 0; i < 4; i++)
		ck_assert(chat_say(c, room, "one of four"));

	ck_assert_int_eq(tool_run(pool, "config set DefaultChatHistory 2"), 0);
	ck_assert_int_eq(tool_run(pool, "config set SearchLimit 500"), 0);
	ck_assert(told(c, "searchLimit", "500"));

	ck_assert_int_eq(chat_ask(c, "bccontext", &x, "<chanib uri=\"%s\"/>"
				  "<bcq/>", room), 0);
	ck_assert_uint_eq(xd_count(x, "//msg"), 2);
	mem_deref(x);
	mem_deref(room);
}
END_TEST


/* The pool's settings one after the other: what clients are told of them, and
   that they are obeyed */
START_TEST(every_setting_is_told_and_obeyed)
{
	static const char longer[] = "0123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890"
		"0123456789012345678901234567890123456789012345678901234567890"
		"0123456789012345678901234567890123456789012345678901234567890"
		"0123456789012345678901234567890123456789012345678901234567890";
	static const struct {
		const char *name, *value, *attr;
	} setv[] = {
		{ "DefaultChatHistory",     "1",          NULL },
		{ "ParticipantUpdateLimit", "1",          NULL },
		{ "MaxFileSizeKB",          "7",          NULL },
		{ "MessageSizeLimit",       "256",        "messageSizeLimit" },
		{ "StorySizeLimit",         "257",        "storySizeLimit" },
		{ "SearchLimit",            "1",          "searchLimit" },
		{ "RoomManagementUrl",      "https://r",  "roomManagementUrl" },
		{ "DisplayName",            "Walkers",    "displayName" },
	};
	struct client *c[2];
	struct raw *r;
	struct xd *x;
	char *room, *size;
	size_t i;

	ck_open(c[0], pool, 0, "ada");
	ck_open(c[1], pool, 1, "bob");
	ck_room(room, pool, "Walk");
	ck_assert_uint_eq(chat_join(c[0], room, NULL), 200);
	ck_assert(chat_say(c[0], room, longer));
	ck_assert(chat_say(c[0], room, "short"));

	for (i = 0; i < ARRAY_SIZE(setv); i++)
		ck_tool(pool, "config set %s %s", setv[i].name,
			setv[i].value);
	for (i = 0; i < 2 * ARRAY_SIZE(setv); i++) {
		if (setv[i / 2].attr)
			ck_assert(told(c[i % 2], setv[i / 2].attr,
				       setv[i / 2].value));
	}

	ck_assert_uint_eq(chat_join(c[1], room, &x), 200);
	ck_assert_int_eq(chat_mask(x, SIP("ada")), -1);
	mem_deref(x);
	ck_assert_int_eq(chat_ask(c[1], "bccontext", &x, "<chanib uri=\"%s\"/>"
				  "<bcq/>", room), 0);
	ck_assert_uint_eq(xd_count(x, "//msg"), 1);
	mem_deref(x);
	ck_assert_uint_eq(chat_post(c[1], room, longer), 413);
	ck_assert_int_eq(chat_search(c[1], "", &x), 0);
	ck_assert_uint_eq(xd_count(x, "//chanib"), 1);
	mem_deref(x);

	ck_assert_int_eq(raw_open(&r, pool_inst(pool, 1)->sip_tcp), 0);
	ck_assert_uint_eq(raw_provision(r, "bob", 1), 200);
	ck_assert_ptr_nonnull(strstr(raw_answer(r), "UriExt\">https://r<"));
	mem_deref(r);
	size = pool_sql(pool, "SELECT file_size_max_bytes()", NULL);
	ck_assert_str_eq(size, "7168");
	mem_deref(size);

	for (i = 0; i < ARRAY_SIZE(setv); i++)
		ck_tool(pool, "config remove %s", setv[i].name);
	ck_assert(told(c[0], "displayName", "Persistent Chat"));
	mem_deref(room);
}
END_TEST


START_TEST(nonsense_is_refused)
{
	ck_assert_int_eq(tool_run(pool, "config set NoSuchThing 1"), 1);
	ck_assert_int_eq(tool_run(pool, "config set DefaultChatHistory 0"), 1);
	ck_assert_int_eq(tool_run(pool, "config set DefaultChatHistory 501"), 1);
	ck_assert_int_eq(tool_run(pool, "config set DefaultChatHistory ten"), 1);
	ck_assert_int_eq(tool_run(pool, "config set DefaultChatHistory"), 2);
}
END_TEST


static Suite *config_suite(void)
{
	Suite *suite = suite_create("config");
	TCase *tc = tcase_create("config");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_process_obeys_a_new_setting_without_a_restart);
	tcase_add_test(tc, what_is_removed_is_the_files_again);
	tcase_add_test(tc, the_size_of_a_history_reply_follows_its_setting);
	tcase_add_test(tc, every_setting_is_told_and_obeyed);
	tcase_add_test(tc, nonsense_is_refused);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(config_suite)
