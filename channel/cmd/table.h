/**
 * @file channel/cmd/table.h  XCCOS commands: the table, and how one is done
 *
 * The commands of an endpoint are done one after the other.  A handler either
 * finishes at once or later, by one of cmd_reply() and cmd_fail(); an errno
 * that it returns is answered for it.  Spec: protocol.md section 4.
 *
 * Before a document is taken, its sender pays for it (channel/rate.h) what the
 * table says; each command then waits for its turn on the connection that it
 * needs (lane.h).
 */
#pragma once

#include "channel/rate.h"

struct cmd;
struct db_res;
struct endpoint;
struct pl;
struct service;
struct st;
struct xccos;
struct xccos_prim;

/** @return 0: answered, or will be; else errno for the error reply */
typedef int (cmd_h)(struct cmd *cmd);

/** A command on its way; freed when it is answered */
struct cmd {
	struct le le;                  /* endpoint.cmdl while it waits       */
	struct endpoint *ep;           /* reference                          */
	struct service *svc;
	struct xccos *doc;             /* reference                          */
	const struct xccos_prim *prim;
	struct st *st;                 /* of a chat message, to be answered  */
	const char *reply_verb;        /* where the reply is not rpl:VERB    */
	int arg;                       /* the row's                          */
	uint32_t most;                 /* rows of its list; 0: all           */
	enum lane_id lane;
	bool on_lane;                  /* counted there as under way         */
	void *state;                   /* the handler's, a reference         */
	struct mbuf *mb;               /* the reply being written            */
	size_t data;                   /* where its data begins              */
};

/**
 * Take the body of an INFO: answers st (chat messages later), queues or does
 * its commands
 */
void cmd_receive(struct endpoint *ep, struct st *st, const struct pl *body);

/** Nothing that the endpoint posted is under way: go on with what came after */
void cmd_resume(struct endpoint *ep);
/** A row of the table */
struct cmd_row {
	const char *verb;
	cmd_h *h;
	enum lane_id lane;             /* connection that it waits for       */
	uint8_t weight;                /* tokens; of a join, of each room    */
	uint8_t search;                /* tokens for searches                */
};

/** NULL: there is no such command */
const struct cmd_row *cmd_find(const char *verb);

/** A lane_run_h (lane.h) */
void cmd_run(struct cmd *cmd);

/** Starts the reply in cmd->mb: envelope, rpl, commandid, resp, open data */
int  cmd_reply_begin(struct cmd *cmd, int err);
/** Whether the reply so far, closed, is within reply.size_max */
bool cmd_reply_fits(const struct cmd *cmd);
/** Sends the reply as one that another one follows, and starts that */
int  cmd_reply_next(struct cmd *cmd);
/** Ends the reply, sends it, and goes on to the endpoint's next command */
void cmd_reply(struct cmd *cmd);
/** The reply that only tells of an error */
void cmd_fail(struct cmd *cmd, int err);
/** One or the other: cmd_fail() when @p err is set, else cmd_reply() */
void cmd_end(struct cmd *cmd, int err);

/** Writes one row of a list into cmd->mb */
typedef int (cmd_row_h)(struct cmd *cmd, const struct db_res *res,
			uint32_t row);
/**
 * The end of a command that answers with a list: one element a row.  What does
 * not fit into one reply (reply.size_max) follows in others to the same
 * command; deploy/xccos-extensions.md says how they are marked
 *
 * @param err  As a db_h is told
 * @param res  If it has more rows than cmd->most, the last reply says so
 */
void cmd_reply_rows(struct cmd *cmd, int err, const struct db_res *res,
		    cmd_row_h *h);

/** Is it the first page of a room that its endpoint reads after it entered?
 *  Every client asks for that once */
bool cmd_bccontext_first(struct endpoint *ep, const struct xccos_prim *prim);
/** Searches that a page counts as: 0 for one of usual length */
uint32_t cmd_bccontext_long(const struct xccos_prim *prim);
/** Does it leave a room that its endpoint is in? */
bool cmd_part_leaves(const struct endpoint *ep, const struct xccos_prim *prim);

/** msg of a history reply, from a row that message_read() takes */
int  cmd_write_message(struct mbuf *mb, const char *uri,
		       const struct db_res *res, uint32_t row);

cmd_h cmd_requri, cmd_getserverinfo, cmd_getassociations, cmd_join, cmd_bjoin,
      cmd_part, cmd_bccontext, cmd_history, cmd_chansrch, cmd_getinv,
      cmd_getpref, cmd_setpref, cmd_grpchat, cmd_getmembers, cmd_getmanagers,
      cmd_getpresenters, cmd_getperms, cmd_getusers, cmd_usersrch,
      cmd_getscopedprincipals, cmd_getnodes, cmd_nodespermcreatechild,
      cmd_getaddins, cmd_chancreate, cmd_chanmodify, cmd_chandelete,
      cmd_getfutok, cmd_getfdtok, cmd_getunread, cmd_setread,
      cmd_getwatches, cmd_setwatch, cmd_delwatch, cmd_getfeed;
