/**
 * @file channel/revive.c  Endpoints of a process that was taken for dead
 */
#include <errno.h>
#include <stdlib.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/sip/dialog.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/relay.h"
#include "channel/revive.h"
#include "channel/room.h"
#include "channel/user.h"
#include "channel/watch.h"

static uint64_t n_ended;

static const struct stats_row rowv[] = {
	{ "endpoints_fenced", &n_ended, false,
	  "Dialogs ended after others had removed us: their clients were "
	  "elsewhere" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static int compare(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}


/* The ids of a result, ascending; NULL: no memory */
static int64_t *ids_of(const struct db_res *res)
{
	const uint32_t n = db_rows(res);
	int64_t *idv = mem_alloc((n + 1) * sizeof(*idv), NULL);
	uint32_t i;

	for (i = 0; idv && i < n; i++)
		idv[i] = db_get_int(res, i, 0);
	if (idv)
		qsort(idv, n, sizeof(*idv), compare);

	return idv;
}


/* Others took our endpoints out of their rooms: they are told again */
static void told_again(struct endpoint *ep)
{
	struct le *le;

	for (le = list_head(&ep->occl); le; le = le->next) {
		const struct occupant *occ = le->data;

		relay_enter(ep->svc, occ->room, ep, occ->mask);
	}
}


/* idv: those that are ours again */
static void sort_out(struct service *svc, const int64_t *idv, size_t n)
{
	struct le *le;

	for (le = list_head(&svc->epl); le; le = le->next) {
		struct endpoint *ep = le->data;

		if (!ep->stored)
			continue;
		if (bsearch(&ep->id, idv, n, sizeof(*idv), compare)) {
			told_again(ep);
			continue;
		}
		++n_ended;
		log_info("pool.elsewhere", "user=%s", ep->user->uri);
		dlg_bar(ep->dlg);
	}
	watch_all(svc->watch);
}


int revive_read(struct service *svc, const struct db_res *res)
{
	int64_t *idv = ids_of(res);

	if (!idv)
		return ENOMEM;

	sort_out(svc, idv, db_rows(res));
	mem_deref(idv);

	return 0;
}


int revive_ask(struct service *svc, db_h *h, void *arg)
{
	int64_t *idv = mem_alloc((svc->endpoints + 1) * sizeof(*idv), NULL);
	struct db_args args;
	struct le *le;
	size_t n = 0;
	int err;

	if (!idv)
		return ENOMEM;

	for (le = list_head(&svc->epl); le; le = le->next) {
		const struct endpoint *ep = le->data;

		if (ep->stored)
			idv[n++] = ep->id;
	}

	db_args_init(&args);
	db_int8(&args, svc->instance_id);
	db_int8v(&args, idv, n);
	err = db_exec(svc->db_main, "endpoint_revive", &args, h, arg);
	mem_deref(idv);

	return err;
}
