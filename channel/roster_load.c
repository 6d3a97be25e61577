/**
 * @file channel/roster_load.c  Rosters as the store has them
 *
 * A read races with news from the bus.  News are newer: who left while the
 * read was under way is not put back by it, and who entered is not taken out
 * because it does not know him yet (his generation says so).
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "channel/core.h"
#include "channel/room.h"
#include "channel/roster.h"
#include "channel/user.h"

struct parted {
	struct le le;
	int64_t endpoint_id;
};

struct load {
	struct service *svc;
	roster_load_h *h;
	void *arg;
	size_t roomc;
	struct room *roomv[];          /* references                         */
};


static void parted_destructor(void *data)
{
	struct parted *parted = data;

	list_unlink(&parted->le);
}


static struct parted *parted_find(const struct room *room,
				  int64_t endpoint_id)
{
	struct le *le = list_head(&room->partedl);

	for (; le; le = le->next) {
		struct parted *parted = le->data;

		if (parted->endpoint_id == endpoint_id)
			return parted;
	}

	return NULL;
}


void roster_load_left(struct room *room, int64_t endpoint_id)
{
	struct parted *parted;

	if (!room->loads || parted_find(room, endpoint_id))
		return;

	parted = mem_zalloc(sizeof(*parted), parted_destructor);
	if (!parted)
		return;

	parted->endpoint_id = endpoint_id;
	list_append(&room->partedl, &parted->le, parted);
}


void roster_load_entered(struct room *room, int64_t endpoint_id)
{
	if (room->partedl.head)
		mem_deref(parted_find(room, endpoint_id));
}


static void load_destructor(void *data)
{
	struct load *load = data;
	size_t i;

	for (i = 0; i < load->roomc; i++) {
		struct room *room = load->roomv[i];

		if (!--room->loads)
			list_flush(&room->partedl);
		mem_deref(room);
	}
}


static void apply_row(struct service *svc, const struct db_res *res,
		      uint32_t row)
{
	struct room *room = roomtab_by_id(svc->rooms, db_get_int(res, row, 0));
	const int64_t endpoint_id = db_get_int(res, row, 1);
	const struct pl uri = db_get_text(res, row, 5);
	const struct pl display = db_get_text(res, row, 6);
	struct occupant *occ;
	struct user *user;

	if (!room || parted_find(room, endpoint_id))
		return;

	occ = room_occupant(svc->rooms, room->id, endpoint_id);
	if (occ) {
		occ->load_gen = room->load_gen;
		return;
	}

	if (user_get(&user, svc->users, db_get_int(res, row, 4), &uri,
		     &display, db_get_uuid(res, row, 7)))
		return;

	roster_remote_enter(svc, room, db_get_int(res, row, 2), endpoint_id,
			    user, (uint32_t)db_get_int(res, row, 3));
	mem_deref(user);
}


/* Who is not in the store, nor came since it was asked, is not there */
static void drop_stale(struct service *svc, struct room *room)
{
	struct le *le = list_head(&room->remotel);

	while (le) {
		const struct occupant *occ = le->data;

		le = le->next;
		if (occ->load_gen != room->load_gen)
			roster_remote_leave(svc, room, occ->endpoint_id);
	}
}


static void load_handler(int err, const struct db_res *res, void *arg)
{
	struct load *load = arg;
	uint32_t i;

	for (i = 0; !err && i < db_rows(res); i++)
		apply_row(load->svc, res, i);

	for (i = 0; !err && i < load->roomc; i++) {
		if (load->roomv[i]->loads == 1)
			drop_stale(load->svc, load->roomv[i]);
	}

	if (load->h)
		load->h(err, load->arg);

	mem_deref(load);
}


int roster_load(struct service *svc, struct room *const *roomv, size_t roomc,
		roster_load_h *h, void *arg)
{
	struct load *load;
	struct db_args args;
	int64_t *idv;
	size_t i;
	int err;

	load = mem_zalloc(sizeof(*load) + roomc * sizeof(*roomv),
			  load_destructor);
	idv = mem_alloc(roomc * sizeof(*idv) + 1, NULL);
	if (!load || !idv) {
		err = ENOMEM;
		goto out;
	}

	load->svc = svc;
	load->h = h;
	load->arg = arg;
	load->roomc = roomc;
	for (i = 0; i < roomc; i++) {
		load->roomv[i] = mem_ref(roomv[i]);
		++roomv[i]->loads;
		++roomv[i]->load_gen;
		idv[i] = roomv[i]->id;
	}

	db_args_init(&args);
	db_int8v(&args, idv, roomc);
	db_int8(&args, svc->instance_id);
	err = db_exec(svc->db_main, "roster_load", &args, load_handler, load);

 out:
	if (err)
		mem_deref(load);
	mem_deref(idv);

	return err;
}
