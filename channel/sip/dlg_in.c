/**
 * @file channel/sip/dlg_in.c  Requests in dialogs
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/log.h"
#include "channel/sip/core.h"
#include "channel/sip/identity.h"


static bool same(const struct pl *pl, const char *p, size_t l)
{
	return pl->l == l && !memcmp(pl->p, p, l);
}


/*
 * The dialog of a message whose From and To are the very texts of our head:
 * they were read when the dialog was made, and are not read again.  One that
 * writes them in another way is found by dlg_lookup() in the end
 */
struct dlg *dlg_known(const struct uas *uas, const struct view *v,
		      const struct pl *ours, const struct pl *theirs)
{
	struct pl tag = { ours->p + ours->l - TAG_LEN, TAG_LEN };
	const char *rest;
	struct dlg *dlg;

	if (ours->l <= TAG_LEN)
		return NULL;

	dlg = dlg_find(uas, &tag);
	if (!dlg)
		return NULL;

	rest = dlg->head + dlg->resto;
	if (!same(ours, rest + dlg->fromo, dlg->froml) ||
	    !same(theirs, rest + dlg->too, dlg->tol) ||
	    pl_strcmp(&v->callid, dlg->callid))
		return NULL;

	return dlg;
}


struct dlg *dlg_lookup(const struct uas *uas, const struct view *v,
		       const struct pl *ours, const struct pl *theirs)
{
	struct dlg *dlg = dlg_find(uas, ours);

	if (!dlg || pl_strcmp(&v->callid, dlg->callid) ||
	    pl_strcmp(theirs, dlg->rtag))
		return NULL;

	return dlg;
}


/* The user of the dialog sent it.  What proved that before proves it again */
bool dlg_proven(struct dlg *dlg, const struct view *v)
{
	const bool from = dlg->uas->conf.identity_from;
	const struct pl *proof = identity_field(v, from);
	struct identity id;

	if (proof && dlg->proof && !pl_strcmp(proof, dlg->proof))
		return true;

	if (identity_decode(&id, v, from) || strcmp(id.user, dlg->user) != 0)
		return false;

	dlg->proof = mem_deref(dlg->proof);
	if (proof)
		(void)pl_strdup(&dlg->proof, proof);

	return true;
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
	case 415: return "Unsupported Media Type";
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
	enum body_state state;
	struct st st;

	if (dlg->rseq && v->cseq_num <= dlg->rseq) {
		info_old(uas, dlg, conn, v);
		return;
	}

	/* RFC 6086: of packages there are none */
	if (v->package.l) {
		st_answer(uas, conn, v, 469, "Bad Info Package",
			  "Recv-Info: nil\r\n");
		return;
	}

	state = body_judge(uas, conn, v);
	if (state == BODY_REFUSED)
		return;

	recent_add(dlg, v->cseq_num);
	st_init(&st, uas, conn, v);
	st.in_dlg = true;
	memcpy(st.tag, dlg->tag, TAG_LEN);

	/* RFC 2976: an INFO that says nothing is fine */
	if (state == BODY_NONE)
		st_reply(&st, 200, "OK", NULL);
	else
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

	if (timer_refuse(uas, conn, v) ||
	    body_judge(uas, conn, v) == BODY_REFUSED) {
		mem_deref(mb);
		mem_deref(body);
		return;
	}

	if (!mb || !body)
		goto out;

	if (v->contact.l) {
		err = dlg_retarget(dlg, v);
		if (err)
			goto out;
	}

	dlg->expires_s = timer_negotiate(uas, v);
	err = dlg_fields(mb, dlg, conn, v);
	if (!err && sdp)
		err = dlg_sdp(body, dlg, conn, v);
	if (!err)
		err = mbuf_write_u8(mb, '\0');

 out:
	if (err) {
		st_answer(uas, conn, v, err == ENOMEM ? 500 : 400,
			  err == ENOMEM ? "Server Internal Error" :
			  "Bad Contact", err == ENOMEM ? diag_line(20007) :
			  diag_text("Bad Contact"));
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
	case MET_OPTIONS:
		uas_options(uas, conn, v);
		break;
	default:
		uas_not_allowed(uas, conn, v);
		break;
	}
}


/* Nobody asserts an identity for ACK (RFC 3325 9.1), so it moves nothing: it
   only ends the repetition of the 200 */
static void acked(struct dlg *dlg, const struct view *v)
{
	if (!dlg->inv)
		return;

	if ((v->assertedc || dlg->uas->conf.identity_from) &&
	    !dlg_proven(dlg, v))
		++sip_stats.identity_refused;
	else
		invite_acked(dlg->inv);
}


static void take(struct uas *uas, struct dlg *dlg, struct conn *conn,
		 const struct view *v)
{
	if (v->method == MET_ACK) {
		acked(dlg, v);
		return;
	}

	if (!dlg_proven(dlg, v)) {
		uas_forbid(uas, conn, v, v->assertedc ||
			   uas->conf.identity_from ? EPERM : EACCES);
		return;
	}

	dlg->heard = conns_now(uas->conns);
	dlg_follow(dlg, conn);
	if (dlg->inv)
		invite_acked(dlg->inv);

	mem_ref(dlg);
	dispatch(uas, dlg, conn, v);
	mem_deref(dlg);
}


bool dlg_known_info(struct uas *uas, struct conn *conn, struct view *v)
{
	struct dlg *dlg;

	if (v->method != MET_INFO || v->require.p)
		return false;

	dlg = dlg_known(uas, v, &v->to, &v->from);
	if (!dlg)
		return false;

	v->ttag.p = v->to.p + v->to.l - TAG_LEN;
	v->ttag.l = TAG_LEN;
	pl_set_str(&v->ftag, dlg->rtag);
	take(uas, dlg, conn, v);
	return true;
}


bool dlg_request(struct uas *uas, struct conn *conn, const struct view *v)
{
	struct dlg *dlg = dlg_lookup(uas, v, &v->ttag, &v->ftag);

	if (!dlg)
		return false;

	take(uas, dlg, conn, v);
	return true;
}
