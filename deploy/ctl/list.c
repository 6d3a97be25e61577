/**
 * @file deploy/ctl/list.c  What all list commands have in common
 */
#include <re.h>
#include <string.h>
#include "common/db/bstore.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"


int list_run(struct tool *tool, const char *stmt,
	     const struct out_col *colv, size_t colc)
{
	struct bstore *st = NULL;
	PGresult *res = NULL;
	int err;

	err = tool_connect(&st, tool);
	if (!err)
		err = bstore_query(st, &res, stmt, NULL, 0);
	if (err)
		goto out;

	err = out_table(tool->out, tool->json, res, colv, colc);
	if (err)
		(void)fprintf(tool->err, "pchatctl: cannot print: %s\n",
			      strerror(err));

 out:
	PQclear(res);
	mem_deref(st);

	return err ? TOOL_FAILED : TOOL_OK;
}
