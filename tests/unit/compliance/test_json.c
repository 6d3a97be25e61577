/**
 * @file tests/unit/compliance/test_json.c  null, jsonl, and exec with commands
 * that take a batch, leave it, or never end
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "common/json.h"
#include "compliance/adapter.h"
#include "compliance/adapter/builtin.h"
#include "tests/unit/compliance/fixture.h"
#include "tests/unit/suite.h"

#define STEM "lines-000000000007-20131105T140000Z-20131105T141500Z"

static json_t *linev[16];


/* The file's lines, each an object of its own */
static unsigned parse(const char *text)
{
	unsigned n = 0;

	ck_assert_ptr_nonnull(text);

	while (*text) {
		const size_t len = strcspn(text, "\n");

		ck_assert_uint_lt(n, ARRAY_SIZE(linev));
		linev[n] = json_loadb(text, len, 0, NULL);
		ck_assert_ptr_nonnull(linev[n++]);
		text += len + 1;
	}

	return n;
}


static void forget(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(linev); i++) {
		json_decref(linev[i]);
		linev[i] = NULL;
	}

	fx_teardown();
}


static const char *str(unsigned n, const char *key)
{
	return json_string_value(json_object_get(linev[n], key));
}


static const char *str2(unsigned n, const char *obj, const char *key)
{
	return json_string_value(json_object_get(
		json_object_get(linev[n], obj), key));
}


START_TEST(null_counts_and_forgets)
{
	fx_must_open(&adapter_null, "level", "info", NULL);
	ck_assert_int_eq(fx_deliver(), 0);
	ck_assert_str_eq(fx_log(), "batch=7 events=10\n");
	ck_assert_uint_eq(fx_files(), 0);
}
END_TEST


START_TEST(every_adapter_is_found_and_says_what_it_takes)
{
	const struct adapter *a;
	size_t n;

	for (n = 0; (a = adapter_builtin_nth(n)) != NULL; n++) {
		ck_assert_uint_eq(a->abi, ADAPTER_ABI);
		ck_assert_ptr_eq(adapter_builtin(a->name), a);
		ck_assert(str_isset(a->help));
		for (size_t i = 0; i < a->keyc; i++)
			ck_assert(str_isset(a->keyv[i].help));
	}

	ck_assert_uint_eq(n, 6);
	ck_assert_ptr_null(adapter_builtin("csv"));
}
END_TEST


/* The manual has each as `key` */
START_TEST(every_key_is_in_the_manual)
{
	const struct adapter *a;
	const char *text;
	char path[PATH_MAX];

	ck_assert_ptr_nonnull(realpath("deploy/compliance.md", path));
	ck_assert_int_eq(symlink(path, fx_path("manual")), 0);
	text = fx_read("manual");

	for (size_t n = 0; (a = adapter_builtin_nth(n)) != NULL; n++) {
		for (size_t i = 0; i < a->keyc; i++) {
			char key[64];

			(void)re_snprintf(key, sizeof(key), "`%s",
					  a->keyv[i].name);
			ck_assert_msg(strstr(text, key) != NULL, "%s %s",
				      a->name, key);
		}
	}
}
END_TEST


START_TEST(every_event_is_a_line)
{
	fx_must_open(&adapter_jsonl, "name", "lines", NULL);
	ck_assert_int_eq(fx_deliver(), 0);
	ck_assert_uint_eq(parse(fx_read(STEM ".jsonl")), 12);

	ck_assert_str_eq(str(0, "line"), "header");
	ck_assert_str_eq(str(0, "from"), "2013-11-05T14:00:00.0000000Z");
	ck_assert_str_eq(str(2, "type"), "CHAT");
	ck_assert_str_eq(str(2, "id"), "e2");
	ck_assert_str_eq(str(2, "chat"), "hello <Bob> & \"all\"\nsecond line");
	ck_assert_ptr_null(str(2, "rtf"));
	ck_assert_str_eq(str2(2, "user", "uri"), "sip:alice@example.com");
	ck_assert_str_eq(str2(2, "room", "name"), "Trading");
	ck_assert_str_eq(str2(7, "detail", "old"), "hello");
	ck_assert_ptr_null(json_object_get(linev[10], "room"));
	ck_assert_str_eq(str(11, "line"), "trailer");
	ck_assert_int_eq(json_integer_value(json_object_get(linev[11],
							    "events")), 10);
	ck_assert_uint_eq(fx_wrote(), 1);
}
END_TEST


