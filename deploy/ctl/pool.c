/**
 * @file deploy/ctl/pool.c  pchatctl pool: the channel processes
 */
#include <re.h>
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"
#include "deploy/ctl/change.h"


static const struct out_col listv[] = {
	{ "name",        "NAME",      OUT_TEXT },
	{ "state",       "STATE",     OUT_TEXT },
	{ "endpoints",   "ENDPOINTS", OUT_INT  },
	{ "joined",      "JOINED",    OUT_INT  },
	{ "bus",         "BUS",       OUT_TEXT },
	{ "started_on",  "STARTED",   OUT_TEXT },
	{ "lease_until", "LEASE",     OUT_TEXT },
};


static int list(struct tool *tool)
{
	return list_run(tool, "ctl_pool_list", listv, ARRAY_SIZE(listv));
}


static int passive(struct tool *tool, const char *yes)
{
	const char *argv[2];

	argv[0] = tool->argv[0];
	argv[1] = yes;

	return change_run(tool, "ctl_pool_passive", argv, 2);
}


static int drain(struct tool *tool)
{
	return passive(tool, "true");
}


static int activate(struct tool *tool)
{
	return passive(tool, "false");
}


static const struct tool_cmd cmdv[] = {
	{ "pool", "list", NULL, TOOL_STORE, list,
	  "list the channel processes and their state", NULL },
	{ "pool", "drain", "PROCESS", TOOL_STORE | TOOL_DRY, drain,
	  "send no new clients to a process; those it has stay", NULL },
	{ "pool", "activate", "PROCESS", TOOL_STORE | TOOL_DRY, activate,
	  "let a drained process take clients again", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
