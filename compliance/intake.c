/**
 * @file compliance/intake.c  From the queue into the compliance store
 */
#include <errno.h>
#include <re.h>
#include "common/conf.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/queue.h"
#include "common/stats.h"
#include "compliance/core.h"
#include "compliance/event_head.h"
#include "compliance/filestore.h"
#include "compliance/intake.h"

enum { STATE_MS = 5000, COUNT_MAX = 1000000 };

struct intake {
	struct compliance *svc;
	struct list batchl;          /* in the order that they came          */
	uint32_t batches, batches_max;
	bool up;
	struct tmr tmr_state;
};

struct batch {
	struct le le;
	struct intake *in;
	struct queue_from from;
	char *events;
	bool sent;                   /* its files or itself are being stored */
};

static uint64_t n_batches, n_events, n_refused, n_waiting, n_oldest_ms;

static const struct stats_row rowv[] = {
	{ "intake_batches", &n_batches, false, "Batches of events stored" },
	{ "intake_events", &n_events, false,
	  "Events stored, without those that were there already" },
	{ "intake_refused", &n_refused, false,
	  "Batches that the compliance store did not take" },
	{ "staged_waiting", &n_waiting, true,
	  "Events that are in no batch for the archives yet" },
	{ "staged_oldest_ms", &n_oldest_ms, true,
	  "Age of the oldest of them" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct intake *in = data;

	tmr_cancel(&in->tmr_state);
	list_flush(&in->batchl);
}


static void batch_destructor(void *data)
{
	struct batch *batch = data;

	list_unlink(&batch->le);
	--batch->in->batches;
	mem_deref(batch->events);
}


/* Who reads the queue has room for what he reads */
static void pace(struct intake *in)
{
	queue_in_pause(in->svc->queue,
		       !in->up || in->batches >= in->batches_max);
}


static void stored_handler(int err, const struct db_res *res, void *arg)
{
	struct batch *batch = arg;
	struct intake *in = batch->in;

	batch->sent = false;

	if (err && err != EPROTO)
		return;              /* kept: sent again when it is back     */

	if (err) {
		/* Its sender goes on trying, and others get their turn */
		++n_refused;
		log_err("intake.refused", "batch=%llu",
			(unsigned long long)batch->from.batch);
	}
	else {
		++n_batches;
		n_events += (uint64_t)db_get_int(res, 0, 0);
		queue_in_stored(in->svc->queue, &batch->from);
	}

	mem_deref(batch);
	pace(in);
}


/* What is no array of events is not taken, as if the store had said so */
static void stage(struct batch *batch)
{
	struct compliance *svc = batch->in->svc;
	struct event_heads *heads = NULL;
	struct db_args args;

	batch->sent = false;
	if (event_heads(&heads, batch->events) == EBADMSG) {
		stored_handler(EPROTO, NULL, batch);
		return;
	}
	if (!heads)
		return;              /* no memory: at the next tick          */

	db_args_init(&args);
	event_heads_args(heads, &args);
	batch->sent = !db_exec(svc->db_staging, "stage", &args,
			       stored_handler, batch);
	mem_deref(heads);
}


/* Failed: its sender tries again */
static void files_handler(int err, void *arg)
{
	struct batch *batch = arg;
	struct intake *in = batch->in;

	if (err)
		mem_deref(batch);
	else
		stage(batch);

	pace(in);
}


/* Files first: an event that is stored may have its file deleted next */
static void batch_send(struct batch *batch)
{
	struct filestore *files = batch->in->svc->files;
	const int err = files ? filestore_take_events(files, batch->events,
						      files_handler, batch)
			      : ENOENT;

	if (err == ENOENT)
		stage(batch);
	else
		batch->sent = !err;
}


void intake_batch(struct intake *in, const struct queue_from *from,
		  const struct pl *events)
{
	struct batch *batch = mem_zalloc(sizeof(*batch), batch_destructor);

	if (!batch)
		return;

	batch->in = in;
	batch->from = *from;
	list_append(&in->batchl, &batch->le, batch);
	++in->batches;

	if (pl_strdup(&batch->events, events))
		mem_deref(batch);    /* its sender tries again               */
	else
		batch_send(batch);

	pace(in);
}


static void send_all(struct intake *in)
{
	struct le *le;

	for (le = list_head(&in->batchl); le; le = le->next) {
		struct batch *batch = le->data;

		if (!batch->sent)
			batch_send(batch);
	}
}


void intake_staging(struct intake *in, bool up)
{
	in->up = up;
	if (up)
		send_all(in);
	pace(in);
}


static void state_handler(int err, const struct db_res *res, void *arg)
{
	(void)arg;

	if (err)
		return;

	n_waiting = (uint64_t)db_get_int(res, 0, 0);
	n_oldest_ms = (uint64_t)db_get_int(res, 0, 1);
}


/* Also: what was not sent because the connection would not take it */
static void state_timer(void *arg)
{
	struct intake *in = arg;
	struct db_args args;

	tmr_start(&in->tmr_state, STATE_MS, state_timer, in);
	if (!in->up)
		return;

	send_all(in);
	db_args_init(&args);
	db_int4(&args, COUNT_MAX);
	(void)db_exec(in->svc->db_staging, "staged_state", &args,
		      state_handler, in);
}


int intake_open(struct intake **inp, struct compliance *svc)
{
	struct intake *in = mem_zalloc(sizeof(*in), destructor);

	if (!in)
		return ENOMEM;

	in->svc = svc;
	in->batches_max = (uint32_t)config_uint(svc->conf,
						"queue.batches_max");
	tmr_start(&in->tmr_state, STATE_MS, state_timer, in);
	pace(in);
	*inp = in;

	return 0;
}
