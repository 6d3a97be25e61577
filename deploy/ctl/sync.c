/**
 * @file deploy/ctl/sync.c  pchatctl sync ldap
 *
 * The directory is read to its end before anything is planned, and planned to
 * its end before anything is written: in small transactions, each of which
 * leaves a store that is right in itself.  What a run that was interrupted
 * left undone, the next one does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/json.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/store.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/sync.h"
#include "deploy/ctl/sync_dir.h"

enum {
	REMOVALS_HARMLESS = 10,
	STATISTICS_FROM = 5,         /* slices changed that call for ANALYZE */
};

static const struct out_col countv[] = {
	{ "what",    "",        OUT_TEXT },
	{ "seen",    "SEEN",    OUT_INT  },
	{ "new",     "NEW",     OUT_INT  },
	{ "changed", "CHANGED", OUT_INT  },
	{ "gone",    "GONE",    OUT_INT  },
};

struct step {
	const char *stmt;
	bool source;               /* $1 is the source's name */
};

static const struct step planv[] = {
	{ "ctl_sync_read_analyze", false },
	{ "ctl_sync_target",       true  },
	{ "ctl_sync_target_index", false },
	{ "ctl_sync_rank",         false },
	{ "ctl_sync_adopt",        true  },
	{ "ctl_sync_held",         true  },
	{ "ctl_sync_held",         true  },   /* for who stays because of it */
	{ "ctl_sync_address",      false },
};

static const struct step plan2v[] = {
	{ "ctl_sync_keep",         false },
	{ "ctl_sync_drop",         false },
	{ "ctl_sync_new_id",       false },
	{ "ctl_sync_gone",         true  },
	{ "ctl_sync_changed",      false },
	{ "ctl_sync_domains",      false },
	{ "ctl_sync_list",         false },
	{ "ctl_sync_list_analyze", false },
	{ "ctl_sync_want",         false },
	{ "ctl_sync_want_analyze", false },
	{ "ctl_sync_edge",         false },
	{ "ctl_sync_plan_index",   false },
};

/* What is written in one transaction, or in one of each slice */
static const char *const renamev[] = {
	"ctl_sync_park", "ctl_sync_aside", "ctl_sync_rename", NULL
};
static const char *const gonev[] = {
	"ctl_sync_gone_principal", "ctl_sync_gone_entry", NULL
};
static const char *const listv[] = {
	"ctl_sync_member_gone", "ctl_sync_member_new", NULL
};
static const char *const edgev[] = {
	"ctl_sync_edge_gone", "ctl_sync_edge_new", "ctl_sync_follow", NULL
};


static int steps(const struct sync *sync, const struct step *v, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = bstore_exec(sync->st, NULL, v[i].stmt, &sync->source,
				  v[i].source ? 1 : 0);

	return err;
}


/* -------------------------------------------------------------------- plan */

/* @return how many there are; -1: it could not be asked */
static int problems(const struct sync *sync)
{
	PGresult *res;
	int n;

	if (bstore_query(sync->st, &res, "ctl_sync_problems", NULL, 0))
		return -1;

	n = PQntuples(res);
	for (int i = 0; i < n; i++)
		(void)fprintf(sync->tool->err, "pchatctl: left out: %s\n",
			      PQgetvalue(res, i, 0));
	PQclear(res);

	return n;
}


static int check_share(const struct sync *sync)
{
	const uint64_t most = config_uint(sync->conf,
					  "sync.removals_max_percent");
	uint64_t known, gone;
	PGresult *res;
	int err;

	err = bstore_query(sync->st, &res, "ctl_sync_share", &sync->source,
			   1);
	if (err)
		return err;

	known = strtoull(PQgetvalue(res, 0, 0), NULL, 10);
	gone  = strtoull(PQgetvalue(res, 0, 1), NULL, 10);
	PQclear(res);

	if (gone <= REMOVALS_HARMLESS || 100 * gone <= known * most)
		return 0;

	(void)fprintf(sync->tool->err, "pchatctl: %llu of %llu users are gone"
		      " from the directory, more than"
		      " sync.removals_max_percent: nothing was changed\n",
		      (unsigned long long)gone, (unsigned long long)known);

	return ERANGE;
}


