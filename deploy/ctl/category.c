/**
 * @file deploy/ctl/category.c  pchatctl category
 */
#include <re.h>
#include "common/db/bstore.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"
#include "deploy/ctl/change.h"


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
	{ "retention",   "DAYS",        OUT_INT  },
	{ "rooms",       "ROOMS",       OUT_INT  },
};

static const struct out_col showv[] = {
	{ "name",        "name",        OUT_TEXT },
	{ "uri",         "uri",         OUT_TEXT },
	{ "description", "description", OUT_TEXT },
	{ "allowed",     "allowed",     OUT_JSON },
	{ "denied",      "denied",      OUT_JSON },
	{ "creators",    "creators",    OUT_JSON },
	{ "invitations", "invitations", OUT_BOOL },
	{ "files",       "files",       OUT_BOOL },
	{ "history",     "history",     OUT_BOOL },
	{ "retention",   "retention",   OUT_INT  },
	{ "rooms",       "rooms",       OUT_INT  },
	{ "created_by",  "created by",  OUT_TEXT },
	{ "created_on",  "created on",  OUT_TEXT },
	{ "updated_by",  "changed by",  OUT_TEXT },
	{ "updated_on",  "changed on",  OUT_TEXT },
};

#define LIST_CHANGES(name, whole, what, checkh)                         \
	{ whole,          what, CHANGE_LIST,   checkh, NULL },          \
	{ "add-" name,    what, CHANGE_ADD,    checkh, NULL },          \
	{ "remove-" name, what, CHANGE_REMOVE, checkh, NULL }

static const struct change_opt changev[] = {
	{ "name",        "name",        CHANGE_TEXT, import_is_name, NULL },
	{ "description", "description", CHANGE_TEXT, import_is_text, NULL },
	{ "invitations", "invitations", CHANGE_YES,  NULL,           NULL },
	{ "files",       "files",       CHANGE_YES,  NULL,           NULL },
	{ "history",     "history",     CHANGE_YES,  NULL,           NULL },
	{ "retention",   "retention_d", CHANGE_DAYS, NULL,           NULL },
	LIST_CHANGES("allowed", "allowed",  "allowed",  import_is_scope),
	LIST_CHANGES("denied",  "denied",   "denied",   import_is_scope),
	LIST_CHANGES("creator", "creators", "creators", import_is_entry),
};


static int list(struct tool *tool)
{
	return list_run(tool, "ctl_category_list", listv, ARRAY_SIZE(listv));
}


static int show(struct tool *tool)
{
	return list_show(tool, "ctl_category_show", "category",
			 tool->argv[0], showv, ARRAY_SIZE(showv));
}


static int create(struct tool *tool)
{
	if (!tool_opt(tool, "name"))
		return tool_usage(tool, "missing", "--name");

	return change_save(tool, "ctl_category_save", NULL, changev,
			   ARRAY_SIZE(changev));
}


static int set(struct tool *tool)
{
	return change_save(tool, "ctl_category_save", tool->argv[0], changev,
			   ARRAY_SIZE(changev));
}


static int remove_category(struct tool *tool)
{
	const char *name = tool->argv[0];

	return change_run(tool, "ctl_category_remove", &name, 1);
}


static const struct tool_opt change_optv[] = {
	{ "name",           "NAME",      "name of the category" },
	{ "description",    "TEXT",      "what it is for" },
	{ "allowed",        "PRINCIPAL", "who may be in its rooms: the whole list;"
	  " repeatable, '' for nobody, any for everybody" },
	{ "add-allowed",    "PRINCIPAL", "sip:USER@DOMAIN, group:NAME,"
	  " domain:NAME or any" },
	{ "remove-allowed", "PRINCIPAL", "take it off the list" },
	{ "denied",         "PRINCIPAL", "who may not, even if allowed: the whole list" },
	{ "add-denied",     "PRINCIPAL", "add to the list" },
	{ "remove-denied",  "PRINCIPAL", "take it off the list" },
	{ "creators",       "PRINCIPAL", "who may create rooms (must be"
	  " allowed): the whole list" },
	{ "add-creator",    "PRINCIPAL", "add to the list" },
	{ "remove-creator", "PRINCIPAL", "take it off the list" },
	{ "invitations",    "yes|no",    "new members of rooms are invited" },
	{ "files",          "yes|no",    "files may be sent" },
	{ "history",        "yes|no",    "messages are kept" },
	{ "retention",      "DAYS|none", "messages are removed after so many days" },
	{ NULL, NULL, NULL }
};

static const struct tool_cmd cmdv[] = {
	{ "category", "list", NULL, TOOL_STORE, list,
	  "list the categories with their scopes", NULL },
	{ "category", "show", "CATEGORY", TOOL_STORE, show,
	  "show a category", NULL },
	{ "category", "create", NULL, TOOL_STORE | TOOL_DRY, create,
	  "create a category; without --allowed everybody may use it", change_optv },
	{ "category", "set", "CATEGORY", TOOL_STORE | TOOL_DRY, set,
	  "change a category; people who are no longer in scope leave its rooms", change_optv },
	{ "category", "remove", "CATEGORY", TOOL_STORE | TOOL_DRY,
	  remove_category, "remove a category that has no rooms", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
