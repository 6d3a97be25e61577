/**
 * @file deploy/ctl/comply.c  pchatctl compliance: batches and adapters
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/db/bstore.h"
#include "common/json.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/tool.h"

enum { ASK_MS = 100, WAIT_S = 60 };

static const struct out_col statev[] = {
	{ "holder",      "Holder of the lease",       OUT_TEXT },
	{ "last_run",    "Last run",                  OUT_TIME },
	{ "staged",      "Events not in a batch yet", OUT_INT  },
	{ "batched",     "Events in batches",         OUT_INT  },
	{ "batch",       "Newest batch",              OUT_INT  },
	{ "refused",     "Refused batches",           OUT_INT  },
	{ "lost_files",  "Files lost before copied",  OUT_INT  },
	{ "held_by",     "Held back by",              OUT_TEXT },
	{ "oldest",      "Oldest event not archived", OUT_TIME },
	{ "oldest_s",    "  its age in s",            OUT_INT  },
};

static const struct out_col adapterv[] = {
	{ "name",       "ADAPTER",  OUT_TEXT },
	{ "type",       "TYPE",     OUT_TEXT },
	{ "required",   "REQUIRED", OUT_BOOL },
	{ "configured", "CONFIGURED", OUT_BOOL },
	{ "state",      "STATE",    OUT_TEXT },
	{ "batch",      "BATCH",    OUT_INT  },
	{ "waiting",    "WAITING",  OUT_INT  },
	{ "refused",    "REFUSED",  OUT_INT  },
	{ "tries",      "TRIES",    OUT_INT  },
	{ "since",      NULL,       OUT_TIME },
	{ "failing_since", "FAILING SINCE", OUT_TIME },
	{ "next_try",   NULL,       OUT_TIME },
	{ "serial",     NULL,       OUT_INT  },
	{ "sha256",     NULL,       OUT_TEXT },
	{ "error",      "ERROR",    OUT_TEXT },
};

static const struct out_col refusedv[] = {
	{ "adapter",    "REFUSED BY", OUT_TEXT },
	{ "batch",      "BATCH",    OUT_INT  },
	{ "events",     "EVENTS",   OUT_INT  },
	{ "from",       "FROM",     OUT_TIME },
	{ "to",         "TO",       OUT_TIME },
	{ "refused_on", NULL,       OUT_TIME },
	{ "verdict",    "VERDICT",  OUT_TEXT },
	{ "error",      "WHY",      OUT_TEXT },
};

static const struct out_col itemv[] = {
	{ "adapter",    "REFUSED BY", OUT_TEXT },
	{ "batch",      "BATCH",    OUT_INT  },
	{ "item",       "ITEM",     OUT_TEXT },
	{ "refused_on", NULL,       OUT_TIME },
	{ "error",      "WHY",      OUT_TEXT },
};

static const struct out_col forkv[] = {
	{ "what",       "FORK OF",  OUT_TEXT },
	{ "adapter",    "ADAPTER",  OUT_TEXT },
	{ "found_on",   "FOUND",    OUT_TIME },
	{ "detail",     "WHAT WAS FOUND", OUT_TEXT },
};

static const struct out_col lostv[] = {
	{ "event",      "LOST FILE OF EVENT", OUT_TEXT },
	{ "file",       "FILE",     OUT_TEXT },
	{ "found_on",   "FOUND",    OUT_TIME },
};

struct part {
	const char *key;
	const char *stmt;
	const struct out_col *colv;
	size_t colc;
	bool record;
};

static const struct part partv[] = {
	{ "state",    "ctl_compliance_state", statev, ARRAY_SIZE(statev),
	  true },
	{ "adapters", "ctl_compliance_adapters", adapterv,
	  ARRAY_SIZE(adapterv), false },
	{ "refused",  "ctl_compliance_refused", refusedv,
	  ARRAY_SIZE(refusedv), false },
	{ "items",    "ctl_compliance_items", itemv, ARRAY_SIZE(itemv),
	  false },
	{ "forks",    "ctl_compliance_forks", forkv, ARRAY_SIZE(forkv),
	  false },
	{ "lost",     "ctl_compliance_lost", lostv, ARRAY_SIZE(lostv),
	  false },
};


static int part_print(struct tool *tool, struct bstore *st,
		      const struct part *part)
{
	PGresult *res = NULL;
	int err;

	err = bstore_query(st, &res, part->stmt, NULL, 0);
	if (err)
		return err;

	if (tool->json)
		(void)fprintf(tool->out, "\"%s\": ", part->key);
	else if (!part->record && PQntuples(res))
		(void)fputc('\n', tool->out);

	if (part->record)
		err = out_record(tool->out, tool->json, res, part->colv,
				 part->colc);
	else if (tool->json || PQntuples(res))
		err = out_table(tool->out, tool->json, res, part->colv,
				part->colc);
	PQclear(res);

	return err;
}


static int status(struct tool *tool)
{
	struct bstore *st = NULL;
	size_t i;
	int err;

	err = tool_connect_compliance(&st, tool);

	for (i = 0; !err && i < ARRAY_SIZE(partv); i++) {
		if (tool->json)
			(void)fputs(i ? ", " : "{", tool->out);
		err = part_print(tool, st, &partv[i]);
	}
	if (!err && tool->json)
		(void)fputs("}\n", tool->out);

	mem_deref(st);

	return err ? TOOL_FAILED : TOOL_OK;
}


/* ------------------------------------------------------------------- run */

