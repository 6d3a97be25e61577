/**
 * @file deploy/ctl/options.h  Options of the command line: everybody's, and
 * those that the commands state in their tables
 */
#pragma once

/** The n-th command of all tables, NULL past the last (tool.c) */
const struct tool_cmd *tool_cmd_nth(size_t n);

/** What is about the program itself */
struct options {
	bool help, version;
	const char *store;      /* as it stands on the command line     */
	int first;              /* where in argv the command begins     */
};

/**
 * Take the options from a command line
 *
 * @param tool  Filled from them
 * @param opts  Filled; zeros before
 *
 * @return TOOL_OK, or TOOL_USAGE and has said why
 */
int options_parse(struct tool *tool, struct options *opts, int argc,
		  char **argv);
/** A given option that the command does not have; NULL: none */
const char *options_alien(const struct tool *tool,
			  const struct tool_cmd *cmd);
