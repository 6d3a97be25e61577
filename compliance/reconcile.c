/**
 * @file compliance/reconcile.c  What a directory has, against what is known
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/db/bstore.h"
#include "common/log.h"
#include "compliance/outdir.h"
#include "compliance/reconcile.h"
#include "compliance/reconcile_priv.h"

struct work {
	struct outdir *od;
	struct bstore *st;
	const char *adapter, *dir;
	struct mbuf *errmb;
	struct chain c;
	struct outdir_id id;
	struct links links;
};


static uint64_t number(const PGresult *res, int col)
{
	return strtoull(PQgetvalue(res, 0, col), NULL, 10);
}


static int read_chain(struct work *w)
{
	const char *argv[] = { w->adapter };
	struct chain *c = &w->c;
	PGresult *res = NULL;
	int err;

	err = bstore_query(w->st, &res, "delivery_chain", argv, 1);
	if (!err && !PQntuples(res))
		err = EPROTO;
	if (!err) {
		str_ncpy(c->chain, PQgetvalue(res, 0, 0), sizeof(c->chain));
		c->serial = number(res, 1);
		str_ncpy(c->sha256, PQgetvalue(res, 0, 2), sizeof(c->sha256));
		c->batch      = number(res, 3);
		c->last_batch = number(res, 4);
		c->adopt      = *PQgetvalue(res, 0, 5) == 't';
	}
	PQclear(res);

	return err;
}


/* ------------------------------------------------------------ whose it is */

static const struct link *last(const struct work *w)
{
	return w->links.n ? &w->links.v[w->links.n - 1] : NULL;
}


/* The manifest that the store knows as the last one */
static bool has_known(const struct work *w)
{
	for (size_t i = 0; w->links.v && i < w->links.n; i++) {
		if (w->links.v[i].serial == w->c.serial &&
		    !strcmp(w->links.v[i].sha256, w->c.sha256))
			return true;
	}

	return false;
}


static int anothers(const struct work *w, const char *whose)
{
	(void)mbuf_printf(w->errmb, "%s: it belongs to %s: give adapter %s a "
			  "directory of its own, or have it go on with this "
			  "one: pchatctl compliance adopt %s", w->dir, whose,
			  w->adapter, w->adapter);

	return EEXIST;
}


/* One without an identity file: empty, or of a version that wrote none */
static int claim(struct work *w)
{
	int err;

	if (w->links.all && !w->c.adopt && !has_known(w))
		return anothers(w, "another chain of manifests, which it "
				"holds");

	str_ncpy(w->id.adapter, w->adapter, sizeof(w->id.adapter));
	str_ncpy(w->id.chain, w->c.chain, sizeof(w->id.chain));
	w->id.after_serial = w->links.all ? 0 : w->c.serial;
	str_ncpy(w->id.after_sha256, w->links.all ? manifest_none :
		 w->c.sha256, sizeof(w->id.after_sha256));

	err = outdir_claim(w->od, &w->id);
	if (err)
		(void)mbuf_printf(w->errmb, "%s: %m", w->dir, err);

	return err;
}


static int identify(struct work *w)
{
	char whose[320];
	const int err = outdir_read_id(&w->id, w->dir);

	if (err == ENOENT)
		return claim(w);

	if (err) {
		(void)mbuf_printf(w->errmb, "%s/" OUTDIR_IDENTITY ": %m",
				  w->dir, err);
		return err;
	}

	if (strcmp(w->id.adapter, w->adapter)) {
		(void)mbuf_printf(w->errmb, "%s: it belongs to adapter %s: "
				  "each adapter needs a directory of its own",
				  w->dir, w->id.adapter);
		return EEXIST;
	}

	if (strcmp(w->id.chain, w->c.chain) && !w->c.adopt) {
		(void)re_snprintf(whose, sizeof(whose), "chain %s of another "
				  "compliance store, or of an adapter %s that "
				  "was removed", w->id.chain, w->adapter);
		return anothers(w, whose);
	}

	return 0;
}


/* ------------------------------------------------------------- taking over */

