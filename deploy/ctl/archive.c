/**
 * @file deploy/ctl/archive.c  pchatctl archive: what adapters have written
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/db/bstore.h"
#include "common/guid.h"
#include "common/json.h"
#include "compliance/adapter_load.h"
#include "compliance/delivery.h"
#include "compliance/digest.h"
#include "compliance/manifest.h"
#include "compliance/outdir.h"
#include "compliance/verify.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/archive.h"


/* --------------------------------------------------------------- verify */

/* "FILE", "FILE@FIRST" or "FILE@FIRST-LAST": the part up to '@' */
static size_t read_range(struct verify_key *key, const char *text)
{
	const char *at = strrchr(text, '@');
	unsigned long long first, last;
	int n = 0;

	key->first = 1;
	key->last  = UINT64_MAX;

	if (!at)
		return strlen(text);
	if (sscanf(at, "@%llu-%llu%n", &first, &last, &n) == 2 && !at[n])
		key->last = last;
	else if (sscanf(at, "@%llu%n", &first, &n) != 1 || at[n])
		return strlen(text);       /* it is part of the name */

	key->first = first;

	return (size_t)(at - text);
}


static int read_key(struct archive_opt *opt, const struct tool *tool,
		    const char *text)
{
	struct verify_key *key = &opt->keyv[opt->verify.keyc];
	char *path = NULL;
	size_t n;
	int err;

	n = read_range(key, text);
	err = re_sdprintf(&path, "%b", text, n);
	if (!err)
		err = signkey_load(&key->key, path, false);
	if (err)
		(void)fprintf(tool->err, "pchatctl: --key: %s: %s\n", path,
			      err == EBADMSG ? "no Ed25519 public key" :
			      strerror(err));
	else
		opt->verify.keyc++;
	mem_deref(path);

	return err ? TOOL_FAILED : TOOL_OK;
}


static int read_mark(struct verify_mark *mark, struct tool *tool,
		     const char *name)
{
	const char *text = tool_opt(tool, name);
	char sha256[DIGEST_HEXSIZE] = "";
	unsigned long long serial = 0;
	int n = 0;

	if (!text)
		return TOOL_OK;

	if (sscanf(text, "%llu:%64[0-9a-f]%n", &serial, sha256, &n) != 2 ||
	    text[n] || strlen(sha256) != DIGEST_HEXSIZE - 1 || !serial)
		return tool_usage(tool, "not SERIAL:SHA256", text);

	mark->serial = serial;
	str_ncpy(mark->sha256, sha256, sizeof(mark->sha256));

	return TOOL_OK;
}


int archive_opt_read(struct archive_opt *opt, struct tool *tool)
{
	const char *text;
	int status = TOOL_OK;
	size_t i;

	memset(opt, 0, sizeof(*opt));
	opt->verify.keyv = opt->keyv;

	for (i = 0; status == TOOL_OK &&
		     (text = tool_opt_nth(tool, "key", i)); i++)
		status = i < ARCHIVE_KEYS_MAX ? read_key(opt, tool, text) :
			tool_usage(tool, "too many keys", text);

	if (status == TOOL_OK)
		status = read_mark(&opt->verify.after, tool, "after");
	if (status == TOOL_OK)
		status = read_mark(&opt->verify.expect, tool, "expect");

	return status;
}


void archive_opt_reset(struct archive_opt *opt)
{
	while (opt->verify.keyc)
		mem_deref(opt->keyv[--opt->verify.keyc].key);
}


struct told {
	struct tool *tool;
	json_t *notes;
};


static void problem_handler(const char *problem, void *arg)
{
	const struct told *told = arg;

	(void)fprintf(told->tool->err, "pchatctl: %s\n", problem);
}


static void note_handler(enum verify_note what, const char *note, void *arg)
{
	const struct told *told = arg;
	(void)what;

	if (told->tool->json)
		(void)json_array_append_new(told->notes, json_string(note));
	else
		(void)fprintf(told->tool->out, "note: %s\n", note);
}


