/**
 * @file compliance/verify_index.c  Event after event, by the indexes of batches
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
