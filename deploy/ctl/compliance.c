/**
 * @file deploy/ctl/compliance.c  pchatctl compliance: events for the archive
 */
#include <string.h>
#include <re.h>
#include "common/db/bstore.h"
#include "deploy/ctl/tool.h"


static int turn(struct tool *tool, const char *value, const char *what)
{
	const char *argv[] = { value, tool->actor };
	PGresult *res = NULL;
	bool changed;
	int status;

	status = tool_change(tool, &res, "ctl_compliance_enable", argv,
			     ARRAY_SIZE(argv));
	if (status != TOOL_OK)
		return status;

	changed = 0 == strcmp(PQgetvalue(res, 0, 0), "t");
	if (tool->json)
		(void)fprintf(tool->out, "{\"compliance\": %s,"
			      " \"changed\": %s}\n", value,
			      changed ? "true" : "false");
	else
		(void)fprintf(tool->out, "compliance: %s%s\n", what,
			      changed ? "" : ", as before");
	PQclear(res);

	return TOOL_OK;
}


static int enable(struct tool *tool)
{
	return turn(tool, "true", "on");
}


static int disable(struct tool *tool)
{
	return turn(tool, "false", "off");
}


static const struct tool_cmd cmdv[] = {
	{ "compliance", "enable", NULL, TOOL_STORE | TOOL_DRY, enable,
	  "from now on events are recorded for the archive", NULL },
	{ "compliance", "disable", NULL, TOOL_STORE | TOOL_DRY, disable,
	  "record no more; what is recorded is still delivered", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
