/**
 * @file channel/outbox.c  Events on their way to compliance
 *
 * Rows become visible when they are committed, which is not the order of
 * their numbers.  So pushing goes on after the last number, which is cheap,
 * and now and then begins at the first again, leaving out what is on its way.
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/bus.h"
#include "common/conf.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/queue.h"
#include "common/stats.h"
#include "channel/core.h"
#include "channel/outbox.h"

enum {
	STATE_MS   = 1000,     /* is it on, who takes events, what waits     */
	POLL_MS    = 100,      /* when nothing waits, look again             */
	REWIND_MS  = 1000,     /* begin at the first again                   */
	ADOPT_MS   = 3000,
	ADOPT_ROWS = 5000,
	ANSWER_MS  = 15000,    /* to store a batch; then try another daemon  */
	COUNT_MAX  = 100000,
	TIMEOUT_MS = 15000,    /* of a statement                             */
	BACKOFF_MAX_MS = 1000,
};

/** Where events go */
struct target {
	struct queue_out *queue;
	char endpoint[256];
	char key[BUS_KEY_SIZE + 1];
	uint64_t since_ms;
	bool seen;                   /* in the list of living daemons        */
};

struct outbox {
	struct service *svc;
	struct db *db;               /* while there is something to do       */
	struct target to;
	char shunned[256];           /* endpoint that did not answer         */
	struct list batchl;          /* struct batch on its way, oldest first */
	uint64_t batch;              /* number of the last one               */
	int64_t after;               /* event that was pushed last           */
	uint64_t rewound_ms, adopted_ms;
	bool asking;                 /* for events                           */
	bool stating;                /* for the state                        */
	bool on, closed;
	struct tmr tmr_state, tmr_push;
};

struct batch {
	struct le le;
	uint64_t no;
	uint64_t since_ms;
	int64_t *idv;
	size_t idc;
};

static uint64_t n_pushed, n_stored, n_again, n_adopted, n_backlog, n_age_ms;

static const struct stats_row rowv[] = {
	{ "events_pushed", &n_pushed, false,
	  "Events sent to a compliance daemon" },
	{ "events_stored", &n_stored, false,
	  "Events that a compliance daemon has stored" },
	{ "events_again", &n_again, false,
	  "Events to be sent again: no answer, or another daemon" },
	{ "events_adopted", &n_adopted, false,
	  "Events taken over from processes that are gone" },
	{ "events_waiting", &n_backlog, true,
	  "Events of ours that compliance does not have (counted up to "
	  "100000)" },
	{ "events_oldest_ms", &n_age_ms, true, "Age of the oldest of them" },
};

static void adopt(struct outbox *ob);
static void push_timer(void *arg);
static void state_timer(void *arg);


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
static void target_drop(struct outbox *ob)
{
	struct le *le;

	for (le = list_head(&ob->batchl); le; le = le->next)
		n_again += ((const struct batch *)le->data)->idc;

	list_flush(&ob->batchl);
	ob->after = 0;
	ob->to.queue = mem_deref(ob->to.queue);
}


static struct batch *batch_find(const struct outbox *ob, uint64_t no)
{
	struct le *le;

