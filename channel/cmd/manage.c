/**
 * @file channel/cmd/manage.c  chancreate, chanmodify, chandelete
 *                             (protocol.md 4.15)
 *
 * The rules are one function of the store for each command, so that they are
 * checked and carried out in one transaction; here the request becomes its
 * parameters and its answer a reply.  That the change takes effect on those
 * in the room is watch.h's business, as for any change.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/db/db.h"
#include "common/store/room.h"
#include "channel/cmd/manage.h"
#include "channel/cmd/table.h"
#include "channel/xccos/tokens.h"
#include "channel/xccos/xccos.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/user.h"

enum { NAMES_MAX = 10000, NAME_SIZE = 256 };

/* What the functions of the store answer */
static const struct status {
	const char *name;
	int err;
} statusv[] = {
	{ "ok",      0       },
	{ "EACCES",  EACCES  },
	{ "EDOM",    EDOM    },
	{ "EDQUOT",  EDQUOT  },
	{ "EEXIST",  EEXIST  },
	{ "EINVAL",  EINVAL  },
	{ "ENOENT",  ENOENT  },
	{ "ENOTDIR", ENOTDIR },
	{ "ESRCH",   ESRCH   },
	{ "ESTALE",  ESTALE  },
	{ "EXDEV",   EXDEV   },
};


static int status_err(const struct db_res *res)
{
	const struct pl pl = db_get_text(res, 0, 0);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(statusv); i++) {
		if (!pl_strcmp(&pl, statusv[i].name))
			return statusv[i].err;
	}

	return EPIPE;
}


/* ------------------------------------------------------------- the request */

static int put_category(struct db_args *args, const struct cmd *cmd)
{
	uint8_t guid[GUID_SIZE];
	int err = manage_guid(guid, cmd, "chanib", XT_PARENT, true);

	if (err)
		db_null(args);
	else
		db_uuid(args, guid);

	return err == EINVAL ? 0 : err;
}


/* Empty: none */
static int put_addin(struct db_args *args, const struct cmd *cmd)
{
	const char *text = xccos_attr(cmd->prim, "chanib", XT_ADDIN_GUID);
	uint8_t guid[GUID_SIZE];
	struct pl pl;

	if (!str_isset(text)) {
		db_null(args);
		return 0;
	}

	pl_set_str(&pl, text);
	if (guid_decode(guid, &pl)) {
		db_null(args);
		return EINVAL;
	}
	db_uuid(args, guid);

	return 0;
}


/* Text of the info or prop whose id ends so */
struct wanted {
	const char *tail;
	const char *text;
};


static bool wanted_handler(const void *node, void *arg)
{
	const char *id = xccos_node_attr(node, "id");
	struct wanted *wanted = arg;
	const char *tail = id ? strrchr(id, ':') : NULL;

	if (!tail || strcasecmp(tail + 1, wanted->tail))
		return false;

	wanted->text = xccos_node_text(node);

	return true;
}


static const char *text_of(const struct cmd *cmd, const char *elem,
			   const char *tail)
{
	struct wanted wanted = { .tail = tail };

	xccos_each(cmd->prim, elem, wanted_handler, &wanted);

	return wanted.text;
}


static const char *visibility(const struct cmd *cmd)
{
	const char *text = text_of(cmd, "info", "visibilty");

	return text ? text : text_of(cmd, "info", "visibility");
}


struct names {
	struct mbuf *mb;         /* the texts, NUL after each                */
	size_t n;
	int err;
};


static bool name_handler(const void *node, void *arg)
{
	const char *uri = xccos_node_attr(node, "uri");
	struct names *names = arg;
	char canon[NAME_SIZE];
	struct pl pl;

	if (!str_isset(uri) || ++names->n > NAMES_MAX) {
		names->err = str_isset(uri) ? E2BIG : EINVAL;
		return true;
	}

	pl_set_str(&pl, uri);
	if (!strncasecmp(uri, "sip:", 4)) {
		names->err = useruri_canon(canon, sizeof(canon), &pl) ?
			ESRCH : 0;
		uri = canon;
	}
	if (!names->err)
		names->err = mbuf_write_mem(names->mb, (const uint8_t *)uri,
					    strlen(uri) + 1);

	return names->err != 0;
}


static bool list_handler(const void *node, void *arg)
{
	struct names *names = arg;

	names->mb = mbuf_alloc(1024);
	if (!names->mb)
		names->err = ENOMEM;
	else
		xccos_node_each(node, "uib", name_handler, names);

	return true;
}


static int put_names(struct db_args *args, const struct names *names)
{
	struct pl *plv = mem_zalloc((names->n + 1) * sizeof(*plv), NULL);
	const char *p = (const char *)names->mb->buf;
	size_t i;

	if (!plv)
		return ENOMEM;

	for (i = 0; i < names->n; i++, p += strlen(p) + 1)
		pl_set_str(&plv[i], p);

	db_textv(args, plv, names->n);
	mem_deref(plv);

	return 0;
}


/* A list that is not there stays as it is, one that is empty becomes so */
static int put_list(struct db_args *args, const struct cmd *cmd,
		    const char *elem)
{
	struct names names = { .mb = NULL };
	int err;

	xccos_each(cmd->prim, elem, list_handler, &names);
	err = names.err;
	if (!err && names.mb)
		err = put_names(args, &names);
	else
		db_null(args);
	mem_deref(names.mb);

	return err;
}


