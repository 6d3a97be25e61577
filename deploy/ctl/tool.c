/**
 * @file deploy/ctl/tool.c  The commands, and how one is run
 */
#include <re.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common/db/db.h"
#include "common/db/bstore.h"
#include "common/shown.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/options.h"
#include "common/version.h"


static struct {
	const struct tool_cmd *cmdv;
	size_t cmdc;
} tablev[32];

static size_t tablec;


void tool_register(const struct tool_cmd *cmdv, size_t cmdc)
{
	if (tablec >= ARRAY_SIZE(tablev))
		abort();

	tablev[tablec].cmdv = cmdv;
	tablev[tablec].cmdc = cmdc;
	++tablec;
}


const struct tool_cmd *tool_cmd_nth(size_t n)
{
	size_t i;

	for (i = 0; i < tablec; i++) {
		if (n < tablev[i].cmdc)
			return &tablev[i].cmdv[n];
		n -= tablev[i].cmdc;
	}

	return NULL;
}


static bool cmd_matches(const struct tool_cmd *cmd, char *const *argv,
			int argc)
{
	if (argc > 0 && strcmp(argv[0], cmd->subject))
		return false;
	if (argc > 1 && cmd->verb && strcmp(argv[1], cmd->verb))
		return false;

	return true;
}


static void help_option(FILE *f, const char *name, const char *value,
			const char *text)
{
	char line[80];

	(void)snprintf(line, sizeof(line), "--%s%s%s", name, value ? " " : "",
		       value ? value : "");
	(void)fprintf(f, "      %-28s %s\n", line, text);
}


static void help_command(FILE *f, const struct tool_cmd *cmd, bool options)
{
	const struct tool_opt *opt;
	char line[80];

	(void)snprintf(line, sizeof(line), "%s%s%s%s%s", cmd->subject,
		       cmd->verb ? " " : "", cmd->verb ? cmd->verb : "",
		       cmd->operand ? " " : "",
		       cmd->operand ? cmd->operand : "");
	(void)fprintf(f, "  %-32s %s\n", line, cmd->help);

	if (!options)
		return;

	for (opt = cmd->optv; opt && opt->name; ++opt)
		help_option(f, opt->name, opt->value, opt->help);
	if (cmd->flags & TOOL_DRY)
		help_option(f, "dry-run", NULL, "say what would change,"
			    " change nothing");
}


static void help_usage(FILE *f, char *const *argv, int argc)
{
	const struct tool_cmd *cmd;
	bool verb = false;

	for (size_t i = 0; argc && (cmd = tool_cmd_nth(i)); i++)
		verb |= cmd->verb && cmd_matches(cmd, argv, argc);

	(void)fprintf(f, "usage: pchatctl %s%s%s [OPTIONS]\n\n",
		      argc ? argv[0] : "COMMAND", verb ? " " : "",
		      !verb ? "" : argc > 1 ? argv[1] : "COMMAND");
}


/* The commands that what was given so far can still become */
static void help_print(FILE *f, char *const *argv, int argc)
{
	const struct tool_cmd *cmd;
	size_t i;

	help_usage(f, argv, argc);

	for (i = 0; (cmd = tool_cmd_nth(i)); i++) {
		if (cmd_matches(cmd, argv, argc))
			help_command(f, cmd, argc > 0);
	}

	(void)fprintf(f, "\n"
		      "  --store CONNINFO  the store, as libpq names it;"
		      " without it $PCHAT_STORE\n"
		      "  --json            print JSON instead of text\n"
		      "%s"
		      "  --yes             do not ask before what cannot be"
		      " undone (asked at a terminal only)\n"
		      "  --as NAME         who does it, for the audit;"
		      " without it the system user\n"
		      "  --help            this text; after a command:"
		      " that command's, with its options\n"
		      "  --version         print the version\n",
		      argc ? "" : "  --dry-run         say what would change,"
		      " change nothing; most commands that change something"
		      " have it\n");
}


static const struct tool_cmd *cmd_find(char *const *argv, int argc)
{
	const struct tool_cmd *cmd;
	size_t i;

	for (i = 0; (cmd = tool_cmd_nth(i)); i++) {
		if (argc >= (cmd->verb ? 2 : 1) &&
		    cmd_matches(cmd, argv, argc))
			return cmd;
	}

	return NULL;
}


