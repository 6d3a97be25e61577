/**
 * @file deploy/ctl/sync_apply.c  A planned sync, written
 *
 * In transactions of some hundred principals each, every one of which leaves
 * a store that is right in itself.  What a run that was interrupted left
 * undone, the next one does.
 */
#include <re.h>
#include <stdlib.h>
#include "deploy/ctl/tool.h"
#include "common/db/bstore.h"
#include "deploy/ctl/sync.h"

enum { STATISTICS_FROM = 5 };     /* slices written that call for ANALYZE */

/* Written in one transaction, or in one of each slice */
static const char *const renamev[] = {
	"ctl_sync_unlock", "ctl_sync_park", "ctl_sync_aside",
	"ctl_sync_rename", NULL
};
static const char *const gonev[] = {
	"ctl_sync_gone_deny", "ctl_sync_gone_entry",
	"ctl_sync_gone_principal", NULL
};
static const char *const principalv[] = {
	"ctl_sync_principal_new", "ctl_sync_principal_changed",
	"ctl_sync_entry", "ctl_sync_follow_new", NULL
};
static const char *const listv[] = {
	"ctl_sync_member_gone", "ctl_sync_member_new", NULL
};
static const char *const edgev[] = {
	"ctl_sync_edge_gone", "ctl_sync_edge_new", "ctl_sync_follow", NULL
};

/* How much there is */
struct extent {
	unsigned changed, gone, edges;     /* slices */
	bool renames;
};


static int extent_read(struct extent *ext, const struct sync *sync)
{
	PGresult *res;
	int err;

	err = bstore_query(sync->st, &res, "ctl_sync_slices", NULL, 0);
	if (err)
		return err;

	ext->changed = (unsigned)strtoul(PQgetvalue(res, 0, 0), NULL, 10);
	ext->gone    = (unsigned)strtoul(PQgetvalue(res, 0, 1), NULL, 10);
	ext->edges   = (unsigned)strtoul(PQgetvalue(res, 0, 2), NULL, 10);
	ext->renames = *PQgetvalue(res, 0, 3) == 't';
	PQclear(res);

	return 0;
}


static int transaction(const struct sync *sync, const char *const *stmtv,
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


static int slices(const struct sync *sync, const char *const *stmtv,
		  unsigned n)
{
	char slice[16];
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++) {
		(void)re_snprintf(slice, sizeof(slice), "%u", i);
		err = transaction(sync, stmtv, slice);
	}

	return err;
}


static int finish(const struct sync *sync, const char *counts)
{
	const char *argv[3] = { sync->cookie, sync->settings,
		sync->since[0] ? "false" : "true" };
	int err;

	err = bstore_begin(sync->st);
	if (!err)
		err = bstore_exec(sync->st, NULL, "ctl_sync_done", argv, 3);
	if (!err)
		err = bstore_exec(sync->st, NULL, "ctl_sync_audit", &counts,
				  1);
	if (!err)
		return bstore_commit(sync->st);

	bstore_rollback(sync->st);

	return err;
}


int sync_apply(struct sync *sync, const char *counts)
{
	struct extent ext;
	int err;

	err = extent_read(&ext, sync);
	if (!err)
		err = bstore_exec(sync->st, NULL, "ctl_sync_source_put", NULL,
				  0);
	if (!err && ext.renames)
		err = transaction(sync, renamev, NULL);
	if (!err)
		err = slices(sync, gonev, ext.gone);
	if (!err)
		err = slices(sync, principalv, ext.changed);
	if (!err)
		err = transaction(sync, listv, NULL);
	if (!err)
		err = slices(sync, edgev, ext.edges);
	if (!err)
		err = finish(sync, counts);
	if (!err && ext.changed + ext.gone + ext.edges >= STATISTICS_FROM)
		err = bstore_exec(sync->st, NULL, "ctl_sync_statistics", NULL,
				  0);

	return err;
}
