/**
 * @file deploy/ctl/names.c  pchatctl names: which names of former times are
 *                           not fit any more
 */
#include <errno.h>
#include <re.h>
#include "common/db/bstore.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"

static const struct out_col colv[] = {
	{ "kind",    "KIND",    OUT_TEXT },
	{ "id",      "ID",      OUT_TEXT },
	{ "name",    "NAME",    OUT_TEXT },
	{ "problem", "PROBLEM", OUT_TEXT },
};


static int names(struct tool *tool)
{
	struct bstore *st = NULL;
	PGresult *res = NULL;
	int err, found = 0;

	err = tool_connect(&st, tool);
	if (!err)
		err = bstore_query(st, &res, "ctl_names_unfit", NULL, 0);
	if (!err) {
		found = PQntuples(res);
		err = out_table(tool->out, tool->json, res, colv,
				ARRAY_SIZE(colv));
	}

	PQclear(res);
	mem_deref(st);

	return err || found ? TOOL_FAILED : TOOL_OK;
}


static const struct tool_cmd cmdv[] = {
	{ "names", NULL, NULL, TOOL_STORE, names,
	  "list names that would be refused today; exit status 1 if there are any",
	  NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
