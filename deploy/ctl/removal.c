/**
 * @file deploy/ctl/removal.c  Messages removed, replaced, purged: slice by slice
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <re.h>
#include "common/db/bstore.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/removal.h"

#define SLICE "1000"           /* messages looked at in one transaction */

struct progress {
	uint64_t found, held;
	char room[24], msg[24];    /* to go on after                   */
	bool more;
};


int removal_conditions(char **condp, struct bstore *st,
		       const struct removal *r)
{
	const char *const argv[] = {
		r->action, r->room, r->user, r->from, r->to, r->before,
		r->words, r->match, r->matchcase ? "t" : NULL, r->text,
	};
	PGresult *res = NULL;
	int err;

	err = bstore_query(st, &res, "ctl_message_conditions", argv,
			   ARRAY_SIZE(argv));
	if (!err)
		err = str_dup(condp, PQgetvalue(res, 0, 0));
	PQclear(res);

	return err;
}


static int slice(struct bstore *st, const char *cond, bool dry,
		 struct progress *p)
{
	const char *const argv[] = {
		cond, p->room, p->msg, SLICE, dry ? "t" : "f"
	};
	PGresult *res = NULL;
	int err;

	err = bstore_query(st, &res, "ctl_message_sweep", argv,
			   ARRAY_SIZE(argv));
	if (err)
		return err;

	p->found += strtoull(PQgetvalue(res, 0, 0), NULL, 10);
	p->held  += strtoull(PQgetvalue(res, 0, 1), NULL, 10);
	p->more = !PQgetisnull(res, 0, 2);
	str_ncpy(p->room, PQgetvalue(res, 0, 2), sizeof(p->room));
	str_ncpy(p->msg, PQgetvalue(res, 0, 3), sizeof(p->msg));
	PQclear(res);

	return 0;
}


static int audit(struct bstore *st, const struct removal *r, const char *what,
		 const char *detail)
{
	char action[48];
	const char *const argv[] = { action, r->object, detail };

	(void)snprintf(action, sizeof(action), "message.%s%s", r->action, what);

	return bstore_exec(st, NULL, "ctl_message_audit", argv,
			   ARRAY_SIZE(argv));
}


/* The audit says what is meant before anything goes, and what went after */
static int work(struct bstore *st, const struct removal *r, const char *cond,
		bool dry, struct progress *p)
{
	char counts[96];
	int err = dry ? 0 : audit(st, r, "", cond);

	while (!err && p->more)
		err = slice(st, cond, dry, p);

	if (dry || (err && !p->found))
		return err;

	(void)snprintf(counts, sizeof(counts), "{\"messages\": %" PRIu64
		       ", \"held\": %" PRIu64 "}", p->found, p->held);
	if (audit(st, r, err ? ".broken" : ".done", counts) && !err)
		err = EPROTO;

	return err;
}


static void say(const struct tool *tool, const struct removal *r,
		const struct progress *p)
{
	if (tool->json) {
		(void)fprintf(tool->out, "{\"action\": \"%s\", \"messages\": %"
			      PRIu64 ", \"held\": %" PRIu64
			      ", \"dry_run\": %s}\n", r->action, p->found,
			      p->held, tool->dry_run ? "true" : "false");
		return;
	}

	(void)fprintf(tool->out, "%s%s: %" PRIu64 "\n",
		      tool->dry_run ? "would be " : "", r->done, p->found);
	if (p->held)
		(void)fprintf(tool->out, "kept, because of a hold: %" PRIu64
			      "\n", p->held);
	if (tool->dry_run)
		(void)fprintf(tool->out, "dry run: nothing was written\n");
}


int removal_run(struct tool *tool, const struct removal *r)
{
	struct progress p = { .room = "0", .msg = "0", .more = true };
	struct bstore *st = NULL;
	char *cond = NULL;
	int err;

	err = tool_connect(&st, tool);
	if (!err)
		err = removal_conditions(&cond, st, r);
	if (!err)
		err = work(st, r, cond, tool->dry_run, &p);

	if (!err)
		say(tool, r, &p);
	else if (p.found && !tool->dry_run)
		(void)fprintf(tool->err, "pchatctl: broken off; %s before: %"
			      PRIu64 "\n", r->done, p.found);

	mem_deref(cond);
	mem_deref(st);

	return err ? TOOL_FAILED : TOOL_OK;
}
