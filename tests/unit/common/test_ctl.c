/**
 * @file tests/unit/common/test_ctl.c  The control socket, from both ends
 *
 * The server runs the loop in a child process; the test is its client.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <re.h>
#include "common/ctl.h"
#include "tests/unit/suite.h"


enum { BIG = 300000 };

static char dir[64], path[128];
static pid_t pid;


static json_t *echo(const char *args, void *arg)
{
	return json_pack("{s:s, s:s}", "args", args, "arg", (char *)arg);
}


static json_t *big(const char *args, void *arg)
{
	char *text = malloc(BIG + 1);
	json_t *obj;

	memset(text, 'x', BIG);
	text[BIG] = '\0';
	obj = json_pack("{s:s}", "text", text);
	free(text);

	return obj;
}


static json_t *none(const char *args, void *arg)
{
	return NULL;
}


static json_t *stop(const char *args, void *arg)
{
	re_cancel();

	return json_pack("{s:b}", "ok", 1);
}


static const struct ctl_cmd basev[] = {
	{ "echo", "Says what it was told", echo },
	{ "big",  "A long answer",         big  },
	{ "none", "No answer",             none },
	{ "stop", "Ends the server",       stop },
};

static const struct ctl_cmd svcv[] = {
	{ "echo", "The service's own",     echo },
};


static int server(void)
{
	struct ctl *ctl = NULL;
	char base[] = "base", svc[] = "service";
	int err;

	err = ctl_open(&ctl, path);
	if (err)
		return err;

	ctl_register(ctl, basev, ARRAY_SIZE(basev), base);
	ctl_register(ctl, svcv, ARRAY_SIZE(svcv), svc);
	err = re_main(NULL);
	mem_deref(ctl);
	libre_close();

	return err;
}


/* Waits for the server to listen: the one thing that has no event */
static bool listening(void)
{
	const uint64_t end = tmr_jiffies() + 10000;
	json_t *reply;

	while (tmr_jiffies() < end) {
		if (!ctl_call(path, "help", &reply)) {
			json_decref(reply);
			return true;
		}
		sys_msleep(1);
	}

	return false;
}


static void folder_setup(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)re_snprintf(dir, sizeof(dir), "%s/pchat-ctl-XXXXXX",
			  tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)re_snprintf(path, sizeof(path), "%s/ctl", dir);
}


static void setup(void)
{
	folder_setup();
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid)
		_exit(server());
	ck_assert(listening());
}


static void teardown(void)
{
	json_t *reply;
	int status;

	if (!ctl_call(path, "stop", &reply))
		json_decref(reply);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);

	/* the server took its socket away */
	ck_assert_int_eq(rmdir(dir), 0);
}


static bool answers(const char *line, const char *wanted)
{
	json_t *reply = NULL, *want = json_loads(wanted, 0, NULL);
	bool equal;

	ck_assert_ptr_nonnull(want);
	ck_assert_int_eq(ctl_call(path, line, &reply), 0);
	equal = json_equal(reply, want);
	json_decref(reply);
	json_decref(want);

	return equal;
}


START_TEST(a_line_is_answered_by_its_command)
{
	ck_assert(answers("echo one two",
			  "{\"args\":\"one two\", \"arg\":\"service\"}"));
	ck_assert(answers("echo \t x",
			  "{\"args\":\"x\", \"arg\":\"service\"}"));
	ck_assert(answers("echo", "{\"args\":\"\", \"arg\":\"service\"}"));
}
END_TEST


START_TEST(an_unknown_word_is_an_error)
{
	const char *err = "{\"error\":\"no such command, see help\"}";

	ck_assert(answers("ech", err));
	ck_assert(answers("", err));
	ck_assert(answers("none", "{\"error\":\"internal error\"}"));
}
END_TEST


START_TEST(help_tells_the_commands)
{
	ck_assert(answers("help", "{\"echo\":\"The service's own\","
			  "\"big\":\"A long answer\","
			  "\"none\":\"No answer\","
			  "\"stop\":\"Ends the server\"}"));
}
END_TEST


START_TEST(the_socket_is_for_its_owner_only)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert(S_ISSOCK(st.st_mode));
}
END_TEST


START_TEST(a_long_answer_arrives_whole)
{
	json_t *reply;

	ck_assert_int_eq(ctl_call(path, "big", &reply), 0);
	ck_assert_uint_eq(json_string_length(json_object_get(reply, "text")),
			  BIG);
	json_decref(reply);
}
END_TEST


