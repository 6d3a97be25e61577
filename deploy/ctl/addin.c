/**
 * @file deploy/ctl/addin.c  pchatctl addin: web pages shown beside rooms
 *
 * Clients open the page in a browser of their own with the user's rights: it
 * must come over HTTPS.
 */
#include <re.h>
#include <string.h>
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"
#include "deploy/ctl/change.h"


static const struct out_col listv[] = {
	{ "name",  "NAME",  OUT_TEXT },
	{ "guid",  NULL,    OUT_TEXT },
	{ "url",   "URL",   OUT_TEXT },
	{ "rooms", "ROOMS", OUT_INT  },
};

static const struct out_col showv[] = {
	{ "name",  "name",  OUT_TEXT },
	{ "guid",  "guid",  OUT_TEXT },
	{ "url",   "url",   OUT_TEXT },
	{ "rooms", "rooms", OUT_JSON },
};


static int list(struct tool *tool)
{
	return list_run(tool, "ctl_addin_list", listv, ARRAY_SIZE(listv));
}


static int show(struct tool *tool)
{
	return list_show(tool, "ctl_addin_show", "add-in",
			 tool->argv[0], showv, ARRAY_SIZE(showv));
}


/* By the rules of the import file */
static bool good(const struct tool *tool, const char *opt,
		 import_check_h *checkh)
{
	const char *value = tool_opt(tool, opt), *problem;
	json_t *v;

	if (!value)
		return true;

	v = json_string(value);
	problem = v ? checkh(v) : "not UTF-8";
	json_decref(v);
	if (problem)
		(void)fprintf(tool->err, "pchatctl: --%s %s: %s\n", opt,
			      value, problem);

	return !problem;
}


static int save(struct tool *tool, const char *name)
{
	const char *argv[3];

	if (!good(tool, "name", import_is_name) ||
	    !good(tool, "url", import_is_url))
		return TOOL_FAILED;

	argv[0] = name;
	argv[1] = tool_opt(tool, "name");
	argv[2] = tool_opt(tool, "url");

	return change_run(tool, "ctl_addin_save", argv, 3);
}


static int create(struct tool *tool)
{
	if (!tool_opt(tool, "name") || !tool_opt(tool, "url"))
		return tool_usage(tool, "missing", "--name and --url");

	return save(tool, NULL);
}


static int set(struct tool *tool)
{
	if (!tool->givenc)
		return tool_usage(tool, "nothing to change: give at least one option", NULL);

	return save(tool, tool->argv[0]);
}


static int remove_addin(struct tool *tool)
{
	const char *argv[2];

	argv[0] = tool->argv[0];
	argv[1] = tool_opt(tool, "force") ? "true" : "false";

	return change_run(tool, "ctl_addin_remove", argv, 2);
}


static const struct tool_opt save_optv[] = {
	{ "name", "NAME", "name of the add-in" },
	{ "url",  "URL",  "address of the page, https://..." },
	{ NULL, NULL, NULL }
};

static const struct tool_opt remove_optv[] = {
	{ "force", NULL, "also if rooms show it; they lose it" },
	{ NULL, NULL, NULL }
};

static const struct tool_cmd cmdv[] = {
	{ "addin", "list", NULL, TOOL_STORE, list,
	  "list the add-ins", NULL },
	{ "addin", "show", "ADDIN", TOOL_STORE, show,
	  "show an add-in and the rooms that use it", NULL },
	{ "addin", "create", NULL, TOOL_STORE | TOOL_DRY, create,
	  "register a web page as an add-in", save_optv },
	{ "addin", "set", "ADDIN", TOOL_STORE | TOOL_DRY, set,
	  "change its name or URL, in all rooms at once", save_optv },
	{ "addin", "remove", "ADDIN", TOOL_STORE | TOOL_DRY, remove_addin,
	  "remove an add-in that no room uses", remove_optv },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
