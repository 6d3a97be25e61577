/**
 * @file webfiles/http.c  The listener: libmicrohttpd on libre's loop
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <re.h>
#include "common/conf.h"
#include "common/log.h"
#include "common/stats.h"
#include "webfiles/core.h"
#include "webfiles/http.h"
#include "webfiles/http_priv.h"
#include "webfiles/limits.h"
#include "webfiles/tls.h"

enum { BACKLOG = 1024, SWEEP_MS = 1000, LOG_MAX = 256, CONNECTION_MEMORY = 64 * 1024 };

static uint64_t n_connections, n_cut;

static const struct stats_row rowv[] = {
	{ "http_connections",     &n_connections, true, "Connections open" },
	{ "http_connections_cut", &n_cut,         false,
	  "Connections cut because their request came too slowly" },
};

static void run(void *arg);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


/* The library may not be stopped while it waits for us with a request */
static void close_requests(struct http *http)
{
	struct le *le;

	for (le = http->connl.head; le; le = le->next) {
		const struct hconn *conn = le->data;

		if (conn->req)
			req_abort(conn->req);
	}
}


static void destructor(void *data)
{
	struct http *http = data;

	http->drainedh = NULL;
	if (http->mhd) {
		fd_close(http->epfd);
		close_requests(http);
		MHD_stop_daemon(http->mhd);
	}
	tmr_cancel(&http->tmr_run);
	tmr_cancel(&http->tmr_sweep);
	tmr_cancel(&http->tmr_drained);
	mem_deref(http->tls);
}


/* ------------------------------------------------------------ on the loop */

static void schedule(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(http->mhd, &ms) == MHD_YES)
		tmr_start(&http->tmr_run, ms, run, http);
	else
		tmr_cancel(&http->tmr_run);
}


static void run(void *arg)
{
	struct http *http = arg;

	(void)MHD_run(http->mhd);
	schedule(http);
}


static void readable(int flags, void *arg)
{
	(void)flags;

	run(arg);
}


void http_kick(struct http *http)
{
	tmr_start(&http->tmr_run, 0, run, http);
}


/* ------------------------------------------------------------ connections */

static void conn_destructor(void *data)
{
	struct hconn *conn = data;

	limits_count(conn->http->web->limits, &conn->peer, false);
	list_unlink(&conn->le);
	--n_connections;
}


/* Before TLS: what is too much costs an accept() and nothing else */
static enum MHD_Result accept_handler(void *cls, const struct sockaddr *addr,
				      socklen_t len)
{
	const struct http *http = cls;
	struct sa peer;

	(void)len;

	return sa_set_sa(&peer, addr) ||
		limits_connect(http->web->limits, &peer) ? MHD_YES : MHD_NO;
}


static void connection_handler(void *cls, struct MHD_Connection *mc,
			       void **ctx, enum MHD_ConnectionNotificationCode
			       what)
{
	struct http *http = cls;
	const union MHD_ConnectionInfo *info;
	struct hconn *conn;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		*ctx = mem_deref(*ctx);
		return;
	}

	conn = mem_zalloc(sizeof(*conn), conn_destructor);
	if (!conn)
		return;

	conn->http  = http;
	conn->mc    = mc;
	info = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info && info->client_addr)
		(void)sa_set_sa(&conn->peer, info->client_addr);
	limits_count(http->web->limits, &conn->peer, true);
	conn->since = tmr_jiffies();
	list_append(&http->connl, &conn->le, conn);
	++n_connections;
	*ctx = conn;
}


static bool too_slow(const struct http *http, const struct hconn *conn,
		     uint64_t now)
{
	const uint64_t s = (now - conn->since) / 1000;

	if (conn->working || s <= http->head_s)
		return false;

	return conn->received < (s - http->head_s) * http->rate_min ||
		!conn->received;
}


/* Libmicrohttpd closes what is silent; who sends a byte now and then is ours */
static void sweep(void *arg)
{
	struct http *http = arg;
	const uint64_t now = tmr_jiffies();
	struct le *le;

	for (le = http->connl.head; le; le = le->next) {

		const struct hconn *conn = le->data;
		const union MHD_ConnectionInfo *info;

		if (!too_slow(http, conn, now))
			continue;

		info = MHD_get_connection_info(conn->mc,
			MHD_CONNECTION_INFO_CONNECTION_FD);
		if (info && !shutdown(info->connect_fd, SHUT_RDWR))
			++n_cut;
	}

	tmr_start(&http->tmr_sweep, SWEEP_MS, sweep, http);
}


/* --------------------------------------------------------------- requests */

