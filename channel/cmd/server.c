/**
 * @file channel/cmd/server.c  requri and getserverinfo
 */
#include <errno.h>
#include <re.h>
#include "common/chaturi.h"
#include "channel/cmd/table.h"
#include "channel/sip/dialog.h"
#include "channel/xccos/xccos.h"
#include "channel/core.h"
#include "channel/endpoint.h"


/* Any instance is as good as any other: the registrar spreads the sessions,
   so a client is sent where it is (clients.md 13, point 3) */
int cmd_requri(struct cmd *cmd)
{
	struct xccos_uib uib = { .id = -1 };
	int err;

	if (!cmd->ep->dlg)
		return ENOTCONN;

	uib.uri = dlg_self(cmd->ep->dlg);
	err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = xccos_uib(cmd->mb, &uib);
	if (!err)
		cmd_reply(cmd);

	return err;
}


static int put(struct mbuf *mb, const char *name, const char *value)
{
	int err;

	err = mbuf_printf(mb, " %s=\"", name);
	if (!err)
		err = xccos_escape(mb, value, str_len(value));
	if (!err)
		err = mbuf_write_str(mb, "\"");

	return err;
}


static int write_sib(struct cmd *cmd)
{
	const struct service *svc = cmd->svc;
	const char *type = xccos_attr(cmd->prim, "sib", "infoType");
	char root[CHATURI_SIZE], guid[GUID_STRSIZE], ts[CLOCK_TS_SIZE];
	struct mbuf *mb = cmd->mb;
	int err;

	err = chaturi_print(root, sizeof(root), CHATURI_CATEGORY, svc->domain,
			    svc->root_guid);
	if (!err)
		err = mbuf_write_str(mb, "<sib");
	if (!err)
		err = put(mb, "infoType", type ? type : "123");
	if (!err)
		err = put(mb, "serverTime", clock_ts(ts, clock_us()));
	if (!err)
		err = mbuf_printf(mb, " searchLimit=\"%u\""
				  " messageSizeLimit=\"%u\""
				  " storySizeLimit=\"%u\"",
				  svc->set.search_limit, svc->set.message_max,
				  svc->set.story_max);
	if (!err)
		err = put(mb, "rootUri", root);
	if (!err)
		err = put(mb, "dbVersion", guid_str(guid, svc->store_guid));
	if (!err)
		err = put(mb, "displayName", svc->set.display_name);
	if (!err)
		err = put(mb, "roomManagementUrl", svc->set.management_url);
	if (!err)
		err = mbuf_write_str(mb, "/>");

	return err;
}


int cmd_getserverinfo(struct cmd *cmd)
{
	int err;

	err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = write_sib(cmd);
	if (!err)
		cmd_reply(cmd);

	return err;
}
