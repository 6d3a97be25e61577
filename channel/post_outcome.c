/**
 * @file channel/post_outcome.c  A batch whose connection was lost: was it
 * stored?
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "channel/core.h"
#include "channel/post_batch.h"


static bool any_stored(const struct db_res *res)
{
	uint32_t i;

	for (i = 0; i < db_rows(res); i++) {
		if (!db_isnull(res, i, 1))
			return true;
	}

	return false;
}


static void outcome_handler(int err, const struct db_res *res, void *arg)
{
	struct post_batch *batch = arg;

	if (err == ECANCELED)
		return;

	if (!err && any_stored(res)) {
		post_batch_stored(batch, res);
	}
	else if (!err && batch->abandoned) {
		post_batch_settle(batch, EAGAIN);
		post_batch_done(batch);
	}
	else if (!err) {
		batch->unknown = post_batch_submit(batch) != 0;
	}
	else {
		batch->unknown = true;
		log_warn("post.unknown", "messages=%u error=%d",
			 batch->group.n, err);
	}
}


static int ask_outcome(struct post_batch *batch)
{
	const struct batch *g = &batch->group;
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, batch->origin);
	db_int8v(&args, g->roomv, g->rooms);
	db_int8v(&args, batch->afterv, g->rooms);

	return db_exec(batch->post->svc->db_post, "post_outcome", &args,
		       outcome_handler, batch);
}


/* Only a backend that is gone for certain cannot store it any more */
static void aborted_handler(int err, const struct db_res *res, void *arg)
{
	struct post_batch *batch = arg;

	if (err == ECANCELED)
		return;

	if (err)
		batch->unknown = true;
	else if (db_get_bool(res, 0, 0))
		batch->unknown = ask_outcome(batch) != 0;
	else
		post_batch_resume(batch);
}


void post_batch_resume(struct post_batch *batch)
{
	struct db_args args;

	/* another server has other processes */
	if (batch->host != db_host(batch->post->svc->db_post))
		batch->backend = 0;

	db_args_init(&args);
	db_int4(&args, batch->backend);
	db_text(&args, POST_CONNECTION);
	batch->unknown = db_exec(batch->post->svc->db_post, "post_abort",
				 &args, aborted_handler, batch) != 0;
}
