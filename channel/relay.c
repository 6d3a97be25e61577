/**
 * @file channel/relay.c  News of a room to the other instances
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/bus.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/frame.h"
#include "channel/message.h"
#include "channel/relay.h"
#include "channel/room.h"
#include "channel/user.h"

static uint64_t n_sent;

static const struct stats_row rowv[] = {
	{ "relay_sent", &n_sent, false, "Frames to other instances" },
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


static struct mbuf *frame_open(const struct service *svc, enum frame_kind kind)
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
	struct mbuf *mb = frame_open(svc, FRAME_MESSAGES);
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
	struct mbuf *mb = frame_open(svc, FRAME_ENTER);
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
	struct mbuf *mb = frame_open(svc, FRAME_LEAVE);

	if (mb && !frame_put64(mb, endpoint_id))
		frame_send(svc, room->id, mb);

	mem_deref(mb);
}