static void tell(const struct tool *tool, const struct verify_sum *sum,
		 json_t *notes)
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

	obj = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:O}",
			"batches", (json_int_t)sum->manifests,
			"events", (json_int_t)sum->events,
			"files", (json_int_t)sum->files,
			"bytes", (json_int_t)sum->bytes,
			"problems", (json_int_t)sum->problems,
			"serial", (json_int_t)sum->serial,
			"sha256", sum->sha256, "notes", notes);
	(void)json_dumpf(obj, tool->out, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	(void)fputc('\n', tool->out);
	json_decref(obj);
}


static int verify_with(struct tool *tool, struct archive_opt *opt)
{
	struct told told = { .tool = tool, .notes = json_array() };
	struct verify_sum sum;
	int err;

	opt->verify.h     = problem_handler;
	opt->verify.noteh = note_handler;
	opt->verify.arg   = &told;

	err = verify_dir(&sum, tool->argv[0], &opt->verify);
	if (err)
		(void)fprintf(tool->err, "pchatctl: %s: %s\n", tool->argv[0],
			      strerror(err));
	else
		tell(tool, &sum, told.notes);

	json_decref(told.notes);

	return err || sum.problems ? TOOL_FAILED : TOOL_OK;
}


static int verify(struct tool *tool)
{
	struct archive_opt opt;
	int status;

	status = archive_opt_read(&opt, tool);
	if (status == TOOL_OK)
		status = verify_with(tool, &opt);
	archive_opt_reset(&opt);

	return status;
}


/* --------------------------------------------------------------- replay */

struct replay {
	struct tool *tool;
	struct bstore *st;
	struct delivery *delivery;
	struct outdir *od;
	char chain[GUID_STRSIZE];
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
		.chain   = rp->chain,
		.replay  = true,
	};
	enum delivery_end end;

	end = delivery_run(rp->delivery, rp->st, &job);
	mem_deref(job.manifest);

	if (end != DELIVERY_SETTLED || strcmp(job.result, "delivered")) {
		(void)fprintf(rp->tool->err, "pchatctl: batch %" PRIu64
			      ": %s\n", job.batch, job.why);
		return EPROTO;
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


/* A chain of its own */
static int claim(struct replay *rp)
{
	struct outdir_id id, now;
	uint8_t guid[GUID_SIZE];
	const char *dir = outdir_path(rp->od);
	int err;

	if (outdir_read_id(&now, dir) != ENOENT) {
		(void)fprintf(rp->tool->err, "pchatctl: %s: it holds an archive"
			      " already: give an empty directory\n", dir);
		return EEXIST;
	}

	memset(&id, 0, sizeof(id));
	guid_new(guid);
	str_ncpy(rp->chain, guid_str(id.chain, guid), sizeof(rp->chain));
	str_ncpy(id.adapter, adapter_spec_common(
			 delivery_spec(rp->delivery))->name,
		 sizeof(id.adapter));
	str_ncpy(id.after_sha256, manifest_none, sizeof(id.after_sha256));

	err = outdir_claim(rp->od, &id);
	if (err)
		(void)fprintf(rp->tool->err, "pchatctl: %s: %s\n", dir,
			      strerror(err));

	return err;
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
	if (!err)
		err = claim(rp);

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
	if (!err)
		err = outdir_open(&rp->od, dir, mb);
	if (!err)
		delivery_use(rp->delivery, rp->od);
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
	mem_deref(rp.od);
	mem_deref(rp.st);

	return err ? TOOL_FAILED : TOOL_OK;
}


static const struct tool_opt verify_optv[] = {
	ARCHIVE_OPTS,
	{ NULL, NULL, NULL },
};

static const struct tool_opt replay_optv[] = {
	{ "adapter", "FILE", "the adapter's file, as for pchat-compliance" },
	{ "out", "DIR", "empty directory to write to, instead of the adapter's" },
	{ "from", "TIME", "only batches with events after this time" },
	{ "to", "TIME", "only batches with events before this time" },
	{ "files", "DIR", "the compliance file store" },
	TOOL_OPT_COMPLIANCE,
	{ NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "archive", "verify", "DIR", 0, verify,
	  "check that an adapter's directory is complete and unchanged; needs no store",
	  verify_optv },
	{ "archive", "replay", NULL, 0, replay,
	  "build the files of a period again, while its events are kept", replay_optv },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
