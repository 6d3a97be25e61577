/**
 * @file deploy/ctl/comply.c  pchatctl compliance: batches and adapters
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/db/bstore.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/tool.h"

enum { ASK_MS = 100, WAIT_S = 60 };

static const struct out_col statev[] = {
	{ "holder",      "Holder of the lease",       OUT_TEXT },
	{ "last_run",    "Last run",                  OUT_TEXT },
	{ "staged",      "Events not in a batch yet", OUT_INT  },
	{ "batched",     "Events in batches",         OUT_INT  },
	{ "batch",       "Newest batch",              OUT_INT  },
	{ "refused",     "Refused batches",           OUT_INT  },
	{ "oldest",      "Oldest event not archived", OUT_TEXT },
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
	{ "since",      NULL,       OUT_TEXT },
	{ "serial",     NULL,       OUT_INT  },
	{ "sha256",     NULL,       OUT_TEXT },
	{ "error",      "ERROR",    OUT_TEXT },
};

static const struct out_col refusedv[] = {
	{ "adapter",    "REFUSED BY", OUT_TEXT },
	{ "batch",      "BATCH",    OUT_INT  },
	{ "events",     "EVENTS",   OUT_INT  },
	{ "from",       "FROM",     OUT_TEXT },
	{ "to",         "TO",       OUT_TEXT },
	{ "refused_on", NULL,       OUT_TEXT },
	{ "verdict",    "VERDICT",  OUT_TEXT },
	{ "error",      "WHY",      OUT_TEXT },
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
	else if (!part->record)
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


static int run_all(struct tool *tool, struct bstore *st)
{
	char *asked = NULL, *batch = NULL;
	int err;

	err = ask(st, "run_ask", NULL, &asked, NULL);
	if (!err)
		err = wait_until(st, "run_waits", asked, "f", &batch);
	if (!err && tool_opt(tool, "wait"))
		err = wait_until(st, "ctl_compliance_behind", batch, "0",
				 NULL);

	if (err == ETIMEDOUT)
		(void)fprintf(tool->err, "pchatctl: not done in %d s: see "
			      "pchatctl compliance status\n", WAIT_S);
	else if (!err)
		(void)fprintf(tool->out, tool->json ? "{\"batch\": %s}\n" :
			      "newest batch: %s\n", batch);

	mem_deref(asked);
	mem_deref(batch);

	return err;
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

static int judge(struct tool *tool, const char *word, const char *what)
{
	const char *argv[] = { tool->argv[0], tool->argv[1], word,
			       tool->actor };
	struct bstore *st = NULL;
	PGresult *res = NULL;
	int err;

	err = tool_connect_compliance(&st, tool);
	if (!err)
		err = bstore_query(st, &res, "ctl_compliance_judge", argv, 4);
	if (!err && *PQgetvalue(res, 0, 0) != 't') {
		(void)fprintf(tool->err, "pchatctl: adapter %s has not refused"
			      " batch %s\n", argv[0], argv[1]);
		err = ENOENT;
	}
	if (!err)
		(void)fprintf(tool->out, "%s: batch %s is %s\n", argv[0],
			      argv[1], what);

	PQclear(res);
	mem_deref(st);

	return err ? TOOL_FAILED : TOOL_OK;
}


static int retry(struct tool *tool)
{
	return judge(tool, "retry", "delivered again");
}


static int skip(struct tool *tool)
{
	return judge(tool, "skip", "given up");
}


static int remove_adapter(struct tool *tool)
{
	struct bstore *st = NULL;
	PGresult *res = NULL;
	int err;

	err = tool_connect_compliance(&st, tool);
	if (!err)
		err = bstore_query(st, &res, "ctl_compliance_remove",
				   (const char *const *)tool->argv, 1);
	if (!err && !PQntuples(res)) {
		(void)fprintf(tool->err, "pchatctl: there is no adapter %s, or"
			      " it is configured\n", tool->argv[0]);
		err = ENOENT;
	}
	if (!err)
		(void)fprintf(tool->out, "%s: removed; nothing waits for it"
			      " any more\n", tool->argv[0]);

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
	{ "wait", NULL, "until every adapter has dealt with it, too" },
	{ NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "compliance", "status", NULL, 0, status,
	  "who runs the archives, how far they are, what was refused", optv },
	{ "compliance", "run", NULL, 0, run,
	  "make batches of all events that are there now", run_optv },
	{ "compliance", "retry", "ADAPTER BATCH", 0, retry,
	  "offer a refused batch again", optv },
	{ "compliance", "skip", "ADAPTER BATCH", 0, skip,
	  "give a refused batch up; the archive's chain says so", optv },
	{ "compliance", "remove", "ADAPTER", 0, remove_adapter,
	  "forget an adapter that is configured nowhere any more", optv },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
