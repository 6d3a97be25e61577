/**
 * @file tests/fuzz/fuzz_bus.c  What other instances of the pool say
 *
 * The input is a row of frames: kind, length (two bytes), bytes.  Kinds below.
 * A room is open and two neighbours are known.
 *
 * What must hold: messages of a room go on in one direction, no more are held
 * back than the limit, and what is read of a frame is written as the same.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/bus.h"
#include "common/stats.h"
#include "common/store/room.h"
#include "channel/core.h"
#include "channel/frame.h"
#include "channel/hello.h"
#include "channel/message.h"
#include "channel/order.h"
#include "channel/relay.h"
#include "channel/relay_in.h"
#include "channel/room.h"
#include "channel/user.h"
#include "tests/fuzz/fuzz.h"

enum kind {
	TO_ROOM,               /* a frame of the room, behind its head       */
	TO_HELLO,              /* a greeting                                 */
	TO_HELLO_KNOWN,        /* of a neighbour, behind its number          */
	ANY,                   /* topic of 8 bytes, then anything            */
	MESSAGE,               /* a message: step of the id, then its texts  */
	KINDS
};

enum { ROOM = 7, US = 1, NEIGHBOUR = 2, FRAMES_MAX = 64 };

static struct service svc;
static struct room *room;


static void word_handler(struct service *s)
{
	(void)hello_complete(s->hello);
	(void)hello_others_busy(s->hello);
}


static void news_handler(const struct pl *topic, const struct pl *body,
			 void *arg)
{
	(void)topic;
	(void)body;
	(void)arg;
}


static void busy_handler(struct service *s, bool busy)
{
	hello_busy(s->hello, busy);
}


static void service_open(void)
{
	svc.domain = "example.net";
	svc.instance_id = US;
	svc.press.h = busy_handler;
	fuzz_check(!bus_open(&svc.bus, "tcp://127.0.0.1:*", news_handler,
			     NULL));
	fuzz_check(!usertab_alloc(&svc.users));
	fuzz_check(!roomtab_alloc(&svc.rooms, svc.domain, relay_subscribe,
				  &svc));
	fuzz_check(!hello_open(&svc.hello, &svc, 3600000, word_handler));
}


static void room_make(void)
{
	const struct room_rec rec = {
		.id = ROOM, .name = PL("Lobby"), .last_id = 100,
		.privacy = ROOM_OPEN, .history = true,
	};

	fuzz_check(!room_open(&room, svc.rooms, &rec));
}


/* What was read is what was meant */
static void same_again(const struct pl *body)
{
	struct mbuf in = { .buf = (uint8_t *)body->p, .size = body->l,
			   .end = body->l };
	struct mbuf *out = mbuf_alloc(body->l + 64);
	struct message msg;

	while (out && !message_decode(&msg, &in)) {
		struct message *copy;

		fuzz_check(!message_encode(out, &msg));
		fuzz_check(!message_dup(&copy, &msg));
		fuzz_check(!pl_cmp(&copy->chat, &msg.chat) &&
			   !copy->rtf.p == !msg.rtf.p);
		mem_deref(copy);
	}

	fuzz_check(out && out->end <= body->l &&
		   !memcmp(out->buf, body->p, out->end));
	mem_deref(out);
}


static void say(const struct mbuf *mb, const void *topic, size_t topicl)
{
	/* of its very size, so that reading past the end is seen */
	char *copy = malloc(mb->end + !mb->end);
	const struct pl t = { topic, topicl }, body = { copy, mb->end };

	fuzz_check(copy != NULL);
	memcpy(copy, mb->buf, mb->end);
	relay_handler(&t, &body, &svc);
	free(copy);
}


static void head(struct mbuf *mb, uint8_t kind)
{
	(void)mbuf_write_u8(mb, FRAME_VERSION);
	(void)mbuf_write_u8(mb, kind);
	(void)frame_put64(mb, NEIGHBOUR);
}


static void message_put(struct mbuf *mb, struct fuzz_in *in)
{
	struct message msg = { .author_id = 3, .author = PL("sip:a@b"),
			       .display = PL("A") };

	msg.id    = room->order.last + (int8_t)fuzz_byte(in);
	msg.flags = fuzz_byte(in);
	msg.chat.p = (const char *)in->p;
	msg.chat.l = in->l;
	if (msg.flags & MESSAGE_STORY)
		msg.rtf = msg.chat;
	(void)message_encode(mb, &msg);
}


static void frame(uint8_t kind, struct fuzz_in *in)
{
	const uint64_t id = htobe64(ROOM);
	const int64_t last = room->order.last;
	struct mbuf *mb = mbuf_alloc(256);
	struct pl pl = { (const char *)in->p, in->l };
	char topic[8] = "";
	size_t n;

	switch (kind % KINDS) {

	case TO_ROOM:
		head(mb, fuzz_byte(in));
		(void)mbuf_write_mem(mb, in->p, in->l);
		say(mb, &id, sizeof(id));
		break;
	case MESSAGE:
		head(mb, FRAME_MESSAGES);
		message_put(mb, in);
		say(mb, &id, sizeof(id));
		break;
	case TO_HELLO_KNOWN:
		(void)frame_put64(mb, NEIGHBOUR + (fuzz_byte(in) & 1));
		/* fallthrough */
	case TO_HELLO:
		(void)mbuf_write_mem(mb, in->p, in->l);
		say(mb, "hello", 5);
		break;
	default:
		n = in->l < sizeof(topic) ? in->l : sizeof(topic);
		memcpy(topic, in->p, n);
		(void)mbuf_write_mem(mb, in->p + n, in->l - n);
		say(mb, topic, n);
		same_again(&pl);
		break;
	}

	mem_deref(mb);
	fuzz_check(room->order.last >= last &&
		   room->order.held <= ORDER_HELD_MAX);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	unsigned n = 0;

	fuzz_init();
	if (!svc.bus)
		service_open();
	room_make();
	hello_peer(svc.hello, NEIGHBOUR, true);
	hello_peer(svc.hello, NEIGHBOUR + 1, true);

	while (in.l && n++ < FRAMES_MAX) {
		const uint8_t kind = fuzz_byte(&in);
		const size_t len = fuzz_byte(&in) | fuzz_byte(&in) << 8;
		struct fuzz_in one = { NULL, 0 };
		char *p = fuzz_block(&in, len, &one.l);

		one.p = (uint8_t *)p;
		frame(kind, &one);
		free(p);
	}

	hello_peer(svc.hello, NEIGHBOUR, false);
	hello_peer(svc.hello, NEIGHBOUR + 1, false);
	room = mem_deref(room);

	return 0;
}
