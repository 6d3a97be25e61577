/**
 * @file channel/retain.c  Removes messages that are past their retention
 */
#include <errno.h>
#include <re.h>
#include "common/conf.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/core.h"
#include "channel/retain.h"

enum {
	SLICE    = 1000,       /* messages looked at in one transaction      */
	AGAIN_MS = 50,         /* between slices: others want the store too  */
	TRIES    = 4,          /* in one interval, to see whether it is time */
	ERROR_MS = 5000,
};

static uint64_t n_removed, n_held;

static const struct stats_row rowv[] = {
	{ "retention_removed", &n_removed, false,
	  "Messages past their retention that this process removed" },
	{ "retention_held", &n_held, false,
	  "Those that it left because of a hold, each time it came by" },
};

static void step(void *arg);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static uint32_t interval_s(const struct service *svc)
{
	return (uint32_t)config_uint(svc->conf, "retention.interval_s");
}


static void later(struct service *svc, uint32_t ms)
{
	tmr_start(&svc->tmr_retain, ms + rand_u16() % (ms / 5 + 1), step, svc);
}


static void step_handler(int err, const struct db_res *res, void *arg)
{
	struct service *svc = arg;

	if (err == ECANCELED)
		return;
	if (err || !db_rows(res)) {
		log_warn("retention.step", "error=%d", err);
		later(svc, ERROR_MS);
		return;
	}

	n_removed += (uint64_t)db_get_int(res, 0, 1);
	n_held    += (uint64_t)db_get_int(res, 0, 2);
	later(svc, db_get_bool(res, 0, 0) ? AGAIN_MS :
	      interval_s(svc) * 1000 / TRIES);
}


static void step(void *arg)
{
	struct service *svc = arg;
	struct db_args args;

	db_args_init(&args);
	db_int4(&args, (int32_t)interval_s(svc));
	db_int4(&args, SLICE);
	if (db_exec(svc->db_index, "retention_step", &args, step_handler, svc))
		later(svc, ERROR_MS);
}


void retain_start(struct service *svc)
{
	later(svc, interval_s(svc) * 1000 / TRIES);
}


void retain_stop(struct service *svc)
{
	tmr_cancel(&svc->tmr_retain);
}
