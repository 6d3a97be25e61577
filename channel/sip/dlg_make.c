/**
 * @file channel/sip/dlg_make.c  What a dialog is made of: the head of its requests
 */
#include <string.h>
#include <re.h>
#include "channel/sip/addr.h"
#include "channel/sip/core.h"

enum {
	VIA_NAME = sizeof("Via: ") - 1,
	CSEQ_LEN = 9,                  /* digits, as CSEQ_FIRST has          */
};


static void destructor(void *data)
{
	struct dlg *dlg = data;

	list_unlink(&dlg->le_conn);
	list_unlink(&dlg->le_over);

	for (uint32_t i = 0; i < dlg->qlen; i++)
		mem_deref(dlg->qv[(dlg->qhead + i) & (dlg->qcap - 1)]);

	mem_deref(dlg->qv);
	mem_deref(dlg->self);
	mem_deref(dlg->user);
	mem_deref(dlg->proof);
	mem_deref(dlg->callid);
	mem_deref(dlg->rtag);
	mem_deref(dlg->route);
	mem_deref(dlg->spare);
	mem_deref(dlg->head);
}


/* A value of theirs in a message of ours: on one line */
int wire_line(struct re_printf *pf, const struct pl *pl)
{
	int err = 0;

	for (size_t i = 0; i < pl->l && !err; i++) {
		const char c = pl->p[i];
		const bool brk = c == '\r' || c == '\n' || !c;

		err = pf->vph(brk ? " " : &c, 1, pf->arg);
	}

	return err;
}


static int print_via(struct mbuf *mb, const struct dlg *dlg,
		     const struct conn *conn)
{
	return mbuf_printf(mb, "Via: SIP/2.0/%s %J;branch=z9hG4bK%s",
			   conn_tls(conn) ? "TLS" : "TCP", conn_laddr(conn),
			   dlg->tag);
}


int wire_routes(struct mbuf *mb, const struct view *v, const char *name)
{
	const char *pos = NULL;
	struct pl rr;
	int err = 0;

	while (!err && view_next(v, &pos, "Record-Route", 0, &rr))
		err = mbuf_printf(mb, "%s: %H\r\n", name, wire_line, &rr);

	return err;
}


/* A configured name without a port gets the port we listen on */
int wire_contact(struct mbuf *mb, const struct uas *uas,
		 const struct conn *conn)
{
	const char *transport = conn_tls(conn) ? "tls" : "tcp";
	const char *name = uas->contact;

	if (!name)
		return mbuf_printf(mb, "Contact: <sip:%J;transport=%s>\r\n",
				   conn_laddr(conn), transport);

	if (strchr(name, ':'))
		return mbuf_printf(mb, "Contact: <sip:%s;transport=%s>\r\n",
				   name, transport);

	return mbuf_printf(mb, "Contact: <sip:%s:%u;transport=%s>\r\n", name,
			   sa_port(conn_laddr(conn)), transport);
}


/* Request line and Via: what may change in a dialog's life */
static int print_top(struct mbuf *mb, struct dlg *dlg,
		     const struct conn *conn, const struct pl *target)
{
	int err;

	err = mbuf_printf(mb, "INFO %H SIP/2.0\r\n", wire_line, target);
	dlg->viao = mb->end;
	if (!err)
		err = print_via(mb, dlg, conn);
	dlg->brancho = mb->end;
	if (!err)
		err = mbuf_write_str(mb, "000000000\r\n");
	dlg->resto = mb->end;

	return err;
}


/* The block is the dialog's own, exactly as long as needed */
static int head_take(struct dlg *dlg, struct mbuf *mb)
{
	char *head = mem_alloc(mb->end, NULL);

	if (!head)
		return ENOMEM;

	memcpy(head, mb->buf, mb->end);
	mem_deref(dlg->head);
	dlg->head  = head;
	dlg->headl = mb->end;
	dlg->inhead = 0;
	dlg->cseqo = mb->end - (sizeof("000000000 INFO\r\n") - 1);
	return 0;
}


/* Where the two values lie is kept: a request or an answer that repeats them
   needs no more reading (dlg_known()) */
static int print_parties(struct mbuf *mb, struct dlg *dlg,
			 const struct view *v)
{
	int err = mbuf_write_str(mb, "Max-Forwards: 70\r\nFrom: ");

	dlg->fromo = mb->end - dlg->resto;
	if (!err)
		err = mbuf_printf(mb, "<%s>;tag=%s", dlg->self, dlg->tag);
	dlg->froml = mb->end - dlg->resto - dlg->fromo;

	if (!err)
		err = mbuf_write_str(mb, "\r\nTo: ");
	dlg->too = mb->end - dlg->resto;
	if (!err)
		err = mbuf_printf(mb, "%H", wire_line, &v->from);
	dlg->tol = mb->end - dlg->resto - dlg->too;

	return err ? err : mbuf_printf(mb, "\r\nCall-ID: %r\r\n",
				       &v->callid);
}


