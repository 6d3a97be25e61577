/**
 * @file deploy/ctl/options.c  Options of the command line
 *
 * getopt_long() gets one table of all options of all commands, so that they
 * may stand anywhere; whether a command has the option is asked afterwards.
 */
#include <re.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "deploy/ctl/tool.h"
#include "deploy/ctl/options.h"

enum { OPT_OWN = 1, OPT_STORE, OPT_JSON, OPT_DRY, OPT_AS,
	OPT_YES, OPT_VERSION, OPT_HELP };

enum { OPTIONS_MAX = 256 };

static const struct option commonv[] = {
	{ "store",   required_argument, NULL, OPT_STORE },
	{ "json",    no_argument,       NULL, OPT_JSON  },
	{ "dry-run", no_argument,       NULL, OPT_DRY   },
	{ "as",      required_argument, NULL, OPT_AS    },
	{ "yes",     no_argument,       NULL, OPT_YES   },
	{ "version", no_argument,       NULL, OPT_VERSION },
	{ "help",    no_argument,       NULL, OPT_HELP  },
};


static bool has(const struct option *v, const char *name)
{
	for (; v->name; ++v) {
		if (!strcmp(v->name, name))
			return true;
	}

	return false;
}


static void collect(struct option v[OPTIONS_MAX])
{
	const struct tool_cmd *cmd;
	const struct tool_opt *opt;
	size_t n = ARRAY_SIZE(commonv), i;

	memset(v, 0, OPTIONS_MAX * sizeof(*v));
	memcpy(v, commonv, sizeof(commonv));

	for (i = 0; (cmd = tool_cmd_nth(i)); i++) {
		for (opt = cmd->optv; opt && opt->name; ++opt) {
			if (has(v, opt->name))
				continue;
			if (n + 1 >= OPTIONS_MAX)
				abort();
			v[n].name    = opt->name;
			v[n].has_arg = opt->value ? required_argument :
				no_argument;
			v[n].val     = OPT_OWN;
			++n;
		}
	}
}


static int own(struct tool *tool, const char *name, const char *value)
{
	if (tool->givenc >= ARRAY_SIZE(tool->givenv))
		return tool_usage(tool, "too many options", name);

	tool->givenv[tool->givenc].name  = name;
	tool->givenv[tool->givenc].value = value ? value : "";
	++tool->givenc;

	return TOOL_OK;
}


int options_parse(struct tool *tool, struct options *opts, int argc,
		  char **argv)
{
	struct option optv[OPTIONS_MAX];
	int opt, which = 0;

	collect(optv);
	optind = 0;
	opterr = 0;

	while ((opt = getopt_long(argc, argv, ":hVy", optv, &which)) != -1) {

		switch (opt) {

		case OPT_STORE: tool->store   = opts->store = optarg; break;
		case OPT_JSON:  tool->json    = true;   break;
		case OPT_DRY:   tool->dry_run = true;   break;
		case OPT_AS:    tool->actor   = optarg; break;
		case 'y':
		case OPT_YES:   tool->yes     = true;   break;
		case 'V':
		case OPT_VERSION: opts->version = true; break;
		case 'h':
		case OPT_HELP:  opts->help    = true;   break;
		case OPT_OWN:
			if (own(tool, optv[which].name, optarg))
				return TOOL_USAGE;
			break;
		default:
			return tool_usage(tool, opt == ':' ?
					  "option without its value" :
					  "unknown option", argv[optind - 1]);
		}
	}

	opts->first = optind;

	return TOOL_OK;
}


const char *options_alien(const struct tool *tool, const struct tool_cmd *cmd)
{
	const struct tool_opt *opt;
	size_t i;

	for (i = 0; i < tool->givenc; i++) {

		opt = cmd->optv;
		while (opt && opt->name &&
		       strcmp(opt->name, tool->givenv[i].name))
			++opt;
		if (!opt || !opt->name)
			return tool->givenv[i].name;
	}

	return NULL;
}


const char *tool_opt_nth(const struct tool *tool, const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < tool->givenc; i++) {
		if (!strcmp(tool->givenv[i].name, name) && !n--)
			return tool->givenv[i].value;
	}

	return NULL;
}


const char *tool_opt(const struct tool *tool, const char *name)
{
	size_t i;

	for (i = tool->givenc; i > 0; i--) {
		if (!strcmp(tool->givenv[i - 1].name, name))
			return tool->givenv[i - 1].value;
	}

	return NULL;
}
