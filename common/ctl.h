/**
 * @file common/ctl.h  The control socket of a daemon
 *
 * A UNIX stream socket (mode 0600).  One line in, "WORD [ARGUMENTS]", one JSON
 * object on one line out, {"error": "..."} on failure.  Every daemon has
 * status, stats, reload, drain, log and stop; a service adds its own rows.
 */
#pragma once

#include "common/json.h"

/**
 * @param args  The rest of the line, may be empty
 * @return The answer (ownership passes to the caller); NULL: internal error
 */
typedef json_t *(ctl_h)(const char *args, void *arg);

struct ctl_cmd {
	const char *word;
	const char *help;
	ctl_h *h;
};

struct ctl;

/**
 * Listen; mem_deref() closes the socket and removes its file
 *
 * @return 0, EINVAL, EADDRINUSE (another process answers there, or the path is
 *         not a socket), ENAMETOOLONG, ENOMEM or what bind says
 */
int  ctl_open(struct ctl **ctlp, const char *path);
/**
 * Registers a static table of commands; a word registered again replaces the
 * earlier one.  Does nothing if @p ctl is NULL (no socket configured)
 */
void ctl_register(struct ctl *ctl, const struct ctl_cmd *cmdv, size_t cmdc,
		  void *arg);

/**
 * Client side, blocking, for pchatctl: one line there and one back
 *
 * @param replyp  Set on success, to {"error": ...} too; the caller owns it
 * @return 0, ENOENT, ECONNREFUSED (nobody there), EPROTO (no JSON line came
 *         back), ETIMEDOUT (30 s), ...
 */
int  ctl_call(const char *path, const char *line, json_t **replyp);
