/**
 * @file compliance/verify_chain.c  Manifest after manifest, event after event
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/guid.h"
#include "compliance/adapter.h"
#include "compliance/manifest.h"
#include "compliance/verify.h"
#include "compliance/verify_priv.h"

/* Ids of events looked at together: 24 MB */
enum { PART_EVENTS = 1 << 20 };

struct entry {
	uint8_t guid[GUID_SIZE];
	uint64_t link;
};


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


static FILE *index_open(const struct verify *v, const char *name)
{
	char *path = NULL;
	FILE *f;

	if (re_sdprintf(&path, "%s/%s", v->dir, name))
		return NULL;

	f = fopen(path, "re");
	mem_deref(path);

	return f;
}


/* "ordinal guid ...": false, not a line of an index */
static bool index_line(const char *line, uint64_t *np, char guid[37])
{
	return sscanf(line, "%" SCNu64 "\t%36[0-9a-f-]\t", np, guid) == 2 &&
		strlen(guid) == 36;
}


static void check_line(struct verify *v, const char *name, uint64_t n,
		       uint64_t *lastp, const char *guid, const char *before)
{
	const uint64_t last = *lastp;

	if (n == last + 1) {
		*lastp = n;
	}
	else if (n <= last) {
		verify_problem(v, "%s: event %llu (%s) repeated or out of "
			       "order, after event %llu (%s)", name,
			       (unsigned long long)n, guid,
			       (unsigned long long)last, before);
	}
	else {
		verify_problem(v, "%s: event %llu to %llu missing, between "
			       "%s and %s", name, (unsigned long long)last + 1,
			       (unsigned long long)n - 1,
			       *before ? before : "the beginning", guid);
		*lastp = n;
	}
}


static void check_ends(struct verify *v, const struct manifest *m,
		       uint64_t last, const char *first, const char *guid)
{
	const char *name = m->index->name;

	if (last < m->eventc)
		verify_problem(v, "%s: event %llu to %llu missing, after %s",
			       name, (unsigned long long)last + 1,
			       (unsigned long long)m->eventc, guid);
	else if (last > m->eventc)
		verify_problem(v, "%s: %llu events, its manifest says %llu",
			       name, (unsigned long long)last,
			       (unsigned long long)m->eventc);

	if (strcmp(first, m->first) || strcmp(guid, m->last))
		verify_problem(v, "%s: first or last event is not the one "
			       "that its manifest names", name);
}


int verify_index(struct verify *v, const struct manifest *m)
{
	char guid[37] = "", before[37] = "", first[37] = "", *line = NULL;
	FILE *f = index_open(v, m->index->name);
	uint64_t n, last = 0;
	size_t size = 0;

	if (!f)
		return 0;          /* told as a missing file */

	while (getline(&line, &size, f) > 0) {

		if (!index_line(line, &n, guid)) {
			verify_problem(v, "%s: after event %s: not an event",
				       m->index->name, before);
			continue;
		}

		if (!*first)
			str_ncpy(first, guid, sizeof(first));
		check_line(v, m->index->name, n, &last, guid, before);
		str_ncpy(before, guid, sizeof(before));
	}

	check_ends(v, m, last, first, before);
	(void)fclose(f);
	free(line);

	return 0;
}


static void event_line(const struct verify *v, uint64_t batch, char *line)
{
	char *fieldv[VERIFY_FIELDS], *rest = line;
	unsigned n = 0;

	line[strcspn(line, "\n")] = '\0';
	(void)strsep(&rest, "\t");

	while (rest && n < VERIFY_FIELDS)
		fieldv[n++] = strsep(&rest, "\t");

	if (n == VERIFY_FIELDS)
		v->opt.eventh(batch, fieldv, v->opt.arg);
}


void verify_events(struct verify *v)
{
	char *line = NULL;
	size_t size = 0, i;

	for (i = 0; i < v->linkc; i++) {

		FILE *f = *v->linkv[i].index ?
			index_open(v, v->linkv[i].index) : NULL;

		while (f && getline(&line, &size, f) > 0)
			event_line(v, v->linkv[i].batch, line);

		if (f)
			(void)fclose(f);
	}

	free(line);
}


static int by_guid(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	const int c = memcmp(x->guid, y->guid, GUID_SIZE);

	if (c)
		return c;

	return x->link < y->link ? -1 : x->link > y->link;
}


/* Ids of one room's messages begin alike: all bytes count */
static bool is_of_part(const uint8_t *guid, uint64_t part, uint64_t parts)
{
	return hash_joaat(guid, GUID_SIZE) % parts == part;
}


static size_t collect(struct verify *v, struct entry *ev, size_t size,
		      uint64_t part, uint64_t parts)
{
	char text[37], *line = NULL;
	size_t i, n = 0, len = 0;
	struct pl pl;
	uint64_t ord;

	for (i = 0; i < v->linkc; i++) {

		FILE *f = *v->linkv[i].index ?
			index_open(v, v->linkv[i].index) : NULL;

		while (f && n < size && getline(&line, &len, f) > 0) {

			if (!index_line(line, &ord, text))
				continue;

			pl_set_str(&pl, text);
			if (guid_decode(ev[n].guid, &pl) ||
			    !is_of_part(ev[n].guid, part, parts))
				continue;
			ev[n++].link = i;
		}

		if (f)
			(void)fclose(f);
	}

	free(line);

	return n;
}


static void find_repeats(struct verify *v, struct entry *ev, size_t n)
{
	char guid[GUID_STRSIZE];
	size_t i;

	qsort(ev, n, sizeof(*ev), by_guid);

	for (i = 1; i < n; i++) {

		const struct vlink *a = &v->linkv[ev[i - 1].link];
		const struct vlink *b = &v->linkv[ev[i].link];

		if (a == b || memcmp(ev[i - 1].guid, ev[i].guid, GUID_SIZE))
			continue;

		verify_problem(v, "event %s repeated: in batch %llu and in "
			       "batch %llu", guid_str(guid, ev[i].guid),
			       (unsigned long long)a->batch,
			       (unsigned long long)b->batch);
	}
}


/* Twice the room that an even spread needs */
int verify_repeats(struct verify *v)
{
	const uint64_t parts = v->sum->events / PART_EVENTS + 1;
	const size_t size = (size_t)(2 * v->sum->events / parts + 1024);
	struct entry *ev = malloc(size * sizeof(*ev));
	uint64_t part;

	if (!ev)
		return ENOMEM;

	for (part = 0; part < parts; part++)
		find_repeats(v, ev, collect(v, ev, size, part, parts));

	free(ev);

	return 0;
}
