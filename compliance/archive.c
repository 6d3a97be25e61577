/**
 * @file compliance/archive.c  Everything behind the staging: batches, adapters
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <re.h>
#include "common/conf.h"
#include "common/ctl.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/poolconf.h"
#include "common/stats.h"
#include "common/storeconf.h"
#include "compliance/adapter_load.h"
#include "compliance/archive.h"
#include "compliance/lag.h"
#include "compliance/lease.h"
#include "compliance/origin.h"
#include "compliance/run.h"
#include "compliance/supervise.h"

enum {
	BATCH_TIMEOUT_MS = 300000,
	QUICK_TIMEOUT_MS = 10000,
	STATES_MS = 1000,
};

#define PROGRAM "/proc/self/exe"

struct archive {
	const struct config *conf;
	struct db *staging;        /* closes batches, which takes its time */
	struct db *quick;          /* all else must not wait for that    */
	struct db *store;
	struct lease *lease;
	struct run *run;
	struct lag *lag;
	struct origin *origin;
	struct supervise *supervise;
	char *who;
	json_t *states;            /* of the adapters, as last asked for */
	struct tmr tmr_states;
	bool held;                 /* the lease is ours                  */
	bool entering;             /* adapter_enter is under way         */
	bool entered;              /* the store has our adapters         */
	bool set;                  /* the store's settings were read     */
};


static uint64_t n_refused, n_failing;

