/**
 * @file channel/push.c  Batches of events on their way to a compliance daemon
 *
 * Rows become visible when they are committed, which is not the order of
 * their numbers.  So reading goes on after the last number, which is cheap,
 * and now and then begins at the first again, leaving out what is on its way.
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/bus.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/queue.h"
#include "common/stats.h"
#include "channel/core.h"
#include "channel/push.h"

enum {
	POLL_MS    = 500,      /* when nothing waits, look again             */
	REWIND_MS  = 2000,     /* begin at the first again                   */
	ANSWER_MS  = 15000,    /* to store a batch; then try another daemon  */
};

/** Where events go */
struct target {
	struct queue_out *queue;
	char endpoint[256];
	char key[BUS_KEY_SIZE + 1];
	uint64_t since_ms;
	bool seen;                   /* in the list of living daemons        */
};

struct batch {
	struct le le;
	uint64_t no;
	uint64_t since_ms;
	int64_t *idv;
	size_t idc;
};

struct push {
	struct service *svc;
	struct db *db;
	struct target to;
	char shunned[256];           /* endpoint that did not answer         */
	struct list batchl;          /* on their way, oldest first           */
	uint64_t batch;              /* number of the last one               */
	int64_t after;               /* row that was read last               */
	uint64_t rewound_ms;
	bool asking;                 /* for events                           */
	struct tmr tmr;
};

static uint64_t n_pushed, n_stored, n_again;

static const struct stats_row rowv[] = {
	{ "events_pushed", &n_pushed, false,
	  "Events sent to a compliance daemon" },
	{ "events_stored", &n_stored, false,
	  "Events that a compliance daemon has stored" },
	{ "events_again", &n_again, false,
	  "Events to be sent again: no answer, or another daemon" },
};

static void push_timer(void *arg);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void batch_destructor(void *data)
{
	struct batch *batch = data;

	list_unlink(&batch->le);
	mem_deref(batch->idv);
}


/* ---------------------------------------------------------- on their way */

/* What was on its way is found in the store again */
static void target_drop(struct push *push)
{
	struct le *le;

	for (le = list_head(&push->batchl); le; le = le->next)
		n_again += ((const struct batch *)le->data)->idc;

	list_flush(&push->batchl);
	push->after = 0;
	push->to.queue = mem_deref(push->to.queue);
}


static struct batch *batch_find(const struct push *push, uint64_t no)
{
	struct le *le;

	for (le = list_head(&push->batchl); le; le = le->next) {
		struct batch *batch = le->data;

		if (batch->no == no)
			return batch;
	}

	return NULL;
}


/* Sent on the connection that asks for events: what is asked for from now on
   is without them */
static void stored_handler(uint64_t no, void *arg)
{
	struct push *push = arg;
	struct batch *batch = batch_find(push, no);
	struct db_args args;

	if (!batch)
		return;

	n_stored += batch->idc;
	db_args_init(&args);
	db_int8(&args, push->svc->instance_id);
	db_int8v(&args, batch->idv, batch->idc);
	(void)db_exec(push->db, "outbox_done", &args, NULL, NULL);
	mem_deref(batch);

	if (!push->asking)
		tmr_start(&push->tmr, 0, push_timer, push);
}


static void batch_send(struct push *push, const struct db_res *res)
{
	const struct pl events = db_get_text(res, 0, 1);
	struct batch *batch = mem_zalloc(sizeof(*batch), batch_destructor);

	if (!batch)
		return;

	if (db_get_int8v(res, 0, 0, &batch->idv, &batch->idc) ||
	    !batch->idc ||
	    queue_out_send(push->to.queue, push->batch + 1, &events)) {
		mem_deref(batch);
		return;
	}

	batch->no = ++push->batch;
	batch->since_ms = tmr_jiffies();
	list_append(&push->batchl, &batch->le, batch);
	n_pushed += batch->idc;
	push->after = max(push->after, batch->idv[batch->idc - 1]);
}


static void events_handler(int err, const struct db_res *res, void *arg)
{
	struct push *push = arg;
	bool more = false;

	if (err == ECANCELED)
		return;

	push->asking = false;
	if (!err && push->to.queue && db_get_int(res, 0, 2)) {
		batch_send(push, res);
		more = db_get_bool(res, 0, 3);
	}

	tmr_start(&push->tmr, more ? 0 : POLL_MS, push_timer, push);
}


