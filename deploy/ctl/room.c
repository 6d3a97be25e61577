/**
 * @file deploy/ctl/room.c  pchatctl room
 */
#include <re.h>
#include <string.h>
#include "common/db/bstore.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"


static const struct out_col showv[] = {
	{ "name",                  "name",         OUT_TEXT },
	{ "uri",                   "uri",          OUT_TEXT },
	{ "guid",                  NULL,           OUT_TEXT },
	{ "category",              "category",     OUT_TEXT },
	{ "description",           "description",  OUT_TEXT },
	{ "privacy",               "privacy",      OUT_TEXT },
	{ "type",                  "type",         OUT_TEXT },
	{ "invitations",           "invitations",  OUT_TEXT },
	{ "invitations_effective", "invites now",  OUT_BOOL },
	{ "disabled",              "disabled",     OUT_BOOL },
	{ "members",               "members",      OUT_JSON },
	{ "managers",              "managers",     OUT_JSON },
	{ "presenters",            "presenters",   OUT_JSON },
	{ "messages",              "messages",     OUT_INT  },
	{ "last_message",          "last message", OUT_TEXT },
	{ "participants",          "participants", OUT_INT  },
};

static const struct out_col listv[] = {
	{ "name",         "NAME",     OUT_TEXT },
	{ "uri",          NULL,       OUT_TEXT },
	{ "category",     "CATEGORY", OUT_TEXT },
	{ "privacy",      "PRIVACY",  OUT_TEXT },
	{ "type",         "TYPE",     OUT_TEXT },
	{ "disabled",     "DISABLED", OUT_BOOL },
	{ "messages",     "MESSAGES", OUT_INT  },
	{ "participants", "PRESENT",  OUT_INT  },
};


static int show(struct tool *tool)
{
	const char *name = tool->argv[0];
	struct bstore *st = NULL;
	PGresult *res = NULL;
	int err;

	err = tool_connect(&st, tool);
	if (err)
		goto out;

	err = bstore_query(st, &res, "ctl_room_show", &name, 1);
	if (err)
		goto out;

	if (PQntuples(res) < 1) {
		(void)fprintf(tool->err, "pchatctl: no such room: %s\n", name);
		err = ENOENT;
		goto out;
	}

	err = out_record(tool->out, tool->json, res, showv,
			 ARRAY_SIZE(showv));
	if (err)
		(void)fprintf(tool->err, "pchatctl: cannot print: %s\n",
			      strerror(err));

 out:
	PQclear(res);
	mem_deref(st);

	return err ? TOOL_FAILED : TOOL_OK;
}


static int list(struct tool *tool)
{
	return list_run(tool, "ctl_room_list", listv, ARRAY_SIZE(listv));
}


static const struct tool_cmd cmdv[] = {
	{ "room", "show", "NAME", TOOL_STORE, show,
	  "one room with its lists and what is in it", NULL },
	{ "room", "list", NULL, TOOL_STORE, list,
	  "all rooms", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
