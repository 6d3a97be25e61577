/**
 * @file deploy/ctl/archive.c  pchatctl archive: what adapters have written
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/db/bstore.h"
#include "common/json.h"
#include "compliance/delivery.h"
#include "compliance/digest.h"
#include "compliance/manifest.h"
#include "compliance/verify.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/archive.h"


/* --------------------------------------------------------------- verify */

int archive_key(struct signkey **keyp, const struct tool *tool)
{
	const char *path = tool_opt(tool, "key");
	int err;

	if (!path)
		return 0;

	err = signkey_load(keyp, path, false);
	if (err)
		(void)fprintf(tool->err, "pchatctl: --key: %s: %s\n", path,
			      err == EBADMSG ? "no Ed25519 public key" :
			      strerror(err));

	return err;
}


static void problem_handler(const char *problem, void *arg)
{
	const struct tool *tool = arg;

	(void)fprintf(tool->err, "pchatctl: %s\n", problem);
}


static void tell(const struct tool *tool, const struct verify_sum *sum)
{
	json_t *obj;

	if (!tool->json) {
		(void)fprintf(tool->out, "%" PRIu64 " batches, %" PRIu64
			      " events, %" PRIu64 " files, %" PRIu64
			      " bytes, %" PRIu64 " problems\n"
			      "end of the chain: %" PRIu64 " %s\n",
			      sum->manifests, sum->events, sum->files,
			      sum->bytes, sum->problems, sum->serial,
			      sum->sha256);
		return;
	}

	obj = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:s}",
			"batches", (json_int_t)sum->manifests,
			"events", (json_int_t)sum->events,
			"files", (json_int_t)sum->files,
			"bytes", (json_int_t)sum->bytes,
			"problems", (json_int_t)sum->problems,
			"serial", (json_int_t)sum->serial,
			"sha256", sum->sha256);
	(void)json_dumpf(obj, tool->out, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	(void)fputc('\n', tool->out);
	json_decref(obj);
}


static int verify(struct tool *tool)
{
	struct signkey *key = NULL;
	struct verify_sum sum;
	int err;

	err = archive_key(&key, tool);
	if (err)
		return TOOL_FAILED;

	err = verify_dir(&sum, tool->argv[0], key, problem_handler, NULL,
			 tool);
	mem_deref(key);
	if (err) {
		(void)fprintf(tool->err, "pchatctl: %s: %s\n", tool->argv[0],
			      strerror(err));
		return TOOL_FAILED;
	}

	tell(tool, &sum);

	return sum.problems ? TOOL_FAILED : TOOL_OK;
}


/* --------------------------------------------------------------- replay */

struct replay {
	struct tool *tool;
	struct bstore *st;
	struct delivery *delivery;
	uint64_t serial, eventc;
	char previous[DIGEST_HEXSIZE];
};


static uint64_t number(const PGresult *res, int row, int col)
{
	return strtoull(PQgetvalue(res, row, col), NULL, 10);
}


static int replay_batch(struct replay *rp, const PGresult *res, int row)
{
	struct delivery_job job = {
		.batch   = number(res, row, 0),
		.from_us = (int64_t)number(res, row, 1),
		.to_us   = (int64_t)number(res, row, 2),
		.eventc  = number(res, row, 3),
		.serial  = rp->serial + 1,
		.previous = rp->previous, .verdict = "deliver",
		.replay  = true,
	};
	int err;

	err = delivery_run(rp->delivery, rp->st, &job);
	mem_deref(job.manifest);

	if (!err && strcmp(job.result, "delivered"))
		err = EPROTO;
	if (err) {
		(void)fprintf(rp->tool->err, "pchatctl: batch %" PRIu64
			      ": %s\n", job.batch, job.why);
		return err;
	}

	++rp->serial;
	rp->eventc += job.eventc;
	str_ncpy(rp->previous, job.sha256, sizeof(rp->previous));

	return 0;
}


/* All or nothing: an archive with a hole helps nobody */
static int all_here(const struct replay *rp, const PGresult *res)
{
	int row;

	for (row = 0; row < PQntuples(res); row++) {

		if (*PQgetvalue(res, row, 4) == 't')
			continue;

		(void)fprintf(rp->tool->err, "pchatctl: the events of batch "
			      "%s are deleted; run.keep_s says how long they "
			      "stay\n", PQgetvalue(res, row, 0));
		return ENOENT;
	}

	return 0;
}


static int replay_all(struct replay *rp)
{
	const struct tool *tool = rp->tool;
	const char *argv[] = { tool_opt(tool, "from"), tool_opt(tool, "to") };
	PGresult *res = NULL;
	int row, err;

	if (!argv[0])
		argv[0] = "-infinity";
	if (!argv[1])
		argv[1] = "infinity";

	err = bstore_query(rp->st, &res, "ctl_archive_batches", argv, 2);
	if (!err)
		err = all_here(rp, res);

	for (row = 0; !err && row < PQntuples(res); row++)
		err = replay_batch(rp, res, row);

	PQclear(res);

	return err;
}


static int replay_open(struct replay *rp, const char *file, const char *dir)
{
	struct mbuf *mb = mbuf_alloc(256);
	int err;

	if (!mb)
		return ENOMEM;

	err = delivery_open(&rp->delivery, file, dir,
			    tool_opt(rp->tool, "files"), mb);
	if (err && mb->end)
		(void)fprintf(rp->tool->err, "pchatctl: %.*s\n", (int)mb->end,
			      (const char *)mb->buf);
	mem_deref(mb);

	return err ? err : tool_connect_compliance(&rp->st, rp->tool);
}


static int replay(struct tool *tool)
{
	const char *file = tool_opt(tool, "adapter");
	const char *dir = tool_opt(tool, "out");
	struct replay rp = { .tool = tool };
	int err;

	if (!file || !dir)
		return tool_usage(tool, "needed: --adapter FILE and --out DIR",
				  NULL);

	str_ncpy(rp.previous, manifest_none, sizeof(rp.previous));

	err = replay_open(&rp, file, dir);
	if (!err)
		err = replay_all(&rp);
	if (!err)
		(void)fprintf(tool->out, tool->json ? "{\"batches\": %" PRIu64
			      ", \"events\": %" PRIu64 "}\n" :
			      "%" PRIu64 " batches, %" PRIu64 " events\n",
			      rp.serial, rp.eventc);

	mem_deref(rp.delivery);
	mem_deref(rp.st);

	return err ? TOOL_FAILED : TOOL_OK;
}


static const struct tool_opt verify_optv[] = {
	{ "key", "FILE", "every manifest must be signed with this Ed25519 key"
	  " (PEM, public)" },
	{ NULL, NULL, NULL },
};

static const struct tool_opt replay_optv[] = {
	{ "adapter", "FILE", "the adapter's file, as for pchat-compliance" },
	{ "out", "DIR", "instead of its directory; an empty one" },
	{ "from", "TIME", "batches with events after it" },
	{ "to", "TIME", "and before it" },
	{ "files", "DIR", "the compliance file store" },
	TOOL_OPT_COMPLIANCE,
	{ NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "archive", "verify", "DIR", 0, verify,
	  "whether an adapter's directory is whole; needs no store",
	  verify_optv },
	{ "archive", "replay", NULL, 0, replay,
	  "build a range again while its events are kept", replay_optv },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
