/**
 * @file tests/scenario/sipe.c  What the scenarios with pidgin-sipe share
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <check.h>
#include <re.h>
#include "tests/support/pool.h"
#include "tests/support/purple.h"
#include "tests/scenario/sipe.h"

enum { POLL_MS = 20 };

struct pool *sipe_pool;

static const char data[] =
"{\"users\":["
"  {\"uri\":\"" ADA "\",\"display\":\"Ada\",\"password\":\"none\"},"
"  {\"uri\":\"" BOB "\",\"display\":\"Bob\",\"password\":\"none\"},"
"  {\"uri\":\"" CYD "\",\"display\":\"Cyd\",\"password\":\"none\"}],"
" \"groups\":[],"
" \"categories\":[{\"name\":\"Everything\","
"  \"allowed\":[\"domain:example.net\"],\"creators\":[\"" ADA "\"],"
"  \"invitations\":true,\"files\":true,\"history\":true}],"
" \"rooms\":["
"  {\"name\":\"General\",\"category\":\"Everything\",\"privacy\":\"open\","
"   \"description\":\"For all & \\\"everything\\\"\","
"   \"managers\":[\"" ADA "\"]},"
"  {\"name\":\"Archive\",\"category\":\"Everything\",\"privacy\":\"open\"},"
"  {\"name\":\"Signs\",\"category\":\"Everything\",\"privacy\":\"open\"},"
"  {\"name\":\"Doors\",\"category\":\"Everything\",\"privacy\":\"open\"},"
"  {\"name\":\"Harbour\",\"category\":\"Everything\",\"privacy\":\"open\"},"
"  {\"name\":\"Phoenix\",\"category\":\"Everything\",\"privacy\":\"open\"},"
"  {\"name\":\"Board & Co\",\"category\":\"Everything\","
"   \"privacy\":\"closed\",\"members\":[\"" ADA "\"],"
"   \"invitations\":\"false\"},"
"  {\"name\":\"Secret\",\"category\":\"Everything\",\"privacy\":\"secret\","
"   \"members\":[\"" ADA "\"]},"
"  {\"name\":\"Stage\",\"category\":\"Everything\",\"privacy\":\"open\","
"   \"type\":\"auditorium\",\"presenters\":[\"" ADA "\"]}]}";


void sipe_pool_up_with(const char *const *setv)
{
	const struct pool_opts opts = {
		.instances = 2, .registrar = true, .data = data, .setv = setv
	};

	ck_assert_int_eq(pool_up(&sipe_pool, &opts), 0);
}


void sipe_pool_up(void)
{
	sipe_pool_up_with(NULL);
}


void sipe_pool_up_extended(void)
{
	static const char *const setv[] = { "notices.extended=yes", NULL };

	sipe_pool_up_with(setv);
}


void sipe_pool_down(void)
{
	pool_down(sipe_pool);
	sipe_pool = NULL;
}


/* Goes with the pool's folder, also when the client is killed */
static void home_path(char *path, size_t size)
{
	static unsigned count;

	ck_assert_int_gt(re_snprintf(path, size, "%s/home-%d-%u",
				     pool_dir(sipe_pool), (int)getpid(),
				     ++count), 0);
}


static void trace_path(char *path, size_t size, const char *user)
{
	ck_assert_int_gt(re_snprintf(path, size, "%s/%s.trace",
				     pool_dir(sipe_pool), user + 4), 0);
}


struct pidgin *sipe_sign_in_as(const char *user, const char *transport,
			       unsigned seed)
{
	const bool tls = !strcmp(transport, "tls");
	struct pidgin_conf conf = {
		.user = user, .transport = transport, .seed = seed
	};
	struct pidgin *p = NULL;
	char trace[512], home[512];

	trace_path(trace, sizeof(trace), user);
	home_path(home, sizeof(home));
	conf.trace  = trace;
	conf.home   = home;
	conf.server = tls ? pool_registrar_tls(sipe_pool)
			  : pool_registrar_tcp(sipe_pool);

	ck_assert_int_eq(pidgin_start(&p, &conf), 0);
	ck_assert_int_eq(pidgin_send(p, "login"), 0);
	ck_assert_ptr_nonnull(pidgin_wait(p, "signed-on"));
	ck_assert_ptr_nonnull(pidgin_wait(p, "groupchat-ready"));

	return p;
}


