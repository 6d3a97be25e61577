/**
 * @file webfiles/store.c  Our connection to the Persistent Chat Store
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/conf.h"
#include "common/daemon.h"
#include "common/db/db.h"
#include "common/storeconf.h"
#include "webfiles/core.h"
#include "webfiles/http.h"
#include "webfiles/store.h"

enum {
	TIMEOUT_MS = 5000,
	AGAIN_MS   = 500,
};

struct ask {
	struct req *req;
	req_db_h *h;
};

static void identify(void *arg);


/* ------------------------------------------------------------ what we are */

static void schema_handler(int err, uint32_t found, uint32_t wanted, void *arg)
{
	struct web *web = arg;

	(void)found;
	(void)wanted;

	if (err == ECANCELED)
		return;
	if (err == EPROTO)
		daemon_fail();
	else if (err)
		tmr_start(&web->tmr_identify, AGAIN_MS, identify, web);
	else {
		web->identified = true;
		daemon_ready();
	}
}


static void identify(void *arg)
{
	struct web *web = arg;

	if (db_isup(web->db) && db_schema_check(web->db, schema_handler, web))
		tmr_start(&web->tmr_identify, AGAIN_MS, identify, web);
}


static void state_handler(bool up, void *arg)
{
	if (up)
		identify(arg);
}


int web_store_open(struct web *web)
{
	struct db_conf dc = {
		.name = "pchat-web",
		.conninfo = config_str(web->conf, "store.conninfo"),
		.timeout_ms = TIMEOUT_MS,
	};

	storeconf_limits(&dc, web->conf);
	dc.timeout_ms = min(dc.timeout_ms, dc.answer_ms * 3 / 4);

	return db_open(&web->db, &dc, state_handler, web);
}


bool web_store_answers(const struct web *web)
{
	return web->identified &&
		db_answers(web->db, (uint32_t)config_uint(web->conf,
							  "store.ready_ms"));
}


void web_store_close(struct web *web)
{
	tmr_cancel(&web->tmr_identify);
	web->db = mem_deref(web->db);
}


/* ---------------------------------------------------------- for a request */

static void failed(struct req *req, int err)
{
	const bool away = err == ENOTCONN || err == EAGAIN ||
		err == ECONNRESET || err == ETIMEDOUT;

	if (err == ECONNRESET && strcmp(req_method(req), "GET") &&
	    strcmp(req_method(req), "HEAD")) {
		req_problem(req, 504, "outcome-unknown", "the connection to "
			    "the store was lost: the change may have been "
			    "made, check before you repeat it");
		return;
	}

	if (away)
		req_header_add(req, "Retry-After", "2");
	req_problem(req, away ? 503 : 500, away ? "store-away" : "store",
		    away ? "the store does not answer, try again" :
		    "the store refused a statement");
}


static void ask_destructor(void *data)
{
	struct ask *ask = data;

	mem_deref(ask->req);
}


static void res_handler(int err, const struct db_res *res, void *arg)
{
	struct ask *ask = arg;

	if (!req_done(ask->req)) {
		if (err)
			failed(ask->req, err);
		else
			ask->h(ask->req, res);
	}

	mem_deref(ask);
}


void req_db(struct req *req, const char *stmt, struct db_args *args,
	    req_db_h *h)
{
	struct ask *ask = mem_zalloc(sizeof(*ask), ask_destructor);
	int err;

	if (!ask) {
		db_args_reset(args);
		failed(req, EAGAIN);
		return;
	}

	ask->req = mem_ref(req);
	ask->h   = h;
	err = db_exec(req_web(req)->db, stmt, args, res_handler, ask);
	if (err) {
		failed(req, err);
		mem_deref(ask);
	}
}
