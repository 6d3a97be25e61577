/**
 * @file compliance/run.c  From staged events to batches, and away with old ones
 *
 * One thing is under way at a time, and the handler of each asks for the next:
 * is it due - who is writing - what is in the outbox - close a batch, and
 * another, until there is none - done - forget what nobody needs.
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "compliance/run.h"

enum {
	TICK_MS = 1000,
	INTERVAL_S = 900,
	PATIENCE_MS = 15000,       /* with what is still on its way here */
};

struct run {
	struct db *staging, *store;
	struct run_conf conf;
	uint32_t interval_s;
	bool enabled;
	bool busy;                 /* something is under way            */
	bool ask;                  /* somebody wants a run              */
	bool asking;               /* that is being stored              */
	int64_t began_us, upto_us; /* of the run, by the stores' clocks */
	int64_t asked_us;          /* when somebody asked for it; 0: nobody */
	char held_by[256];         /* who writes since upto_us, ""      */
	char told[256];            /* the last one that was logged      */
	struct tmr tmr;
};

static uint64_t n_runs, n_batches, n_events, n_forgotten, n_failed;

static const struct stats_row rowv[] = {
	{ "runs", &n_runs, false, "Times that staged events became batches" },
	{ "batches_closed", &n_batches, false, "Batches closed" },
	{ "batches_events", &n_events, false, "Events in them" },
	{ "batches_forgotten", &n_forgotten, false,
	  "Batches whose events were deleted, all archives having them" },
	{ "runs_failed", &n_failed, false,
	  "Steps of a run that a store did not do; tried again" },
};

static void close_one(struct run *r);
static void forget_one(struct run *r);
static int  ask(struct run *r);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct run *r = data;

	tmr_cancel(&r->tmr);
}


/* Nothing more until the next tick */
static void rest(struct run *r, int err)
{
	r->busy = false;
	if (err && err != ECANCELED && err != ENOTCONN)
		++n_failed;
}


static bool over(struct run *r, int err)
{
	if (!err && r->enabled)
		return false;

	rest(r, err);

	return true;
}


static void step(struct run *r, struct db *db, const char *stmt,
		 struct db_args *args, db_h *h)
{
	const int err = db_exec(db, stmt, args, h, r);

	if (err)
		rest(r, err);
}


static void forget_handler(int err, const struct db_res *res, void *arg)
{
	struct run *r = arg;

	if (over(r, err))
		return;

	if (!db_rows(res) || db_isnull(res, 0, 0)) {
		rest(r, 0);
		return;
	}

	++n_forgotten;
	log_info("batch.forgotten", "batch=%lld",
		 (long long)db_get_int(res, 0, 0));
	forget_one(r);
}


static void forget_one(struct run *r)
{
	struct db_args args;

	db_args_init(&args);
	db_text(&args, r->conf.who);
	db_int8(&args, (int64_t)r->conf.keep_s);
	step(r, r->staging, "batch_forget", &args, forget_handler);
}


static void done_handler(int err, const struct db_res *res, void *arg)
{
	struct run *r = arg;
	(void)res;

	if (!over(r, err))
		forget_one(r);
}


static void done(struct run *r)
{
	struct db_args args;

	++n_runs;
	db_args_init(&args);
	db_time(&args, r->upto_us);
	db_time(&args, r->began_us);
	step(r, r->staging, "run_done", &args, done_handler);
}


static void close_handler(int err, const struct db_res *res, void *arg)
{
	struct run *r = arg;

	if (over(r, err))
		return;

	if (!db_rows(res)) {
		rest(r, 0);        /* the lease is another's */
	}
	else if (db_isnull(res, 0, 0)) {
		done(r);
	}
	else {
		++n_batches;
		n_events += (uint64_t)db_get_int(res, 0, 1);
		log_info("batch.closed", "batch=%lld events=%lld",
			 (long long)db_get_int(res, 0, 0),
			 (long long)db_get_int(res, 0, 1));
		close_one(r);
	}
}


static void close_one(struct run *r)
{
	struct db_args args;

	db_args_init(&args);
	db_text(&args, r->conf.who);
	db_time(&args, r->upto_us);
	db_int4(&args, (int32_t)r->conf.events_max);
	db_int8(&args, (int64_t)r->conf.bytes_max);
	step(r, r->staging, "batch_close", &args, close_handler);
}


/* Status names who keeps events out of batches for longer than what is on
   its way may take */
