/**
 * @file deploy/ctl/import.c  pchatctl import
 *
 * One transaction: staging tables are filled, checked against the store, and
 * merged into it by a list of statements.  What went wrong anywhere undoes
 * all of it.  An import that changes nothing writes nothing, not even to the
 * audit.
 */
#include <re.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "common/db/bstore.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/import.h"
#include "deploy/ctl/report.h"


enum { STATISTICS_FROM = 10000 };     /* rows changed that call for ANALYZE */

/* What a step's rows count as */
enum count {
	COUNT_NOT,
	COUNT_NEW,                     /* + kind                  */
	COUNT_CHANGED = COUNT_NEW + IMPORT_KINDS,
	COUNT_PASSWORDS = COUNT_CHANGED + IMPORT_KINDS,
	COUNT_ENTRIES,                 /* of lists                */
	COUNT_MESSAGES,
	COUNT_FILES,
	COUNT_DERIVED,                 /* what follows from them  */
	COUNTS
};

enum { USERS, GROUPS, CATEGORIES, ROOMS, ADDINS };

struct step {
	const char *stmt;
	enum { RUN, CHECK } how;       /* CHECK: rows are problems */
	int count;
};

static const struct step stepv[] = {
	{ "ctl_import_clean",                RUN,   COUNT_NOT },
	{ "ctl_import_group_index",          RUN,   COUNT_NOT },
	{ "ctl_import_presenter_index",      RUN,   COUNT_NOT },
	{ "ctl_import_analyze",              RUN,   COUNT_NOT },
	{ "ctl_import_check_unfit",          CHECK, COUNT_NOT },
	{ "ctl_import_check_twice",          CHECK, COUNT_NOT },
	{ "ctl_import_check_name",           CHECK, COUNT_NOT },
	{ "ctl_import_check_alike",          CHECK, COUNT_NOT },
	{ "ctl_import_check_entry",          CHECK, COUNT_NOT },
	{ "ctl_import_check_category",       CHECK, COUNT_NOT },
	{ "ctl_import_check_addin",          CHECK, COUNT_NOT },
	{ "ctl_import_check_policy",         CHECK, COUNT_NOT },
	{ "ctl_import_make_touched",         RUN,   COUNT_NOT },
	{ "ctl_import_make_edge",            RUN,   COUNT_NOT },

	{ "ctl_import_bulk_begin",           RUN,   COUNT_NOT },
	{ "ctl_import_store_domain",         RUN,   COUNT_DERIVED },
	{ "ctl_import_domain_new",           RUN,   COUNT_DERIVED },
	{ "ctl_import_same",                 RUN,   COUNT_NOT },
	{ "ctl_import_free",                 RUN,   COUNT_NOT },
	{ "ctl_import_user_changed",         RUN,   COUNT_CHANGED + USERS },
	{ "ctl_import_user_new",             RUN,   COUNT_NEW + USERS },
	{ "ctl_import_credential",           RUN,   COUNT_PASSWORDS },
	{ "ctl_import_group_new",            RUN,   COUNT_NEW + GROUPS },
	{ "ctl_import_member",               RUN,   COUNT_NOT },
	{ "ctl_import_member_analyze",       RUN,   COUNT_NOT },
	{ "ctl_import_member_gone",          RUN,   COUNT_ENTRIES },
	{ "ctl_import_member_new",           RUN,   COUNT_ENTRIES },
	{ "ctl_import_check_cycle",          CHECK, COUNT_NOT },
	{ "ctl_import_group_changed",        RUN,   COUNT_CHANGED + GROUPS },
	{ "ctl_import_affiliation",          RUN,   COUNT_DERIVED },

	{ "ctl_import_category_id",          RUN,   COUNT_NOT },
	{ "ctl_import_category_new",         RUN,   COUNT_NEW + CATEGORIES },
	{ "ctl_import_scope",                RUN,   COUNT_NOT },
	{ "ctl_import_scope_gone",           RUN,   COUNT_ENTRIES },
	{ "ctl_import_scope_new",            RUN,   COUNT_ENTRIES },
	{ "ctl_import_creator_gone",         RUN,   COUNT_ENTRIES },
	{ "ctl_import_creator_new",          RUN,   COUNT_ENTRIES },
	{ "ctl_import_category_changed",     RUN,   COUNT_CHANGED + CATEGORIES },

	{ "ctl_import_addin_changed",        RUN,   COUNT_CHANGED + ADDINS },
	{ "ctl_import_addin_new",            RUN,   COUNT_NEW + ADDINS },

	{ "ctl_import_room_id",              RUN,   COUNT_NOT },
	{ "ctl_import_room_id_index",        RUN,   COUNT_NOT },
	{ "ctl_import_room_id_analyze",      RUN,   COUNT_NOT },
	{ "ctl_import_room_new",             RUN,   COUNT_NEW + ROOMS },
	{ "ctl_import_role",                 RUN,   COUNT_NOT },
	{ "ctl_import_role_analyze",         RUN,   COUNT_NOT },
	{ "ctl_import_role_gone",            RUN,   COUNT_ENTRIES },
	{ "ctl_import_role_new",             RUN,   COUNT_ENTRIES },
	{ "ctl_import_bulk_end",             RUN,   COUNT_NOT },
	{ "ctl_import_touched_analyze",      RUN,   COUNT_NOT },
	{ "ctl_import_room_changed",         RUN,   COUNT_CHANGED + ROOMS },
	{ "ctl_import_check_presenter",      CHECK, COUNT_NOT },
};

