/**
 * @file channel/cmd/lane.c  Whose command is done next
 */
#include <errno.h>
#include <re.h>
#include "common/conf.h"
#include "common/stats.h"
#include "channel/cmd/lane.h"
#include "channel/cmd/table.h"
#include "channel/core.h"
#include "channel/endpoint.h"

struct lanes {
	struct lane v[LANES];
	lane_run_h *h;
	bool closed;
};

static uint64_t n_waited, n_refused;

static const struct stats_row rowv[] = {
	{ "lane_waited", &n_waited, false,
	  "Commands that waited because of others, or of their own account" },
	{ "lane_refused", &n_refused, false,
	  "Commands answered 503: too many waited" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	lanes_close(data);
}


int lanes_alloc(struct lanes **lsp, struct service *svc, lane_run_h *h)
{
	const uint32_t wait = (uint32_t)config_uint(svc->conf,
						    "search.queue_max");
	const uint32_t share = (uint32_t)config_uint(svc->conf, "lane.share");
	struct lanes *ls = mem_zalloc(sizeof(*ls), destructor);
	int i;

	if (!ls)
		return ENOMEM;

	/* what waits is bounded by the endpoints, one command of each; where
	   a command may take seconds, by a number */
	for (i = 0; i < LANES; i++) {
		ls->v[i].id = (enum lane_id)i;
		ls->v[i].running_max = 16 * share;
		ls->v[i].share = share;
		ls->v[i].waiting_max = ls->v[i].waiting_user_max = UINT32_MAX;
	}
	ls->v[LANE_READ].share = 1;
	ls->v[LANE_SEARCH].running_max = 2;
	ls->v[LANE_SEARCH].share = 1;
	ls->v[LANE_SEARCH].waiting_max = wait;
	ls->v[LANE_SEARCH].waiting_user_max = max(wait / 4, 1);
	ls->h = h;
	*lsp = ls;

	return 0;
}


void lanes_close(struct lanes *ls)
{
	struct le *le;
	int i;

	ls->closed = true;
	for (i = 0; i < LANES; i++) {
		while ((le = list_head(&ls->v[i].userl))) {
			struct rate_user *user = le->data;

			list_unlink(le);
			list_flush(&user->lanev[i].cmdl);
		}
		ls->v[i].waiting = 0;
	}
}


static void start(struct lanes *ls, struct cmd *cmd)
{
	struct lane *lane = &ls->v[cmd->lane];

	++lane->running;
	++cmd->ep->rate->lanev[cmd->lane].running;
	cmd->on_lane = true;
	ls->h(cmd);
}


/* The first account that may have another one under way; it goes to the end */
static struct cmd *next_cmd(struct lane *lane)
{
	struct le *le;

	for (le = list_head(&lane->userl); le; le = le->next) {
		struct rate_user *user = le->data;
		struct lane_user *lu = &user->lanev[lane->id];
		struct cmd *cmd = list_ledata(list_head(&lu->cmdl));

		if (lu->running >= lane->share)
			continue;

		list_unlink(&cmd->le);
		--lane->waiting;
		list_unlink(&lu->le);
		if (lu->cmdl.head)
			list_append(&lane->userl, &lu->le, user);

		return cmd;
	}

	return NULL;
}


/* Iterative: a command that is done at once must not nest the next one */
static void drain(struct lanes *ls, struct lane *lane)
{
	struct cmd *cmd;

	if (lane->draining || ls->closed)
		return;

	lane->draining = true;
	while (lane->running < lane->running_max && (cmd = next_cmd(lane)))
		start(ls, cmd);
	lane->draining = false;
}


int lane_enter(struct lanes *ls, struct cmd *cmd, enum lane_id id)
{
	struct rate_user *user = cmd->ep->rate;
	struct lane_user *lu = &user->lanev[id];
	struct lane *lane = &ls->v[id];

	cmd->lane = id;
	if (!id || (lane->running < lane->running_max &&
		    lu->running < lane->share && !lu->cmdl.head)) {
		start(ls, cmd);
		return 0;
	}

	if (lane->waiting >= lane->waiting_max ||
	    list_count(&lu->cmdl) >= lane->waiting_user_max) {
		++n_refused;
		return EAGAIN;
	}

	++n_waited;
	++lane->waiting;
	if (!lu->cmdl.head)
		list_append(&lane->userl, &lu->le, user);
	list_append(&lu->cmdl, &cmd->le, cmd);

	return 0;
}


void lane_leave(struct cmd *cmd)
{
	struct lanes *ls = cmd->svc->lanes;
	struct lane *lane;

	if (!cmd->on_lane || !ls)
		return;

	lane = &ls->v[cmd->lane];
	cmd->on_lane = false;
	--lane->running;
	--cmd->ep->rate->lanev[cmd->lane].running;
	if (cmd->lane)
		drain(ls, lane);
}
