/**
 * @file channel/sip/dlg_in.c  Requests in dialogs, answers to ours, the tick
 */
#include <string.h>
#include <re.h>
#include "common/log.h"
#include "channel/sip/core.h"


/* ---------------------------------------------------------------- requests */

static struct dlg *lookup(const struct uas *uas, const struct view *v)
{
	struct dlg *dlg = dlg_find(uas, &v->ttag);

	if (!dlg || pl_strcmp(&v->callid, dlg->callid) ||
	    pl_strcmp(&v->ftag, dlg->rtag))
		return NULL;

	return dlg;
}


static struct recent *recent_find(struct dlg *dlg, uint32_t cseq)
{
	for (int i = 0; i < RECENT_MAX; i++) {
		if (dlg->recentv[i].used && dlg->recentv[i].cseq == cseq)
			return &dlg->recentv[i];
	}

	return NULL;
}


static void recent_add(struct dlg *dlg, uint32_t cseq)
{
	struct recent *r = &dlg->recentv[dlg->recentn++ % RECENT_MAX];

	r->cseq   = cseq;
	r->status = 0;
	r->used   = true;
	dlg->rseq = cseq;
}


void dlg_answered(struct uas *uas, const struct st *st, uint16_t code)
{
	const struct pl tag = { st->tag, TAG_LEN };
	struct dlg *dlg = dlg_find(uas, &tag);
	struct recent *r = dlg ? recent_find(dlg, st->cseq) : NULL;

	if (r)
		r->status = code;
}


static const char *reason_of(uint16_t code)
{
	switch (code) {

	case 200: return "OK";
	case 400: return "Bad Request";
	case 403: return "Forbidden";
	case 413: return "Request Entity Too Large";
	case 503: return "Service Unavailable";
	default:  return code < 300 ? "OK" : "Refused";
	}
}


/* Executed once: the same answer again, none while there is none */
static void info_old(struct uas *uas, struct dlg *dlg, struct conn *conn,
		     const struct view *v)
{
	const struct recent *r = recent_find(dlg, v->cseq_num);

	if (!r) {
		++sip_stats.infos_old;
		st_answer(uas, conn, v, 500, "CSeq Too Low", NULL);
		return;
	}

	++sip_stats.infos_dup;
	if (r->status)
		st_answer(uas, conn, v, r->status, reason_of(r->status), NULL);
}


static void info_request(struct uas *uas, struct dlg *dlg, struct conn *conn,
			 const struct view *v)
{
	struct st st;

	if (dlg->rseq && v->cseq_num <= dlg->rseq) {
		info_old(uas, dlg, conn, v);
		return;
	}

	recent_add(dlg, v->cseq_num);
	st_init(&st, uas, conn, v);
	st.in_dlg = true;
	memcpy(st.tag, dlg->tag, TAG_LEN);

	uas->ev.info(dlg, &st, &v->body, uas->arg);

	if (!st.done)
		st_reply(&st, 500, "Server Internal Error",
			 diag_line(20007));
}


/* UPDATE and INVITE: the session goes on, the target may be a new one */
static void refresh(struct uas *uas, struct dlg *dlg, struct conn *conn,
		    const struct view *v, bool sdp)
{
	struct mbuf *mb = mbuf_alloc(512), *body = mbuf_alloc(256);
	struct st st;
	struct pl pl = PL_INIT;
	int err = ENOMEM;

	if (!mb || !body)
		goto out;

	if (v->contact.l) {
		err = dlg_retarget(dlg, v);
		if (err)
			goto out;
	}

	dlg_negotiate(dlg, v);
	err = dlg_fields(mb, dlg, conn, v);
	if (!err && sdp)
		err = dlg_sdp(body, dlg, conn, v);
	if (!err)
		err = mbuf_write_u8(mb, '\0');

 out:
	if (err) {
		st_answer(uas, conn, v, err == ENOMEM ? 500 : 400,
			  err == ENOMEM ? "Server Internal Error" :
			  "Bad Contact", NULL);
	}
	else {
		st_init(&st, uas, conn, v);
		pl.p = (char *)body->buf;
		pl.l = body->end;
		st_reply_body(&st, 200, "OK", (char *)mb->buf,
			      sdp ? "application/sdp" : NULL, &pl);
	}

	mem_deref(mb);
	mem_deref(body);
}


static void dispatch(struct uas *uas, struct dlg *dlg, struct conn *conn,
		     const struct view *v)
{
	switch (v->method) {

	case MET_INFO:
		info_request(uas, dlg, conn, v);
		break;
	case MET_BYE:
		st_answer(uas, conn, v, 200, "OK", NULL);
		dlg_end(dlg, DLG_BYE);
		break;
	case MET_UPDATE:
		refresh(uas, dlg, conn, v, v->body.l > 0);
		break;
	case MET_INVITE:
		refresh(uas, dlg, conn, v, true);
		break;
	default:
		break;
	}
}


bool dlg_request(struct uas *uas, struct conn *conn, const struct view *v)
{
	struct dlg *dlg = lookup(uas, v);

	if (!dlg)
		return false;

	dlg->heard = conns_now(uas->conns);
	dlg_pin(dlg, conn);
	if (dlg->over)
		return false;
	if (dlg->inv)
		invite_acked(dlg->inv);

	mem_ref(dlg);
	dispatch(uas, dlg, conn, v);
	mem_deref(dlg);
	return true;
}


/* --------------------------------------------------------- answers to INFO */

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


void dlg_response(struct uas *uas, const struct view *v)
{
	struct dlg *dlg = dlg_find(uas, &v->ftag);
	uint32_t i, pos;

	++sip_stats.responses_in;
	if (v->scode < 200)
		return;

	if (!dlg || pl_strcmp(&v->cseq_met, "INFO")) {
		++sip_stats.responses_stray;
		return;
	}

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

		dlg_pin(dlg, NULL);
		if (dlg->route)
			dlg->sent = 0;
		else
			dlg_end(dlg, DLG_LOST);
	}
}


static void overdue(struct dlg *dlg, uint64_t now)
{
	if (!dlg->qlen || dlg->mark != dlg->base) {
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
