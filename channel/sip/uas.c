/**
 * @file channel/sip/uas.c  The SIP core: requests by method
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/log.h"
#include "channel/sip/core.h"
#include "channel/sip/identity.h"

typedef void (request_h)(struct uas *uas, struct conn *conn,
			 const struct view *v);


static void unknown_dialog(struct uas *uas, struct conn *conn,
			   const struct view *v)
{
	st_answer(uas, conn, v, 481, "Call/Transaction Does Not Exist",
		  diag_line(20006));
}


static void in_dialog(struct uas *uas, struct conn *conn,
		      const struct view *v)
{
	if (!dlg_request(uas, conn, v))
		unknown_dialog(uas, conn, v);
}


static void on_invite(struct uas *uas, struct conn *conn,
		      const struct view *v)
{
	if (v->ttag.l)
		in_dialog(uas, conn, v);
	else
		invite_request(uas, conn, v);
}


void uas_options(struct uas *uas, struct conn *conn, const struct view *v)
{
	static const char accept[] =
		"Accept: text/plain, application/sdp\r\n"
		"Accept-Encoding: identity\r\nSupported: timer\r\n";
	char extra[384];

	(void)re_snprintf(extra, sizeof(extra), "%s%sPchat-Life: %016llx\r\n",
			  uas_allow, accept, uas->life);
	st_answer(uas, conn, v, 200, "OK", extra);
}


static bool is_ready(const struct uas *uas)
{
	return (!uas->ev.accepting || uas->ev.accepting(uas->arg)) &&
		(!uas->ev.ready || uas->ev.ready(uas->arg));
}


/* A front end that probes shall send new clients elsewhere */
static void options_busy(struct uas *uas, struct conn *conn,
			 const struct view *v)
{
	char extra[2 * DIAG_LINE];

	(void)re_snprintf(extra, sizeof(extra), "%sPchat-Life: %016llx\r\n",
			  diag_again(5, 20008, NULL), uas->life);
	st_answer(uas, conn, v, 503, "Service Unavailable", extra);
}


static void on_options(struct uas *uas, struct conn *conn,
		       const struct view *v)
{
	if (v->ttag.l)
		in_dialog(uas, conn, v);
	else if (!is_ready(uas))
		options_busy(uas, conn, v);
	else
		uas_options(uas, conn, v);
}


void uas_forbid(struct uas *uas, struct conn *conn, const struct view *v,
		int err)
{
	static const struct { int err; uint16_t code; const char *why; } tabv[] = {
		{ EACCES,    403, "Identity Not Asserted" },
		{ EPERM,     403, "Not The User Of This Dialog" },
		{ EBADMSG,   400, "Bad Identity" },
		{ EOVERFLOW, 400, "Identity Too Long" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tabv) - 1 && tabv[i].err != err; i++)
		;

	if (tabv[i].code == 403)
		++sip_stats.identity_refused;
	log_info("sip.identity", "peer=%J method=%r why=\"%s\"",
		 conn_peer(conn), &v->met, tabv[i].why);
	st_answer(uas, conn, v, tabv[i].code, tabv[i].why, diag_line(20002));
}


/* Without its parameters */
static void bare(struct pl *val)
{
	const char *semi = pl_strchr(val, ';');

	if (semi)
		val->l = (size_t)(semi - val->p);
	while (val->l && strchr(" \t", val->p[val->l - 1]))
		--val->l;
}


/* Whose request it is, and that its body can be read; false: answered */
static bool identify(struct identity *id, struct uas *uas, struct conn *conn,
		     const struct view *v)
{
	const int err = identity_decode(id, v, uas->conf.identity_from);

	if (err)
		uas_forbid(uas, conn, v, err);

	return !err && body_judge(uas, conn, v) != BODY_REFUSED;
}


static void on_subscribe(struct uas *uas, struct conn *conn,
			 const struct view *v)
{
	struct identity id;
	struct uas_subscribe sub;
	struct st st;

	if (!identify(&id, uas, conn, v) || view_uri(&v->to, &sub.to))
		return;

	sub.user  = id.user;
	sub.body  = v->body;
	sub.event = pl_null;
	if (view_hdr(v, "Event", 'o', &sub.event))
		bare(&sub.event);

	sub.sub = NULL;
	(void)sub_alloc(&sub.sub, uas, conn, v);

	st_init(&st, uas, conn, v);
	if (uas->ev.subscribe)
		uas->ev.subscribe(&st, &sub, uas->arg);
	if (!st.done)
		st_reply(&st, 489, "Bad Event", NULL);
	mem_deref(sub.sub);
}


void uas_not_allowed(struct uas *uas, struct conn *conn, const struct view *v)
{
	st_answer(uas, conn, v, 405, "Method Not Allowed", uas_allow);
}


