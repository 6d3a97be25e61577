/**
 * @file channel/sip/invite.c  INVITE for a new dialog, its CANCEL, its 200
 *
 * An INVITE is copied when it comes, so that it may be answered later, and is
 * known until it is refused or its 200 acknowledged: that is how a repeated
 * one and its CANCEL are found.  A refused one is forgotten at once (SIPE
 * never sends ACK for it).
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "common/log.h"
#include "channel/sip/core.h"
#include "channel/sip/identity.h"


static void destructor(void *data)
{
	struct invite *inv = data;

	hash_unlink(&inv->he);
	list_unlink(&inv->le_ok);
	mem_deref(inv->st.conn);
	mem_deref(inv->ok);
	mem_deref(inv->user);
	mem_deref(inv->copy);
}


static uint32_t key(const struct view *v)
{
	return hash_joaat((const uint8_t *)v->callid.p, v->callid.l);
}


/* Two clients may use the same Call-IDs and tags (clients.md 9.8) */
static bool same(const struct view *a, const struct view *b)
{
	struct pl x, y;

	return a->cseq_num == b->cseq_num &&
		!pl_cmp(&a->callid, &b->callid) &&
		!pl_cmp(&a->ftag, &b->ftag) &&
		!view_uri(&a->from, &x) && !view_uri(&b->from, &y) &&
		!pl_casecmp(&x, &y) &&
		view_via_match(&a->viav[0], &b->viav[0]);
}


static bool find_handler(struct le *le, void *arg)
{
	const struct invite *inv = le->data;

	return same(&inv->view, arg);
}


static struct invite *find(const struct uas *uas, const struct view *v)
{
	return list_ledata(hash_lookup(uas->ht_inv, key(v), find_handler,
				       (void *)v));
}


static void ok_send(struct invite *inv, struct conn *conn)
{
	char *p = conn_reserve(conn, inv->ok->end);

	if (!p)
		return;

	memcpy(p, inv->ok->buf, inv->ok->end);
	conn_commit(conn, inv->ok->end);
	++sip_stats.responses_out;
}


static void again(struct invite *inv, struct conn *conn)
{
	++sip_stats.invites_dup;

	if (inv->dlg && inv->ok)
		ok_send(inv, conn);
}


static int invite_alloc(struct invite **invp, struct uas *uas,
			struct conn *conn, const struct view *v,
			const char *user)
{
	const size_t len = v->head.l + v->body.l;
	struct invite *inv = mem_zalloc(sizeof(*inv), destructor);
	int err = ENOMEM;

	if (!inv)
		return ENOMEM;

	inv->copy = mem_alloc(len, NULL);
	if (!inv->copy)
		goto out;

	memcpy(inv->copy, v->head.p, len);
	err = view_decode(&inv->view, inv->copy, len);
	if (!err)
		err = view_tags(&inv->view);
	if (!err)
		err = str_dup(&inv->user, user);
	if (err)
		goto out;

	st_init(&inv->st, uas, mem_ref(conn), &inv->view);
	inv->st.inv = inv;

 out:
	if (err)
		mem_deref(inv);
	else
		*invp = inv;

	return err;
}


/* User part of the Request-URI: which of our addresses was called */
static void ruri_user(const struct view *v, struct pl *user)
{
	struct uri uri;

	*user = pl_null;
	if (!uri_decode(&uri, &v->ruri))
		*user = uri.user;
}


static void offer(struct uas *uas, struct invite *inv,
		  const struct identity *id)
{
	struct uas_invite ui;
	struct pl to;

	(void)view_uri(&inv->view.to, &to);

	ui.user    = id->user;
	ui.display = id->display;
	ui.epid    = id->epid;
	ui.instance = pl_null;
	(void)view_param(&inv->view.contact, "+sip.instance", &ui.instance);
	ui.to      = to;
	ruri_user(&inv->view, &ui.ruri_user);
	pl_set_str(&ui.agent, "");
	(void)view_hdr(&inv->view, "User-Agent", 0, &ui.agent);

	uas->ev.invite(&inv->st, &ui, uas->arg);

	if (!inv->st.done && !inv->st.held)
		st_reply(&inv->st, 500, "Server Internal Error",
			 diag_line(20001));
}


