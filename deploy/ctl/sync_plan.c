/**
 * @file deploy/ctl/sync_plan.c  What of a directory is to be written
 */
#include <errno.h>
#include <stdlib.h>
#include <re.h>
#include "deploy/ctl/tool.h"
#include "common/db/bstore.h"
#include "deploy/ctl/sync.h"

enum { LOSS_HARMLESS = 10 };

/* Who shall be what; then who cannot be, with a problem for people */
static const char *const targetv[] = {
	"ctl_sync_member_fold",
	"ctl_sync_read_analyze",
	"ctl_sync_target",
	"ctl_sync_target_index",
	"ctl_sync_rank",
	"ctl_sync_rank",        /* second choices may be equal, too */
	"ctl_sync_adopt",
	"ctl_sync_held",        /* each choice, and those that the ones */
	"ctl_sync_held",        /* before made stay where they are      */
	"ctl_sync_held",
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


/* Whether so many of the known are too many to be believed: all of them, or
   more than a handful and the configured share */
static bool is_too_much(uint64_t known, uint64_t lost, uint64_t most_percent)
{
	if (most_percent >= 100 || !lost)
		return false;

	return lost == known || (lost > LOSS_HARMLESS &&
				 100 * lost > known * most_percent);
}


static int check_losses(const struct sync *sync)
{
	const uint64_t most = config_uint(sync->conf,
					  "sync.removals_max_percent");
	const bool force = tool_opt(sync->tool, "force") != NULL;
	PGresult *res;
	int err;

	err = bstore_query(sync->st, &res, "ctl_sync_losses", NULL, 0);
	if (err)
		return err;

	for (int i = 0; i < PQntuples(res); i++) {

		const char *known = PQgetvalue(res, i, 1);
		const char *lost = PQgetvalue(res, i, 2);

		if (force || !is_too_much(strtoull(known, NULL, 10),
					  strtoull(lost, NULL, 10), most))
			continue;

		(void)fprintf(sync->tool->err, "pchatctl: %s of %s %s %s\n",
			      lost, known, PQgetvalue(res, i, 0),
			      PQgetvalue(res, i, 3));
		err = ERANGE;
	}
	PQclear(res);

	if (err)
		(void)fprintf(sync->tool->err, "pchatctl: that is more than"
			      " sync.removals_max_percent (%llu) allows: "
			      "nothing was changed; --force if it is right, "
			      "--same-person if the directory was built anew\n",
			      (unsigned long long)most);

	return err;
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
		err = check_losses(sync);

	return err;
}
