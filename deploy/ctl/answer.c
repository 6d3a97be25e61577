/**
 * @file deploy/ctl/answer.c  What commands on one object have in common
 */
#include <re.h>
#include <stdlib.h>
#include <string.h>
#include "common/chaturi.h"
#include "deploy/ctl/tool.h"
#include "common/db/bstore.h"
#include "deploy/ctl/import.h"
#include "deploy/ctl/answer.h"


static unsigned long changed(const PGresult *res)
{
	const char *v = PQgetvalue(res, 0, 0);

	if (!*v || *v == 't')
		return 1;

	return strtoul(v, NULL, 10);
}


int answer_change(struct tool *tool, const char *stmt,
		  const char *const *argv, int argc,
		  const char *what, const char *done)
{
	PGresult *res = NULL;
	unsigned long n;
	int status;

	status = tool_change(tool, &res, stmt, argv, argc);
	if (status == TOOL_OK) {
		n = changed(res);
		if (tool->json)
			(void)fprintf(tool->out, "{\"changed\": %lu,"
				      " \"dry_run\": %s}\n", n,
				      tool->dry_run ? "true" : "false");
		else
			(void)fprintf(tool->out, "%s: %s%s\n", what,
				      n && tool->dry_run ? "would be " : "",
				      n ? done : "was so already");
	}
	PQclear(res);

	return status;
}


const char *answer_user(const struct tool *tool, char buf[ANSWER_KEY_SIZE],
			const char *given)
{
	struct pl pl;

	pl_set_str(&pl, given);
	if (!useruri_canon(buf, ANSWER_KEY_SIZE, &pl))
		return buf;

	(void)fprintf(tool->err, "pchatctl: not a SIP URI: %s\n", given);

	return NULL;
}


/* As in a file to import */
static const char *problem_of(import_check_h *checkh, const char *given)
{
	json_t *v = json_string(given);
	const char *problem = v ? checkh(v) : "not UTF-8";

	json_decref(v);

	return problem;
}


const char *answer_principal(const struct tool *tool,
			     char buf[ANSWER_KEY_SIZE], const char *given)
{
	const char *problem = problem_of(import_is_entry, given);

	if (!problem)
		return import_entry_key(buf, given);

	(void)fprintf(tool->err, "pchatctl: %s: %s\n", given, problem);

	return NULL;
}


const char *answer_yes_no(const struct tool *tool, const char *opt)
{
	const char *v = tool_opt(tool, opt);

	if (v && !strcmp(v, "yes"))
		return "true";
	if (v && !strcmp(v, "no"))
		return "false";

	(void)tool_usage(tool, "yes or no", opt);

	return NULL;
}


bool answer_name(const struct tool *tool, const char *name)
{
	const char *problem = problem_of(import_is_name, name);

	if (problem)
		(void)fprintf(tool->err, "pchatctl: the name: %s\n", problem);

	return !problem;
}
