/**
 * @file channel/lookup.c  A user by his URI, patiently
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "channel/core.h"
#include "channel/lookup.h"
#include "channel/user.h"
#include "channel/watch.h"

enum { RETRY_MS = 300, TRIES = 10 };

struct request {
	struct le le;            /* service.lookupl                          */
	struct service *svc;
	lookup_h *h;
	void *arg;
	char *uri;
	struct tmr tmr;
	unsigned tries;
	uint32_t changes;        /* what was known when it was asked         */
};

static void try_handler(void *arg);


static void destructor(void *data)
{
	struct request *req = data;

	list_unlink(&req->le);
	tmr_cancel(&req->tmr);
	mem_deref(req->uri);
}


static void finish(struct request *req, int err, const struct lookup *found)
{
	req->h(err, found, req->arg);
	mem_deref(req);
}


static int read_row(struct lookup *found, struct service *svc,
		    const struct db_res *res)
{
	const struct pl uri = db_get_text(res, 0, 1);
	const struct pl display = db_get_text(res, 0, 2);
	int64_t *ancv;
	size_t ancc;
	int err;

	err = db_get_int8v(res, 0, 6, &ancv, &ancc);
	if (err)
		return err;

	err = user_get(&found->user, svc->users, db_get_int(res, 0, 0), &uri,
		       &display, db_get_uuid(res, 0, 3));
	if (err) {
		mem_deref(ancv);
		return err;
	}

	found->allowed = db_get_bool(res, 0, 4) && db_get_bool(res, 0, 5);
	if (found->allowed) {
		user_set_ancestors(found->user, ancv, ancc);
	}
	else {
		user_set_ancestors(found->user, NULL, 0);
		mem_deref(ancv);
	}

	return 0;
}


static void row_handler(int err, const struct db_res *res, void *arg)
{
	struct request *req = arg;
	struct lookup found = { .user = NULL };

	if (err == ECANCELED) {
		finish(req, err, NULL);
		return;
	}
	if (!err && req->changes != watch_changes(req->svc->watch) &&
	    ++req->tries < TRIES) {
		tmr_start(&req->tmr, 0, try_handler, req);
		return;
	}
	if (err && ++req->tries < TRIES) {
		tmr_start(&req->tmr, RETRY_MS, try_handler, req);
		return;
	}

	if (err)
		err = EBUSY;
	else if (!db_rows(res))
		err = ENOENT;
	else
		err = read_row(&found, req->svc, res);

	finish(req, err, err ? NULL : &found);
	mem_deref(found.user);
}


static void try_handler(void *arg)
{
	struct request *req = arg;
	struct db_args args;

	db_args_init(&args);
	db_text(&args, req->uri);
	req->changes = watch_changes(req->svc->watch);
	if (!db_exec(req->svc->db_main, "user_by_uri", &args, row_handler,
		     req))
		return;

	if (++req->tries < TRIES)
		tmr_start(&req->tmr, RETRY_MS, try_handler, req);
	else
		finish(req, EBUSY, NULL);
}


int lookup_start(struct service *svc, const char *uri, lookup_h *h, void *arg)
{
	struct request *req = mem_zalloc(sizeof(*req), destructor);
	int err;

	if (!req)
		return ENOMEM;

	err = str_dup(&req->uri, uri);
	if (err) {
		mem_deref(req);
		return err;
	}

	req->svc = svc;
	req->h = h;
	req->arg = arg;
	list_append(&svc->lookupl, &req->le, req);
	tmr_start(&req->tmr, 0, try_handler, req);

	return 0;
}


void lookup_cancel_all(struct service *svc)
{
	struct le *le;

	while ((le = list_head(&svc->lookupl)))
		finish(le->data, ECANCELED, NULL);
}
