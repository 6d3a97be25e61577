/**
 * @file deploy/ctl/sync_plan.c  What of a directory is to be written
 */
#include <errno.h>
#include <stdlib.h>
#include <re.h>
#include "deploy/ctl/tool.h"
#include "common/db/bstore.h"
#include "deploy/ctl/sync.h"

enum { REMOVALS_HARMLESS = 10 };

/* Who shall be what; then who cannot be, with a problem for people */
static const char *const targetv[] = {
	"ctl_sync_read_analyze",
	"ctl_sync_target",
	"ctl_sync_target_index",
	"ctl_sync_rank",
	"ctl_sync_adopt",
	"ctl_sync_held",
	"ctl_sync_held",        /* for those who stay because of the first */
	"ctl_sync_address",
	NULL
};

static const char *const changev[] = {
	"ctl_sync_keep",
	"ctl_sync_drop",
	"ctl_sync_new_id",
	"ctl_sync_gone",
	"ctl_sync_changed",
	"ctl_sync_domains",
	"ctl_sync_list",
	"ctl_sync_list_analyze",
	"ctl_sync_want",
	"ctl_sync_want_analyze",
	"ctl_sync_edge",
	"ctl_sync_plan_index",
	NULL
};


static int steps(const struct sync *sync, const char *const *stmtv)
{
	int err = 0;

	for (; *stmtv && !err; stmtv++)
		err = bstore_exec(sync->st, NULL, *stmtv, NULL, 0);

	return err;
}


static int problems(const struct sync *sync, int *leftp)
{
	PGresult *res;
	int err;

	err = bstore_query(sync->st, &res, "ctl_sync_problems", NULL, 0);
	if (err)
		return err;

	*leftp = PQntuples(res);
	for (int i = 0; i < *leftp; i++)
		(void)fprintf(sync->tool->err, "pchatctl: left out: %s\n",
			      PQgetvalue(res, i, 0));
	PQclear(res);

	return 0;
}


static int check_share(const struct sync *sync)
{
	const uint64_t most = config_uint(sync->conf,
					  "sync.removals_max_percent");
	uint64_t known, gone;
	PGresult *res;
	int err;

	err = bstore_query(sync->st, &res, "ctl_sync_share", NULL, 0);
	if (err)
		return err;

	known = strtoull(PQgetvalue(res, 0, 0), NULL, 10);
	gone  = strtoull(PQgetvalue(res, 0, 1), NULL, 10);
	PQclear(res);

	if (gone <= REMOVALS_HARMLESS || 100 * gone <= known * most)
		return 0;

	(void)fprintf(sync->tool->err, "pchatctl: %llu of %llu users are gone"
		      " from the directory, more than"
		      " sync.removals_max_percent: nothing was changed\n",
		      (unsigned long long)gone, (unsigned long long)known);

	return ERANGE;
}


int sync_plan(struct sync *sync, int *leftp)
{
	int err;

	err = steps(sync, targetv);
	if (!err)
		err = problems(sync, leftp);
	if (!err)
		err = steps(sync, changev);
	if (!err)
		err = check_share(sync);

	return err;
}
