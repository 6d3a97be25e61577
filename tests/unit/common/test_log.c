/**
 * @file tests/unit/common/test_log.c  Log lines as they reach standard error
 */
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "common/clock.h"
#include "common/log.h"
#include "tests/unit/suite.h"


static int pipefdv[2];
static char out[8192];


static void setup(void)
{
	ck_assert_int_eq(pipe(pipefdv), 0);
	ck_assert_int_ge(dup2(pipefdv[1], STDERR_FILENO), 0);
	clock_set(1368541577620635LL);
	log_open("pchat-test");
	log_level_set(LOG_INFO);
}


/* What was logged since the last call, without the head of the line */
static const char *logged(void)
{
	char head[128];
	ssize_t n;

	log_msg(LOG_ERR, "test.end", NULL);
	n = read(pipefdv[0], out, sizeof(out) - 1);
	ck_assert_int_gt(n, 0);
	out[n] = '\0';

	(void)re_snprintf(head, sizeof(head), "2013-05-14T14:26:17.620Z "
			  "error pchat-test[%d] test.end\n", (int)getpid());
	ck_assert_uint_ge(strlen(out), strlen(head));
	ck_assert_str_eq(out + strlen(out) - strlen(head), head);
	out[strlen(out) - strlen(head)] = '\0';

	return *out ? strchr(out, ']') + 2 : out;
}


START_TEST(a_line_has_time_level_process_event_and_pairs)
{
	char line[256];

	log_info("room.opened", "room=%u by=%s", 7, "alice");
	(void)re_snprintf(line, sizeof(line), "2013-05-14T14:26:17.620Z info"
			  " pchat-test[%d] room.opened room=7 by=alice\n",
			  (int)getpid());
	ck_assert_str_eq(logged(), "room.opened room=7 by=alice\n");
	ck_assert_str_eq(out, line);
}
END_TEST


START_TEST(what_would_move_or_hide_is_shown)
{
	struct pl name;

	pl_set_str(&name, "a\x1b[2J\xe2\x80\xae \xc2\x9bm \xc3\xa9");
	log_info("e", "name=%H", log_quote, &name);
	ck_assert_str_eq(logged(), "e name=\"a\\x1b[2J\\u{202e} "
			 "\\u{009b}m \xc3\xa9\"\n");
	log_info("e", "name=%s", "\x9b\xe2\x80\xae");
	ck_assert_str_eq(logged(), "e name=\\x9b\\u{202e}\n");
}
END_TEST


START_TEST(what_is_below_the_level_is_not_logged)
{
	log_level_set(LOG_WARN);
	log_info("x", "n=%u", 1);
	log_debug("y", "n=%u", 2);
	ck_assert_str_eq(logged(), "");
	ck_assert(!log_enabled(LOG_INFO));
	log_warn("z", "n=%u", 3);
	ck_assert_str_eq(logged(), "z n=3\n");
}
END_TEST


START_TEST(a_disabled_debug_line_evaluates_nothing)
{
	int n = 0;

	log_debug("x", "n=%d", ++n);
	ck_assert_int_eq(n, 0);
	log_level_set(LOG_DEBUG);
	log_debug("x", "n=%d", ++n);
	ck_assert_int_eq(n, 1);
	ck_assert_str_eq(logged(), "x n=1\n");
}
END_TEST


START_TEST(one_event_is_one_line)
{
	log_info("x", "v=%s", "a\nb\r\tc");
	ck_assert_str_eq(logged(), "x v=a b  c\n");
}
END_TEST


START_TEST(a_line_too_long_is_cut)
{
	static char big[6000];
	const char *line;

	memset(big, 'x', sizeof(big) - 1);
	log_info("big", "v=%s", big);
	line = logged();
	ck_assert_uint_eq(strlen(out), 4096);
	ck_assert_int_eq(line[strlen(line) - 1], '\n');
}
END_TEST


START_TEST(values_from_outside_are_quoted)
{
	static const struct { const char *in, *log; } quotev[] = {
		{ "alice",       "alice" },
		{ "",            "\"\"" },
		{ "a b",         "\"a b\"" },
		{ "a=b",         "\"a=b\"" },
		{ "a\"b\\c",     "\"a\\\"b\\\\c\"" },
		{ "a\r\nb",      "\"a\\x0d\\nb\"" },
		{ "J\xc3\xbcrg", "J\xc3\xbcrg" },
		{ "a\xc2\x9bm",  "\"a\\u{009b}m\"" },      /* CSI of C1 */
		{ "a\xe2\x80\xae" "b", "\"a\\u{202e}b\"" },
		{ "a\xff",       "\"a\\xff\"" },
		{ "a\tb\x7f",    "\"a\\x09b\\x7f\"" },
	};
	char buf[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(quotev); i++) {
		struct pl pl;

		pl_set_str(&pl, quotev[i].in);
		ck_assert_int_ge(re_snprintf(buf, sizeof(buf), "%H",
					     log_quote, &pl), 0);
		ck_assert_str_eq(buf, quotev[i].log);
	}

	ck_assert_int_ge(re_snprintf(buf, sizeof(buf), "%H",
				     log_quote, NULL), 0);
	ck_assert_str_eq(buf, "\"\"");
}
END_TEST


START_TEST(long_values_are_cut_between_characters)
{
	char value[300], buf[300];
	struct pl pl = { value, sizeof(value) };

	memset(value, 'a', sizeof(value));
	memcpy(value + 199, "\xc3\xbc", 2);
	ck_assert_int_ge(re_snprintf(buf, sizeof(buf), "%H", log_quote, &pl),
			 0);
	ck_assert_uint_eq(strlen(buf), 199 + 3);
	ck_assert_str_eq(buf + 198, "a...");
}
END_TEST


START_TEST(levels_have_names)
{
	enum log_level level = LOG_ERR;

	ck_assert_int_eq(log_level_parse(&level, "debug"), 0);
	ck_assert_int_eq(level, LOG_DEBUG);
	ck_assert_str_eq(log_level_name(level), "debug");
	ck_assert_int_eq(log_level_parse(&level, "Debug"), EINVAL);
	ck_assert_int_eq(log_level_parse(&level, ""), EINVAL);
	ck_assert_int_eq(log_level_parse(NULL, "info"), EINVAL);
	log_level_set(LOG_WARN);
	ck_assert_int_eq(log_level_get(), LOG_WARN);
}
END_TEST


START_TEST(logging_leaves_errno_alone)
{
	errno = ENOENT;
	log_info("x", NULL);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_str_eq(logged(), "x\n");
}
END_TEST


static Suite *log_suite(void)
{
	Suite *suite = suite_create("log");
	TCase *tc = tcase_create("log");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, what_would_move_or_hide_is_shown);
	tcase_add_test(tc, a_line_has_time_level_process_event_and_pairs);
	tcase_add_test(tc, what_is_below_the_level_is_not_logged);
	tcase_add_test(tc, a_disabled_debug_line_evaluates_nothing);
	tcase_add_test(tc, one_event_is_one_line);
	tcase_add_test(tc, a_line_too_long_is_cut);
	tcase_add_test(tc, values_from_outside_are_quoted);
	tcase_add_test(tc, long_values_are_cut_between_characters);
	tcase_add_test(tc, levels_have_names);
	tcase_add_test(tc, logging_leaves_errno_alone);
	suite_add_tcase(suite, tc);

	return suite;
}


TEST_SUITE(log_suite)
