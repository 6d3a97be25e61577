/**
 * @file tests/unit/common/test_daemon.c  A daemon's life: options, readiness,
 * signals, control socket
 *
 * The daemon is a child process; NOTIFY_SOCKET tells when it is ready.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <re.h>
#include "common/conf.h"
#include "common/ctl.h"
#include "common/daemon.h"
#include "tests/unit/suite.h"


static char dir[64], path[128], ctlpath[128], notifypath[128];
static int notify_fd;
static pid_t pid;

/* In the child: the service */
static struct config *svc_conf;
static unsigned reloads, drains;
static bool stuck;


static int svc_open(void **svcp, struct config *conf, struct ctl *ctl)
{
	svc_conf = conf;
	*svcp = &svc_conf;

	if (!strcmp(config_str(conf, "name"), "broken"))
		return EADDRNOTAVAIL;

	daemon_ready();

	return 0;
}


static void svc_reload(void *svc)
{
	++reloads;
	stuck = config_bool(svc_conf, "stuck");

	while (stuck)
		(void)pause();
}


static void svc_drain(void *svc)
{
	++drains;
}


static const char *svc_state(const void *svc)
{
	return drains ? "draining" : "ready";
}


static void svc_close(void *svc)
{
}


static void svc_status(void *svc, struct json_t *obj)
{
	struct rlimit lim;

	(void)getrlimit(RLIMIT_NOFILE, &lim);
	(void)json_object_set_new(obj, "reloads", json_integer(reloads));
	(void)json_object_set_new(obj, "fds_left",
		json_integer((json_int_t)(lim.rlim_max - lim.rlim_cur)));
}


static const struct conf_key keyv[] = {
	{ "name",  CONF_STR,  NULL, NULL, 0, 0, CONF_REQUIRED, NULL, "Name." },
	{ "stuck", CONF_BOOL, NULL, "no", 0, 0, CONF_RELOAD, NULL, "Hang." },
};

static const struct daemon_spec spec = {
	.name = "pchat-test", .keyv = keyv, .keyc = ARRAY_SIZE(keyv),
	.open = svc_open, .reload = svc_reload, .drain = svc_drain,
	.state = svc_state, .close = svc_close, .status = svc_status,
};


static void conf_write(const char *more)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(re_fprintf(f, "ctl.socket %s\n%s\n", ctlpath, more),
			 0);
	ck_assert_int_eq(fclose(f), 0);
}


static void setup(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const struct timeval tv = { .tv_sec = 10 };
	const char *tmp = getenv("TMPDIR");

	(void)re_snprintf(dir, sizeof(dir), "%s/pchat-dm-XXXXXX",
			  tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)re_snprintf(path, sizeof(path), "%s/conf", dir);
	(void)re_snprintf(ctlpath, sizeof(ctlpath), "%s/ctl", dir);
	(void)re_snprintf(notifypath, sizeof(notifypath), "%s/notify", dir);

	str_ncpy(sun.sun_path, notifypath, sizeof(sun.sun_path));
	notify_fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(notify_fd, (struct sockaddr *)&sun, sizeof(sun)),
			 0);
	ck_assert_int_eq(setsockopt(notify_fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
				    sizeof(tv)), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", notifypath, 1), 0);
	conf_write("name a");
}


static void teardown(void)
{
	(void)close(notify_fd);
	(void)unlink(path);
	(void)unlink(notifypath);
	ck_assert_int_eq(rmdir(dir), 0);
}


static void start(const char *opt)
{
	char name[] = "pchat-test", f[] = "-f", other[32] = "";
	char *argv[] = { name, f, path, other, NULL };

	if (opt)
		str_ncpy(other, opt, sizeof(other));

	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid)
		return;

	/* what it prints is not for the report of the tests */
	if (!freopen("/dev/null", "w", stdout) ||
	    !freopen("/dev/null", "w", stderr))
		_exit(99);

	_exit(daemon_main(&spec, opt ? 4 : 3, argv));
}


static const char *notified(void)
{
	static char buf[64];
	const ssize_t n = recv(notify_fd, buf, sizeof(buf) - 1, 0);

	buf[n > 0 ? n : 0] = '\0';

	return buf;
}


static int ended(void)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));

	return WEXITSTATUS(status);
}


static json_t *ask(const char *line)
{
	json_t *reply = NULL;

	ck_assert_int_eq(ctl_call(ctlpath, line, &reply), 0);

	return reply;
}


static bool says(const char *line, const char *key, const char *wanted)
{
	json_t *reply = ask(line);
	const char *text = json_string_value(json_object_get(reply, key));
	const bool equal = text && !strcmp(text, wanted);

	json_decref(reply);

	return equal;
}


