/**
 * @file channel/relay_in.c  News from the other instances
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/log.h"
#include "common/stats.h"
#include "channel/core.h"
#include "channel/deliver.h"
#include "channel/frame.h"
#include "channel/hello.h"
#include "channel/message.h"
#include "channel/relay_in.h"
#include "channel/room.h"
#include "channel/roster.h"
#include "channel/user.h"

static uint64_t n_received, n_bad;

static const struct stats_row rowv[] = {
	{ "relay_received", &n_received, false, "Frames from others" },
	{ "relay_bad",      &n_bad,      false, "Frames not understood" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
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
	[FRAME_MESSAGES] = take_messages,
	[FRAME_ENTER]    = take_enter,
	[FRAME_LEAVE]    = take_leave,
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
