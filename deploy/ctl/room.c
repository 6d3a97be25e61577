/**
 * @file deploy/ctl/room.c  pchatctl room, and who could be in one
 */
#include <re.h>
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"
#include "deploy/ctl/change.h"


static const struct out_col showv[] = {
	{ "name",                  "name",         OUT_TEXT },
	{ "uri",                   "uri",          OUT_TEXT },
	{ "guid",                  NULL,           OUT_TEXT },
	{ "category",              "category",     OUT_TEXT },
	{ "description",           "description",  OUT_TEXT },
	{ "privacy",               "privacy",      OUT_TEXT },
	{ "type",                  "type",         OUT_TEXT },
	{ "addin",                 "add-in",       OUT_TEXT },
	{ "invitations",           "invitations",  OUT_TEXT },
	{ "invitations_effective", "invites now",  OUT_BOOL },
	{ "disabled",              "disabled",     OUT_BOOL },
	{ "retention",             "retention",    OUT_INT  },
	{ "retention_effective",   "keeps days",   OUT_INT  },
	{ "members",               "members",      OUT_JSON },
	{ "managers",              "managers",     OUT_JSON },
	{ "presenters",            "presenters",   OUT_JSON },
	{ "created_by",            "created by",   OUT_TEXT },
	{ "created_on",            "created on",   OUT_TEXT },
	{ "updated_by",            "changed by",   OUT_TEXT },
	{ "updated_on",            "changed on",   OUT_TEXT },
	{ "messages",              "messages",     OUT_INT  },
	{ "last_message",          "last message", OUT_TEXT },
	{ "participants",          "participants", OUT_INT  },
};

static const struct out_col listv[] = {
	{ "name",         "NAME",     OUT_TEXT },
	{ "uri",          NULL,       OUT_TEXT },
	{ "category",     "CATEGORY", OUT_TEXT },
	{ "privacy",      "PRIVACY",  OUT_TEXT },
	{ "type",         "TYPE",     OUT_TEXT },
	{ "disabled",     "DISABLED", OUT_BOOL },
	{ "messages",     "MESSAGES", OUT_INT  },
	{ "bytes",        NULL,       OUT_INT  },
	{ "participants", "PRESENT",  OUT_INT  },
};

static const struct out_col eligiblev[] = {
	{ "principal", "PRINCIPAL", OUT_TEXT },
	{ "display",   "DISPLAY",   OUT_TEXT },
	{ "email",     "EMAIL",     OUT_TEXT },
};

static const char *const yesv[]     = { "no", "yes", NULL };
static const char *const inheritv[] = { "false", "inherit", NULL };

/* The parameters of ctl_room_list in their order */
static const struct list_opt filterv[] = {
	{ "addin",       NULL,           LIST_TEXT      },
	{ "category",    NULL,           LIST_TEXT      },
	{ "disabled",    yesv,           LIST_WORD      },
	{ "filter",      NULL,           LIST_TEXT      },
	{ "invitations", inheritv,       LIST_WORD      },
	{ "manager",     NULL,           LIST_PRINCIPAL },
	{ "member",      NULL,           LIST_PRINCIPAL },
	{ "privacy",     import_privacyv, LIST_WORD     },
	{ "type",        import_typev,   LIST_WORD      },
	{ "description", NULL,           LIST_TEXT      },
	{ "larger-than", NULL,           LIST_NUMBER    },
	{ "limit",       NULL,           LIST_NUMBER    },
};

#define LIST_CHANGES(name, what)                                        \
	{ name "s",       what, CHANGE_LIST,   import_is_entry, NULL }, \
	{ "add-" name,    what, CHANGE_ADD,    import_is_entry, NULL }, \
	{ "remove-" name, what, CHANGE_REMOVE, import_is_entry, NULL }

static const struct change_opt changev[] = {
	{ "name",        "name",        CHANGE_TEXT, import_is_name, NULL },
	{ "description", "description", CHANGE_TEXT, import_is_text, NULL },
	{ "category",    "category",    CHANGE_TEXT, import_is_name, NULL },
	{ "privacy",     "privacy",     CHANGE_WORD, import_is_privacy,
	  import_privacyv },
	{ "type",        "behavior",    CHANGE_WORD, import_is_type,
	  import_typev },
	{ "invitations", "invitations", CHANGE_INHERIT, NULL,          NULL },
	{ "addin",       "addin",       CHANGE_NONE,    import_is_name, NULL },
	{ "disabled",    "disabled",    CHANGE_YES,     NULL,          NULL },
	{ "retention",   "retention_d", CHANGE_DAYS,    NULL,          NULL },
	LIST_CHANGES("member",    "members"),
	LIST_CHANGES("manager",   "managers"),
	LIST_CHANGES("presenter", "presenters"),
};


static int show(struct tool *tool)
{
	return list_show(tool, "ctl_room_show", "room",
			 tool->argv[0], showv, ARRAY_SIZE(showv));
}


