/**
 * @file deploy/ctl/migrate.c  pchatctl migrate
 */
#include <re.h>
#include <inttypes.h>
#include "common/json.h"
#include "common/db/db.h"
#include "common/db/embedded.h"
#include "common/db/migrate.h"
#include "common/db/roles.h"
#include "deploy/ctl/tool.h"

#define PREFIX "pchat"

struct work {
	const struct tool *tool;
	const struct sql_set *set;
	const char *conninfo;
	struct mbuf *mb;         /* what is wrong                   */
	json_t *applied, *sql;   /* of the answer; NULL: for people */
	unsigned applied_n, sql_n;
};


static void applied_handler(uint32_t version, const char *name, void *arg)
{
	struct work *w = arg;

	++w->applied_n;

	if (w->applied)
		(void)json_array_append_new(w->applied, json_pack(
			"{s:I, s:s}", "version", (json_int_t)version,
			"name", name));
	else
		(void)fprintf(w->tool->out, "%s%04" PRIu32 " %s\n",
			      w->tool->dry_run ? "-- would apply " : "",
			      version, name);
}


/* A dry run prints what can be given to psql */
static void sql_handler(const char *sql, void *arg)
{
	struct work *w = arg;

	++w->sql_n;

	if (w->sql)
		(void)json_array_append_new(w->sql, json_string(sql));
	else if (w->tool->dry_run)
		(void)fprintf(w->tool->out, "%s;\n", sql);
}


static const char *prefix(const struct tool *tool)
{
	const char *given = tool_opt(tool, "role-prefix");

	return given ? given : PREFIX;
}


static int rights(struct work *w, bool roles)
{
	const struct roles_conf conf = {
		.prefix = roles ? prefix(w->tool) : NULL,
		.dry = w->tool->dry_run, .h = sql_handler, .arg = w,
	};
	int err;

	if (w->tool->dry_run && w->applied_n) {
		if (roles && !w->sql)
			(void)fprintf(w->tool->out, "-- what the roles may do"
				      " follows from the schema: migrate, then"
				      " ask again\n");
		return 0;
	}

	err = rights_apply(w->set, w->conninfo, &conf, w->mb);

	return err == ENOENT ? 0 : err;
}


static int steps(struct work *w)
{
	const bool roles = tool_opt(w->tool, "roles") != NULL;
	const struct roles_conf conf = {
		.prefix = prefix(w->tool), .dry = w->tool->dry_run,
		.h = sql_handler, .arg = w,
	};
	int err = 0;

	if (roles)
		err = roles_make(w->set, w->conninfo, &conf, w->mb);
	if (!err)
		err = (w->tool->dry_run ? migrate_pending : migrate_run)
			(w->set, w->conninfo, applied_handler, w, w->mb);
	if (!err)
		err = rights(w, roles);

	return err;
}


static void report(const struct work *w, int err)
{
	FILE *f = w->tool->out;
	json_t *obj;

	if (!w->applied) {
		if (!err && !w->applied_n && !w->sql_n)
			(void)fprintf(f, "%s schema %" PRIu32
				      ": nothing to do\n", w->set->name,
				      sql_set_version(w->set));
		else if (!err && w->sql_n && !w->tool->dry_run)
			(void)fprintf(f, "%s: %u rights changed\n",
				      w->set->name, w->sql_n);
		return;
	}

	obj = json_pack("{s:s, s:O, s:O, s:I, s:b}", "store", w->set->name,
			"applied", w->applied, "sql", w->sql, "schema",
			(json_int_t)sql_set_version(w->set),
			"dry_run", w->tool->dry_run);
	(void)json_dumpf(obj, f, JSON_ENSURE_ASCII);
	(void)fputc('\n', f);
	json_decref(obj);
}


static int migrate_one(const struct tool *tool, const struct sql_set *set,
		       const char *conninfo, struct mbuf *mb)
{
	struct work w = {
		.tool = tool, .set = set, .conninfo = conninfo, .mb = mb
	};
	int err;

	if (!str_isset(conninfo))
		return 0;

	if (tool->json) {
		w.applied = json_array();
		w.sql     = json_array();
	}

	mbuf_rewind(mb);
	err = steps(&w);
	if (err)
		(void)fprintf(tool->err, "pchatctl: %s: %.*s\n", set->name,
			      (int)mb->end, (const char *)mb->buf);

	report(&w, err);
	json_decref(w.applied);
	json_decref(w.sql);

	return err;
}


static int run(struct tool *tool)
{
	const char *compliance = tool_compliance(tool);
	struct mbuf *mb;
	int err;

	if (!str_isset(tool->store) && !str_isset(compliance))
		return tool_usage(tool, "no store given: --store CONNINFO,"
				  " --compliance CONNINFO or both", NULL);
	if (!roles_prefix_valid(prefix(tool)))
		return tool_usage(tool, "--role-prefix: lower-case letters,"
				  " digits and _", prefix(tool));

	if (tool_confirm(tool, "Migrate for good", str_isset(tool->store) ?
			 "the store" : "the compliance store"))
		return TOOL_FAILED;

	mb = mbuf_alloc(256);
	if (!mb)
		return TOOL_FAILED;

	err = migrate_one(tool, &sql_store, tool->store, mb);
	if (!err)
		err = migrate_one(tool, &sql_compliance, compliance, mb);

	mem_deref(mb);

	return err ? TOOL_FAILED : TOOL_OK;
}


static const struct tool_opt optv[] = {
	TOOL_OPT_COMPLIANCE,
	{ "roles", NULL,
	  "also create the database roles and grant them their rights" },
	{ "role-prefix", "NAME", "what their names begin with (" PREFIX ")" },
	{ NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "migrate", NULL, NULL, TOOL_DRY, run,
	  "bring the schemas of the given stores up to this program's",
	  optv },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
