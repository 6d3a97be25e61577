/**
 * @file compliance/batch_read.c  Staged events as the batch that adapters get
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/db/bstore.h"
#include "common/json.h"
#include "compliance/adapter.h"
#include "compliance/arena.h"
#include "compliance/batch_read.h"
#include "compliance/event_read.h"

/* A list that grows; pointers into it do not last while it does */
struct vec {
	void *v;
	size_t n, max;
	size_t size;            /* of an element */
};

/* A conversation while its lists still grow */
struct conv {
	char guid[40];          /* of the room, "" for none              */
	const struct adapter_room *room;
	size_t event, start, end;            /* where its own begin      */
};

struct batch_read {
	struct adapter_batch batch;
	struct bstore *st;
	const char *files, *adapter;
	uint64_t adopted;       /* of its events are left out            */
	struct arena *arena;
	struct people *people;
	json_t *room;           /* of the newest event                   */
	struct vec events;      /* struct adapter_event                  */
	struct vec convs;       /* struct conv                           */
	struct vec starts, ends;             /* struct adapter_user *    */
	size_t conv;            /* where presence is                     */
};

typedef int (row_h)(struct batch_read *br, const PGresult *res, int row);


static void destructor(void *data)
{
	struct batch_read *br = data;

	free(br->events.v);
	free(br->convs.v);
	free(br->starts.v);
	free(br->ends.v);
	json_decref(br->room);
	mem_deref(br->people);
	mem_deref(br->arena);
}


static void *vec_add(struct vec *vec)
{
	if (vec->n == vec->max) {

		const size_t n = vec->max ? 2 * vec->max : 64;
		void *v = realloc(vec->v, n * vec->size);

		if (!v)
			return NULL;
		vec->v = v;
		vec->max = n;
	}

	return memset((uint8_t *)vec->v + vec->n++ * vec->size, 0, vec->size);
}


static struct conv *conv_last(const struct batch_read *br)
{
	return (struct conv *)br->convs.v + br->convs.n - 1;
}


/* The room as its last event knew it */
static void conv_close(struct batch_read *br)
{
	if (br->convs.n)
		conv_last(br)->room = room_read(br->arena, br->room);
}


static int conv_for(struct batch_read *br, const char *guid)
{
	struct conv *conv;

	if (br->convs.n && !strcmp(conv_last(br)->guid, guid))
		return 0;

	conv_close(br);

	conv = vec_add(&br->convs);
	if (!conv)
		return ENOMEM;

	str_ncpy(conv->guid, guid, sizeof(conv->guid));
	conv->event = br->events.n;

	return 0;
}


static int event_row(struct batch_read *br, const PGresult *res, int row)
{
	json_t *obj = json_loads(PQgetvalue(res, row, 1), 0, NULL);
	struct adapter_event *ev;
	int err;

	err = obj ? conv_for(br, PQgetvalue(res, row, 0)) : EBADMSG;
	if (err)
		goto out;

	json_decref(br->room);
	br->room = json_incref(json_object_get(obj, "room"));

	ev = vec_add(&br->events);
	err = ev ? event_read(ev, br->arena, br->people, obj, br->files)
		 : ENOMEM;

 out:
	json_decref(obj);

	return err;
}


static int user_add(struct vec *vec, const struct adapter_user *user)
{
	const struct adapter_user **p = vec_add(vec);

	if (!p)
		return ENOMEM;

	*p = user;

	return 0;
}


/* Both lists are in the order of rooms */
static struct conv *conv_go(struct batch_read *br, const char *guid)
{
	struct conv *convv = br->convs.v;

	while (br->conv < br->convs.n && strcmp(convv[br->conv].guid, guid)) {

		if (++br->conv < br->convs.n) {
			convv[br->conv].start = br->starts.n;
			convv[br->conv].end   = br->ends.n;
		}
	}

	return br->conv < br->convs.n ? &convv[br->conv] : NULL;
}


static int present_row(struct batch_read *br, const PGresult *res, int row)
{
	const struct adapter_user *user;
	json_t *obj;
	int err = 0;

	if (!conv_go(br, PQgetvalue(res, row, 0)))
		return 0;

	obj  = json_loads(PQgetvalue(res, row, 1), 0, NULL);
	user = people_find(br->people, obj);
	json_decref(obj);
	if (!user)
		return arena_failed(br->arena) ? ENOMEM : 0;

	if (*PQgetvalue(res, row, 2) == 't')
		err = user_add(&br->starts, user);
	if (!err && *PQgetvalue(res, row, 3) == 't')
		err = user_add(&br->ends, user);

	return err;
}


