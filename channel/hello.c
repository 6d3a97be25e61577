/**
 * @file channel/hello.c  Instances greet each other over the bus
 */
#include <errno.h>
#include <re.h>
#include "common/bus.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/core.h"
#include "channel/frame.h"
#include "channel/hello.h"

#define TOPIC "hello"

enum {
	BUSY_MS = 2000,        /* a word of being busy holds for so long     */
	FRAME_MIN = 9,
};

/** Another instance, as far as we hear of it */
struct neighbour {
	struct le le;
	int64_t id;
	bool heard;            /* we hear it                                 */
	bool hears_us;
	uint64_t busy_until;   /* loop clock                                 */
};

struct hello {
	struct service *svc;
	hello_h *h;
	struct list neighl;
	struct tmr tmr;
	uint32_t period_ms;
	bool busy;
};

static uint64_t n_paused;

static const struct stats_row rowv[] = {
	{ "peers_busy", &n_paused, false,
	  "Times that another instance asked for a pause in posting" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct hello *hello = data;

	tmr_cancel(&hello->tmr);
	list_flush(&hello->neighl);
}


static void neighbour_destructor(void *data)
{
	struct neighbour *neigh = data;

	list_unlink(&neigh->le);
}


static struct neighbour *find(const struct hello *hello, int64_t id)
{
	struct le *le = list_head(&hello->neighl);

	for (; le; le = le->next) {
		struct neighbour *neigh = le->data;

		if (neigh->id == id)
			return neigh;
	}

	return NULL;
}


/* Our number, whether we are busy, and the numbers of those whom we hear */
static int write_frame(const struct hello *hello, struct mbuf *mb)
{
	const struct le *le;
	int err;

	err = frame_put64(mb, hello->svc->instance_id);
	if (!err)
		err = mbuf_write_u8(mb, hello->busy);

	for (le = hello->neighl.head; !err && le; le = le->next) {
		const struct neighbour *neigh = le->data;

		if (neigh->heard)
			err = frame_put64(mb, neigh->id);
	}

	return err;
}


static void say(struct hello *hello)
{
	struct mbuf *mb = mbuf_alloc(128);

	if (mb && !write_frame(hello, mb))
		(void)bus_publish(hello->svc->bus, TOPIC, sizeof(TOPIC) - 1,
				  mb->buf, mb->end);
	mem_deref(mb);
}


static void timer(void *arg)
{
	struct hello *hello = arg;

	tmr_start(&hello->tmr, hello->period_ms, timer, hello);
	say(hello);
}


int hello_open(struct hello **hp, struct service *svc, uint32_t period_ms,
	       hello_h *h)
{
	struct hello *hello = mem_zalloc(sizeof(*hello), destructor);
	int err;

	if (!hello)
		return ENOMEM;

	hello->svc = svc;
	hello->h = h;
	hello->period_ms = period_ms;
	err = bus_subscribe(svc->bus, TOPIC, sizeof(TOPIC) - 1);
	if (err) {
		mem_deref(hello);
		return err;
	}

	tmr_start(&hello->tmr, period_ms, timer, hello);
	*hp = hello;

	return 0;
}


bool hello_is_topic(const struct pl *topic)
{
	return !pl_strcmp(topic, TOPIC);
}


static void take_busy(struct neighbour *neigh, bool busy)
{
	const uint64_t now = tmr_jiffies();

	if (busy && neigh->busy_until <= now)
		++n_paused;
	neigh->busy_until = busy ? now + BUSY_MS : 0;
}


void hello_receive(struct hello *hello, const struct pl *body)
{
	struct mbuf mb = {
		.buf = (uint8_t *)body->p, .size = body->l, .end = body->l,
	};
	struct neighbour *neigh;
	bool first;

	if (body->l < FRAME_MIN)
		return;

	neigh = find(hello, frame_get64(&mb));
	if (!neigh)
		return;

	take_busy(neigh, mbuf_read_u8(&mb) != 0);
	first = !neigh->heard;
	neigh->heard = true;
	neigh->hears_us = false;
	while (mbuf_get_left(&mb) >= 8) {
		if (frame_get64(&mb) == hello->svc->instance_id)
			neigh->hears_us = true;
	}

	if (first)
		say(hello);
	hello->h(hello->svc);
}


void hello_peer(struct hello *hello, int64_t instance_id, bool up)
{
	struct neighbour *neigh = find(hello, instance_id);

	if (!up) {
		mem_deref(neigh);
		return;
	}
	if (neigh)
		return;

	neigh = mem_zalloc(sizeof(*neigh), neighbour_destructor);
	if (!neigh)
		return;

	neigh->id = instance_id;
	list_append(&hello->neighl, &neigh->le, neigh);
	say(hello);
}


bool hello_complete(const struct hello *hello)
{
	const struct le *le;

	for (le = hello->neighl.head; le; le = le->next) {
		const struct neighbour *neigh = le->data;

		if (!neigh->heard || !neigh->hears_us)
			return false;
	}

	return true;
}


bool hello_others_busy(const struct hello *hello)
{
	const uint64_t now = tmr_jiffies();
	const struct le *le;

	for (le = hello->neighl.head; le; le = le->next) {
		const struct neighbour *neigh = le->data;

		if (neigh->busy_until > now)
			return true;
	}

	return false;
}


void hello_busy(struct hello *hello, bool busy)
{
	if (hello->busy == busy)
		return;

	hello->busy = busy;
	say(hello);
}