static int list(struct tool *tool)
{
	return list_filtered(tool, "ctl_room_list", NULL, filterv,
			     ARRAY_SIZE(filterv), listv, ARRAY_SIZE(listv));
}


static int create(struct tool *tool)
{
	if (!tool_opt(tool, "name") || !tool_opt(tool, "category"))
		return tool_usage(tool, "missing", "--name and --category");

	return change_save(tool, "ctl_room_save", NULL, changev,
			   ARRAY_SIZE(changev));
}


static int set(struct tool *tool)
{
	return change_save(tool, "ctl_room_save", tool->argv[0], changev,
			   ARRAY_SIZE(changev));
}


static int remove_room(struct tool *tool)
{
	const char *name = tool->argv[0];

	if (tool_confirm(tool, "Remove room", name))
		return TOOL_FAILED;

	return change_run(tool, "ctl_room_remove", &name, 1);
}


static int eligible(struct tool *tool)
{
	static const struct list_opt optv[] = {
		{ "filter",     NULL, LIST_TEXT   },
		{ "presenter",  NULL, LIST_TEXT   },
		{ "limit",      NULL, LIST_NUMBER },
	};

	return list_filtered(tool, "ctl_eligible", tool->argv[0], optv,
			     ARRAY_SIZE(optv), eligiblev,
			     ARRAY_SIZE(eligiblev));
}


static const struct tool_opt list_optv[] = {
	{ "addin",       "NAME",           "that show this add-in" },
	{ "category",    "NAME",           "of this category" },
	{ "disabled",    "yes|no",         "that are disabled, or not" },
	{ "filter",      "TEXT",           "with this in the name" },
	{ "invitations", "inherit|false",  "by their setting" },
	{ "manager",     "PRINCIPAL",      "managed by, groups counted in" },
	{ "member",      "PRINCIPAL",      "with this member, groups counted in" },
	{ "privacy",     "open|closed|secret", "by who may see and enter" },
	{ "type",        "normal|auditorium",  "by who may speak" },
	{ "description", "TEXT",           "with this in the description" },
	{ "larger-than", "MB",             "with more content than this" },
	{ "limit",       "N",              "at most N rooms" },
	{ NULL, NULL, NULL }
};

static const struct tool_opt change_optv[] = {
	{ "name",        "NAME", "name of the room" },
	{ "description", "TEXT", "what it is for" },
	{ "category",    "NAME", "category of the room; those who are not"
	  " in its scope are dropped from the lists" },
	{ "privacy",     "open|closed|secret", "who may see and enter (closed)" },
	{ "type",        "normal|auditorium",  "auditorium: only presenters speak (normal)" },
	{ "invitations", "inherit|false", "as its category says, or none" },
	{ "addin",       "NAME|none", "web page beside the room" },
	{ "disabled",    "yes|no", "nobody may enter, all is kept" },
	{ "retention",   "DAYS|none", "remove messages after so many days;"
	  " none: as its category says" },
	{ "members",     "PRINCIPAL", "the whole list; repeatable,"
	  " '' for nobody" },
	{ "add-member",  "PRINCIPAL", "sip:USER@DOMAIN, group:NAME or"
	  " domain:NAME" },
	{ "remove-member",  "PRINCIPAL", "take it off the list" },
	{ "managers",       "PRINCIPAL", "the whole list" },
	{ "add-manager",    "PRINCIPAL", "add to the list" },
	{ "remove-manager", "PRINCIPAL", "take it off the list" },
	{ "presenters",     "PRINCIPAL", "of an auditorium: the whole list" },
	{ "add-presenter",  "PRINCIPAL", "add to the list" },
	{ "remove-presenter", "PRINCIPAL", "take it off the list" },
	{ NULL, NULL, NULL }
};

static const struct tool_opt eligible_optv[] = {
	{ "filter",     "TEXT", "with this in name, display name, address" },
	{ "presenter",  NULL,   "who may be presenter of that auditorium" },
	{ "limit",      "N",    "at most N (1000)" },
	{ NULL, NULL, NULL }
};

static const struct tool_cmd cmdv[] = {
	{ "room", "list", NULL, TOOL_STORE, list,
	  "list rooms, all or those that match", list_optv },
	{ "room", "show", "ROOM", TOOL_STORE, show,
	  "show a room with its lists and counts", NULL },
	{ "room", "create", NULL, TOOL_STORE | TOOL_DRY, create,
	  "create a room", change_optv },
	{ "room", "set", "ROOM", TOOL_STORE | TOOL_DRY, set,
	  "change a room; it takes effect at once", change_optv },
	{ "room", "remove", "ROOM", TOOL_STORE | TOOL_DRY, remove_room,
	  "remove a room for good; its content stays archived", NULL },
	{ "eligible", NULL, "ROOM|CATEGORY", TOOL_STORE, eligible,
	  "list who may be put on the lists", eligible_optv },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
