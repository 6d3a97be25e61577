/**
 * @file deploy/ctl/hold.c  pchatctl hold: what nothing may delete
 */
#include <re.h>
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"
#include "deploy/ctl/answer.h"

static const struct out_col holdv[] = {
	{ "name",      "NAME",      OUT_TEXT },
	{ "room",      "ROOM",      OUT_TEXT },
	{ "user",      "USER",      OUT_TEXT },
	{ "state",     "STATE",     OUT_TEXT },
	{ "set_by",    "SET BY",    OUT_TEXT },
	{ "set_on",    "SET ON",    OUT_TEXT },
	{ "lifted_by", "LIFTED BY", OUT_TEXT },
	{ "lifted_on", "LIFTED ON", OUT_TEXT },
	{ "messages",  "MESSAGES",  OUT_INT  },    /* when one is shown */
};


static int list(struct tool *tool)
{
	return list_run(tool, "ctl_hold_list", holdv, ARRAY_SIZE(holdv) - 1);
}


static int show(struct tool *tool)
{
	return list_show(tool, "ctl_hold_show", "hold",
			 tool->argv[0], holdv, ARRAY_SIZE(holdv));
}


static int create(struct tool *tool)
{
	const char *const argv[] = {
		tool->argv[0], tool_opt(tool, "room"), tool_opt(tool, "user"),
	};

	return answer_change(tool, "ctl_hold_create", argv, ARRAY_SIZE(argv),
			     argv[0], "set");
}


static int lift(struct tool *tool)
{
	const char *const argv[] = { tool->argv[0] };

	return answer_change(tool, "ctl_hold_lift", argv, ARRAY_SIZE(argv),
			     argv[0], "lifted");
}


static const struct tool_opt createv[] = {
	{ "room", "ROOM", "everything in this room" },
	{ "user", "URI", "everything by this user" },
	{ NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "hold", "list", NULL, TOOL_STORE, list,
	  "list legal holds, lifted ones too", NULL },
	{ "hold", "show", "NAME", TOOL_STORE, show,
	  "show a hold and how many messages it keeps", NULL },
	{ "hold", "create", "NAME", TOOL_STORE | TOOL_DRY, create,
	  "keep a room's or a user's messages from being removed", createv },
	{ "hold", "lift", "NAME", TOOL_STORE | TOOL_DRY, lift,
	  "lift a legal hold", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
