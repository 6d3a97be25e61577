/**
 * @file channel/store.c  Our connections to the Persistent Chat Store
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <re.h>
#include "common/conf.h"
#include "common/daemon.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/poolconf.h"
#include "common/storeconf.h"
#include "channel/core.h"
#include "channel/deliver.h"
#include "channel/ending.h"
#include "channel/feed.h"
#include "channel/invited.h"
#include "channel/outbox.h"
#include "channel/pool.h"
#include "channel/post.h"
#include "channel/roamers.h"
#include "channel/room.h"
#include "channel/store.h"
#include "channel/watch.h"

enum {
	FOLLOW_MS       = 1000,    /* silence that makes us follow a failover */
	POST_TIMEOUT_MS = 2000,    /* shorter than a post waits at most      */
	MAIN_TIMEOUT_MS = 10000,
	READ_TIMEOUT_MS = 5000,
	INDEX_TIMEOUT_MS = 20000,
	AGAIN_MS        = 500,     /* the store did not answer               */
};

static void identify(void *arg);


static void settings_timer(void *arg)
{
	store_settings(arg);
}


static void settings_again(struct service *svc)
{
	tmr_start(&svc->tmr_settings, AGAIN_MS, settings_timer, svc);
}


static void settings_handler(int err, const struct db_res *res, void *arg)
{
	struct service *svc = arg;

	if (err && err != ECANCELED)
		settings_again(svc);
	/* what was removed from the store is the file's again */
	if (!err && !settings_read(&svc->set, svc->conf))
		settings_apply(&svc->set, res);
}


static void addresses_handler(int err, const struct db_res *res, void *arg)
{
	struct service *svc = arg;

	if (err && err != ECANCELED)
		settings_again(svc);
	if (!err)
		settings_addresses(&svc->set, res);
}


void store_settings(struct service *svc)
{
	struct db_args args;

	db_args_init(&args);
	(void)db_exec(svc->db_main, "configuration", &args, settings_handler,
		      svc);
	db_args_init(&args);
	(void)db_exec(svc->db_main, "pool_addresses", &args,
		      addresses_handler, svc);
}


static void config_handler(const char *channel, const char *payload,
			   void *arg)
{
	(void)channel;
	(void)payload;

	store_settings(arg);
}


static void identity_handler(int err, const struct db_res *res, void *arg)
{
	struct service *svc = arg;

	if (err == ECANCELED)
		return;
	if (err == EACCES && !svc->identified) {
		log_err("db.rights", "database=store statement=store_identity "
			"hint=\"this role is not meant for pchat-channel, or "
			"has lost its rights: see --check --connect\"");
		daemon_fail();
		return;
	}
	if (err || !db_rows(res)) {
		tmr_start(&svc->tmr_identify, AGAIN_MS, identify, svc);
		return;
	}

	memcpy(svc->store_guid, db_get_uuid(res, 0, 0), GUID_SIZE);
	memcpy(svc->root_guid, db_get_uuid(res, 0, 1), GUID_SIZE);
	svc->identified = true;
	store_settings(svc);
	pool_store_up(svc->pool);
	outbox_store_up(svc->outbox);
}


static void schema_handler(int err, uint32_t found, uint32_t wanted, void *arg)
{
	struct service *svc = arg;
	struct db_args args;

	(void)found;
	(void)wanted;

	if (err == ECANCELED)
		return;
	if (err == EPROTO) {
		daemon_fail();
		return;
	}

	db_args_init(&args);
	if (err || db_exec(svc->db_main, "store_identity", &args,
			   identity_handler, svc))
		tmr_start(&svc->tmr_identify, AGAIN_MS, identify, svc);
}


/* Only while it is up: the next time it comes up begins here again */
static void identify(void *arg)
{
	struct service *svc = arg;

	if (db_isup(svc->db_main) &&
	    db_schema_check(svc->db_main, schema_handler, svc))
		tmr_start(&svc->tmr_identify, AGAIN_MS, identify, svc);
}


/* The store is back: the other connections need not wait to find out */
static void store_back(struct service *svc)
{
	struct db *const dbv[] = {
		svc->db_main, svc->db_post, svc->db_read, svc->db_search,
		svc->db_index,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dbv); i++)
		db_retry(dbv[i]);
}


/* The main connection decides where the store is: after a failover nothing
   goes on with the host that was left */
