/**
 * @file channel/cmd/preference.c  getpref and setpref: what clients keep with
 *                                 us (protocol.md 4.12)
 *
 * Opaque texts under opaque labels, each with a version; a client that knows
 * an older version than ours may not overwrite it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/limits.h"
#include "common/utf8.h"
#include "channel/cmd/table.h"
#include "channel/xccos/emit.h"
#include "channel/xccos/xccos.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/user.h"

enum {
	CONTENT_MAX = 64 * 1024,     /* bytes                                */
	LABELS_MAX  = 32,            /* per user                             */
};


static const char *attr(const struct cmd *cmd, const char *name)
{
	return xccos_attr(cmd->prim, "pref", name);
}


static int64_t known_version(const struct cmd *cmd)
{
	const char *seqid = attr(cmd, "seqid");

	return seqid ? strtoll(seqid, NULL, 10) : 0;
}


static int check(const struct cmd *cmd)
{
	const char *label = attr(cmd, "label");

	if (!str_isset(label))
		return EINVAL;

	return utf8_count(label) > LIMIT_LABEL ? E2BIG : 0;
}


/* content NULL: the client has the newest already */
static int write_pref(struct cmd *cmd, int64_t version, const char *content)
{
	struct mbuf *mb = cmd->mb;
	int err;

	err = mbuf_write_str(mb, "<pref");
	if (!err)
		err = xw_attr(mb, "label", attr(cmd, "label"));
	if (!err)
		err = mbuf_printf(mb, " seqid=\"%lld\" createdefault=\"false\"",
				  (long long)version);
	if (!err && content)
		err = xw_attr(mb, "content", content);
	if (!err)
		err = mbuf_write_str(mb, "/>");

	return err;
}


static void reply(struct cmd *cmd, int err, int64_t version,
		  const char *content)
{
	if (!err)
		err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = write_pref(cmd, version, content);

	cmd_end(cmd, err);
}


static void version_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;

	if (err)
		err = EBUSY;
	else if (!db_rows(res))
		err = E2BIG;
	else if (db_isnull(res, 0, 0))
		err = ESTALE;

	reply(cmd, err, err ? 0 : db_get_int(res, 0, 0), NULL);
}


static int create(struct cmd *cmd)
{
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, cmd->ep->user->id);
	db_text(&args, attr(cmd, "label"));
	db_int4(&args, LABELS_MAX);

	return db_exec(cmd->svc->db_main, "preference_create", &args,
		       version_handler, cmd) ? EBUSY : 0;
}


static void get_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	int64_t version;

	if (err) {
		cmd_fail(cmd, EBUSY);
	}
	else if (db_rows(res)) {
		version = db_get_int(res, 0, 0);
		reply(cmd, 0, version, version > known_version(cmd) ?
		      db_get_text(res, 0, 1).p : NULL);
	}
	else if (!xccos_bool(attr(cmd, "createdefault"))) {
		reply(cmd, 0, 0, NULL);
	}
	else if (create(cmd)) {
		cmd_fail(cmd, EBUSY);
	}
}


int cmd_getpref(struct cmd *cmd)
{
	struct db_args args;
	int err;

	err = check(cmd);
	if (err)
		return err;

	db_args_init(&args);
	db_int8(&args, cmd->ep->user->id);
	db_text(&args, attr(cmd, "label"));

	return db_exec(cmd->svc->db_main, "preference_get", &args,
		       get_handler, cmd) ? EBUSY : 0;
}


int cmd_setpref(struct cmd *cmd)
{
	const char *content = attr(cmd, "content");
	struct db_args args;
	int err;

	err = check(cmd);
	if (err)
		return err;
	if (str_len(content) > CONTENT_MAX)
		return E2BIG;

	db_args_init(&args);
	db_int8(&args, cmd->ep->user->id);
	db_text(&args, attr(cmd, "label"));
	db_int8(&args, known_version(cmd));
	db_text(&args, content ? content : "");
	db_int4(&args, LABELS_MAX);

	return db_exec(cmd->svc->db_main, "preference_set", &args,
		       version_handler, cmd) ? EBUSY : 0;
}