/* What is checked of an INVITE for a new dialog; true: answered */
static bool refuse(struct uas *uas, struct conn *conn, const struct view *v)
{
	const char *fault = NULL;
	struct pl pl;

	if (uas->ev.accepting && !uas->ev.accepting(uas->arg)) {
		st_answer(uas, conn, v, 503, "Service Unavailable",
			  diag_again(5, 20008, NULL));
		return true;
	}

	if (!v->contact.l)
		fault = "Missing Contact";
	else if (wire_target(v, &pl))
		fault = "Bad Contact";
	else if (!v->ftag.l)
		fault = "Missing From tag";
	else if (view_uri(&v->to, &pl) || !view_clean(&pl))
		fault = "Bad To";
	else if (view_hdr(v, "Record-Route", 0, &pl) && view_uri(&pl, &pl))
		fault = "Bad Record-Route";

	if (fault) {
		st_answer(uas, conn, v, 400, fault, diag_text(fault));
		return true;
	}

	return body_judge(uas, conn, v) == BODY_REFUSED ||
		timer_refuse(uas, conn, v);
}


void invite_request(struct uas *uas, struct conn *conn, const struct view *v)
{
	struct identity id;
	struct invite *inv = find(uas, v);
	int err;

	err = identity_decode(&id, v, uas->conf.identity_from);
	if (err) {
		uas_forbid(uas, conn, v, err);
		return;
	}

	if (inv) {
		if (strcmp(inv->user, id.user) != 0)
			uas_forbid(uas, conn, v, EPERM);
		else
			again(inv, conn);
		return;
	}

	if (refuse(uas, conn, v))
		return;

	if (invite_alloc(&inv, uas, conn, v, id.user)) {
		st_answer(uas, conn, v, 500, "Server Internal Error",
			  diag_line(20001));
		return;
	}

	/* its texts lie in the copy from now on */
	(void)identity_decode(&id, &inv->view, uas->conf.identity_from);
	hash_append(uas->ht_inv, key(&inv->view), &inv->he, inv);
	mem_ref(inv);
	offer(uas, inv, &id);
	mem_deref(inv);
}


/* Answered: an accepted one stays until ACK, any other is forgotten */
void invite_done(struct invite *inv)
{
	if (inv->dlg || !inv->he.list)
		return;

	hash_unlink(&inv->he);
	mem_deref(inv);
}


void invite_acked(struct invite *inv)
{
	inv->dlg->inv = NULL;
	inv->dlg = NULL;
	list_unlink(&inv->le_ok);
	inv->ok  = mem_deref(inv->ok);
	invite_done(inv);
}


void invite_cancel(struct uas *uas, struct conn *conn, const struct view *v)
{
	struct invite *inv = find(uas, v);

	if (!inv) {
		st_answer(uas, conn, v, 481, "Call/Transaction Does Not Exist",
			  diag_line(20006));
		return;
	}

	st_answer(uas, conn, v, 200, "OK", NULL);
	if (inv->dlg || inv->st.done)
		return;

	/* who holds it still has to answer: nothing leaves then */
	st_answer(uas, inv->st.conn, &inv->view, 487, "Request Terminated",
		  NULL);
	inv->cancelled = true;
	inv->st.done   = true;
	invite_done(inv);
}


int dlg_accept(struct dlg **dlgp, struct st *st, void *arg)
{
	struct invite *inv;
	struct dlg *dlg = NULL;
	bool held;
	int err;

	if (!dlgp || !st || !st->inv)
		return EINVAL;

	inv  = st->inv;
	held = st->held;

	if (inv->cancelled)
		err = ECANCELED;
	else if (st->done)
		err = EINVAL;
	else if (!conn_alive(st->conn))
		err = ECONNRESET;
	else
		err = dlg_make(&dlg, inv, arg);

	if (err) {
		st->done = st->done || err == ECONNRESET;
		st_reply(st, 500, "Server Internal Error", diag_line(20001));
		return err;
	}

	st->done      = true;
	inv->dlg      = dlg;
	dlg->inv      = inv;
	inv->interval = OK_FIRST_MS;
	inv->next     = conns_now(st->uas->conns) + OK_FIRST_MS;
	inv->until    = conns_now(st->uas->conns) + OK_LIFE_MS;
	list_append(&st->uas->okl, &inv->le_ok, inv);
	ok_send(inv, st->conn);

	if (held)
		mem_deref(inv);

	*dlgp = dlg;
	return 0;
}


void invite_tick(struct uas *uas, uint64_t now)
{
	struct le *le = uas->okl.head;

	while (le) {
		struct invite *inv = le->data;

		le = le->next;

		if (now >= inv->until) {
			dlg_end(inv->dlg, DLG_GONE);
			continue;
		}
		if (now < inv->next)
			continue;

		inv->interval = MIN(2 * inv->interval, (uint32_t)OK_MAX_MS);
		inv->next     = now + inv->interval;
		++sip_stats.ok_resent;
		ok_send(inv, inv->st.conn);
	}
}