static int plan(const struct sync *sync, int *leftp)
{
	int err;

	err = steps(sync, planv, ARRAY_SIZE(planv));
	if (err)
		return err;

	*leftp = problems(sync);
	if (*leftp < 0)
		return EPROTO;

	err = steps(sync, plan2v, ARRAY_SIZE(plan2v));
	if (!err)
		err = check_share(sync);

	return err;
}


/* ------------------------------------------------------------------- apply */

static int transaction(struct sync *sync, const char *const *stmtv,
		       const char *slice)
{
	int err;

	err = bstore_begin(sync->st);
	if (!err)
		err = bstore_exec(sync->st, NULL, "ctl_sync_lock", NULL, 0);
	for (; *stmtv && !err; stmtv++)
		err = bstore_exec(sync->st, NULL, *stmtv, &slice,
				  slice ? 1 : 0);
	if (!err)
		return bstore_commit(sync->st);

	bstore_rollback(sync->st);

	return err;
}


static int slices(struct sync *sync, const char *const *stmtv, unsigned n)
{
	char slice[16];
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++) {
		(void)re_snprintf(slice, sizeof(slice), "%u", i);
		err = transaction(sync, stmtv, slice);
	}

	return err;
}


static int policy_id(const struct sync *sync, char buf[16])
{
	const char *name = config_str(sync->conf, "user.policy");
	PGresult *res;
	int err;

	buf[0] = '\0';
	if (!str_isset(name))
		return 0;

	err = bstore_query(sync->st, &res, "ctl_sync_policy", &name, 1);
	if (err)
		return err;

	str_ncpy(buf, PQgetvalue(res, 0, 0), 16);
	PQclear(res);

	return 0;
}


static int principals(struct sync *sync, const char *slice)
{
	char policy[16];
	const char *newv[2] = { slice, policy };
	const char *entryv[2] = { slice, sync->source };
	int err;

	err = policy_id(sync, policy);
	if (!policy[0])
		newv[1] = NULL;
	if (!err)
		err = bstore_begin(sync->st);
	if (!err)
		err = bstore_exec(sync->st, NULL, "ctl_sync_lock", NULL, 0);
	if (!err)
		err = bstore_exec(sync->st, NULL, "ctl_sync_principal_new",
				  newv, 2);
	if (!err)
		err = bstore_exec(sync->st, NULL, "ctl_sync_principal_changed",
				  &slice, 1);
	if (!err)
		err = bstore_exec(sync->st, NULL, "ctl_sync_entry", entryv, 2);
	if (!err)
		err = bstore_exec(sync->st, NULL, "ctl_sync_follow_new",
				  &slice, 1);
	if (!err)
		return bstore_commit(sync->st);

	bstore_rollback(sync->st);

	return err;
}


static int principal_slices(struct sync *sync, unsigned n)
{
	char slice[16];
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++) {
		(void)re_snprintf(slice, sizeof(slice), "%u", i);
		err = principals(sync, slice);
	}

	return err;
}


static int finish(struct sync *sync, const char *counts)
{
	const char *donev[4] = { sync->source, sync->cookie, sync->settings,
		sync->full ? "true" : "false" };
	const char *auditv[2] = { sync->source, counts };
	int err;

	err = bstore_begin(sync->st);
	if (!err)
		err = bstore_exec(sync->st, NULL, "ctl_sync_done", donev, 4);
	if (!err)
		err = bstore_exec(sync->st, NULL, "ctl_sync_audit", auditv, 2);
	if (!err)
		return bstore_commit(sync->st);

	bstore_rollback(sync->st);

	return err;
}


