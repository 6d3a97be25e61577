/**
 * @file webfiles/req.c  A request from its head to its handler
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "common/stats.h"
#include "webfiles/auth.h"
#include "webfiles/core.h"
#include "webfiles/http.h"
#include "webfiles/http_priv.h"
#include "webfiles/limits.h"
#include "webfiles/session.h"

enum {
	DISCARD_MAX     = 16 * 1024 * 1024,  /* of a body that is not wanted */
	PUBLIC_BODY_MAX = 64 * 1024,         /* of who has not signed in     */
};

static uint64_t n_requests, n_malformed;

static const struct stats_row rowv[] = {
	{ "http_requests",           &n_requests,  false, "Requests" },
	{ "http_requests_malformed", &n_malformed, false,
	  "Requests refused because their head could be read in two ways" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct req *req = data;

	list_flush(&req->queryl);
	list_flush(&req->headerl);
	if (req->resp)
		MHD_destroy_response(req->resp);
	json_decref(req->json);
	mem_deref(req->body);
	mem_deref(req->arg);
	mem_deref(req->session);
	mem_deref(req->method);
	mem_deref(req->path);
}


/* ------------------------------------------------------- what its head says */

struct heads {
	unsigned lengths, hosts, codings;
	bool chunked, odd;
};


/* RFC 9110 5.6.2; a blank before the colon is where proxies differ */
static bool is_token(const char *s)
{
	return *s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			       "!#$%&'*+-.^_`|~")];
}


static enum MHD_Result head_handler(void *cls, enum MHD_ValueKind kind,
				    const char *key, const char *value)
{
	struct heads *heads = cls;

	(void)kind;

	heads->odd |= !is_token(key);
	if (!strcasecmp(key, "Content-Length"))
		++heads->lengths;
	else if (!strcasecmp(key, "Host"))
		++heads->hosts;
	else if (!strcasecmp(key, "Transfer-Encoding")) {
		++heads->codings;
		heads->chunked = value && !strcasecmp(value, "chunked");
	}

	return MHD_YES;
}


/* What a proxy before us might read in another way than we do */
static bool ambiguous(const struct req *req)
{
	struct heads heads = { 0, 0, 0, false, false };

	(void)MHD_get_connection_values(req->mc, MHD_HEADER_KIND, head_handler,
					&heads);

	return heads.odd || heads.lengths > 1 || heads.hosts > 1 || heads.codings > 1 ||
		(heads.codings && (heads.lengths || !heads.chunked));
}


static enum MHD_Result argument_handler(void *cls, enum MHD_ValueKind kind,
					const char *key, const char *value)
{
	char buf[REQ_VALUE_MAX];
	bool *odd = cls;
	struct pl pl;

	(void)kind;
	(void)key;

	pl_set_str(&pl, value ? value : "");
	*odd |= !route_decode(buf, sizeof(buf), &pl, true);

	return MHD_YES;
}


/* An argument that is no text is not one that was left out */
static bool odd_query(const struct req *req)
{
	bool odd = false;

	(void)MHD_get_connection_values(req->mc, MHD_GET_ARGUMENT_KIND,
					argument_handler, &odd);

	return odd;
}


/* Of whom nobody knows, less */
static uint64_t body_max(const struct req *req)
{
	const uint64_t most = req->http->body_max;

	return req->route->flags & ROUTE_PUBLIC && most > PUBLIC_BODY_MAX ?
		PUBLIC_BODY_MAX : most;
}


static void too_large(struct req *req)
{
	req_problem(req, 413, "too-large", "a body may have %llu bytes",
		    (unsigned long long)body_max(req));
}


static void find_route(struct req *req)
{
	char allowed[64];
	int err;

	err = route_find(&req->route, &req->params, req->method, req->path,
			 allowed, sizeof(allowed));
	if (err == EPERM) {
		req_header_add(req, "Allow", allowed);
		req_problem(req, 405, "method", "allowed here: %s", allowed);
	}
	else if (err) {
		req_problem(req, 404, "not-found", "not found");
	}
	else if (!(req->route->flags & ROUTE_STREAM) &&
		 req_length(req) > (int64_t)body_max(req)) {
		too_large(req);
	}
}


struct req *req_alloc(struct http *http, struct hconn *conn,
		      struct MHD_Connection *mc, const char *path,
		      const char *method)
{
	struct req *req = mem_zalloc(sizeof(*req), destructor);
	const union MHD_ConnectionInfo *info;

	if (!req)
		return NULL;

	if (str_dup(&req->path, path) || str_dup(&req->method, method))
		return mem_deref(req);

	++n_requests;
	req->http = http;
	req->conn = conn;
	req->mc   = mc;
	conn->req = req;

	info = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info && info->client_addr)
		(void)sa_set_sa(&req->peer, info->client_addr);

	return req;
}


/* ------------------------------------------------------------ step by step */

static void suspend(struct req *req)
{
	if (req->suspended)
		return;

	req->suspended = true;
	req->conn->working = true;
	MHD_suspend_connection(req->mc);
}


void req_resume(struct req *req)
{
	if (!req->suspended || !req->mc)
		return;

	req->suspended = false;
	req->conn->working = false;
	MHD_resume_connection(req->mc);
	http_kick(req->http);
}


/* Clients that bring files give up for good after a 4xx, so not to them */
static bool limited(struct req *req, uint32_t wait)
{
	const unsigned flags = req->route ? req->route->flags : 0;

	if (!wait)
		return false;

	req_headerf(req, "Retry-After", "%u", wait);
	req_problem(req, flags & ROUTE_TOKEN ? 503 : 429, "rate",
		    "too many requests: try again in %u seconds", wait);

	return true;
}


