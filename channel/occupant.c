/**
 * @file channel/occupant.c  Who is in a room: endpoints, and users by them
 *
 * An occupant of ours holds its room open; one of another instance does not,
 * and goes with the room.
 */
#include <errno.h>
#include <re.h>
#include "channel/endpoint.h"
#include "channel/fanout.h"
#include "channel/roomtab.h"
#include "channel/user.h"


static uint32_t key(int64_t room_id, int64_t id)
{
	uint64_t x = (uint64_t)room_id * 0x9e3779b97f4a7c15u ^ (uint64_t)id;

	x *= 0xff51afd7ed558ccdu;

	return (uint32_t)(x >> 32);
}


struct occupant *room_occupant(const struct roomtab *tab, int64_t room_id,
			       int64_t endpoint_id)
{
	struct le *le = list_head(hash_list(tab->ht_occ,
					    key(room_id, endpoint_id)));

	for (; le; le = le->next) {
		struct occupant *occ = le->data;

		if (occ->endpoint_id == endpoint_id &&
		    occ->room->id == room_id)
			return occ;
	}

	return NULL;
}


static struct presence *presence_find(const struct room *room,
				      const struct user *user)
{
	struct le *le = list_head(hash_list(room->tab->ht_pres,
					    key(room->id, user->id)));

	for (; le; le = le->next) {
		struct presence *pres = le->data;

		if (pres->room == room && pres->user == user)
			return pres;
	}

	return NULL;
}


static void presence_destructor(void *data)
{
	struct presence *pres = data;

	hash_unlink(&pres->he);
	list_unlink(&pres->le);
	mem_deref(pres->user);
}


static struct presence *presence_get(struct room *room, struct user *user)
{
	struct presence *pres = presence_find(room, user);

	if (pres)
		return pres;

	pres = mem_zalloc(sizeof(*pres), presence_destructor);
	if (!pres)
		return NULL;

	pres->room = room;
	pres->user = mem_ref(user);
	hash_append(room->tab->ht_pres, key(room->id, user->id), &pres->he,
		    pres);
	list_append(&room->presl, &pres->le, pres);
	++room->users;

	return pres;
}


static void presence_put(struct presence *pres, struct user **userp)
{
	if (--pres->endpoints)
		return;

	if (userp)
		*userp = mem_ref(pres->user);
	--pres->room->users;
	mem_deref(pres);
}


static void occupant_destructor(void *data)
{
	struct occupant *occ = data;

	hash_unlink(&occ->he);
	list_unlink(&occ->le_ep);
	if (occ->ep) {
		fanout_pass(occ->room, occ);
		--occ->room->locals;
	}
	else if (occ->le_room.list) {
		--occ->room->remotes;
	}
	list_unlink(&occ->le_room);
	if (occ->ep)
		mem_deref(occ->room);
}


static void place(struct occupant *occ, struct room *room,
		  struct endpoint *ep)
{
	occ->ep = ep;
	if (ep) {
		occ->room = mem_ref(room);
		list_append(&room->locall, &occ->le_room, occ);
		++room->locals;
		list_append(&ep->occl, &occ->le_ep, occ);
	}
	else {
		occ->room = room;
		list_append(&room->remotel, &occ->le_room, occ);
		++room->remotes;
	}
	hash_append(room->tab->ht_occ, key(room->id, occ->endpoint_id),
		    &occ->he, occ);
}


int room_enter(struct room *room, struct endpoint *ep, int64_t endpoint_id,
	       int64_t instance_id, struct user *user, uint32_t mask,
	       bool *newp)
{
	struct occupant *occ = room_occupant(room->tab, room->id, endpoint_id);
	struct presence *pres;

	*newp = false;
	if (occ) {
		occ->mask = occ->pres->mask = mask;
		occ->load_gen = room->load_gen;
		return EALREADY;
	}

	occ = mem_zalloc(sizeof(*occ), occupant_destructor);
	if (!occ)
		return ENOMEM;

	pres = presence_get(room, user);
	if (!pres) {
		mem_deref(occ);
		return ENOMEM;
	}

	*newp = !pres->endpoints++;
	pres->mask = mask;
	occ->pres = pres;
	occ->mask = mask;
	occ->endpoint_id = endpoint_id;
	occ->instance_id = instance_id;
	occ->since = room->order.last;
	occ->load_gen = room->load_gen;
	place(occ, room, ep);

	return 0;
}


void room_leave(struct occupant *occ, struct user **userp)
{
	if (userp)
		*userp = NULL;

	presence_put(occ->pres, userp);
	mem_deref(occ);
}
