/**
 * @file deploy/ctl/list.h  What all list and show commands have in common
 */
#pragma once

struct tool;
struct out_col;

enum { LIST_PARAMS_MAX = 16 };

/** An option of a list command that is a parameter of its statement */
struct list_opt {
	const char *opt;
	const char *const *wordv;          /* of LIST_WORD: their numbers */
	enum { LIST_TEXT, LIST_WORD, LIST_NUMBER, LIST_TIME,
	       LIST_PRINCIPAL } kind;
};

/** A whole list command: statement @p stmt as a table.  Exit status */
int list_run(struct tool *tool, const char *stmt,
	     const struct out_col *colv, size_t colc);
/** The same with the tool's options as $1...; @p first, if not NULL, is $1
 *  and they follow */
int list_filtered(struct tool *tool, const char *stmt, const char *first,
		  const struct list_opt *optv, size_t optc,
		  const struct out_col *colv, size_t colc);
/** A whole show command: the one row that @p stmt has for @p name; @p kind of
 *  thing it is, for the message when there is none.  Exit status */
int list_show(struct tool *tool, const char *stmt, const char *kind,
	      const char *name, const struct out_col *colv, size_t colc);

/** RFC 3339 or its date alone, as far as can be said without a calendar */
bool list_is_time(const char *s);
