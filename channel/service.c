/**
 * @file channel/service.c  A channel process, from open to close
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/bus.h"
#include "common/conf.h"
#include "common/ctl.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/stats.h"
#include "common/storeconf.h"
#include "channel/cmd/lane.h"
#include "channel/cmd/table.h"
#include "channel/sip/dialog.h"
#include "channel/sip/uas.h"
#include "channel/checks.h"
#include "channel/conf_keys.h"
#include "channel/core.h"
#include "channel/ending.h"
#include "channel/endpoint.h"
#include "channel/feed.h"
#include "channel/hello.h"
#include "channel/index.h"
#include "channel/invite.h"
#include "channel/lookup.h"
#include "channel/outbox.h"
#include "channel/pool.h"
#include "channel/post.h"
#include "channel/post_batch.h"
#include "channel/relay.h"
#include "channel/relay_in.h"
#include "channel/retain.h"
#include "channel/roamers.h"
#include "channel/roaming.h"
#include "channel/room.h"
#include "channel/service.h"
#include "channel/signin.h"
#include "channel/signoff.h"
#include "channel/step.h"
#include "channel/store.h"
#include "channel/sweep.h"
#include "channel/trace.h"
#include "channel/user.h"
#include "channel/watch.h"

static const struct step_job *const jobv[] = {
	&index_job, &retain_job, &invite_job, &feed_job,
};

static uint64_t n_endpoints, n_rooms;

static const struct stats_row rowv[] = {
	{ "endpoints", &n_endpoints, true, "Clients signed in here" },
	{ "rooms",     &n_rooms,     true, "Rooms open here" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


/* ------------------------------------------------------------- the SIP side */

static void info_handler(struct dlg *dlg, struct st *st,
			 const struct pl *body, void *arg)
{
	(void)arg;

	cmd_receive(dlg_arg(dlg), st, body);
}


static void left_handler(struct service *svc)
{
	(void)svc;

	daemon_stop();
}


static void service_stop(void *arg)
{
	struct service *svc = arg;

	svc->draining = true;
	pool_leave(svc->pool, left_handler);
}


/* What it posted last is stored and told first, the goodbye after it */
static void stop_drained(struct service *svc)
{
	if (svc->draining && !svc->endpoints && !svc->leavel.head)
		service_stop(svc);
}


static void settled_handler(struct endpoint *ep)
{
	struct service *svc = ep->svc;

	if (ep->le.list == &svc->leavel) {
		signoff_settled(ep);
		stop_drained(svc);
	}
	else {
		cmd_resume(ep);
	}
}


static void closed_handler(struct dlg *dlg, enum dlg_end why, void *arg)
{
	struct service *svc = arg;
	struct endpoint *ep = dlg_arg(dlg);

	log_debug("signoff", "user=%s why=%d", ep->user->uri, why);
	signoff(ep, why == DLG_BYE || why == DLG_BARRED);
	n_endpoints = svc->endpoints;

	stop_drained(svc);
}


static void refused_handler(struct dlg *dlg, uint16_t code, void *arg)
{
	const struct service *svc = arg;
	const struct endpoint *ep = dlg_arg(dlg);

	trace_seen(svc->trace, ep->agent, "INFO %u", code);
}


static bool accepting(void *arg)
{
	const struct service *svc = arg;

	return svc->identified && !svc->draining && !svc->passive &&
		pool_isready(svc->pool);
}


static bool ready(void *arg)
{
	return store_answers(arg);
}


static const struct uas_events sip_events = {
	.invite    = signin_invite,
	.subscribe = signin_subscribe,
	.service   = roaming_service,
	.info      = info_handler,
	.closed    = closed_handler,
	.refused   = refused_handler,
	.accepting = accepting,
	.ready     = ready,
};


