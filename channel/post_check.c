/**
 * @file channel/post_check.c  Posts whose rights have changed since the check
 *
 * The store has refused them, whatever the change was.  Their authors' rights
 * are read on the connection that posts, in one statement: who may still post
 * is stored before all others that wait, the rest is refused.
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "common/stats.h"
#include "common/store/room.h"
#include "channel/access.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/message.h"
#include "channel/post_batch.h"
#include "channel/standing.h"
#include "channel/user.h"

static uint64_t n_rechecked, n_refused;

static const struct stats_row rowv[] = {
	{ "posts_rechecked", &n_rechecked, false,
	  "Posts whose rights were read again: they had changed meanwhile" },
	{ "posts_rights_lost", &n_refused, false,
	  "Posts answered 403 after that" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static bool is_open(const struct post_item *item)
{
	return !item->settled_ms;
}


/* @return whether it may be posted; the row is the author's in the room */
static bool check(struct post_item *item, const struct db_res *res,
		  uint32_t row)
{
	struct occupant *occ = room_occupant(item->ep->svc->rooms,
					     item->room->id, item->ep->id);
	struct room_rec rec;

	room_rec_read(&rec, res, row);
	standing_read(&item->standing, res, row);
	if (!occ || access_join(&rec) ||
	    !access_post(access_mask(&rec), rec.auditorium))
		return false;

	occ->standing = item->standing;

	return true;
}


static void mark_allowed(struct post_batch *batch, const struct db_res *res,
			 bool *mayv)
{
	uint32_t i;

	for (i = 0; i < db_rows(res); i++) {
		const int64_t nth = db_get_int(res, i, STANDING_NTH) - 1;

		if (nth >= 0 && nth < (int64_t)batch->group.n)
			mayv[nth] = check(batch->itemv[nth], res, i);
	}
}


/* From the last one on: each goes before those that went before */
static void sort_out(struct post_batch *batch, const bool *mayv)
{
	uint32_t i;

	for (i = batch->group.n; i--; ) {
		struct post_item *item = batch->itemv[i];

		if (!is_open(item))
			continue;
		++n_rechecked;
		if (batch->abandoned) {
			post_settle(item, EAGAIN);
			continue;
		}
		if (mayv[i]) {
			post_batch_requeue(batch, item);
			continue;
		}
		++n_refused;
		post_settle(item, EACCES);
	}
}


static void standing_handler(int err, const struct db_res *res, void *arg)
{
	struct post_batch *batch = arg;
	bool mayv[BATCH_MAX] = { false };
	uint32_t i;

	if (err == ECANCELED)
		return;

	batch->rechecking = false;
	if (err) {
		for (i = 0; i < batch->group.n; i++) {
			if (is_open(batch->itemv[i]))
				post_settle(batch->itemv[i], EAGAIN);
		}
	}
	else {
		mark_allowed(batch, res, mayv);
		sort_out(batch, mayv);
	}
	post_batch_done(batch);
}


void post_batch_recheck(struct post_batch *batch)
{
	int64_t roomv[BATCH_MAX], userv[BATCH_MAX];
	struct db_args args;
	uint32_t i;

	for (i = 0; i < batch->group.n; i++) {
		const struct post_item *item = batch->itemv[i];

		roomv[i] = is_open(item) ? item->room->id : 0;
		userv[i] = is_open(item) ? item->ep->user->id : 0;
	}

	db_args_init(&args);
	db_int8v(&args, roomv, batch->group.n);
	db_int8v(&args, userv, batch->group.n);
	batch->rechecking = !db_exec(batch->post->svc->db_post,
				     "room_standing", &args, standing_handler,
				     batch);
	if (!batch->rechecking)
		standing_handler(EBUSY, NULL, batch);
}
