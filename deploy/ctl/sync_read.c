/**
 * @file deploy/ctl/sync_read.c  A directory as rows of temporary tables
 *
 * Ids and DNs are read of everything each time: what is not there any more,
 * and what got another name with a folder above it, no time stamp tells.
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/chaturi.h"
#include "deploy/ctl/tool.h"
#include "common/db/bstore.h"
#include "deploy/ctl/sync.h"
#include "deploy/ctl/sync_dir.h"

enum { ATTRS_MAX = 16 };

enum { USER = 5, GROUP = 9, FOLDER = 10 };

/* Attribute names of a key, split at blanks, and what else is asked for */
struct attrs {
	const char *v[ATTRS_MAX + 1];
	size_t n;
	char text[512];
};

/* A search under way */
struct pass {
	struct sync *sync;
	int kind;
	struct attrs displays, members;
	const char *id;
	char stamp[SYNC_STAMP_SIZE];        /* latest */
};


static void attrs_add(struct attrs *attrs, const char *name)
{
	if (name && attrs->n < ATTRS_MAX)
		attrs->v[attrs->n++] = name;
}


static void attrs_split(struct attrs *attrs, const char *names)
{
	char *save = NULL, *word;

	memset(attrs, 0, sizeof(*attrs));
	str_ncpy(attrs->text, names ? names : "", sizeof(attrs->text));
	word = strtok_r(attrs->text, " ", &save);
	for (; word; word = strtok_r(NULL, " ", &save))
		attrs_add(attrs, word);
}


static const char *const prefixv[] = {
	[USER] = "user", [GROUP] = "group", [FOLDER] = "folder"
};


static const char *kind_key(const struct sync *sync, int kind,
			    const char *name)
{
	char buf[32];

	(void)re_snprintf(buf, sizeof(buf), "%s.%s", prefixv[kind], name);

	return sync_key(sync, buf);
}


/* One search of a kind; @p more narrows it down */
static int search(struct pass *pass, int kind, const char *more,
		  const struct attrs *attrs, const char *copy,
		  dir_entry_h *h)
{
	const struct sync *sync = pass->sync;
	const char *filter = kind_key(sync, kind, "filter");
	const char *base = kind_key(sync, kind, "base");
	char *full = NULL;
	int err, end;

	if (!filter)
		return 0;

	pass->kind = kind;
	err = kind == USER ?
		re_sdprintf(&full, "(&%s(%s=*)%s)", filter,
			    sync_key(sync, "user.uri"), more) :
		re_sdprintf(&full, "(&%s%s)", filter, more);
	if (!err)
		err = bstore_copy_begin(sync->st, copy);
	if (!err) {
		err = dir_search(sync->dir, base ? base :
				 sync_key(sync, "user.base"), full, attrs->v, h,
				 pass);
		end = bstore_copy_end(sync->st);
		err = err ? err : end;
	}
	mem_deref(full);

	return err;
}


static const char *entry_id(struct pass *pass, const struct dir_entry *entry)
{
	pass->id = dir_id(entry);
	if (!pass->id)
		(void)dir_complain(entry, "has no attribute that ldap.id "
				   "names");

	return pass->id;
}


/* ---------------------------------------------------------- what there is */

static int seen_handler(const struct dir_entry *entry, void *arg)
{
	struct pass *pass = arg;
	struct bstore *st = pass->sync->st;
	const char *stamp = dir_value(entry, "modifyTimestamp", 0);
	struct dir_dn dn;
	int err;

	if (stamp && strlen(stamp) + 1 >= SYNC_STAMP_SIZE &&
	    strncmp(stamp, pass->stamp, SYNC_STAMP_SIZE - 2) > 0)
		str_ncpy(pass->stamp, stamp, sizeof(pass->stamp));

	err = dir_dn(&dn, entry);
	if (!err && !entry_id(pass, entry))
		err = EPROTO;
	if (!err) {
		bstore_copy_int(st, pass->kind);
		bstore_copy_text(st, pass->id);
		bstore_copy_text(st, dn.dn);
		bstore_copy_text(st, dn.parent);
		bstore_copy_text(st, dn.rdn);
		bstore_copy_row(st);
	}
	dir_dn_reset(&dn);

	return err;
}


static int off_handler(const struct dir_entry *entry, void *arg)
{
	struct pass *pass = arg;

	if (!entry_id(pass, entry))
		return EPROTO;

	bstore_copy_text(pass->sync->st, pass->id);
	bstore_copy_row(pass->sync->st);

	return 0;
}


static int read_seen(struct pass *pass)
{
	static const int kindv[] = { USER, GROUP, FOLDER };
	const char *off = sync_key(pass->sync, "user.disabled_filter");
	struct attrs attrs = { .n = 0 };
	int err = 0;

	attrs_add(&attrs, sync_key(pass->sync, "ldap.id"));
	attrs_add(&attrs, "modifyTimestamp");
	for (size_t i = 0; i < ARRAY_SIZE(kindv) && !err; i++)
		err = search(pass, kindv[i], "", &attrs, "ctl_sync_copy_seen",
			     seen_handler);
	if (!err && off)
		err = search(pass, USER, off, &attrs, "ctl_sync_copy_off",
			     off_handler);

	return err;
}


/* ------------------------------------------------------------ what changed */

static void copy_value(struct pass *pass, const struct dir_entry *entry,
		       const char *attr)
{
	const char *v = attr ? dir_value(entry, attr, 0) : NULL;

	bstore_copy_text(pass->sync->st, v ? v : "");
}


static void copy_first(struct pass *pass, const struct dir_entry *entry)
{
	const char *v = NULL;

	for (size_t i = 0; !v && i < pass->displays.n; i++)
		v = dir_value(entry, pass->displays.v[i], 0);

	bstore_copy_text(pass->sync->st, v ? v : "");
}


