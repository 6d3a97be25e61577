/**
 * @file deploy/ctl/endpoint.c  pchatctl endpoint: addresses of the pool
 *
 * Contact objects, as the product calls them: further URIs under which older
 * clients look for the pool.  Those in the processes' files stay theirs.
 */
#include <re.h>
#include "deploy/ctl/tool.h"
#include "common/db/bstore.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"
#include "deploy/ctl/answer.h"


static const struct out_col listv[] = {
	{ "uri",        "URI",     OUT_TEXT },
	{ "display",    "DISPLAY", OUT_TEXT },
	{ "updated_by", "SET BY",  OUT_TEXT },
	{ "updated_on", "SET ON",  OUT_TEXT },
};


static int list(struct tool *tool)
{
	return list_run(tool, "ctl_endpoint_list", listv, ARRAY_SIZE(listv));
}


static int create(struct tool *tool)
{
	char key[ANSWER_KEY_SIZE];
	const char *argv[2];

	argv[0] = answer_user(tool, key, tool->argv[0]);
	argv[1] = tool_opt(tool, "display");
	if (!argv[0])
		return TOOL_FAILED;

	return answer_change(tool, "ctl_endpoint_create", argv, 2, argv[0],
			     "created");
}


static int remove_endpoint(struct tool *tool)
{
	char key[ANSWER_KEY_SIZE];
	const char *argv[1];

	argv[0] = answer_user(tool, key, tool->argv[0]);
	if (!argv[0])
		return TOOL_FAILED;

	return answer_change(tool, "ctl_endpoint_remove", argv, 1, argv[0],
			     "removed");
}


static const struct tool_opt createv[] = {
	{ "display", "TEXT", "display name" },
	{ NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "endpoint", "list", NULL, TOOL_STORE, list,
	  "list the pool's addresses besides pool.uri", NULL },
	{ "endpoint", "create", "URI", TOOL_STORE | TOOL_DRY, create,
	  "add a pool address; it takes effect at once", createv },
	{ "endpoint", "remove", "URI", TOOL_STORE | TOOL_DRY,
	  remove_endpoint, "remove a pool address", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
