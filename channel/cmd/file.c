/**
 * @file channel/cmd/file.c  getfutok and getfdtok: tokens for the web service
 *                           (protocol.md 4.11)
 */
#include <errno.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/conf.h"
#include "common/db/db.h"
#include "common/store/status.h"
#include "channel/cmd/table.h"
#include "channel/xccos/emit.h"
#include "channel/xccos/xccos.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/room.h"
#include "channel/user.h"

enum direction { UPLOAD = 1, DOWNLOAD = 2 };


static int write_token(struct cmd *cmd, const char *token)
{
	struct mbuf *mb = cmd->mb;
	int err;

	err = mbuf_write_str(mb, "<token");
	if (!err)
		err = xw_attr(mb, "token", token);
	if (!err)
		err = xw_attr(mb, "serveruri", cmd->svc->set.file_service_url);
	if (!err)
		err = mbuf_write_str(mb, "/>");

	return err;
}


static void token_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;

	if (err)
		err = EBUSY;
	else
		err = store_status(res, 0);
	if (!err)
		err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = write_token(cmd, db_get_text(res, 0, 1).p);

	cmd_end(cmd, err);
}


/* The store knows rights, we know who is in the room */
static int check_joined(const struct cmd *cmd, const uint8_t guid[GUID_SIZE])
{
	const struct room *room = roomtab_by_guid(cmd->svc->rooms, guid);

	return room && room_occupant(cmd->svc->rooms, room->id, cmd->ep->id) ?
		0 : ENOTCONN;
}


static int ask(struct cmd *cmd, enum direction direction)
{
	const char *uri = xccos_attr(cmd->prim, "ftdb", "channelUri");
	const char *name = xccos_attr(cmd->prim, "ftdb", "fileUrl");
	uint8_t guid[GUID_SIZE];
	struct db_args args;
	struct pl pl;
	int err;

	cmd->reply_verb = "getftok";

	if (!str_isset(cmd->svc->set.file_service_url))
		return ENOSYS;
	if (!uri)
		return EINVAL;
	pl_set_str(&pl, uri);
	err = chaturi_decode(guid, CHATURI_ROOM, &pl);
	if (!err)
		err = check_joined(cmd, guid);
	if (err)
		return err == EBADMSG ? EINVAL : err;

	db_args_init(&args);
	db_int8(&args, cmd->ep->user->id);
	db_uuid(&args, guid);
	db_int4(&args, direction);
	db_text(&args, name);
	db_int4(&args, (int32_t)config_uint(cmd->svc->conf,
					    "files.tokens_max"));

	return db_exec(cmd->svc->db_main, "file_token_make", &args,
		       token_handler, cmd) ? EBUSY : 0;
}


int cmd_getfutok(struct cmd *cmd)
{
	return ask(cmd, UPLOAD);
}


int cmd_getfdtok(struct cmd *cmd)
{
	return ask(cmd, DOWNLOAD);
}
