/**
 * @file tests/unit/common/test_conf.c  Configuration files, good and bad
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <re.h>
#include "common/conf.h"
#include "tests/unit/suite.h"


static const struct conf_key keyv[] = {
	{ "name",   CONF_STR,  NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "What this one is called." },
	{ "idle",   CONF_UINT, "s", "1800", 60, 86400, CONF_RELOAD, NULL,
	  "How long a client may stay silent before its dialog is closed; long"
	  " enough a text for two lines of the sample." },
	{ "big",    CONF_UINT, "bytes", NULL, 0, 0, 0, NULL, "A number." },
	{ "tls",    CONF_BOOL, NULL, "yes", 0, 0, 0, NULL, "Encrypt?" },
	{ "mode",   CONF_ENUM, NULL, "open", 0, 0, 0, "open closed", "Mode." },
	{ "cert",   CONF_FILE, NULL, NULL, 0, 0, 0, NULL, "Certificate." },
	{ "key",    CONF_SECRET, NULL, NULL, 0, 0, 0, NULL, "Private key." },
	{ "peer",   CONF_STR,  NULL, "localhost", 0, 0,
	  CONF_MULTI | CONF_RELOAD, NULL, ".Peers \\ of - us." },
	{ "text",   CONF_STR,  NULL, NULL, 0, 0, CONF_RELOAD, NULL, NULL },
};

static char dir[64], path[128], other[128];
static struct mbuf *errmb;
static struct config *conf;


static void write_file(const char *file, const char *text, mode_t mode)
{
	FILE *f = fopen(file, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(file, mode), 0);
}


static int load(const char *text)
{
	write_file(path, text, 0644);

	return config_load(&conf, keyv, ARRAY_SIZE(keyv), path, errmb);
}


/* The message without the path it begins with */
static const char *complaint(void)
{
	static char buf[1024];
	const size_t len = strlen(path);

	ck_assert_uint_lt(errmb->end, sizeof(buf));
	memcpy(buf, errmb->buf, errmb->end);
	buf[errmb->end] = '\0';
	ck_assert_ptr_null(strchr(buf, '\n'));
	ck_assert_uint_gt(errmb->end, len);
	ck_assert(!strncmp(buf, path, len));

	return buf + len;
}


static void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)re_snprintf(dir, sizeof(dir), "%s/pchat-conf-XXXXXX",
			  tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)re_snprintf(path, sizeof(path), "%s/conf", dir);
	(void)re_snprintf(other, sizeof(other), "%s/other", dir);
	errmb = mbuf_alloc(64);
	conf = NULL;
}


static void teardown(void)
{
	mem_deref(conf);
	mem_deref(errmb);
	(void)unlink(path);
	(void)unlink(other);
	ck_assert_int_eq(rmdir(dir), 0);
}


START_TEST(what_is_not_given_has_its_default)
{
	ck_assert_int_eq(load("name channel-1\n"), 0);
	ck_assert_str_eq(config_str(conf, "name"), "channel-1");
	ck_assert_uint_eq(config_uint(conf, "idle"), 1800);
	ck_assert_str_eq(config_str(conf, "idle"), "1800");
	ck_assert(config_bool(conf, "tls"));
	ck_assert_str_eq(config_str(conf, "mode"), "open");
	ck_assert_ptr_null(config_str(conf, "cert"));
	ck_assert_uint_eq(config_uint(conf, "big"), 0);
	ck_assert_str_eq(config_nth(conf, "peer", 0), "localhost");
	ck_assert_ptr_null(config_nth(conf, "peer", 1));
}
END_TEST


START_TEST(a_value_is_the_rest_of_its_line)
{
	ck_assert_int_eq(load("# a comment\n\n"
			      "  name \t  host=/tmp port=5 # no comment \t\r\n"
			      "idle\t60\n tls no\nmode closed\n"
			      "big 18446744073709551615\n"
			      "\t# comment\ntext\npeer a\npeer b b"), 0);
	ck_assert_str_eq(config_str(conf, "name"),
			 "host=/tmp port=5 # no comment");
	ck_assert_uint_eq(config_uint(conf, "idle"), 60);
	ck_assert_uint_eq(config_uint(conf, "big"), UINT64_MAX);
	ck_assert(!config_bool(conf, "tls"));
	ck_assert_str_eq(config_str(conf, "mode"), "closed");
	ck_assert_str_eq(config_str(conf, "text"), "");
	ck_assert_str_eq(config_nth(conf, "peer", 0), "a");
	ck_assert_str_eq(config_nth(conf, "peer", 1), "b b");
	ck_assert_ptr_null(config_nth(conf, "peer", 2));
}
END_TEST