static void uas_conf_read(struct uas_conf *uc, const struct config *conf)
{
	memset(uc, 0, sizeof(*uc));

	uc->listen_tcp = config_str(conf, "sip.listen_tcp");
	uc->listen_tls = config_str(conf, "sip.listen_tls");
	uc->cert = config_str(conf, "sip.certificate");
	uc->key = config_str(conf, "sip.key");
	uc->ca = config_str(conf, "sip.ca");
	uc->peer_addrs = config_str(conf, "sip.trusted_addresses");
	uc->peer_names = config_str(conf, "sip.trusted_names");
	uc->session_expires_s = (uint32_t)config_uint(conf,
						      "session.expires_s");
	uc->info_timeout_s = (uint32_t)config_uint(conf, "sip.info_timeout_s");
	uc->window = (uint32_t)config_uint(conf, "sip.window");
	uc->queue_max = (uint32_t)config_uint(conf, "sip.queue_max");
	uc->body_max = (uint32_t)config_uint(conf, "body.size_max");
	uc->output_max = (uint32_t)config_uint(conf, "sip.output_max_bytes");
	uc->conns_max = (uint32_t)config_uint(conf, "sip.connections_max");
	uc->head_max = (uint32_t)config_uint(conf, "sip.head_max_bytes");
	uc->head_hard_max = (uint32_t)config_uint(conf,
						  "sip.head_hard_max_bytes");
	uc->skip_max = (uint32_t)config_uint(conf, "sip.skip_max_bytes");
	uc->user_timeout_ms = (uint32_t)config_uint(conf,
						    "sip.tcp_user_timeout_ms");
	uc->keepalive_s = (uint32_t)config_uint(conf, "sip.tcp_keepalive_s");
	uc->contact = config_str(conf, "sip.contact");
	uc->identity_from = !strcmp(config_str(conf, "sip.identity"), "from");
}


/* ------------------------------------------------------------- the skeleton */

/* In reverse order of opening.  The connections to the store go first: what
   is under way is told so while all that it refers to is still there */
static void destructor(void *data)
{
	struct service *svc = data;
	struct le *le;

	sweep_stop(svc);
	if (svc->lanes)
		lanes_close(svc->lanes);
	outbox_stop(svc->outbox);
	store_close(svc);
	list_flush(&svc->stepl);
	mem_deref(svc->outbox);
	lookup_cancel_all(svc);
	ending_close(svc);
	mem_deref(svc->post);

	while ((le = list_head(&svc->leavel))) {
		struct endpoint *ep = le->data;

		ep->stored = false;
		signoff_settled(ep);
	}
	while ((le = list_head(&svc->epl))) {
		struct endpoint *ep = le->data;

		dlg_close(ep->dlg);
		ep->stored = false;
		signoff(ep, false);
	}

	svc->roamers = mem_deref(svc->roamers);
	mem_deref(svc->uas);
	mem_deref(svc->hello);
	mem_deref(svc->pool);
	svc->watch = mem_deref(svc->watch);
	svc->feed = mem_deref(svc->feed);
	mem_deref(svc->rooms);
	mem_deref(svc->users);
	svc->lanes = mem_deref(svc->lanes);
	mem_deref(svc->rates);
	mem_deref(svc->trace);
	mem_deref(svc->bus);
	settings_reset(&svc->set);
}


static void ready_handler(struct service *svc)
{
	size_t i;
	int err = 0;

	sweep_start(svc);
	for (i = 0; i < ARRAY_SIZE(jobv) && !err; i++)
		err = step_start(svc, jobv[i]);
	if (err)
		log_err("service.jobs", "error=\"%m\"", err);
	daemon_ready();
}


/* Who posts has to wait, here and elsewhere, until what is stored went out */
static void pressure_handler(struct service *svc, bool busy)
{
	if (svc->hello)
		hello_busy(svc->hello, busy);
	if (!busy && svc->post)
		post_kick(svc->post);
}


static void hello_handler(struct service *svc)
{
	post_kick(svc->post);
}


