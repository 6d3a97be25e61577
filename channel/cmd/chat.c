/**
 * @file channel/cmd/chat.c  grpchat: checks before the store (protocol.md 4.9)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/chaturi.h"
#include "channel/cmd/table.h"
#include "channel/sip/uas.h"
#include "channel/xccos/xccos.h"
#include "channel/access.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/message.h"
#include "channel/post.h"
#include "channel/room.h"
#include "channel/trace.h"
#include "channel/user.h"

/* What a refusal says.  Never 404: it would end the dialog (RFC 5057) */
static const struct refusal {
	int err;
	uint16_t code;
	const char *reason;
} refusalv[] = {
	{ EINVAL,   400, "Bad Request"              },
	{ EPERM,    403, "Author Is Not The Sender" },
	{ ENOTCONN, 403, "Not In That Room"         },
	{ EACCES,   403, "May Not Post There"       },
	{ EMSGSIZE, 413, "Request Entity Too Large" },
};


static int check_author(const struct cmd *cmd)
{
	const char *author = xccos_attr(cmd->prim, NULL, "author");
	char canon[256];
	struct pl pl;

	if (!author)
		return EINVAL;

	pl_set_str(&pl, author);
	if (useruri_canon(canon, sizeof(canon), &pl) ||
	    strcmp(canon, cmd->ep->user->uri))
		return EPERM;

	return 0;
}


static int check_room(struct occupant **occp, const struct cmd *cmd)
{
	const char *uri = xccos_attr(cmd->prim, NULL, "chanUri");
	uint8_t guid[GUID_SIZE];
	struct occupant *occ;
	struct room *room;
	struct pl pl;

	if (!uri)
		return EINVAL;

	pl_set_str(&pl, uri);
	if (chaturi_decode(guid, CHATURI_ROOM, &pl))
		return ENOTCONN;

	room = roomtab_by_guid(cmd->svc->rooms, guid);
	occ = room ? room_occupant(cmd->svc->rooms, room->id, cmd->ep->id) :
		     NULL;
	if (!occ)
		return ENOTCONN;
	if (room->disabled || !access_post(occ->mask, room->auditorium))
		return EACCES;

	*occp = occ;

	return 0;
}


static int check_text(struct post_text *text, const struct cmd *cmd)
{
	const char *chat = xccos_text(cmd->prim, "chat");
	const char *rtf = xccos_text(cmd->prim, "rtf");
	size_t most;

	if (!str_isset(chat))
		return EINVAL;

	pl_set_str(&text->chat, chat);
	if (rtf)
		pl_set_str(&text->rtf, rtf);

	/* its marker makes a story, not its length (protocol.md 4.9) */
	if (!strncmp(chat, MESSAGE_STORY_MARK, strlen(MESSAGE_STORY_MARK)))
		text->flags |= MESSAGE_STORY;
	most = text->flags & MESSAGE_STORY ? cmd->svc->set.story_max :
					     cmd->svc->set.message_max;
	if (text->chat.l > most ||
	    text->rtf.l > 4 * (size_t)cmd->svc->set.story_max)
		return EMSGSIZE;

	if (xccos_bool(xccos_attr(cmd->prim, NULL, "alert")))
		text->flags |= MESSAGE_ALERT;

	return 0;
}


static void refuse(const struct cmd *cmd, struct st *st, int err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refusalv); i++) {
		if (refusalv[i].err == err) {
			trace_seen(cmd->svc->trace, cmd->ep->agent,
				   "grpchat %u %s", refusalv[i].code,
				   refusalv[i].reason);
			st_reply(st, refusalv[i].code, refusalv[i].reason,
				 NULL);
			return;
		}
	}

	st_reply(st, 500, "Server Internal Error", diag_line(20007));
}


int cmd_grpchat(struct cmd *cmd)
{
	struct post_text text = {
		.epid_hash = hash_joaat_str(cmd->ep->epid),
		.envid = strtoull(cmd->doc->envid, NULL, 10),
	};
	struct st *st = cmd->st;
	struct occupant *occ = NULL;
	int err;

	cmd->st = NULL;

	err = check_author(cmd);
	if (!err)
		err = check_room(&occ, cmd);
	if (!err)
		err = check_text(&text, cmd);

	if (err)
		refuse(cmd, st, err);
	else
		post_message(cmd->svc->post, st, occ, &text);

	return 0;
}
