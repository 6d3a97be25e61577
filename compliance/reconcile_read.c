/**
 * @file compliance/reconcile_read.c  The end of a directory's chain
 *
 * Names tell which manifests can be beyond what is known; only those are
 * read, so that a large archive costs no more than its list of names.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "compliance/manifest.h"
#include "compliance/reconcile_priv.h"

enum { MANIFEST_MAX_BYTES = 256 << 20 };


int reconcile_text(struct mbuf **mbp, const char *dir, const char *name)
{
	struct mbuf *mb = mbuf_alloc(4096);
	char *path = NULL, buf[4096];
	FILE *f = NULL;
	size_t n;
	int err;

	err = mb ? re_sdprintf(&path, "%s/%s", dir, name) : ENOMEM;
	if (!err) {
		f = fopen(path, "re");
		err = f ? 0 : errno;
	}

	while (!err && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		err = mb->end > MANIFEST_MAX_BYTES ? EFBIG :
			mbuf_write_mem(mb, (uint8_t *)buf, n);

	if (f && !err && ferror(f))
		err = EIO;
	if (f)
		(void)fclose(f);
	mem_deref(path);

	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}


/* "manifest-BATCH.json" or "manifest-BATCH-SERIAL.json" */
static bool read_name(const char *name, uint64_t *batchp, uint64_t *serialp)
{
	int n = 0;

	*serialp = 0;
	if (sscanf(name, "manifest-%12" SCNu64 "%n", batchp, &n) != 1)
		return false;

	name += n;
	if (sscanf(name, "-%" SCNu64 "%n", serialp, &n) == 1)
		name += n;

	return !strcmp(name, ".json");
}


static bool may_be_beyond(const struct chain *c, uint64_t batch,
			  uint64_t serial)
{
	return c->adopt || batch > c->batch || batch == c->last_batch ||
		(serial && serial >= c->serial);
}


static struct link *link_add(struct links *links)
{
	if (links->n == links->max) {

		const size_t max = links->max ? 2 * links->max : 16;
		struct link *v = realloc(links->v, max * sizeof(*v));

		if (!v)
			return NULL;
		links->v = v;
		links->max = max;
	}

	return memset(&links->v[links->n++], 0, sizeof(struct link));
}


static int load(struct links *links, const char *dir, const char *name)
{
	struct manifest *m = NULL;
	struct mbuf *mb = NULL;
	struct link *link;
	int err;

	err = reconcile_text(&mb, dir, name);
	if (!err)
		err = manifest_decode(&m, (char *)mb->buf, mb->end);
	if (err)
		goto out;

	link = link_add(links);
	err = link ? digest_mem(link->sha256, mb->buf, mb->end) : ENOMEM;
	if (err)
		goto out;

	link->serial = m->serial;
	link->batch  = m->batch;
	link->result = m->result;
	str_ncpy(link->name, name, sizeof(link->name));
	str_ncpy(link->previous, m->previous, sizeof(link->previous));
	str_ncpy(link->note, m->note ? m->note : "", sizeof(link->note));
	if (m->index)
		str_ncpy(link->index, m->index->name, sizeof(link->index));

 out:
	mem_deref(m);
	mem_deref(mb);

	return err;
}


static int by_serial(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return x->serial < y->serial ? -1 : x->serial > y->serial;
}


int reconcile_read(struct links *links, const char *dir,
		   const struct chain *c, struct mbuf *errmb)
{
	uint64_t batch, serial;
	struct dirent *de;
	DIR *d = opendir(dir);
	int err = d ? 0 : errno;

	while (d && !err && (de = readdir(d))) {

		if (!read_name(de->d_name, &batch, &serial))
			continue;

		++links->all;
		if (!may_be_beyond(c, batch, serial))
			continue;

		err = load(links, dir, de->d_name);
		if (err)
			(void)mbuf_printf(errmb, "%s/%s: %m", dir, de->d_name,
					  err);
	}

	if (d)
		(void)closedir(d);
	if (links->n)
		qsort(links->v, links->n, sizeof(*links->v), by_serial);

	return err;
}