	for (le = list_head(&ob->batchl); le; le = le->next) {
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
	struct outbox *ob = arg;
	struct batch *batch = batch_find(ob, no);
	struct db_args args;

	if (!batch)
		return;

	n_stored += batch->idc;
	db_args_init(&args);
	db_int8(&args, ob->svc->instance_id);
	db_int8v(&args, batch->idv, batch->idc);
	(void)db_exec(ob->db, "outbox_done", &args, NULL, NULL);
	mem_deref(batch);

	if (!ob->asking)
		tmr_start(&ob->tmr_push, 0, push_timer, ob);
}


static void batch_send(struct outbox *ob, const struct db_res *res)
{
	const struct pl events = db_get_text(res, 0, 1);
	struct batch *batch = mem_zalloc(sizeof(*batch), batch_destructor);

	if (!batch)
		return;

	if (db_get_int8v(res, 0, 0, &batch->idv, &batch->idc) ||
	    !batch->idc ||
	    queue_out_send(ob->to.queue, ob->batch + 1, &events)) {
		mem_deref(batch);
		return;
	}

	batch->no = ++ob->batch;
	batch->since_ms = tmr_jiffies();
	list_append(&ob->batchl, &batch->le, batch);
	n_pushed += batch->idc;
	ob->after = max(ob->after, batch->idv[batch->idc - 1]);
}


static void events_handler(int err, const struct db_res *res, void *arg)
{
	struct outbox *ob = arg;
	bool more = false;

	if (err == ECANCELED)
		return;

	ob->asking = false;
	if (!err && ob->to.queue && db_get_int(res, 0, 2)) {
		batch_send(ob, res);
		more = db_get_bool(res, 0, 3);
	}

	tmr_start(&ob->tmr_push, more ? 0 : POLL_MS, push_timer, ob);
}


static int64_t *on_their_way(const struct outbox *ob, size_t *np)
{
	int64_t *v;
	struct le *le;
	size_t n = 0;

	for (le = list_head(&ob->batchl); le; le = le->next)
		n += ((const struct batch *)le->data)->idc;

	v = mem_alloc((n + 1) * sizeof(*v), NULL);
	*np = 0;

	for (le = list_head(&ob->batchl); v && le; le = le->next) {
		const struct batch *batch = le->data;

		memcpy(v + *np, batch->idv, batch->idc * sizeof(*v));
		*np += batch->idc;
	}

	return v;
}


static int ask(struct outbox *ob)
{
	const uint64_t now = tmr_jiffies();
	struct db_args args;
	int64_t *idv = NULL;
	size_t idc = 0;
	int err;

	if (now - ob->rewound_ms >= REWIND_MS) {
		ob->rewound_ms = now;
		ob->after = 0;
	}
	if (!ob->after) {
		idv = on_their_way(ob, &idc);
		if (!idv)
			return ENOMEM;
	}

	db_args_init(&args);
	db_int8(&args, ob->svc->instance_id);
	db_int8(&args, ob->after);
	db_int8v(&args, idv, idc);
	db_int4(&args, QUEUE_EVENTS_MAX);
	db_int8(&args, QUEUE_BYTES_MAX);
	err = db_exec(ob->db, "outbox_next", &args, events_handler, ob);
	mem_deref(idv);

	return err;
}


/* A full window goes on with the next answer */
static void push_timer(void *arg)
{
	struct outbox *ob = arg;

	if (ob->asking || !ob->db || !ob->to.queue ||
	    list_count(&ob->batchl) >= QUEUE_WINDOW)
		return;

	if (ask(ob))
		tmr_start(&ob->tmr_push, POLL_MS, push_timer, ob);
	else
		ob->asking = true;
}


/* ------------------------------------------------------------ where they go */

static void target_set(struct outbox *ob, const char *endpoint,
		       const char *key)
{
	struct target *to = &ob->to;
	int err;

	target_drop(ob);
	str_ncpy(to->endpoint, endpoint, sizeof(to->endpoint));
	str_ncpy(to->key, key, sizeof(to->key));
	err = queue_out_open(&to->queue, ob->svc->bus, endpoint, key,
			     stored_handler, ob);
	if (err) {
		log_warn("outbox.target", "endpoint=%s error=\"%m\"",
			 endpoint, err);
		return;
	}

	log_info("outbox.target", "endpoint=%s", endpoint);
	tmr_start(&ob->tmr_push, 0, push_timer, ob);
}


static bool late(const struct outbox *ob)
{
	const struct le *le = list_head(&ob->batchl);

	return le && tmr_jiffies() -
		((const struct batch *)le->data)->since_ms > ANSWER_MS;
}


static bool is_target(const struct outbox *ob, const struct db_res *res,
		      uint32_t row)
{
	const struct pl endpoint = db_get_text(res, row, 1);
	const struct pl key = db_get_text(res, row, 2);

	return ob->to.queue && !pl_strcmp(&endpoint, ob->to.endpoint) &&
		!pl_strcmp(&key, ob->to.key);
}


/* Any of the living, the one that did not answer only when it is alone */
static void target_choose(struct outbox *ob, const struct db_res *res)
{
	const uint32_t n = db_rows(res);
	uint32_t row = n ? rand_u32() % n : 0;
	struct pl endpoint, key;
	char ep[256], k[BUS_KEY_SIZE + 1];

	if (!n)
		return;

	endpoint = db_get_text(res, row, 1);
	if (n > 1 && !pl_strcmp(&endpoint, ob->shunned)) {
		row = (row + 1) % n;
		endpoint = db_get_text(res, row, 1);
	}
	key = db_get_text(res, row, 2);

	if (!pl_strcpy(&endpoint, ep, sizeof(ep)) &&
	    !pl_strcpy(&key, k, sizeof(k)))
		target_set(ob, ep, k);
}


static void daemons_handler(int err, const struct db_res *res, void *arg)
{
	struct outbox *ob = arg;
	bool alive = false;
	uint32_t i;

	if (err)
		return;

	for (i = 0; i < db_rows(res); i++)
		alive |= is_target(ob, res, i);

	if (alive && late(ob)) {
		log_warn("outbox.late", "endpoint=%s", ob->to.endpoint);
		str_ncpy(ob->shunned, ob->to.endpoint, sizeof(ob->shunned));
		alive = false;
	}
	if (alive)
		return;

	target_drop(ob);
	target_choose(ob, res);
}


static void adopted_handler(int err, const struct db_res *res, void *arg)
{
	struct outbox *ob = arg;
	int64_t n;

	if (err || !db_rows(res) || !(n = db_get_int(res, 0, 0)))
		return;

	log_info("outbox.adopted", "events=%lld", (long long)n);
	n_adopted += (uint64_t)n;
	ob->after = 0;
	if (n == ADOPT_ROWS)
		adopt(ob);
}


static void adopt(struct outbox *ob)
{
	struct db_args args;

	ob->adopted_ms = tmr_jiffies();
	db_args_init(&args);
	db_int8(&args, ob->svc->instance_id);
	db_int4(&args, ADOPT_ROWS);
	(void)db_exec(ob->db, "outbox_adopt", &args, adopted_handler, ob);
}


static void look_around(struct outbox *ob)
{
	(void)db_exec(ob->db, "compliance_daemons", NULL, daemons_handler,
		      ob);

	if (tmr_jiffies() - ob->adopted_ms >= ADOPT_MS)
		adopt(ob);
}


/* ----------------------------------------------------------- on and off */

static void db_state(bool up, void *arg)
{
	struct outbox *ob = arg;

	if (up) {
		look_around(ob);
		tmr_start(&ob->tmr_push, 0, push_timer, ob);
	}
	else {
		ob->after = 0;
	}
}


static void start(struct outbox *ob)
{
	const struct db_conf dc = {
		.name = "pchat-outbox",
		.conninfo = config_str(ob->svc->conf, "store.conninfo"),
		.instance = ob->svc->instance_id,
		.timeout_ms = TIMEOUT_MS,
		.backoff_max_ms = BACKOFF_MAX_MS,
		.one_plan = true,
	};

	int err;

	if (ob->db)
		return;

	err = db_open(&ob->db, &dc, db_state, ob);
	if (err)
		log_warn("outbox.start", "error=\"%m\"", err);
}


static void stop(struct outbox *ob)
{
	target_drop(ob);
	tmr_cancel(&ob->tmr_push);
	ob->asking = false;
	ob->db = mem_deref(ob->db);
}


static void state_handler(int err, const struct db_res *res, void *arg)
{
	struct outbox *ob = arg;
	bool closed;

	if (err == ECANCELED)
		return;

	ob->stating = false;
	if (err || !db_rows(res))
		return;

	closed = db_get_bool(res, 0, 1);
	if (closed != ob->closed)
		log_warn("outbox.closed", "posts=%s",
			 closed ? "refused" : "taken");
	ob->closed = closed;
	n_backlog = (uint64_t)db_get_int(res, 0, 2);
	n_age_ms = (uint64_t)db_get_int(res, 0, 3);
	ob->on = db_get_bool(res, 0, 0);

	if (ob->on) {
		start(ob);
		look_around(ob);
		tmr_start(&ob->tmr_state, STATE_MS, state_timer, ob);
	}
	else {
		stop(ob);
	}
}


static void state_timer(void *arg)
{
	struct outbox *ob = arg;
	struct db_args args;

	if (ob->on)
		tmr_start(&ob->tmr_state, STATE_MS, state_timer, ob);
	if (ob->stating)
		return;

	db_args_init(&args);
	db_int8(&args, ob->svc->instance_id);
	db_int4(&args, COUNT_MAX);
	ob->stating = !db_exec(ob->svc->db_main, "outbox_state", &args,
			       state_handler, ob);
}


static void told_handler(const char *channel, const char *payload, void *arg)
{
	struct outbox *ob = arg;

	(void)channel;
	(void)payload;

	tmr_start(&ob->tmr_state, 0, state_timer, ob);
}


void outbox_store_up(struct outbox *ob)
{
	tmr_start(&ob->tmr_state, 0, state_timer, ob);
}


bool outbox_closed(const struct outbox *ob)
{
	return ob && ob->closed;
}


void outbox_stop(struct outbox *ob)
{
	if (!ob)
		return;

	tmr_cancel(&ob->tmr_state);
	stop(ob);
}


static void destructor(void *data)
{
	outbox_stop(data);
}


int outbox_open(struct outbox **obp, struct service *svc)
{
	struct outbox *ob = mem_zalloc(sizeof(*ob), destructor);
	int err;

	if (!ob)
		return ENOMEM;

	ob->svc = svc;
	err = db_listen(svc->db_main, "pchat_compliance", told_handler, ob);
	if (err)
		mem_deref(ob);
	else
		*obp = ob;

	return err;
}
