/**
 * @file channel/cmd/search.c  chansrch and getassociations: lists of rooms
 *                             (protocol.md 4.3, 4.10)
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/db/db.h"
#include "common/store/room.h"
#include "channel/cmd/table.h"
#include "channel/xccos/xccos.h"
#include "channel/access.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/user.h"

enum { ROLE_MEMBER = 1, ROLE_MANAGER = 2, CRITERIA_MAX = 256 };


static int chanib_guid(char **sp, const uint8_t *guid)
{
	char buf[GUID_STRSIZE];

	return guid ? str_dup(sp, guid_str(buf, guid)) : 0;
}


static int write_chanib(struct mbuf *mb, const struct xccos_chanib *chan,
			const struct mbuf *own)
{
	int err;

	err = xccos_chanib_open(mb, chan);
	if (!err && own)
		err = mbuf_write_mem(mb, own->buf, own->end);
	if (!err)
		err = xccos_chanib_info(mb, chan);
	if (!err)
		err = xccos_chanib_close(mb);

	return err;
}


int cmd_write_room_with(struct cmd *cmd, const struct room_rec *rec,
			const struct mbuf *own)
{
	static const enum xccos_visibility visv[] = {
		[ROOM_OPEN] = XCCOS_OPEN, [ROOM_CLOSED] = XCCOS_SCOPED,
		[ROOM_SECRET] = XCCOS_PRIVATE,
	};
	char uri[CHATURI_SIZE], parent[CHATURI_SIZE];
	/* columns of a row end with a NUL, absent ones are NULL */
	struct xccos_chanib chan = {
		.uri = uri, .parent = parent,
		.name = rec->name.p, .description = rec->description.p,
		.topic = rec->topic.p,
		.addin_name = rec->addin_name.p,
		.addin_url = rec->addin_url.p,
		.auditorium = rec->auditorium, .disabled = rec->disabled,
		.visibility = visv[rec->privacy], .ucnt = rec->participants,
		.filepost = rec->files, .invite = rec->invitations,
		.logged = rec->history,
	};
	char *addin = NULL;
	int err;

	err = chaturi_print(uri, sizeof(uri), CHATURI_ROOM, cmd->svc->domain,
			    rec->guid);
	if (!err)
		err = chaturi_print(parent, sizeof(parent), CHATURI_CATEGORY,
				    cmd->svc->domain, rec->category);
	if (!err)
		err = chanib_guid(&addin, rec->addin);
	chan.addin_guid = addin;
	if (!err)
		err = write_chanib(cmd->mb, &chan, own);
	mem_deref(addin);

	return err;
}


int cmd_write_room(struct cmd *cmd, const struct room_rec *rec,
		   bool with_mask)
{
	struct mbuf *own;
	int err;

	if (!with_mask)
		return cmd_write_room_with(cmd, rec, NULL);

	own = mbuf_alloc(64);
	if (!own)
		return ENOMEM;

	err = xccos_aib(own, access_aib(access_mask(rec)), NULL, 0);
	if (!err)
		err = cmd_write_room_with(cmd, rec, own);
	mem_deref(own);

	return err;
}


static void rooms_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	uint32_t i;

	if (err)
		err = EBUSY;
	if (!err)
		err = cmd_reply_begin(cmd, 0);

	for (i = 0; !err && i < db_rows(res); i++) {
		struct room_rec rec;

		/* the limit is a SIP message that the registrar can carry */
		if (cmd->mb->pos + 2048 > cmd->svc->set.reply_max)
			break;
		room_rec_read(&rec, res, i);
		err = cmd_write_room(cmd, &rec, cmd->arg);
	}

	cmd_end(cmd, err);
}


/* A LIKE pattern that finds the text itself, in lower case.  Only ASCII is
   lowered here; the statement's column is lowered by the store's rules */
static void like_pattern(char *buf, size_t size, const char *text)
{
	size_t n = 0;

	buf[n++] = '%';
	for (; *text && n + 4 < size; ++text) {
		if (strchr("%_\\", *text))
			buf[n++] = '\\';
		buf[n++] = *text;
	}
	if (n > 1)
		buf[n++] = '%';
	buf[n] = '\0';
}


static uint32_t limit(const struct cmd *cmd, const char *asked)
{
	const long n = asked ? atol(asked) : -1;

	return n > 0 && n < (long)cmd->svc->set.search_limit ?
	       (uint32_t)n : cmd->svc->set.search_limit;
}


int cmd_chansrch(struct cmd *cmd)
{
	const char *criteria = xccos_attr(cmd->prim, "qib", "criteria");
	const char *extended = xccos_attr(cmd->prim, "qib", "extended");
	const char *max = xccos_attr(cmd->prim, "qib", "maxresults");
	char pattern[2 * CRITERIA_MAX + 8];
	struct db_args args;

	if (str_len(criteria) > CRITERIA_MAX)
		return EINVAL;

	like_pattern(pattern, sizeof(pattern), criteria ? criteria : "");
	db_args_init(&args);
	db_int8v(&args, cmd->ep->user->ancv, cmd->ep->user->ancc);
	db_text(&args, pattern);
	db_bool(&args, xccos_bool(extended));
	db_int4(&args, (int32_t)limit(cmd, max));

	return db_exec(cmd->svc->db_read, "room_search", &args, rooms_handler,
		       cmd) ? EBUSY : 0;
}


struct wish {
	int role;
	const char *max;
};


/* The spelling is not public: whatever speaks of managing asks for managed
   rooms, whatever is called max... is a limit */
static bool wish_handler(const char *name, const char *value, void *arg)
{
	struct wish *wish = arg;

	if (strcasestr(value, "manage"))
		wish->role = ROLE_MANAGER;
	if (!strncasecmp(name, "max", 3))
		wish->max = value;

	return false;
}


int cmd_getassociations(struct cmd *cmd)
{
	struct wish wish = { .role = ROLE_MEMBER };
	struct db_args args;

	xccos_each_attr(cmd->prim, wish_handler, &wish);
	cmd->arg = true;
	db_args_init(&args);
	db_int8v(&args, cmd->ep->user->ancv, cmd->ep->user->ancc);
	db_int4(&args, wish.role);
	db_int4(&args, (int32_t)limit(cmd, wish.max));

	return db_exec(cmd->svc->db_read, "room_mine", &args, rooms_handler,
		       cmd) ? EBUSY : 0;
}
