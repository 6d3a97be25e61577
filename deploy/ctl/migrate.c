/**
 * @file deploy/ctl/migrate.c  pchatctl migrate
 */
#include <re.h>
#include <inttypes.h>
#include "common/db/db.h"
#include "common/db/embedded.h"
#include "common/db/migrate.h"
#include "deploy/ctl/tool.h"


struct done {
	const struct tool *tool;
	unsigned n;
};


static void applied_handler(uint32_t version, const char *name, void *arg)
{
	struct done *done = arg;

	if (done->tool->json)
		(void)fprintf(done->tool->out, "%s{\"version\": %" PRIu32
			      ", \"name\": \"%s\"}", done->n ? ", " : "",
			      version, name);
	else
		(void)fprintf(done->tool->out, "%04" PRIu32 " %s\n", version,
			      name);

	++done->n;
}


static int migrate_one(const struct tool *tool, const struct sql_set *set,
		       const char *conninfo, struct mbuf *mb)
{
	struct done done = { .tool = tool };
	int err;

	if (!str_isset(conninfo))
		return 0;

	if (tool->json)
		(void)fprintf(tool->out, "{\"applied\": [");

	mbuf_rewind(mb);
	err = migrate_run(set, conninfo, applied_handler, &done, mb);
	if (err)
		(void)fprintf(tool->err, "pchatctl: %.*s\n", (int)mb->end,
			      (const char *)mb->buf);

	if (tool->json)
		(void)fprintf(tool->out, "], \"schema\": %" PRIu32 "}\n",
			      sql_set_version(set));
	else if (!err && !done.n)
		(void)fprintf(tool->out, "%s schema %" PRIu32
			      ": nothing to do\n", set->name,
			      sql_set_version(set));

	return err;
}


static int run(struct tool *tool)
{
	const char *compliance = tool_compliance(tool);
	struct mbuf *mb;
	int err;

	if (!str_isset(tool->store) && !str_isset(compliance))
		return tool_usage(tool, "which store? --store CONNINFO,"
				  " --compliance CONNINFO or both", NULL);

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
	TOOL_OPT_COMPLIANCE, { NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "migrate", NULL, NULL, 0, run,
	  "bring the schemas of the stores given up to this program's",
	  optv },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
