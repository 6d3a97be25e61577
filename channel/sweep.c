/**
 * @file channel/sweep.c  Open rooms compared with the store, in slices
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/core.h"
#include "channel/deliver.h"
#include "channel/reattach.h"
#include "channel/roamers.h"
#include "channel/room.h"
#include "channel/roster.h"
#include "channel/sweep.h"

enum {
	TICK_MS    = 250,
	TICKS      = 20,       /* in which all rooms are looked at once      */
	SLICE_MAX  = 2000,
	YOUNG_MS   = 2000,
	ROSTERS    = 7,        /* one slice in so many: rosters too          */
	AGAIN      = 4,        /* one tick in so many: who could not return  */
	FORGET_MS  = 60000,
	KEEP_S     = 600,      /* messages of rooms without history          */
	FEED_DAYS  = 30,       /* what watches found                         */
	FEED_ROOMS = 100,      /* looked at, whether anybody watches         */
};

static uint64_t n_roster_repairs;

static const struct stats_row rowv[] = {
	{ "roster_repairs", &n_roster_repairs, false,
	  "Rosters that were not as the store has them" },
};

static void tick(void *arg);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void heads_handler(int err, const struct db_res *res, void *arg)
{
	struct service *svc = arg;
	uint32_t i;

	for (i = 0; !err && i < db_rows(res); i++) {
		struct room *room = roomtab_by_id(svc->rooms,
						  db_get_int(res, i, 0));

		if (room)
			deliver_expect(room, db_get_int(res, i, 1));
	}
}


static void ask_heads(struct service *svc, const int64_t *idv, size_t n)
{
	struct db_args args;

	db_args_init(&args);
	db_int8v(&args, idv, n);
	(void)db_exec(svc->db_main, "room_heads", &args, heads_handler, svc);
}


static size_t collect_young(struct service *svc, int64_t *idv, size_t max)
{
	struct le *le = list_head(roomtab_young(svc->rooms));
	const uint64_t now = tmr_jiffies();
	size_t n = 0;

	while (le && n < max) {
		struct room *room = le->data;

		le = le->next;
		idv[n++] = room->id;
		if (now - room->opened_ms > YOUNG_MS)
			list_unlink(&room->le_young);
	}

	return n;
}


/* The next slice of the list goes to its end */
static size_t collect(struct service *svc, int64_t *idv, size_t max)
{
	struct list *rooml = roomtab_list(svc->rooms);
	size_t slice = roomtab_count(svc->rooms) / TICKS + 1;
	size_t n = collect_young(svc, idv, max);
	struct le *le;

	while (slice-- && n < max && (le = list_head(rooml))) {
		struct room *room = le->data;

		list_unlink(le);
		list_append(rooml, le, room);
		idv[n++] = room->id;
	}

	return n;
}


/* A roster that differs in number is read again; one that is just changing
   may be so for nothing */
static void counts_handler(int err, const struct db_res *res, void *arg)
{
	struct service *svc = arg;
	uint32_t i;

	for (i = 0; !err && i < db_rows(res); i++) {
		struct room *room = roomtab_by_id(svc->rooms,
						  db_get_int(res, i, 0));

		if (!room || room->loads ||
		    room->remotes == db_get_int(res, i, 1))
			continue;

		++n_roster_repairs;
		(void)roster_load(svc, &room, 1, NULL, NULL);
	}
}


static void ask_counts(struct service *svc, const int64_t *idv, size_t n)
{
	struct db_args args;

	db_args_init(&args);
	db_int8v(&args, idv, n);
	db_int8(&args, svc->instance_id);
	(void)db_exec(svc->db_main, "roster_counts", &args, counts_handler,
		      svc);
}


static void tick(void *arg)
{
	struct service *svc = arg;
	int64_t idv[SLICE_MAX];
	size_t n;

	tmr_start(&svc->tmr_sweep, TICK_MS, tick, svc);

	if (++svc->sweeps % AGAIN == 0 && db_isup(svc->db_main))
		reattach_again(svc);
	if (!roomtab_count(svc->rooms) || !db_isup(svc->db_main))
		return;

	n = collect(svc, idv, SLICE_MAX);
	ask_heads(svc, idv, n);
	if (svc->sweeps % ROSTERS == 0)
		ask_counts(svc, idv, n);
}


static void forgotten_handler(int err, const struct db_res *res, void *arg)
{
	(void)res;
	(void)arg;

	if (err)
		log_warn("sweep.forget", "error=%d", err);
}


/* Not much later than who was lost is to be forgotten */
static uint32_t forget_ms(const struct service *svc)
{
	return svc->set.reattach_s < FORGET_MS / 1000 ?
		1000 * (uint32_t)svc->set.reattach_s + 1000 : FORGET_MS;
}


static void forget(void *arg)
{
	struct service *svc = arg;
	struct db_args args;

	tmr_start(&svc->tmr_forget, forget_ms(svc) + rand_u16() % 10000,
		  forget, svc);
	roamers_sweep(svc->roamers);

	db_args_init(&args);
	db_int4(&args, KEEP_S);
	(void)db_exec(svc->db_index, "message_forget", &args,
		      forgotten_handler, svc);
	db_args_init(&args);
	db_int4(&args, (int32_t)svc->set.reattach_s);
	(void)db_exec(svc->db_index, "endpoint_forget", &args,
		      forgotten_handler, svc);
	db_args_init(&args);
	db_int4(&args, FEED_DAYS);
	db_int4(&args, FEED_ROOMS);
	(void)db_exec(svc->db_index, "feed_forget", &args,
		      forgotten_handler, svc);
}


void sweep_start(struct service *svc)
{
	tmr_start(&svc->tmr_sweep, TICK_MS, tick, svc);
	tmr_start(&svc->tmr_forget, forget_ms(svc), forget, svc);
}


void sweep_stop(struct service *svc)
{
	tmr_cancel(&svc->tmr_sweep);
	tmr_cancel(&svc->tmr_forget);
}
