/**
 * @file tests/scenario/test_trace.c  What clients do for the first time is
 *                                    noted, what they say is not
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "],"
	"\"categories\":[" MAIN "],\"rooms\":[" ROOM("Talk") "]}";

static char path[64];


static void up(void)
{
	static char set[80];
	static const char *const setv[] = { set, NULL };
	const struct pool_opts opts = {
		.instances = 1, .data = data, .setv = setv
	};

	(void)re_snprintf(path, sizeof(path), "/tmp/pchat-trace-%d",
			  (int)getpid());
	(void)re_snprintf(set, sizeof(set), "trace.file=%s", path);
	(void)unlink(path);
	stage_up(&opts);
}


static void down(void)
{
	stage_down();
	(void)unlink(path);
}


/* Lines with that part */
static unsigned lines(const char *part)
{
	char line[32768];
	unsigned n = 0;
	FILE *f = fopen(path, "r");

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, part) != NULL;
	(void)fclose(f);

	return n;
}


START_TEST(a_verb_nobody_knew_is_noted_once_with_its_document)
{
	struct client *ada, *bob;

	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 0, "bob");
	ck_assert_int_eq(chat_ask(ada, "frobnicate", NULL,
				  "<gadget size=\"17\"/>"), 0);
	ck_assert_int_eq(chat_ask(ada, "frobnicate", NULL,
				  "<gadget size=\"18\"/>"), 0);
	ck_assert_int_eq(chat_ask(bob, "frobnicate", NULL,
				  "<gadget size=\"19\"/>"), 0);

	ck_assert_uint_eq(lines("\"seen\":\"cmd:frobnicate\""), 1);
	ck_assert_uint_eq(lines("\"seen\":\"cmd:frobnicate gadget@size\""),
			  1);
	ck_assert_uint_eq(lines("\"seen\":\"cmd:frobnicate 501\""), 1);
	ck_assert_uint_eq(lines("<gadget size=\\\"17\\\">"), 1);
	ck_assert_uint_eq(lines("<gadget size"), 1);

	ck_assert_int_eq(chat_ask(bob, "frobnicate", NULL,
				  "<gadget weight=\"20\"/>"), 0);
	ck_assert_uint_eq(lines("gadget@weight"), 1);
}
END_TEST


START_TEST(what_people_say_and_keep_is_not_noted)
{
	struct client *ada;
	struct stat st;
	char *room;

	ck_room(room, pool, "Talk");
	ck_open(ada, pool, 0, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert(chat_say(ada, room, "confidential"));
	ck_assert_int_eq(chat_ask(ada, "setpref", NULL, "<pref label=\"l\" "
				  "seqid=\"0\" createdefault=\"false\" "
				  "content=\"confidential\"/>"), 0);
	ck_assert_int_eq(chat_ask(ada, "tell", NULL, "<note body=\"a "
				  "confidential word\">confidential</note>"),
			 0);

	ck_assert_uint_eq(lines("\"seen\":\"grpchat chat\""), 1);
	ck_assert_uint_eq(lines("\"seen\":\"cmd:tell note@body\""), 1);
	ck_assert_uint_eq(lines("<note body=\\\"[19]\\\">[12]</note>"), 1);
	ck_assert_uint_eq(lines("confidential"), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST


START_TEST(answers_other_than_200_are_noted_theirs_and_ours)
{
	struct client *ada, *bob;
	char *room;

	ck_room(room, pool, "Talk");
	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 0, "bob");
	ck_assert_uint_eq(chat_post(ada, room, "not in it"), 403);
	ck_assert_uint_eq(lines("\"seen\":\"grpchat 403 Not In That Room\""),
			  1);

	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	client_answer_with(bob, 488);
	ck_assert(chat_say(ada, room, "hello"));
	while (!lines("\"seen\":\"INFO 488\""))
		ck_assert(chat_say(ada, room, "still there?"));
	ck_assert_uint_eq(lines("\"seen\":\"INFO 488\""), 1);
}
END_TEST


START_TEST(a_process_that_starts_again_knows_what_is_in_the_file)
{
	const char *name = pool_inst(pool, 0)->name;
	struct client *ada;
	unsigned n;

	ck_open(ada, pool, 0, "ada");
	ck_assert_int_eq(chat_ask(ada, "again", NULL, "<a b=\"c\"/>"), 0);
	n = lines("\"seen\":\"cmd:again");
	ck_assert_uint_gt(n, 2);
	(void)client_drop(ada);

	ck_assert_int_eq(pool_stop(pool, name), 0);
	ck_assert_int_eq(pool_start(pool, name), 0);
	ck_open(ada, pool, 0, "ada");
	ck_assert_int_eq(chat_ask(ada, "again", NULL, "<a b=\"c\"/>"), 0);
	ck_assert_int_eq(chat_ask(ada, "again", NULL, "<a d=\"c\"/>"), 0);
	ck_assert_uint_eq(lines("\"seen\":\"cmd:again"), n + 1);
}
END_TEST


static Suite *trace_suite(void)
{
	Suite *suite = suite_create("trace");
	TCase *tc = tcase_create("trace");

	tcase_add_unchecked_fixture(tc, up, down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc,
		a_verb_nobody_knew_is_noted_once_with_its_document);
	tcase_add_test(tc, what_people_say_and_keep_is_not_noted);
	tcase_add_test(tc, answers_other_than_200_are_noted_theirs_and_ours);
	tcase_add_test(tc,
		a_process_that_starts_again_knows_what_is_in_the_file);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(trace_suite)
