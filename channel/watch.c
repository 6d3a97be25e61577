/**
 * @file channel/watch.c  What changes in the store takes effect here
 *
 * A join that was decided before a change and enters after it would be
 * missed: whoever sees watch_changes() differ has the room looked at again.
 */
#include <errno.h>
#include <stdlib.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "common/store/room.h"
#include "channel/access.h"
#include "channel/core.h"
#include "channel/ending.h"
#include "channel/endpoint.h"
#include "channel/room.h"
#include "channel/roster.h"
#include "channel/signoff.h"
#include "channel/standing.h"
#include "channel/user.h"
#include "channel/watch.h"

enum {
	PAIRS    = 200,       /* occupants looked at in one statement        */
	USERS    = 200,       /* users, likewise                             */
	AGAIN_MS = 500,       /* the store did not answer                    */
};

/** Somebody in a room, by number: either may be gone when the answer comes */
struct pair {
	int64_t room_id, endpoint_id, user_id;
};

struct watch {
	struct service *svc;
	struct tmr tmr;
	struct list duel;         /* rooms to look at                        */
	struct pair *pairv;       /* of rooms that are being looked at       */
	size_t pairc, pairp;      /* how many, how many of them are done     */
	int64_t *userv;           /* likewise                                */
	size_t userc, userp;
	uint32_t changes;
	bool again;               /* users changed while they were read      */
	bool busy;                /* a statement is under way                */
};

static uint64_t n_changes, n_looked, n_removed;

static const struct stats_row rowv[] = {
	{ "watch_changes",    &n_changes, false,
	  "Changes that the store told of" },
	{ "occupants_looked", &n_looked,  false,
	  "Occupants whose rights were read again" },
	{ "occupants_removed", &n_removed, false,
	  "Occupants put out of rooms that they may not be in any more" },
};

static void step(struct watch *watch);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct watch *watch = data;

	tmr_cancel(&watch->tmr);
	list_clear(&watch->duel);
	mem_deref(watch->pairv);
	mem_deref(watch->userv);
}


int watch_alloc(struct watch **watchp, struct service *svc)
{
	struct watch *watch = mem_zalloc(sizeof(*watch), destructor);

	if (!watch)
		return ENOMEM;

	watch->svc = svc;
	*watchp = watch;

	return 0;
}


uint32_t watch_changes(const struct watch *watch)
{
	return watch->changes;
}


static void again_handler(void *arg)
{
	step(arg);
}


static void again(struct watch *watch)
{
	tmr_start(&watch->tmr, AGAIN_MS, again_handler, watch);
}


static void rooms_due(struct watch *watch)
{
	struct le *le = list_head(roomtab_list(watch->svc->rooms));

	for (; le; le = le->next) {
		struct room *room = le->data;

		if (!room->le_due.list)
			list_append(&watch->duel, &room->le_due, room);
	}
}


/* ------------------------------------------------------------------- rooms */

static void occupant_stays(struct service *svc, struct occupant *occ,
			   uint32_t mask)
{
	if (occ->mask == mask)
		return;

	roster_mask(svc, occ, mask);
	ending_mask(occ->ep, occ->room->id, mask);
}


/* stayp: whether who the row is about may stay.  @return 0, ENOMEM */
static int apply_row(struct service *svc, const struct pair *pair,
		     const struct db_res *res, uint32_t row, bool *stayp)
{
	struct room *room = roomtab_by_id(svc->rooms, pair->room_id);
	struct occupant *occ;
	struct room_rec rec;
	int err;

	*stayp = true;
	if (!room)
		return 0;

	room_rec_read(&rec, res, row);
	err = room_open(&room, svc->rooms, &rec);
	if (err)
		return err;

	roster_modified(svc, room);
	occ = room_occupant(svc->rooms, pair->room_id, pair->endpoint_id);
	if (occ && occ->ep)
		standing_read(&occ->standing, res, row);
	if (!access_join(&rec) && occ && occ->ep)
		occupant_stays(svc, occ, access_mask(&rec));
	mem_deref(room);
	*stayp = !access_join(&rec);

	return 0;
}