static int64_t *on_their_way(const struct push *push, size_t *np)
{
	int64_t *v;
	struct le *le;
	size_t n = 0;

	for (le = list_head(&push->batchl); le; le = le->next)
		n += ((const struct batch *)le->data)->idc;

	v = mem_alloc((n + 1) * sizeof(*v), NULL);
	*np = 0;

	for (le = list_head(&push->batchl); v && le; le = le->next) {
		const struct batch *batch = le->data;

		memcpy(v + *np, batch->idv, batch->idc * sizeof(*v));
		*np += batch->idc;
	}

	return v;
}


static int ask(struct push *push)
{
	const uint64_t now = tmr_jiffies();
	struct db_args args;
	int64_t *idv = NULL;
	size_t idc = 0;
	int err;

	if (now - push->rewound_ms >= REWIND_MS) {
		push->rewound_ms = now;
		push->after = 0;
	}
	if (!push->after) {
		idv = on_their_way(push, &idc);
		if (!idv)
			return ENOMEM;
	}

	db_args_init(&args);
	db_int8(&args, push->svc->instance_id);
	db_int8(&args, push->after);
	db_int8v(&args, idv, idc);
	db_int4(&args, QUEUE_EVENTS_MAX);
	db_int8(&args, QUEUE_BYTES_MAX);
	err = db_exec(push->db, "outbox_next", &args, events_handler, push);
	mem_deref(idv);

	return err;
}


/* A full window goes on with the next answer */
static void push_timer(void *arg)
{
	struct push *push = arg;

	if (push->asking || !push->db || !push->to.queue ||
	    list_count(&push->batchl) >= QUEUE_WINDOW)
		return;

	if (ask(push))
		tmr_start(&push->tmr, POLL_MS, push_timer, push);
	else
		push->asking = true;
}


/* ------------------------------------------------------------ where they go */

static void target_set(struct push *push, const char *endpoint,
		       const char *key)
{
	struct target *to = &push->to;
	int err;

	target_drop(push);
	str_ncpy(to->endpoint, endpoint, sizeof(to->endpoint));
	str_ncpy(to->key, key, sizeof(to->key));
	err = queue_out_open(&to->queue, push->svc->bus, endpoint, key,
			     stored_handler, push);
	if (err) {
		log_warn("push.target", "endpoint=%s error=\"%m\"",
			 endpoint, err);
		return;
	}

	log_info("push.target", "endpoint=%s", endpoint);
	tmr_start(&push->tmr, 0, push_timer, push);
}


static bool late(const struct push *push)
{
	const struct le *le = list_head(&push->batchl);

	return le && tmr_jiffies() -
		((const struct batch *)le->data)->since_ms > ANSWER_MS;
}


static bool is_target(const struct push *push, const struct db_res *res,
		      uint32_t row)
{
	const struct pl endpoint = db_get_text(res, row, 1);
	const struct pl key = db_get_text(res, row, 2);

	return push->to.queue && !pl_strcmp(&endpoint, push->to.endpoint) &&
		!pl_strcmp(&key, push->to.key);
}


/* Any of the living, the one that did not answer only when it is alone */
static void target_choose(struct push *push, const struct db_res *res)
{
	const uint32_t n = db_rows(res);
	uint32_t row = n ? rand_u32() % n : 0;
	struct pl endpoint, key;
	char ep[256], k[BUS_KEY_SIZE + 1];

	if (!n)
		return;

	endpoint = db_get_text(res, row, 1);
	if (n > 1 && !pl_strcmp(&endpoint, push->shunned)) {
		row = (row + 1) % n;
		endpoint = db_get_text(res, row, 1);
	}
	key = db_get_text(res, row, 2);

	if (!pl_strcpy(&endpoint, ep, sizeof(ep)) &&
	    !pl_strcpy(&key, k, sizeof(k)))
		target_set(push, ep, k);
}


void push_daemons(struct push *push, const struct db_res *res)
{
	bool alive = false;
	uint32_t i;

	for (i = 0; i < db_rows(res); i++)
		alive |= is_target(push, res, i);

	if (alive && late(push)) {
		log_warn("push.late", "endpoint=%s", push->to.endpoint);
		str_ncpy(push->shunned, push->to.endpoint,
			 sizeof(push->shunned));
		alive = false;
	}
	if (alive)
		return;

	target_drop(push);
	target_choose(push, res);
}


void push_again(struct push *push)
{
	push->after = 0;
	tmr_start(&push->tmr, 0, push_timer, push);
}


static void destructor(void *data)
{
	struct push *push = data;

	tmr_cancel(&push->tmr);
	target_drop(push);
}


int push_alloc(struct push **pp, struct service *svc, struct db *db)
{
	struct push *push = mem_zalloc(sizeof(*push), destructor);

	if (!push)
		return ENOMEM;

	push->svc = svc;
	push->db = db;
	*pp = push;

	return 0;
}
