/**
 * @file deploy/ctl/migrate.c  pchatctl migrate
 */
#include <re.h>
#include <inttypes.h>
#include "common/db/db.h"
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


static int run(struct tool *tool)
{
	struct done done = { .tool = tool };
	struct mbuf *mb = mbuf_alloc(256);
	int err;

	if (!mb)
		return TOOL_FAILED;

	if (tool->json)
		(void)fprintf(tool->out, "{\"applied\": [");

	err = migrate_run(tool->store, applied_handler, &done, mb);
	if (err)
		(void)fprintf(tool->err, "pchatctl: %.*s\n", (int)mb->end,
			      (const char *)mb->buf);

	if (tool->json)
		(void)fprintf(tool->out, "], \"schema\": %" PRIu32 "}\n",
			      db_schema_version());
	else if (!err && !done.n)
		(void)fprintf(tool->out, "schema %" PRIu32
			      ": nothing to do\n", db_schema_version());

	mem_deref(mb);

	return err ? TOOL_FAILED : TOOL_OK;
}


static const struct tool_cmd cmdv[] = {
	{ "migrate", NULL, NULL, TOOL_STORE, run,
	  "bring the store's schema up to this program's", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