static void tell_held(struct run *r)
{
	struct db_args args;

	if (r->began_us - r->upto_us < (int64_t)PATIENCE_MS * 1000)
		r->held_by[0] = '\0';

	if (strcmp(r->told, r->held_by)) {
		if (r->held_by[0])
			log_warn("run.held", "by=\"%s\"", r->held_by);
		else
			log_info("run.free", NULL);
	}
	str_ncpy(r->told, r->held_by, sizeof(r->told));

	db_args_init(&args);
	db_text(&args, r->held_by);
	(void)db_exec(r->staging, "run_held", &args, NULL, NULL);
}


/* Whoever asks wants what is there: some of it may still be on its way */
static bool is_early(const struct run *r)
{
	return r->upto_us < r->asked_us &&
		r->began_us - r->asked_us < (int64_t)PATIENCE_MS * 1000;
}


/* Asked after those who write: what they had written by then is seen here, or
   is staged already */
static void oldest_handler(int err, const struct db_res *res, void *arg)
{
	struct run *r = arg;

	if (over(r, err))
		return;

	if (!db_isnull(res, 0, 0) && db_get_time(res, 0, 0) < r->upto_us) {
		r->upto_us = db_get_time(res, 0, 0);
		str_ncpy(r->held_by, "the chat store's outbox: events wait "
			 "there to be staged", sizeof(r->held_by));
	}

	tell_held(r);

	if (is_early(r))
		rest(r, 0);
	else
		close_one(r);
}


static void active_handler(int err, const struct db_res *res, void *arg)
{
	struct run *r = arg;
	struct pl holder;

	if (over(r, err))
		return;

	holder = db_get_text(res, 0, 1);

	r->upto_us = db_get_time(res, 0, 0);
	(void)re_snprintf(r->held_by, sizeof(r->held_by), "%r", &holder);
	step(r, r->store, "compliance_oldest", NULL, oldest_handler);
}


static bool is_due(const struct run *r, const struct db_res *res)
{
	if (!db_isnull(res, 0, 2) &&
	    db_get_int(res, 0, 2) > (int64_t)r->conf.settle_ms)
		return true;

	return db_isnull(res, 0, 1) ||
		db_get_int(res, 0, 1) >= (int64_t)r->interval_s * 1000;
}


static void state_handler(int err, const struct db_res *res, void *arg)
{
	struct run *r = arg;
	struct db_args args;

	if (over(r, err))
		return;

	if (!is_due(r, res)) {
		forget_one(r);
		return;
	}

	r->began_us = db_get_time(res, 0, 0);
	r->asked_us = db_isnull(res, 0, 2) ? 0 :
		r->began_us - db_get_int(res, 0, 2) * 1000;
	db_args_init(&args);
	db_int4(&args, (int32_t)r->conf.settle_ms);
	step(r, r->store, "compliance_active", &args, active_handler);
}


void run_kick(struct run *r)
{
	if (!r || !r->enabled || r->busy)
		return;

	r->busy = true;
	step(r, r->staging, "run_state", NULL, state_handler);
}


static void tick(void *arg)
{
	struct run *r = arg;

	tmr_start(&r->tmr, TICK_MS, tick, r);
	if (r->ask && !r->asking)
		(void)ask(r);
	run_kick(r);
}


int run_open(struct run **rp, struct db *staging, struct db *store,
	     const struct run_conf *conf)
{
	struct run *r;

	if (!rp || !staging || !store || !conf)
		return EINVAL;

	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;

	r->staging    = staging;
	r->store      = store;
	r->conf       = *conf;
	r->interval_s = INTERVAL_S;
	tmr_start(&r->tmr, TICK_MS, tick, r);
	*rp = r;

	return 0;
}


void run_enable(struct run *r, bool enable)
{
	r->enabled = enable;
	run_kick(r);
}


void run_interval(struct run *r, uint32_t interval_s)
{
	r->interval_s = interval_s ? interval_s : INTERVAL_S;
}


static void asked_handler(int err, const struct db_res *res, void *arg)
{
	struct run *r = arg;

	(void)res;

	r->asking = false;
	if (!err)
		r->ask = false;
}


static int ask(struct run *r)
{
	const int err = db_exec(r->staging, "run_ask", NULL, asked_handler, r);

	r->asking = !err;

	return err;
}


int run_ask(struct run *r)
{
	const int err = r->asking ? 0 : ask(r);

	r->ask |= !err;

	return err;
}