static json_int_t number(const char *line, const char *key)
{
	json_t *reply = ask(line);
	const json_int_t n = json_integer_value(json_object_get(reply, key));

	json_decref(reply);

	return n;
}


START_TEST(a_daemon_tells_that_it_is_ready_and_that_it_stops)
{
	start(NULL);
	ck_assert_str_eq(notified(), "READY=1");
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_str_eq(notified(), "STOPPING=1");
	ck_assert_int_eq(ended(), 0);
}
END_TEST


START_TEST(status_is_answered_by_skeleton_and_service)
{
	start(NULL);
	ck_assert_str_eq(notified(), "READY=1");
	ck_assert(says("status", "name", "pchat-test"));
	ck_assert(says("status", "state", "ready"));
	ck_assert_int_eq(number("status", "pid"), pid);
	ck_assert_int_eq(number("status", "fds_left"), 0);
	ck_assert_int_ge(number("stats", "timers_started"), 0);
	ck_assert(says("log", "level", "info"));
	ck_assert(says("log debug", "level", "debug"));
	ck_assert(says("log", "level", "debug"));
	json_decref(ask("stop"));
	ck_assert_int_eq(ended(), 0);
}
END_TEST


START_TEST(a_reload_reads_the_file_again)
{
	json_t *reply;

	start(NULL);
	ck_assert_str_eq(notified(), "READY=1");
	conf_write("name a\nlog.level error");
	json_decref(ask("reload"));
	ck_assert(says("log", "level", "error"));
	ck_assert_int_eq(number("status", "reloads"), 1);

	conf_write("nam a");
	reply = ask("reload");
	ck_assert_ptr_nonnull(json_object_get(reply, "error"));
	json_decref(reply);
	ck_assert_int_eq(number("status", "reloads"), 1);

	conf_write("name a\nlog.level debug");
	ck_assert_int_eq(kill(pid, SIGHUP), 0);
	while (number("status", "reloads") == 1)
		continue;
	ck_assert(says("log", "level", "debug"));
	ck_assert_int_eq(kill(pid, SIGINT), 0);
	ck_assert_int_eq(ended(), 0);
}
END_TEST


START_TEST(a_drain_is_asked_for_by_signal_or_command)
{
	start(NULL);
	ck_assert_str_eq(notified(), "READY=1");
	ck_assert_int_eq(kill(pid, SIGUSR1), 0);
	while (!says("status", "state", "draining"))
		continue;
	json_decref(ask("drain"));
	json_decref(ask("stop"));
	ck_assert_int_eq(ended(), 0);
}
END_TEST


START_TEST(a_second_term_ends_even_a_stuck_daemon)
{
	start(NULL);
	ck_assert_str_eq(notified(), "READY=1");
	conf_write("name a\nstuck yes");
	ck_assert_int_eq(kill(pid, SIGHUP), 0);
	ck_assert_int_eq(kill(pid, SIGTERM), 0);

	/* pending signals of a kind are one: until the first was seen, a
	   second does not count */
	while (!waitpid(pid, NULL, WNOHANG))
		(void)kill(pid, SIGINT);
	(void)unlink(ctlpath);
}
END_TEST


START_TEST(a_service_that_does_not_open_is_exit_1)
{
	conf_write("name broken");
	start(NULL);
	ck_assert_int_eq(ended(), 1);
}
END_TEST


START_TEST(a_bad_configuration_is_exit_2)
{
	conf_write("nam a");
	start(NULL);
	ck_assert_int_eq(ended(), 2);
	start("--check");
	ck_assert_int_eq(ended(), 2);
	start("--bogus");
	ck_assert_int_eq(ended(), 2);
	start("extra");
	ck_assert_int_eq(ended(), 2);
}
END_TEST


START_TEST(what_only_prints_is_exit_0)
{
	static const char *const optv[] = {
		"--check", "--man", "--sample", "--version", "-h",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(optv); i++) {
		start(optv[i]);
		ck_assert_int_eq(ended(), 0);
	}
}
END_TEST


static Suite *daemon_suite(void)
{
	Suite *suite = suite_create("daemon");
	TCase *tc = tcase_create("daemon");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_daemon_tells_that_it_is_ready_and_that_it_stops);
	tcase_add_test(tc, status_is_answered_by_skeleton_and_service);
	tcase_add_test(tc, a_reload_reads_the_file_again);
	tcase_add_test(tc, a_drain_is_asked_for_by_signal_or_command);
	tcase_add_test(tc, a_second_term_ends_even_a_stuck_daemon);
	tcase_add_test(tc, a_service_that_does_not_open_is_exit_1);
	tcase_add_test(tc, a_bad_configuration_is_exit_2);
	tcase_add_test(tc, what_only_prints_is_exit_0);
	suite_add_tcase(suite, tc);

	return suite;
}


TEST_SUITE(daemon_suite)
