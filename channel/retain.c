/**
 * @file channel/retain.c  Removes messages that are past their retention
 */
#include <re.h>
#include "common/conf.h"
#include "common/db/db.h"
#include "common/stats.h"
#include "channel/core.h"
#include "channel/retain.h"
#include "channel/step.h"

enum {
	SLICE    = 1000,       /* messages looked at in one transaction      */
	AGAIN_MS = 50,         /* between slices: others want the store too  */
	TRIES    = 4,          /* in one interval, to see whether it is time */
	REST_MS  = 1000,
};

static uint64_t n_removed, n_held;

static const struct stats_row rowv[] = {
	{ "retention_removed", &n_removed, false,
	  "Messages past their retention that this process removed" },
	{ "retention_held", &n_held, false,
	  "Those that it left because of a hold, each time it came by" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static uint32_t interval_s(const struct step *step)
{
	return (uint32_t)config_uint(step->svc->conf, "retention.interval_s");
}


static void arguments(struct db_args *args, const struct step *step)
{
	db_int4(args, (int32_t)interval_s(step));
	db_int4(args, SLICE);
}


static uint32_t done(struct step *step, const struct db_res *res)
{
	n_removed += (uint64_t)db_get_int(res, 0, 1);
	n_held    += (uint64_t)db_get_int(res, 0, 2);

	return db_get_bool(res, 0, 0) ? AGAIN_MS :
		interval_s(step) * 1000 / TRIES;
}


const struct step_job retain_job = {
	"retention_step", REST_MS, arguments, done
};
