/**
 * @file channel/post_batch.c  One batch: sent, committed, answered, delivered
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/after.h"
#include "channel/core.h"
#include "channel/deliver.h"
#include "channel/fence.h"
#include "channel/hello.h"
#include "channel/message.h"
#include "channel/pool.h"
#include "channel/post_batch.h"
#include "channel/relay.h"
#include "channel/room.h"

static uint64_t n_batches, n_unknown, n_split, n_clock;

static const struct stats_row rowv[] = {
	{ "post_batches", &n_batches, false, "Commits of posts" },
	{ "post_batches_unknown", &n_unknown, false,
	  "Batches that lost their connection and were looked up" },
	{ "post_batches_split", &n_split, false,
	  "Batches that were refused and stored message by message" },
	{ "post_clock_back", &n_clock, false,
	  "Times that a room's time was ahead of the store's clock by more than "
	  "2 s and was set back" },
};

static void submit_handler(int err, const struct db_res *res, void *arg);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct post_batch *batch = data;
	struct le *le;

	while ((le = list_head(&batch->iteml))) {
		struct post_item *item = le->data;

		list_unlink(le);
		post_release(item);
		mem_deref(item);
	}
}


/* What came under a lease that we have lost is not stored under the next */
static void drop_fenced(struct post *post)
{
	struct le *le = list_head(&post->queuel);

	while (le) {
		struct post_item *item = le->data;

		le = le->next;
		if (item->lease == post->svc->lease)
			continue;
		--post->queued;
		post_settle(item, ESTALE);
		mem_deref(item);
	}
}


static void take_items(struct post_batch *batch)
{
	struct post *post = batch->post;
	const uint32_t max = post->alone ? 1 : min(post->batch_max,
						   (uint32_t)BATCH_MAX);
	int64_t roomv[BATCH_MAX] = { 0 };
	uint32_t n = 0, i;

	while (n < max && post->queuel.head) {
		struct post_item *item = post->queuel.head->data;

		list_unlink(&item->le);
		list_append(&batch->iteml, &item->le, item);
		batch->itemv[n] = item;
		roomv[n++] = item->room->id;
	}
	post->queued -= n;
	post->alone -= min(post->alone, n);

	batch_group(&batch->group, roomv, n);
	for (i = 0; i < n; i++)
		batch->afterv[batch->group.placev[i] - 1] =
			batch->itemv[i]->room->order.last;
}


/* Of each room's messages the lowest: one that was checked earlier than the
   others has all of its room's checked again */
static void standings(const struct post_batch *batch, int64_t *rightsv,
		      int64_t *peoplev)
{
	const struct batch *g = &batch->group;
	uint32_t i;

	for (i = 0; i < g->rooms; i++)
		rightsv[i] = peoplev[i] = INT64_MAX;

	for (i = 0; i < g->n; i++) {
		const struct standing *st = &batch->itemv[i]->standing;
		const int32_t p = g->placev[i] - 1;

		rightsv[p] = min(rightsv[p], st->rights);
		peoplev[p] = min(peoplev[p], st->people);
	}
}


int post_batch_submit(struct post_batch *batch)
{
	const struct batch *g = &batch->group;
	int64_t authorv[BATCH_MAX], sessionv[BATCH_MAX];
	int64_t rightsv[BATCH_MAX], peoplev[BATCH_MAX];
	struct pl chatv[BATCH_MAX], rtfv[BATCH_MAX];
	int32_t flagv[BATCH_MAX];
	struct db_args args;
	uint32_t i;

	standings(batch, rightsv, peoplev);
	for (i = 0; i < g->n; i++) {
		const struct message *msg = batch->itemv[i]->msg;

		authorv[i] = msg->author_id;
		sessionv[i] = batch->itemv[i]->session;
		flagv[i] = msg->flags;
		chatv[i] = msg->chat;
		rtfv[i] = msg->rtf;
	}

	batch->backend = db_backend(batch->post->svc->db_post);
	batch->host = db_host(batch->post->svc->db_post);
	db_args_init(&args);
	db_int8(&args, batch->origin);
	db_int8(&args, batch->post->svc->instance_id);
	db_int8(&args, batch->post->svc->lease);
	db_int8v(&args, g->roomv, g->rooms);
	db_int4v(&args, g->countv, g->rooms);
	db_int8v(&args, rightsv, g->rooms);
	db_int8v(&args, peoplev, g->rooms);
	db_int4v(&args, g->placev, g->n);
	db_int4v(&args, g->nthv, g->n);
	db_int8v(&args, authorv, g->n);
	db_int8v(&args, sessionv, g->n);
	db_int4v(&args, flagv, g->n);
	db_textv(&args, chatv, g->n);
	db_textv(&args, rtfv, g->n);

	return db_exec(batch->post->svc->db_post, "post_batch", &args,
		       submit_handler, batch);
}


void post_batch_start(struct post *post)
{
	struct post_batch *batch;

	if (post->running || !post->queuel.head || post->svc->press.busy ||
	    !pool_holds(post->svc->pool) ||
	    hello_others_busy(post->svc->hello) ||
	    !db_isup(post->svc->db_post))
		return;

	if (post->lease != post->svc->lease) {
		post->lease = post->svc->lease;
		drop_fenced(post);
		post_kick(post);
		return;
	}

	batch = mem_zalloc(sizeof(*batch), destructor);
	if (!batch)
		return;

	batch->post = post;
	batch->since_ms = tmr_jiffies();
	batch->origin = (int64_t)((uint64_t)post->svc->instance_id << 20 |
				  (++post->batches & 0xfffff));
	take_items(batch);
	post->running = batch;
	++n_batches;

	if (post_batch_submit(batch))
		batch->unknown = true;
}


