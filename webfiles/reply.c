/**
 * @file webfiles/reply.c  Answers
 */
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <re.h>
#include "common/log.h"
#include "common/stats.h"
#include "webfiles/http.h"
#include "webfiles/http_priv.h"

#define PROBLEM_URN "urn:pchat:problem:"

struct header {
	struct le le;
	char *name;
	char *value;
};

static const struct header fixedv[] = {
	{ LE_INIT, "Content-Security-Policy",
	  "default-src 'self'; object-src 'none'; frame-ancestors 'none'; "
	  "base-uri 'none'; form-action 'self'" },
	{ LE_INIT, "X-Content-Type-Options", "nosniff" },
	{ LE_INIT, "X-Frame-Options", "DENY" },
	{ LE_INIT, "Referrer-Policy", "no-referrer" },
	{ LE_INIT, "Cross-Origin-Opener-Policy", "same-origin" },
	{ LE_INIT, "Cross-Origin-Resource-Policy", "same-origin" },
	{ LE_INIT, "Cache-Control", "no-store" },
};

static uint64_t n_2xx, n_4xx, n_5xx;

static const struct stats_row rowv[] = {
	{ "http_answers_ok",      &n_2xx, false, "Answers below 400" },
	{ "http_answers_refused", &n_4xx, false, "Answers 400 to 499" },
	{ "http_answers_failed",  &n_5xx, false, "Answers from 500" },
};

static const struct {
	unsigned status;
	const char *title;
} titlev[] = {
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 422, "Unprocessable Content" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 507, "Insufficient Storage" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static const char *title(unsigned status)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(titlev); i++) {
		if (titlev[i].status == status)
			return titlev[i].title;
	}

	return "Error";
}


/* ---------------------------------------------------------------- headers */

static void header_destructor(void *data)
{
	struct header *h = data;

	list_unlink(&h->le);
	mem_deref(h->name);
	mem_deref(h->value);
}


void req_header_add(struct req *req, const char *name, const char *value)
{
	struct header *h;

	if (req_done(req))
		return;

	h = mem_zalloc(sizeof(*h), header_destructor);
	if (!h || str_dup(&h->name, name) || str_dup(&h->value, value))
		mem_deref(h);
	else
		list_append(&req->headerl, &h->le, h);
}


void req_headerf(struct req *req, const char *name, const char *fmt, ...)
{
	char *value = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (!re_vsdprintf(&value, fmt, ap))
		req_header_add(req, name, value);
	va_end(ap);

	mem_deref(value);
}


static bool given(const struct req *req, const char *name)
{
	struct le *le;

	for (le = req->headerl.head; le; le = le->next) {
		const struct header *h = le->data;

		if (!strcasecmp(h->name, name))
			return true;
	}

	return false;
}


static void headers(const struct req *req)
{
	struct le *le;
	size_t i;

	for (le = req->headerl.head; le; le = le->next) {
		const struct header *h = le->data;

		(void)MHD_add_response_header(req->resp, h->name, h->value);
	}

	for (i = 0; i < ARRAY_SIZE(fixedv); i++) {
		if (!given(req, fixedv[i].name))
			(void)MHD_add_response_header(req->resp,
						      fixedv[i].name,
						      fixedv[i].value);
	}

	if (http_draining(req->http) && !given(req, "Connection"))
		(void)MHD_add_response_header(req->resp, "Connection",
					      "close");

	if (http_tls(req->http))
		(void)MHD_add_response_header(req->resp,
			"Strict-Transport-Security", "max-age=31536000");
}


/* ----------------------------------------------------------------- answers */

static void count(unsigned status)
{
	if (status < 400)
		++n_2xx;
	else if (status < 500)
		++n_4xx;
	else
		++n_5xx;
}


/* The first answer counts; without memory the connection is closed */
static void answer(struct req *req, unsigned status,
		   struct MHD_Response *resp)
{
	if (req_done(req)) {
		if (resp)
			MHD_destroy_response(resp);
		return;
	}

	count(status);
	log_debug("http.answer", "method=%s path=%s status=%u", req->method,
		  req->path, status);
	req->resp   = resp;
	req->status = status;
	if (resp)
		headers(req);
	else
		req->state = REQ_ANSWERED;
	req_resume(req);
}


enum MHD_Result req_queue(struct req *req)
{
	enum MHD_Result res;

	res = MHD_queue_response(req->mc, req->status, req->resp);
	MHD_destroy_response(req->resp);
	req->resp  = NULL;
	req->state = REQ_ANSWERED;
	req->conn->working = true;

	return res;
}


void req_bytes(struct req *req, unsigned status, const char *type,
	       const void *p, size_t len)
{
	union { const void *c; void *v; } u = { .c = p };

	if (type)
		req_header_add(req, "Content-Type", type);
	answer(req, status, MHD_create_response_from_buffer(len, u.v,
						MHD_RESPMEM_MUST_COPY));
}


void req_empty(struct req *req, unsigned status)
{
	req_bytes(req, status, NULL, "", 0);
}


static void reply_as(struct req *req, unsigned status, const char *type,
		     json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (text)
		req_bytes(req, status, type, text, strlen(text));
	else
		req_empty(req, 500);
	free(text);
}


void req_reply(struct req *req, unsigned status, json_t *json)
{
	reply_as(req, status, "application/json", json);
}


void req_file(struct req *req, unsigned status, const char *type, int fd,
	      uint64_t offset, uint64_t len)
{
	struct MHD_Response *resp;

	if (req_done(req)) {
		(void)close(fd);
		return;
	}

	resp = MHD_create_response_from_fd_at_offset64(
		len, fd, offset);
	if (!resp)
		(void)close(fd);

	req_header_add(req, "Content-Type", type);
	answer(req, status, resp);
}


void req_problem(struct req *req, unsigned status, const char *kind,
		 const char *detail, ...)
{
	char *text = NULL;
	json_t *json;
	va_list ap;

	va_start(ap, detail);
	(void)re_vsdprintf(&text, detail, ap);
	va_end(ap);

	json = json_pack("{s:s+, s:s, s:i, s:s}", "type", PROBLEM_URN, kind,
			 "title", title(status), "status", (int)status,
			 "detail", text ? text : "");
	mem_deref(text);
	reply_as(req, status, "application/problem+json", json);
}
