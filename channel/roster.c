/**
 * @file channel/roster.c  Coming and going, told to the room and to the pool
 */
#include <errno.h>
#include <re.h>
#include "common/log.h"
#include "channel/xccos/tokens.h"
#include "channel/xccos/xccos.h"
#include "channel/access.h"
#include "channel/chanib.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/fanout.h"
#include "channel/relay.h"
#include "channel/room.h"
#include "channel/roster.h"
#include "channel/user.h"


static void notify_mask(struct service *svc, struct room *room,
			const char *event, const struct user *user,
			uint32_t mask, const struct endpoint *skip)
{
	char guid[GUID_STRSIZE];
	const struct xccos_uib uib = {
		.id = -1, .uri = user->uri, .display = user->display,
		.guid = guid_str(guid, user->guid),
	};
	struct mbuf *mb = mbuf_alloc(1024);

	if (mb && !xccos_ntc_mask(mb, service_envid(svc), event, &uib,
				  access_aib(mask), svc->domain,
				  room->guid_text))
		(void)fanout_send(room, mb, 0, skip);

	mem_deref(mb);
}


static void notify_part(struct service *svc, struct room *room,
			const struct user *user)
{
	struct mbuf *mb = mbuf_alloc(512);

	if (mb && !xccos_ntc_user(mb, service_envid(svc), "part", room->uri,
				  user->uri))
		(void)fanout_send(room, mb, 0, NULL);

	mem_deref(mb);
}


static void entered(struct service *svc, struct room *room,
		    const struct user *user, uint32_t mask,
		    const struct endpoint *skip)
{
	room_silence(room, svc->set.update_limit);
	if (!room->silent)
		notify_mask(svc, room, "join", user, mask, skip);
}


static void left(struct service *svc, struct room *room, struct user *user)
{
	if (user && !room->silent)
		notify_part(svc, room, user);

	room_silence(room, svc->set.update_limit);
	mem_deref(user);
}


int roster_enter(struct service *svc, struct room *room, struct endpoint *ep,
		 uint32_t mask, const struct standing *standing, int64_t since)
{
	struct occupant *occ;
	bool first;
	int err;

	err = room_enter(room, ep, ep->id, 0, ep->user, mask, &first);
	if (err && err != EALREADY)
		return err;

	occ = room_occupant(svc->rooms, room->id, ep->id);
	if (!occ)
		return ENOENT;

	occ->standing = *standing;
	if (err)
		return 0;

	occ->since = max(occ->since, since);
	relay_enter(svc, room, ep, mask);
	if (first)
		entered(svc, room, ep->user, mask, ep);

	return 0;
}


void roster_leave(struct service *svc, struct occupant *occ)
{
	struct room *room = mem_ref(occ->room);
	const int64_t endpoint_id = occ->endpoint_id;
	struct user *user;

	room_leave(occ, &user);
	relay_leave(svc, room, endpoint_id);
	left(svc, room, user);
	mem_deref(room);
}


static void tell_removed(struct service *svc, const struct occupant *occ,
			 const char *event)
{
	struct mbuf *mb = mbuf_alloc(512);

	if (mb && !xccos_ntc_user(mb, service_envid(svc), event,
				  occ->room->uri, occ->ep->user->uri))
		(void)endpoint_send(occ->ep, mb);
	mem_deref(mb);
}


void roster_remove(struct service *svc, struct occupant *occ)
{
	if (svc->set.extended)
		tell_removed(svc, occ, XT_NTC_KICK);
	tell_removed(svc, occ, "part");

	roster_leave(svc, occ);
}


/* Only what clients can see of it: not every right shows in a mask */
static void mask_changed(struct service *svc, struct room *room,
			 const struct user *user, uint32_t was, uint32_t mask)
{
	if (svc->set.extended && !room->silent &&
	    access_aib(was) != access_aib(mask))
		notify_mask(svc, room, XT_NTC_PERM, user, mask, NULL);
}


void roster_mask(struct service *svc, struct occupant *occ, uint32_t mask)
{
	const uint32_t was = occ->pres->mask;

	occ->mask = occ->pres->mask = mask;
	relay_enter(svc, occ->room, occ->ep, mask);
	mask_changed(svc, occ->room, occ->pres->user, was, mask);
}


void roster_modified(struct service *svc, struct room *room)
{
	struct mbuf *mb;

	if (!room->modified)
		return;

	room->modified = false;
	if (!svc->set.extended)
		return;

	mb = mbuf_alloc(1024);
	if (mb && !xccos_ntc(mb, service_envid(svc), XT_NTC_CHAN) &&
	    !chanib_room(mb, room) && !xccos_end(mb, "ntc"))
		(void)fanout_send(room, mb, 0, NULL);
	mem_deref(mb);
}


void roster_remote_enter(struct service *svc, struct room *room,
			 int64_t instance_id, int64_t endpoint_id,
			 struct user *user, uint32_t mask)
{
	const struct occupant *occ = room_occupant(room->tab, room->id,
						   endpoint_id);
	const uint32_t was = occ ? occ->pres->mask : mask;
	bool first;

	roster_load_entered(room, endpoint_id);
	if (!room_enter(room, NULL, endpoint_id, instance_id, user, mask,
			&first) && first)
		entered(svc, room, user, mask, NULL);
	mask_changed(svc, room, user, was, mask);
}


void roster_remote_leave(struct service *svc, struct room *room,
			 int64_t endpoint_id)
{
	struct occupant *occ = room_occupant(room->tab, room->id, endpoint_id);
	struct user *user;

	roster_load_left(room, endpoint_id);
	if (!occ || occ->ep)
		return;

	room_leave(occ, &user);
	left(svc, room, user);
}


static void purge_room(struct service *svc, struct room *room,
		       int64_t instance_id)
{
	struct le *le = list_head(&room->remotel);

	while (le) {
		struct occupant *occ = le->data;
		struct user *user;

		le = le->next;
		if (occ->instance_id != instance_id)
			continue;

		room_leave(occ, &user);
		left(svc, room, user);
	}
}


void roster_purge(struct service *svc, int64_t instance_id)
{
	struct le *le = list_head(roomtab_list(svc->rooms));

	for (; le; le = le->next)
		purge_room(svc, le->data, instance_id);
}
