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
#include "channel/join.h"
#include "channel/room.h"
#include "channel/roster.h"
#include "channel/user.h"
#include "channel/watch.h"


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
			jr->err = roster_enter(ep->svc, jr->room, ep, jr->mask);
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


static void added_handler(int err, const struct db_res *res, void *arg)
{
	struct join *join = arg;
	struct room *newv[JOIN_MAX];
	size_t i, n = 0;

	for (i = 0; !err && i < join->roomc; i++) {
		struct room *room = join->roomv[i].room;

		if (!join->roomv[i].err &&
		    (!room->load_gen || room->loads))
			newv[n++] = room;
	}

	if (err || !n)
		finish(join, err ? EBUSY : 0);
	else if (roster_load(join->ep->svc, newv, n, load_handler, join))
		finish(join, EBUSY);
}


static int add(struct join *join)
{
	struct endpoint *ep = join->ep;
	int64_t idv[JOIN_MAX];
	int32_t maskv[JOIN_MAX];
	struct db_args args;
	size_t i, n = 0;
	int err;

	for (i = 0; i < join->roomc; i++) {
		if (join->roomv[i].err)
			continue;
		idv[n] = join->roomv[i].room->id;
		maskv[n++] = (int32_t)join->roomv[i].mask;
	}
	if (!n)
		return ENOENT;

	db_args_init(&args);
	db_int8(&args, ep->id);
	db_int8(&args, ep->user->id);
	db_text(&args, ep->epid);
	db_int8(&args, ep->svc->instance_id);
	db_int8v(&args, idv, n);
	db_int4v(&args, maskv, n);
	err = db_exec(ep->svc->db_main, "roster_add", &args, added_handler,
		      join);
	if (!err)
		ep->stored = join->added = true;

	return err ? EBUSY : 0;
}


static void decide(struct join *join, const struct room_rec *rec)
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
		struct room_rec rec;

		room_rec_read(&rec, res, i);
		decide(join, &rec);
	}

	if (!err && join->ep->dlg)
		err = add(join);
	else if (!err)
		err = ENOENT;
	else
		err = EBUSY;

	if (err)
		finish(join, err == ENOENT ? 0 : err);
}


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
		struct join_room *jr = &join->roomv[i];

		if (jr->err)
			continue;
		memcpy(guidv[n++], jr->guid, GUID_SIZE);
		jr->err = ENOENT;       /* until a row says otherwise */
	}

	join->changes = watch_changes(ep->svc->watch);
	db_args_init(&args);
	db_int8v(&args, ep->user->ancv, ep->user->ancc);
	db_uuidv(&args, (const uint8_t (*)[16])guidv, n);
	err = db_exec(ep->svc->db_main, "room_facts", &args, facts_handler,
		      join);
	mem_deref(guidv);

	return err ? EBUSY : 0;
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

	join->h = h;
	join->arg = arg;

	return ending_wait(ep->svc, ep->user, left_handler, join) ? 0 :
		ask_facts(join);
}