int tool_usage(const struct tool *tool, const char *problem, const char *what)
{
	(void)fprintf(tool->err, "pchatctl: %s%s%s\n", problem,
		      what ? ": " : "", what ? what : "");
	(void)fprintf(tool->err, "try: pchatctl %s%s--help\n",
		      tool->subject ? tool->subject : "",
		      tool->subject ? " " : "");

	return TOOL_USAGE;
}


static int words(const char *text)
{
	int n = text ? 1 : 0;

	for (; text && *text; ++text)
		n += *text == ' ';

	return n;
}


static bool is_subject(const char *word)
{
	const struct tool_cmd *cmd;

	for (size_t i = 0; (cmd = tool_cmd_nth(i)); i++) {
		if (!strcmp(cmd->subject, word))
			return true;
	}

	return false;
}


/* Which command was not found, and which there are */
static int cmd_unknown(const struct tool *tool, char **argv, int argc)
{
	const struct tool_cmd *cmd;

	if (!argc)
		return tool_usage(tool, "no command given", NULL);
	if (!is_subject(argv[0]))
		return tool_usage(tool, "unknown command", argv[0]);

	if (argc == 1) {
		help_print(tool->out, argv, argc);
		return TOOL_OK;
	}

	(void)fprintf(tool->err, "pchatctl: unknown command: %s %s; %s has:",
		      argv[0], argv[1], argv[0]);
	for (size_t i = 0; (cmd = tool_cmd_nth(i)); i++) {
		if (cmd->verb && !strcmp(cmd->subject, argv[0]))
			(void)fprintf(tool->err, " %s", cmd->verb);
	}
	(void)fprintf(tool->err, "\ntry: pchatctl %s --help\n", argv[0]);

	return TOOL_USAGE;
}


static int cmd_check(struct tool *tool, const struct tool_cmd *cmd)
{
	const int operands = words(cmd->operand);
	const char *alien;

	if (tool->argc < operands)
		return tool_usage(tool, "argument missing", cmd->operand);
	if (tool->argc > operands)
		return tool_usage(tool, "unexpected argument",
				  tool->argv[operands]);
	if (tool->dry_run && !(cmd->flags & TOOL_DRY))
		return tool_usage(tool, "this command has no --dry-run",
				  cmd->subject);
	alien = options_alien(tool, cmd);
	if (alien)
		return tool_usage(tool, "not an option of this command",
				  alien);
	if ((cmd->flags & TOOL_STORE) && !str_isset(tool->store))
		return tool_usage(tool, "no store given: --store CONNINFO or"
				  " PCHAT_STORE in the environment", NULL);

	return TOOL_OK;
}


static int cmd_run(struct tool *tool, char **argv, int argc)
{
	const struct tool_cmd *cmd = cmd_find(argv, argc);
	int status;

	if (!cmd)
		return cmd_unknown(tool, argv, argc);

	tool->subject = cmd->subject;
	tool->argv = argv + (cmd->verb ? 2 : 1);
	tool->argc = argc - (cmd->verb ? 2 : 1);

	status = cmd_check(tool, cmd);

	return status == TOOL_OK ? cmd->h(tool) : status;
}


int tool_confirm(const struct tool *tool, const char *question,
		 const char *what)
{
	char answer[16] = "";

	if (tool->yes || tool->dry_run || !tool->person)
		return TOOL_OK;

	(void)fprintf(tool->err, "%s %s? [y/N] ", question, what);
	(void)fflush(tool->err);
	if (fgets(answer, sizeof(answer), stdin) &&
	    (*answer == 'y' || *answer == 'Y'))
		return TOOL_OK;

	(void)fprintf(tool->err, "pchatctl: nothing was done\n");

	return TOOL_FAILED;
}


void tool_no_password(const struct tool *tool, const char *option,
		     const char *conninfo)
{
	PQconninfoOption *optv = conninfo ? PQconninfoParse(conninfo, NULL) :
		NULL;
	bool has = false;

	for (const PQconninfoOption *o = optv; o && o->keyword; ++o)
		has |= !strcmp(o->keyword, "password") && str_isset(o->val);
	PQconninfoFree(optv);

	if (has)
		(void)fprintf(tool->err, "pchatctl: warning: everybody on this"
			      " host can see the password in %s; give it in"
			      " ~/.pgpass, passfile=FILE, PGPASSFILE or"
			      " PCHAT_STORE\n", option);
}


