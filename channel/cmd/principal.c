/**
 * @file channel/cmd/principal.c  Who is on a room's lists, who is in it, who
 *                                there is (protocol.md 4.16, 4.18, 4.19)
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/store/room.h"
#include "common/utf8.h"
#include "channel/cmd/manage.h"
#include "channel/cmd/table.h"
#include "channel/xccos/tokens.h"
#include "channel/xccos/xccos.h"
#include "channel/access.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/user.h"

enum { MEMBERS = 1, MANAGERS = 2, PRESENTERS = 3, MASK = 4 };

enum { MASKS_MAX = 16 };       /* different ones in a room, more than exist */


/* The room of the command, as the caller may see it */
static int ask_room(struct cmd *cmd, db_h *h)
{
	uint8_t guid[GUID_SIZE];
	struct db_args args;
	int err;

	err = manage_guid(guid, cmd, "chanib", "uri", false);
	if (err)
		return err;

	db_args_init(&args);
	db_int8v(&args, cmd->ep->user->ancv, cmd->ep->user->ancc);
	db_uuid(&args, guid);

	return db_exec(cmd->svc->db_read, "room_audited", &args, h, cmd) ?
		EBUSY : 0;
}


/* A room that may not be known of is not there */
static int seen(struct room_rec *rec, int err, const struct db_res *res)
{
	if (err)
		return EBUSY;
	if (!db_rows(res))
		return ENOENT;

	room_rec_read(rec, res, 0);
	if (manage_is_admin(res) || access_mask(rec) & ACCESS_VIEW)
		return 0;

	return rec->privacy == ROOM_SECRET ? ENOENT :
	       rec->disabled && rec->in_scope ? EROFS : EACCES;
}


/* ------------------------------------------------------------------- lists */

static int write_list(struct cmd *cmd, const struct db_res *res, bool brief)
{
	const struct xccos_chanib chan = {
		.uri = xccos_attr(cmd->prim, "chanib", "uri"),
	};
	int err;

	err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = xccos_chanib_open(cmd->mb, &chan);
	if (!err)
		err = manage_write_principals(cmd->mb, res, false, brief);
	if (!err)
		err = xccos_chanib_close(cmd->mb);

	return err;
}


static void list_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;

	err = err ? EBUSY : write_list(cmd, res, false);
	if (!err && !cmd_reply_fits(cmd))
		err = write_list(cmd, res, true);
	if (!err && !cmd_reply_fits(cmd))
		err = E2BIG;

	cmd_end(cmd, err);
}


/* Whoever sees a room may know whom to ask; who else may enter is for those
   inside and for managers */
static void list_room_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	struct db_args args;
	struct room_rec rec;

	err = seen(&rec, err, res);
	if (!err && cmd->arg != MANAGERS && !manage_is_admin(res) &&
	    !(access_mask(&rec) & (ACCESS_JOIN | ACCESS_MANAGE)))
		err = EACCES;
	if (!err) {
		db_args_init(&args);
		db_int8(&args, rec.id);
		db_int4(&args, cmd->arg);
		err = db_exec(cmd->svc->db_read, "room_role_list", &args,
			      list_handler, cmd) ? EBUSY : 0;
	}

	if (err)
		cmd_fail(cmd, err);
}


static int list(struct cmd *cmd, int role)
{
	cmd->arg = role;

	return ask_room(cmd, list_room_handler);
}


int cmd_getmembers(struct cmd *cmd)
{
	return list(cmd, MEMBERS);
}


int cmd_getmanagers(struct cmd *cmd)
{
	return list(cmd, MANAGERS);
}


int cmd_getpresenters(struct cmd *cmd)
{
	return list(cmd, PRESENTERS);
}


static void perms_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	struct room_rec rec;

	err = seen(&rec, err, res);
	if (!err)
		err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = manage_write_room(cmd, res);

	cmd_end(cmd, err);
}


int cmd_getperms(struct cmd *cmd)
{
	return ask_room(cmd, perms_handler);
}


/* ------------------------------------------------------------ participants */

static int write_mask(struct mbuf *mb, const struct db_res *res,
		      uint32_t mask, uint32_t *idv)
{
	uint32_t i, n = 0;

	for (i = 0; i < db_rows(res); i++) {
		if (access_aib((uint32_t)db_get_int(res, i, MASK)) == mask)
			idv[n++] = i;
	}

	return xccos_aib(mb, mask, idv, n);
}


