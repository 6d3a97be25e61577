/**
 * @file deploy/ctl/tool.h  pchatctl: its command line and its commands
 *
 * Everything prints to the streams of struct tool, so that tests see what a
 * user would.  One thread, no loop: this program may block.
 */
#pragma once

struct bstore;

/** Exit status */
enum { TOOL_OK = 0, TOOL_FAILED = 1, TOOL_USAGE = 2 };

/** What a command runs with */
struct tool {
	const char *store;    /* conninfo, NULL: not given       */
	const char *compliance; /* the same of the compliance store */
	bool json;            /* for programs, not for people    */
	bool dry_run;         /* say what would be done          */
	FILE *out;
	FILE *err;
	char **argv;          /* what follows subject and verb   */
	int argc;
};

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

/**
 * Connect to the tool's store, whose schema must be this program's
 *
 * @return 0, ECONNREFUSED, EPROTO (another schema), ENOMEM; said why
 */
int tool_connect(struct bstore **stp, const struct tool *tool);
/** The same for the compliance store */
int tool_connect_compliance(struct bstore **stp, const struct tool *tool);

/** Who is at it, for the audit: the name of the process's user */
const char *tool_actor(void);

/** One command; returns the exit status and has printed why if not TOOL_OK */
typedef int (tool_h)(struct tool *tool);

tool_h tool_migrate;
tool_h tool_import;
tool_h tool_room_show;
tool_h tool_room_list;
tool_h tool_user_list;
tool_h tool_category_list;
tool_h tool_config_list;
tool_h tool_config_set;
tool_h tool_config_remove;
tool_h tool_compliance_enable;
tool_h tool_compliance_disable;
