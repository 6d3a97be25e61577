/**
 * @file deploy/ctl/options.h  Options of the command line: everybody's, and
 * those that the commands state in their tables
 */
#pragma once

/** The n-th command of all tables, NULL past the last (tool.c) */
const struct tool_cmd *tool_cmd_nth(size_t n);

/**
 * Take the options from a command line
 *
 * @param tool    Filled from them
 * @param helpp   Set to whether help was asked for
 * @param firstp  Set to where in argv the words of the command begin
 *
 * @return TOOL_OK, or TOOL_USAGE and has said why
 */
int options_parse(struct tool *tool, bool *helpp, int *firstp,
		  int argc, char **argv);
/** A given option that the command does not have; NULL: none */
const char *options_alien(const struct tool *tool,
			  const struct tool_cmd *cmd);
