/**
 * @file deploy/ctl/sync.c  pchatctl sync ldap
 *
 * The directory is read to its end before anything is planned, and planned to
 * its end before anything is written.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/json.h"
#include "deploy/ctl/tool.h"
#include "common/db/bstore.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/sync.h"
#include "deploy/ctl/sync_dir.h"

static const struct out_col countv[] = {
	{ "what",    "",        OUT_TEXT },
	{ "seen",    "SEEN",    OUT_INT  },
	{ "new",     "NEW",     OUT_INT  },
	{ "changed", "CHANGED", OUT_INT  },
	{ "gone",    "GONE",    OUT_INT  },
};


const char *sync_key(const struct sync *sync, const char *name)
{
	const char *v = config_str(sync->conf, name);

	return str_isset(v) ? v : NULL;
}


/* ------------------------------------------------------------------ counts */

/* Rows of ctl_sync_counts as an object, with what kind of run it was */
static json_t *summary(const struct sync *sync, const PGresult *res, int left)
{
	json_t *sum = json_pack("{s:b, s:b, s:i}", "full", !sync->since[0],
				"dry_run", sync->tool->dry_run,
				"left_out", left);

	for (int i = 0; sum && i < PQntuples(res); i++) {

		json_t *row = json_object();

		for (int c = 1; c < (int)ARRAY_SIZE(countv); c++)
			(void)json_object_set_new(row, countv[c].key,
				json_integer(atoll(PQgetvalue(res, i, c))));
		(void)json_object_set_new(sum, PQgetvalue(res, i, 0), row);
	}

	return sum;
}


/* Members of groups that are nobody: named, up to a limit, and counted */
static int add_missing(const struct sync *sync, json_t *sum)
{
	json_t *namev = json_array();
	PGresult *res;
	int n, err;

	err = bstore_query(sync->st, &res, "ctl_sync_missing", NULL, 0);
	if (err) {
		json_decref(namev);
		return err;
	}

	n = PQntuples(res);
	for (int i = 0; i < n; i++)
		(void)json_array_append_new(namev, json_pack("{s:s, s:s}",
			"group", PQgetvalue(res, i, 0),
			"member", PQgetvalue(res, i, 1)));

	(void)json_object_set_new(sum, "not_found",
		json_integer(n ? atoll(PQgetvalue(res, 0, 2)) : 0));
	(void)json_object_set_new(sum, "not_found_first", namev);
	PQclear(res);

	return 0;
}


static void print_missing(FILE *out, const json_t *sum)
{
	const json_t *v, *namev = json_object_get(sum, "not_found_first");
	const json_int_t n =
		json_integer_value(json_object_get(sum, "not_found"));
	size_t i;

	if (n)
		(void)fprintf(out, "members of groups that are no entry, or "
			      "not one alone: %lld\n", (long long)n);

	json_array_foreach(namev, i, v)
		(void)fprintf(out, "  %s: %s\n",
			      json_string_value(json_object_get(v, "group")),
			      json_string_value(json_object_get(v, "member")));
}


static int print(const struct sync *sync, const PGresult *res,
		 const json_t *sum)
{
	const struct tool *tool = sync->tool;
	int err;

	if (tool->json) {
		err = json_dumpf(sum, tool->out, JSON_INDENT(1) |
				 JSON_ENSURE_ASCII) ? ENOMEM : 0;
		(void)fputc('\n', tool->out);
		return err;
	}

	err = out_table(tool->out, false, res, countv, ARRAY_SIZE(countv));
	print_missing(tool->out, sum);
	(void)fprintf(tool->out, "%s of %s%s\n",
		      sync->since[0] ? "changes" : "all", sync->source,
		      tool->dry_run ? "; dry run: nothing was written" : "");

	return err;
}


/* --------------------------------------------------------------------- run */

static int settings_digest(struct sync *sync)
{
	struct mbuf *mb = mbuf_alloc(1024);
	uint8_t md[MD5_SIZE];
	int err = mb ? 0 : ENOMEM;

	for (size_t i = 0; i < sync_keyc && !err; i++) {

		const char *name = sync_keyv[i].name;
		const bool reads = !strncmp(name, "user.", 5) ||
			!strncmp(name, "group.", 6) ||
			!strncmp(name, "folder.", 7) ||
			!strcmp(name, "ldap.id");

		if (reads)
			err = mbuf_printf(mb, "%s=%s\n", name,
					  config_str(sync->conf, name));
	}
	if (!err) {
		md5(mb->buf, mb->end, md);
		(void)re_snprintf(sync->settings, sizeof(sync->settings), "%w",
				  md, sizeof(md));
	}
	mem_deref(mb);

	return err;
}


