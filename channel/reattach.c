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


/* What waited for this client is not waited for any more */
static void forget_waiting(struct endpoint *ep)
{
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, ep->user->id);
	db_text(&args, ep->epid);
	(void)db_exec(ep->svc->db_main, "endpoint_superseded", &args,
		      NULL, NULL);
}


static void join_handler(int err, struct join *join, void *arg)
{
	struct endpoint *ep = join->ep;

	if (!err && ep->dlg) {
		++n_reattached;
		log_info("endpoint.reattached", "user=%s rooms=%zu",
			 ep->user->uri, join->roomc);
		forget_waiting(ep);
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


static void rooms_handler(int err, const struct db_res *res, void *arg)
{
	if (err || join_rooms(arg, res))
		finish(arg);
}


int reattach(struct endpoint *ep, reattach_h *h, void *arg)
{
	struct returning *ret;
	int64_t notv[BYES_MAX];
	struct db_args args;
	size_t n;
	int err;

	if (!str_isset(ep->epid))
		return ENODATA;

	ret = mem_zalloc(sizeof(*ret), destructor);
	if (!ret)
		return ENOMEM;

	ep->bare = true;
	ret->ep = mem_ref(ep);
	ret->h = h;
	ret->arg = arg;

	notv[0] = ep->id;
	n = 1 + ending_byes(ep->svc, notv + 1, BYES_MAX - 1);
	n += signoff_byes(ep->svc, notv + n, BYES_MAX - n);
	db_args_init(&args);
	db_int8(&args, ep->user->id);
	db_text(&args, ep->epid);
	db_int8v(&args, notv, n);
	err = db_exec(ep->svc->db_main, "endpoint_rooms", &args,
		      rooms_handler, ret);
	if (err)
		mem_deref(ret);

	return err;
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