static void put_out(struct service *svc, const struct pair *pairv,
		    const bool *stayv, size_t n)
{
	size_t i, outc = 0;

	for (i = 0; i < n; i++) {
		struct occupant *occ;

		if (stayv[i])
			continue;
		occ = room_occupant(svc->rooms, pairv[i].room_id,
				    pairv[i].endpoint_id);
		if (!occ || !occ->ep)
			continue;

		++outc;
		ending_leave(occ->ep, pairv[i].room_id);
		roster_remove(svc, occ);
	}

	if (!outc)
		return;

	n_removed += outc;
	log_info("room.removed", "occupants=%zu first=%lld", outc,
		 (long long)pairv[0].room_id);
}


static void rooms_handler(int err, const struct db_res *res, void *arg)
{
	struct watch *watch = arg;
	const size_t n = min(watch->pairc - watch->pairp, (size_t)PAIRS);
	const struct pair *pairv = watch->pairv + watch->pairp;
	bool stayv[PAIRS] = { false };
	uint32_t i;

	if (err == ECANCELED)
		return;

	watch->busy = false;
	for (i = 0; !err && i < db_rows(res); i++) {
		const int64_t nth = db_get_int(res, i, STANDING_NTH) - 1;

		if (nth >= 0 && nth < (int64_t)n)
			err = apply_row(watch->svc, &pairv[nth], res, i,
					&stayv[nth]);
	}
	if (err) {
		again(watch);
		return;
	}

	n_looked += n;
	put_out(watch->svc, pairv, stayv, n);
	watch->pairp += n;
	step(watch);
}


static int ask_rooms(struct watch *watch)
{
	const size_t n = min(watch->pairc - watch->pairp, (size_t)PAIRS);
	int64_t roomv[PAIRS], userv[PAIRS];
	struct db_args args;
	size_t i;

	for (i = 0; i < n; i++) {
		roomv[i] = watch->pairv[watch->pairp + i].room_id;
		userv[i] = watch->pairv[watch->pairp + i].user_id;
	}

	db_args_init(&args);
	db_int8v(&args, roomv, n);
	db_int8v(&args, userv, n);

	return db_exec(watch->svc->db_main, "room_standing", &args,
		       rooms_handler, watch);
}


static void gather_room(struct watch *watch, const struct room *room)
{
	const struct le *le = room->locall.head;

	for (; le; le = le->next) {
		const struct occupant *occ = le->data;
		struct pair *pair = &watch->pairv[watch->pairc++];

		pair->room_id = room->id;
		pair->endpoint_id = occ->endpoint_id;
		pair->user_id = occ->pres->user->id;
	}
}


/* Of as many rooms as fill a statement, or of one that fills many */
static int gather(struct watch *watch)
{
	const struct le *le = watch->duel.head;
	size_t n = 0, rooms = 0;

	for (; le && n < PAIRS; le = le->next, ++rooms)
		n += ((const struct room *)le->data)->locals;

	watch->pairv = mem_deref(watch->pairv);
	watch->pairc = watch->pairp = 0;
	watch->pairv = mem_alloc((n + 1) * sizeof(*watch->pairv), NULL);
	if (!watch->pairv)
		return ENOMEM;

	while (rooms--) {
		struct room *room = list_ledata(list_head(&watch->duel));

		list_unlink(&room->le_due);
		gather_room(watch, room);
	}

	return 0;
}


/* ------------------------------------------------------------------- users */

static int apply_user(struct service *svc, const struct db_res *res,
		      uint32_t row)
{
	struct user *user = user_find(svc->users, db_get_int(res, row, 0));
	int64_t *ancv;
	size_t ancc;
	int err;

	if (!user)
		return 0;

	err = db_get_int8v(res, row, 1, &ancv, &ancc);
	if (err)
		return err;

	user_set_ancestors(user, ancv, ancc);
	if (!ancc)
		signoff_user(user);

	return 0;
}


