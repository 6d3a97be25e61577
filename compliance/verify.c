/**
 * @file compliance/verify.c  Check an archive without any database
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/manifest.h"
#include "compliance/outdir.h"
#include "compliance/verify.h"
#include "compliance/verify_priv.h"


void verify_problem(struct verify *v, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	++v->sum->problems;

	va_start(ap, fmt);
	if (v->opt.h && !re_vsdprintf(&text, fmt, ap))
		v->opt.h(text, v->opt.arg);
	va_end(ap);

	mem_deref(text);
}


void verify_tell(struct verify *v, enum verify_note what, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	++v->sum->notes;

	va_start(ap, fmt);
	if (v->opt.noteh && !re_vsdprintf(&text, fmt, ap))
		v->opt.noteh(what, text, v->opt.arg);
	va_end(ap);

	mem_deref(text);
}


static bool is_manifest(const char *name)
{
	const size_t n = strlen(name);

	return !strncmp(name, "manifest-", 9) && n > 5 &&
		!strcmp(name + n - 5, ".json");
}


static int link_add(struct verify *v, const struct vlink *link)
{
	if (v->linkc == v->links_max) {

		const size_t n = v->links_max ? 2 * v->links_max : 256;
		struct vlink *p = realloc(v->linkv, n * sizeof(*p));

		if (!p)
			return ENOMEM;
		v->linkv = p;
		v->links_max = n;
	}

	v->linkv[v->linkc++] = *link;

	return 0;
}


static int load_all(struct verify *v)
{
	size_t i;
	int err = 0;

	for (i = 0; i < v->filec && !err; i++) {

		struct manifest *m = NULL;
		struct vlink link;

		if (!is_manifest(v->filev[i].name))
			continue;

		v->filev[i].listed = true;
		memset(&link, 0, sizeof(link));

		err = verify_load(v, &m, v->filev[i].name, &link);
		if (!err && m)
			err = link_add(v, &link);
		mem_deref(m);
	}

	return err;
}


static int by_serial(const void *a, const void *b)
{
	const struct vlink *x = a, *y = b;

	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;

	return strcmp(x->name, y->name);
}


/* The number of twelve digits that is in every name of a batch's files */
static uint64_t batch_of(const char *name)
{
	for (; *name; name++) {
		const size_t n = strspn(name, "0123456789");

		if (n == 12)
			return strtoull(name, NULL, 10);
		if (n)
			name += n - 1;
	}

	return 0;
}


static uint64_t newest(const struct verify *v)
{
	uint64_t batch = 0;
	size_t i;

	for (i = 0; i < v->linkc; i++)
		batch = max(batch, v->linkv[i].batch);

	return batch;
}


/* The host's own, and what it has not published yet */
static bool is_hosts(const char *name)
{
	return !strcmp(name, OUTDIR_LOCK) || !strcmp(name, OUTDIR_IDENTITY);
}


static bool is_temporary(const char *name)
{
	const char *base = strrchr(name, '/');
	const size_t n = strlen(name);

	if (!strncmp(name, OUTDIR_TRY "/", sizeof(OUTDIR_TRY)) ||
	    !strncmp(name, OUTDIR_DONE "/", sizeof(OUTDIR_DONE)))
		return true;

	base = base ? base + 1 : name;

	return *base == '.' && n > 4 && !strcmp(name + n - 4, ".tmp");
}


/* A crash may have left the files of the batch that comes next. */
static void unlisted(struct verify *v)
{
	const uint64_t last = newest(v);
	size_t i;

	for (i = 0; i < v->filec; i++) {

		const struct vfile *file = &v->filev[i];

		if (file->listed || is_hosts(file->name))
			continue;

		if (is_temporary(file->name) || batch_of(file->name) > last)
			++v->sum->pending;
		else
			verify_problem(v, "file %s: in no manifest: repeated "
				       "or put there", file->name);
	}
}


static void release(struct verify *v)
{
	size_t i;

	for (i = 0; i < v->filec; i++)
		mem_deref(v->filev[i].name);
	for (i = 0; i < v->linkc; i++) {
		mem_deref(v->linkv[i].name);
		mem_deref(v->linkv[i].adapter);
		mem_deref(v->linkv[i].refused);
	}

	free(v->filev);
	free(v->linkv);
}


static int verify_all(struct verify *v)
{
	int err;

	err = verify_scan(v);
	if (!err)
		err = load_all(v);
	if (err)
		return err;

	if (v->linkc)
		qsort(v->linkv, v->linkc, sizeof(*v->linkv), by_serial);

	verify_chain(v);
	verify_open_ends(v);
	unlisted(v);
	if (v->opt.eventh)
		verify_events(v);

	return verify_repeats(v);
}


int verify_dir(struct verify_sum *sum, const char *dir,
	       const struct verify_opt *opt)
{
	struct verify v = { .dir = dir, .sum = sum };
	int err;

	if (!sum || !dir)
		return EINVAL;

	if (opt)
		v.opt = *opt;
	memset(sum, 0, sizeof(*sum));
	str_ncpy(sum->sha256, manifest_none, sizeof(sum->sha256));

	err = verify_all(&v);
	release(&v);

	return err;
}
