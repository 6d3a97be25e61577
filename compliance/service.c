/**
 * @file compliance/service.c  The compliance daemon, from open to close
 */
#include <errno.h>
#include <re.h>
#include "common/bus.h"
#include "common/conf.h"
#include "common/daemon.h"
#include "common/db/db.h"
#include "common/json.h"
#include "common/queue.h"
#include "common/storeconf.h"
#include "compliance/announce.h"
#include "compliance/archive.h"
#include "compliance/checks.h"
#include "compliance/conf_keys.h"
#include "compliance/core.h"
#include "compliance/filestore.h"
#include "compliance/intake.h"
#include "compliance/service.h"

enum {
	STORE_TIMEOUT_MS   = 10000,
	STAGING_TIMEOUT_MS = 60000,
	AGAIN_MS           = 500,     /* a store did not say what it is      */
};

static void store_identify(void *arg);
static void staging_identify(void *arg);


static void destructor(void *data)
{
	struct compliance *svc = data;

	tmr_cancel(&svc->tmr_store);
	tmr_cancel(&svc->tmr_staging);
	svc->db_store = mem_deref(svc->db_store);
	svc->db_staging = mem_deref(svc->db_staging);
	mem_deref(svc->archive);
	mem_deref(svc->files);
	mem_deref(svc->intake);
	mem_deref(svc->announce);
	mem_deref(svc->queue);
}


/* ------------------------------------------------------------ the two stores
   A daemon that cannot store events does not offer to take them */

static void both_known(struct compliance *svc)
{
	if (!svc->store_known || !svc->staging_known)
		return;

	announce_store_up(svc->announce);
	archive_settings(svc->archive);
}


static void store_schema_handler(int err, uint32_t found, uint32_t wanted,
				 void *arg)
{
	struct compliance *svc = arg;

	(void)found;
	(void)wanted;

	if (err == EPROTO)
		daemon_fail();
	else if (err && err != ECANCELED)
		tmr_start(&svc->tmr_store, AGAIN_MS, store_identify, svc);
	if (err)
		return;

	svc->store_known = true;
	both_known(svc);
}


static void store_identify(void *arg)
{
	struct compliance *svc = arg;

	if (db_isup(svc->db_store) &&
	    db_schema_check(svc->db_store, store_schema_handler, svc))
		tmr_start(&svc->tmr_store, AGAIN_MS, store_identify, svc);
}


static void store_state(bool up, void *arg)
{
	struct compliance *svc = arg;

	svc->store_known = false;
	if (up)
		store_identify(svc);
}


static void staging_schema_handler(int err, uint32_t found, uint32_t wanted,
				   void *arg)
{
	struct compliance *svc = arg;

	(void)found;
	(void)wanted;

	if (err == EPROTO)
		daemon_fail();
	else if (err && err != ECANCELED)
		tmr_start(&svc->tmr_staging, AGAIN_MS, staging_identify, svc);
	if (err)
		return;

	svc->staging_known = true;
	intake_staging(svc->intake, true);
	both_known(svc);
}


static void staging_identify(void *arg)
{
	struct compliance *svc = arg;

	if (db_isup(svc->db_staging) &&
	    db_schema_check(svc->db_staging, staging_schema_handler, svc))
		tmr_start(&svc->tmr_staging, AGAIN_MS, staging_identify, svc);
}


static void staging_state(bool up, void *arg)
{
	struct compliance *svc = arg;

	svc->staging_known = false;
	if (up)
		staging_identify(svc);
	else if (svc->intake)
		intake_staging(svc->intake, false);
}


static int stores_open(struct compliance *svc)
{
	struct db_conf store = {
		.name = "pchat-compliance",
		.conninfo = config_str(svc->conf, "store.conninfo"),
		.timeout_ms = STORE_TIMEOUT_MS,
	};
	struct db_conf staging = {
		.name = "pchat-staging",
		.conninfo = config_str(svc->conf, "staging.conninfo"),
		.set = &sql_compliance,
		.timeout_ms = STAGING_TIMEOUT_MS,
		.one_plan = true,
	};
	int err;

	storeconf_limits(&store, svc->conf);
	storeconf_limits(&staging, svc->conf);
	err = db_open(&svc->db_store, &store, store_state, svc);
	if (!err)
		err = db_open(&svc->db_staging, &staging, staging_state, svc);

	return err;
}


/* ------------------------------------------------------------- the skeleton */

static void batch_handler(const struct queue_from *from,
			  const struct pl *events, void *arg)
{
	struct compliance *svc = arg;

	intake_batch(svc->intake, from, events);
}


static void ready_handler(struct compliance *svc)
{
	(void)svc;

	daemon_ready();
}


static int files_open(struct compliance *svc)
{
	const char *from = config_str(svc->conf, "files.store");
	const char *to = config_str(svc->conf, "files.archive");

	return from && to ? filestore_alloc(&svc->files, from, to) : 0;
}


static int open_parts(struct compliance *svc, struct ctl *ctl)
{
	int err;

	err = queue_in_open(&svc->queue, config_str(svc->conf, "queue.listen"),
			    batch_handler, svc);
	if (!err)
		err = files_open(svc);
	if (!err)
		err = intake_open(&svc->intake, svc);
	if (!err)
		err = stores_open(svc);
	if (!err)
		err = announce_open(&svc->announce, svc, ready_handler);
	if (!err)
		err = archive_open(&svc->archive, svc->conf, svc->db_store,
				   ctl);

	return err;
}


static int service_open(void **svcp, struct config *conf, struct ctl *ctl)
{
	struct compliance *svc = mem_zalloc(sizeof(*svc), destructor);
	int err;

	if (!svc)
		return ENOMEM;

	svc->conf = conf;
	svc->daemon_id = (int64_t)(rand_u64() >> 1);

	err = open_parts(svc, ctl);
	if (err)
		mem_deref(svc);
	else
		*svcp = svc;

	return err;
}


static void left_handler(struct compliance *svc)
{
	(void)svc;

	daemon_stop();
}


/* What is under way and not answered is sent to another daemon, or to us */
static void service_stop(void *arg)
{
	struct compliance *svc = arg;

	queue_in_pause(svc->queue, true);
	archive_leave(svc->archive);
	announce_leave(svc->announce, left_handler);
}


static const char *service_state(const void *arg)
{
	const struct compliance *svc = arg;

	const uint32_t limit = (uint32_t)config_uint(svc->conf,
						     "store.ready_ms");

	return storeconf_state(announce_isready(svc->announce) ? "ready" :
			       "starting",
			       db_answers(svc->db_store, limit) &&
			       db_answers(svc->db_staging, limit));
}


static void service_status(void *arg, json_t *obj)
{
	const struct compliance *svc = arg;

	json_object_set_new(obj, "name",
			    json_string(config_str(svc->conf,
						   "instance.name")));
	json_object_set_new(obj, "queue",
			    json_string(queue_in_endpoint(svc->queue)));
	json_object_set_new(obj, "store", json_boolean(svc->store_known));
	json_object_set_new(obj, "staging",
			    json_boolean(svc->staging_known));
	archive_status(svc->archive, obj);
}


static void service_close(void *arg)
{
	mem_deref(arg);
}


const struct daemon_spec compliance_daemon = {
	.name   = "pchat-compliance",
	.keyv   = compliance_keyv,
	.checkv = compliance_checkv,
	.storev = compliance_storev,
	.open   = service_open,
	.stop   = service_stop,
	.state  = service_state,
	.close  = service_close,
	.status = service_status,
};
