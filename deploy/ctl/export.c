/**
 * @file deploy/ctl/export.c  pchatctl export
 *
 * One snapshot, line by line as the store sends it: neither end holds more
 * than a message.  The file is what pchatctl import reads; it appears under
 * its name when it is whole.
 */
#include <re.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "common/json.h"
#include "common/db/bstore.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/list.h"
#include "deploy/ctl/report.h"


enum level { USERS, CATEGORIES, ROOMS, CONTENT, LEVELS };

static const char *const levelv[LEVELS] = { "users", "categories", "rooms",
					    "content" };

/* What a level writes, in the order in which import needs it */
static const struct part {
	const char *name;
	const char *stmt;
	unsigned level;
	char opens;                /* the lines that count */
} partv[] = {
	{ "users",      "ctl_export_users",      USERS, '{' },
	{ "groups",     "ctl_export_groups",     USERS, '{' },
	{ "addins",     "ctl_export_addins",     ROOMS, '{' },
	{ "categories", "ctl_export_categories", CATEGORIES, '{' },
	{ "rooms",      "ctl_export_rooms",      ROOMS, '{' },
	{ "messages",   "ctl_export_messages",   CONTENT, '[' },
	{ "files",      "ctl_export_files",      CONTENT, '{' },
};

struct export {
	struct tool *tool;
	struct bstore *st;
	const char *file;
	FILE *f, *report;
	unsigned levels;
	char *categories;                   /* JSON array; NULL: all    */
	const char *from, *to;
	uint64_t countv[ARRAY_SIZE(partv)];
	const struct part *part;            /* being written; NULL: none */
	uint64_t disabled;
};


/* A line that opens a room's content is not a message */
static int line_handler(const char *line, size_t len, void *arg)
{
	struct export *x = arg;

	if (fwrite(line, 1, len, x->f) != len || fputc('\n', x->f) == EOF) {
		(void)fprintf(x->tool->err, "pchatctl: %s: %s\n", x->file,
			      strerror(errno));
		return EIO;
	}

	if (x->part && *line == x->part->opens)
		++x->countv[x->part - partv];

	return 0;
}


static json_t *summary(const struct export *x)
{
	json_t *sum = json_object();
	size_t i;

	for (i = 0; sum && i < ARRAY_SIZE(partv); i++) {
		if (json_object_set_new(sum, partv[i].name, json_integer(
				(json_int_t)x->countv[i]))) {
			json_decref(sum);
			sum = NULL;
		}
	}

	return sum;
}


static int write_end(struct export *x)
{
	json_t *end = json_pack("{s:o}", "end", summary(x));
	char *line = json_dumps(end, 0);
	int err = ENOMEM;

	x->part = NULL;
	if (line)
		err = line_handler(line, strlen(line), x);

	free(line);
	json_decref(end);

	return err;
}


static int audit(struct export *x)
{
	const char *slash = strrchr(x->file, '/');
	json_t *sum = summary(x);
	char *detail;
	const char *argv[2];
	int err = ENOMEM;

	if (x->categories)
		(void)json_object_set_new(sum, "category", json_loads(
						  x->categories, 0, NULL));
	if (x->from)
		(void)json_object_set_new(sum, "from", json_string(x->from));
	if (x->to)
		(void)json_object_set_new(sum, "to", json_string(x->to));

	detail = json_dumps(sum, JSON_COMPACT);
	argv[0] = slash ? slash + 1 : x->file;
	argv[1] = detail;
	if (detail)
		err = bstore_exec(x->st, NULL, "ctl_export_audit", argv, 2);

	free(detail);
	json_decref(sum);

	return err;
}


static int report(struct export *x)
{
	static const char *const titlev[] = { "room", "category", "messages",
					      "first", "last" };
	PGresult *res = NULL;
	size_t i;
	int err;

	err = bstore_query(x->st, &res, "ctl_export_report_rooms", NULL, 0);
	if (err)
		return err;

	report_begin(x->report, "Persistent Chat: exported", x->file,
		     x->tool->actor);
	for (i = 0; i < ARRAY_SIZE(partv); i++)
		report_count(x->report, partv[i].name, x->countv[i]);
	report_count(x->report, "rooms disabled", x->disabled);
	report_table(x->report, "Rooms in scope", res, titlev,
		     ARRAY_SIZE(titlev));
	report_end(x->report);
	PQclear(res);

	return 0;
}


static int prepare(struct export *x)
{
	const char *scope = x->categories;
	const char *timev[2];
	int err;

	timev[0] = x->from;
	timev[1] = x->to;

	err = bstore_exec(x->st, NULL, "ctl_export_begin", NULL, 0);
	if (!err)
		err = bstore_exec(x->st, NULL, "ctl_export_make_scope", NULL,
				  0);
	if (!err)
		err = bstore_exec(x->st, NULL, "ctl_export_make_room", NULL,
				  0);
	if (!err)
		err = bstore_exec(x->st, NULL, "ctl_export_scope", &scope, 1);
	if (!err)
		err = bstore_exec(x->st, NULL, "ctl_export_room", timev, 2);

	return err;
}


