/**
 * @file channel/reattach.c  Clients that come back without joining
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/core.h"
#include "channel/ending.h"
#include "channel/endpoint.h"
#include "channel/join.h"
#include "channel/reattach.h"
#include "channel/signoff.h"
#include "channel/user.h"

enum { BYES_MAX = 1000 };

static uint64_t n_reattached;

static const struct stats_row rowv[] = {
	{ "endpoints_reattached", &n_reattached, false,
	  "Clients that were put back into their rooms" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


struct returning {
	struct endpoint *ep;         /* reference                            */
	reattach_h *h;
	void *arg;
};


static void destructor(void *data)
{
	struct returning *ret = data;

	mem_deref(ret->ep);
}


static void finish(struct returning *ret)
{
	if (ret->h)
		ret->h(ret->arg);
	mem_deref(ret);
}


static void join_handler(int err, struct join *join, void *arg)
{
	struct endpoint *ep = join->ep;

	ep->reattach_due = err != 0;
	if (!err && ep->dlg) {
		++n_reattached;
		log_info("endpoint.reattached", "user=%s rooms=%zu",
			 ep->user->uri, join->roomc);
		ending_superseded(ep);
	}

	finish(arg);
}


static int join_rooms(struct returning *ret, const struct db_res *res)
{
	const uint32_t n = min(db_rows(res), (uint32_t)JOIN_MAX);
	struct join *join;
	uint32_t i;
	int err;

	if (!n || !ret->ep->dlg || ret->ep->joined)
		return ENODATA;

	err = join_alloc(&join, ret->ep, n);
	if (err)
		return err;

	for (i = 0; i < n; i++)
		memcpy(join->roomv[i].guid, db_get_uuid(res, i, 0), GUID_SIZE);

	err = join_start(join, join_handler, ret);
	if (err)
		mem_deref(join);

	return err;
}


/* Failed: reattach_again() */
static void rooms_handler(int err, const struct db_res *res, void *arg)
{
	struct returning *ret = arg;

	ret->ep->reattach_due = err != 0;
	if (!err)
		err = join_rooms(ret, res);
	if (err)
		finish(ret);
}


static int ask_rooms(struct returning *ret)
{
	struct endpoint *ep = ret->ep;
	int64_t notv[BYES_MAX];
	struct db_args args;
	size_t n;

	notv[0] = ep->id;
	n = 1 + ending_byes(ep->svc, notv + 1, BYES_MAX - 1);
	n += signoff_byes(ep->svc, notv + n, BYES_MAX - n);
	db_args_init(&args);
	db_int8(&args, ep->user->id);
	db_text(&args, ep->epid);
	db_int8v(&args, notv, n);

	return db_exec(ep->svc->db_main, "endpoint_rooms", &args,
		       rooms_handler, ret);
}


/* What this user left is not to be found as a room to return to */
static void left_handler(int err, void *arg)
{
	struct returning *ret = arg;

	if (!err)
		err = ask_rooms(ret);
	if (err)
		rooms_handler(err, NULL, ret);
}


int reattach(struct endpoint *ep, reattach_h *h, void *arg)
{
	struct returning *ret;

	if (!str_isset(ep->epid))
		return ENODATA;

	ret = mem_zalloc(sizeof(*ret), destructor);
	if (!ret)
		return ENOMEM;

	ep->bare = true;
	ret->ep = mem_ref(ep);
	ret->h = h;
	ret->arg = arg;

	if (!ending_wait(ep->svc, ep->user, left_handler, ret) &&
	    ask_rooms(ret)) {
		ep->reattach_due = true;
		mem_deref(ret);
		return EBUSY;
	}

	return 0;
}


void reattach_again(struct service *svc)
{
	struct le *le;

	for (le = list_head(&svc->epl); le; le = le->next) {
		struct endpoint *ep = le->data;

		if (!ep->reattach_due)
			continue;
		ep->reattach_due = false;
		if (!ep->joined && !ep->occl.head)
			(void)reattach(ep, NULL, NULL);
	}
}


void reattach_all(struct service *svc)
{
	struct le *le;

	for (le = list_head(&svc->epl); le; le = le->next) {
		struct endpoint *ep = le->data;

		if (ep->bare && !ep->occl.head)
			(void)reattach(ep, NULL, NULL);
	}
}
