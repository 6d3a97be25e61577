/**
 * @file webfiles/http_priv.h  Shared by the listener and its requests
 */
#pragma once

#include <microhttpd.h>
#include "webfiles/route.h"

enum { REQ_VALUE_MAX = 4096 };      /* of a parameter of the query      */

enum req_state {
	REQ_HEAD,        /* who is it?                                       */
	REQ_BODY,        /* the body comes                                   */
	REQ_RUN,         /* the handler has it                               */
	REQ_ANSWERED,
};

struct http {
	struct web *web;
	struct MHD_Daemon *mhd;
	struct web_tls *tls;       /* NULL: in clear                         */
	web_auth_h *authh;
	struct list connl;         /* struct hconn                           */
	struct sa laddr;
	struct tmr tmr_run, tmr_sweep, tmr_drained;
	http_drained_h *drainedh;  /* NULL: connections are taken            */
	uint32_t head_s, rate_min;
	uint64_t body_max;
	int epfd;
};

/** A connection: what libmicrohttpd does not watch is how slow it is */
struct hconn {
	struct le le;
	struct MHD_Connection *mc;
	struct http *http;
	struct sa peer;
	uint64_t since;            /* jiffies when it last had nothing to do */
	uint64_t received;         /* bytes of the body under way            */
	bool working;              /* a handler has the request: our turn    */
	struct req *req;           /* under way, not owned; or NULL          */
};

struct req {
	struct http *http;
	struct MHD_Connection *mc; /* NULL: the client is gone               */
	struct hconn *conn;
	const struct route *route;
	struct route_params params;
	struct session *session;
	char *method, *path;
	struct sa peer;

	enum req_state state;
	bool asked;                /* who it is                             */
	bool head_over;            /* what comes now is its body, or its end */
	bool suspended;
	uint64_t discarded;        /* bytes of the body after the answer     */
	struct mbuf *body;         /* of routes that want it whole           */
	json_t *json;
	req_body_h *bodyh;
	req_end_h *endh;
	void *arg;

	struct MHD_Response *resp; /* to be queued                           */
	unsigned status;
	struct list headerl;       /* of the answer                          */
	struct list queryl;        /* decoded parameters                     */
};

/** A request whose head has come; NULL: ENOMEM.  Answered when refused */
struct req *req_alloc(struct http *http, struct hconn *conn,
		      struct MHD_Connection *mc, const char *path,
		      const char *method);
/** Goes on from where it is; called by libmicrohttpd only */
enum MHD_Result req_step(struct req *req, const char *data, size_t *sizep);
/** The client is gone, or was answered */
void req_gone(struct req *req);
/** Nobody will answer it any more: let the library close it */
void req_abort(struct req *req);

/** Wakes the listener up: something may be written */
void http_kick(struct http *http);

/** The answer that waits, queued: MHD_YES, or MHD_NO to close */
enum MHD_Result req_queue(struct req *req);