static const struct {
	const char *text, *complaint;
} badv[] = {
	{ "",                 ": name: is missing and has no default" },
	{ "name\n",           ":1: name: needs a value" },
	{ "\nnam x\n",        ":2: nam: there is no such key" },
	{ "name x\nname y\n", ":2: name: given before, in line 1" },
	{ "idle x\n",         ":1: idle: \"x\" is not a number" },
	{ "idle -60\n",       ":1: idle: \"-60\" is not a number" },
	{ "idle 0x60\n",      ":1: idle: \"0x60\" is not a number" },
	{ "idle 60s\n",       ":1: idle: \"60s\" is not a number" },
	{ "idle\n",           ":1: idle: \"\" is not a number" },
	{ "idle 59\n",        ":1: idle: 59 is not within 60..86400 s" },
	{ "idle 86401\n",     ":1: idle: 86401 is not within 60..86400 s" },
	{ "big 18446744073709551616\n",
	  ":1: big: \"18446744073709551616\" is not a number" },
	{ "tls true\n",       ":1: tls: \"true\" is neither yes nor no" },
	{ "mode ope\n",       ":1: mode: \"ope\" is none of: open closed" },
	{ "mode\n",           ":1: mode: \"\" is none of: open closed" },
	{ "cert /nowhere/x\n",
	  ":1: cert: /nowhere/x cannot be read: No such file or directory" },
};


START_TEST(what_is_wrong_is_told_with_line_and_key)
{
	ck_assert_int_eq(load(badv[_i].text), EBADMSG);
	ck_assert_str_eq(complaint(), badv[_i].complaint);
	ck_assert_ptr_null(conf);
}
END_TEST


START_TEST(no_file_is_enoent)
{
	ck_assert_int_eq(config_load(&conf, keyv, ARRAY_SIZE(keyv), path,
				     errmb), ENOENT);
	ck_assert_str_eq(complaint(),
			 ": cannot be read: No such file or directory");
}
END_TEST


START_TEST(bytes_that_are_no_text_are_refused)
{
	FILE *f = fopen(path, "w");
	char name[200];

	ck_assert_uint_eq(fwrite("name a\0b\n", 1, 9, f), 9);
	(void)fclose(f);
	ck_assert_int_eq(config_load(&conf, keyv, ARRAY_SIZE(keyv), path,
				     errmb), EBADMSG);
	ck_assert_str_eq(complaint(), ":1: not a line of text");

	f = fopen(path, "w");
	ck_assert_uint_eq(fwrite("name\0\0 b\n", 1, 9, f), 9);
	(void)fclose(f);
	mbuf_reset(errmb);
	ck_assert_int_eq(config_load(&conf, keyv, ARRAY_SIZE(keyv), path,
				     errmb), EBADMSG);
	ck_assert_str_eq(complaint(), ":1: not a line of text");

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(load(name), EBADMSG);
}
END_TEST


START_TEST(one_key_is_read_without_a_table)
{
	char *val = NULL;

	write_file(path, "# key no\nKEY no\nother\n key  a b \r\nkey c\n",
		   0644);
	ck_assert_int_eq(config_peek(&val, "key", path, errmb), 0);
	ck_assert_str_eq(val, "a b");
	mem_deref(val);

	ck_assert_int_eq(config_peek(&val, "other", path, errmb), 0);
	ck_assert_str_eq(val, "");
	mem_deref(val);

	ck_assert_int_eq(config_peek(&val, "nothing", path, errmb), 0);
	ck_assert_ptr_null(val);
	ck_assert_uint_eq(errmb->end, 0);

	ck_assert_int_eq(config_peek(&val, "key", other, errmb), ENOENT);
}
END_TEST


START_TEST(a_secret_that_others_can_read_is_refused)
{
	char text[256];

	(void)re_snprintf(text, sizeof(text), "name x\nkey %s\n", other);
	write_file(other, "secret", 0640);
	ck_assert_int_eq(load(text), EBADMSG);
	ck_assert_ptr_nonnull(strstr(complaint(), "must not be readable by"
				     " group or others (its mode is 0640"));

	ck_assert_int_eq(chmod(other, 0600), 0);
	ck_assert_int_eq(load(text), 0);
	ck_assert_str_eq(config_str(conf, "key"), other);
}
END_TEST


START_TEST(an_empty_path_is_no_file)
{
	ck_assert_int_eq(load("name x\ncert\nkey \n"), 0);
	ck_assert_str_eq(config_str(conf, "cert"), "");
}
END_TEST