static int fetch(struct batch_read *br, int *np, row_h *h)
{
	PGresult *res;
	int row, err;

	err = bstore_query(br->st, &res, "batch_fetch", NULL, 0);
	if (err)
		return err;

	*np = PQntuples(res);
	for (row = 0; row < *np && !err; row++)
		err = h(br, res, row);

	PQclear(res);

	return err;
}


static int read_rows(struct batch_read *br, const char *stmt, int argc,
		     row_h *h)
{
	char id[24];
	const char *argv[] = { id, br->adapter };
	int n = 0, err;

	(void)re_snprintf(id, sizeof(id), "%llu",
			  (unsigned long long)br->batch.id);

	err = bstore_exec(br->st, NULL, stmt, argv, argc);
	if (err)
		return err;

	do {
		err = fetch(br, &n, h);
	} while (!err && n);

	if (!err)
		err = bstore_exec(br->st, NULL, "batch_fetch_end", NULL, 0);

	return err;
}


static void conv_fill(const struct batch_read *br,
		      struct adapter_conversation *conv, size_t i)
{
	const struct conv *c = (const struct conv *)br->convs.v + i;
	const bool last = i + 1 == br->convs.n;
	const struct adapter_user **startv = br->starts.v, **endv = br->ends.v;

	conv->room     = c->room;
	conv->start_us = br->batch.from_us;
	conv->end_us   = br->batch.to_us;
	conv->eventv   = (struct adapter_event *)br->events.v + c->event;
	conv->eventc   = (last ? br->events.n : c[1].event) - c->event;
	conv->startv   = startv ? startv + c->start : NULL;
	conv->startc   = (last ? br->starts.n : c[1].start) - c->start;
	conv->endv     = endv ? endv + c->end : NULL;
	conv->endc     = (last ? br->ends.n : c[1].end) - c->end;
}


static int finish(struct batch_read *br)
{
	struct adapter_conversation *convv;
	size_t i;

	/* rooms behind the last that anybody is in */
	(void)conv_go(br, "-");

	convv = arena_take(br->arena, (br->convs.n + 1) * sizeof(*convv));
	if (!convv)
		return ENOMEM;

	for (i = 0; i < br->convs.n; i++)
		conv_fill(br, &convv[i], i);

	br->batch.convv = convv;
	br->batch.convc = br->convs.n;

	if (br->events.n + br->adopted != br->batch.eventc)
		return ENOENT;

	br->batch.eventc = br->events.n;

	return arena_failed(br->arena) ? ENOMEM : 0;
}


/* Those that the adapter's directory has already are not read */
static int count_adopted(struct batch_read *br)
{
	char id[24];
	const char *argv[] = { id, br->adapter };
	PGresult *res = NULL;
	int err;

	if (br->events.n == br->batch.eventc)
		return 0;

	(void)re_snprintf(id, sizeof(id), "%llu",
			  (unsigned long long)br->batch.id);
	err = bstore_query(br->st, &res, "batch_adopted", argv, 2);
	if (!err)
		br->adopted = strtoull(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);

	return err;
}


static int read_all(struct batch_read *br)
{
	int err;

	err = bstore_begin(br->st);
	if (!err)
		err = read_rows(br, "batch_events", 2, event_row);
	if (!err) {
		conv_close(br);
		err = read_rows(br, "batch_present", 1, present_row);
	}
	if (!err)
		err = count_adopted(br);

	if (err)
		bstore_rollback(br->st);
	else
		err = bstore_commit(br->st);

	return err ? err : finish(br);
}


static int init(struct batch_read *br)
{
	int err;

	br->events.size = sizeof(struct adapter_event);
	br->convs.size  = sizeof(struct conv);
	br->starts.size = br->ends.size = sizeof(struct adapter_user *);

	err = arena_alloc(&br->arena);

	return err ? err : people_alloc(&br->people, br->arena);
}


int batch_read(struct batch_read **brp, struct bstore *st,
	       const struct adapter_batch *head, const char *adapter,
	       const char *files)
{
	struct batch_read *br;
	int err;

	if (!brp || !st || !head || !adapter)
		return EINVAL;

	br = mem_zalloc(sizeof(*br), destructor);
	if (!br)
		return ENOMEM;

	br->batch = *head;
	br->st    = st;
	br->files = files;
	br->adapter = adapter;

	err = init(br);
	if (!err)
		err = read_all(br);

	if (err)
		mem_deref(br);
	else
		*brp = br;

	return err;
}


const struct adapter_batch *batch_read_batch(const struct batch_read *br)
{
	return &br->batch;
}


uint64_t batch_read_adopted(const struct batch_read *br)
{
	return br->adopted;
}


size_t batch_read_size(const struct batch_read *br)
{
	return arena_size(br->arena) +
		br->events.max * br->events.size +
		(br->starts.max + br->ends.max) * sizeof(void *);
}