static int write_all(struct export *x)
{
	size_t i;
	int err;

	err = prepare(x);
	if (!err)
		err = bstore_copy_out(x->st, "ctl_export_header",
				      line_handler, x);

	for (i = 0; i < ARRAY_SIZE(partv) && !err; i++) {
		if (!(1u << partv[i].level & x->levels))
			continue;
		x->part = &partv[i];
		err = bstore_copy_out(x->st, partv[i].stmt, line_handler, x);
	}

	if (!err)
		err = write_end(x);
	if (!err && x->report)
		err = report(x);
	if (!err)
		err = audit(x);

	return err;
}


/* First, and for good: what is said afterwards would be lost */
static int disable(struct export *x)
{
	const char *scope = x->categories;
	int err;

	err = bstore_exec(x->st, NULL, "ctl_export_make_disabled", NULL, 0);
	if (err || !tool_opt(x->tool, "disable-exported"))
		return err;

	return bstore_exec(x->st, &x->disabled, "ctl_export_disable", &scope,
			   1);
}


static int run_export(struct export *x)
{
	int err;

	err = disable(x);
	if (!err)
		err = bstore_script(x->st, "begin",
				    "BEGIN ISOLATION LEVEL REPEATABLE READ");
	if (!err)
		err = write_all(x);
	if (!err)
		err = bstore_commit(x->st);
	else
		bstore_rollback(x->st);

	return err;
}


static int level(struct export *x)
{
	const char *name;
	size_t n, i;

	for (n = 0; (name = tool_opt_nth(x->tool, "level", n)); n++) {

		if (!strcmp(name, "all")) {
			x->levels = (1u << LEVELS) - 1;
			continue;
		}

		for (i = 0; i < LEVELS && strcmp(levelv[i], name); i++)
			;
		if (i == LEVELS)
			return tool_usage(x->tool, "no such level", name);
		x->levels |= 1u << i;
	}

	if (!x->levels)
		x->levels = (1u << LEVELS) - 1;

	return TOOL_OK;
}


static int times(struct export *x)
{
	x->from = tool_opt(x->tool, "from");
	x->to   = tool_opt(x->tool, "to");

	if (x->from && !list_is_time(x->from))
		return tool_usage(x->tool, "not a time", x->from);
	if (x->to && !list_is_time(x->to))
		return tool_usage(x->tool, "not a time", x->to);

	return TOOL_OK;
}


static int scope(struct export *x)
{
	json_t *list = json_array();
	char *dump = NULL;
	const char *name;
	size_t n;
	int err = 0;

	for (n = 0; (name = tool_opt_nth(x->tool, "category", n)); n++) {
		if (json_array_append_new(list, json_string(name)))
			err = EINVAL;
	}

	if (n && !err) {
		dump = json_dumps(list, JSON_COMPACT);
		err = dump ? str_dup(&x->categories, dump) : ENOMEM;
	}

	free(dump);
	json_decref(list);

	return err ? tool_usage(x->tool, "not UTF-8", "--category") : TOOL_OK;
}


static void say(const struct export *x)
{
	size_t i;

	if (x->tool->json) {
		json_t *sum = summary(x);

		(void)json_dumpf(sum, x->tool->out, JSON_INDENT(1) | JSON_ENSURE_ASCII);
		(void)fputc('\n', x->tool->out);
		json_decref(sum);
		return;
	}

	for (i = 0; i < ARRAY_SIZE(partv); i++) {
		if (1u << partv[i].level & x->levels)
			(void)fprintf(x->tool->out, "%-12s %8llu\n",
				      partv[i].name,
				      (unsigned long long)x->countv[i]);
	}
	if (x->disabled)
		(void)fprintf(x->tool->out, "%-12s %8llu\n", "disabled",
			      (unsigned long long)x->disabled);
}


static int to_file(struct export *x)
{
	int err, e;

	err = report_create(&x->f, x->file, x->tool->err);
	if (err)
		return err;

	err = report_open(&x->report, x->tool);
	if (!err)
		err = tool_connect(&x->st, x->tool);
	if (!err)
		err = run_export(x);

	e = report_finish(x->f, x->file, err != 0, x->tool->err);
	err = err ? err : e;
	e = report_close(x->report, x->tool, err != 0);
	err = err ? err : e;

	if (err && x->disabled)
		(void)bstore_exec(x->st, NULL, "ctl_export_enable", NULL, 0);

	return err;
}


static int run(struct tool *tool)
{
	struct export x = { .tool = tool, .file = tool->argv[0] };
	int status;

	status = level(&x);
	if (status == TOOL_OK)
		status = times(&x);
	if (status == TOOL_OK)
		status = scope(&x);
	if (status == TOOL_OK && to_file(&x))
		status = TOOL_FAILED;
	if (status == TOOL_OK)
		say(&x);

	mem_deref(x.st);
	mem_deref(x.categories);

	return status;
}


static const struct tool_opt optv[] = {
	{ "level",    "LEVEL", "users, categories, rooms, content or all; "
	  "repeatable" },
	{ "category", "NAME",  "this category and its rooms only; repeatable" },
	{ "from",     "TIME",  "content: not before; 2026-11-21 or"
	  " 2026-11-21T14:45:00Z" },
	{ "to",       "TIME",  "content: before" },
	{ "disable-exported", NULL, "disable the rooms in scope first" },
	{ "report",   "FILE",  "what was exported, room by room, as HTML" },
	{ NULL, NULL, NULL }
};

static const struct tool_cmd cmdv[] = {
	{ "export", NULL, "FILE", TOOL_STORE, run,
	  "write users, groups, categories, rooms and content for import",
	  optv },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
