/**
 * @file channel/relay_in.c  News from the other instances
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/log.h"
#include "common/stats.h"
#include "channel/after.h"
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


/* ------------------------------------------------------- coming and going */

/** Somebody on another instance enters or leaves */
struct news {
	int64_t instance_id, endpoint_id;
	struct user *user;       /* reference; NULL: leaves                  */
	uint32_t mask;
};


static void news_destructor(void *data)
{
	struct news *news = data;

	mem_deref(news->user);
}


static void news_handler(struct room *room, void *arg)
{
	const struct news *news = arg;

	if (news->user)
		roster_remote_enter(room->svc, room, news->instance_id,
				    news->endpoint_id, news->user, news->mask);
	else
		roster_remote_leave(room->svc, room, news->endpoint_id);
}


/* Behind what was said before.  In doubt at once, rather than never */
static int take_news(struct room *room, const struct news *from)
{
	const int64_t known = deliver_known(room);
	struct news *news = mem_zalloc(sizeof(*news), news_destructor);

	if (!news)
		return ENOMEM;

	*news = *from;
	mem_ref(news->user);
	if ((known <= room->order.last && !room->afterl.head) ||
	    after_add(room, known, news_handler, news)) {
		news_handler(room, news);
		mem_deref(news);
	}

	return 0;
}


static int take_enter(struct service *svc, struct room *room, int64_t from,
		      struct mbuf *mb)
{
	struct news news = { .instance_id = from };
	uint8_t guid[GUID_SIZE];
	struct pl uri, display;
	int64_t user_id;
	int err;

	if (mbuf_get_left(mb) < 20 + GUID_SIZE)
		return EBADMSG;

	news.endpoint_id = frame_get64(mb);
	news.mask = ntohl(mbuf_read_u32(mb));
	user_id = frame_get64(mb);
	(void)mbuf_read_mem(mb, guid, GUID_SIZE);
	err = frame_gettext(&uri, mb);
	if (!err)
		err = frame_gettext(&display, mb);
	if (!err)
		err = user_get(&news.user, svc->users, user_id, &uri,
			       &display, guid);
	if (!err)
		err = take_news(room, &news);
	mem_deref(news.user);

	return err;
}


static int take_leave(struct service *svc, struct room *room, int64_t from,
		      struct mbuf *mb)
{
	struct news news = { .instance_id = from };

	(void)svc;

	if (mbuf_get_left(mb) < 8)
		return EBADMSG;

	news.endpoint_id = frame_get64(mb);

	return take_news(room, &news);
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
