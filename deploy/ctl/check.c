/**
 * @file deploy/ctl/check.c  pchatctl compliance check: is everything archived?
 *
 * What the archive's indexes, the compliance store and the outbox know goes
 * into a temporary table beside the messages, and the database compares: the
 * size of an archive is not our memory's.  The store is seen as it was when
 * the check began; events are looked for where they go, from the outbox to the
 * archive, so that one that moves meanwhile is not missed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/db/bstore.h"
#include "common/json.h"
#include "compliance/adapter.h"
#include "compliance/verify.h"
#include "deploy/ctl/archive.h"
#include "deploy/ctl/tool.h"

enum { SHOWN_MAX = 100 };          /* problems of a kind */

struct check {
	struct tool *tool;
	struct bstore *store, *staging;
	const char *archive;
	char from[24], to[24];     /* us since 1970, as text             */
	int64_t from_us, to_us;
	json_t *problems, *forks;
	uint64_t problemc;
	struct verify_sum sum;
};

static const char *const questionv[] = {
	"ctl_check_twice", "ctl_check_chat_twice", "ctl_check_missing",
	"ctl_check_gaps", "ctl_check_vanished", "ctl_check_presence",
	"ctl_check_outside",
};


static void problem(struct check *c, const char *text)
{
	++c->problemc;
	if (c->tool->json)
		(void)json_array_append_new(c->problems, json_string(text));
	else
		(void)fprintf(c->tool->err, "pchatctl: %s\n", text);
}


/* --------------------------------------------- what is known of events */

/* Presence of all times, what took messages away after the period too */
static bool is_wanted(const struct check *c, int kind, int64_t ts_us)
{
	switch (kind) {

	case EV_CHAT:     return ts_us >= c->from_us && ts_us < c->to_us;
	case EV_REPLACED:
	case EV_PURGE:    return ts_us >= c->from_us;
	case EV_JOIN:
	case EV_PART:     return true;
	default:          return false;
	}
}


static const char *or_null(const char *text)
{
	return *text && strcmp(text, "-") ? text : NULL;
}


/* guid kind room msg_id session ts ids: as in an index */
static void event_add(struct check *c, const char *const fieldv[VERIFY_FIELDS],
		      const char *place)
{
	size_t i;

	if (!is_wanted(c, atoi(fieldv[1]), strtoll(fieldv[5], NULL, 10)))
		return;

	for (i = 0; i < VERIFY_FIELDS; i++)
		bstore_copy_text(c->store, or_null(fieldv[i]));
	bstore_copy_text(c->store, place);
	bstore_copy_row(c->store);
}


static void event_handler(uint64_t batch, char *const *fieldv, void *arg)
{
	(void)batch;

	event_add(arg, (const char *const *)fieldv, "a");
}


static void problem_handler(const char *text, void *arg)
{
	problem(arg, text);
}


/* Not of what is missing: that is known better */
static void fork_tell(struct check *c, const char *text)
{
	if (c->tool->json)
		(void)json_array_append_new(c->forks, json_string(text));
	else
		(void)fprintf(c->tool->out, "fork: %s\n", text);
}


static void note_handler(enum verify_note what, const char *text, void *arg)
{
	if (what == VERIFY_LOST || what == VERIFY_PARTIAL)
		problem(arg, text);
}


static int verify_archive(struct check *c, struct archive_opt *opt)
{
	int err;

	opt->verify.h      = problem_handler;
	opt->verify.noteh  = note_handler;
	opt->verify.eventh = event_handler;
	opt->verify.arg    = c;

	err = verify_dir(&c->sum, c->archive, &opt->verify);
	if (err)
		(void)fprintf(c->tool->err, "pchatctl: %s: %s\n", c->archive,
			      strerror(err));

	return err;
}


static int add_archive(struct check *c)
{
	struct archive_opt opt;
	int err;

	err = archive_opt_read(&opt, c->tool) == TOOL_OK ?
		verify_archive(c, &opt) : EINVAL;
	archive_opt_reset(&opt);

	return err;
}


