/**
 * @file tests/fuzz/fuzz_http.c  Any bytes from a web client
 *
 * The service as it is, on a pair of sockets: libmicrohttpd, routes, cookies,
 * JSON and SOAP.  The store is away, so a handler gets as far as its first
 * statement.  The first byte says who asks (nobody, a user, an administrator);
 * 0xff cuts the bytes.
 *
 * What must hold: an answer is one, and is never 500 (a refusal of SOAP, which
 * has no other status, apart): that would be a fault of ours.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include "common/clock.h"
#include "common/conf.h"
#include "common/wheel.h"
#include "webfiles/auth.h"
#include "webfiles/conf_keys.h"
#include "webfiles/core.h"
#include "webfiles/filestore.h"
#include "webfiles/http.h"
#include "webfiles/http_priv.h"
#include "webfiles/limits.h"
#include "webfiles/session.h"
#include "webfiles/store.h"
#include "webfiles/worker.h"
#include "tests/fuzz/fuzz.h"

enum { CUT = 0xff, TURNS = 4, ANSWER_MAX = 1 << 20, JOBS_MAX = 100 };

enum { NOBODY, USER, ADMIN, COOKIE, KINDS };

static struct web web;
static uint8_t who;
static char answer[ANSWER_MAX];
static size_t answerl;


static void session_destructor(void *data)
{
	struct session *s = data;

	mem_deref(s->uri);
	mem_deref(s->display);
	mem_deref(s->csrf);
}


static struct session *session_make(bool admin)
{
	struct session *s = mem_zalloc(sizeof(*s), session_destructor);

	fuzz_check(s && !str_dup(&s->uri, "sip:ada@example.net") &&
		   !str_dup(&s->display, "Ada") && !str_dup(&s->csrf, "c"));
	s->principal_id = 7;
	s->admin = admin;

	return s;
}


static void auth_handler(struct req *req)
{
	const unsigned flags = req_route(req)->flags;
	struct session *s;

	if (who == NOBODY || who == COOKIE || flags & ROUTE_TOKEN ||
	    (flags & ROUTE_ADMIN && who != ADMIN)) {
		session_auth(req);
		return;
	}

	s = session_make(who == ADMIN);
	req_go_on(req, s);
	mem_deref(s);
}


static void conf_open(void)
{
	static const char form[] =
		"instance.name fuzz\nstore.conninfo host=127.77.0.1 port=1\n"
		"pool.domain example.net\nhttp.listen 127.0.0.1:0\n"
		"files.dir %s\nauth.trusted_addresses 127.0.0.0/8\n";
	char dir[256], text[1024];
	const char *path;

	str_ncpy(dir, fuzz_path("files"), sizeof(dir));
	fuzz_check(!mkdir(dir, 0700));
	(void)re_snprintf(text, sizeof(text), form, dir);
	path = fuzz_path("conf");
	fuzz_file(path, text, strlen(text));
	fuzz_check(!config_load(&web.conf, web_keyv, web_keyc, path, NULL));
}


static void service_open(void)
{
	conf_open();
	web.domain = config_str(web.conf, "pool.domain");
	fuzz_check(!filestore_open(&web.files, config_str(web.conf,
							  "files.dir"), NULL,
				   "", "exe"));
	fuzz_check(!auth_open(&web.auth, web.conf));
	fuzz_check(!limits_alloc(&web.limits, &web));
	fuzz_check(!worker_open(&web.worker, JOBS_MAX));
	fuzz_check(!worker_open(&web.doors, JOBS_MAX));
	fuzz_check(!web_store_open(&web));
	fuzz_check(!http_open(&web.http, &web, auth_handler));
}


static void go_on(int fd)
{
	ssize_t n;

	for (int i = 0; i < TURNS; i++) {
		(void)MHD_run(web.http->mhd);
		n = recv(fd, answer + answerl, ANSWER_MAX - 1 - answerl,
			 MSG_DONTWAIT);
		if (n > 0)
			answerl += (size_t)n;
	}
}


static int connect_pair(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(4711) };
	int fdv[2];

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fuzz_check(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fdv));
	fuzz_check(MHD_add_connection(web.http->mhd, fdv[1],
				      (struct sockaddr *)&sin,
				      sizeof(sin)) == MHD_YES);
	return fdv[0];
}


static void judge(void)
{
	answer[answerl] = '\0';
	if (!answerl)
		return;

	fuzz_check(!strncmp(answer, "HTTP/1.1 ", 9) ||
		   !strncmp(answer, "HTTP/1.0 ", 9));
	if (strncmp(answer + 9, "500", 3) || strstr(answer, "<s:Fault>"))
		return;

	(void)fprintf(stderr, "%s\n", answer);
	fuzz_check(!"answered 500");
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t now;
	struct fuzz_in in = { data, size };
	int fd;

	fuzz_init();
	if (!now) {
		now = tmr_jiffies();
		service_open();
	}
	now += 3600000;                /* nobody has asked for too much */
	wheel_time_set(now);

	who = fuzz_byte(&in) % KINDS;
	answerl = 0;
	fd = connect_pair();
	while (in.l) {
		size_t l;
		char *p = fuzz_text(&in, CUT, &l);

		(void)send(fd, p, l, MSG_NOSIGNAL);
		free(p);
		go_on(fd);
	}
	go_on(fd);
	judge();
	(void)close(fd);
	for (int i = 0; i < TURNS; i++)
		(void)MHD_run(web.http->mhd);
	fuzz_check(!web.http->connl.head);

	return 0;
}