static int raw_connect(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	str_ncpy(sun.sun_path, path, sizeof(sun.sun_path));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);

	return fd;
}


static unsigned lines_read(int fd, unsigned wanted)
{
	char buf[65536];
	unsigned lines = 0;
	ssize_t i, n;

	while (lines < wanted && (n = read(fd, buf, sizeof(buf))) > 0)
		for (i = 0; i < n; i++)
			lines += buf[i] == '\n';

	return lines;
}


START_TEST(lines_may_come_together_or_in_pieces)
{
	static const char *const piecev[] = {
		"ec", "ho a\nbig\r\nbig\necho", " b\n", "big\n",
	};
	const int fd = raw_connect();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(piecev); i++) {
		const size_t n = strlen(piecev[i]);

		ck_assert_int_eq(write(fd, piecev[i], n), (ssize_t)n);
	}

	ck_assert_uint_eq(lines_read(fd, 5), 5);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST


START_TEST(a_client_that_leaves_early_does_no_harm)
{
	int fd = raw_connect();

	ck_assert_int_eq(write(fd, "big\nbig\n", 8), 8);
	ck_assert_int_eq(close(fd), 0);
	ck_assert(answers("echo", "{\"args\":\"\", \"arg\":\"service\"}"));
}
END_TEST


START_TEST(a_line_without_end_is_cut_off)
{
	static char junk[70000];
	int fd = raw_connect();
	char c;

	memset(junk, 'x', sizeof(junk));
	ck_assert_int_gt(send(fd, junk, sizeof(junk), MSG_NOSIGNAL), 0);
	ck_assert_int_le(read(fd, &c, 1), 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert(answers("echo", "{\"args\":\"\", \"arg\":\"service\"}"));
}
END_TEST


START_TEST(a_second_server_is_refused)
{
	struct ctl *ctl = NULL;

	ck_assert_int_eq(ctl_open(&ctl, path), EADDRINUSE);
	ck_assert_ptr_null(ctl);
	ck_assert(answers("echo", "{\"args\":\"\", \"arg\":\"service\"}"));
}
END_TEST


START_TEST(a_socket_left_behind_is_replaced)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct ctl *ctl = NULL;

	str_ncpy(sun.sun_path, path, sizeof(sun.sun_path));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(close(fd), 0);

	ck_assert_int_eq(ctl_open(&ctl, path), 0);
	mem_deref(ctl);
	ck_assert_int_eq(rmdir(dir), 0);
	libre_close();
}
END_TEST


START_TEST(a_file_that_is_no_socket_stays)
{
	struct ctl *ctl = NULL;
	FILE *f = fopen(path, "w");

	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(ctl_open(&ctl, path), EADDRINUSE);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST


START_TEST(a_path_too_long_for_a_socket_is_refused)
{
	char name[200];
	struct ctl *ctl = NULL;
	json_t *reply;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(ctl_open(&ctl, name), ENAMETOOLONG);
	ck_assert_int_eq(ctl_call(name, "help", &reply), ENAMETOOLONG);
	ck_assert_int_eq(ctl_call(path, "help", &reply), ENOENT);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST


static Suite *ctl_suite(void)
{
	Suite *suite = suite_create("ctl");
	TCase *tc = tcase_create("served");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_line_is_answered_by_its_command);
	tcase_add_test(tc, an_unknown_word_is_an_error);
	tcase_add_test(tc, help_tells_the_commands);
	tcase_add_test(tc, the_socket_is_for_its_owner_only);
	tcase_add_test(tc, a_long_answer_arrives_whole);
	tcase_add_test(tc, lines_may_come_together_or_in_pieces);
	tcase_add_test(tc, a_client_that_leaves_early_does_no_harm);
	tcase_add_test(tc, a_line_without_end_is_cut_off);
	tcase_add_test(tc, a_second_server_is_refused);
	suite_add_tcase(suite, tc);

	tc = tcase_create("path");
	tcase_add_checked_fixture(tc, folder_setup, NULL);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_socket_left_behind_is_replaced);
	tcase_add_test(tc, a_file_that_is_no_socket_stays);
	tcase_add_test(tc, a_path_too_long_for_a_socket_is_refused);
	suite_add_tcase(suite, tc);

	return suite;
}


TEST_SUITE(ctl_suite)
