/**
 * @file channel/cmd/invitation.c  getinv: invitations not seen yet
 *                                 (protocol.md 4.8)
 */
#include <errno.h>
#include <stdlib.h>
#include <re.h>
#include "common/db/db.h"
#include "channel/cmd/table.h"
#include "channel/xccos/xccos.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/invited.h"
#include "channel/reattach.h"
#include "channel/user.h"

enum { INVITATIONS_MAX = 500 };


static int write_row(struct cmd *cmd, const struct db_res *res, uint32_t row)
{
	return invited_write(cmd->mb, cmd->svc->domain, res, row);
}


static void invitations_handler(int err, const struct db_res *res, void *arg)
{
	cmd_reply_rows(arg, err, res, write_row);
}


/* The first id above the one that the client has seen */
static int32_t first_id(const struct cmd *cmd)
{
	const char *last = xccos_attr(cmd->prim, "inv", "inviteId");
	const long n = last ? strtol(last, NULL, 10) : 0;

	return n < 0 ? 0 : n >= INT32_MAX ? INT32_MAX : (int32_t)n + 1;
}


static int ask(struct cmd *cmd)
{
	const int32_t first = first_id(cmd);
	struct db_args args;

	db_args_init(&args);
	db_int8v(&args, &cmd->ep->user->id, 1);
	db_int4v(&args, &first, 1);
	db_bool(&args, false);
	cmd->most = INVITATIONS_MAX;
	db_int4(&args, INVITATIONS_MAX + 1);

	return db_exec(cmd->svc->db_main, "invitations", &args,
		       invitations_handler, cmd) ? EBUSY : 0;
}


static void reattached_handler(void *arg)
{
	struct cmd *cmd = arg;

	if (ask(cmd))
		cmd_fail(cmd, EBUSY);
}


/* A client that asks for invitations before it joined anything is new, or
   came back without its rooms: reattach.h.  What it sends next is done in
   its rooms */
int cmd_getinv(struct cmd *cmd)
{
	if (!cmd->ep->joined && !reattach(cmd->ep, reattached_handler, cmd))
		return 0;

	return ask(cmd);
}