void req_go_on(struct req *req, struct session *session)
{
	if (req_done(req))
		return;

	req->session = mem_ref(session);
	if (session && limited(req, limits_user(req->http->web->limits,
						session->principal_id))) {
		req_resume(req);
		return;
	}

	if (req->route->flags & ROUTE_STREAM)
		req->route->h(req);
	else
		req->state = REQ_BODY;

	req_resume(req);
}


void req_stream(struct req *req, req_body_h *bodyh, req_end_h *endh,
		void *arg)
{
	req->bodyh = bodyh;
	req->endh  = endh;
	req->arg   = mem_ref(arg);
	req->state = REQ_BODY;
	req_resume(req);
}


static void head(struct req *req)
{
	const struct web *web = req->http->web;
	char address[AUTH_ADDRESS_MAX];


	if (ambiguous(req)) {
		++n_malformed;
		req_header_add(req, "Connection", "close");
		req_problem(req, 400, "head", "the length of the request "
			    "is ambiguous");
		return;
	}

	if (odd_query(req)) {
		req_problem(req, 400, "query", "an argument is not text in "
			    "UTF-8, or too long");
		return;
	}

	find_route(req);
	auth_address(web->auth, req, address);
	if (req_done(req) || limited(req, limits_address(web->limits, address)))
		return;

	if (req->http->authh)
		req->http->authh(req);
	else
		req_go_on(req, NULL);
}


static size_t collect(struct req *req, const char *data, size_t len)
{
	if (!req->body)
		req->body = mbuf_alloc(4096);

	if (!req->body || mbuf_write_mem(req->body, (const uint8_t *)data,
					 len))
		req_problem(req, 503, "memory", "no memory for the body");
	else if (req->body->end > body_max(req))
		too_large(req);

	return len;
}


/* Once answered, what still comes is read and forgotten, up to a limit: the
   library sends an answer before or after the body, not in the middle */
static enum MHD_Result piece(struct req *req, const char *data, size_t *sizep)
{
	size_t n = *sizep;

	req->conn->received += n;
	if (req_done(req)) {
		*sizep = 0;
		req->discarded += n;
		return req->discarded < DISCARD_MAX ? MHD_YES : MHD_NO;
	}

	if (req->bodyh)
		n = req->bodyh(req, (const uint8_t *)data, n, req->arg);
	else
		n = collect(req, data, n);

	if (n < *sizep && !req_done(req))
		suspend(req);
	*sizep = req_done(req) ? 0 : *sizep - n;

	return MHD_YES;
}


static bool is_json(const struct req *req)
{
	const char *type = req_header(req, "Content-Type");
	const char want[] = "application/json";

	return type && !strncasecmp(type, want, sizeof(want) - 1) &&
		strchr("; \t", type[sizeof(want) - 1]);
}


static bool parse_body(struct req *req)
{
	const struct mbuf *mb = req->body;
	json_error_t e;

	if (!mb || !mb->end || (req->route->flags & ROUTE_RAW))
		return true;

	if (!is_json(req)) {
		req_problem(req, 415, "media-type",
			    "the body must be application/json");
		return false;
	}

	req->json = json_loadb((const char *)mb->buf, mb->end,
			       JSON_REJECT_DUPLICATES, &e);
	if (!json_is_object(req->json)) {
		req_problem(req, 400, "json", "line %d, column %d: %s",
			    req->json ? 1 : e.line, req->json ? 1 : e.column,
			    req->json ? "a JSON object is required" : e.text);
		return false;
	}

	return true;
}


static void finished(struct req *req)
{
	req->state = REQ_RUN;
	if (req->endh)
		req->endh(req, req->arg);
	else if (parse_body(req))
		req->route->h(req);
}


static bool body_comes(const struct req *req)
{
	return req_length(req) > 0 || req_header(req, "Transfer-Encoding");
}


/* Called until the head has been dealt with, again after each pause.  An
   answer now costs the connection, so where no body comes it waits for the
   library's next call */
static enum MHD_Result head_step(struct req *req)
{
	if (!req->asked) {
		req->asked = true;
		head(req);
	}

	if (req->resp && body_comes(req))
		return req_queue(req);
	if (req->state == REQ_ANSWERED)
		return MHD_NO;

	if (req->resp || req->state == REQ_BODY)
		req->head_over = true;
	else
		suspend(req);

	return MHD_YES;
}


enum MHD_Result req_step(struct req *req, const char *data, size_t *sizep)
{
	if (!req->head_over)
		return head_step(req);

	if (req->state == REQ_BODY) {
		if (*sizep)
			return piece(req, data, sizep);
		if (!req->resp)
			finished(req);
	}

	if (req->resp)
		return req_queue(req);
	if (req->state == REQ_ANSWERED)
		return MHD_NO;

	suspend(req);

	return MHD_YES;
}


void req_gone(struct req *req)
{
	req->conn->working  = false;
	req->conn->received = 0;
	req->conn->since    = tmr_jiffies();
	req->conn->req      = NULL;
	req->conn = NULL;
	req->mc   = NULL;
	mem_deref(req);
}


void req_abort(struct req *req)
{
	if (!req->resp)
		req_problem(req, 503, "stopping", "the service is shutting down");
	req_resume(req);
}


bool req_done(const struct req *req)
{
	return !req->mc || req->resp || req->state == REQ_ANSWERED;
}