static void store_follow(struct service *svc)
{
	db_follow(svc->db_post, svc->db_main);
	db_follow(svc->db_read, svc->db_main);
	db_follow(svc->db_search, svc->db_main);
	db_follow(svc->db_index, svc->db_main);
	outbox_follow(svc->outbox, svc->db_main);
}


static void main_state(bool up, void *arg)
{
	struct service *svc = arg;

	if (!up)
		return;

	store_follow(svc);
	store_back(svc);
	identify(svc);
	ending_store_up(svc);
	watch_all(svc->watch);
	feed_look(svc->feed);
}


static void post_state(bool up, void *arg)
{
	struct service *svc = arg;

	/* it gives up a silent host first, and posts wait for our lease */
	if (up && !db_answers(svc->db_main, FOLLOW_MS))
		db_follow(svc->db_main, svc->db_post);
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


/* A room's counter moved by none of us: what was posted at the pages */
static void posted_handler(const char *channel, const char *payload, void *arg)
{
	struct service *svc = arg;
	long long room_id, last_id;
	struct room *room;

	(void)channel;

	if (sscanf(payload, "%lld %lld", &room_id, &last_id) != 2)
		return;

	room = roomtab_by_id(svc->rooms, room_id);
	if (room)
		deliver_expect(room, last_id);
}


static void read_state(bool up, void *arg)
{
	if (up)
		store_back(arg);
}


static int open_db(struct db **dbp, struct service *svc, const char *name,
		   uint32_t timeout_ms, db_state_h *stateh)
{
	struct db_conf dc = {
		.name = name,
		.conninfo = config_str(svc->conf, "store.conninfo"),
		.instance = svc->instance_id,
		.timeout_ms = timeout_ms,
		.one_plan = timeout_ms != READ_TIMEOUT_MS,
	};

	storeconf_limits(&dc, svc->conf);

	return db_open(dbp, &dc, stateh, svc);
}


/* What waits here waits for what is before it: few may */
static int open_search(struct service *svc)
{
	struct db_conf dc = {
		.name = "pchat-search",
		.conninfo = config_str(svc->conf, "store.conninfo"),
		.instance = svc->instance_id,
		.timeout_ms = (uint32_t)config_uint(svc->conf,
						    "search.timeout_ms"),
		.queue_max = (uint32_t)config_uint(svc->conf,
						   "search.queue_max"),
	};

	storeconf_limits(&dc, svc->conf);

	return db_open(&svc->db_search, &dc, read_state, svc);
}


int store_open(struct service *svc)
{
	int err;

	err = open_db(&svc->db_main, svc, "pchat-main", MAIN_TIMEOUT_MS,
		      main_state);
	if (!err)
		err = open_db(&svc->db_post, svc, POST_CONNECTION,
			      POST_TIMEOUT_MS, post_state);
	if (!err)
		err = open_db(&svc->db_read, svc, "pchat-read",
			      READ_TIMEOUT_MS, read_state);
	if (!err)
		err = open_search(svc);
	if (!err)
		err = open_db(&svc->db_index, svc, "pchat-index",
			      INDEX_TIMEOUT_MS, read_state);
	if (!err)
		err = db_listen(svc->db_main, "pchat_pool", pool_handler, svc);
	if (!err)
		err = db_listen(svc->db_main, POOLCONF_CHANNEL, config_handler,
				svc);
	if (!err)
		err = db_listen(svc->db_main, "pchat_posted", posted_handler,
				svc);
	if (!err)
		err = watch_listen(svc->watch);
	if (!err)
		err = feed_open(svc->feed);
	if (!err)
		err = roamers_listen(svc->roamers);
	if (!err)
		err = invited_listen(svc);

	return err;
}


bool store_answers(const struct service *svc)
{
	const uint32_t limit = (uint32_t)config_uint(svc->conf,
						     "store.ready_ms");

	return db_answers(svc->db_main, limit) &&
		db_answers(svc->db_post, limit);
}


void store_close(struct service *svc)
{
	tmr_cancel(&svc->tmr_identify);
	tmr_cancel(&svc->tmr_settings);
	svc->db_post = mem_deref(svc->db_post);
	svc->db_index = mem_deref(svc->db_index);
	svc->db_search = mem_deref(svc->db_search);
	svc->db_read = mem_deref(svc->db_read);
	svc->db_main = mem_deref(svc->db_main);
}