static int open_parts(struct service *svc)
{
	struct uas_conf uc;
	int err;

	err = trace_open(&svc->trace, config_str(svc->conf, "trace.file"),
			 config_uint(svc->conf, "trace.size_max_bytes"));
	if (err)
		return err;

	err = bus_open(&svc->bus, config_str(svc->conf, "bus.listen"),
		       relay_handler, svc);
	if (!err)
		err = rates_alloc(&svc->rates, svc);
	if (!err)
		err = lanes_alloc(&svc->lanes, svc, cmd_run);
	if (!err)
		err = usertab_alloc(&svc->users);
	if (!err)
		err = roomtab_alloc(&svc->rooms, svc->domain, relay_subscribe,
				    svc);
	if (!err)
		err = pool_open(&svc->pool, svc, ready_handler);
	if (!err)
		err = hello_open(&svc->hello, svc, (uint32_t)
				 config_uint(svc->conf, "bus.hello_ms"),
				 hello_handler);
	if (!err)
		err = post_alloc(&svc->post, svc, settled_handler);
	if (!err)
		err = watch_alloc(&svc->watch, svc);
	if (!err)
		err = feed_alloc(&svc->feed, svc);
	if (!err)
		err = roamers_alloc(&svc->roamers, svc);
	if (!err)
		err = store_open(svc);
	if (!err)
		err = outbox_open(&svc->outbox, svc);
	if (err)
		return err;

	uas_conf_read(&uc, svc->conf);

	return uas_open(&svc->uas, &uc, &sip_events, svc);
}


static int service_open(void **svcp, struct config *conf, struct ctl *ctl)
{
	struct service *svc = mem_zalloc(sizeof(*svc), destructor);
	int err;

	(void)ctl;

	if (!svc)
		return ENOMEM;

	svc->conf = conf;
	svc->domain = config_str(conf, "pool.domain");
	svc->instance_id = (int64_t)(rand_u64() >> 1);
	svc->envid = (uint64_t)rand_u32() << 24;
	svc->press.h = pressure_handler;
	err = settings_read(&svc->set, conf);
	if (!err)
		err = open_parts(svc);
	if (err)
		mem_deref(svc);
	else
		*svcp = svc;

	return err;
}


static void service_reload(void *arg)
{
	struct service *svc = arg;
	struct uas_conf uc;

	(void)settings_read(&svc->set, svc->conf);
	store_settings(svc);
	uas_conf_read(&uc, svc->conf);
	(void)uas_reload(svc->uas, &uc);
}


static void service_drain(void *arg)
{
	struct service *svc = arg;

	svc->draining = true;
	stop_drained(svc);
}


static const char *service_state(const void *arg)
{
	const struct service *svc = arg;

	if (svc->draining || svc->passive)
		return "draining";

	return storeconf_state(pool_isready(svc->pool) ? "ready" : "starting",
			       store_answers(svc));
}


static void put_addr(json_t *obj, const char *key, const struct sa *sa)
{
	char buf[64] = "";

	if (sa && sa_port(sa))
		(void)re_snprintf(buf, sizeof(buf), "%J", sa);
	json_object_set_new(obj, key, json_string(buf));
}


static void service_status(void *arg, json_t *obj)
{
	struct service *svc = arg;

	n_endpoints = svc->endpoints;
	n_rooms = roomtab_count(svc->rooms);
	json_object_set_new(obj, "name", json_string(config_str(svc->conf,
						     "instance.name")));
	json_object_set_new(obj, "endpoints", json_integer(svc->endpoints));
	json_object_set_new(obj, "rooms", json_integer((json_int_t)n_rooms));
	put_addr(obj, "sip_tcp", uas_laddr(svc->uas, false));
	put_addr(obj, "sip_tls", uas_laddr(svc->uas, true));
}


static void service_close(void *arg)
{
	mem_deref(arg);
}


const struct daemon_spec channel_daemon = {
	.name   = "pchat-channel",
	.keyv   = channel_keyv,
	.checkv = channel_checkv,
	.storev = channel_storev,
	.open   = service_open,
	.reload = service_reload,
	.drain  = service_drain,
	.stop   = service_stop,
	.state  = service_state,
	.close  = service_close,
	.status = service_status,
};
