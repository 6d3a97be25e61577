/**
 * @file channel/cmd/table.c  The commands, and their dispatcher
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/cmd/bcq.h"
#include "channel/cmd/lane.h"
#include "channel/cmd/price.h"
#include "channel/cmd/table.h"
#include "channel/sip/uas.h"
#include "channel/xccos/tokens.h"
#include "channel/xccos/xccos.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/post_batch.h"
#include "channel/trace.h"
#include "channel/user.h"

static const struct cmd_row rowv[] = {
	{ "requri",         cmd_requri,          LANE_NONE,    1, 0 },
	{ "getserverinfo",  cmd_getserverinfo,   LANE_NONE,    1, 0 },
	{ "getassociations", cmd_getassociations, LANE_READ,    5, 1 },
	{ "join",           cmd_join,            LANE_MAIN,    1, 0 },
	{ "bjoin",          cmd_bjoin,           LANE_MAIN,    1, 0 },
	{ "part",           cmd_part,            LANE_MAIN,    1, 0 },
	{ "bccontext",      cmd_bccontext,       LANE_READ,    2, 0 },
	{ "chansrch",       cmd_chansrch,        LANE_SEARCH,  5, 1 },
	{ "getinv",         cmd_getinv,          LANE_MAIN,    2, 0 },
	{ "getmembers",     cmd_getmembers,      LANE_READ,    5, 0 },
	{ "getmanagers",    cmd_getmanagers,     LANE_READ,    5, 0 },
	{ "getpresenters",  cmd_getpresenters,   LANE_READ,    5, 0 },
	{ "getperms",       cmd_getperms,        LANE_READ,    2, 0 },
	{ "getusers",       cmd_getusers,        LANE_READ,   10, 0 },
	{ "usersrch",       cmd_usersrch,        LANE_SEARCH,  5, 1 },
	{ "getscopedprincipals", cmd_getscopedprincipals, LANE_SEARCH,  5, 1 },
	{ "getnodes",       cmd_getnodes,        LANE_READ,    5, 0 },
	{ "nodespermcreatechild", cmd_nodespermcreatechild, LANE_READ,    5, 0 },
	{ "getaddins",      cmd_getaddins,       LANE_READ,    2, 0 },
	{ "chancreate",     cmd_chancreate,      LANE_MAIN,   50, 0 },
	{ "chanmodify",     cmd_chanmodify,      LANE_MAIN,   50, 0 },
	{ "chandelete",     cmd_chandelete,      LANE_MAIN,   50, 0 },
	{ "getfutok",       cmd_getfutok,        LANE_MAIN,   20, 0 },
	{ "getfdtok",       cmd_getfdtok,        LANE_MAIN,   10, 0 },
	{ "getpref",        cmd_getpref,         LANE_MAIN,    2, 0 },
	{ "setpref",        cmd_setpref,         LANE_MAIN,    5, 0 },
	{ "getunread",      cmd_getunread,       LANE_READ,    5, 0 },
	{ "setread",        cmd_setread,         LANE_MAIN,    2, 0 },
	{ "getwatches",     cmd_getwatches,      LANE_MAIN,    2, 0 },
	{ "setwatch",       cmd_setwatch,        LANE_MAIN,   20, 0 },
	{ "delwatch",       cmd_delwatch,        LANE_MAIN,    5, 0 },
	{ "getfeed",        cmd_getfeed,         LANE_MAIN,    5, 0 },
};

/* Every other verb that begins so: its spelling is not public */
static const struct cmd_row history = {
	"bc", cmd_history, LANE_SEARCH, 5, 1,
};

enum {
	ENVELOPE      = 64,     /* what closes a document                     */
	ROWS_A_TOKEN  = 100,    /* of a long list, beyond the first ones      */
};

static uint64_t n_commands, n_failed, n_unknown, n_malformed, n_shed, n_more,
	n_limited;

static const struct stats_row statv[] = {
	{ "commands",           &n_commands,  false, "XCCOS commands done" },
	{ "commands_failed",    &n_failed,    false,
	  "Commands answered with a code other than 200" },
	{ "commands_unknown",   &n_unknown,   false, "Unknown commands" },
	{ "commands_shed",      &n_shed,      false,
	  "Requests refused because an endpoint's queue was full" },
	{ "replies_in_parts",   &n_more,      false,
	  "Replies beyond the first to a command whose list did not fit" },
	{ "replies_limited",    &n_limited,   false,
	  "Lists that were longer than the limit, and said so" },
	{ "documents_malformed", &n_malformed, false,
	  "Request bodies that were not XCCOS" },
};

static void next(struct endpoint *ep);


