/**
 * @file deploy/ctl/removal.h  Messages removed, replaced, purged: slice by slice
 *
 * Each slice is a transaction of its own, short enough that no post feels it.
 * What goes and what stays is said when all is done.
 */
#pragma once

/** Which messages; texts as they were given, NULL: no such condition */
struct removal {
	const char *action;         /* as message_conditions() in sql/schema */
	const char *object;         /* what the audit names                  */
	const char *done;           /* "removed"                             */
	const char *room, *user, *from, *to, *before;
	const char *words, *match, *text;
	bool matchcase;
};

/** The conditions as the store takes them.  @return 0; said why not */
int removal_conditions(char **condp, struct bstore *st,
		       const struct removal *r);

/** A whole command: count only with --dry-run.  Exit status */
int removal_run(struct tool *tool, const struct removal *r);
