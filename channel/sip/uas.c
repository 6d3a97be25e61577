/**
 * @file channel/sip/uas.c  The SIP core: opening, requests by method
 */
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


static void on_options(struct uas *uas, struct conn *conn,
		       const struct view *v)
{
	static const char accept[] =
		"Accept: text/plain, application/sdp\r\nSupported: timer\r\n";
	char extra[256];

	if (v->ttag.l && !dlg_request(uas, conn, v)) {
		unknown_dialog(uas, conn, v);
		return;
	}

	/* a front end that probes shall send new clients elsewhere */
	if (!v->ttag.l && uas->ev.ready && !uas->ev.ready(uas->arg)) {
		st_answer(uas, conn, v, 503, "Service Unavailable", uas_later);
		return;
	}

	(void)re_snprintf(extra, sizeof(extra), "%s%s", uas_allow, accept);
	st_answer(uas, conn, v, 200, "OK", extra);
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


static void on_subscribe(struct uas *uas, struct conn *conn,
			 const struct view *v)
{
	struct identity id;
	struct uas_subscribe sub;
	struct st st;

	if (identity_decode(&id, v) || view_uri(&v->to, &sub.to)) {
		st_answer(uas, conn, v, 400, "Bad From", NULL);
		return;
	}

	sub.user  = id.user;
	sub.body  = v->body;
	sub.event = pl_null;
	if (view_hdr(v, "Event", 'o', 0, &sub.event))
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


static void not_allowed(struct uas *uas, struct conn *conn,
			const struct view *v)
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
		not_allowed(uas, conn, v);
		return;
	}
	if (identity_decode(&id, v) || view_uri(&v->to, &req.to)) {
		st_answer(uas, conn, v, 400, "Bad From", NULL);
		return;
	}

	req.user  = id.user;
	req.body  = v->body;
	req.ctype = v->ctype;
	bare(&req.ctype);

	st_init(&st, uas, conn, v);
	uas->ev.service(&st, &req, uas->arg);
}


static void not_known(struct uas *uas, struct conn *conn,
		      const struct view *v)
{
	st_answer(uas, conn, v, 501, "Not Implemented", uas_allow);
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
	[MET_OTHER]     = not_allowed,
	[MET_UNKNOWN]   = not_known,
};


/* Options we lack, as the Unsupported field; false: there are none */
static bool unsupported(const struct view *v, char *buf, size_t size)
{
	size_t l = 0;
	struct pl val, item;

	for (unsigned n = 0; view_hdr(v, "Require", 0, n, &val); n++) {

		while (val.l && !re_regex(val.p, val.l, "[^, \t\r\n]+",
					  &item)) {
			pl_advance(&val, item.p + item.l - val.p);
			if (!pl_strcasecmp(&item, "timer") ||
			    !view_clean(&item) || l + item.l + 24 > size)
				continue;

			l += (size_t)re_snprintf(buf + l, size - l, "%s%r",
						 l ? ", " : "Unsupported: ",
						 &item);
		}
	}

	if (l)
		(void)re_snprintf(buf + l, size - l, "\r\n");

	return l > 0;
}


/* What is checked before a request of any method; true: answered */
static bool refuse(struct uas *uas, struct conn *conn, const struct view *v)
{
	const char *fault = view_fault(v);
	char extra[512];

	if (fault) {
		log_info("sip.bad", "peer=%J why=\"%s\"", conn_peer(conn),
			 fault);
		st_answer(uas, conn, v, 400, fault, NULL);
		return true;
	}

	if (v->maxfwd.l == 1 && v->maxfwd.p[0] == '0') {
		st_answer(uas, conn, v, 483, "Too Many Hops", NULL);
		return true;
	}

	if (v->require.l && v->method != MET_ACK && v->method != MET_CANCEL &&
	    unsupported(v, extra, sizeof(extra))) {
		st_answer(uas, conn, v, 420, "Bad Extension", extra);
		return true;
	}

	if (!v->ttag.l && !view_uri_is_sip(&v->ruri)) {
		st_answer(uas, conn, v, 416, "Unsupported URI Scheme", NULL);
		return true;
	}

	return false;
}


static void msg_handler(struct conn *conn, const struct view *v, void *arg)
{
	struct uas *uas = arg;

	conn_welcome(conn);

	if (v->scode) {
		dlg_response(uas, v);
		return;
	}

	++sip_stats.requests[v->method];

	if (!refuse(uas, conn, v))
		requestv[v->method](uas, conn, v);
}


static void toolarge_handler(struct conn *conn, const struct view *v,
			     void *arg)
{
	struct uas *uas = arg;

	if (v->scode)
		return;

	++sip_stats.requests[v->method];
	conn_welcome(conn);
	st_answer(uas, conn, v, 413, "Request Entity Too Large", NULL);
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
	c->output_max        = or(conf->output_max, 64 << 20);
	c->conns_max         = or(conf->conns_max, 20000);
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
		msg_handler, toolarge_handler, closed_handler, turn_handler
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
	conf_take(uas, conf);
	sip_stats_register();

	cc.body_max   = uas->conf.body_max;
	cc.output_max = uas->conf.output_max;
	cc.conns_max  = uas->conf.conns_max;

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