static void __attribute__((constructor)) init(void)
{
	stats_register(statv, ARRAY_SIZE(statv));
}


static void destructor(void *data)
{
	struct cmd *cmd = data;

	list_unlink(&cmd->le);
	if (cmd->st)
		st_reply(cmd->st, 503, "Service Unavailable", POST_BUSY);
	lane_leave(cmd);
	mem_deref(cmd->state);
	mem_deref(cmd->mb);
	mem_deref(cmd->doc);
	mem_deref(cmd->ep);
}


const struct cmd_row *cmd_find(const char *verb)
{
	size_t i;

	for (i = 0; verb && i < ARRAY_SIZE(rowv); i++) {
		if (!strcmp(rowv[i].verb, verb))
			return &rowv[i];
	}

	return verb && !strncmp(verb, history.verb, 2) ? &history : NULL;
}


int cmd_reply_begin(struct cmd *cmd, int err)
{
	const char *verb = cmd->reply_verb ? cmd->reply_verb :
		cmd->prim->verb;

	cmd->mb = mem_deref(cmd->mb);
	cmd->mb = mbuf_alloc(2048);
	if (!cmd->mb)
		return ENOMEM;

	if (err) {
		++n_failed;
		trace_seen(cmd->svc->trace, cmd->ep->agent, "cmd:%s %u",
			   verb ? verb : "", xccos_resp(err).code);
	}

	err = xccos_rpl(cmd->mb, service_envid(cmd->svc), verb ? verb : "",
			cmd->prim->seqid, cmd->doc->envid, xccos_resp(err));
	cmd->data = cmd->mb->pos;

	return err;
}


bool cmd_reply_fits(const struct cmd *cmd)
{
	return cmd->mb->end + ENVELOPE <= cmd->svc->set.reply_max;
}


int cmd_reply_next(struct cmd *cmd)
{
	int err;

	++n_more;
	err = xccos_mark(cmd->mb, cmd->data, XT_CONTINUED);
	if (!err)
		err = xccos_end(cmd->mb, "rpl");
	if (!err)
		(void)endpoint_send(cmd->ep, cmd->mb);

	return err ? err : cmd_reply_begin(cmd, 0);
}


static void finish(struct cmd *cmd)
{
	struct endpoint *ep = mem_ref(cmd->ep);

	mem_deref(cmd);
	ep->busy = false;
	next(ep);
	mem_deref(ep);
}


void cmd_reply(struct cmd *cmd)
{
	++n_commands;
	if (!xccos_end(cmd->mb, "rpl"))
		(void)endpoint_send(cmd->ep, cmd->mb);
	finish(cmd);
}


void cmd_fail(struct cmd *cmd, int err)
{
	if (cmd_reply_begin(cmd, err))
		finish(cmd);
	else
		cmd_reply(cmd);
}


void cmd_end(struct cmd *cmd, int err)
{
	if (err)
		cmd_fail(cmd, err);
	else
		cmd_reply(cmd);
}


/* Rows from *pos on that fit; the first one in any case */
static int write_rows(struct cmd *cmd, const struct db_res *res, cmd_row_h *h,
		      uint32_t *pos, uint32_t end)
{
	const uint32_t first = *pos;

	for (; *pos < end; ++*pos) {
		const size_t start = cmd->mb->pos;
		const int err = h(cmd, res, *pos);

		if (err)
			return err;
		if (!cmd_reply_fits(cmd) && *pos > first) {
			cmd->mb->pos = cmd->mb->end = start;
			break;
		}
	}

	return 0;
}


static int reply_rows(struct cmd *cmd, const struct db_res *res, cmd_row_h *h)
{
	const uint32_t n = db_rows(res);
	const uint32_t end = cmd->most ? min(n, cmd->most) : n;
	uint32_t pos = 0;
	int err;

	err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = write_rows(cmd, res, h, &pos, end);
	while (!err && pos < end) {
		err = cmd_reply_next(cmd);
		if (!err)
			err = write_rows(cmd, res, h, &pos, end);
	}

	if (!err && n > end) {
		++n_limited;
		err = xccos_mark(cmd->mb, cmd->data, XT_MORE);
	}

	return err;
}


void cmd_reply_rows(struct cmd *cmd, int err, const struct db_res *res,
		    cmd_row_h *h)
{
	if (err)
		err = EBUSY;
	if (!err) {
		rate_charge(cmd->svc->rates, cmd->ep->rate, &cmd->ep->buckets,
			    cmd->lane == LANE_SEARCH ? RATE_SEARCH :
			    RATE_COMMAND, db_rows(res) / ROWS_A_TOKEN);
		err = reply_rows(cmd, res, h);
	}

	cmd_end(cmd, err);
}


