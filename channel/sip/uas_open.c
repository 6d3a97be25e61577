/**
 * @file channel/sip/uas_open.c  The SIP core: opening, reloading, its tick
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "channel/sip/core.h"
#include "channel/sip/peer.h"

enum { INVITE_BUCKETS = 4096 };


static void tick(void *arg)
{
	struct uas *uas = arg;

	tmr_start(&uas->tmr_tick, TICK_MS, tick, uas);

	conns_tick(uas->conns);
	invite_tick(uas, conns_now(uas->conns));
	dlg_tick(uas, conns_now(uas->conns));
}


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
		err = conns_alloc(&uas->conns, &cc, &uas_handlers, uas);
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