static int begin(const struct sync *sync)
{
	const char *argv[2] = { sync->source, sync_key(sync, "user.policy") };
	PGresult *res;
	bool alone;
	int err;

	err = bstore_query(sync->st, &res, "ctl_sync_begin", argv, 2);
	if (!err && tool_opt(sync->tool, "same-person"))
		err = bstore_exec(sync->st, NULL, "ctl_same_person", NULL, 0);
	if (err)
		return err;

	alone = *PQgetvalue(res, 0, 0) == 't';
	PQclear(res);
	if (alone)
		return 0;

	(void)fprintf(sync->tool->err, "pchatctl: another sync of %s is under"
		      " way\n", sync->source);

	return EBUSY;
}


static int since(struct sync *sync)
{
	const char *cookie = NULL;
	PGresult *res;
	int err;

	err = bstore_query(sync->st, &res, "ctl_sync_source", NULL, 0);
	if (err)
		return err;

	if (PQntuples(res) && !strcmp(PQgetvalue(res, 0, 1), sync->settings) &&
	    !tool_opt(sync->tool, "full"))
		cookie = PQgetvalue(res, 0, 0);

	sync_since(sync, cookie);
	PQclear(res);

	return 0;
}


/* With the plan made: what it is, and unless it is a dry run, do it */
static int carry_out(struct sync *sync, int left)
{
	PGresult *res;
	char *counts;
	json_t *sum;
	int err;

	err = bstore_query(sync->st, &res, "ctl_sync_counts", NULL, 0);
	if (err)
		return err;

	sum = summary(sync, res, left);
	err = add_missing(sync, sum);
	counts = json_dumps(sum, JSON_COMPACT);
	if (!counts)
		err = ENOMEM;
	if (!err && !sync->tool->dry_run)
		err = sync_apply(sync, counts);
	if (!err)
		err = print(sync, res, sum);

	free(counts);
	json_decref(sum);
	PQclear(res);

	return err;
}


static int run(struct sync *sync)
{
	int left = 0, err;

	err = begin(sync);
	if (err)
		return err;

	err = since(sync);
	if (!err && sync->tool->dry_run)
		err = bstore_begin(sync->st);
	if (!err)
		err = sync_read(sync);
	if (!err)
		err = sync_plan(sync, &left);
	if (!err)
		err = carry_out(sync, left);

	if (sync->tool->dry_run)
		bstore_rollback(sync->st);
	(void)bstore_exec(sync->st, NULL, "ctl_sync_end", NULL, 0);

	return err ? err : left ? EBADMSG : 0;
}


static int print_handler(const char *p, size_t size, void *arg)
{
	return fwrite(p, 1, size, arg) == size ? 0 : EIO;
}


static int sample(const struct tool *tool)
{
	struct re_printf pf = { .vph = print_handler, .arg = tool->out };

	return config_print_sample(&pf, sync_keyv, sync_keyc) ?
		TOOL_FAILED : TOOL_OK;
}


static int load(struct sync *sync, const char *path)
{
	const struct tool *tool = sync->tool;
	struct mbuf *mb = mbuf_alloc(256);
	int err;

	if (!mb)
		return ENOMEM;

	err = config_load(&sync->conf, sync_keyv, sync_keyc, path, mb);
	if (err)
		(void)fprintf(tool->err, "pchatctl: %.*s\n", (int)mb->end,
			      (const char *)mb->buf);
	mem_deref(mb);
	if (err)
		return err;

	sync->source = config_str(sync->conf, "source.name");

	return settings_digest(sync);
}


static int sync_ldap(struct tool *tool)
{
	struct sync sync = { .tool = tool };
	const char *path = tool_opt(tool, "config");
	int err;

	if (tool_opt(tool, "sample"))
		return sample(tool);
	if (!path)
		return tool_usage(tool, "no file given: --config FILE", NULL);
	if (!str_isset(tool->store))
		return tool_usage(tool, "no store given: --store CONNINFO or"
				  " PCHAT_STORE in the environment", NULL);

	err = load(&sync, path);
	if (!err)
		err = tool_connect(&sync.st, tool);
	if (!err)
		err = dir_open(&sync.dir, sync.conf, tool->err);
	if (!err)
		err = run(&sync);

	mem_deref(sync.dir);
	mem_deref(sync.st);
	mem_deref(sync.conf);

	return err ? TOOL_FAILED : TOOL_OK;
}


static const struct tool_opt optv[] = {
	{ "config", "FILE", "how to read the directory" },
	{ "full",   NULL,   "read everything, not only what changed since the last time" },
	{ "force",  NULL,   "even if more is gone than sync.removals_max_percent" },
	{ "same-person", NULL,
	  "an entry with the URI or name of a removed user or group brings it "
	  "back; default: a new one" },
	{ "sample", NULL,   "print a configuration file with all keys, and end" },
	{ NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "sync", "ldap", NULL, TOOL_DRY, sync_ldap,
	  "take users, groups and folders from an LDAP directory", optv },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
