/**
 * @file channel/join.c  An endpoint into rooms
 *
 * All statements go over one connection in this order, so that a roster is
 * read after what precedes it was written, and an endpoint that ends
 * meanwhile is taken out after it was put in.  What the user left before is
 * waited for.  A join that fails may have been stored all the same: it is
 * undone in the store.
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/store/room.h"
#include "channel/access.h"
#include "channel/core.h"
#include "channel/ending.h"
#include "channel/endpoint.h"
#include "channel/fence.h"
#include "channel/join.h"
#include "channel/pool.h"
#include "channel/room.h"
#include "channel/roster.h"
#include "channel/user.h"
#include "channel/watch.h"

enum {
	TRIES_MAX   = 5,      /* rights that change each time that we look   */
	FACT_RIGHTS = 21,     /* columns of join_facts                       */
	FACT_PEOPLE = 22,
};

static int ask_facts(struct join *join);


static void destructor(void *data)
{
	struct join *join = data;
	size_t i;

	for (i = 0; i < join->roomc; i++)
		mem_deref(join->roomv[i].room);
	mem_deref(join->roomv);
	mem_deref(join->ep);
}


int join_alloc(struct join **joinp, struct endpoint *ep, size_t roomc)
{
	struct join *join = mem_zalloc(sizeof(*join), destructor);

	if (!join)
		return ENOMEM;

	join->roomv = mem_zalloc((roomc + 1) * sizeof(*join->roomv), NULL);
	if (!join->roomv) {
		mem_deref(join);
		return ENOMEM;
	}

	join->ep = mem_ref(ep);
	join->roomc = roomc;
	*joinp = join;

	return 0;
}


/* Who is not in a room here must not be in it in the store; an endpoint that
   is over is taken out of all of them anyway */
static void undo(struct join *join)
{
	struct endpoint *ep = join->ep;
	size_t i;

	for (i = 0; join->added && ep->dlg && i < join->roomc; i++) {
		const struct room *room = join->roomv[i].room;

		if (room && !room_occupant(ep->svc->rooms, room->id, ep->id))
			ending_leave(ep, room->id);
	}
}


static void finish(struct join *join, int err)
{
	struct endpoint *ep = join->ep;
	size_t i;

	for (i = 0; !err && i < join->roomc; i++) {
		struct join_room *jr = &join->roomv[i];

		if (!jr->err && !ep->dlg)
			jr->err = ECONNABORTED;
		if (!jr->err)
			jr->err = roster_enter(ep->svc, jr->room, ep, jr->mask,
					       &jr->standing, jr->since);
		if (!jr->err && join->changes != watch_changes(ep->svc->watch))
			watch_room(ep->svc->watch, jr->room);
	}

	undo(join);
	join->h(err, join, join->arg);
	mem_deref(join);
}


static void load_handler(int err, void *arg)
{
	finish(arg, err ? EBUSY : 0);
}


static void apply_added(struct join_room *jr, const struct db_res *res,
			uint32_t row)
{
	jr->since = db_get_int(res, row, 1);

	switch (db_get_int(res, row, 2)) {

	case FENCE_STORED: jr->err = 0; jr->stored = true; break;
	case FENCE_STALE:  jr->err = EAGAIN; break;
	default:           jr->err = EBUSY;  break;
	}
}


/* A room without a row has gone meanwhile */
static void read_added(struct join *join, const struct db_res *res)
{
	size_t i;

	for (i = 0; i < join->roomc; i++) {
		struct join_room *jr = &join->roomv[i];
		uint32_t row;

		if (jr->err || jr->stored)
			continue;
		jr->err = ENOENT;
		for (row = 0; row < db_rows(res); row++) {
			if (db_get_int(res, row, 0) == jr->room->id)
				apply_added(jr, res, row);
		}
	}
}


static size_t count_err(const struct join *join, int err)
{
	size_t i, n = 0;

	for (i = 0; i < join->roomc; i++)
		n += join->roomv[i].err == err;

	return n;
}


static void set_err(struct join *join, int from, int to)
{
	size_t i;

	for (i = 0; i < join->roomc; i++) {
		struct join_room *jr = &join->roomv[i];

		if (jr->err != from)
			continue;
		jr->err = to;
		jr->room = mem_deref(jr->room);
	}
}


/* Rights changed between the look and the entry: look again */
static bool again(struct join *join)
{
	if (!count_err(join, EAGAIN))
		return false;

	if (++join->tries == TRIES_MAX) {
		set_err(join, EAGAIN, EBUSY);
		return false;
	}

	set_err(join, EAGAIN, ENOENT);

	return !ask_facts(join);
}