START_TEST(a_reload_changes_what_may_change)
{
	ck_assert_int_eq(load("name a\nidle 60\npeer a\npeer b\ntext x\n"), 0);
	write_file(path, "name b\nidle 61\npeer c\n", 0644);
	ck_assert_int_eq(config_reload(conf, errmb), 0);

	ck_assert_str_eq(config_str(conf, "name"), "a");
	ck_assert_uint_eq(config_uint(conf, "idle"), 61);
	ck_assert_str_eq(config_nth(conf, "peer", 0), "c");
	ck_assert_ptr_null(config_nth(conf, "peer", 1));
	ck_assert_ptr_null(config_str(conf, "text"));
}
END_TEST


START_TEST(a_reload_that_fails_changes_nothing)
{
	const char *name;

	ck_assert_int_eq(load("name a\nidle 60\n"), 0);
	name = config_str(conf, "name");
	write_file(path, "name a\nidle 61\ntls maybe\n", 0644);
	ck_assert_int_eq(config_reload(conf, errmb), EBADMSG);
	ck_assert_str_eq(complaint(),
			 ":3: tls: \"maybe\" is neither yes nor no");
	ck_assert_uint_eq(config_uint(conf, "idle"), 60);
	ck_assert_ptr_eq(config_str(conf, "name"), name);

	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(config_reload(conf, errmb), ENOENT);
	ck_assert_uint_eq(config_uint(conf, "idle"), 60);
}
END_TEST


START_TEST(an_unknown_key_in_our_code_is_a_bug)
{
	ck_assert_int_eq(load("name a\n"), 0);
	(void)unlink(path);
	(void)rmdir(dir);
	(void)config_str(conf, "nam");
}
END_TEST


static int print_handler(const char *p, size_t size, void *arg)
{
	return mbuf_write_mem(arg, (const uint8_t *)p, size);
}


static struct re_printf *printer(void)
{
	static struct re_printf pf;

	errmb->pos = errmb->end = 0;
	pf.vph = print_handler;
	pf.arg = errmb;

	return &pf;
}


static bool printed(const char *text)
{
	ck_assert_int_eq(mbuf_write_u8(errmb, 0), 0);
	--errmb->end;

	return strstr((char *)errmb->buf, text) != NULL;
}


START_TEST(the_manual_tells_every_key)
{
	ck_assert_int_eq(config_print_man(printer(), "pchat-test", keyv,
					  ARRAY_SIZE(keyv)), 0);
	ck_assert(printed(".TH PCHAT-TEST.CONF 5\n"));
	ck_assert(printed(".TP\n.B idle\nnumber (s), 60 to 86400; default 1800;"
			  " read again on SIGHUP.\n.br\nHow long"));
	ck_assert(printed(".B name\ntext; required.\n"));
	ck_assert(printed(".B mode\none of open closed; default open.\n"));
	ck_assert(printed("\n\\&.Peers \\e of \\- us.\n"));
}
END_TEST


START_TEST(the_sample_is_a_file_that_changes_nothing)
{
	char *text;

	ck_assert_int_eq(config_print_sample(printer(), keyv,
					     ARRAY_SIZE(keyv)), 0);
	ck_assert(printed("# How long a client may stay silent before its"
			  " dialog is closed; long\n"
			  "# enough a text for two lines of the sample.\n"
			  "# number (s), 60 to 86400; default 1800;"
			  " read again on SIGHUP\n#idle\t1800\n\n"));

	ck_assert_int_eq(re_sdprintf(&text, "%b\nname x\n", errmb->buf,
				     errmb->end), 0);
	ck_assert_int_eq(load(text), 0);
	ck_assert_uint_eq(config_uint(conf, "idle"), 1800);
	mem_deref(text);
}
END_TEST


static Suite *conf_suite(void)
{
	Suite *suite = suite_create("conf");
	TCase *tc = tcase_create("file");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_not_given_has_its_default);
	tcase_add_test(tc, a_value_is_the_rest_of_its_line);
	tcase_add_loop_test(tc, what_is_wrong_is_told_with_line_and_key,
			    0, ARRAY_SIZE(badv));
	tcase_add_test(tc, no_file_is_enoent);
	tcase_add_test(tc, bytes_that_are_no_text_are_refused);
	tcase_add_test(tc, one_key_is_read_without_a_table);
	tcase_add_test(tc, a_secret_that_others_can_read_is_refused);
	tcase_add_test(tc, an_empty_path_is_no_file);
	tcase_add_test(tc, a_reload_changes_what_may_change);
	tcase_add_test(tc, a_reload_that_fails_changes_nothing);
	tcase_add_test(tc, the_manual_tells_every_key);
	tcase_add_test(tc, the_sample_is_a_file_that_changes_nothing);
	suite_add_tcase(suite, tc);

	tc = tcase_create("bug");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test_raise_signal(tc, an_unknown_key_in_our_code_is_a_bug,
				    SIGABRT);
	suite_add_tcase(suite, tc);

	return suite;
}


TEST_SUITE(conf_suite)