/* What the compliance store knows of it: forks, and files that were lost */
static int add_known(struct check *c)
{
	PGresult *res = NULL;
	char text[512];
	int row, err;

	err = bstore_query(c->staging, &res, "ctl_compliance_forks", NULL, 0);
	for (row = 0; !err && row < PQntuples(res); row++) {
		(void)re_snprintf(text, sizeof(text), "%s%s%s, found %s: %s",
				  PQgetvalue(res, row, 0),
				  *PQgetvalue(res, row, 1) ? " of " : "",
				  PQgetvalue(res, row, 1),
				  PQgetvalue(res, row, 2),
				  PQgetvalue(res, row, 3));
		fork_tell(c, text);
	}
	PQclear(res);
	res = NULL;

	if (!err && !c->archive)
		err = bstore_query(c->staging, &res, "ctl_compliance_lost",
				   NULL, 0);
	for (row = 0; !err && res && row < PQntuples(res); row++) {
		(void)re_snprintf(text, sizeof(text), "file %s of event %s was "
				  "lost before it was copied",
				  PQgetvalue(res, row, 1),
				  PQgetvalue(res, row, 0));
		problem(c, text);
	}
	PQclear(res);

	return err;
}


/* Without an archive to look at, what all adapters have taken counts */
static void add_row(struct check *c, const PGresult *res, int row)
{
	const bool kept = *PQgetvalue(res, row, VERIFY_FIELDS) == 'k';
	const char *fieldv[VERIFY_FIELDS];
	int i;

	if (kept && c->archive)
		return;

	for (i = 0; i < VERIFY_FIELDS; i++)
		fieldv[i] = PQgetvalue(res, row, i);

	event_add(c, fieldv, kept ? "a" : "w");
}


static int add_staged(struct check *c)
{
	PGresult *res = NULL;
	int row, n, err;

	err = bstore_begin(c->staging);
	if (!err)
		err = bstore_query(c->staging, NULL, "ctl_check_events", NULL,
				   0);

	do {
		if (!err)
			err = bstore_query(c->staging, &res, "batch_fetch",
					   NULL, 0);
		n = err ? 0 : PQntuples(res);
		for (row = 0; row < n; row++)
			add_row(c, res, row);
		PQclear(res);
		res = NULL;
	} while (n);

	return err ? err : bstore_commit(c->staging);
}


static int fill(struct check *c)
{
	int err, end;

	err = bstore_query(c->store, NULL, "ctl_check_begin", NULL, 0);
	if (!err)
		err = bstore_query(c->store, NULL, "ctl_check_outbox", NULL,
				   0);
	if (!err)
		err = bstore_copy_begin(c->store, "ctl_check_copy");
	if (err)
		return err;

	err = add_staged(c);
	if (!err && c->archive)
		err = add_archive(c);

	end = bstore_copy_end(c->store);
	if (!err)
		err = end;
	if (!err)
		err = bstore_query(c->store, NULL, "ctl_check_index", NULL,
				   0);
	if (!err)
		err = bstore_query(c->store, NULL, "ctl_check_index_sessions",
				   NULL, 0);

	return err ? err : bstore_query(c->store, NULL, "ctl_check_analyze",
					NULL, 0);
}


/* --------------------------------------------------------- the questions */

static int period(struct check *c)
{
	const char *argv[] = { tool_opt(c->tool, "from"),
			       tool_opt(c->tool, "to") };
	PGresult *res = NULL;
	int err;

	if (!argv[0])
		argv[0] = "-infinity";
	if (!argv[1])
		argv[1] = "infinity";

	err = bstore_query(c->store, &res, "ctl_check_period", argv, 2);
	if (err)
		return err;

	str_ncpy(c->from, PQgetvalue(res, 0, 0), sizeof(c->from));
	str_ncpy(c->to, PQgetvalue(res, 0, 1), sizeof(c->to));
	c->from_us = strtoll(c->from, NULL, 10);
	c->to_us   = strtoll(c->to, NULL, 10);
	PQclear(res);

	return 0;
}


static int question(struct check *c, const char *stmt)
{
	const char *argv[] = { c->from, c->to };
	PGresult *res = NULL;
	char more[64];
	int row, n, err;

	err = bstore_query(c->store, &res, stmt, argv, 2);
	if (err)
		return err;

	n = PQntuples(res);
	for (row = 0; row < n && row < SHOWN_MAX; row++)
		problem(c, PQgetvalue(res, row, 0));

	if (n > SHOWN_MAX) {
		(void)re_snprintf(more, sizeof(more), "and %d more like it",
				  n - SHOWN_MAX);
		problem(c, more);
	}

	PQclear(res);

	return 0;
}


