/**
 * @file deploy/ctl/list.h  What all list commands have in common
 */
#pragma once

/** A whole list command: statement @p stmt as a table.  Exit status */
int list_run(struct tool *tool, const char *stmt,
	     const struct out_col *colv, size_t colc);
