/**
 * @file deploy/ctl/policy.c  pchatctl policy: who may use Persistent Chat
 */
#include <re.h>
#include <string.h>
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"
#include "deploy/ctl/answer.h"


static const struct out_col listv[] = {
	{ "name",        "NAME",        OUT_TEXT },
	{ "scope",       "SCOPE",       OUT_TEXT },
	{ "enable",      "ENABLE",      OUT_BOOL },
	{ "granted",     "GRANTED",     OUT_INT  },
	{ "counts",      "COUNTS",      OUT_BOOL },
	{ "description", "DESCRIPTION", OUT_TEXT },
};

static const struct out_col showv[] = {
	{ "name",        "name",        OUT_TEXT },
	{ "scope",       "scope",       OUT_TEXT },
	{ "enable",      "enable",      OUT_BOOL },
	{ "description", "description", OUT_TEXT },
	{ "counts",      "counts",      OUT_BOOL },
	{ "granted_to",  "granted to",  OUT_JSON },
};


static int list(struct tool *tool)
{
	return list_run(tool, "ctl_policy_list", listv, ARRAY_SIZE(listv));
}


static int show(struct tool *tool)
{
	return list_show(tool, "ctl_policy_show", "policy",
			 tool->argv[0], showv, ARRAY_SIZE(showv));
}


static bool is_scope(const char *scope)
{
	return scope && (!strcmp(scope, "global") || !strcmp(scope, "site") ||
			 !strcmp(scope, "pool") || !strcmp(scope, "user"));
}


static int create(struct tool *tool)
{
	const char *argv[4];

	argv[0] = tool->argv[0];
	argv[1] = tool_opt(tool, "scope");
	argv[2] = answer_yes_no(tool, "enable");
	argv[3] = tool_opt(tool, "description");

	if (!argv[2])
		return TOOL_USAGE;
	if (!is_scope(argv[1]))
		return tool_usage(tool, "user, pool or site", "scope");
	if (!answer_name(tool, argv[0]))
		return TOOL_FAILED;

	return answer_change(tool, "ctl_policy_create", argv, 4, argv[0],
			     "created");
}


static int set(struct tool *tool)
{
	const bool given = tool_opt(tool, "enable") != NULL;
	const char *argv[3];

	argv[0] = tool->argv[0];
	argv[1] = given ? answer_yes_no(tool, "enable") : NULL;
	argv[2] = tool_opt(tool, "description");

	if (given && !argv[1])
		return TOOL_USAGE;
	if (!argv[1] && !argv[2])
		return tool_usage(tool, "set what?", argv[0]);

	return answer_change(tool, "ctl_policy_set", argv, 3, argv[0], "set");
}


static int remove_policy(struct tool *tool)
{
	const char *argv[1] = { tool->argv[0] };

	return answer_change(tool, "ctl_policy_remove", argv, 1, argv[0],
			     "removed");
}


static int grant(struct tool *tool)
{
	char who[ANSWER_KEY_SIZE];
	const char *argv[2];

	argv[0] = tool->argv[0];
	argv[1] = answer_principal(tool, who, tool->argv[1]);
	if (!argv[1])
		return TOOL_FAILED;

	return answer_change(tool, "ctl_policy_grant", argv, 2, argv[1],
			     "granted");
}


static int revoke(struct tool *tool)
{
	char who[ANSWER_KEY_SIZE];
	const char *argv[1];

	argv[0] = answer_principal(tool, who, tool->argv[0]);
	if (!argv[0])
		return TOOL_FAILED;

	return answer_change(tool, "ctl_policy_revoke", argv, 1, argv[0],
			     "revoked");
}


static const struct tool_opt createv[] = {
	{ "scope",  "SCOPE",  "user (to be granted), pool, or site"
	  " (counts where the setting Site has its name)" },
	{ "enable", "yes|no", "EnablePersistentChat" },
	{ "description", "TEXT", "what it is for" },
	{ NULL, NULL, NULL },
};

static const struct tool_opt setv[] = {
	{ "enable", "yes|no", "EnablePersistentChat" },
	{ "description", "TEXT", "what it is for" },
	{ NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "policy", "list", NULL, TOOL_STORE, list,
	  "list policies; the narrowest that applies decides", NULL },
	{ "policy", "show", "NAME", TOOL_STORE, show,
	  "show a policy and to whom it is granted", NULL },
	{ "policy", "create", "NAME", TOOL_STORE | TOOL_DRY, create,
	  "create a policy", createv },
	{ "policy", "set", "NAME", TOOL_STORE | TOOL_DRY, set,
	  "change a policy; it takes effect at once", setv },
	{ "policy", "remove", "NAME", TOOL_STORE | TOOL_DRY, remove_policy,
	  "remove a policy that is granted to nobody", NULL },
	{ "policy", "grant", "NAME WHO", TOOL_STORE | TOOL_DRY, grant,
	  "grant a policy to a user, or to all current members of a group", NULL },
	{ "policy", "revoke", "WHO", TOOL_STORE | TOOL_DRY, revoke,
	  "take back what was granted; pool, site or global decide then", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