static int apply(struct sync *sync, const char *counts)
{
	unsigned changed, gone, edges;
	bool renames;
	PGresult *res;
	int err;

	err = bstore_query(sync->st, &res, "ctl_sync_slices", NULL, 0);
	if (err)
		return err;

	changed = (unsigned)atoi(PQgetvalue(res, 0, 0));
	gone    = (unsigned)atoi(PQgetvalue(res, 0, 1));
	edges   = (unsigned)atoi(PQgetvalue(res, 0, 2));
	renames = *PQgetvalue(res, 0, 3) == 't';
	PQclear(res);

	err = bstore_exec(sync->st, NULL, "ctl_sync_source_put",
			  &sync->source, 1);
	if (!err && renames)
		err = transaction(sync, renamev, NULL);
	if (!err)
		err = slices(sync, gonev, gone);
	if (!err)
		err = principal_slices(sync, changed);
	if (!err)
		err = transaction(sync, listv, NULL);
	if (!err)
		err = slices(sync, edgev, edges);
	if (!err)
		err = finish(sync, counts);
	if (!err && changed + gone + edges >= STATISTICS_FROM)
		err = bstore_exec(sync->st, NULL, "ctl_sync_statistics",
				  NULL, 0);

	return err;
}


/* ------------------------------------------------------------------ counts */

/* Rows of ctl_sync_counts as an object, with what kind of run it was */
static json_t *summary(const struct sync *sync, const PGresult *res, int left)
{
	json_t *sum = json_pack("{s:b, s:b, s:i}", "full", sync->full,
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


static int print(const struct sync *sync, const PGresult *res,
		 const json_t *sum)
{
	const struct tool *tool = sync->tool;
	int err;

	if (tool->json) {
		err = json_dumpf(sum, tool->out, JSON_INDENT(1)) ? ENOMEM : 0;
		(void)fputc('\n', tool->out);
		return err;
	}

	err = out_table(tool->out, false, res, countv, ARRAY_SIZE(countv));
	(void)fprintf(tool->out, "%s of %s%s\n",
		      sync->full ? "all" : "changes", sync->source,
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


static int alone(const struct sync *sync)
{
	PGresult *res;
	bool mine;
	int err;

	err = bstore_query(sync->st, &res, "ctl_sync_begin", &sync->source, 1);
	if (err)
		return err;

	mine = *PQgetvalue(res, 0, 0) == 't';
	PQclear(res);
	if (mine)
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

	err = bstore_query(sync->st, &res, "ctl_sync_source", &sync->source,
			   1);
	if (err)
		return err;

	if (PQntuples(res) && !PQgetisnull(res, 0, 0) &&
	    !strcmp(PQgetvalue(res, 0, 1), sync->settings) &&
	    !tool_opt(sync->tool, "full"))
		cookie = PQgetvalue(res, 0, 0);

	sync_since(sync, cookie);
	sync->full = !sync->since[0];
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
	counts = json_dumps(sum, JSON_COMPACT);
	if (!counts)
		err = ENOMEM;
	if (!err && !sync->tool->dry_run)
		err = apply(sync, counts);
	if (!err)
		err = print(sync, res, sum);

	free(counts);
	json_decref(sum);
	PQclear(res);

	return err;
}


static int run(struct sync *sync)
{
	char policy[16];
	int left = 0, err;

	err = alone(sync);
	if (!err)
		err = policy_id(sync, policy);
	if (!err)
		err = since(sync);
	if (!err && sync->tool->dry_run)
		err = bstore_begin(sync->st);
	if (!err)
		err = sync_read(sync);
	if (!err)
		err = plan(sync, &left);
	if (!err)
		err = carry_out(sync, left);

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
		return tool_usage(tool, "which file? --config FILE", NULL);
	if (!str_isset(tool->store))
		return tool_usage(tool, "which store? --store CONNINFO", NULL);

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
	{ "full",   NULL,   "everything, not what changed since last time" },
	{ "sample", NULL,   "print such a file with all keys and end" },
	{ NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "sync", "ldap", NULL, TOOL_DRY, sync_ldap,
	  "take users, groups and folders over from a directory", optv },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