/* What some readers of lines take for an end of line is escaped */
START_TEST(nothing_in_a_text_ends_a_line)
{
	const char *text;

	fx_tradingv[1].chat = "a\nb\rc\vd\fe\xc2\x85" "f\xe2\x80\xa8g"
		"\xe2\x80\xa9h";
	fx_must_open(&adapter_jsonl, "name", "lines", NULL);
	ck_assert_int_eq(fx_deliver(), 0);
	text = fx_read(STEM ".jsonl");
	ck_assert_ptr_nonnull(strstr(text, "a\\nb\\rc\\u000Bd\\fe\\u0085f"
				     "\\u2028g\\u2029h"));
	ck_assert_uint_eq(parse(text), 12);
	ck_assert_str_eq(str(2, "chat"), fx_tradingv[1].chat);
}
END_TEST


START_TEST(frame_and_formatted_text_are_options)
{
	fx_must_open(&adapter_jsonl, "name", "lines", "frame", "no",
		     "rtf", "yes", NULL);
	ck_assert_int_eq(fx_deliver(), 0);
	ck_assert_uint_eq(parse(fx_read(STEM ".jsonl")), 10);
	ck_assert_str_eq(str(1, "rtf"), "{\\rtf1 x}");
}
END_TEST


START_TEST(presence_is_an_option)
{
	const json_t *start;

	fx_must_open(&adapter_jsonl, "name", "lines", "presence", "yes",
		     "frame", "no", NULL);
	ck_assert_int_eq(fx_deliver(), 0);
	ck_assert_uint_eq(parse(fx_read(STEM ".jsonl")), 12);

	ck_assert_str_eq(str(0, "line"), "presence");
	ck_assert_str_eq(str2(0, "room", "name"), "Trading");
	start = json_object_get(linev[0], "start");
	ck_assert_uint_eq(json_array_size(start), 1);
	ck_assert_str_eq(json_string_value(json_object_get(
		json_array_get(start, 0), "uri")), "sip:alice@example.com");
	ck_assert_str_eq(str(9, "line"), "presence");
	ck_assert_str_eq(str(11, "type"), "PRINCIPAL");
}
END_TEST


START_TEST(a_detail_that_is_no_json_refuses_the_batch)
{
	fx_tradingv[3].detail = "{";
	fx_must_open(&adapter_jsonl, NULL);
	ck_assert_int_eq(fx_deliver(), ADAPTER_REFUSED);
	ck_assert_ptr_nonnull(strstr(fx_error, "an event is no JSON"));
	ck_assert_uint_eq(fx_files(), 0);
}
END_TEST


static void open_command(const char *script)
{
	fx_write("cmd", script, 0700);
	fx_must_open(&adapter_exec, "name", "ex", "command", fx_path("cmd"),
		     "argument", fx_path("out"), "argument", "a b;c",
		     "timeout_s", "20", NULL);
}


START_TEST(a_command_gets_the_batch_and_its_arguments)
{
	open_command("#!/bin/sh\ncat > \"$1\"\n"
		     "echo \"$2 $PCHAT_BATCH $PCHAT_ADAPTER $PCHAT_FROM"
		     " $PCHAT_REPLAY $#\" >> \"$1\"\n");
	ck_assert_int_eq(fx_deliver(), 0);
	ck_assert_ptr_nonnull(strstr(fx_read("out"), "\"line\":\"trailer\""));
	ck_assert_ptr_nonnull(strstr(fx_read("out"),
				     "\na b;c 7 ex 20131105T140000Z 0 2\n"));
}
END_TEST


