/**
 * @file channel/sip/dlg_ok.c  The 200 to an INVITE or UPDATE, its SDP
 */
#include <string.h>
#include <re.h>
#include "channel/sip/core.h"


int dlg_fields(struct mbuf *mb, const struct dlg *dlg,
	       const struct conn *conn, const struct view *v)
{
	int err;

	err = wire_routes(mb, v, "Record-Route");
	if (!err)
		err = wire_contact(mb, dlg->uas, conn);
	if (!err)
		err = mbuf_printf(mb, "%sSupported: timer\r\n%s"
				  "Session-Expires: %u;refresher=uac\r\n",
				  uas_allow,
				  timer_known(v) ? "Require: timer\r\n" : "",
				  dlg->expires_s);

	return err;
}


/* The offer's kind of message stream (protocol.md 2.3) */
static bool offers_x_ms(const struct view *v)
{
	return memmem(v->body.p, v->body.l, "m=x-ms-message ", 15) != NULL;
}


int dlg_sdp(struct mbuf *mb, const struct dlg *dlg, const struct conn *conn,
	    const struct view *v)
{
	const struct sa *sa = conn_laddr(conn);
	const char *ip = sa_af(sa) == AF_INET6 ? "IP6" : "IP4";

	return mbuf_printf(mb, "v=0\r\n"
			   "o=- 0 0 IN %s %j\r\n"
			   "s=session\r\n"
			   "c=IN %s %j\r\n"
			   "t=0 0\r\n"
			   "m=%s %u sip %s\r\n"
			   "a=accept-types:text/plain\r\n",
			   ip, sa, ip, sa,
			   offers_x_ms(v) ? "x-ms-message" : "message",
			   sa_port(sa), dlg->self);
}


static int put_vias(struct mbuf *mb, const struct view *v)
{
	const size_t len = v->vial + 8 * (size_t)v->viac;
	char *p;
	int err = mbuf_fill(mb, ' ', len);

	if (err)
		return err;

	p = (char *)mb->buf + mb->pos - len;
	mb->pos = mb->end = (size_t)(st_put_vias(p, v) - (char *)mb->buf);
	return 0;
}


int dlg_ok_make(struct invite *inv, const struct dlg *dlg)
{
	const struct view *v = &inv->view;
	struct mbuf *mb = mbuf_alloc(1024), *sdp = mbuf_alloc(256);
	int err = mb && sdp ? 0 : ENOMEM;

	if (!err)
		err = mbuf_write_str(mb, "SIP/2.0 200 OK\r\n");
	if (!err)
		err = put_vias(mb, v);
	if (!err)
		err = mbuf_printf(mb, "From: %r\r\nTo: %r;tag=%s\r\n"
				  "Call-ID: %r\r\nCSeq: %r\r\n",
				  &v->from, &v->to, dlg->tag, &v->callid,
				  &v->cseq);
	if (!err)
		err = dlg_fields(mb, dlg, inv->st.conn, v);
	if (!err)
		err = dlg_sdp(sdp, dlg, inv->st.conn, v);
	if (!err)
		err = mbuf_printf(mb, "Content-Type: application/sdp\r\n"
				  "Content-Length: %zu\r\n\r\n%b", sdp->end,
				  sdp->buf, sdp->end);

	mem_deref(sdp);
	if (err)
		mem_deref(mb);
	else
		inv->ok = mb;

	return err;
}
