/**
 * @file channel/cmd/table.c  The commands, and their dispatcher
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/cmd/table.h"
#include "channel/sip/uas.h"
#include "channel/xccos/xccos.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/post_batch.h"
#include "channel/trace.h"
#include "channel/user.h"

struct row {
	const char *verb;
	cmd_h *h;
};

static const struct row rowv[] = {
	{ "requri",          cmd_requri          },
	{ "getserverinfo",   cmd_getserverinfo   },
	{ "getassociations", cmd_getassociations },
	{ "join",            cmd_join            },
	{ "bjoin",           cmd_bjoin           },
	{ "part",            cmd_part            },
	{ "bccontext",       cmd_bccontext       },
	{ "chansrch",        cmd_chansrch        },
	{ "getinv",          cmd_getinv          },
	{ "getmembers",      cmd_getmembers      },
	{ "getmanagers",     cmd_getmanagers     },
	{ "getpresenters",   cmd_getpresenters   },
	{ "getperms",        cmd_getperms        },
	{ "getusers",        cmd_getusers        },
	{ "usersrch",        cmd_usersrch        },
	{ "getscopedprincipals", cmd_getscopedprincipals },
	{ "getnodes",        cmd_getnodes        },
	{ "nodespermcreatechild", cmd_nodespermcreatechild },
	{ "getaddins",       cmd_getaddins       },
	{ "chancreate",      cmd_chancreate      },
	{ "chanmodify",      cmd_chanmodify      },
	{ "chandelete",      cmd_chandelete      },
	{ "getfutok",        cmd_getfutok        },
	{ "getfdtok",        cmd_getfdtok        },
	{ "getpref",         cmd_getpref         },
	{ "setpref",         cmd_setpref         },
	{ "getunread",       cmd_getunread       },
	{ "setread",         cmd_setread         },
	{ "getwatches",      cmd_getwatches      },
	{ "setwatch",        cmd_setwatch        },
	{ "delwatch",        cmd_delwatch        },
	{ "getfeed",         cmd_getfeed         },
};

/* Every other verb that begins so: its spelling is not public */
static const struct row history = { "bc", cmd_history };

enum { ENVELOPE = 64 };        /* what closes a document */

static uint64_t n_commands, n_failed, n_unknown, n_malformed, n_shed, n_cut;

static const struct stats_row statv[] = {
	{ "commands",           &n_commands,  false, "XCCOS commands done" },
	{ "commands_failed",    &n_failed,    false,
	  "Commands answered with a code other than 200" },
	{ "commands_unknown",   &n_unknown,   false, "Unknown commands" },
	{ "commands_shed",      &n_shed,      false,
	  "Requests refused because an endpoint's queue was full" },
	{ "replies_cut",        &n_cut,       false,
	  "Lists of which a reply could not hold all" },
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
	mem_deref(cmd->state);
	mem_deref(cmd->mb);
	mem_deref(cmd->doc);
	mem_deref(cmd->ep);
}


static const struct row *find(const char *verb)
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

	return xccos_rpl(cmd->mb, service_envid(cmd->svc), verb ? verb : "",
			 cmd->prim->seqid, cmd->doc->envid, xccos_resp(err));
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


static int write_rows(struct cmd *cmd, const struct db_res *res, cmd_row_h *h)
{
	const uint32_t n = db_rows(res);
	uint32_t i;

	for (i = 0; i < n; i++) {
		const size_t start = cmd->mb->pos;
		const int err = h(cmd, res, i);

		if (err)
			return err;
		if (cmd->mb->end + ENVELOPE > cmd->svc->set.reply_max) {
			cmd->mb->pos = cmd->mb->end = start;
			++n_cut;
			break;
		}
	}

	return 0;
}


void cmd_reply_rows(struct cmd *cmd, int err, const struct db_res *res,
		    cmd_row_h *h)
{
	if (err)
		err = EBUSY;
	if (!err)
		err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = write_rows(cmd, res, h);

	cmd_end(cmd, err);
}


static void run(struct cmd *cmd)
{
	const struct row *row;
	int err;

	cmd->ep->busy = true;

	if (cmd->prim->kind == XCCOS_GRPCHAT) {
		(void)cmd_grpchat(cmd);
		finish(cmd);
		return;
	}

	row = find(cmd->prim->verb);
	if (!row) {
		++n_unknown;
		log_info("command.unknown", "user=%s id=%s",
			 cmd->ep->user->uri,
			 cmd->prim->verb ? cmd->prim->verb : "-");
	}

	err = row ? row->h(cmd) : cmd->prim->verb ? ENOSYS : EINVAL;
	if (err)
		cmd_fail(cmd, err);
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
