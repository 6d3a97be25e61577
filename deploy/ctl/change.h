/**
 * @file deploy/ctl/change.h  Options that say how something shall be
 *
 * They become one JSON object, the "change" of the functions in
 * sql/schema/0010_admin.sql.
 */
#pragma once

#include "deploy/ctl/import.h"

struct tool;

enum change_kind {
	CHANGE_TEXT,          /* as it is                             */
	CHANGE_WORD,          /* one of wordv, as its number          */
	CHANGE_YES,           /* yes or no                            */
	CHANGE_INHERIT,       /* inherit or false                     */
	CHANGE_NONE,          /* text, or "none": null                */
	CHANGE_DAYS,          /* a number, or "none": null            */
	CHANGE_LIST,          /* all elements; one empty one: nobody  */
	CHANGE_ADD,           /* elements to add to a list            */
	CHANGE_REMOVE,        /* likewise                             */
};

struct change_opt {
	const char *opt;
	const char *key;                /* in the object              */
	enum change_kind kind;
	import_check_h *checkh;         /* of text, of each element   */
	const char *const *wordv;       /* CHANGE_WORD                */
};

/**
 * The change that the options given make
 *
 * @param changep  Set on success to JSON text; mem_deref() it.  "{}": none of
 *                 the options was given
 *
 * @return 0, EINVAL (said what is wrong), ENOMEM
 */
int change_make(char **changep, const struct tool *tool,
		const struct change_opt *optv, size_t optc);

/** A whole command that saves one thing: $1 its name or NULL, $2 the change;
 *  an empty change of something that is there is a mistake.  Exit status */
int change_save(struct tool *tool, const char *stmt, const char *name,
		const struct change_opt *optv, size_t optc);
/** Any command whose one row says what was done: name, something else of it
 *  that is for programs, what */
int change_run(struct tool *tool, const char *stmt, const char *const *argv,
	       int argc);