/* What asks for one room's messages by their place is a page, else a search */
static enum lane_id lane_of(const struct cmd *cmd, const struct cmd_row *row)
{
	if (row->h == cmd_history || row->h == cmd_bccontext)
		return bcq_issearch(cmd->prim) ? LANE_SEARCH : LANE_READ;

	return row->lane;
}


/* Its turn has come; meanwhile the dialog may have ended */
void cmd_run(struct cmd *cmd)
{
	const struct cmd_row *row = cmd_find(cmd->prim->verb);
	int err;

	if (!cmd->ep->dlg) {
		finish(cmd);
		return;
	}

	err = row ? row->h(cmd) : cmd->prim->verb ? ENOSYS : EINVAL;
	if (err)
		cmd_fail(cmd, err);
}


static void run(struct cmd *cmd)
{
	const struct cmd_row *row;

	cmd->ep->busy = true;

	if (cmd->prim->kind == XCCOS_GRPCHAT) {
		(void)cmd_grpchat(cmd);
		finish(cmd);
		return;
	}

	row = cmd_find(cmd->prim->verb);
	if (!row) {
		++n_unknown;
		log_info("command.unknown", "user=%s id=%s",
			 cmd->ep->user->uri,
			 cmd->prim->verb ? cmd->prim->verb : "-");
	}

	if (lane_enter(cmd->svc->lanes, cmd,
		       row ? lane_of(cmd, row) : LANE_NONE))
		cmd_fail(cmd, EBUSY);
}


/* Posts may follow each other into the store, where one connection keeps their
   order; whatever else there is takes effect after them */
static bool must_wait(const struct cmd *cmd)
{
	return cmd->ep->posts && cmd->prim->kind != XCCOS_GRPCHAT;
}


/* Iterative: a handler that finishes at once must not nest the next one */
static void next(struct endpoint *ep)
{
	if (ep->draining_cmds)
		return;

	ep->draining_cmds = true;
	while (!ep->busy && ep->cmdl.head) {
		struct cmd *cmd = ep->cmdl.head->data;

		if (must_wait(cmd))
			break;
		list_unlink(&cmd->le);
		--ep->cmdc;
		run(cmd);
	}
	ep->draining_cmds = false;
}


void cmd_resume(struct endpoint *ep)
{
	mem_ref(ep);
	next(ep);
	mem_deref(ep);
}


static int enqueue(struct endpoint *ep, struct xccos *doc,
		   const struct xccos_prim *prim, struct st *st)
{
	struct cmd *cmd = mem_zalloc(sizeof(*cmd), destructor);

	if (!cmd)
		return ENOMEM;

	cmd->ep = mem_ref(ep);
	cmd->svc = ep->svc;
	cmd->doc = mem_ref(doc);
	cmd->prim = prim;
	cmd->st = st;
	list_append(&ep->cmdl, &cmd->le, cmd);
	++ep->cmdc;

	return 0;
}


static void receive_chat(struct endpoint *ep, struct st *st,
			 struct xccos *doc)
{
	struct st *held = st_hold(st);

	if (!held)
		st_reply(st, 503, "Service Unavailable", POST_BUSY);
	else if (enqueue(ep, doc, &doc->primv[0], held))
		st_reply(held, 503, "Service Unavailable", POST_BUSY);
}


static void receive(struct endpoint *ep, struct st *st, struct xccos *doc)
{
	uint32_t i;

	if (!price_pay(ep, st, doc))
		return;

	if (ep->cmdc + doc->primc > ep->svc->set.queue_max) {
		++n_shed;
		st_reply(st, 503, "Service Unavailable", POST_BUSY);
		return;
	}

	if (doc->primv[0].kind == XCCOS_GRPCHAT) {
		receive_chat(ep, st, doc);
		return;
	}

	st_reply(st, 200, "OK", NULL);
	for (i = 0; i < doc->primc; i++) {
		if (doc->primv[i].kind == XCCOS_CMD)
			(void)enqueue(ep, doc, &doc->primv[i], NULL);
	}
}


void cmd_receive(struct endpoint *ep, struct st *st, const struct pl *body)
{
	struct xccos *doc;
	int err;

	err = xccos_decode(&doc, body);
	if (err) {
		++n_malformed;
		trace_seen(ep->svc->trace, ep->agent, "malformed");
		st_reply(st, 400, "Bad Request",
			 "Warning: 399 pchat \"body is not an XCCOS document"
			 "\"\r\n");
		return;
	}

	trace_document(ep->svc->trace, ep->agent, doc);
	mem_ref(ep);
	receive(ep, st, doc);
	mem_deref(doc);
	next(ep);
	mem_deref(ep);
}