START_TEST(a_commands_exit_status_is_the_answer)
{
	static const struct {
		const char *script;
		int err;
		const char *why;
	} v[] = {
		{ "#!/bin/sh\ncat >/dev/null\nexit 75\n", ADAPTER_LATER,
		  "the command asks to be tried again (exit status 75)" },
		{ "#!/bin/sh\ncat >/dev/null\nexit 3\n", ADAPTER_REFUSED,
		  "the command ended with exit status 3" },
		{ "#!/bin/sh\ncat >/dev/null\nkill -9 $$\n", ADAPTER_LATER,
		  "the command ended by signal 9" },
		{ "#!/nowhere/sh\n", ADAPTER_LATER, "the command cannot be run" },
		{ "#!/bin/sh\nexit 0\n", ADAPTER_REFUSED,
		  "the command ended with 0 before it had read the batch" },
		{ "#!/bin/sh\nexit 75\n", ADAPTER_LATER,
		  "the command asks to be tried again (exit status 75)" },
	};

	open_command(v[_i].script);
	ck_assert_int_eq(fx_deliver(), v[_i].err);
	ck_assert_str_eq(fx_error, v[_i].why);
}
END_TEST


START_TEST(a_command_that_never_ends_is_killed)
{
	fx_write("cmd", "#!/bin/sh\necho waiting >&2\nwhile :; do read x; done"
		 "\n", 0700);
	fx_must_open(&adapter_exec, "command", fx_path("cmd"),
		     "timeout_s", "1", NULL);
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert_str_eq(fx_error, "command: Connection timed out");
	ck_assert_ptr_nonnull(strstr(fx_log(), "command: waiting\n"));
}
END_TEST


START_TEST(what_a_command_complains_of_is_logged_within_bounds)
{
	unsigned n = 0;

	open_command("#!/bin/sh\nfor i in $(seq 1000); do echo line $i >&2;"
		     " done; cat >/dev/null; printf last >&2\n");
	ck_assert_int_eq(fx_deliver(), 0);

	for (const char *p = fx_log(); (p = strchr(p, '\n')) != NULL; p++)
		n++;

	ck_assert_uint_eq(n, 50);
	ck_assert_ptr_nonnull(strstr(fx_log(), "command: line 50\n"));
}
END_TEST


/* More than a socket holds: the command reads while we write */
START_TEST(a_large_batch_goes_through_a_command)
{
	static struct adapter_event eventv[20000];
	static char chat[1000];

	memset(chat, 'x', sizeof(chat) - 1);
	for (unsigned i = 0; i < ARRAY_SIZE(eventv); i++) {
		eventv[i] = fx_tradingv[1];
		eventv[i].chat = chat;
	}

	fx_convv[0].eventv = eventv;
	fx_convv[0].eventc = ARRAY_SIZE(eventv);
	open_command("#!/bin/sh\nwc -l > \"$1\"\n");
	ck_assert_int_eq(fx_deliver(), 0);
	ck_assert_int_eq(atoi(fx_read("out")), 20004);
}
END_TEST


START_TEST(a_command_must_be_a_program_with_a_path)
{
	ck_assert_int_eq(fx_open(&adapter_exec, NULL), EINVAL);
	ck_assert_str_eq(fx_log(), "adapter exec: command: is missing and has"
			 " no default\n");
	ck_assert_int_eq(fx_open(&adapter_exec, "command", "cat", NULL),
			 EINVAL);
	ck_assert_int_eq(fx_open(&adapter_exec, "command", "/bin/cat",
				 "timeout_s", "0", NULL), EINVAL);
}
END_TEST


static Suite *adapter_json_suite(void)
{
	Suite *suite = suite_create("adapter json");
	TCase *tc = tcase_create("json");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, fx_setup, forget);
	tcase_add_test(tc, null_counts_and_forgets);
	tcase_add_test(tc, every_adapter_is_found_and_says_what_it_takes);
	tcase_add_test(tc, every_key_is_in_the_manual);
	tcase_add_test(tc, every_event_is_a_line);
	tcase_add_test(tc, nothing_in_a_text_ends_a_line);
	tcase_add_test(tc, frame_and_formatted_text_are_options);
	tcase_add_test(tc, presence_is_an_option);
	tcase_add_test(tc, a_detail_that_is_no_json_refuses_the_batch);
	tcase_add_test(tc, a_command_gets_the_batch_and_its_arguments);
	tcase_add_loop_test(tc, a_commands_exit_status_is_the_answer, 0, 6);
	tcase_add_test(tc, a_command_that_never_ends_is_killed);
	tcase_add_test(tc,
		       what_a_command_complains_of_is_logged_within_bounds);
	tcase_add_test(tc, a_large_batch_goes_through_a_command);
	tcase_add_test(tc, a_command_must_be_a_program_with_a_path);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(adapter_json_suite)
