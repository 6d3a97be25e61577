/**
 * @file channel/reattach.c  Clients that come back without joining
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/endpoint.h"
#include "channel/join.h"
#include "channel/reattach.h"
#include "channel/service.h"
#include "channel/user.h"

static uint64_t n_reattached;

static const struct stats_row rowv[] = {
	{ "endpoints_reattached", &n_reattached, false,
	  "Clients that were put back into their rooms" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void superseded_handler(int err, const struct db_res *res, void *arg)
{
	(void)err;
	(void)res;
	(void)arg;
}


static void join_handler(int err, struct join *join, void *arg)
{
	struct endpoint *ep = join->ep;
	struct db_args args;

	(void)arg;

	if (err || !ep->dlg)
		return;

	++n_reattached;
	log_info("endpoint.reattached", "user=%s rooms=%zu", ep->user->uri,
		 join->roomc);

	db_args_init(&args);
	db_int8(&args, ep->user->id);
	db_text(&args, ep->epid);
	(void)db_exec(ep->svc->db_main, "endpoint_superseded", &args,
		      superseded_handler, NULL);
}


static void rooms_handler(int err, const struct db_res *res, void *arg)
{
	struct endpoint *ep = arg;
	struct join *join;
	uint32_t i, n;

	n = err ? 0 : min(db_rows(res), (uint32_t)JOIN_MAX);
	if (!n || !ep->dlg || ep->joined || join_alloc(&join, ep, n))
		goto out;

	for (i = 0; i < n; i++)
		memcpy(join->roomv[i].guid, db_get_uuid(res, i, 0), GUID_SIZE);

	if (join_start(join, join_handler, NULL))
		mem_deref(join);

 out:
	mem_deref(ep);
}


void reattach(struct endpoint *ep)
{
	struct db_args args;

	if (!str_isset(ep->epid))
		return;

	ep->bare = true;
	db_args_init(&args);
	db_int8(&args, ep->user->id);
	db_text(&args, ep->epid);
	db_int8(&args, ep->id);
	if (!db_exec(ep->svc->db_main, "endpoint_rooms", &args, rooms_handler,
		     ep))
		mem_ref(ep);
}


void reattach_all(struct service *svc)
{
	struct le *le;

	for (le = list_head(&svc->epl); le; le = le->next) {
		struct endpoint *ep = le->data;

		if (ep->bare && !ep->occl.head)
			reattach(ep);
	}
}
