/**
 * @file channel/cmd/unread.c  getunread and setread: what is new in the rooms
 *                             that a user follows
 *
 * The position in a room is the user's, not an endpoint's, and only moves on.
 * The spelling is ours: deploy/xccos-extensions.md.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/db/db.h"
#include "channel/cmd/table.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/user.h"
#include "channel/xccos/emit.h"
#include "channel/xccos/tokens.h"
#include "channel/xccos/xccos.h"

enum {
	COUNT_MAX = 1000,            /* unread messages counted per room     */
	ROOMS_MAX = 500,             /* of one setread                       */
};

struct places {
	uint8_t guidv[ROOMS_MAX][GUID_SIZE];
	int64_t msgv[ROOMS_MAX];
	size_t n;
	int err;
};


static int write_open(struct cmd *cmd, const uint8_t *guid)
{
	char uri[CHATURI_SIZE];
	int err;

	err = chaturi_print(uri, sizeof(uri), CHATURI_ROOM, cmd->svc->domain,
			    guid);
	if (!err)
		err = XW_LIT(cmd->mb, "<chanib");
	if (!err)
		err = xw_attr(cmd->mb, "uri", uri);

	return err;
}


static int write_unread(struct cmd *cmd, const struct db_res *res,
			uint32_t row)
{
	const int64_t unread = db_get_int(res, row, 4);
	struct mbuf *mb = cmd->mb;
	int err;

	err = write_open(cmd, db_get_uuid(res, row, 0));
	if (err)
		return err;

	err  = xw_attr(mb, "name", db_get_text(res, row, 1).p);
	err |= xw_attr_uint(mb, XT_LAST, (uint64_t)db_get_int(res, row, 2));
	err |= xw_attr_uint(mb, XT_READ, (uint64_t)db_get_int(res, row, 3));
	err |= xw_attr_uint(mb, XT_UNREAD, (uint64_t)unread);
	if (unread == COUNT_MAX)
		err |= xw_attr_bool(mb, XT_MORE, true);
	err |= XW_LIT(mb, "/>");

	return err;
}


static void unread_handler(int err, const struct db_res *res, void *arg)
{
	cmd_reply_rows(arg, err, res, write_unread);
}


int cmd_getunread(struct cmd *cmd)
{
	const struct user *user = cmd->ep->user;
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, user->id);
	db_int8v(&args, user->ancv, user->ancc);
	db_int4(&args, COUNT_MAX);

	return db_exec(cmd->svc->db_read, "unread", &args, unread_handler,
		       cmd) ? EBUSY : 0;
}


/* ---------------------------------------------------------------- setread */

static bool place_handler(const void *node, void *arg)
{
	struct places *pl = arg;
	const char *uri = xccos_node_attr(node, "uri");
	const char *id = xccos_node_attr(node, XT_CHATID);
	struct pl val;

	if (pl->n == ROOMS_MAX) {
		pl->err = E2BIG;
		return true;
	}

	pl_set_str(&val, uri ? uri : "");
	if (!id || *id < '0' || *id > '9')
		pl->err = EINVAL;
	else if (chaturi_decode(pl->guidv[pl->n], CHATURI_ROOM, &val))
		pl->err = ENOENT;
	else
		pl->msgv[pl->n++] = strtoll(id, NULL, 10);

	return pl->err != 0;
}


static int write_read(struct cmd *cmd, const struct db_res *res, uint32_t row)
{
	int err = write_open(cmd, db_get_uuid(res, row, 0));

	if (!err)
		err = xw_attr_uint(cmd->mb, XT_READ,
				   (uint64_t)db_get_int(res, row, 1));
	if (!err)
		err = XW_LIT(cmd->mb, "/>");

	return err;
}


/* Rooms that he may not read are left out; nothing else was asked: 404 */
static void read_handler(int err, const struct db_res *res, void *arg)
{
	if (!err && !db_rows(res))
		cmd_fail(arg, ENOENT);
	else
		cmd_reply_rows(arg, err, res, write_read);
}


int cmd_setread(struct cmd *cmd)
{
	const struct user *user = cmd->ep->user;
	struct places *pl = mem_zalloc(sizeof(*pl), NULL);
	struct db_args args;

	if (!pl)
		return ENOMEM;

	cmd->state = pl;
	xccos_each(cmd->prim, "chanib", place_handler, pl);
	if (pl->err)
		return pl->err;
	if (!pl->n)
		return EINVAL;

	db_args_init(&args);
	db_int8(&args, user->id);
	db_int8v(&args, user->ancv, user->ancc);
	db_uuidv(&args, (const uint8_t (*)[16])pl->guidv, pl->n);
	db_int8v(&args, pl->msgv, pl->n);

	return db_exec(cmd->svc->db_main, "read_set", &args, read_handler,
		       cmd) ? EBUSY : 0;
}
