/**
 * @file deploy/ctl/config.c  pchatctl config: settings of the whole pool
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/poolconf.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/answer.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"

static const struct out_col listv[] = {
	{ "key",        "KEY",     OUT_TEXT },
	{ "value",      "VALUE",   OUT_TEXT },
	{ "scope",      NULL,      OUT_TEXT },
	{ "updated_by", "SET BY",  OUT_TEXT },
	{ "updated_on", "SET ON",  OUT_TEXT },
};


static int list(struct tool *tool)
{
	return list_run(tool, "ctl_config_list", listv, ARRAY_SIZE(listv));
}


static const struct poolconf_key *known(const struct tool *tool)
{
	const struct poolconf_key *key = poolconf_find(tool->argv[0]);
	size_t i;

	if (key)
		return key;

	(void)fprintf(tool->err, "pchatctl: no such setting: %s; there are\n",
		      tool->argv[0]);
	for (i = 0; i < poolconf_keyc; i++)
		(void)fprintf(tool->err, "  %-24s %s\n", poolconf_keyv[i].name,
			      poolconf_keyv[i].help);

	return NULL;
}


static bool good(const struct tool *tool, const struct poolconf_key *key)
{
	char problem[512];

	if (poolconf_allows(problem, sizeof(problem), key, tool->argv[1]))
		return true;

	(void)fprintf(tool->err, "pchatctl: %s\n", problem);

	return false;
}


static int set(struct tool *tool)
{
	const struct poolconf_key *key = known(tool);
	const char *argv[2];

	if (!key || !good(tool, key))
		return TOOL_FAILED;

	argv[0] = key->name;
	argv[1] = tool->argv[1];

	return answer_change(tool, "ctl_config_set", argv, 2, key->name,
			     "set");
}


static int remove_key(struct tool *tool)
{
	const struct poolconf_key *key = known(tool);

	if (!key)
		return TOOL_FAILED;

	return answer_change(tool, "ctl_config_remove", &key->name, 1,
			     key->name,
			     "removed: the processes' own files decide");
}


static const struct tool_cmd cmdv[] = {
	{ "config", "list", NULL, TOOL_STORE, list,
	  "list the settings of the pool that are kept in the store", NULL },
	{ "config", "set", "KEY VALUE", TOOL_STORE | TOOL_DRY, set,
	  "change a setting; it takes effect at once", NULL },
	{ "config", "remove", "KEY", TOOL_STORE | TOOL_DRY, remove_key,
	  "remove a setting: the processes' files or defaults count again", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