void post_batch_done(struct post_batch *batch)
{
	struct post *post = batch->post;

	post->running = NULL;
	mem_deref(batch);
	post_kick(post);
}


void post_batch_abandon(struct post_batch *batch)
{
	uint32_t i;

	if (batch->abandoned)
		return;

	batch->abandoned = true;
	for (i = 0; i < batch->group.n; i++) {
		post_answer(batch->itemv[i], EINPROGRESS);
		post_release(batch->itemv[i]);
	}
}


void post_batch_requeue(struct post_batch *batch, struct post_item *item)
{
	struct post *post = batch->post;

	list_unlink(&item->le);
	list_prepend(&post->queuel, &item->le, item);
	++post->queued;
}


/* They go on when our lease is renewed, as long as they may wait */
static void wait_for_lease(struct post_batch *batch)
{
	uint32_t i;

	for (i = batch->group.n; i--; )
		post_batch_requeue(batch, batch->itemv[i]);

	pool_doubt(batch->post->svc->pool);
	post_batch_done(batch);
}


static void relay_room(struct post_batch *batch, uint32_t place)
{
	struct message *msgv[BATCH_MAX];
	struct room *room = NULL;
	size_t n = 0;
	uint32_t i;

	for (i = 0; i < batch->group.n; i++) {
		if (batch->group.placev[i] == (int32_t)place + 1) {
			room = batch->itemv[i]->room;
			msgv[n++] = batch->itemv[i]->msg;
		}
	}
	if (room)
		relay_messages(room->svc, room->id, msgv, n);
}


/* @return FENCE_STALE or FENCE_LEASE when the message is to be posted again */
static enum fence settle(struct post_batch *batch, struct post_item *item,
			 const struct db_res *res, uint32_t row, int32_t nth)
{
	const enum fence state = (enum fence)db_get_int(res, row, 3);

	switch (state) {

	case FENCE_STORED:
	case FENCE_CLOCK:
		item->msg->id = db_get_int(res, row, 1) + nth;
		item->msg->ts_us = db_get_time(res, row, 2);
		post_settle(item, 0);
		break;

	case FENCE_CLOSED:
		post_settle(item, EACCES);
		break;

	default:
		if (!batch->abandoned)
			return state;
		/* they were told "unknown": they may post it again */
		post_settle(item, EAGAIN);
		break;
	}

	return FENCE_STORED;
}


static void note_clock(const struct db_res *res, uint32_t rooms)
{
	uint32_t i;

	for (i = 0; i < rooms; i++) {
		if (db_get_int(res, i, 3) != FENCE_CLOCK)
			continue;
		++n_clock;
		log_warn("post.clock_back", "room=%lld",
			 (long long)db_get_int(res, i, 0));
	}
}


static void out_handler(struct room *room, void *arg)
{
	struct post_item *item = arg;

	(void)room;

	item->parked = false;
	post_release(item);
}


/* While messages before it are missing it has not gone out, and what its author
   does next waits for it */
static void deliver(struct post_item *item)
{
	struct room *room = item->room;

	deliver_message(room, item->msg);
	if (item->msg->id <= room->order.last)
		return;

	item->parked = !after_add(room, item->msg->id, out_handler, item);
	if (item->parked)
		mem_ref(item);
}


static void tell(struct post_batch *batch, const struct db_res *res)
{
	const struct batch *g = &batch->group;
	uint32_t i;

	note_clock(res, g->rooms);
	for (i = 0; i < g->rooms; i++) {
		if (!db_isnull(res, i, 1))
			relay_room(batch, i);
	}

	for (i = 0; i < g->n; i++) {
		if (batch->itemv[i]->msg->id)
			deliver(batch->itemv[i]);
	}
}


void post_batch_stored(struct post_batch *batch, const struct db_res *res)
{
	const struct batch *g = &batch->group;
	bool stale = false, fenced = false;
	uint32_t i;

	for (i = 0; i < g->n; i++) {
		const enum fence state =
			settle(batch, batch->itemv[i], res,
			       (uint32_t)g->placev[i] - 1, g->nthv[i]);

		stale |= state == FENCE_STALE;
		fenced |= state == FENCE_LEASE;
	}
	tell(batch, res);

	if (fenced)
		wait_for_lease(batch);
	else if (stale)
		post_batch_recheck(batch);
	else
		post_batch_done(batch);
}


void post_batch_settle(struct post_batch *batch, int err)
{
	uint32_t i;

	for (i = 0; i < batch->group.n; i++)
		post_settle(batch->itemv[i], err);
}


/* One message is at fault: the batch's go one by one, before all others */
static void split(struct post_batch *batch)
{
	struct post *post = batch->post;
	const uint32_t n = batch->group.n;
	uint32_t i;

	if (n == 1) {
		post_settle(batch->itemv[0], EPROTO);
		post_batch_done(batch);
		return;
	}

	++n_split;
	for (i = n; i--; )
		post_batch_requeue(batch, batch->itemv[i]);
	post->alone += n;
	post_batch_done(batch);
}


static void submit_handler(int err, const struct db_res *res, void *arg)
{
	struct post_batch *batch = arg;

	switch (err) {

	case 0:
		if (db_rows(res) == batch->group.rooms)
			post_batch_stored(batch, res);
		else
			split(batch);
		break;

	case ECANCELED:       /* we are closing */
		break;

	case ECONNRESET:
		++n_unknown;
		batch->unknown = true;
		log_warn("post.unknown", "messages=%u", batch->group.n);
		if (db_isup(batch->post->svc->db_post))
			post_batch_resume(batch);
		break;

	case ETIMEDOUT:       /* the server undid it */
		post_batch_settle(batch, EAGAIN);
		post_batch_done(batch);
		break;

	default:
		split(batch);
		break;
	}
}
