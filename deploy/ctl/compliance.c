/**
 * @file deploy/ctl/compliance.c  pchatctl compliance: events for the archive
 */
#include <re.h>
#include "deploy/ctl/tool.h"
#include "deploy/ctl/answer.h"


static int turn(struct tool *tool, const char *value, const char *done)
{
	return answer_change(tool, "ctl_compliance_enable", &value, 1,
			     "compliance", done);
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
	  "record events for the archive from now on", NULL },
	{ "compliance", "disable", NULL, TOOL_STORE | TOOL_DRY, disable,
	  "stop recording; what was recorded is still delivered", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
