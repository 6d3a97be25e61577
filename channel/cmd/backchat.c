/**
 * @file channel/cmd/backchat.c  bccontext: the newest messages of a room
 *                               (protocol.md 4.7)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/db/db.h"
#include "common/store/room.h"
#include "channel/cmd/bcq.h"
#include "channel/cmd/table.h"
#include "channel/cmd/told.h"
#include "channel/xccos/tokens.h"
#include "channel/xccos/xccos.h"
#include "channel/access.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/message.h"
#include "channel/room.h"
#include "channel/user.h"

enum {
	COUNT_MAX = 500,
	ENVELOPE  = 1024,
	ROWS_A_SEARCH = 100,   /* each beyond the first counts as a search   */
	COL_TOLD  = 8,         /* after message_read()'s                     */
};


int cmd_write_message(struct mbuf *mb, const char *uri,
		      const struct db_res *res, uint32_t row)
{
	struct message msg;
	struct xccos_chat chat = { .chan_uri = uri };

	message_read(&msg, res, row);
	chat.id = msg.id;
	chat.ts_us = msg.ts_us;
	chat.alert = msg.flags & MESSAGE_ALERT;
	chat.author = msg.author.p;
	chat.display = msg.display.p;
	chat.chat = msg.chat;
	chat.rtf = msg.rtf;

	return xccos_msg(mb, &chat);
}


/* Rows come newest first, so that what does not fit is the oldest, which the
   reply says; it has the oldest first: write to the side, then copy from the
   back */
static int write_messages(struct cmd *cmd, const char *uri,
			  const struct db_res *res, uint32_t *fitp)
{
	const uint32_t n = min(db_rows(res), COUNT_MAX);
	struct mbuf *mb = mbuf_alloc(4096);
	size_t endv[COUNT_MAX + 1] = { 0 };
	uint32_t i, fit = 0;
	int err = mb ? 0 : ENOMEM;

	for (i = 0; !err && i < n; i++) {
		err = cmd_write_message(mb, uri, res, i);
		if (mb->end + ENVELOPE > cmd->svc->set.reply_max)
			break;
		endv[++fit] = mb->end;
	}

	if (!err)
		err = mbuf_printf(cmd->mb, "<chanib uri=\"%s\"%s>", uri,
				  fit < n ? " " XT_MORE "=\"true\"" : "");
	for (i = fit; !err && i > 0; i--)
		err = mbuf_write_mem(cmd->mb, mb->buf + endv[i - 1],
				     endv[i] - endv[i - 1]);
	mem_deref(mb);
	*fitp = fit;

	return err;
}


static uint32_t count(const struct cmd *cmd)
{
	const char *cnt = xccos_attr(cmd->prim, "last", "cnt");
	const unsigned long n = cnt ? strtoul(cnt, NULL, 10) : 0;

	if (!n)
		return cmd->svc->set.history_default;

	return n > COUNT_MAX ? COUNT_MAX : (uint32_t)n;
}


static int tell(struct cmd *cmd, const uint8_t *guid, const struct db_res *res,
		uint32_t rows)
{
	int32_t placev[COUNT_MAX];
	int64_t idv[COUNT_MAX];
	const struct told told = {
		.roomv = (const uint8_t (*)[16])guid, .roomc = 1,
		.placev = placev, .idv = idv, .idc = rows,
	};
	struct bcq q;
	uint32_t i;

	for (i = 0; i < rows; i++) {
		placev[i] = 1;
		idv[i] = db_get_int(res, i, 0);
	}
	bcq_last(&q, count(cmd));

	return told_reply(cmd, &told, &q) ? EBUSY : 0;
}


static void last_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	const char *uri = xccos_attr(cmd->prim, "chanib", "uri");
	char canon[CHATURI_SIZE];
	uint8_t guid[GUID_SIZE];
	uint32_t rows;
	struct pl pl;

	if (err)
		err = EBUSY;
	pl_set_str(&pl, uri);
	if (!err)
		err = chaturi_decode(guid, CHATURI_ROOM, &pl);
	if (!err)
		err = chaturi_print(canon, sizeof(canon), CHATURI_ROOM,
				    cmd->svc->domain, guid);
	if (!err)
		err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = write_messages(cmd, canon, res, &rows);
	if (!err)
		err = xccos_chanib_close(cmd->mb);
	if (!err && told_wanted(res, COL_TOLD)) {
		err = tell(cmd, guid, res, rows);
		if (!err)
			return;
	}

	cmd_end(cmd, err);
}


static int ask(struct cmd *cmd, int64_t room_id)
{
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, room_id);
	db_int4(&args, (int32_t)count(cmd));

	return db_exec(cmd->svc->db_read, "message_last", &args, last_handler,
		       cmd) ? EBUSY : 0;
}


/* Not in the room: members may read it all the same */
static void facts_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	struct room_rec rec;

	if (err) {
		err = EBUSY;
	}
	else if (!db_rows(res)) {
		err = ENOENT;
	}
	else {
		room_rec_read(&rec, res, 0);
		if (access_mask(&rec) & ACCESS_HISTORY)
			err = ask(cmd, rec.id);
		else
			err = access_join(&rec);
	}

	if (err)
		cmd_fail(cmd, err);
}


bool cmd_bccontext_first(struct endpoint *ep, const struct xccos_prim *prim)
{
	const char *uri = xccos_attr(prim, "chanib", "uri");
	uint8_t guid[GUID_SIZE];
	struct occupant *occ;
	struct room *room;
	struct pl pl;

	pl_set_str(&pl, uri ? uri : "");
	if (chaturi_decode(guid, CHATURI_ROOM, &pl))
		return false;

	room = roomtab_by_guid(ep->svc->rooms, guid);
	occ = room ? room_occupant(ep->svc->rooms, room->id, ep->id) : NULL;
	if (!occ || occ->has_read)
		return false;

	occ->has_read = true;

	return true;
}


uint32_t cmd_bccontext_long(const struct xccos_prim *prim)
{
	const char *cnt = xccos_attr(prim, "last", "cnt");
	const unsigned long n = cnt ? strtoul(cnt, NULL, 10) : 0;

	return n ? (uint32_t)(min(n, COUNT_MAX) - 1) / ROWS_A_SEARCH : 0;
}


int cmd_bccontext(struct cmd *cmd)
{
	const char *uri = xccos_attr(cmd->prim, "chanib", "uri");
	uint8_t guid[1][GUID_SIZE];
	struct db_args args;
	struct room *room;
	struct pl pl;

	if (bcq_asked(cmd->prim))
		return cmd_history(cmd);
	if (!uri)
		return EINVAL;

	pl_set_str(&pl, uri);
	if (chaturi_decode(guid[0], CHATURI_ROOM, &pl))
		return ENOENT;

	room = roomtab_by_guid(cmd->svc->rooms, guid[0]);
	if (room && !room->disabled &&
	    room_occupant(cmd->svc->rooms, room->id, cmd->ep->id))
		return ask(cmd, room->id);

	db_args_init(&args);
	db_int8v(&args, cmd->ep->user->ancv, cmd->ep->user->ancc);
	db_uuidv(&args, (const uint8_t (*)[16])guid, 1);

	return db_exec(cmd->svc->db_read, "room_facts", &args, facts_handler,
		       cmd) ? EBUSY : 0;
}