static void users_handler(int err, const struct db_res *res, void *arg)
{
	struct watch *watch = arg;
	uint32_t i;

	if (err == ECANCELED)
		return;

	watch->busy = false;
	for (i = 0; !err && i < db_rows(res); i++)
		err = apply_user(watch->svc, res, i);
	if (err) {
		again(watch);
		return;
	}

	watch->userp += min(watch->userc - watch->userp, (size_t)USERS);
	if (watch->userp == watch->userc) {
		++watch->changes;
		rooms_due(watch);
	}
	step(watch);
}


static int ask_users(struct watch *watch)
{
	struct db_args args;

	db_args_init(&args);
	db_int8v(&args, watch->userv + watch->userp,
		 min(watch->userc - watch->userp, (size_t)USERS));

	return db_exec(watch->svc->db_main, "user_standing", &args,
		       users_handler, watch);
}


static int compare(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}


static int gather_users(struct watch *watch)
{
	const struct le *le = watch->svc->epl.head;
	size_t i, n = 0;

	watch->userv = mem_deref(watch->userv);
	watch->userc = watch->userp = 0;
	watch->userv = mem_alloc((watch->svc->endpoints + 1) *
				 sizeof(*watch->userv), NULL);
	if (!watch->userv)
		return ENOMEM;

	for (; le && n < watch->svc->endpoints; le = le->next)
		watch->userv[n++] = ((const struct endpoint *)le->data)->
			user->id;

	qsort(watch->userv, n, sizeof(*watch->userv), compare);
	for (i = 0; i < n; i++) {
		if (!i || watch->userv[i] != watch->userv[i - 1])
			watch->userv[watch->userc++] = watch->userv[i];
	}
	watch->again = false;

	return 0;
}


/* ------------------------------------------------------------- one by one */

static int next(struct watch *watch)
{
	int err = 0;

	if (watch->userp < watch->userc)
		return ask_users(watch);
	if (watch->again)
		err = gather_users(watch);
	if (!err && watch->userp < watch->userc)
		return ask_users(watch);

	while (!err && watch->pairp == watch->pairc && watch->duel.head)
		err = gather(watch);

	if (!err)
		err = watch->pairp < watch->pairc ? ask_rooms(watch) : ENODATA;

	return err;
}


static void step(struct watch *watch)
{
	int err;

	if (watch->busy)
		return;

	err = next(watch);
	if (!err)
		watch->busy = true;
	else if (err != ENODATA)
		again(watch);
}


/* ----------------------------------------------------------- what is told */

void watch_room(struct watch *watch, struct room *room)
{
	if (!room->le_due.list)
		list_append(&watch->duel, &room->le_due, room);
	step(watch);
}


void watch_all(struct watch *watch)
{
	++watch->changes;
	watch->again = true;
	step(watch);
}


static void room_handler(const char *channel, const char *payload, void *arg)
{
	struct watch *watch = arg;
	struct room *room;

	(void)channel;

	++n_changes;
	++watch->changes;
	if (!str_isset(payload)) {
		rooms_due(watch);
		step(watch);
		return;
	}

	room = roomtab_by_id(watch->svc->rooms, strtoll(payload, NULL, 10));
	if (room)
		watch_room(watch, room);
}


static void changed_handler(const char *channel, const char *payload,
			    void *arg)
{
	(void)channel;
	(void)payload;

	++n_changes;
	watch_all(arg);
}


int watch_listen(struct watch *watch)
{
	int err;

	err = db_listen(watch->svc->db_main, "pchat_room", room_handler,
			watch);
	if (!err)
		err = db_listen(watch->svc->db_main, "pchat_changed",
				changed_handler, watch);

	return err;
}