struct pidgin *sipe_sign_in(const char *user, const char *transport)
{
	return sipe_sign_in_as(user, transport, 0);
}


struct pidgin *sipe_leave(struct pidgin *p)
{
	ck_assert_int_eq(pidgin_quit(p), 0);

	return mem_deref(p);
}


static void ck_await(struct pidgin *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void ck_await(struct pidgin *p, const char *fmt, ...)
{
	char pattern[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(pattern, sizeof(pattern), fmt, ap);
	va_end(ap);

	ck_assert_ptr_nonnull(pidgin_await(p, pattern));
}


void sipe_enter(struct pidgin *p, const char *user, const char *room)
{
	pidgin_mark(p);
	ck_assert_int_eq(pidgin_send(p, "rooms"), 0);
	ck_assert_ptr_nonnull(pidgin_wait(p, "rooms-end"));
	pidgin_mark(p);
	ck_assert_int_eq(pidgin_send(p, "join \"%s\"", room), 0);
	ck_await(p, "joined|%s", room);
	ck_await(p, "user|%s|=|%s", room, user);
	ck_await(p, "history-end");
}


/* The server may hand back CR LF as LF, both are one line break */
static void drop_cr(char *text)
{
	char *p;

	while ((p = strstr(text, "\\r")))
		memmove(p, p + 2, strlen(p + 2) + 1);
}


char *sipe_next_text(struct pidgin *p, const char *room, const char *user)
{
	char pattern[512], *text;
	const char *line;

	ck_assert_int_gt(re_snprintf(pattern, sizeof(pattern), "msg|%s|%s",
				     room, user), 0);
	line = pidgin_wait(p, pattern);
	ck_assert_ptr_nonnull(line);

	text = pidgin_field(line, 4);
	ck_assert_ptr_nonnull(text);
	drop_cr(text);

	return text;
}


unsigned sipe_traced(const char *user, const char *text)
{
	char path[512], line[65536];
	unsigned n = 0;
	FILE *f;

	trace_path(path, sizeof(path), user);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);

	while (fgets(line, sizeof(line), f))
		n += strstr(line, text) != NULL;
	(void)fclose(f);

	return n;
}


void sipe_await_traced(const char *user, const char *text, unsigned n)
{
	const uint64_t deadline = tmr_jiffies() + 2 * PIDGIN_MS;

	while (sipe_traced(user, text) < n && tmr_jiffies() < deadline)
		(void)poll(NULL, 0, POLL_MS);

	ck_assert_uint_ge(sipe_traced(user, text), n);
}


/* One line in, one line out */
static void ask_status(char *line, size_t size, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	FILE *f = NULL;
	int fd;

	line[0] = '\0';
	(void)re_snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;

	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)) &&
	    dprintf(fd, "status\n") > 0)
		f = fdopen(fd, "r");

	if (f && !fgets(line, (int)size, f))
		line[0] = '\0';

	if (f)
		(void)fclose(f);
	else
		(void)close(fd);
}


unsigned sipe_endpoints(size_t i)
{
	const struct pool_inst *inst = pool_inst(sipe_pool, i);
	struct odict *od = NULL;
	char line[4096];
	uint64_t n = 0;

	if (!inst)
		return 0;

	ask_status(line, sizeof(line), inst->ctl);
	if (!json_decode_odict(&od, 16, line, strlen(line), 4))
		(void)odict_get_number(od, &n, "endpoints");
	mem_deref(od);

	return (unsigned)n;
}


unsigned sipe_all_endpoints(void)
{
	unsigned sum = 0;
	size_t i;

	for (i = 0; i < pool_instances(sipe_pool); i++)
		sum += sipe_endpoints(i);

	return sum;
}


void sipe_await_endpoints(unsigned n)
{
	uint64_t deadline = tmr_jiffies() + PIDGIN_MS;
	unsigned sum;

	do {
		sum = sipe_all_endpoints();
		if (sum == n)
			return;

	} while (tmr_jiffies() < deadline && poll(NULL, 0, POLL_MS) == 0);

	ck_abort_msg("%u endpoints instead of %u", sum, n);
}