static enum MHD_Result access_handler(void *cls, struct MHD_Connection *mc,
				      const char *url, const char *method,
				      const char *version, const char *data,
				      size_t *sizep, void **ctx)
{
	struct req *req = *ctx;

	(void)version;

	if (!req) {
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(
			mc, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
		struct hconn *conn = info ? info->socket_context : NULL;

		if (!conn)
			return MHD_NO;

		*ctx = req = req_alloc(cls, conn, mc, url, method);
		if (!req)
			return MHD_NO;
	}

	return req_step(req, data, sizep);
}


static bool is_busy(const struct http *http)
{
	const struct le *le;

	for (le = http->connl.head; le; le = le->next) {
		const struct hconn *conn = le->data;

		if (conn->req)
			return true;
	}

	return false;
}


static void drained(void *arg)
{
	struct http *http = arg;

	if (http->drainedh && !is_busy(http))
		http->drainedh(http->web);
}


static void drain_check(struct http *http)
{
	if (http->drainedh && !is_busy(http))
		tmr_start(&http->tmr_drained, 0, drained, http);
}


static void completed_handler(void *cls, struct MHD_Connection *mc,
			      void **ctx, enum MHD_RequestTerminationCode why)
{
	struct http *http = cls;
	struct req *req = *ctx;

	(void)mc;
	(void)why;

	if (req) {
		req_gone(req);
		*ctx = NULL;
		drain_check(http);
	}
}


/* Paths are decoded by us, segment by segment */
static size_t keep_escaped(void *cls, struct MHD_Connection *mc, char *s)
{
	(void)cls;
	(void)mc;

	return strlen(s);
}


static void mhd_log(void *cls, const char *fmt, va_list ap)
{
	char line[LOG_MAX];
	struct pl pl;

	(void)cls;

	(void)vsnprintf(line, sizeof(line), fmt, ap);
	pl.p = line;
	pl.l = strcspn(line, "\n");
	log_debug("http.library", "text=%H", log_quote, &pl);
}


/* ------------------------------------------------------------------- open */

static int address(struct sa *sa, const struct web *web, bool tls)
{
	const char *listen = config_str(web->conf, "http.listen");
	int err;

	err = sa_decode(sa, listen, strlen(listen));
	if (err) {
		log_err("http.address", "http.listen=%s", listen);
		return EINVAL;
	}

	if (!tls && !sa_is_loopback(sa)) {
		log_err("http.clear", "http.listen=%s reason=\"without "
			"http.certificate only a loopback address\"", listen);
		return EINVAL;
	}

	return 0;
}


static int start(struct http *http, const struct sa *sa)
{
	static char priorities[] = "SECURE128:-VERS-ALL:+VERS-TLS1.3:"
		"+VERS-TLS1.2";
	const struct config *conf = http->web->conf;
	const bool share = config_bool(conf, "http.share_port");
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
		MHD_USE_ERROR_LOG;
	struct MHD_OptionItem optv[] = {
		{ MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)mhd_log, http },
		{ MHD_OPTION_SOCK_ADDR, 0, (void *)&sa->u.sa },
		{ MHD_OPTION_LISTEN_BACKLOG_SIZE, BACKLOG, NULL },
		/* 0 would not mean "no SO_REUSEPORT" but no SO_REUSEADDR
		   either, and a restart must not wait for old connections:
		   said again, the backlog says nothing new */
		{ share ? MHD_OPTION_LISTENING_ADDRESS_REUSE :
		  MHD_OPTION_LISTEN_BACKLOG_SIZE, share ? 1 : BACKLOG, NULL },
		{ MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
		{ MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
		  NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, (intptr_t)
		  config_uint(conf, "http.connections_max"), NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)
		  config_uint(conf, "http.idle_s"), NULL },
		{ MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_escaped,
		  NULL },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connection_handler,
		  http },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)completed_handler,
		  http },
		{ http->tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END,
		  0, (void *)(intptr_t)web_tls_retrieve },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, priorities },
		{ MHD_OPTION_END, 0, NULL },
	};

	if (http->tls)
		flags |= MHD_USE_TLS;
	if (sa_af(sa) == AF_INET6)
		flags |= MHD_USE_IPv6;

	errno = 0;
	http->mhd = MHD_start_daemon(flags, 0, accept_handler, http,
				     access_handler, http, MHD_OPTION_ARRAY, optv,
				     MHD_OPTION_END);

	return http->mhd ? 0 : errno ? errno : EADDRINUSE;
}


static int bound(struct http *http)
{
	const union MHD_DaemonInfo *info;
	socklen_t len = sizeof(http->laddr.u);

	info = MHD_get_daemon_info(http->mhd, MHD_DAEMON_INFO_LISTEN_FD);
	if (!info || getsockname(info->listen_fd, &http->laddr.u.sa, &len))
		return errno;
	http->laddr.len = len;

	info = MHD_get_daemon_info(http->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	http->epfd = info ? info->epoll_fd : -1;

	return fd_listen(http->epfd, FD_READ, readable, http);
}


int http_open(struct http **httpp, struct web *web, web_auth_h *authh)
{
	struct http *http = mem_zalloc(sizeof(*http), destructor);
	struct sa sa;
	int err;

	if (!http)
		return ENOMEM;

	http->web      = web;
	http->authh    = authh;
	http->head_s   = (uint32_t)config_uint(web->conf, "http.head_s");
	http->rate_min = (uint32_t)config_uint(web->conf,
					       "http.rate_min_bytes");
	http->body_max = config_uint(web->conf, "http.body_max_bytes");

	err = web_tls_open(&http->tls, web->conf);
	if (!err)
		err = address(&sa, web, http->tls != NULL);
	if (!err)
		err = start(http, &sa);
	if (!err)
		err = bound(http);
	if (err) {
		log_err("http.open", "error=\"%m\"", err);
		mem_deref(http);
		return err;
	}

	tmr_start(&http->tmr_sweep, SWEEP_MS, sweep, http);
	log_info("http.listen", "address=%J tls=%s", &http->laddr,
		 http->tls ? "yes" : "no");
	*httpp = http;

	return 0;
}


int http_reload(struct http *http)
{
	return http->tls ? web_tls_reload(http->tls, http->web->conf) : 0;
}


void http_drain(struct http *http, http_drained_h *h)
{
	if (!http->drainedh) {
		const MHD_socket fd = MHD_quiesce_daemon(http->mhd);

		if (fd != MHD_INVALID_SOCKET)
			(void)close(fd);
	}

	http->drainedh = h;
	drain_check(http);
}


bool http_draining(const struct http *http)
{
	return http->drainedh != NULL;
}


const struct sa *http_laddr(const struct http *http)
{
	return &http->laddr;
}


bool http_tls(const struct http *http)
{
	return http->tls != NULL;
}
