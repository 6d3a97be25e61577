/**
 * @file channel/cmd/lane.h  Whose command is done next
 *
 * Each connection to the store has a lane.  Few commands are under way on one
 * at a time, and of one account fewer still (its share); the others wait, and
 * the accounts that wait take turns.  So an account that asks for much waits
 * for itself, and the others wait for at most one command of it.  Loop thread
 * only.
 */
#pragma once

#include "channel/rate.h"

struct cmd;
struct service;

struct lane {
	enum lane_id id;
	struct list userl;            /* accounts whose commands wait        */
	uint32_t running, waiting;
	uint32_t running_max, share;  /* commands under way: all, an account's */
	uint32_t waiting_max, waiting_user_max;
	bool draining;
};

/** The function that does a command when it is its turn; it ends it in time
 *  with lane_leave() */
typedef void (lane_run_h)(struct cmd *cmd);

struct lanes;
int  lanes_alloc(struct lanes **lsp, struct service *svc, lane_run_h *h);
/** Drop what waits, and start nothing any more */
void lanes_close(struct lanes *ls);

/**
 * Do a command, now or when it is its turn
 *
 * @return 0, EAGAIN: too many wait
 */
int  lane_enter(struct lanes *ls, struct cmd *cmd, enum lane_id id);
/** The command is done, or given up; nothing if it did not enter */
void lane_leave(struct cmd *cmd);
