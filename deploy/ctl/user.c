/**
 * @file deploy/ctl/user.c  pchatctl user
 */
#include <re.h>
#include "common/db/bstore.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"


static const struct out_col listv[] = {
	{ "uri",     "URI",     OUT_TEXT },
	{ "display", "DISPLAY", OUT_TEXT },
	{ "email",   "EMAIL",   OUT_TEXT },
	{ "enabled", "ENABLED", OUT_BOOL },
	{ "state",   "STATE",   OUT_TEXT },
};


static int list(struct tool *tool)
{
	return list_run(tool, "ctl_user_list", listv, ARRAY_SIZE(listv));
}


static const struct tool_cmd cmdv[] = {
	{ "user", "list", NULL, TOOL_STORE, list,
	  "all users", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
