/**
 * @file deploy/ctl/category.c  pchatctl category
 */
#include <re.h>
#include "common/db/bstore.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"


static const struct out_col listv[] = {
	{ "name",        "NAME",        OUT_TEXT },
	{ "uri",         NULL,          OUT_TEXT },
	{ "description", NULL,          OUT_TEXT },
	{ "allowed",     "ALLOWED",     OUT_JSON },
	{ "denied",      "DENIED",      OUT_JSON },
	{ "creators",    "CREATORS",    OUT_JSON },
	{ "invitations", "INVITATIONS", OUT_BOOL },
	{ "files",       "FILES",       OUT_BOOL },
	{ "history",     "HISTORY",     OUT_BOOL },
	{ "rooms",       "ROOMS",       OUT_INT  },
};


static int list(struct tool *tool)
{
	return list_run(tool, "ctl_category_list", listv,
			ARRAY_SIZE(listv));
}


static const struct tool_cmd cmdv[] = {
	{ "category", "list", NULL, TOOL_STORE, list,
	  "all categories with their scopes", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