static const struct stats_row rowv[] = {
	{ "archive_refused", &n_refused, true,
	  "Batches of which an adapter refused something, waiting for an "
	  "operator" },
	{ "archive_failing", &n_failing, true,
	  "Adapters whose last try failed, or that cannot begin" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct archive *a = data;

	tmr_cancel(&a->tmr_states);
	a->staging = mem_deref(a->staging);
	a->quick = mem_deref(a->quick);
	mem_deref(a->supervise);
	mem_deref(a->origin);
	mem_deref(a->lag);
	mem_deref(a->run);
	mem_deref(a->lease);
	mem_deref(a->who);
	json_decref(a->states);
}


/* ----------------------------------------------------------- the settings */

static uint64_t setting(const struct db_res *res, const char *name)
{
	uint32_t i;

	for (i = 0; i < db_rows(res); i++) {

		const struct pl key = db_get_text(res, i, 0);
		const struct pl value = db_get_text(res, i, 1);

		if (!pl_strcasecmp(&key, name))
			return pl_u64(&value);
	}

	return 0;
}


static void settings_handler(int err, const struct db_res *res, void *arg)
{
	struct archive *a = arg;

	if (err)
		return;

	a->set = true;
	run_interval(a->run, (uint32_t)setting(res, "ComplianceRunInterval"));
	lag_limits(a->lag, setting(res, "ComplianceLagAlarm"),
		   setting(res, "ComplianceFailClosed"));
}


void archive_settings(struct archive *a)
{
	if (!a)
		return;

	a->set = false;
	(void)db_exec(a->store, "configuration", NULL, settings_handler,
		      a);
}


static void config_handler(const char *channel, const char *payload,
			   void *arg)
{
	(void)channel;
	(void)payload;

	archive_settings(arg);
}


/* ------------------------------------------------------------ the adapters */

/* No batch is closed before the store knows for which adapters it is kept */
static void entered_handler(int err, const struct db_res *res, void *arg)
{
	struct archive *a = arg;

	(void)res;

	a->entering = false;
	if (err || !a->held)
		return;

	a->entered = true;
	run_enable(a->run, true);
	supervise_enable(a->supervise, true);
}


static void enter(struct archive *a)
{
	const size_t n = supervise_count(a->supervise);
	struct pl namev[ADAPTERS_MAX], typev[ADAPTERS_MAX];
	bool requiredv[ADAPTERS_MAX];
	struct db_args args;
	size_t i;

	if (a->entering)
		return;

	for (i = 0; i < n; i++)
		supervise_nth(a->supervise, i, &namev[i], &typev[i],
			      &requiredv[i]);

	db_args_init(&args);
	db_textv(&args, namev, n);
	db_textv(&args, typev, n);
	db_boolv(&args, requiredv, n);
	a->entering = !db_exec(a->quick, "adapter_enter", &args,
			       entered_handler, a);
}


static json_t *state_json(const struct archive *a, const struct db_res *res,
			  uint32_t row)
{
	const struct pl state = db_get_text(res, row, 4);
	const struct pl error = db_get_text(res, row, 10);
	struct pl name = db_get_text(res, row, 0);
	struct pl type = db_get_text(res, row, 1);
	uint32_t deaths = 0;
	char *text = NULL;
	json_t *obj;
	pid_t pid;

	if (pl_strdup(&text, &name))
		return NULL;

	pid = supervise_pid(a->supervise, text, &deaths);
	mem_deref(text);

	obj = json_pack("{s:s%, s:s%, s:b, s:b, s:s%, s:I, s:I, s:I, s:I,"
			" s:i, s:i, s:s%, s:I}",
			"name", name.p, name.l, "type", type.p, type.l,
			"required", db_get_bool(res, row, 2),
			"configured", db_get_bool(res, row, 3),
			"state", state.p, state.l,
			"batch", (json_int_t)db_get_int(res, row, 5),
			"waiting", (json_int_t)db_get_int(res, row, 6),
			"refused", (json_int_t)db_get_int(res, row, 7),
			"tries", (json_int_t)db_get_int(res, row, 8),
			"process", (int)pid, "died", (int)deaths,
			"error", error.p, error.l,
			"failing_s", (json_int_t)db_get_int(res, row, 13));

	return obj;
}


static void states_handler(int err, const struct db_res *res, void *arg)
{
	struct archive *a = arg;
	json_t *arr;
	uint32_t i;

	if (err)
		return;

	arr = json_array();
	n_refused = n_failing = 0;
	for (i = 0; i < db_rows(res); i++) {
		(void)json_array_append_new(arr, state_json(a, res, i));
		n_refused += (uint64_t)db_get_int(res, i, 7);
		n_failing += db_get_int(res, i, 8) > 0;
	}

	json_decref(a->states);
	a->states = arr;
}


static void states_ask(void *arg)
{
	struct archive *a = arg;

	tmr_start(&a->tmr_states, STATES_MS, states_ask, a);
	if (a->held && !a->entered && !a->entering)
		enter(a);
	if (a->held && !a->set)
		archive_settings(a);
	(void)db_exec(a->quick, "adapter_states", NULL, states_handler, a);
}


static int add_adapters(struct archive *a)
{
	struct mbuf *errmb = mbuf_alloc(256);
	const char *path;
	int err = errmb ? 0 : ENOMEM;
	size_t i;

	for (i = 0; !err && (path = config_nth(a->conf, "adapter", i)); i++) {

		err = i < ADAPTERS_MAX ?
			supervise_add(a->supervise, path, errmb) : ENOSPC;
		if (err)
			log_err("adapter.conf", "error=\"%b\"", errmb->buf,
				errmb->end);
	}

	mem_deref(errmb);

	return err;
}


/* --------------------------------------------------------------- the lease */

static void lease_handler(bool held, void *arg)
{
	struct archive *a = arg;

	a->held = held;
	a->entered = a->set = false;
	if (held) {
		enter(a);
		archive_settings(a);
	}
	else {
		run_enable(a->run, false);
		supervise_enable(a->supervise, false);
	}

	lag_enable(a->lag, held);
	origin_enable(a->origin, held);
}


static void staging_state(bool up, void *arg)
{
	(void)arg;

	if (!up)
		log_warn("archive.staging_lost", NULL);
}


static void asked_handler(const char *channel, const char *payload, void *arg)
{
	const struct archive *a = arg;
	(void)channel;
	(void)payload;

	run_kick(a->run);
}


static json_t *ctl_run(const char *args, void *arg)
{
	const struct archive *a = arg;
	const int err = run_ask(a->run);
	(void)args;

	if (err)
		return json_pack("{s:s}", "error",
				 "the compliance store is away");

	return json_pack("{s:b}", "ok", 1);
}


static const struct ctl_cmd cmdv[] = {
	{ "run", "Close batches of what is staged, now", ctl_run },
};


/* -------------------------------------------------------------------- open */

static int open_db(struct archive *a, struct db **dbp, const char *name,
		   uint32_t timeout_ms)
{
	struct db_conf dc = {
		.name = name,
		.conninfo = config_str(a->conf, "staging.conninfo"),
		.set = &sql_compliance,
		.timeout_ms = timeout_ms,
	};

	storeconf_limits(&dc, a->conf);

	return db_open(dbp, &dc, staging_state, a);
}


static int open_staging(struct archive *a)
{
	int err;

	err = open_db(a, &a->staging, "pchat-batch", BATCH_TIMEOUT_MS);
	if (!err)
		err = open_db(a, &a->quick, "pchat-archive",
			      QUICK_TIMEOUT_MS);

	return err ? err : db_listen(a->quick, "pchat_run", asked_handler, a);
}


static int open_run(struct archive *a)
{
	const struct run_conf rc = {
		.who = a->who,
		.settle_ms = (uint32_t)config_uint(a->conf, "run.settle_ms"),
		.events_max = (uint32_t)config_uint(a->conf,
						    "run.events_max"),
		.bytes_max = config_uint(a->conf, "run.bytes_max"),
		.keep_s = config_uint(a->conf, "run.keep_s"),
	};

	return run_open(&a->run, a->staging, a->store, &rc);
}


static int open_supervise(struct archive *a)
{
	const struct supervise_conf sc = {
		.program = PROGRAM,
		.staging = config_str(a->conf, "staging.conninfo"),
		.files = config_str(a->conf, "files.archive"),
	};
	int err;

	err = supervise_alloc(&a->supervise, &sc);

	return err ? err : add_adapters(a);
}


static int open_parts(struct archive *a)
{
	int err;

	err = re_sdprintf(&a->who, "%s/%08x",
			  config_str(a->conf, "instance.name"), rand_u32());
	if (!err)
		err = open_supervise(a);
	if (!err)
		err = open_staging(a);
	if (!err)
		err = open_run(a);
	if (!err)
		err = lag_open(&a->lag, a->quick, a->store);
	if (!err)
		err = origin_open(&a->origin, a->quick, a->store);
	if (!err)
		err = lease_open(&a->lease, a->quick, a->who, (uint32_t)
				 config_uint(a->conf, "lease.period_ms"),
				 (uint32_t)
				 config_uint(a->conf, "lease.lapse_ms"),
				 lease_handler, a);

	return err ? err : db_listen(a->store, POOLCONF_CHANNEL,
				     config_handler, a);
}


int archive_open(struct archive **ap, const struct config *conf,
		 struct db *store, struct ctl *ctl)
{
	struct archive *a;
	int err;

	if (!ap || !conf || !store)
		return EINVAL;

	a = mem_zalloc(sizeof(*a), destructor);
	if (!a)
		return ENOMEM;

	a->conf  = conf;
	a->store = store;

	err = open_parts(a);
	if (err) {
		mem_deref(a);
		return err;
	}

	tmr_start(&a->tmr_states, STATES_MS, states_ask, a);
	ctl_register(ctl, cmdv, ARRAY_SIZE(cmdv), a);
	*ap = a;

	return 0;
}


void archive_leave(struct archive *a)
{
	if (a)
		lease_drop(a->lease);
}


void archive_status(const struct archive *a, json_t *obj)
{
	json_object_set_new(obj, "archive", json_pack(
		"{s:s, s:b, s:I, s:b, s:b, s:O?}",
		"holder", lease_holder(a->lease),
		"held", lease_held(a->lease),
		"oldest_s", (json_int_t)lag_oldest_s(a->lag),
		"alarm", lag_alarm(a->lag), "closed", lag_closed(a->lag),
		"adapters", a->states));
}