static void on_service(struct uas *uas, struct conn *conn,
		       const struct view *v)
{
	struct identity id;
	struct uas_service req;
	struct st st;

	if (!uas->ev.service) {
		uas_not_allowed(uas, conn, v);
		return;
	}
	if (!identify(&id, uas, conn, v) || view_uri(&v->to, &req.to))
		return;

	req.user  = id.user;
	req.body  = v->body;
	req.ctype = v->ctype;
	bare(&req.ctype);

	st_init(&st, uas, conn, v);
	uas->ev.service(&st, &req, uas->arg);
}


static request_h *const requestv[] = {
	[MET_INFO]      = in_dialog,
	[MET_ACK]       = in_dialog,
	[MET_BYE]       = in_dialog,
	[MET_UPDATE]    = in_dialog,
	[MET_INVITE]    = on_invite,
	[MET_CANCEL]    = invite_cancel,
	[MET_OPTIONS]   = on_options,
	[MET_SUBSCRIBE] = on_subscribe,
	[MET_SERVICE]   = on_service,
	[MET_OTHER]     = uas_not_allowed,
	[MET_UNKNOWN]   = uas_not_allowed,
};


/* Options we lack, as the Unsupported field; empty: there are none */
static int unsupported(const struct view *v, struct mbuf *mb)
{
	const char *pos = NULL;
	struct pl val, item;
	int err = 0;

	while (!err && view_next(v, &pos, "Require", 0, &val)) {

		while (!err && val.l && !re_regex(val.p, val.l,
						  "[^, \t\r\n]+", &item)) {
			pl_advance(&val, item.p + item.l - val.p);
			if (pl_strcasecmp(&item, "timer"))
				err = mbuf_printf(mb, "%s%r", mb->end ? ", " :
						  "Unsupported: ", &item);
		}
	}

	if (!err && mb->end)
		err = mbuf_write_str(mb, "\r\n");

	return err ? err : mbuf_write_u8(mb, '\0');
}


/* true: answered */
static bool require(struct uas *uas, struct conn *conn, const struct view *v)
{
	struct mbuf *mb = mbuf_alloc(256);
	bool done = true;

	if (!mb || unsupported(v, mb))
		st_answer(uas, conn, v, 500, "Server Internal Error", NULL);
	else if (mb->end > 1)
		st_answer(uas, conn, v, 420, "Bad Extension",
			  (const char *)mb->buf);
	else
		done = false;

	mem_deref(mb);

	return done;
}


static void bad_request(struct uas *uas, struct conn *conn, struct view *v,
			const char *fault)
{
	/* so that the answer's To has the tag that it has, or none */
	(void)view_tags(v);

	++sip_stats.requests_bad;
	log_info("sip.bad", "peer=%J why=\"%s\"", conn_peer(conn), fault);

	/* nobody is there to be answered */
	if (v->viac)
		st_answer(uas, conn, v, v->fcode ? v->fcode : 400, fault,
			  diag_text(fault));
}


/* What is checked before a request of any method; true: answered */
static bool refuse(struct uas *uas, struct conn *conn, const struct view *v)
{
	if (v->require.p && v->method != MET_ACK && v->method != MET_CANCEL &&
	    require(uas, conn, v))
		return true;

	if (!v->ttag.l && !view_uri_is_sip(&v->ruri)) {
		st_answer(uas, conn, v, 416, "Unsupported URI Scheme", NULL);
		return true;
	}

	return false;
}


static void request(struct uas *uas, struct conn *conn, struct view *v)
{
	const char *fault = view_fault(v);

	++sip_stats.requests[v->method];

	if (!fault && dlg_known_info(uas, conn, v))
		return;

	if (!fault && view_tags(v))
		fault = v->fault;
	if (fault)
		bad_request(uas, conn, v, fault);
	else if (!refuse(uas, conn, v))
		requestv[v->method](uas, conn, v);
}


static void msg_handler(struct conn *conn, struct view *v, void *arg)
{
	struct uas *uas = arg;

	if (!v->fault)
		conn_welcome(conn);

	if (v->response)
		dlg_response(uas, v);
	else
		request(uas, conn, v);
}


static void refuse_handler(struct conn *conn, struct view *v,
			   enum conn_refusal why, void *arg)
{
	static const struct { uint16_t code; const char *reason; } tabv[] = {
		[CONN_HEAD_TOO_LARGE] = { 513, "Message Too Large" },
		[CONN_BODY_TOO_LARGE] = { 413, "Request Entity Too Large" },
		[CONN_NO_LENGTH]      = { 400, "Missing Content-Length" },
		[CONN_BAD_LENGTH]     = { 400, "Bad Content-Length" },
	};
	struct uas *uas = arg;

	++sip_stats.refused[why];
	if (v->response || !v->viac)
		return;

	++sip_stats.requests[v->method];
	if (!view_tags(v) && !v->fault)
		conn_welcome(conn);
	st_answer(uas, conn, v, tabv[why].code, tabv[why].reason,
		  diag_text(tabv[why].reason));
}


static void closed_handler(struct conn *conn, void *arg)
{
	dlg_conn_closed(conn);
}


static void turn_handler(void *arg)
{
	dlg_flush_over(arg);
}


const struct conns_h uas_handlers = {
	msg_handler, refuse_handler, closed_handler, turn_handler
};
