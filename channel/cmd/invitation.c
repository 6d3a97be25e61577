/**
 * @file channel/cmd/invitation.c  getinv: invitations not seen yet
 *                                 (protocol.md 4.8)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/db/db.h"
#include "channel/cmd/table.h"
#include "channel/xccos/xccos.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/reattach.h"
#include "channel/user.h"

enum { INVITATIONS_MAX = 500 };


static int write_inv(struct cmd *cmd, const struct db_res *res, uint32_t row)
{
	const uint8_t *guid = db_get_uuid(res, row, 2);
	const struct pl name = db_get_text(res, row, 3);
	const struct pl description = db_get_text(res, row, 4);
	char uri[CHATURI_SIZE], ts[CLOCK_TS_SIZE];
	const struct xccos_chanib chan = {
		.uri = uri, .name = name.p, .description = description.p,
	};
	int err;

	err = chaturi_print(uri, sizeof(uri), CHATURI_ROOM, cmd->svc->domain,
			    guid);
	if (!err)
		err = mbuf_printf(cmd->mb, "<inv inviteId=\"%lld\" domain=\""
				  "%s\" createdOn=\"%s\">",
				  (long long)db_get_int(res, row, 0),
				  cmd->svc->domain,
				  clock_ts(ts, db_get_time(res, row, 1)));
	if (!err)
		err = xccos_chanib_open(cmd->mb, &chan);
	if (!err)
		err = xccos_chanib_close(cmd->mb);
	if (!err)
		err = mbuf_write_str(cmd->mb, "</inv>");

	return err;
}


static void invitations_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	uint32_t i;

	if (err)
		err = EBUSY;
	if (!err)
		err = cmd_reply_begin(cmd, 0);
	for (i = 0; !err && i < db_rows(res); i++)
		err = write_inv(cmd, res, i);

	cmd_end(cmd, err);
}


static int ask(struct cmd *cmd)
{
	const char *last = xccos_attr(cmd->prim, "inv", "inviteId");
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, cmd->ep->user->id);
	db_int4(&args, last ? (int32_t)strtol(last, NULL, 10) : 0);
	db_int4(&args, INVITATIONS_MAX);

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
