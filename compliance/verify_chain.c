/**
 * @file compliance/verify_chain.c  Manifest after manifest
 */
#include <string.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/manifest.h"
#include "compliance/verify.h"
#include "compliance/verify_priv.h"

static void gap(struct verify *v, const struct vlink *a,
		const struct vlink *b)
{
	const uint64_t first = a ? a->serial + 1 : 1;

	verify_problem(v, "batch missing: no manifest %llu%s%llu before %s "
		       "(batches after %llu, before %llu)",
		       (unsigned long long)first,
		       first == b->serial - 1 ? " = " : " to ",
		       (unsigned long long)b->serial - 1, b->name,
		       (unsigned long long)(a ? a->batch : 0),
		       (unsigned long long)b->batch);
}


/* The batch before in order, and the largest: retried ones stand outside */
struct order {
	uint64_t last, largest;
};


/* Each batch follows the one before, or the largest so far: behind a fork come
   numbers of another time, until all is as it was */
static void check_order(struct verify *v, struct order *order,
			const struct vlink *b)
{
	const uint64_t last = order->last, largest = order->largest;

	order->largest = max(largest, b->batch);
	if (b->retry)
		return;

	order->last = b->batch;
	if (!last || b->forked || b->batch == last + 1 ||
	    b->batch == largest + 1)
		return;

	if (b->batch <= last)
		verify_problem(v, "batch %llu: repeated or out of order: %s "
			       "comes after batch %llu",
			       (unsigned long long)b->batch, b->name,
			       (unsigned long long)last);
	else
		verify_problem(v, "batch %llu to %llu missing before %s",
			       (unsigned long long)last + 1,
			       (unsigned long long)b->batch - 1, b->name);
}


/* The first that is there: of the chain, or behind what was kept elsewhere */
static void check_first(struct verify *v, const struct vlink *b)
{
	const struct verify_mark *after = &v->opt.after;
	const struct vlink before = {
		.serial = after->serial, .name = (char *)"the one kept",
	};

	if (b->serial <= after->serial)
		return;

	if (b->serial != after->serial + 1)
		gap(v, after->serial ? &before : NULL, b);
	else if (strcmp(b->previous, after->serial ? after->sha256 :
			manifest_none))
		verify_problem(v, "%s: the manifest before it is not the one "
			       "%s", b->name, after->serial ? "that was kept" :
			       "that a chain begins with");
}


/* What was kept elsewhere must be what is here */
static void check_mark(struct verify *v, const struct verify_mark *mark)
{
	size_t i;

	for (i = 0; v->linkv && mark->serial && i < v->linkc; i++) {
		if (v->linkv[i].serial == mark->serial &&
		    strcmp(v->linkv[i].sha256, mark->sha256))
			verify_problem(v, "%s: its SHA-256 is not the one that "
				       "was kept of manifest %llu",
				       v->linkv[i].name,
				       (unsigned long long)mark->serial);
	}
}


static void check_end(struct verify *v)
{
	const struct verify_mark *mark = &v->opt.expect;
	const uint64_t last = v->linkv && v->linkc ?
		v->linkv[v->linkc - 1].serial : 0;

	if (!v->linkc)
		verify_problem(v, "there is no manifest: it is no archive, or "
			       "all of it is gone");
	else if (mark->serial > last)
		verify_problem(v, "manifest %llu to %llu missing: the archive "
			       "was cut short", (unsigned long long)last + 1,
			       (unsigned long long)mark->serial);
}


/* a is before b; NULL: b is the first */
static void check_link(struct verify *v, const struct vlink *a,
		       const struct vlink *b)
{
	if (!a) {
		check_first(v, b);
		return;
	}

	if (*a->chain && *b->chain && strcmp(a->chain, b->chain))
		verify_problem(v, "%s: of chain %s, the one before it of %s",
			       b->name, b->chain, a->chain);

	if (strcmp(a->adapter, b->adapter))
		verify_problem(v, "%s: of adapter %s, the others of %s: each "
			       "needs a directory of its own", b->name,
			       b->adapter, a->adapter);

	if (a->serial == b->serial)
		verify_problem(v, "batch %llu repeated: %s and %s are both "
			       "number %llu", (unsigned long long)b->batch,
			       a->name, b->name,
			       (unsigned long long)b->serial);
	else if (b->serial != a->serial + 1)
		gap(v, a, b);
	else if (strcmp(b->previous, a->sha256))
		verify_problem(v, "%s: the manifest before it, %s, was "
			       "changed, or is not the one that was there",
			       b->name, a->name);
}


/* The manifest that says the last of a batch, from i on */
static const struct vlink *last_of(const struct verify *v, size_t i)
{
	const struct vlink *last = &v->linkv[i];

	for (; i < v->linkc; i++) {
		if (v->linkv[i].batch == last->batch && v->linkv[i].retry)
			last = &v->linkv[i];
	}

	return last;
}


void verify_open_ends(struct verify *v)
{
	size_t i;

	for (i = 0; i < v->linkc; i++) {

		const struct vlink *link = &v->linkv[i];

		if ((link->result != MANIFEST_REFUSED &&
		     link->result != MANIFEST_PARTIAL) ||
		    last_of(v, i) != link)
			continue;

		if (link->result == MANIFEST_PARTIAL)
			verify_tell(v, VERIFY_PARTIAL, "batch %llu: refused and"
				    " not in the archive: %s",
				    (unsigned long long)link->batch,
				    link->refused ? link->refused : "items");
		else
			verify_tell(v, VERIFY_REFUSED, "batch %llu: refused and"
				    " not in the archive",
				    (unsigned long long)link->batch);
	}
}


void verify_chain(struct verify *v)
{
	struct order order = { 0, 0 };
	size_t i;

	for (i = 0; v->linkv && i < v->linkc; i++) {
		check_link(v, i ? &v->linkv[i - 1] : NULL, &v->linkv[i]);
		check_order(v, &order, &v->linkv[i]);
	}

	check_mark(v, &v->opt.after);
	check_mark(v, &v->opt.expect);
	check_end(v);

	if (v->linkv && v->linkc) {
		const struct vlink *last = &v->linkv[v->linkc - 1];

		v->sum->serial = last->serial;
		str_ncpy(v->sum->adapter, last->adapter,
			 sizeof(v->sum->adapter));
		str_ncpy(v->sum->sha256, last->sha256,
			 sizeof(v->sum->sha256));
	}
}
