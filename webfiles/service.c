/**
 * @file webfiles/service.c  A webfiles process, from open to close
 */
#include <errno.h>
#include <re.h>
#include "common/conf.h"
#include "common/ctl.h"
#include "common/daemon.h"
#include "common/storeconf.h"
#include "webfiles/auth.h"
#include "webfiles/clean.h"
#include "webfiles/checks.h"
#include "webfiles/conf_keys.h"
#include "webfiles/core.h"
#include "webfiles/filestore.h"
#include "webfiles/http.h"
#include "webfiles/limits.h"
#include "webfiles/service.h"
#include "webfiles/session.h"
#include "webfiles/store.h"
#include "webfiles/worker.h"

enum { FILE_JOBS_MAX = 1000, SIGNINS_MAX = 200, GRACE_MS = 5000 };


/* In reverse order of opening; the workers first: their jobs point to
   requests */
static void destructor(void *data)
{
	struct web *web = data;

	tmr_cancel(&web->tmr_stop);
	mem_deref(web->clean);
	mem_deref(web->doors);
	mem_deref(web->worker);
	web_store_close(web);
	mem_deref(web->http);
	mem_deref(web->files);
	mem_deref(web->limits);
	mem_deref(web->auth);
}


static int service_open(void **svcp, struct config *conf, struct ctl *ctl)
{
	struct web *web = mem_zalloc(sizeof(*web), destructor);
	int err;

	(void)ctl;

	if (!web)
		return ENOMEM;

	web->conf   = conf;
	web->domain = config_str(conf, "pool.domain");

	err = filestore_open(&web->files, config_str(conf, "files.dir"),
			     config_str(conf, "files.scanner"),
			     config_str(conf, "files.allowed"),
			     config_str(conf, "files.denied"));
	if (!err)
		err = auth_open(&web->auth, conf);
	if (!err)
		err = limits_alloc(&web->limits, web);
	if (!err)
		err = worker_open(&web->worker, FILE_JOBS_MAX);
	if (!err)
		err = worker_open(&web->doors, SIGNINS_MAX);
	if (!err)
		err = web_store_open(web);
	if (!err)
		err = http_open(&web->http, web, session_auth);
	if (!err)
		err = clean_open(&web->clean, web);
	if (err)
		mem_deref(web);
	else
		*svcp = web;

	return err;
}


static void service_reload(void *arg)
{
	struct web *web = arg;

	(void)http_reload(web->http);
}


static const char *service_state(const void *arg)
{
	const struct web *web = arg;

	if (http_draining(web->http))
		return "draining";

	return storeconf_state(web->identified ? "ready" : "starting",
			       web_store_answers(web));
}


static void service_status(void *arg, json_t *obj)
{
	struct web *web = arg;
	char buf[64];

	(void)re_snprintf(buf, sizeof(buf), "%J", http_laddr(web->http));
	json_object_set_new(obj, "name", json_string(config_str(web->conf,
						     "instance.name")));
	json_object_set_new(obj, "http", json_string(buf));
	json_object_set_new(obj, "tls", json_boolean(http_tls(web->http)));
}


static void drained(struct web *web)
{
	(void)web;

	daemon_stop();
}


static void service_drain(void *arg)
{
	struct web *web = arg;

	http_drain(web->http, drained);
}


static void grace_over(void *arg)
{
	(void)arg;

	daemon_stop();
}


/* A drain that does not last long */
static void service_stop(void *arg)
{
	struct web *web = arg;

	tmr_start(&web->tmr_stop, GRACE_MS, grace_over, web);
	service_drain(web);
}


static void service_close(void *arg)
{
	mem_deref(arg);
}


const struct daemon_spec web_daemon = {
	.name   = "pchat-webfiles",
	.keyv   = web_keyv,
	.checkv = web_checkv,
	.storev = web_storev,
	.open   = service_open,
	.reload = service_reload,
	.drain  = service_drain,
	.stop   = service_stop,
	.state  = service_state,
	.close  = service_close,
	.status = service_status,
};
