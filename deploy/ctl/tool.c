/**
 * @file deploy/ctl/tool.c  Options, and the table of subjects and verbs
 */
#include <re.h>
#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common/db/db.h"
#include "deploy/ctl/tool.h"
#include "common/db/bstore.h"


enum {
	NEEDS_STORE      = 1,
	TAKES_DRY        = 2,
	NEEDS_COMPLIANCE = 4,
};

struct toolcmd {
	const char *subject;
	const char *verb;       /* NULL: the subject is all       */
	const char *operand;    /* their names; NULL: takes none  */
	unsigned flags;
	tool_h *h;
	const char *help;
};

static const struct toolcmd cmdv[] = {
	{ "migrate", NULL, NULL, 0, tool_migrate,
	  "bring the schemas of the stores given up to this program's" },
	{ "import", NULL, "FILE", NEEDS_STORE | TAKES_DRY, tool_import,
	  "load users, groups, categories and rooms from a JSON file" },
	{ "room", "show", "NAME", NEEDS_STORE, tool_room_show,
	  "one room with its lists and what is in it" },
	{ "room", "list", NULL, NEEDS_STORE, tool_room_list,
	  "all rooms" },
	{ "user", "list", NULL, NEEDS_STORE, tool_user_list,
	  "all users" },
	{ "category", "list", NULL, NEEDS_STORE, tool_category_list,
	  "all categories with their scopes" },
	{ "config", "list", NULL, NEEDS_STORE, tool_config_list,
	  "settings of the pool that are kept in the store" },
	{ "config", "set", "KEY VALUE", NEEDS_STORE, tool_config_set,
	  "change one; running processes obey at once" },
	{ "config", "remove", "KEY", NEEDS_STORE, tool_config_remove,
	  "leave it to the processes' own files again" },
	{ "compliance", "enable", NULL, NEEDS_STORE, tool_compliance_enable,
	  "from now on events are recorded for the archive" },
	{ "compliance", "disable", NULL, NEEDS_STORE, tool_compliance_disable,
	  "record no more; what is recorded is still delivered" },
};

enum { OPT_STORE = 1, OPT_COMPLIANCE, OPT_JSON, OPT_DRY, OPT_HELP };

static const struct option optv[] = {
	{ "store",   required_argument, NULL, OPT_STORE },
	{ "compliance", required_argument, NULL, OPT_COMPLIANCE },
	{ "json",    no_argument,       NULL, OPT_JSON  },
	{ "dry-run", no_argument,       NULL, OPT_DRY   },
	{ "help",    no_argument,       NULL, OPT_HELP  },
	{ NULL, 0, NULL, 0 },
};


static bool cmd_matches(const struct toolcmd *cmd, char *const *argv, int argc)
{
	if (argc > 0 && strcmp(argv[0], cmd->subject))
		return false;
	if (argc > 1 && cmd->verb && strcmp(argv[1], cmd->verb))
		return false;

	return true;
}


/* The commands that what was given so far can still become */
static void help_print(FILE *f, char *const *argv, int argc)
{
	char line[64];

	(void)fprintf(f, "usage: pchatctl [--store CONNINFO]"
		      " [--compliance CONNINFO] [--json] COMMAND\n\n");

	for (size_t i = 0; i < ARRAY_SIZE(cmdv); i++) {

		const struct toolcmd *cmd = &cmdv[i];

		if (!cmd_matches(cmd, argv, argc))
			continue;

		(void)snprintf(line, sizeof(line), "%s%s%s%s%s%s",
			       cmd->subject,
			       cmd->verb ? " " : "", cmd->verb ? cmd->verb : "",
			       cmd->flags & TAKES_DRY ? " [--dry-run]" : "",
			       cmd->operand ? " " : "",
			       cmd->operand ? cmd->operand : "");
		(void)fprintf(f, "  %-26s %s\n", line, cmd->help);
	}

	(void)fprintf(f, "\n"
		      "  --store CONNINFO  the store, as libpq names it;"
		      " without it $PCHAT_STORE\n"
		      "  --compliance CONNINFO  the compliance store;"
		      " without it $PCHAT_COMPLIANCE\n"
		      "  --json            print JSON instead of text\n"
		      "  --dry-run         say what would change,"
		      " change nothing\n"
		      "  --help            this text; after a command:"
		      " that command's\n");
}


