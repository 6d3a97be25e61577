/**
 * @file deploy/ctl/tool.h  pchatctl: its command line and its commands
 *
 * Everything prints to the streams of struct tool, so that tests see what a
 * user would.  One thread, no loop: this program may block.
 */
#pragma once

#include <libpq-fe.h>

struct bstore;

/** Exit status */
enum { TOOL_OK = 0, TOOL_FAILED = 1, TOOL_USAGE = 2 };

enum { TOOL_GIVEN_MAX = 64 };

/** What a command runs with */
struct tool {
	const char *store;    /* conninfo, NULL: not given       */
	const char *actor;    /* who does it, for the audit      */
	bool json;            /* for programs, not for people    */
	bool dry_run;         /* say what would be done          */
	bool yes;             /* do not ask                      */
	bool person;          /* sits at a terminal: may be asked */
	FILE *out;
	FILE *err;
	const char *subject;  /* NULL until the command is known */
	char **argv;          /* what follows subject and verb   */
	int argc;

	struct {
		const char *name;
		const char *value;
	} givenv[TOOL_GIVEN_MAX];        /* options of the command's own */
	size_t givenc;
};

/** One command; returns the exit status and has printed why if not TOOL_OK */
typedef int (tool_h)(struct tool *tool);

/** An option of a command: tables end with a row without name.  Commands that
 *  have an option of the same name agree on whether it has a value */
struct tool_opt {
	const char *name;
	const char *value;      /* what it is called; NULL: a flag */
	const char *help;
};

enum {
	TOOL_STORE = 1,         /* needs one                       */
	TOOL_DRY   = 2,         /* knows --dry-run                 */
};

struct tool_cmd {
	const char *subject;
	const char *verb;       /* NULL: the subject is all        */
	const char *operand;    /* their names; NULL: takes none   */
	unsigned flags;
	tool_h *h;
	const char *help;
	const struct tool_opt *optv;     /* NULL: none of its own  */
};

/** Adds a subject's static table, from a constructor */
void tool_register(const struct tool_cmd *cmdv, size_t cmdc);

/**
 * Run a whole command line; main() in short
 *
 * @param argv  As main() gets it, NULL-terminated; its order may change
 * @param argc  How many
 * @param out   Where results go
 * @param err   Where errors go
 *
 * @return exit status
 */
int tool_main(int argc, char **argv, FILE *out, FILE *err);

/** An option's n-th value; "" for a flag, NULL: not given (so often) */
const char *tool_opt_nth(const struct tool *tool, const char *name, size_t n);
/** The last one */
const char *tool_opt(const struct tool *tool, const char *name);

/** Says what is wrong with how the command was called.  TOOL_USAGE */
int tool_usage(const struct tool *tool, const char *problem,
	       const char *what);

/**
 * Ask before what cannot be undone, if there is somebody to ask: standard input
 * and the error stream are a terminal, and neither --yes nor --dry-run was given
 *
 * @return TOOL_OK; TOOL_FAILED: the answer was not yes, and that was said
 */
int tool_confirm(const struct tool *tool, const char *question,
		 const char *what);

/**
 * Connect to the tool's store, whose schema must be this program's
 *
 * What is done over the connection is done by tool->actor: pchat.actor in SQL.
 *
 * @return 0, ECONNREFUSED, EPROTO (another schema), ENOMEM; said why
 */
int tool_connect(struct bstore **stp, const struct tool *tool);

/** For the options of a command that needs the compliance store */
#define TOOL_OPT_COMPLIANCE \
	{ "compliance", "CONNINFO", \
	  "the compliance store; without it $PCHAT_COMPLIANCE" }

/** Its conninfo, or NULL */
const char *tool_compliance(const struct tool *tool);
/** Everybody may see a command line: warns of a password in the conninfo of
 *  --store or --compliance and tells how to give it instead.  NULL is fine */
void tool_no_password(const struct tool *tool, const char *option,
		     const char *conninfo);
/** Connect to it: TOOL_USAGE (not given), or TOOL_FAILED; said why */
int tool_connect_compliance(struct bstore **stp, const struct tool *tool);

/**
 * Run a statement that changes something: all of it, or with --dry-run what it
 * would do
 *
 * @param resp  As bstore_query()
 *
 * @return exit status; said why not, or that it was a dry run
 */
int tool_change(struct tool *tool, PGresult **resp, const char *stmt,
		const char *const *argv, int argc);