/* The first column of the first row, as text to be freed with mem_deref() */
static int ask(struct bstore *st, const char *stmt, const char *arg,
	       char **firstp, char **secondp)
{
	const char *argv[] = { arg };
	PGresult *res = NULL;
	int err;

	err = bstore_query(st, &res, stmt, argv, arg ? 1 : 0);
	if (err)
		return err;

	err = str_dup(firstp, PQgetvalue(res, 0, 0));
	if (!err && secondp)
		err = str_dup(secondp, PQgetvalue(res, 0, 1));
	PQclear(res);

	return err;
}


/* Until the answer of the statement begins with @p goal */
static int wait_until(struct bstore *st, const char *stmt, const char *arg,
		      const char *goal, char **secondp)
{
	unsigned i;

	for (i = 0; i < WAIT_S * 1000 / ASK_MS; i++) {

		char *now = NULL;
		bool there;
		int err;

		if (secondp)
			*secondp = mem_deref(*secondp);
		err = ask(st, stmt, arg, &now, secondp);
		there = !err && !strcmp(now, goal);
		mem_deref(now);
		if (err || there)
			return err;

		(void)poll(NULL, 0, ASK_MS);
	}

	return ETIMEDOUT;
}


/* What was there when it was asked for is in a batch now, or who is to blame */
static int check_held(struct tool *tool, struct bstore *st, const char *asked)
{
	const char *argv[] = { asked };
	PGresult *res = NULL;
	int err;

	err = bstore_query(st, &res, "ctl_compliance_held", argv, 1);
	if (!err && *PQgetvalue(res, 0, 0) == 't') {
		(void)fprintf(tool->err, "pchatctl: events from %s on are in "
			      "no batch yet, held back by %s\n",
			      PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 2));
		err = EBUSY;
	}
	PQclear(res);

	return err;
}


static int wait_adapters(struct tool *tool, struct bstore *st,
			 const char *batch)
{
	char *why = NULL;
	int err;

	err = wait_until(st, "ctl_compliance_behind", batch, "0", &why);
	if (err == ETIMEDOUT)
		(void)fprintf(tool->err, "pchatctl: not every adapter is done "
			      "in %d s: %s\n", WAIT_S, why ? why : "");
	mem_deref(why);

	return err;
}


static int run_all(struct tool *tool, struct bstore *st)
{
	char *asked = NULL, *batch = NULL;
	int err, held = 0;

	err = ask(st, "run_ask", NULL, &asked, NULL);
	if (!err)
		err = wait_until(st, "run_waits", asked, "f", &batch);
	if (err == ETIMEDOUT)
		(void)fprintf(tool->err, "pchatctl: no run in %d s: does a "
			      "daemon hold the lease?  See pchatctl compliance "
			      "status\n", WAIT_S);
	if (!err)
		held = check_held(tool, st, asked);
	if (!err && tool_opt(tool, "wait"))
		err = wait_adapters(tool, st, batch);
	if (!err)
		(void)fprintf(tool->out, tool->json ? "{\"batch\": %s}\n" :
			      "newest batch: %s\n", batch);

	mem_deref(asked);
	mem_deref(batch);

	return err ? err : held;
}


static int run(struct tool *tool)
{
	struct bstore *st = NULL;
	int err;

	err = tool_connect_compliance(&st, tool);
	if (!err)
		err = run_all(tool, st);
	mem_deref(st);

	return err ? TOOL_FAILED : TOOL_OK;
}


/* ------------------------------------------------------- refused batches */

/* What a statement did, in one form for all that change something here */
static void say(const struct tool *tool, const char *batch, const char *done)
{
	const char *name = tool->argv[0];
	json_t *obj;

	if (!tool->json) {
		(void)fprintf(tool->out, "%s: %s%s%s%s\n", name,
			      batch ? "batch " : "", batch ? batch : "",
			      batch ? " " : "", done);
		return;
	}

	obj = json_pack("{s:s, s:s*, s:s, s:b}", "adapter", name, "batch",
			batch, "done", done, "dry_run", tool->dry_run);
	(void)json_dumpf(obj, tool->out, JSON_ENSURE_ASCII);
	(void)fputc('\n', tool->out);
	json_decref(obj);
}


/* Everything up to the commit: a dry run only leaves that out */
static int change(struct tool *tool, PGresult **resp, const char *stmt,
		  const char *const *argv, int argc, struct bstore **stp)
{
	int err;

	err = tool_connect_compliance(stp, tool);
	if (!err)
		err = bstore_begin(*stp);
	if (!err)
		err = bstore_query(*stp, resp, stmt, argv, argc);

	return err;
}