static int user_handler(const struct dir_entry *entry, void *arg)
{
	struct pass *pass = arg;
	const struct sync *sync = pass->sync;
	char canon[512];
	const char *uri;
	struct pl pl;

	if (!entry_id(pass, entry))
		return EPROTO;

	bstore_copy_text(sync->st, pass->id);
	uri = dir_value(entry, sync_key(sync, "user.uri"), 0);
	pl_set_str(&pl, uri ? uri : "");
	bstore_copy_text(sync->st, useruri_canon(canon, sizeof(canon), &pl) ?
			 NULL : canon);
	bstore_copy_text(sync->st, uri);
	copy_value(pass, entry, sync_key(sync, "user.uid"));
	copy_first(pass, entry);
	copy_value(pass, entry, sync_key(sync, "user.email"));
	bstore_copy_row(sync->st);

	return 0;
}


static int group_handler(const struct dir_entry *entry, void *arg)
{
	struct pass *pass = arg;
	const char *name;
	struct dir_dn dn;
	int err;

	err = dir_dn(&dn, entry);
	if (!err && !entry_id(pass, entry))
		err = EPROTO;
	if (!err) {
		bstore_copy_text(pass->sync->st, pass->id);
		name = dir_value(entry, sync_key(pass->sync, "group.name"), 0);
		bstore_copy_text(pass->sync->st, name ? name : dn.rdn);
		bstore_copy_row(pass->sync->st);
	}
	dir_dn_reset(&dn);

	return err;
}


static int read_details(struct pass *pass, const char *since)
{
	const struct sync *sync = pass->sync;
	struct attrs attrs = pass->displays;
	int err;

	attrs_add(&attrs, sync_key(sync, "ldap.id"));
	attrs_add(&attrs, sync_key(sync, "user.uri"));
	attrs_add(&attrs, sync_key(sync, "user.uid"));
	attrs_add(&attrs, sync_key(sync, "user.email"));
	err = search(pass, USER, since, &attrs, "ctl_sync_copy_user",
		     user_handler);
	if (err)
		return err;

	memset(&attrs, 0, sizeof(attrs));
	attrs_add(&attrs, sync_key(sync, "ldap.id"));
	attrs_add(&attrs, sync_key(sync, "group.name"));

	return search(pass, GROUP, since, &attrs, "ctl_sync_copy_group",
		      group_handler);
}


/* ----------------------------------------------------------------- members */

struct member {
	struct bstore *st;
	const char *id;
};


static void copy_member(struct bstore *st, const char *id, const char *member)
{
	bstore_copy_text(st, id);
	bstore_copy_text(st, member);
	bstore_copy_row(st);
}


/* A DN, or the uid of a user; anything else is kept as it is, to be named among
   those that were not found */
static int member_handler(const char *value, void *arg)
{
	const struct member *member = arg;
	char *text = NULL;
	int err;

	if (strchr(value, '='))
		err = dir_dn_normal(&text, value);
	else
		err = re_sdprintf(&text, "uid:%s", value);
	if (err == ENOMEM)
		return err;

	copy_member(member->st, member->id, err ? value : text);
	mem_deref(text);

	return 0;
}


static int members_handler(const struct dir_entry *entry, void *arg)
{
	struct pass *pass = arg;
	struct member member = { .st = pass->sync->st };
	char *id = NULL;
	int err;

	if (!entry_id(pass, entry))
		return EPROTO;

	err = str_dup(&id, pass->id);
	if (err)
		return err;

	member.id = id;
	copy_member(member.st, id, NULL);
	for (size_t i = 0; !err && i < pass->members.n; i++)
		err = dir_values(entry, pass->members.v[i], member_handler,
				 &member);
	mem_deref(id);

	return err;
}


static int read_members(struct pass *pass, const char *since)
{
	struct attrs attrs = pass->members;

	attrs_add(&attrs, sync_key(pass->sync, "ldap.id"));

	return search(pass, GROUP, since, &attrs, "ctl_sync_copy_member",
		      members_handler);
}


/* ------------------------------------------------------------- all of it */

/* Unknown entries may have come in from outside of the filter, unchanged */
static int again(struct sync *sync, bool *detailsp, bool *membersp)
{
	PGresult *res;
	int err;

	err = bstore_query(sync->st, &res, "ctl_sync_again", NULL, 0);
	if (err)
		return err;

	*detailsp = *PQgetvalue(res, 0, 0) == 't';
	*membersp = *PQgetvalue(res, 0, 1) == 't';
	PQclear(res);

	return 0;
}


int sync_read(struct sync *sync)
{
	struct pass pass = { .sync = sync };
	bool details = false, members = false;
	int err;

	attrs_split(&pass.displays, sync_key(sync, "user.display"));
	attrs_split(&pass.members, sync_key(sync, "group.member"));

	err = bstore_exec(sync->st, NULL, "ctl_sync_make", NULL, 0);
	if (!err)
		err = read_seen(&pass);
	if (!err)
		err = bstore_exec(sync->st, NULL, "ctl_sync_seen_index", NULL,
				  0);
	if (!err)
		err = read_details(&pass, sync->since);
	if (!err && sync->since[0])
		err = again(sync, &details, &members);
	if (!err && details)
		err = bstore_exec(sync->st, NULL, "ctl_sync_forget", NULL, 0);
	if (!err && details)
		err = read_details(&pass, "");
	if (!err)
		err = read_members(&pass, details || members ? "" :
				   sync->since);
	if (!err)
		sync_cookie(sync, pass.stamp);

	return err;
}
