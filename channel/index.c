/**
 * @file channel/index.c  Keeps the full-text index, behind the posts
 */
#include <re.h>
#include "common/db/db.h"
#include "common/stats.h"
#include "channel/index.h"
#include "channel/step.h"

enum {
	REST_MS  = 500,        /* when all was looked at                     */
	AGAIN_MS = 10,         /* more messages wait                         */
	NEXT_MS  = 100,        /* more rooms wait                            */
	ROOMS    = 10000,
	MESSAGES = 500,
};

static uint64_t n_indexed;

static const struct stats_row rowv[] = {
	{ "messages_indexed", &n_indexed, false,
	  "Messages that this process put into the full-text index" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


/* state: the room where the last one stopped */
static void arguments(struct db_args *args, const struct step *step)
{
	db_int8(args, step->state);
	db_int4(args, ROOMS);
	db_int4(args, MESSAGES);
}


static uint32_t done(struct step *step, const struct db_res *res)
{
	const int64_t passed = db_get_int(res, 0, 1);

	step->state = db_get_int(res, 0, 0);
	n_indexed += (uint64_t)passed;
	if (passed >= MESSAGES)
		return AGAIN_MS;

	return step->state ? NEXT_MS : REST_MS;
}


const struct step_job index_job = {
	"search_index_step", REST_MS, arguments, done
};