int tool_connect(struct bstore **stp, const struct tool *tool)
{
	struct bstore *st = NULL;
	int err;

	err = bstore_open(&st, &sql_store, tool->store, tool->err);
	if (err)
		return err;

	err = bstore_check_schema(st);
	if (!err)
		err = bstore_exec(st, NULL, "ctl_actor", &tool->actor, 1);
	if (err)
		mem_deref(st);
	else
		*stp = st;

	return err;
}


const char *tool_compliance(const struct tool *tool)
{
	const char *given = tool_opt(tool, "compliance");

	return given ? given : getenv("PCHAT_COMPLIANCE");
}


int tool_connect_compliance(struct bstore **stp, const struct tool *tool)
{
	const char *conninfo = tool_compliance(tool);
	struct bstore *st = NULL;
	int err;

	if (!str_isset(conninfo))
		return tool_usage(tool, "which compliance store?"
				  " --compliance CONNINFO or PCHAT_COMPLIANCE"
				  " in the environment", NULL);

	tool_no_password(tool, "--compliance",
			 tool_opt(tool, "compliance"));

	err = bstore_open(&st, &sql_compliance, conninfo, tool->err);
	if (!err)
		err = bstore_check_schema(st);
	if (err)
		mem_deref(st);
	else
		*stp = st;

	return err ? TOOL_FAILED : TOOL_OK;
}


int tool_change(struct tool *tool, PGresult **resp, const char *stmt,
		const char *const *argv, int argc)
{
	struct bstore *st = NULL;
	int err;

	err = tool_connect(&st, tool);
	if (!err)
		err = bstore_begin(st);
	if (!err)
		err = bstore_query(st, resp, stmt, argv, argc);
	if (!err && !tool->dry_run)
		err = bstore_commit(st);
	if (!err && tool->dry_run && !tool->json)
		(void)fprintf(tool->out, "dry run: nothing was written\n");

	mem_deref(st);

	return err ? TOOL_FAILED : TOOL_OK;
}


static const char *system_user(void)
{
	const struct passwd *pw = getpwuid(getuid());

	return pw ? pw->pw_name : "?";
}


/* "help room" is "room --help" */
static void help_words(struct options *opts, char **argv, int argc)
{
	if (opts->first < argc && !strcmp(argv[opts->first], "help")) {
		opts->help = true;
		++opts->first;
	}
}


static int run(struct tool *tool, int argc, char **argv)
{
	struct options opts = { .first = 0 };
	int status;

	status = options_parse(tool, &opts, argc, argv);
	if (status != TOOL_OK)
		return status;

	help_words(&opts, argv, argc);
	if (opts.version) {
		(void)fprintf(tool->out, "pchatctl " PCHAT_VERSION "\n");
		return TOOL_OK;
	}
	if (opts.help && (opts.first == argc || is_subject(argv[opts.first]))) {
		help_print(tool->out, argv + opts.first, argc - opts.first);
		return TOOL_OK;
	}
	tool_no_password(tool, "--store", opts.store);

	return cmd_run(tool, argv + opts.first, argc - opts.first);
}


/* JSON has its own way to write what must not reach a terminal */
static bool asks_json(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			return true;
	}

	return false;
}


int tool_main(int argc, char **argv, FILE *out, FILE *err)
{
	FILE *shown = asks_json(argc, argv) ? NULL : shown_stream(out);
	FILE *told = shown_stream(err);
	struct tool tool = { .out = shown ? shown : out,
			     .err = told ? told : err };
	int status;

	tool.store = getenv("PCHAT_STORE");
	tool.actor = system_user();
	tool.person = err == stderr && isatty(STDIN_FILENO) &&
		isatty(STDERR_FILENO);

	status = run(&tool, argc, argv);
	if ((shown ? fclose(shown) : fflush(out)) && status == TOOL_OK) {
		(void)fprintf(tool.err, "pchatctl: cannot write: %m\n");
		status = TOOL_FAILED;
	}
	if (told)
		(void)fclose(told);

	return status;
}