/* Who else is in rooms that are new to this process */
static void load(struct join *join)
{
	struct room *newv[JOIN_MAX];
	size_t i, n = 0;

	for (i = 0; i < join->roomc; i++) {
		struct room *room = join->roomv[i].room;

		if (!join->roomv[i].err &&
		    (!room->load_gen || room->loads))
			newv[n++] = room;
	}

	if (!n)
		finish(join, 0);
	else if (roster_load(join->ep->svc, newv, n, load_handler, join))
		finish(join, EBUSY);
}


static void added_handler(int err, const struct db_res *res, void *arg)
{
	struct join *join = arg;

	if (err) {
		finish(join, EBUSY);
		return;
	}

	read_added(join, res);
	if (count_err(join, EBUSY))
		pool_doubt(join->ep->svc->pool);
	if (!again(join))
		load(join);
}


static int add(struct join *join)
{
	struct endpoint *ep = join->ep;
	int64_t idv[JOIN_MAX], rightsv[JOIN_MAX];
	int32_t maskv[JOIN_MAX];
	struct db_args args;
	size_t i, n = 0;
	int err;

	for (i = 0; i < join->roomc; i++) {
		const struct join_room *jr = &join->roomv[i];

		if (jr->err || jr->stored)
			continue;
		idv[n] = jr->room->id;
		rightsv[n] = jr->standing.rights;
		maskv[n++] = (int32_t)jr->mask;
	}
	if (!n)
		return ENOENT;

	db_args_init(&args);
	db_int8(&args, ep->id);
	db_int8(&args, ep->user->id);
	db_text(&args, ep->epid);
	db_int8(&args, ep->svc->instance_id);
	db_int8(&args, ep->svc->lease);
	db_int8v(&args, idv, n);
	db_int4v(&args, maskv, n);
	db_int8v(&args, rightsv, n);
	db_int8(&args, join->people);
	err = db_exec(ep->svc->db_main, "roster_add", &args, added_handler,
		      join);
	if (!err)
		ep->stored = join->added = true;

	return err ? EBUSY : 0;
}


static void decide(struct join *join, const struct room_rec *rec,
		   const struct standing *standing)
{
	size_t i;

	for (i = 0; i < join->roomc; i++) {
		struct join_room *jr = &join->roomv[i];

		if (jr->err != ENOENT || jr->room ||
		    memcmp(jr->guid, rec->guid, GUID_SIZE))
			continue;

		jr->err = access_join(rec);
		if (jr->err == ENOENT)
			continue;
		jr->mask = access_mask(rec);
		jr->standing = *standing;
		join->people = standing->people;
		if (!jr->err)
			jr->err = room_open(&jr->room, join->ep->svc->rooms,
					    rec);
		return;
	}
}


static void facts_handler(int err, const struct db_res *res, void *arg)
{
	struct join *join = arg;
	uint32_t i;

	for (i = 0; !err && i < db_rows(res); i++) {
		const struct standing standing = {
			.rights = db_get_int(res, i, FACT_RIGHTS),
			.people = db_get_int(res, i, FACT_PEOPLE),
		};
		struct room_rec rec;

		room_rec_read(&rec, res, i);
		decide(join, &rec, &standing);
	}

	if (!err && join->ep->dlg)
		err = add(join);
	else if (!err)
		err = ENOENT;
	else
		err = EBUSY;

	if (err == ENOENT)
		load(join);
	else if (err)
		finish(join, err);
}


/* Of the rooms that nothing is known of yet */
static int ask_facts(struct join *join)
{
	const struct endpoint *ep = join->ep;
	uint8_t (*guidv)[GUID_SIZE];
	struct db_args args;
	size_t i, n = 0;
	int err;

	guidv = mem_alloc((join->roomc + 1) * GUID_SIZE, NULL);
	if (!guidv)
		return ENOMEM;

	for (i = 0; i < join->roomc; i++) {
		const struct join_room *jr = &join->roomv[i];

		if (jr->err == ENOENT && jr->asked)
			memcpy(guidv[n++], jr->guid, GUID_SIZE);
	}

	db_args_init(&args);
	db_int8(&args, ep->user->id);
	db_uuidv(&args, (const uint8_t (*)[16])guidv, n);
	err = db_exec(ep->svc->db_main, "join_facts", &args, facts_handler,
		      join);
	mem_deref(guidv);

	return err;
}


static void left_handler(int err, void *arg)
{
	struct join *join = arg;

	if (!err)
		err = ask_facts(join);
	if (err)
		finish(join, err);
}


int join_start(struct join *join,
	       void (*h)(int err, struct join *join, void *arg), void *arg)
{
	struct endpoint *ep = join->ep;
	size_t i;

	for (i = 0; i < join->roomc; i++) {
		struct join_room *jr = &join->roomv[i];

		if (jr->err)
			continue;
		jr->err = ENOENT;       /* until a row says otherwise */
		jr->asked = true;
	}

	join->changes = watch_changes(ep->svc->watch);
	join->h = h;
	join->arg = arg;

	return ending_wait(ep->svc, ep->user, left_handler, join) ? 0 :
		ask_facts(join);
}