/* What was deleted here only the archive can vouch for */
static int check_deleted(struct check *c)
{
	const char *argv[] = { c->from, c->to };
	PGresult *res = NULL;
	char text[128];
	int err;

	err = bstore_query(c->staging, &res, "ctl_check_deleted", argv, 2);
	if (err)
		return err;

	if (strcmp(PQgetvalue(res, 0, 0), "0")) {
		(void)re_snprintf(text, sizeof(text), "the events of %s "
				  "batches are archived and deleted here: "
				  "name the archive with --archive",
				  PQgetvalue(res, 0, 0));
		problem(c, text);
	}

	PQclear(res);

	return 0;
}


static int check_chain(struct check *c)
{
	const char *argv[] = { c->sum.adapter };
	PGresult *res = NULL;
	char text[192];
	int err;

	err = bstore_query(c->staging, &res, "ctl_check_chain", argv, 1);
	if (err)
		return err;

	if (!PQntuples(res)) {
		problem(c, "the archive is of no adapter that the compliance "
			"store knows");
	}
	else if (strtoull(PQgetvalue(res, 0, 0), NULL, 10) > c->sum.serial) {
		(void)re_snprintf(text, sizeof(text), "the archive ends with "
				  "manifest %llu, %s has written %s: it was "
				  "cut short", (unsigned long long)
				  c->sum.serial, c->sum.adapter,
				  PQgetvalue(res, 0, 0));
		problem(c, text);
	}

	PQclear(res);

	return 0;
}


static int tell(struct check *c)
{
	const char *argv[] = { c->from, c->to };
	PGresult *res = NULL;
	json_t *obj;
	int err;

	err = bstore_query(c->store, &res, "ctl_check_counts", argv, 2);
	if (err)
		return err;

	if (!c->tool->json) {
		(void)fprintf(c->tool->out, "%s messages in the store, %s "
			      "archived, %s waiting: %" PRIu64 " problems\n",
			      PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 1),
			      PQgetvalue(res, 0, 2), c->problemc);
		PQclear(res);
		return 0;
	}

	obj = json_pack("{s:I, s:I, s:I, s:O, s:O}",
			"messages", (json_int_t)atoll(PQgetvalue(res, 0, 0)),
			"archived", (json_int_t)atoll(PQgetvalue(res, 0, 1)),
			"waiting", (json_int_t)atoll(PQgetvalue(res, 0, 2)),
			"problems", c->problems, "forks", c->forks);
	(void)json_dumpf(obj, c->tool->out, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	(void)fputc('\n', c->tool->out);
	json_decref(obj);
	PQclear(res);

	return 0;
}


static int check_all(struct check *c)
{
	size_t i;
	int err;

	err = bstore_script(c->store, "begin",
			    "BEGIN ISOLATION LEVEL REPEATABLE READ");
	if (!err)
		err = period(c);
	if (!err)
		err = fill(c);
	if (!err)
		err = c->archive ? check_chain(c) : check_deleted(c);
	if (!err)
		err = add_known(c);

	for (i = 0; !err && i < ARRAY_SIZE(questionv); i++)
		err = question(c, questionv[i]);

	return err ? err : tell(c);
}


static int check(struct tool *tool)
{
	struct check c = { .tool = tool,
			   .archive = tool_opt(tool, "archive") };
	int err;

	c.problems = json_array();
	c.forks    = json_array();
	err = c.problems && c.forks ? tool_connect(&c.store, tool) : ENOMEM;
	if (!err)
		err = tool_connect_compliance(&c.staging, tool);
	if (!err)
		err = check_all(&c);

	mem_deref(c.store);
	mem_deref(c.staging);
	json_decref(c.problems);
	json_decref(c.forks);

	return err || c.problemc ? TOOL_FAILED : TOOL_OK;
}


static const struct tool_opt check_optv[] = {
	{ "from", "TIME", "messages from this time on; default: all" },
	{ "to", "TIME", "messages before this time; default: now" },
	{ "archive", "DIR", "an adapter's directory; it is verified first" },
	ARCHIVE_OPTS,
	TOOL_OPT_COMPLIANCE,
	{ NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "compliance", "check", NULL, TOOL_STORE, check,
	  "check that every message is archived once and every id accounted for",
	  check_optv },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
