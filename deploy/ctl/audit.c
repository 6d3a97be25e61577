/**
 * @file deploy/ctl/audit.c  pchatctl audit: who changed what
 */
#include <re.h>
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"


static const struct out_col listv[] = {
	{ "time",   "TIME",   OUT_TEXT },
	{ "actor",  "ACTOR",  OUT_TEXT },
	{ "action", "ACTION", OUT_TEXT },
	{ "object", "OBJECT", OUT_TEXT },
	{ "detail", NULL,     OUT_JSON },
	{ "id",     "ID",     OUT_INT  },
};

/* The parameters of ctl_audit_list in their order */
static const struct list_opt filterv[] = {
	{ "from",   NULL, LIST_TIME   },
	{ "to",     NULL, LIST_TIME   },
	{ "actor",  NULL, LIST_TEXT   },
	{ "action", NULL, LIST_TEXT   },
	{ "object", NULL, LIST_TEXT   },
	{ "limit",  NULL, LIST_NUMBER },
};


static int list(struct tool *tool)
{
	return list_filtered(tool, "ctl_audit_list", NULL, filterv,
			     ARRAY_SIZE(filterv), listv, ARRAY_SIZE(listv));
}


static const struct tool_opt optv[] = {
	{ "from",   "TIME",   "not before: 2026-11-21 or"
	  " 2026-11-21T14:45:00Z" },
	{ "to",     "TIME",   "before" },
	{ "actor",  "NAME",   "done by this system user or SIP URI" },
	{ "action", "ACTION", "room.modify, or room for all of its kind" },
	{ "object", "TEXT",   "with this in the name of what was changed" },
	{ "limit",  "N",      "at most the newest N entries (1000)" },
	{ NULL, NULL, NULL }
};

static const struct tool_cmd cmdv[] = {
	{ "audit", "list", NULL, TOOL_STORE, list,
	  "list what administrators did; --json has the details", optv },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
