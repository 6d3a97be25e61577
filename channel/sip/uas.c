/**
 * @file channel/sip/uas.c  The SIP core: opening, requests by method
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/log.h"
#include "channel/sip/core.h"
#include "channel/sip/identity.h"
#include "channel/sip/peer.h"

enum { INVITE_BUCKETS = 4096 };


/* ---------------------------------------------------------------- requests */

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


/* A front end that probes shall send new clients elsewhere */
static void options_busy(struct uas *uas, struct conn *conn,
			 const struct view *v)
{
	char extra[2 * DIAG_LINE];

	(void)re_snprintf(extra, sizeof(extra), "%sPchat-Life: %016llx\r\n",
			  diag_later(), uas->life);
	st_answer(uas, conn, v, 503, "Service Unavailable", extra);
}


static void on_options(struct uas *uas, struct conn *conn,
		       const struct view *v)
{
	if (v->ttag.l)
		in_dialog(uas, conn, v);
	else if (uas->ev.accepting && !uas->ev.accepting(uas->arg))
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


static void bad_request(struct uas *uas, struct conn *conn,
			const struct view *v, const char *fault)
{
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
	if (!v->fault)
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


static void tick(void *arg)
{
	struct uas *uas = arg;

	tmr_start(&uas->tmr_tick, TICK_MS, tick, uas);

	conns_tick(uas->conns);
	invite_tick(uas, conns_now(uas->conns));
	dlg_tick(uas, conns_now(uas->conns));
}


/* ----------------------------------------------------------------- opening */

static void destructor(void *data)
{
	struct uas *uas = data;
	struct le *le;

	tmr_cancel(&uas->tmr_tick);

	dlg_table_free(uas);
	while ((le = uas->overl.head))
		dlg_close(le->data);
	hash_flush(uas->ht_inv);
	mem_deref(uas->ht_inv);
	mem_deref(uas->conns);
	mem_deref(uas->contact);
}


static uint32_t or(uint32_t n, uint32_t def)
{
	return n ? n : def;
}


static void conf_take(struct uas *uas, const struct uas_conf *conf)
{
	struct uas_conf *c = &uas->conf;

	c->session_expires_s = or(conf->session_expires_s, 1200);
	c->info_timeout_s    = or(conf->info_timeout_s, 32);
	c->window            = or(conf->window, 32);
	c->queue_max         = or(conf->queue_max, 1000);
	c->body_max          = or(conf->body_max, 131072);
	c->head_max          = or(conf->head_max, 65536);
	c->head_hard_max     = MAX(or(conf->head_hard_max, 1 << 20),
				   c->head_max);
	c->skip_max          = or(conf->skip_max, 16 << 20);
	c->user_timeout_ms   = or(conf->user_timeout_ms, 10000);
	c->keepalive_s       = or(conf->keepalive_s, 30);
	c->identity_from     = conf->identity_from;
	c->output_max        = or(conf->output_max, 64 << 20);
	c->conns_max         = or(conf->conns_max, 20000);
}


static void conns_conf(struct conns_conf *cc, const struct uas_conf *conf)
{
	cc->body_max        = conf->body_max;
	cc->head_max        = conf->head_max;
	cc->head_hard_max   = conf->head_hard_max;
	cc->skip_max        = conf->skip_max;
	cc->output_max      = conf->output_max;
	cc->conns_max       = conf->conns_max;
	cc->user_timeout_ms = conf->user_timeout_ms;
	cc->keepalive_s     = conf->keepalive_s;
}


/* "HOST" or "HOST:PORT"; the host is the source of Ms-diagnostics */
static int contact_take(struct uas *uas, const char *contact)
{
	struct pl pl, host, port = PL_INIT;
	char name[256];

	if (!str_isset(contact)) {
		diag_source(NULL);
		return 0;
	}

	pl_set_str(&pl, contact);
	if (uri_decode_hostport(&pl, &host, &port) ||
	    strpbrk(contact, " \t;<>\"@") || pl_strcpy(&host, name,
						       sizeof(name)))
		return EINVAL;

	diag_source(name);
	return str_dup(&uas->contact, contact);
}


static int secure(struct uas *uas, const struct uas_conf *conf)
{
	struct peers *peers;
	int err;

	err = peers_alloc(&peers, conf->peer_addrs, conf->peer_names);
	if (err)
		return err;

	if ((str_isset(conf->listen_tcp) && !peers_has_addrs(peers)) ||
	    (str_isset(conf->listen_tls) && !peers_has_names(peers)))
		err = EACCES;

	if (!err && str_isset(conf->listen_tls))
		err = conns_load_tls(uas->conns, conf->cert, conf->key,
				     conf->ca);
	if (!err) {
		peers_inherit(peers, conns_peers(uas->conns));
		conns_set_peers(uas->conns, peers);
	}

	mem_deref(peers);
	return err;
}


static int listen_all(struct uas *uas, const struct uas_conf *conf)
{
	int err = 0;

	if (str_isset(conf->listen_tcp))
		err = conns_listen(uas->conns, false, conf->listen_tcp);
	if (!err && str_isset(conf->listen_tls))
		err = conns_listen(uas->conns, true, conf->listen_tls);

	return err;
}


int uas_open(struct uas **uasp, const struct uas_conf *conf,
	     const struct uas_events *ev, void *arg)
{
	static const struct conns_h h = {
		msg_handler, refuse_handler, closed_handler, turn_handler
	};
	struct conns_conf cc;
	struct uas *uas;
	int err;

	if (!uasp || !conf || !ev || !ev->invite || !ev->info || !ev->closed)
		return EINVAL;

	uas = mem_zalloc(sizeof(*uas), destructor);
	if (!uas)
		return ENOMEM;

	uas->ev  = *ev;
	uas->arg = arg;
	uas->life = rand_u64();
	conf_take(uas, conf);
	sip_stats_register();

	conns_conf(&cc, &uas->conf);
	err = contact_take(uas, conf->contact);
	if (!err)
		err = hash_alloc(&uas->ht_inv, INVITE_BUCKETS);
	if (!err)
		err = conns_alloc(&uas->conns, &cc, &h, uas);
	if (!err)
		err = secure(uas, conf);
	if (!err)
		err = listen_all(uas, conf);
	if (err) {
		mem_deref(uas);
		return err;
	}

	tmr_start(&uas->tmr_tick, TICK_MS, tick, uas);
	*uasp = uas;
	return 0;
}


const struct sa *uas_laddr(const struct uas *uas, bool tls)
{
	return conns_laddr(uas->conns, tls);
}


int uas_reload(struct uas *uas, const struct uas_conf *conf)
{
	if (!uas || !conf)
		return EINVAL;

	return secure(uas, conf);
}
