/**
 * @file webfiles/http.h  HTTP on the loop: a listener, and requests
 *
 * libmicrohttpd reads and writes; its epoll descriptor is on libre's loop.  A
 * request is found in the route tables when its head has come, then asked who
 * it is from, then (unless its route takes the body as a stream) read whole;
 * its handler answers it exactly once, at once or later.
 * Loop thread only.
 */
#pragma once

#include "common/json.h"

struct http;
struct req;
struct sa;
struct session;
struct web;

enum route_flag {
	ROUTE_PUBLIC = 1<<0,    /* for who has no session, too              */
	ROUTE_ADMIN  = 1<<1,    /* for administrators                       */
	ROUTE_STREAM = 1<<2,    /* the handler runs before the body: it
	                           calls req_stream(), or answers at once   */
	ROUTE_RAW    = 1<<3,    /* the body is not JSON                     */
	ROUTE_TOKEN  = 1<<4,    /* authorized by a token of its own, not by
	                           the session: no cookie, no CSRF          */
};

/** Takes a request; may keep it (mem_ref) until it answers */
typedef void (route_h)(struct req *req);

struct route {
	const char *method;
	const char *path;       /* "/api/v1/rooms/{guid}"; a last "{*}"
	                           takes all that is left                   */
	unsigned flags;
	route_h *h;
	const char *summary;    /* for the description of the API           */
	const void *arg;        /* the handler's                            */
};

/** Adds a static table, from a constructor */
void route_register(const struct route *routev, size_t routec);
/** Every route of all tables, NULL past the last */
const struct route *route_nth(size_t n);

/* ---------------------------------------------------------- the listener */

/** Who is it?  Ends, now or later, in req_go_on() or in an answer */
typedef void (web_auth_h)(struct req *req);

/**
 * Listen as http.* of the configuration says
 *
 * @return 0, EINVAL (address, certificate; logged), EADDRINUSE, ENOMEM
 */
int  http_open(struct http **httpp, struct web *web, web_auth_h *authh);
/** The certificate was read again.  EINVAL: kept the old one (logged) */
int  http_reload(struct http *http);
/** No request is under way any more */
typedef void (http_drained_h)(struct web *web);
/** Take no new connections, finish what is under way; @p h is called from the
 *  loop, perhaps more than once */
void http_drain(struct http *http, http_drained_h *h);
bool http_draining(const struct http *http);
const struct sa *http_laddr(const struct http *http);
bool http_tls(const struct http *http);

/* --------------------------------------------------- what a request says */

struct web *req_web(const struct req *req);
const struct route *req_route(const struct req *req);
const char *req_method(const struct req *req);
const char *req_path(const struct req *req);         /* as it came        */
/** What stands for {name}, decoded; NULL: the route has no such name */
const char *req_param(const struct req *req, const char *name);
/** A query parameter, decoded, valid with the request; NULL: not given */
const char *req_query(struct req *req, const char *name);
/** The same as a number; @p def when it is not given, false when it is none */
bool req_query_uint(struct req *req, const char *name, uint64_t min,
		    uint64_t max, uint64_t def, uint64_t *vp);
/** NULL: there is none, or it is not text that the store would take */
const char *req_header(const struct req *req, const char *name);
const char *req_cookie(const struct req *req, const char *name);
const struct sa *req_peer(const struct req *req);
/** The body as it was parsed (borrowed), an object; NULL: there was none */
json_t *req_json(const struct req *req);
/** The body of a ROUTE_RAW request */
struct pl req_body(const struct req *req);

/** What the handler keeps with the request: a libre object, referenced */
void  req_set_data(struct req *req, void *data);
void *req_data(const struct req *req);

struct session *req_session(const struct req *req);
/** From the web_auth_h: this session (a reference is kept), or NULL */
void req_go_on(struct req *req, struct session *session);

/* ------------------------------------------------------ a body in pieces */

/**
 * Some of the body
 *
 * @return how many bytes were taken; with fewer than @p len the rest comes
 *         again after req_resume()
 */
typedef size_t (req_body_h)(struct req *req, const uint8_t *p, size_t len,
			    void *arg);
/** All of it was there; now answer, at once or later */
typedef void (req_end_h)(struct req *req, void *arg);

/**
 * Take the body as it comes
 *
 * @param arg  A reference is kept until the request is gone: its destructor
 *             is told of a client that went away in the middle
 */
void req_stream(struct req *req, req_body_h *bodyh, req_end_h *endh,
		void *arg);
/** More can be taken */
void req_resume(struct req *req);
/** Content-Length, or -1 when the client does not say */
int64_t req_length(const struct req *req);

/* ------------------------------------------------------------- answering */

/* Before the answer; libmicrohttpd keeps copies */
void req_header_add(struct req *req, const char *name, const char *value);
void req_headerf(struct req *req, const char *name, const char *fmt, ...);

/** Answer without a body */
void req_empty(struct req *req, unsigned status);
/** Answer with JSON; @p json is taken over, NULL is answered as 500 */
void req_reply(struct req *req, unsigned status, json_t *json);
/** Answer with bytes, copied */
void req_bytes(struct req *req, unsigned status, const char *type,
	       const void *p, size_t len);
/** Answer with part of a file; @p fd is taken over */
void req_file(struct req *req, unsigned status, const char *type, int fd,
	      uint64_t offset, uint64_t len);
/**
 * Answer with a problem (RFC 7807, application/problem+json)
 *
 * @param kind    What is wrong, for programs: "stale", "not-member"
 * @param detail  For people, re_printf format
 */
void req_problem(struct req *req, unsigned status, const char *kind,
		 const char *detail, ...);

/** The client is gone, or it was answered: what is said now is not heard */
bool req_done(const struct req *req);