static int write_masks(struct mbuf *mb, const struct db_res *res)
{
	uint32_t *idv = mem_alloc((db_rows(res) + 1) * sizeof(*idv), NULL);
	uint32_t maskv[MASKS_MAX], n = 0, i, k;
	int err = idv ? 0 : ENOMEM;

	for (i = 0; !err && i < db_rows(res) && n < MASKS_MAX; i++) {
		const uint32_t mask = access_aib((uint32_t)
						 db_get_int(res, i, MASK));

		for (k = 0; k < n && maskv[k] != mask; k++)
			;
		if (k < n)
			continue;
		maskv[n++] = mask;
		err = write_mask(mb, res, mask, idv);
	}
	mem_deref(idv);

	return err;
}


static int write_participants(struct cmd *cmd, const struct db_res *res,
			      bool brief)
{
	const struct xccos_chanib chan = {
		.uri = xccos_attr(cmd->prim, "chanib", "uri"),
	};
	int err;

	err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = manage_write_principals(cmd->mb, res, true, brief);
	if (!err)
		err = xccos_chanib_open(cmd->mb, &chan);
	if (!err)
		err = write_masks(cmd->mb, res);
	if (!err)
		err = xccos_chanib_close(cmd->mb);

	return err;
}


static void participants_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;

	err = err ? EBUSY : write_participants(cmd, res, false);
	if (!err && !cmd_reply_fits(cmd))
		err = write_participants(cmd, res, true);
	if (!err && !cmd_reply_fits(cmd))
		err = ENOBUFS;

	cmd_end(cmd, err);
}


static void users_room_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	struct db_args args;
	struct room_rec rec;

	err = seen(&rec, err, res);
	if (!err && !manage_is_admin(res) &&
	    !(access_mask(&rec) & (ACCESS_JOIN | ACCESS_MANAGE)))
		err = ENOBUFS;
	if (!err) {
		db_args_init(&args);
		db_int8(&args, rec.id);
		err = db_exec(cmd->svc->db_read, "room_participants", &args,
			      participants_handler, cmd) ? EBUSY : 0;
	}

	if (err)
		cmd_fail(cmd, err);
}


int cmd_getusers(struct cmd *cmd)
{
	return ask_room(cmd, users_room_handler);
}


/* ------------------------------------------------------------------ search */

static int write_found(struct cmd *cmd, const struct db_res *res, bool brief)
{
	int err = cmd_reply_begin(cmd, 0);

	return err ? err : manage_write_principals(cmd->mb, res, false, brief);
}


static void found_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;

	err = err ? EBUSY : write_found(cmd, res, false);
	if (!err && !cmd_reply_fits(cmd))
		err = write_found(cmd, res, true);
	if (!err && !cmd_reply_fits(cmd))
		err = E2BIG;

	cmd_end(cmd, err);
}


/* Statement with pattern and limit as its last parameters */
static int search(struct cmd *cmd, const char *stmt, struct db_args *args)
{
	const char *criteria = xccos_attr(cmd->prim, "qib", "criteria");
	char pattern[MANAGE_PATTERN];

	if (utf8_count(criteria) > LIMIT_FIND) {
		db_args_reset(args);
		return EINVAL;
	}

	manage_pattern(pattern, criteria);
	db_text(args, pattern);
	db_int4(args, (int32_t)manage_limit(cmd, xccos_attr(cmd->prim, "qib",
							XT_MAX_RESULTS)));

	return db_exec(cmd->svc->db_search, stmt, args, found_handler, cmd) ?
		EBUSY : 0;
}


int cmd_usersrch(struct cmd *cmd)
{
	struct db_args args;

	db_args_init(&args);

	return search(cmd, "user_search", &args);
}


static void category_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	struct db_args args;

	if (err)
		err = EBUSY;
	else if (!db_rows(res))
		err = ENOENT;
	else if (!db_get_bool(res, 0, 1))
		err = EACCES;

	if (!err) {
		db_args_init(&args);
		db_int8(&args, db_get_int(res, 0, 0));
		err = search(cmd, "scoped_principals", &args);
	}

	if (err)
		cmd_fail(cmd, err);
}


int cmd_getscopedprincipals(struct cmd *cmd)
{
	const bool node = xccos_attr(cmd->prim, "node", "uri") != NULL;
	uint8_t guid[GUID_SIZE];
	struct db_args args;
	int err;

	err = manage_guid(guid, cmd, node ? "node" : "chanib", "uri", node);
	if (err)
		return err;

	db_args_init(&args);
	db_int8v(&args, cmd->ep->user->ancv, cmd->ep->user->ancc);
	if (node) {
		db_uuid(&args, guid);
		db_null(&args);
	}
	else {
		db_null(&args);
		db_uuid(&args, guid);
	}

	return db_exec(cmd->svc->db_read, "category_managed", &args,
		       category_handler, cmd) ? EBUSY : 0;
}