/* After these, when the file has content */
static const struct step contentv[] = {
	{ "ctl_import_content_clean",        RUN,   COUNT_NOT },
	{ "ctl_import_content_lock",         RUN,   COUNT_NOT },
	{ "ctl_import_content_room",         RUN,   COUNT_NOT },
	{ "ctl_import_content_author",       RUN,   COUNT_NOT },
	{ "ctl_import_content_analyze",      RUN,   COUNT_NOT },
	{ "ctl_import_check_content",        CHECK, COUNT_NOT },
	{ "ctl_import_check_author",         CHECK, COUNT_NOT },
	{ "ctl_import_check_message",        CHECK, COUNT_NOT },
	{ "ctl_import_check_file",           CHECK, COUNT_NOT },
	{ "ctl_import_message_new",          RUN,   COUNT_MESSAGES },
	{ "ctl_import_file_new",             RUN,   COUNT_FILES },
	{ "ctl_import_content_head",         RUN,   COUNT_DERIVED },
};

struct merge {
	struct import *im;
	struct bstore *st;
	const char *actor;             /* for the report          */
	FILE *report;                  /* NULL: none wanted       */
	bool dry_run;
	uint64_t countv[COUNTS];
	uint64_t changes;              /* their sum, COUNT_NOT aside */
};


static int step_check(struct merge *m, const char *stmt)
{
	PGresult *res;
	int err;

	err = bstore_query(m->st, &res, stmt, NULL, 0);
	if (err)
		return err;

	for (int i = 0; i < PQntuples(res); i++) {
		import_problem(m->im, PQgetvalue(res, i, 0),
			       PQgetvalue(res, i, 1));
		err = EBADMSG;
	}
	PQclear(res);

	return err;
}


static int step_run(struct merge *m, const struct step *step)
{
	uint64_t rows = 0;
	int err;

	if (step->how == CHECK)
		return step_check(m, step->stmt);

	err = bstore_exec(m->st, &rows, step->stmt, NULL, 0);
	if (err)
		return err;

	m->countv[step->count] += rows;
	if (step->count != COUNT_NOT)
		m->changes += rows;

	return 0;
}


/* What was given and what came of it; NULL: no memory */
static json_t *summary(const struct merge *m)
{
	json_t *sum = json_object();

	for (size_t k = 0; k < IMPORT_KINDS; k++) {

		const char *key = import_kindv[k].key;

		if (json_object_set_new(sum, key, json_pack(
			"{s:I, s:I, s:I}", "given", (json_int_t)
			json_array_size(json_object_get(m->im->root, key)),
			"new", (json_int_t)m->countv[COUNT_NEW + k],
			"changed",
			(json_int_t)m->countv[COUNT_CHANGED + k])))
			goto fail;
	}

	if (json_object_set_new(sum, "passwords", json_integer(
		    (json_int_t)m->countv[COUNT_PASSWORDS])) ||
	    json_object_set_new(sum, "list_entries", json_integer(
		    (json_int_t)m->countv[COUNT_ENTRIES])) ||
	    json_object_set_new(sum, "messages", json_integer(
		    (json_int_t)m->countv[COUNT_MESSAGES])) ||
	    json_object_set_new(sum, "files", json_integer(
		    (json_int_t)m->countv[COUNT_FILES])))
		goto fail;

	return sum;

 fail:
	json_decref(sum);
	return NULL;
}


static int audit(struct merge *m)
{
	const char *slash = strrchr(m->im->file, '/');
	json_t *sum = summary(m);
	char *detail = json_dumps(sum, JSON_COMPACT);
	const char *const argv[] = { slash ? slash + 1 : m->im->file,
				     detail };
	int err = ENOMEM;

	if (detail)
		err = bstore_exec(m->st, NULL, "ctl_import_audit", argv,
				  ARRAY_SIZE(argv));

	free(detail);
	json_decref(sum);

	return err;
}


