/**
 * @file channel/cmd/join.c  join, bjoin and part (protocol.md 4.4-4.6)
 */
#include <errno.h>
#include <string.h>
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


static bool same_room(const struct join_room *a, const struct join_room *b)
{
	if (a->err || b->err)
		return a->err == b->err && !strcmp(a->value, b->value);

	return !memcmp(a->guid, b->guid, GUID_SIZE);
}


/* A room that is named twice is joined once */
static bool read_handler(const void *node, void *arg)
{
	struct join *join = arg;
	struct join_room *jr = &join->roomv[join->roomc];
	size_t i = 0;

	read_chanid(jr, node);
	while (i < join->roomc && !same_room(&join->roomv[i], jr))
		++i;
	if (i < join->roomc)
		memset(jr, 0, sizeof(*jr));
	else
		++join->roomc;

	return false;
}


static int start(struct cmd *cmd,
		 void (*h)(int err, struct join *join, void *arg))
{
	struct join *join;
	size_t n = 0;
	int err;

	xccos_each(cmd->prim, "chanid", count_handler, &n);
	if (!n)
		return EINVAL;
	if (n > JOIN_MAX)
		return E2BIG;

	err = join_alloc(&join, cmd->ep, n);
	if (err)
		return err;
	join->roomc = 0;

	cmd->ep->joined = true;
	cmd->ep->bare = false;
	xccos_each(cmd->prim, "chanid", read_handler, join);
	err = join_start(join, h, cmd);
	if (err)
		mem_deref(join);

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


/* Without the lists of who is there, which clients ask for again, and in
   several replies when there are too many rooms */
static int reply_brief(struct cmd *cmd, const struct join *join, bool failures)
{
	size_t i, start;
	int err = 0;

	for (i = 0; !err && i < join->roomc; i++) {
		start = cmd->mb->pos;
		err = joined_write_room(cmd->mb, join, i, failures, false);
		if (err || cmd_reply_fits(cmd))
			continue;

		cmd->mb->pos = cmd->mb->end = start;
		err = cmd_reply_next(cmd);
		if (!err)
			err = joined_write_room(cmd->mb, join, i, failures,
						false);
	}

	return err;
}


static int reply(struct cmd *cmd, const struct join *join, bool failures)
{
	int err;

	err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = joined_write(cmd->mb, join, failures,
				   cmd->svc->set.reply_max);

	return err == E2BIG ? reply_brief(cmd, join, failures) : err;
}


static void join_handler(int err, struct join *join, void *arg)
{
	struct cmd *cmd = arg;

	if (!err)
		err = first_error(join);
	if (!err)
		err = reply(cmd, join, false);

	cmd_end(cmd, err);
}


static void bjoin_handler(int err, struct join *join, void *arg)
{
	struct cmd *cmd = arg;

	if (!err)
		err = reply(cmd, join, true);

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


/* NULL: not in that room */
static struct occupant *occupant_of(const struct endpoint *ep,
				    const struct xccos_prim *prim,
				    struct room **roomp)
{
	const char *uri = xccos_attr(prim, "chanib", "uri");
	uint8_t guid[GUID_SIZE];
	struct pl pl;

	pl_set_str(&pl, uri ? uri : "");
	if (chaturi_decode(guid, CHATURI_ROOM, &pl))
		return NULL;

	*roomp = roomtab_by_guid(ep->svc->rooms, guid);

	return *roomp ? room_occupant(ep->svc->rooms, (*roomp)->id, ep->id) :
			NULL;
}


bool cmd_part_leaves(const struct endpoint *ep, const struct xccos_prim *prim)
{
	struct room *room;

	return occupant_of(ep, prim, &room) != NULL;
}


static void leave(struct cmd *cmd)
{
	struct room *room;
	struct occupant *occ = occupant_of(cmd->ep, cmd->prim, &room);

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

	leave(cmd);
	if (!ending_wait(cmd->svc, cmd->ep->user, left_handler, cmd))
		left_handler(0, cmd);

	return 0;
}
