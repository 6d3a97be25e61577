/**
 * @file channel/index.c  Keeps the full-text index, behind the posts
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/core.h"
#include "channel/index.h"

enum {
	REST_MS  = 500,        /* when all was looked at, or another works   */
	AGAIN_MS = 10,         /* more messages wait                         */
	NEXT_MS  = 100,        /* more rooms wait                            */
	ERROR_MS = 5000,
	ROOMS    = 10000,
	MESSAGES = 500,
};

static uint64_t n_indexed;

static const struct stats_row rowv[] = {
	{ "messages_indexed", &n_indexed, false,
	  "Messages that this process put into the full-text index" },
};

static void step(void *arg);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void later(struct service *svc, uint32_t ms)
{
	tmr_start(&svc->tmr_index, ms + rand_u16() % (ms / 5 + 1), step, svc);
}


static void step_handler(int err, const struct db_res *res, void *arg)
{
	struct service *svc = arg;
	int64_t passed;

	if (err == ECANCELED)
		return;
	if (err) {
		log_warn("index.step", "error=%d", err);
		later(svc, ERROR_MS);
		return;
	}
	if (!db_rows(res)) {
		later(svc, REST_MS);
		return;
	}

	svc->index_room = db_get_int(res, 0, 0);
	passed = db_get_int(res, 0, 1);
	n_indexed += (uint64_t)passed;
	if (passed >= MESSAGES)
		later(svc, AGAIN_MS);
	else
		later(svc, svc->index_room ? NEXT_MS : REST_MS);
}


static void step(void *arg)
{
	struct service *svc = arg;
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, svc->index_room);
	db_int4(&args, ROOMS);
	db_int4(&args, MESSAGES);
	if (db_exec(svc->db_index, "search_index_step", &args, step_handler,
		    svc))
		later(svc, REST_MS);
}


void index_start(struct service *svc)
{
	later(svc, REST_MS);
}


void index_stop(struct service *svc)
{
	tmr_cancel(&svc->tmr_index);
}