static int report(struct merge *m)
{
	static const char *const titlev[] = { "room", "messages", "added",
					      "first", "last" };
	PGresult *res = NULL;
	char name[32];
	size_t k;
	int err;

	report_begin(m->report, m->dry_run ?
		     "Persistent Chat: what an import would do" :
		     "Persistent Chat: imported", m->im->file, m->actor);
	for (k = 0; k < IMPORT_KINDS; k++) {
		(void)snprintf(name, sizeof(name), "%s, new",
			       import_kindv[k].key);
		report_count(m->report, name, m->countv[COUNT_NEW + k]);
		(void)snprintf(name, sizeof(name), "%s, changed",
			       import_kindv[k].key);
		report_count(m->report, name, m->countv[COUNT_CHANGED + k]);
	}
	report_count(m->report, "messages", m->countv[COUNT_MESSAGES]);
	report_count(m->report, "files", m->countv[COUNT_FILES]);

	if (m->im->f) {
		err = bstore_query(m->st, &res, "ctl_import_report_content",
				   NULL, 0);
		if (err)
			return err;
		report_table(m->report, "Content", res, titlev,
			     ARRAY_SIZE(titlev));
		PQclear(res);
	}
	report_end(m->report);

	return 0;
}


static int merge(struct merge *m)
{
	int err;

	err = bstore_exec(m->st, NULL, "ctl_import_begin", NULL, 0);
	if (!err)
		err = import_stage(m->im, m->st);
	if (!err && m->im->f)
		err = import_content(m->im, m->st);

	for (size_t i = 0; i < ARRAY_SIZE(stepv) && !err; i++)
		err = step_run(m, &stepv[i]);
	for (size_t i = 0; i < ARRAY_SIZE(contentv) && m->im->f && !err; i++)
		err = step_run(m, &contentv[i]);

	if (!err && m->report)
		err = report(m);
	if (err || !m->changes)
		return err;

	err = audit(m);
	if (!err)
		err = bstore_exec(m->st, NULL, "ctl_import_notify", NULL, 0);
	if (!err && m->changes >= STATISTICS_FROM)
		err = bstore_exec(m->st, NULL, "ctl_import_statistics",
				  NULL, 0);

	return err;
}


static int transaction(struct merge *m)
{
	int err;

	err = bstore_begin(m->st);
	if (err)
		return err;

	err = merge(m);
	if (err || m->dry_run) {
		bstore_rollback(m->st);
		return err;
	}

	return bstore_commit(m->st);
}


static void print_text(const struct tool *tool, const struct merge *m)
{
	(void)fprintf(tool->out, "%-12s %8s %8s %8s\n", "", "GIVEN", "NEW",
		      "CHANGED");

	for (size_t k = 0; k < IMPORT_KINDS; k++) {

		const char *key = import_kindv[k].key;

		(void)fprintf(tool->out, "%-12s %8zu %8llu %8llu\n", key,
			      json_array_size(
				      json_object_get(m->im->root, key)),
			      (unsigned long long)m->countv[COUNT_NEW + k],
			      (unsigned long long)m->countv[COUNT_CHANGED+k]);
	}

	if (m->im->f)
		(void)fprintf(tool->out, "%-12s %8llu %8llu\n%-12s %8zu"
			      " %8llu\n", "messages",
			      (unsigned long long)m->im->messages,
			      (unsigned long long)m->countv[COUNT_MESSAGES],
			      "files", m->im->filec,
			      (unsigned long long)m->countv[COUNT_FILES]);

	if (tool->dry_run)
		(void)fprintf(tool->out, "dry run: nothing was written\n");
}


static int print(const struct tool *tool, const struct merge *m)
{
	json_t *sum;
	int err = 0;

	if (!tool->json) {
		print_text(tool, m);
		return 0;
	}

	sum = summary(m);
	if (json_object_set_new(sum, "dry_run", json_boolean(tool->dry_run)) ||
	    json_dumpf(sum, tool->out, JSON_INDENT(1) | JSON_ENSURE_ASCII))
		err = ENOMEM;
	(void)fputc('\n', tool->out);
	json_decref(sum);

	return err;
}


static int run(struct tool *tool)
{
	struct import im = { .file = tool->argv[0], .err = tool->err };
	struct merge m = { .im = &im, .actor = tool->actor,
			   .dry_run = tool->dry_run };
	int err;

	err = report_open(&m.report, tool);
	if (!err)
		err = import_read(&im);
	if (!err)
		err = import_check(&im);
	if (!err)
		err = tool_connect(&m.st, tool);
	if (!err && tool_opt(tool, "same-person"))
		err = bstore_exec(m.st, NULL, "ctl_same_person", NULL, 0);
	if (!err)
		err = transaction(&m);
	if (!err)
		err = print(tool, &m);

	import_close(&im);
	mem_deref(m.st);
	if (report_close(m.report, tool, err != 0))
		err = EIO;

	return err ? TOOL_FAILED : TOOL_OK;
}


static const struct tool_opt optv[] = {
	{ "report", "FILE", "write the result, room by room, as HTML" },
	{ "same-person", NULL,
	  "bring back removed users and groups that the file names; default: "
	  "new ones" },
	{ NULL, NULL, NULL }
};

static const struct tool_cmd cmdv[] = {
	{ "import", NULL, "FILE", TOOL_STORE | TOOL_DRY, run,
	  "load users, groups, add-ins, categories and rooms from JSON, or an"
	  " export", optv },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