static int head_make(struct dlg *dlg, const struct conn *conn,
		     const struct view *v, const struct pl *target)
{
	struct mbuf *mb = mbuf_alloc(1024);
	int err;

	if (!mb)
		return ENOMEM;

	err = print_top(mb, dlg, conn, target);
	if (!err)
		err = wire_routes(mb, v, "Route");
	if (!err)
		err = print_parties(mb, dlg, v);
	if (!err)
		err = wire_contact(mb, dlg->uas, conn);
	if (!err)
		err = mbuf_write_str(mb, "CSeq: 000000000 INFO\r\n");
	if (!err)
		err = head_take(dlg, mb);

	dlg->tls = conn_tls(conn);
	mem_deref(mb);
	return err;
}


/* New request line or Via, the rest as it was */
static int head_splice(struct dlg *dlg, const struct conn *conn,
		       const struct pl *target)
{
	struct mbuf *mb = mbuf_alloc(1024);
	const size_t resto = dlg->resto;
	int err;

	if (!mb)
		return ENOMEM;

	err = print_top(mb, dlg, conn, target);
	if (!err)
		err = mbuf_write_mem(mb, (uint8_t *)dlg->head + resto,
				     dlg->headl - resto);
	if (!err)
		err = head_take(dlg, mb);

	dlg->tls = conn_tls(conn);
	mem_deref(mb);
	return err;
}


/* Another connection: Via says TLS or TCP, and which of our addresses */
void dlg_head_move(struct dlg *dlg)
{
	const size_t pre = sizeof("INFO ") - 1, post =
		sizeof(" SIP/2.0\r\n") - 1;
	struct pl target;

	if (!dlg->head || dlg->tls == conn_tls(dlg->conn))
		return;

	target.p = dlg->head + pre;
	target.l = dlg->viao - pre - post;
	if (head_splice(dlg, dlg->conn, &target))
		dlg_end(dlg, DLG_LOST);
}


/* As a rule the Via comes back as it was, with something behind it */
bool dlg_branch_is(const struct dlg *dlg, const struct pl *via, uint32_t cseq)
{
	static const struct pl magic = PL("z9hG4bK");
	const size_t l = dlg->brancho - dlg->viao;
	uint32_t n = 0;
	struct pl pl;

	if (via->l + VIA_NAME >= l + CSEQ_LEN &&
	    !memcmp(via->p, dlg->head + dlg->viao + VIA_NAME, l - VIA_NAME)) {
		pl.p = via->p + l - VIA_NAME;
	}
	else {
		if (!view_via_branch(via, &pl) ||
		    pl.l != magic.l + TAG_LEN + CSEQ_LEN ||
		    memcmp(pl.p, magic.p, magic.l) != 0 ||
		    memcmp(pl.p + magic.l, dlg->tag, TAG_LEN) != 0)
			return false;
		pl.p += magic.l + TAG_LEN;
	}

	for (int i = 0; i < CSEQ_LEN; i++)
		n = n * 10 + (uint32_t)(pl.p[i] - '0');

	return n == cseq;
}


int wire_target(const struct view *v, struct pl *target)
{
	struct addr addr;

	if (addr_decode(&addr, &v->contact) || !view_uri_is_sip(&addr.uri) ||
	    !view_clean(&addr.uri))
		return EBADMSG;

	*target = addr.uri;
	return 0;
}


int dlg_retarget(struct dlg *dlg, const struct view *v)
{
	struct pl target;

	if (wire_target(v, &target))
		return EBADMSG;

	return head_splice(dlg, dlg->conn, &target);
}


static int texts(struct dlg *dlg, const struct view *v, const char *user)
{
	struct pl pl;
	int err;

	err = view_uri(&v->to, &pl);
	if (!err)
		err = pl_strdup(&dlg->self, &pl);
	if (!err)
		err = pl_strdup(&dlg->callid, &v->callid);
	if (!err)
		err = pl_strdup(&dlg->rtag, &v->ftag);
	if (!err)
		err = str_dup(&dlg->user, user);
	if (!err && view_hdr(v, "Record-Route", 0, &pl)) {
		err = view_uri(&pl, &pl);
		if (!err)
			err = pl_strdup(&dlg->route, &pl);
	}

	return err;
}


int dlg_make(struct dlg **dlgp, struct invite *inv, void *arg)
{
	struct uas *uas = inv->st.uas;
	struct pl target;
	struct dlg *dlg;
	int err;

	err = wire_target(&inv->view, &target);
	if (err)
		return err;

	dlg = mem_zalloc(sizeof(*dlg), destructor);
	if (!dlg)
		return ENOMEM;

	dlg->uas   = uas;
	dlg->arg   = arg;
	dlg->base  = dlg->top = dlg->mark = CSEQ_FIRST;
	dlg->heard = dlg->marked = conns_now(uas->conns);

	err = texts(dlg, &inv->view, inv->user);
	if (err)
		goto out;

	/* from here on dlg_close() undoes it */
	err = dlg_slot_take(uas, dlg);
	if (err)
		goto out;

	dlg->expires_s = timer_negotiate(uas, &inv->view);
	dlg_pin(dlg, inv->st.conn);
	err = head_make(dlg, inv->st.conn, &inv->view, &target);
	if (!err)
		err = dlg_ok_make(inv, dlg);
	if (err) {
		dlg_close(dlg);
		return err;
	}

 out:
	if (err)
		mem_deref(dlg);
	else
		*dlgp = dlg;

	return err;
}