/* "{guid,guid,...}": an index has no more lines than a batch has events */
static int read_index(struct mbuf *mb, FILE *f)
{
	char *line = NULL, guid[37];
	size_t size = 0;
	uint64_t n;
	int err;

	err = mbuf_write_u8(mb, '{');
	while (!err && getline(&line, &size, f) > 0) {

		if (sscanf(line, "%" SCNu64 "\t%36[0-9a-f-]\t", &n, guid) != 2)
			continue;
		if (mb->end > 1)
			err = mbuf_write_u8(mb, ',');
		if (!err)
			err = mbuf_write_str(mb, guid);
	}
	free(line);

	return err ? err : mbuf_write_str(mb, "}");
}


static int adopt_index(const struct work *w, const char *name)
{
	char *path = NULL, *guids = NULL;
	const char *argv[] = { w->adapter, NULL };
	struct mbuf *mb = mbuf_alloc(4096);
	FILE *f = NULL;
	int err;

	err = mb ? re_sdprintf(&path, "%s/%s", w->dir, name) : ENOMEM;
	if (!err)
		f = fopen(path, "re");
	if (!f)
		goto out;          /* gone: for verify to complain of */

	err = read_index(mb, f);
	(void)fclose(f);
	mb->pos = 0;
	if (!err)
		err = mbuf_strdup(mb, &guids, mb->end);
	argv[1] = guids;
	if (!err)
		err = bstore_query(w->st, NULL, "adopted_take", argv, 2);

 out:
	mem_deref(guids);
	mem_deref(path);
	mem_deref(mb);

	return err;
}


static int adopt_events(const struct work *w)
{
	int err = 0;

	for (size_t i = 0; w->links.v && i < w->links.n && !err; i++) {

		const struct link *link = &w->links.v[i];

		if (link->serial > w->c.serial && *link->index)
			err = adopt_index(w, link->index);
	}

	return err;
}


static int adopt_manifest(const struct work *w, const struct link *link)
{
	char serial[24], batch[24], *text = NULL;
	const char *argv[] = { w->adapter, serial, batch,
			       manifest_result_name(link->result),
			       link->sha256, NULL };
	struct mbuf *mb = NULL;
	int err;

	(void)re_snprintf(serial, sizeof(serial), "%llu",
			  (unsigned long long)link->serial);
	(void)re_snprintf(batch, sizeof(batch), "%llu",
			  (unsigned long long)link->batch);

	err = reconcile_text(&mb, w->dir, link->name);
	if (!err) {
		mb->pos = 0;
		err = mbuf_strdup(mb, &text, mb->end);
	}
	argv[5] = text;
	if (!err)
		err = bstore_query(w->st, NULL, "delivery_manifest", argv, 6);

	mem_deref(text);
	mem_deref(mb);

	return err;
}


static int adopt_chain(const struct work *w, uint64_t end, const char *sha256,
		       const char *how)
{
	char serial[24], newest[24];
	const char *argv[] = { w->adapter, w->id.chain, serial, sha256,
			       newest, how };
	uint64_t batch = 0;

	for (size_t i = 0; w->links.v && i < w->links.n; i++)
		batch = max(batch, w->links.v[i].batch);

	(void)re_snprintf(serial, sizeof(serial), "%llu",
			  (unsigned long long)end);
	(void)re_snprintf(newest, sizeof(newest), "%llu",
			  (unsigned long long)batch);
	log_err("archive.fork", "name=%s error=\"%s\"", w->adapter, how);

	return bstore_query(w->st, NULL, "delivery_adopt", argv, 6);
}


/* The chain goes on behind the end of the directory's */
static int take_over(const struct work *w, const char *how)
{
	const struct link *end = last(w);
	int err;

	err = bstore_begin(w->st);
	if (!err)
		err = adopt_events(w);

	for (size_t i = 0; i < w->links.n && !err; i++) {
		if (w->links.v[i].serial > w->c.serial)
			err = adopt_manifest(w, &w->links.v[i]);
	}

	if (!err)
		err = adopt_chain(w, end->serial, end->sha256, how);

	if (err)
		bstore_rollback(w->st);
	else
		err = bstore_commit(w->st);

	return err ? EPROTO : 0;
}


