/**
 * @file channel/cmd/node.c  Categories and add-ins (protocol.md 4.13, 4.17)
 */
#include <errno.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/db/db.h"
#include "channel/cmd/table.h"
#include "channel/xccos/emit.h"
#include "channel/xccos/tokens.h"
#include "channel/xccos/xccos.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/user.h"

enum { GUID, NAME, DESCRIPTION, INVITATIONS, FILES, HISTORY };

enum { SEEN = 1, CREATABLE };       /* cmd.arg */


static int write_node(struct cmd *cmd, const struct db_res *res, uint32_t row)
{
	char uri[CHATURI_SIZE], root[CHATURI_SIZE];
	struct mbuf *mb = cmd->mb;
	int err;

	err = chaturi_print(uri, sizeof(uri), CHATURI_CATEGORY,
			    cmd->svc->domain, db_get_uuid(res, row, GUID));
	if (!err)
		err = chaturi_print(root, sizeof(root), CHATURI_CATEGORY,
				    cmd->svc->domain, cmd->svc->root_guid);
	if (err)
		return err;

	err  = XW_LIT(mb, "<" XT_NODE);
	err |= xw_attr(mb, "uri", uri);
	err |= xw_attr(mb, "name", db_get_text(res, row, NAME).p);
	err |= xw_attr(mb, "description", db_get_text(res, row,
						      DESCRIPTION).p);
	if (cmd->arg == SEEN) {
		err |= xw_attr(mb, XT_PARENT, root);
		err |= xw_attr_bool(mb, XT_NODE_INVITE,
				    db_get_bool(res, row, INVITATIONS));
		err |= xw_attr_bool(mb, XT_NODE_FILEPOST,
				    db_get_bool(res, row, FILES));
		err |= xw_attr_bool(mb, XT_NODE_LOGGED,
				    db_get_bool(res, row, HISTORY));
	}
	err |= XW_LIT(mb, "/>");

	return err;
}


static void nodes_handler(int err, const struct db_res *res, void *arg)
{
	cmd_reply_rows(arg, err, res, write_node);
}


static int nodes(struct cmd *cmd, int which, const char *stmt)
{
	struct db_args args;

	cmd->arg = which;
	db_args_init(&args);
	db_int8v(&args, cmd->ep->user->ancv, cmd->ep->user->ancc);

	return db_exec(cmd->svc->db_read, stmt, &args, nodes_handler, cmd) ?
		EBUSY : 0;
}


int cmd_getnodes(struct cmd *cmd)
{
	return nodes(cmd, SEEN, "category_seen");
}


int cmd_nodespermcreatechild(struct cmd *cmd)
{
	return nodes(cmd, CREATABLE, "category_creatable");
}


static int write_addin(struct cmd *cmd, const struct db_res *res,
		       uint32_t row)
{
	struct mbuf *mb = cmd->mb;
	char guid[GUID_STRSIZE];
	int err;

	err  = XW_LIT(mb, "<" XT_ADDIN);
	err |= xw_attr(mb, "id", guid_str(guid, db_get_uuid(res, row, 0)));
	err |= xw_attr(mb, "name", db_get_text(res, row, 1).p);
	err |= xw_attr(mb, "url", db_get_text(res, row, 2).p);
	err |= XW_LIT(mb, "/>");

	return err;
}


static void addins_handler(int err, const struct db_res *res, void *arg)
{
	cmd_reply_rows(arg, err, res, write_addin);
}


int cmd_getaddins(struct cmd *cmd)
{
	struct db_args args;

	db_args_init(&args);

	return db_exec(cmd->svc->db_read, "addin_list", &args, addins_handler,
		       cmd) ? EBUSY : 0;
}
