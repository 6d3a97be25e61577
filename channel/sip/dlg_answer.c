/**
 * @file channel/sip/dlg_answer.c  Answers to INFO, lost connections, the tick
 */
#include <string.h>
#include <re.h>
#include "channel/sip/core.h"


/* The client, or who speaks for it, knows nothing of the dialog */
static bool is_gone(uint16_t code)
{
	switch (code) {

	case 481: case 487:
	case 404: case 408: case 410: case 430: case 477: case 480:
		return true;
	default:
		return false;
	}
}


static void judge(struct dlg *dlg, uint16_t code)
{
	if (code < 300) {
		++sip_stats.infos_answered;
		dlg->heard = conns_now(dlg->uas->conns);
		dlg->fails = 0;
		return;
	}

	++sip_stats.infos_failed;
	if (dlg->uas->ev.refused)
		dlg->uas->ev.refused(dlg, code, dlg->uas->arg);
	if (is_gone(code) || ++dlg->fails >= FAILS_MAX)
		dlg_end(dlg, DLG_GONE);
}


/* Take the answered ones off the front of the ring */
static void ring_advance(struct dlg *dlg)
{
	while (dlg->qlen && !dlg->qv[dlg->qhead]) {
		dlg->qhead = (dlg->qhead + 1) & (dlg->qcap - 1);
		--dlg->qlen;
		++dlg->base;
		/* after a lost connection none counts as sent */
		if (dlg->sent)
			--dlg->sent;
	}

	if (!dlg->qlen && dlg->qcap > RING_SPARE) {
		dlg->qv    = mem_deref(dlg->qv);
		dlg->qhead = dlg->qcap = 0;
	}
}


/* Whose answer it is: From, To, Call-ID and the branch are what we sent (RFC
   3261 17.1.3).  NULL: counted */
static struct dlg *answered(struct uas *uas, struct view *v)
{
	struct dlg *dlg = NULL;

	if (!view_fault(v))
		dlg = dlg_known(uas, v, &v->from, &v->to);

	if (!dlg && (view_fault(v) || view_tags(v))) {
		++sip_stats.responses_bad;
		return NULL;
	}
	if (!dlg)
		dlg = dlg_lookup(uas, v, &v->ftag, &v->ttag);
	if (!dlg || pl_strcmp(&v->cseq_met, "INFO") ||
	    !dlg_branch_is(dlg, &v->viav[0], v->cseq_num)) {
		++sip_stats.responses_stray;
		return NULL;
	}

	return dlg;
}


void dlg_response(struct uas *uas, struct view *v)
{
	struct dlg *dlg;
	uint32_t i, pos;

	++sip_stats.responses_in;
	if (v->scode && v->scode < 200)
		return;

	dlg = answered(uas, v);
	if (!dlg)
		return;

	/* sent or, after a redial, about to be sent again */
	i = v->cseq_num - dlg->base;
	if (i >= dlg->qlen || v->cseq_num >= dlg->top) {
		++sip_stats.responses_stray;
		return;
	}

	pos = (dlg->qhead + i) & (dlg->qcap - 1);
	if (!dlg->qv[pos]) {
		++sip_stats.responses_stray;
		return;
	}

	dlg->qv[pos] = mem_deref(dlg->qv[pos]);
	judge(dlg, v->scode);
	if (dlg->over)
		return;

	ring_advance(dlg);
	if (dlg->sent < dlg->qlen)
		dlg_pump(dlg);
}


/* ------------------------------------------------------ connections, time */

void dlg_conn_closed(struct conn *conn)
{
	struct le *le;

	while ((le = conn_users(conn)->head)) {
		struct dlg *dlg = le->data;

		struct conn *spare = dlg->spare;

		/* nothing counts as sent: it goes out again elsewhere */
		dlg->sent = 0;
		dlg->spare = NULL;
		dlg_pin(dlg, conn_alive(spare) ? spare : NULL);
		mem_deref(spare);
		if (!dlg->conn && !dlg->route)
			dlg_end(dlg, DLG_LOST);
	}
}


/* The time without a connection is not the client's */
static void overdue(struct dlg *dlg, uint64_t now)
{
	if (!dlg->qlen || dlg->mark != dlg->base || !conn_up(dlg->conn)) {
		dlg->mark   = dlg->base;
		dlg->marked = now;
		return;
	}

	if (now - dlg->marked >= 1000ull * dlg->uas->conf.info_timeout_s)
		dlg_end(dlg, DLG_GONE);
}


static void check(struct dlg *dlg, uint64_t now)
{
	if (now > dlg->heard && now - dlg->heard > 1000ull * dlg->expires_s) {
		dlg_end(dlg, DLG_EXPIRED);
		return;
	}

	overdue(dlg, now);
	if (!dlg->over && dlg->sent < dlg->qlen)
		dlg_pump(dlg);
}


void dlg_tick(struct uas *uas, uint64_t now)
{
	uint32_t n = uas->slots / TICKS_WALK + 1;

	while (n-- && uas->slots) {

		if (uas->walk >= uas->slots)
			uas->walk = 0;

		if (uas->slotv[uas->walk])
			check(uas->slotv[uas->walk], now);
		++uas->walk;
	}
}
