/**
 * @file channel/cmd/price.c  What a document costs its sender
 */
#include <re.h>
#include "channel/cmd/price.h"
#include "channel/cmd/table.h"
#include "channel/xccos/xccos.h"
#include "channel/core.h"
#include "channel/endpoint.h"

enum {
	AGAIN_TIMES = 5,               /* of history read again              */
	PART_WEIGHT = 50,              /* of leaving a room, a debt          */
};

struct cost {
	uint32_t v[RATE_KINDS];
	uint32_t debt;
};


static bool room_handler(const void *node, void *arg)
{
	uint32_t *n = arg;

	(void)node;
	++*n;

	return false;
}


/* A refused part would leave SIPE in the room (clients.md 9.3): it makes a debt
   instead, for which the next join has to wait */
static void cost_add(struct cost *cost, struct endpoint *ep,
		     const struct xccos_prim *prim)
{
	const struct cmd_row *row = cmd_find(prim->verb);
	uint32_t n = 1;

	if (prim->kind == XCCOS_GRPCHAT) {
		++cost->v[RATE_POST];
		return;
	}

	if (row && row->h == cmd_part && cmd_part_leaves(ep, prim)) {
		cost->debt += PART_WEIGHT;
		return;
	}

	if (row && row->h == cmd_bccontext) {
		n = cmd_bccontext_first(ep, prim) ? 1 : AGAIN_TIMES;
		cost->v[RATE_SEARCH] += cmd_bccontext_long(prim);
	}
	if (row && (row->h == cmd_join || row->h == cmd_bjoin)) {
		n = 0;
		xccos_each(prim, "chanid", room_handler, &n);
	}
	cost->v[RATE_COMMAND] += row ? row->weight * max(n, 1) : 1;
	cost->v[RATE_SEARCH] += row ? row->search : 0;
}


/* All of a document is paid for, or nothing of it is done */
bool price_pay(struct endpoint *ep, struct st *st, const struct xccos *doc)
{
	struct rates *rates = ep->svc->rates;
	struct cost cost = { .debt = 0 };
	enum rate_kind kind;
	uint32_t i, wait;

	for (i = 0; i < doc->primc; i++)
		cost_add(&cost, ep, &doc->primv[i]);

	wait = rate_take(rates, ep->rate, &ep->buckets, cost.v, &kind);
	if (wait) {
		rate_refuse(rates, st, &ep->buckets, kind, wait);
		return false;
	}

	rate_charge(rates, ep->rate, &ep->buckets, RATE_COMMAND, cost.debt);

	return true;
}
