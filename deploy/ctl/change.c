/**
 * @file deploy/ctl/change.c  Options that say how something shall be
 */
#include <re.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "common/db/bstore.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/change.h"


enum { DAYS_MAX = 36500 };

enum { NAME, IDENTITY, DONE };     /* of what a change answers */


static int wrong(const struct tool *tool, const struct change_opt *opt,
		 const char *value, const char *problem)
{
	(void)fprintf(tool->err, "pchatctl: --%s %s: %s\n", opt->opt, value,
		      problem);

	return EINVAL;
}


/* NULL: no memory, or not in UTF-8 */
static json_t *text(const struct tool *tool, const struct change_opt *opt,
		    const char *value, int *errp)
{
	json_t *v = json_string(value);
	const char *problem = v ? NULL : "not UTF-8";

	if (v && opt->checkh)
		problem = opt->checkh(v);
	if (!problem)
		return v;

	*errp = wrong(tool, opt, value, problem);
	json_decref(v);

	return NULL;
}


static json_t *word(const struct tool *tool, const struct change_opt *opt,
		    const char *value, int *errp)
{
	json_t *v;
	int i;

	for (i = 0; opt->wordv[i]; i++) {
		if (!strcmp(opt->wordv[i], value))
			return json_integer(i);
	}

	v = text(tool, opt, value, errp);
	json_decref(v);

	return NULL;
}


static json_t *either(const struct tool *tool, const struct change_opt *opt,
		      const char *value, int *errp)
{
	const bool yes = opt->kind == CHANGE_YES;

	if (!strcmp(value, yes ? "yes" : "inherit"))
		return json_true();
	if (!strcmp(value, yes ? "no" : "false"))
		return json_false();

	*errp = wrong(tool, opt, value, yes ? "must be yes or no" :
		      "must be inherit or false");

	return NULL;
}


static json_t *days(const struct tool *tool, const struct change_opt *opt,
		    const char *value, int *errp)
{
	char *end;
	const long n = strtol(value, &end, 10);

	if (!strcmp(value, "none"))
		return json_null();
	if (end != value && !*end && n > 0 && n <= DAYS_MAX)
		return json_integer(n);

	*errp = wrong(tool, opt, value, "must be days, 1 to 36500, or none");

	return NULL;
}


static json_t *elements(const struct tool *tool, const struct change_opt *opt,
			int *errp)
{
	char buf[IMPORT_URI_SIZE];
	json_t *list = json_array();
	const char *value;
	size_t n;

	for (n = 0; (value = tool_opt_nth(tool, opt->opt, n)); n++) {

		json_t *v;

		if (opt->kind == CHANGE_LIST && !*value)
			continue;
		v = text(tool, opt, value, errp);
		json_decref(v);
		if (!v)
			goto fail;
		if (json_array_append_new(list, json_string(
				import_entry_key(buf, value))))
			goto fail;
	}

	return list;

 fail:
	json_decref(list);
	return NULL;
}


/* A list goes by itself; what to add and to remove go into one object */
static int take_list(json_t *change, const struct tool *tool,
		     const struct change_opt *opt)
{
	const bool whole = opt->kind == CHANGE_LIST;
	json_t *obj = json_object_get(change, opt->key), *list;
	int err = 0;

	if (json_is_array(obj))
		return wrong(tool, opt, tool_opt(tool, opt->opt),
			     "all of the list is given, too");

	list = elements(tool, opt, &err);
	if (!list)
		return err ? err : ENOMEM;

	if (whole)
		return json_object_set_new(change, opt->key, list) ?
			ENOMEM : 0;

	if (!obj) {
		obj = json_object();
		if (json_object_set_new(change, opt->key, obj)) {
			json_decref(list);
			return ENOMEM;
		}
	}

	return json_object_set_new(obj, opt->kind == CHANGE_ADD ? "add" :
				   "remove", list) ? ENOMEM : 0;
}


static int take(json_t *change, const struct tool *tool,
		const struct change_opt *opt)
{
	const char *value = tool_opt(tool, opt->opt);
	json_t *v = NULL;
	int err = 0;

	switch (opt->kind) {

	case CHANGE_TEXT:    v = text(tool, opt, value, &err);   break;
	case CHANGE_WORD:    v = word(tool, opt, value, &err);   break;
	case CHANGE_YES:
	case CHANGE_INHERIT: v = either(tool, opt, value, &err); break;
	case CHANGE_DAYS:    v = days(tool, opt, value, &err);   break;
	case CHANGE_NONE:
		v = strcmp(value, "none") ? text(tool, opt, value, &err) :
			json_null();
		break;
	default:
		return take_list(change, tool, opt);
	}

	if (!v)
		return err ? err : ENOMEM;

	return json_object_set_new(change, opt->key, v) ? ENOMEM : 0;
}


int change_make(char **changep, const struct tool *tool,
		const struct change_opt *optv, size_t optc)
{
	json_t *change = json_object();
	char *dump = NULL;
	size_t i;
	int err = 0;

	for (i = 0; i < optc && !err; i++) {
		if (tool_opt(tool, optv[i].opt))
			err = take(change, tool, &optv[i]);
	}

	if (!err) {
		dump = json_dumps(change, JSON_COMPACT);
		err = dump ? str_dup(changep, dump) : ENOMEM;
	}

	free(dump);
	json_decref(change);

	return err;
}


/* The second column is a URI, a URL or a state: its name says which */
static int say(const struct tool *tool, const PGresult *res)
{
	const char *done = PQgetvalue(res, 0, DONE);
	char would[64];
	json_t *obj;

	(void)snprintf(would, sizeof(would), "would be %s", done);
	if (tool->dry_run)
		done = would;

	if (!tool->json) {
		(void)fprintf(tool->out, "%s: %s\n",
			      PQgetvalue(res, 0, NAME), done);
		return TOOL_OK;
	}

	obj = json_pack("{s:s, s:s?, s:s, s:b}", PQfname(res, NAME),
			PQgetvalue(res, 0, NAME), PQfname(res, IDENTITY),
			PQgetisnull(res, 0, IDENTITY) ? NULL :
			PQgetvalue(res, 0, IDENTITY), PQfname(res, DONE), done,
			"dry_run", tool->dry_run);
	if (!obj || json_dumpf(obj, tool->out, JSON_INDENT(1) |
			       JSON_ENSURE_ASCII) || fputc('\n', tool->out) < 0) {
		json_decref(obj);
		return TOOL_FAILED;
	}
	json_decref(obj);

	return TOOL_OK;
}


int change_run(struct tool *tool, const char *stmt, const char *const *argv,
	       int argc)
{
	PGresult *res = NULL;
	int status;

	status = tool_change(tool, &res, stmt, argv, argc);
	if (status == TOOL_OK)
		status = say(tool, res);
	PQclear(res);

	return status;
}


int change_save(struct tool *tool, const char *stmt, const char *name,
		const struct change_opt *optv, size_t optc)
{
	char *change = NULL;
	const char *argv[2] = { name, NULL };
	int status = TOOL_FAILED;

	if (change_make(&change, tool, optv, optc))
		return TOOL_FAILED;

	argv[1] = change;
	if (name && !strcmp(change, "{}"))
		status = tool_usage(tool, "nothing to change: give at least one option", NULL);
	else
		status = change_run(tool, stmt, argv, 2);
	mem_deref(change);

	return status;
}
