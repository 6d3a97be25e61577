/**
 * @file channel/relay.c  Bus frames: version, kind, instance, and what it says
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/bus.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/deliver.h"
#include "channel/endpoint.h"
#include "channel/frame.h"
#include "channel/hello.h"
#include "channel/message.h"
#include "channel/relay.h"
#include "channel/room.h"
#include "channel/roster.h"
#include "channel/service.h"
#include "channel/user.h"

enum { FRAME_VERSION = 1, FRAME_HEAD = 10 };

enum kind { KIND_MESSAGES, KIND_ENTER, KIND_LEAVE };

static uint64_t n_sent, n_received, n_bad;

static const struct stats_row rowv[] = {
	{ "relay_sent",     &n_sent,     false, "Frames to other instances" },
	{ "relay_received", &n_received, false, "Frames from others" },
	{ "relay_bad",      &n_bad,      false, "Frames not understood" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


void relay_subscribe(struct service *svc, const struct room *room, bool on)
{
	const uint64_t topic = htobe64((uint64_t)room->id);
	int err;

	if (on)
		err = bus_subscribe(svc->bus, &topic, sizeof(topic));
	else
		err = bus_unsubscribe(svc->bus, &topic, sizeof(topic));

	if (err)
		log_err("relay.subscribe", "room=%lld error=%d",
			(long long)room->id, err);
}


static struct mbuf *frame_open(const struct service *svc, enum kind kind)
{
	struct mbuf *mb = mbuf_alloc(1024);

	if (mb && (mbuf_write_u8(mb, FRAME_VERSION) || mbuf_write_u8(mb, kind) ||
		   frame_put64(mb, svc->instance_id)))
		mb = mem_deref(mb);

	return mb;
}


static void frame_send(struct service *svc, int64_t room_id, struct mbuf *mb)
{
	const uint64_t topic = htobe64((uint64_t)room_id);

	if (!bus_publish(svc->bus, &topic, sizeof(topic), mb->buf, mb->end))
		++n_sent;
}


void relay_messages(struct service *svc, int64_t room_id,
		    struct message *const *msgv, size_t msgc)
{
	struct mbuf *mb = frame_open(svc, KIND_MESSAGES);
	size_t i;
	int err = mb ? 0 : ENOMEM;

	for (i = 0; !err && i < msgc; i++)
		err = message_encode(mb, msgv[i]);
	if (!err)
		frame_send(svc, room_id, mb);

	mem_deref(mb);
}


void relay_enter(struct service *svc, const struct room *room,
		 const struct endpoint *ep, uint32_t mask)
{
	struct mbuf *mb = frame_open(svc, KIND_ENTER);
	const struct user *user = ep->user;
	struct pl uri, display;

	if (!mb)
		return;

	pl_set_str(&uri, user->uri);
	pl_set_str(&display, user->display);
	if (!frame_put64(mb, ep->id) &&
	    !mbuf_write_u32(mb, htonl(mask)) &&
	    !frame_put64(mb, user->id) &&
	    !mbuf_write_mem(mb, user->guid, GUID_SIZE) &&
	    !frame_puttext(mb, &uri) && !frame_puttext(mb, &display))
		frame_send(svc, room->id, mb);

	mem_deref(mb);
}


void relay_leave(struct service *svc, const struct room *room,
		 int64_t endpoint_id)
{
	struct mbuf *mb = frame_open(svc, KIND_LEAVE);

	if (mb && !frame_put64(mb, endpoint_id))
		frame_send(svc, room->id, mb);

	mem_deref(mb);
}


static int take_messages(struct service *svc, struct room *room,
			 int64_t from, struct mbuf *mb)
{
	while (mbuf_get_left(mb)) {
		struct message part, *msg;
		int err;

		err = message_decode(&part, mb);
		if (!err)
			err = message_dup(&msg, &part);
		if (err)
			return err;

		deliver_message(room, msg);
		mem_deref(msg);
	}

	return 0;
}


static int take_enter(struct service *svc, struct room *room, int64_t from,
		      struct mbuf *mb)
{
	int64_t endpoint_id, user_id;
	uint8_t guid[GUID_SIZE];
	struct pl uri, display;
	struct user *user;
	uint32_t mask;
	int err;

	if (mbuf_get_left(mb) < 20 + GUID_SIZE)
		return EBADMSG;

	endpoint_id = frame_get64(mb);
	mask = ntohl(mbuf_read_u32(mb));
	user_id = frame_get64(mb);
	(void)mbuf_read_mem(mb, guid, GUID_SIZE);
	err = frame_gettext(&uri, mb);
	if (!err)
		err = frame_gettext(&display, mb);
	if (!err)
		err = user_get(&user, svc->users, user_id, &uri, &display,
			       guid);
	if (err)
		return err;

	roster_remote_enter(svc, room, from, endpoint_id, user, mask);
	mem_deref(user);

	return 0;
}


static int take_leave(struct service *svc, struct room *room, int64_t from,
		      struct mbuf *mb)
{
	if (mbuf_get_left(mb) < 8)
		return EBADMSG;

	roster_remote_leave(svc, room, frame_get64(mb));

	return 0;
}


typedef int (take_h)(struct service *svc, struct room *room, int64_t from,
		     struct mbuf *mb);

static take_h *const takev[] = {
	[KIND_MESSAGES] = take_messages,
	[KIND_ENTER]    = take_enter,
	[KIND_LEAVE]    = take_leave,
};


static int take(struct service *svc, const struct pl *topic, struct mbuf *mb)
{
	struct room *room;
	uint64_t id;
	uint8_t kind;
	int64_t from;
	int err;

	if (topic->l != sizeof(id) || mb->end < FRAME_HEAD ||
	    mbuf_read_u8(mb) != FRAME_VERSION)
		return EBADMSG;

	kind = mbuf_read_u8(mb);
	from = frame_get64(mb);
	if (kind >= ARRAY_SIZE(takev))
		return EBADMSG;

	memcpy(&id, topic->p, sizeof(id));
	room = mem_ref(roomtab_by_id(svc->rooms, (int64_t)be64toh(id)));
	if (!room || from == svc->instance_id)
		err = 0;
	else
		err = takev[kind](svc, room, from, mb);
	mem_deref(room);

	return err;
}


void relay_handler(const struct pl *topic, const struct pl *body, void *arg)
{
	struct mbuf mb = {
		.buf = (uint8_t *)body->p, .size = body->l, .end = body->l,
	};
	struct service *svc = arg;
	int err;

	if (hello_is_topic(topic)) {
		hello_receive(svc->hello, body);
		return;
	}

	++n_received;
	err = take(svc, topic, &mb);
	if (err) {
		++n_bad;
		log_warn("relay.bad", "bytes=%zu error=%d", body->l, err);
	}
}
