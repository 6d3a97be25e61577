/**
 * @file deploy/ctl/list.c  What all list and show commands have in common
 */
#include <re.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "common/db/bstore.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/import.h"
#include "deploy/ctl/list.h"


enum { PARAM_SIZE = IMPORT_URI_SIZE };


static int print(struct tool *tool, const PGresult *res, bool table,
		 const struct out_col *colv, size_t colc)
{
	const int err = table ?
		out_table(tool->out, tool->json, res, colv, colc) :
		out_record(tool->out, tool->json, res, colv, colc);

	if (err)
		(void)fprintf(tool->err, "pchatctl: cannot print: %s\n",
			      strerror(err));

	return err;
}


static int run(struct tool *tool, const char *stmt, const char *const *argv,
	       int argc, const struct out_col *colv, size_t colc)
{
	struct bstore *st = NULL;
	PGresult *res = NULL;
	int err;

	err = tool_connect(&st, tool);
	if (!err)
		err = bstore_query(st, &res, stmt, argv, argc);
	if (!err)
		err = print(tool, res, true, colv, colc);

	PQclear(res);
	mem_deref(st);

	return err ? TOOL_FAILED : TOOL_OK;
}


int list_run(struct tool *tool, const char *stmt,
	     const struct out_col *colv, size_t colc)
{
	return run(tool, stmt, NULL, 0, colv, colc);
}


/* What is wrong with a value; NULL: nothing, and it is in buf for SQL */
static const char *parameter(char buf[PARAM_SIZE], const char *value,
			     const struct list_opt *opt)
{
	char *end;
	int i;

	switch (opt->kind) {

	case LIST_WORD:
		for (i = 0; opt->wordv[i]; i++) {
			if (!strcmp(opt->wordv[i], value)) {
				(void)snprintf(buf, PARAM_SIZE, "%d", i);
				return NULL;
			}
		}
		return "there is no such word";

	case LIST_NUMBER:
		errno = 0;
		if (strtol(value, &end, 10) < 0 || end == value || *end ||
		    errno || strlen(value) > 9)
			return "not a number from 0 to 999999999";
		break;

	case LIST_TIME:
		if (!list_is_time(value))
			return "not a time: 2026-11-21 or"
				" 2026-11-21T14:45:00Z";
		break;

	case LIST_PRINCIPAL:
		value = import_entry_key(buf, value);
		break;

	default:
		break;
	}

	if (strlen(value) >= PARAM_SIZE)
		return "too long";
	if (value != buf)
		str_ncpy(buf, value, PARAM_SIZE);

	return NULL;
}


int list_filtered(struct tool *tool, const char *stmt, const char *first,
		  const struct list_opt *optv, size_t optc,
		  const struct out_col *colv, size_t colc)
{
	char bufv[LIST_PARAMS_MAX][PARAM_SIZE];
	const char *argv[LIST_PARAMS_MAX + 1];
	const char *value, *problem;
	int argc = 0;
	size_t i;

	if (first)
		argv[argc++] = first;

	for (i = 0; i < optc; i++) {

		value = tool_opt(tool, optv[i].opt);
		problem = value ? parameter(bufv[i], value, &optv[i]) : NULL;
		if (problem) {
			(void)fprintf(tool->err, "pchatctl: --%s %s: %s\n",
				      optv[i].opt, value, problem);
			return TOOL_USAGE;
		}
		argv[argc++] = value ? bufv[i] : NULL;
	}

	return run(tool, stmt, argv, argc, colv, colc);
}


int list_show(struct tool *tool, const char *stmt, const char *kind,
	      const char *name, const struct out_col *colv, size_t colc)
{
	struct bstore *st = NULL;
	PGresult *res = NULL;
	int err;

	err = tool_connect(&st, tool);
	if (!err)
		err = bstore_query(st, &res, stmt, &name, 1);
	if (!err && PQntuples(res) < 1) {
		(void)fprintf(tool->err, "pchatctl: no such %s: %s\n", kind,
			      name);
		err = ENOENT;
	}
	if (!err)
		err = print(tool, res, false, colv, colc);

	PQclear(res);
	mem_deref(st);

	return err ? TOOL_FAILED : TOOL_OK;
}


/* The server refuses what is left of nonsense: month 13 */
bool list_is_time(const char *s)
{
	static const char shape[] = "0000-00-00T00:00:00";
	size_t i;

	for (i = 0; s[i] && shape[i]; i++) {
		if (shape[i] == '0' ? s[i] < '0' || s[i] > '9' :
		    s[i] != shape[i] && !(shape[i] == 'T' && s[i] == ' '))
			return false;
	}

	if (!s[i])
		return i == 10 || i == sizeof(shape) - 1;

	return !shape[i] && strspn(s + i, "0123456789.:+-Z") == strlen(s + i);
}