/* --------------------------------------------------------------- comparing */

/* A process ended between publishing and telling the store of it */
static int settle(const struct work *w, bool *settledp)
{
	const struct link *end = last(w);
	char batch[24], *text = NULL;
	const char *argv[] = { w->adapter, batch,
			       manifest_result_name(end->result), end->note,
			       end->sha256, NULL, NULL };
	struct mbuf *mb = NULL;
	PGresult *res = NULL;
	int err;

	(void)re_snprintf(batch, sizeof(batch), "%llu",
			  (unsigned long long)end->batch);
	err = reconcile_text(&mb, w->dir, end->name);
	if (!err) {
		mb->pos = 0;
		err = mbuf_strdup(mb, &text, mb->end);
	}
	argv[5] = text;
	if (!err)
		err = bstore_query(w->st, &res, "delivery_done", argv, 7);
	if (!err)
		*settledp = *PQgetvalue(res, 0, 0) == 't';

	PQclear(res);
	mem_deref(text);
	mem_deref(mb);

	return err ? EPROTO : 0;
}


static int ahead(const struct work *w)
{
	const struct link *end = last(w);
	bool settled = false;
	char how[256];
	int err;

	if (end->serial == w->c.serial + 1 && !w->c.adopt &&
	    !strcmp(end->previous, w->c.sha256)) {
		err = settle(w, &settled);
		if (err || settled)
			return err;
	}

	(void)re_snprintf(how, sizeof(how), "its directory has manifests %llu "
			  "to %llu, which the compliance store does not know: "
			  "%s", (unsigned long long)w->c.serial + 1,
			  (unsigned long long)end->serial, w->c.adopt ?
			  "an operator had the directory's chain go on" :
			  "the compliance store was set back");

	return take_over(w, how);
}


static int behind(const struct work *w)
{
	const struct link *end = last(w);
	const bool fresh = w->id.after_serial == w->c.serial &&
		!strcmp(w->id.after_sha256, w->c.sha256);
	char how[256];

	if (end && end->serial == w->c.serial) {
		(void)re_snprintf(how, sizeof(how), "manifest %llu of its "
				  "directory is not the one that the "
				  "compliance store knows",
				  (unsigned long long)end->serial);
		return take_over(w, how);
	}

	if (fresh)
		(void)re_snprintf(how, sizeof(how), "its directory is a new "
				  "one: it begins after manifest %llu (%s)",
				  (unsigned long long)w->c.serial,
				  w->c.sha256);
	else
		(void)re_snprintf(how, sizeof(how), "its directory has no "
				  "manifest %llu (batch %llu), which was "
				  "written: the directory was set back",
				  (unsigned long long)w->c.serial,
				  (unsigned long long)w->c.last_batch);

	return adopt_chain(w, w->c.serial, w->c.sha256, how) ? EPROTO : 0;
}


static int compare(const struct work *w)
{
	const struct link *end = last(w);

	if (end && end->serial > w->c.serial)
		return ahead(w);
	if (w->c.serial && !has_known(w))
		return behind(w);
	if (w->c.adopt)
		return adopt_chain(w, w->c.serial, w->c.sha256, "an operator "
				   "had the directory's chain go on") ?
			EPROTO : 0;

	return 0;
}


int reconcile(struct outdir *od, struct bstore *st, const char *adapter,
	      struct mbuf *errmb)
{
	struct work w = { .od = od, .st = st, .adapter = adapter,
			  .dir = outdir_path(od), .errmb = errmb };
	int err;

	err = outdir_finish(od, errmb);
	if (err && !errmb->end)
		(void)mbuf_printf(errmb, "%s: %m", w.dir, err);
	if (!err)
		err = read_chain(&w);
	if (!err)
		err = reconcile_read(&w.links, w.dir, &w.c, errmb);
	if (!err)
		err = identify(&w);
	if (!err)
		err = compare(&w);

	free(w.links.v);

	return err;
}
