/**
 * @file compliance/adapter_check.c  Are the adapters as they must be?
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <re.h>
#include "common/conf.h"
#include "common/db/bstore.h"
#include "common/db/db.h"
#include "compliance/adapter_check.h"
#include "compliance/adapter_load.h"
#include "compliance/delivery.h"
#include "compliance/outdir.h"

enum { ADAPTERS_MAX = 64 };

struct check {
	const struct config *conf;
	bool thorough;
	struct mbuf *errmb;
	struct bstore *st;         /* NULL: it does not answer          */
	FILE *null;                /* for what it says                  */
	char *dirv[ADAPTERS_MAX];  /* their directories, resolved       */
	char *namev[ADAPTERS_MAX];
	size_t n;
};


static int wrong(struct check *c, const char *path, const char *dir,
		 const char *what, const char *whose)
{
	(void)mbuf_printf(c->errmb, "%s: adapter.directory: %s: %s%s", path,
			  dir, what, whose);

	return EBADMSG;
}


/* Two names of one directory are one directory */
static int check_shared(struct check *c, const char *path, const char *name,
			const char *dir)
{
	char real[PATH_MAX];
	size_t i;
	int err;

	if (!realpath(dir, real))
		return wrong(c, path, dir, strerror(errno), "");

	for (i = 0; i < c->n; i++) {
		if (!strcmp(c->dirv[i], real))
			return wrong(c, path, dir, "each adapter needs one of "
				     "its own, this one is that of ",
				     c->namev[i]);
	}

	if (c->n == ADAPTERS_MAX)
		return wrong(c, path, dir, "too many adapters", "");

	err = str_dup(&c->dirv[c->n], real);
	if (!err)
		err = str_dup(&c->namev[c->n], name);
	if (!err)
		++c->n;

	return err;
}


/* Whose chain it is only the compliance store can tell */
static int check_chain(struct check *c, const char *path, const char *name,
		       const char *dir, const struct outdir_id *id)
{
	const char *argv[] = { name };
	PGresult *res = NULL;
	bool same;

	if (!c->st || bstore_query(c->st, &res, "delivery_chain", argv, 1))
		return 0;

	same = PQntuples(res) ? !strcmp(PQgetvalue(res, 0, 0), id->chain) ||
		*PQgetvalue(res, 0, 5) == 't' : false;
	PQclear(res);

	return same ? 0 : wrong(c, path, dir, "it belongs to another chain of "
				"manifests than the compliance store knows of "
				"this adapter: give an empty one, or see "
				"pchatctl compliance adopt ", name);
}


static int check_dir(struct check *c, const char *path, const char *name,
		     const char *dir)
{
	struct outdir_id id;
	struct stat st;
	int err;

	/* Away now, it may be there when a batch comes: events are taken */
	if (stat(dir, &st))
		return c->thorough ? wrong(c, path, dir, strerror(errno), "") :
			0;
	if (!S_ISDIR(st.st_mode))
		return wrong(c, path, dir, "is no directory", "");
	if (access(dir, W_OK | X_OK))
		return wrong(c, path, dir, "cannot be written: ",
			     strerror(errno));

	err = check_shared(c, path, name, dir);
	if (err)
		return err;

	err = outdir_read_id(&id, dir);
	if (err == ENOENT)
		return 0;
	if (err)
		return wrong(c, path, dir, OUTDIR_IDENTITY " cannot be read: ",
			     strerror(err));
	if (strcmp(id.adapter, name))
		return wrong(c, path, dir, "it belongs to adapter ",
			     id.adapter);

	return check_chain(c, path, name, dir, &id);
}


/* As the adapter's process will: the adapter itself complains on the log */
static int open_it(struct check *c, const char *path)
{
	struct delivery *d = NULL;
	int err;

	err = delivery_open(&d, path, NULL,
			    config_str(c->conf, "files.archive"), c->errmb);
	mem_deref(d);

	return err;
}


static int check_one(struct check *c, const char *path)
{
	const struct adapter_common *common;
	struct adapter_spec *spec = NULL;
	int err;

	err = adapter_peek(&spec, path, c->errmb);
	if (!err && c->thorough)
		err = open_it(c, path);
	if (!err) {
		common = adapter_spec_common(spec);
		if (common->dir)
			err = check_dir(c, path, common->name, common->dir);
	}
	mem_deref(spec);

	return err;
}


static void ask_store(struct check *c)
{
	c->null = fopen("/dev/null", "w");
	if (!c->null)
		return;

	if (bstore_open(&c->st, &sql_compliance,
			config_str(c->conf, "staging.conninfo"), c->null))
		c->st = NULL;
	else if (bstore_check_schema(c->st))
		c->st = mem_deref(c->st);
}


int adapter_check(const struct config *conf, bool thorough,
		  struct mbuf *errmb)
{
	struct check c = { .conf = conf, .thorough = thorough,
			   .errmb = errmb };
	const char *path;
	size_t i;
	int err = 0;

	if (thorough && config_nth(conf, "adapter", 0))
		ask_store(&c);

	for (i = 0; !err && (path = config_nth(conf, "adapter", i)); i++)
		err = check_one(&c, path);

	while (c.n) {
		--c.n;
		mem_deref(c.dirv[c.n]);
		mem_deref(c.namev[c.n]);
	}
	mem_deref(c.st);
	if (c.null)
		(void)fclose(c.null);

	return err;
}