static int put_lists(struct db_args *args, const struct cmd *cmd)
{
	int err;

	err = put_list(args, cmd, "members");
	if (!err)
		err = put_list(args, cmd, "managers");
	if (!err)
		err = put_list(args, cmd, "presenters");

	return err;
}


/* From privacy to invitations: $5-$8 of room_create, $7-$10 of room_modify */
static int put_kind(struct db_args *args, const struct cmd *cmd)
{
	int err;

	err = manage_put_privacy(args, visibility(cmd));
	if (!err)
		err = manage_put_behavior(args, xccos_attr(cmd->prim, "chanib",
							   XT_BEHAVIOR));
	if (!err)
		err = manage_put_bool(args, xccos_attr(cmd->prim, "chanib",
						       XT_DISABLED));
	if (!err)
		err = manage_put_bool(args, text_of(cmd, "prop", "invite"));

	return err;
}


/* --------------------------------------------------------------- the reply */

static void room_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;

	if (err)
		err = EBUSY;
	if (!err)
		err = cmd_reply_begin(cmd, 0);
	if (!err && db_rows(res))
		err = manage_write_room(cmd, res);

	cmd_end(cmd, err);
}


static int done(int err, const struct db_res *res)
{
	if (err == EEXIST || err == EPERM)
		return err;
	if (err || !db_rows(res))
		return EBUSY;

	return status_err(res);
}


static void changed_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	struct db_args args;

	err = done(err, res);
	if (!err) {
		db_args_init(&args);
		db_int8v(&args, cmd->ep->user->ancv, cmd->ep->user->ancc);
		db_uuid(&args, db_get_uuid(res, 0, 1));
		err = db_exec(cmd->svc->db_main, "room_audited", &args,
			      room_handler, cmd) ? EBUSY : 0;
	}

	if (err)
		cmd_fail(cmd, err);
}


/* There is nothing more to tell of it than its URI */
static void deleted_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	char uri[CHATURI_SIZE];
	const struct xccos_chanib gone = { .uri = uri };

	err = done(err, res);
	if (!err)
		err = chaturi_print(uri, sizeof(uri), CHATURI_ROOM,
				    cmd->svc->domain, db_get_uuid(res, 0, 1));
	if (!err)
		err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = xccos_chanib_open(cmd->mb, &gone);
	if (!err)
		err = xccos_chanib_close(cmd->mb);

	cmd_end(cmd, err);
}


/* What could not be read is said; else it is on its way */
static int run(struct cmd *cmd, const char *stmt, struct db_args *args,
	       int err, db_h *h)
{
	if (err) {
		db_args_reset(args);
		return err;
	}

	return db_exec(cmd->svc->db_main, stmt, args, h, cmd) ? EBUSY : 0;
}


int cmd_chancreate(struct cmd *cmd)
{
	const char *name = xccos_attr(cmd->prim, "chanib", "name");
	struct db_args args;
	int err;

	if (!str_isset(name))
		return EINVAL;

	db_args_init(&args);
	db_int8(&args, cmd->ep->user->id);
	db_text(&args, name);
	db_text(&args, xccos_attr(cmd->prim, "chanib", "description"));
	err = put_category(&args, cmd);
	if (!err)
		err = put_kind(&args, cmd);
	if (!err)
		err = put_addin(&args, cmd);
	if (!err)
		err = put_lists(&args, cmd);

	return run(cmd, "room_create", &args, err, changed_handler);
}


static const char *seen(const struct cmd *cmd)
{
	const char *when = xccos_attr(cmd->prim, XT_AUDIT, XT_AUDIT_WHEN);

	return str_isset(when) ? when : NULL;
}


int cmd_chanmodify(struct cmd *cmd)
{
	uint8_t guid[GUID_SIZE];
	struct db_args args;
	int err;

	err = manage_guid(guid, cmd, "chanib", "uri", false);
	if (err)
		return err;

	db_args_init(&args);
	db_int8(&args, cmd->ep->user->id);
	db_uuid(&args, guid);
	db_text(&args, seen(cmd));
	db_text(&args, xccos_attr(cmd->prim, "chanib", "name"));
	db_text(&args, xccos_attr(cmd->prim, "chanib", "description"));
	err = put_category(&args, cmd);
	if (!err)
		err = put_kind(&args, cmd);
	db_bool(&args, xccos_attr(cmd->prim, "chanib", XT_ADDIN_GUID) != NULL);
	if (!err)
		err = put_addin(&args, cmd);
	if (!err)
		err = put_lists(&args, cmd);

	return run(cmd, "room_modify", &args, err, changed_handler);
}


int cmd_chandelete(struct cmd *cmd)
{
	uint8_t guid[GUID_SIZE];
	struct db_args args;
	int err;

	err = manage_guid(guid, cmd, "chanib", "uri", false);
	if (err)
		return err;

	db_args_init(&args);
	db_int8(&args, cmd->ep->user->id);
	db_uuid(&args, guid);
	db_text(&args, seen(cmd));

	return run(cmd, "room_delete", &args, 0, deleted_handler);
}