static const struct toolcmd *cmd_find(char *const *argv, int argc)
{
	for (size_t i = 0; i < ARRAY_SIZE(cmdv); i++) {

		const struct toolcmd *cmd = &cmdv[i];

		if (argc >= (cmd->verb ? 2 : 1) &&
		    cmd_matches(cmd, argv, argc))
			return cmd;
	}

	return NULL;
}


static int usage(const struct tool *tool, const char *problem,
		 const char *what)
{
	(void)fprintf(tool->err, "pchatctl: %s%s%s\n", problem,
		      what ? ": " : "", what ? what : "");
	(void)fprintf(tool->err, "try: pchatctl --help\n");

	return TOOL_USAGE;
}


static int words(const char *text)
{
	int n = text ? 1 : 0;

	for (; text && *text; ++text)
		n += *text == ' ';

	return n;
}


static int cmd_run(struct tool *tool, char **argv, int argc)
{
	const struct toolcmd *cmd = cmd_find(argv, argc);
	int operands;

	if (!cmd)
		return usage(tool, argc ? "no such command, or not all of it" :
			     "which command?", argc ? argv[0] : NULL);

	tool->argv = argv + (cmd->verb ? 2 : 1);
	tool->argc = argc - (cmd->verb ? 2 : 1);
	operands   = words(cmd->operand);

	if (tool->argc < operands)
		return usage(tool, "missing", cmd->operand);
	if (tool->argc > operands)
		return usage(tool, "one too many", tool->argv[operands]);
	if (tool->dry_run && !(cmd->flags & TAKES_DRY))
		return usage(tool, "no --dry-run here", cmd->subject);
	if ((cmd->flags & NEEDS_STORE) && !str_isset(tool->store))
		return usage(tool, "which store? --store CONNINFO or"
			     " PCHAT_STORE in the environment", NULL);

	if ((cmd->flags & NEEDS_COMPLIANCE) && !str_isset(tool->compliance))
		return usage(tool, "which compliance store? --compliance"
			     " CONNINFO or PCHAT_COMPLIANCE in the"
			     " environment", NULL);

	return cmd->h(tool);
}


const char *tool_actor(void)
{
	const struct passwd *pw = getpwuid(getuid());

	return pw ? pw->pw_name : "?";
}


static int open_checked(struct bstore **stp, const struct tool *tool,
			const struct sql_set *set, const char *conninfo)
{
	struct bstore *st = NULL;
	int err;

	err = bstore_open(&st, set, conninfo, tool->err);
	if (err)
		return err;

	err = bstore_check_schema(st);
	if (err)
		mem_deref(st);
	else
		*stp = st;

	return err;
}


int tool_connect(struct bstore **stp, const struct tool *tool)
{
	return open_checked(stp, tool, &sql_store, tool->store);
}


int tool_connect_compliance(struct bstore **stp, const struct tool *tool)
{
	return open_checked(stp, tool, &sql_compliance, tool->compliance);
}


int tool_main(int argc, char **argv, FILE *out, FILE *err)
{
	struct tool tool = { .out = out, .err = err };
	bool help = false;
	int status, opt;

	tool.store = getenv("PCHAT_STORE");
	tool.compliance = getenv("PCHAT_COMPLIANCE");
	optind = 0;
	opterr = 0;

	while ((opt = getopt_long(argc, argv, "h", optv, NULL)) != -1) {

		switch (opt) {

		case OPT_STORE: tool.store   = optarg; break;
		case OPT_COMPLIANCE: tool.compliance = optarg; break;
		case OPT_JSON:  tool.json    = true;   break;
		case OPT_DRY:   tool.dry_run = true;   break;
		case 'h':
		case OPT_HELP:  help         = true;   break;
		default:
			return usage(&tool, "what is this option, or its"
				     " value?", argv[optind - 1]);
		}
	}

	if (help) {
		help_print(out, argv + optind, argc - optind);
		return TOOL_OK;
	}

	status = cmd_run(&tool, argv + optind, argc - optind);
	if (fflush(out) && status == TOOL_OK) {
		(void)fprintf(err, "pchatctl: cannot write: %m\n");
		status = TOOL_FAILED;
	}

	return status;
}
