/**
 * @file deploy/ctl/group.c  pchatctl group
 *
 * Groups by their names; what shows groups shows domains and the folders of
 * directories, too, as domain:NAME and folder:DN.
 */
#include <re.h>
#include <string.h>
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"
#include "deploy/ctl/answer.h"


static const struct out_col listv[] = {
	{ "key",       NULL,        OUT_TEXT },
	{ "kind",      "KIND",      OUT_TEXT },
	{ "name",      "NAME",      OUT_TEXT },
	{ "members",   "MEMBERS",   OUT_INT  },
	{ "directory", "DIRECTORY", OUT_TEXT },
};

static const struct out_col showv[] = {
	{ "key",       "key",       OUT_TEXT },
	{ "name",      "name",      OUT_TEXT },
	{ "guid",      NULL,        OUT_TEXT },
	{ "directory", "directory", OUT_TEXT },
	{ "members",   "members",   OUT_JSON },
	{ "groups",    "in groups", OUT_JSON },
	{ "all_users", NULL,        OUT_JSON },
	{ "users",     "users",     OUT_INT  },
};


static int list(struct tool *tool)
{
	return list_run(tool, "ctl_group_list", listv, ARRAY_SIZE(listv));
}


/* "group:NAME", unless another kind is named */
static const char *group_key(char buf[ANSWER_KEY_SIZE], const char *name)
{
	static const char *const kindv[] = { "group:", "domain:", "folder:" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kindv); i++) {
		if (!strncmp(name, kindv[i], strlen(kindv[i])))
			return name;
	}

	(void)re_snprintf(buf, ANSWER_KEY_SIZE, "group:%s", name);

	return buf;
}


static int show(struct tool *tool)
{
	char key[ANSWER_KEY_SIZE];

	return list_show(tool, "ctl_group_show", "group",
			 group_key(key, tool->argv[0]), showv,
			 ARRAY_SIZE(showv));
}


/* All --member, one a line */
static int members(struct mbuf *mb, const struct tool *tool)
{
	char key[ANSWER_KEY_SIZE];
	const char *given, *who;
	int err = 0;
	size_t i;

	for (i = 0; !err && (given = tool_opt_nth(tool, "member", i)); i++) {
		who = answer_principal(tool, key, given);
		err = who ? mbuf_printf(mb, "%s%s", i ? "\n" : "", who) :
			EINVAL;
	}
	if (!err)
		err = mbuf_write_u8(mb, '\0');

	return err;
}


static int create(struct tool *tool)
{
	struct mbuf *mb = mbuf_alloc(256);
	const char *argv[3];
	int status = TOOL_FAILED;

	if (mb && answer_name(tool, tool->argv[0]) && !members(mb, tool)) {
		argv[0] = tool->argv[0];
		argv[1] = (const char *)mb->buf;
		argv[2] = tool_opt(tool, "same-group") ? "t" : "f";
		status = answer_change(tool, "ctl_group_create", argv, 3,
				       argv[0], "created");
	}
	mem_deref(mb);

	return status;
}


static int set(struct tool *tool)
{
	const char *name = tool_opt(tool, "name");
	char key[ANSWER_KEY_SIZE];
	const char *argv[2];

	if (!name)
		return tool_usage(tool, "set what?", tool->argv[0]);
	if (!answer_name(tool, name))
		return TOOL_FAILED;

	argv[0] = group_key(key, tool->argv[0]);
	argv[1] = name;

	return answer_change(tool, "ctl_group_set", argv, 2, tool->argv[0],
			     "set");
}


static int remove_group(struct tool *tool)
{
	char key[ANSWER_KEY_SIZE];
	const char *argv[1];

	argv[0] = group_key(key, tool->argv[0]);

	return answer_change(tool, "ctl_group_remove", argv, 1,
			     tool->argv[0], "removed");
}


static int change(struct tool *tool, const char *stmt, const char *done)
{
	char key[ANSWER_KEY_SIZE], who[ANSWER_KEY_SIZE];
	const char *argv[2];

	argv[0] = group_key(key, tool->argv[0]);
	argv[1] = answer_principal(tool, who, tool->argv[1]);
	if (!argv[1])
		return TOOL_FAILED;

	return answer_change(tool, stmt, argv, 2, argv[1], done);
}


static int add(struct tool *tool)
{
	return change(tool, "ctl_group_add", "added");
}


static int drop(struct tool *tool)
{
	return change(tool, "ctl_group_drop", "dropped");
}


static const struct tool_opt createv[] = {
	{ "member", "WHO", "a user, group:NAME or domain:NAME; repeatable" },
	{ "same-group", NULL,
	  "bring back the removed group of this name, with its lists; default: "
	  "a new group that is on no list" },
	{ NULL, NULL, NULL },
};

static const struct tool_opt setv[] = {
	{ "name", "NAME", "new name" },
	{ NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "group", "list", NULL, TOOL_STORE, list,
	  "list groups, domains and folders", NULL },
	{ "group", "show", "NAME", TOOL_STORE, show,
	  "show a group and its members, direct and nested", NULL },
	{ "group", "create", "NAME", TOOL_STORE | TOOL_DRY, create,
	  "create a group", createv },
	{ "group", "set", "NAME", TOOL_STORE | TOOL_DRY, set,
	  "rename a group", setv },
	{ "group", "remove", "NAME", TOOL_STORE | TOOL_DRY, remove_group,
	  "remove a group; lists keep its name but it has no members", NULL },
	{ "group", "add", "NAME WHO", TOOL_STORE | TOOL_DRY, add,
	  "add a user or a group to a group", NULL },
	{ "group", "drop", "NAME WHO", TOOL_STORE | TOOL_DRY, drop,
	  "take a user or a group out of a group", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
