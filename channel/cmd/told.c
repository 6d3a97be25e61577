/**
 * @file channel/cmd/told.c  Compliance learns what a user reads, before he does
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "common/stats.h"
#include "channel/cmd/bcq.h"
#include "channel/cmd/table.h"
#include "channel/cmd/told.h"
#include "channel/xccos/xccos.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/user.h"

static uint64_t n_told, n_failed;

static const struct stats_row rowv[] = {
	{ "reads_told", &n_told, false,
	  "History replies that compliance was told of, or asked whether" },
	{ "reads_untold", &n_failed, false,
	  "Those refused because it could not be told" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


bool told_wanted(const struct db_res *res, uint32_t col)
{
	return !db_rows(res) || db_get_bool(res, 0, col);
}


static void told_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;

	(void)res;

	if (err)
		++n_failed;
	cmd_end(cmd, err ? EBUSY : 0);
}


int told_reply(struct cmd *cmd, const struct told *told, const struct bcq *q)
{
	struct db_args args;
	int err;

	db_args_init(&args);
	db_int8(&args, cmd->ep->user->id);
	db_int8(&args, cmd->ep->id);
	db_text(&args, cmd->prim->verb);
	db_uuidv(&args, told->roomv, told->roomc);
	db_int4v(&args, told->placev, told->idc);
	db_int8v(&args, told->idv, told->idc);
	bcq_args(&args, q);

	err = db_exec(cmd->svc->db_read, "backchat_tell", &args, told_handler,
		      cmd);
	if (err)
		++n_failed;
	else
		++n_told;

	return err;
}