static int judge(struct tool *tool, const char *word, const char *did,
		 const char *would)
{
	const char *argv[] = { tool->argv[0], tool->argv[1], word,
			       tool->actor };
	struct bstore *st = NULL;
	PGresult *res = NULL;
	int err;

	err = change(tool, &res, "ctl_compliance_judge", argv, 4, &st);
	if (!err && *PQgetvalue(res, 0, 0) != 't') {
		(void)fprintf(tool->err, "pchatctl: adapter %s has not refused"
			      " batch %s\n", argv[0], argv[1]);
		err = ENOENT;
	}
	if (!err && !tool->dry_run)
		err = bstore_commit(st);
	if (!err)
		say(tool, argv[1], tool->dry_run ? would : did);

	PQclear(res);
	mem_deref(st);

	return err ? TOOL_FAILED : TOOL_OK;
}


/* "all" instead of a batch */
static int judge_all(struct tool *tool, const char *word, const char *what)
{
	const char *argv[] = { tool->argv[0], word, tool->actor };
	struct bstore *st = NULL;
	PGresult *res = NULL;
	char done[96];
	int err;

	err = change(tool, &res, "ctl_compliance_judge_all", argv, 3, &st);
	if (!err && !tool->dry_run)
		err = bstore_commit(st);
	if (!err) {
		(void)snprintf(done, sizeof(done), "%s batches %s %s",
			       PQgetvalue(res, 0, 0),
			       tool->dry_run ? "would be" : "are", what);
		say(tool, NULL, done);
	}

	PQclear(res);
	mem_deref(st);

	return err ? TOOL_FAILED : TOOL_OK;
}


static int retry(struct tool *tool)
{
	if (!strcmp(tool->argv[1], "all"))
		return judge_all(tool, "retry", "delivered again");

	return judge(tool, "retry", "is delivered again",
		     "would be delivered again");
}


static int skip(struct tool *tool)
{
	if (tool_confirm(tool, "Give up for good: no archive will have what is in"
			 " batch", tool->argv[1]))
		return TOOL_FAILED;
	if (!strcmp(tool->argv[1], "all"))
		return judge_all(tool, "skip", "given up");

	return judge(tool, "skip", "is given up", "would be given up");
}


static int adopt(struct tool *tool)
{
	struct bstore *st = NULL;
	PGresult *res = NULL;
	int err;

	err = change(tool, &res, "ctl_compliance_adopt",
		     (const char *const *)tool->argv, 1, &st);
	if (!err && !PQntuples(res)) {
		(void)fprintf(tool->err, "pchatctl: there is no adapter %s\n",
			      tool->argv[0]);
		err = ENOENT;
	}
	if (!err && !tool->dry_run)
		err = bstore_commit(st);
	if (!err)
		say(tool, NULL, tool->dry_run ?
		    "would go on with the chain of its directory" :
		    "goes on with the chain of its directory");

	PQclear(res);
	mem_deref(st);

	return err ? TOOL_FAILED : TOOL_OK;
}


static int remove_adapter(struct tool *tool)
{
	struct bstore *st = NULL;
	PGresult *res = NULL;
	int err;

	if (tool_confirm(tool, "Forget what was archived by adapter",
			 tool->argv[0]))
		return TOOL_FAILED;

	err = change(tool, &res, "ctl_compliance_remove",
		     (const char *const *)tool->argv, 1, &st);
	if (!err && !PQntuples(res)) {
		(void)fprintf(tool->err, "pchatctl: there is no adapter %s, or"
			      " it is configured\n", tool->argv[0]);
		err = ENOENT;
	}
	if (!err && !tool->dry_run)
		err = bstore_commit(st);
	if (!err)
		say(tool, NULL, tool->dry_run ? "would be removed" :
		    "removed; nothing waits for it any more");

	PQclear(res);
	mem_deref(st);

	return err ? TOOL_FAILED : TOOL_OK;
}


static const struct tool_opt optv[] = {
	TOOL_OPT_COMPLIANCE,
	{ NULL, NULL, NULL },
};

static const struct tool_opt run_optv[] = {
	TOOL_OPT_COMPLIANCE,
	{ "wait", NULL, "until every adapter is done with them, too" },
	{ NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "compliance", "status", NULL, 0, status,
	  "show who runs the archives, how far they are and what was refused", optv },
	{ "compliance", "run", NULL, 0, run,
	  "make batches of all events that exist now", run_optv },
	{ "compliance", "retry", "ADAPTER BATCH", TOOL_DRY, retry,
	  "deliver again what was refused of a batch (or of all)", optv },
	{ "compliance", "skip", "ADAPTER BATCH", TOOL_DRY, skip,
	  "give up what was refused of a batch (or of all); the archive's "
	  "manifests say so", optv },
	{ "compliance", "adopt", "ADAPTER", TOOL_DRY, adopt,
	  "continue the chain of manifests that its directory already has", optv },
	{ "compliance", "remove", "ADAPTER", TOOL_DRY, remove_adapter,
	  "forget an adapter that no daemon is configured with any more", optv },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
