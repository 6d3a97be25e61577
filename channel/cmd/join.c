/**
 * @file channel/cmd/join.c  join, bjoin and part (protocol.md 4.4-4.6)
 */
#include <errno.h>
#include <re.h>
#include "common/chaturi.h"
#include "channel/cmd/table.h"
#include "channel/xccos/xccos.h"
#include "channel/core.h"
#include "channel/ending.h"
#include "channel/endpoint.h"
#include "channel/join.h"
#include "channel/joined.h"
#include "channel/room.h"
#include "channel/roster.h"


static bool count_handler(const void *node, void *arg)
{
	size_t *n = arg;

	(void)node;

	return ++*n > JOIN_MAX;
}


static int read_uri(struct join_room *jr, const char *uri)
{
	struct pl pl, domain, value;

	pl_set_str(&pl, uri);
	if (re_regex(pl.p, pl.l, "ma-chan://[^/]+/[^]+", &domain, &value))
		return EINVAL;

	(void)pl_strcpy(&domain, jr->domain, sizeof(jr->domain));
	(void)pl_strcpy(&value, jr->value, sizeof(jr->value));

	return 0;
}


static void read_chanid(struct join_room *jr, const void *node)
{
	const char *domain = xccos_node_attr(node, "domain");
	const char *value = xccos_node_attr(node, "value");
	const char *uri = xccos_node_attr(node, "uri");
	struct pl pl;

	if (value) {
		str_ncpy(jr->domain, domain ? domain : "", sizeof(jr->domain));
		str_ncpy(jr->value, value, sizeof(jr->value));
	}
	else if (!uri || read_uri(jr, uri)) {
		jr->err = EINVAL;
		return;
	}

	pl_set_str(&pl, jr->value);
	if (guid_decode(jr->guid, &pl))
		jr->err = ENOENT;
}


struct reading {
	struct join *join;
	size_t n;
};


static bool read_handler(const void *node, void *arg)
{
	struct reading *reading = arg;

	read_chanid(&reading->join->roomv[reading->n], node);

	return ++reading->n == reading->join->roomc;
}


static int start(struct cmd *cmd,
		 void (*h)(int err, struct join *join, void *arg))
{
	struct reading reading = { .n = 0 };
	size_t n = 0;
	int err;

	xccos_each(cmd->prim, "chanid", count_handler, &n);
	if (!n)
		return EINVAL;
	if (n > JOIN_MAX)
		return E2BIG;

	err = join_alloc(&reading.join, cmd->ep, n);
	if (err)
		return err;

	cmd->ep->joined = true;
	cmd->ep->bare = false;
	xccos_each(cmd->prim, "chanid", read_handler, &reading);
	err = join_start(reading.join, h, cmd);
	if (err)
		mem_deref(reading.join);

	return err;
}


/* A join of several rooms fails only when no room could be entered: U28 */
static int first_error(const struct join *join)
{
	size_t i;

	for (i = 0; i < join->roomc; i++) {
		if (!join->roomv[i].err)
			return 0;
	}

	return join->roomc ? join->roomv[0].err : EINVAL;
}


static void join_handler(int err, struct join *join, void *arg)
{
	struct cmd *cmd = arg;

	if (!err)
		err = first_error(join);
	if (!err)
		err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = joined_write(cmd->mb, join, false,
				   cmd->svc->set.reply_max);

	cmd_end(cmd, err);
}


static void bjoin_handler(int err, struct join *join, void *arg)
{
	struct cmd *cmd = arg;

	if (!err)
		err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = joined_write(cmd->mb, join, true,
				   cmd->svc->set.reply_max);

	cmd_end(cmd, err);
}


int cmd_join(struct cmd *cmd)
{
	return start(cmd, join_handler);
}


int cmd_bjoin(struct cmd *cmd)
{
	return start(cmd, bjoin_handler);
}


static void leave(struct cmd *cmd, const char *uri)
{
	uint8_t guid[GUID_SIZE];
	struct occupant *occ;
	struct room *room;
	struct pl pl;

	pl_set_str(&pl, uri);
	if (chaturi_decode(guid, CHATURI_ROOM, &pl))
		return;

	room = roomtab_by_guid(cmd->svc->rooms, guid);
	occ = room ? room_occupant(cmd->svc->rooms, room->id, cmd->ep->id) :
		     NULL;
	if (!occ)
		return;

	ending_leave(cmd->ep, room->id);
	roster_leave(cmd->svc, occ);
}


/* 200 with the room's URI whatever it is, also when the store is away: after
   anything else SIPE can not join that room again */
static int reply_part(struct cmd *cmd)
{
	const char *uri = xccos_attr(cmd->prim, "chanib", "uri");
	int err;

	err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = mbuf_write_str(cmd->mb, "<chanib uri=\"");
	if (!err)
		err = xccos_escape(cmd->mb, uri, str_len(uri));
	if (!err)
		err = mbuf_write_str(cmd->mb, "\"/>");

	return err;
}


static void left_handler(int err, void *arg)
{
	struct cmd *cmd = arg;
	(void)err;

	cmd_end(cmd, reply_part(cmd));
}


/* Answered when the store knows it, or did not take it at the first try; then
   it is repeated until it does */
int cmd_part(struct cmd *cmd)
{
	const char *uri = xccos_attr(cmd->prim, "chanib", "uri");

	if (!uri)
		return EINVAL;

	leave(cmd, uri);
	if (!ending_wait(cmd->svc, cmd->ep->user, left_handler, cmd))
		left_handler(0, cmd);

	return 0;
}
