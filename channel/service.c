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
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/cmd/table.h"
#include "channel/sip/dialog.h"
#include "channel/sip/uas.h"
#include "channel/conf_keys.h"
#include "channel/endpoint.h"
#include "channel/hello.h"
#include "channel/lookup.h"
#include "channel/pool.h"
#include "channel/post.h"
#include "channel/relay.h"
#include "channel/room.h"
#include "channel/service.h"
#include "channel/signin.h"
#include "channel/sweep.h"
#include "channel/user.h"

enum {
	BACKOFF_MAX_MS = 1000,     /* between tries to reach the store       */
	POST_TIMEOUT_MS = 2000,    /* shorter than a post waits at most      */
	MAIN_TIMEOUT_MS = 10000,
	READ_TIMEOUT_MS = 5000,
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


static void settings_read(struct service *svc)
{
	const struct config *conf = svc->conf;
	struct settings *set = &svc->set;

	set->update_limit = (uint32_t)config_uint(conf,
				"room.participant_update_limit");
	set->history_default = (uint32_t)config_uint(conf, "history.default");
	set->message_max = (uint32_t)config_uint(conf, "message.size_max");
	set->story_max = (uint32_t)config_uint(conf, "message.story_size_max");
	set->search_limit = (uint32_t)config_uint(conf, "search.limit");
	set->reply_max = (uint32_t)config_uint(conf, "reply.size_max");
	set->queue_max = (uint32_t)config_uint(conf, "session.queue_max");
	set->reattach_s = (uint32_t)config_uint(conf, "session.reattach_s");
	set->display_name = config_str(conf, "pool.display_name");
	set->management_url = config_str(conf, "web.room_management_url");
}


/* ------------------------------------------------------------- the SIP side */

static void info_handler(struct dlg *dlg, struct st *st,
			 const struct pl *body, void *arg)
{
	(void)arg;

	cmd_receive(dlg_arg(dlg), st, body);
}


static void closed_handler(struct dlg *dlg, enum dlg_end why, void *arg)
{
	const struct service *svc = arg;
	struct endpoint *ep = dlg_arg(dlg);

	log_debug("signoff", "user=%s why=%d", ep->user->uri, why);
	endpoint_over(ep, why == DLG_BYE);
	n_endpoints = svc->endpoints;
}


static bool accepting(void *arg)
{
	const struct service *svc = arg;

	return svc->identified && !svc->draining && pool_isready(svc->pool);
}


static const struct uas_events sip_events = {
	.invite    = signin_invite,
	.subscribe = signin_subscribe,
	.info      = info_handler,
	.closed    = closed_handler,
	.accepting = accepting,
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
}


/* ---------------------------------------------------------------- the store */

static void ready_handler(struct service *svc)
{
	sweep_start(svc);
	daemon_ready();
}


static void identity_handler(int err, const struct db_res *res, void *arg)
{
	struct service *svc = arg;

	if (err || !db_rows(res))
		return;

	memcpy(svc->store_guid, db_get_uuid(res, 0, 0), GUID_SIZE);
	memcpy(svc->root_guid, db_get_uuid(res, 0, 1), GUID_SIZE);
	svc->identified = true;
	pool_store_up(svc->pool);
}


static void schema_handler(int err, uint32_t found, uint32_t wanted, void *arg)
{
	struct service *svc = arg;
	struct db_args args;

	if (err == EPROTO) {
		svc->failed = true;
		daemon_stop();
		return;
	}
	if (err)
		return;

	db_args_init(&args);
	(void)db_exec(svc->db_main, "store_identity", &args, identity_handler,
		      svc);
}


/* The store is back: the other connections need not wait to find out */
static void store_back(struct service *svc)
{
	db_retry(svc->db_main);
	db_retry(svc->db_post);
	db_retry(svc->db_read);
}


static void main_state(bool up, void *arg)
{
	struct service *svc = arg;

	if (!up)
		return;

	store_back(svc);
	(void)db_schema_check(svc->db_main, schema_handler, svc);
}


static void post_state(bool up, void *arg)
{
	struct service *svc = arg;

	if (up)
		store_back(svc);
	if (svc->post)
		post_store_state(svc->post, up);
}


static void pool_handler(const char *channel, const char *payload, void *arg)
{
	struct service *svc = arg;

	(void)channel;
	(void)payload;

	pool_changed(svc->pool);
}


static void read_state(bool up, void *arg)
{
	if (up)
		store_back(arg);
}


static int open_db(struct db **dbp, struct service *svc, const char *name,
		   uint32_t timeout_ms, db_state_h *stateh)
{
	const struct db_conf dc = {
		.name = name,
		.conninfo = config_str(svc->conf, "store.conninfo"),
		.timeout_ms = timeout_ms,
		.backoff_max_ms = BACKOFF_MAX_MS,
		.one_plan = timeout_ms != READ_TIMEOUT_MS,
	};

	return db_open(dbp, &dc, stateh, svc);
}


static int open_store(struct service *svc)
{
	int err;

	err = open_db(&svc->db_main, svc, "pchat-main", MAIN_TIMEOUT_MS,
		      main_state);
	if (!err)
		err = open_db(&svc->db_post, svc, "pchat-post",
			      POST_TIMEOUT_MS, post_state);
	if (!err)
		err = open_db(&svc->db_read, svc, "pchat-read",
			      READ_TIMEOUT_MS, read_state);
	if (!err)
		err = db_listen(svc->db_main, "pchat_pool", pool_handler, svc);

	return err;
}


/* ------------------------------------------------------------- the skeleton */

/* In reverse order of opening.  The connections to the store go first: what
   is under way is told so while all that it refers to is still there */
static void destructor(void *data)
{
	struct service *svc = data;
	struct le *le;

	sweep_stop(svc);
	svc->db_post = mem_deref(svc->db_post);
	svc->db_read = mem_deref(svc->db_read);
	svc->db_main = mem_deref(svc->db_main);
	lookup_cancel_all(svc);
	tmr_cancel(&svc->tmr_end);
	list_flush(&svc->endl);
	mem_deref(svc->post);

	while ((le = list_head(&svc->epl))) {
		struct endpoint *ep = le->data;

		dlg_close(ep->dlg);
		ep->stored = false;
		endpoint_over(ep, false);
	}

	mem_deref(svc->uas);
	mem_deref(svc->hello);
	mem_deref(svc->pool);
	mem_deref(svc->rooms);
	mem_deref(svc->users);
	mem_deref(svc->bus);
}


static int open_parts(struct service *svc)
{
	struct uas_conf uc;
	int err;

	err = bus_open(&svc->bus, config_str(svc->conf, "bus.listen"),
		       relay_handler, svc);
	if (!err)
		err = usertab_alloc(&svc->users);
	if (!err)
		err = roomtab_alloc(&svc->rooms, svc->domain, relay_subscribe,
				    svc);
	if (!err)
		err = pool_open(&svc->pool, svc, ready_handler);
	if (!err)
		err = hello_open(&svc->hello, svc, (uint32_t)
				 config_uint(svc->conf, "bus.hello_ms"));
	if (!err)
		err = post_alloc(&svc->post, svc);
	if (!err)
		err = open_store(svc);
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
	settings_read(svc);

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

	settings_read(svc);
	uas_conf_read(&uc, svc->conf);
	(void)uas_reload(svc->uas, &uc);
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


static void service_drain(void *arg)
{
	struct service *svc = arg;

	svc->draining = true;
	if (!svc->endpoints)
		service_stop(svc);
}


static const char *service_state(const void *arg)
{
	const struct service *svc = arg;

	if (svc->draining)
		return "draining";

	return pool_isready(svc->pool) ? "ready" : "starting";
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
	.open   = service_open,
	.reload = service_reload,
	.drain  = service_drain,
	.stop   = service_stop,
	.state  = service_state,
	.close  = service_close,
	.status = service_status,
};
