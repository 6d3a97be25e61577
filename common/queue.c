/**
 * @file common/queue.c  The queue of events, from channel to compliance
 */
#include <string.h>
#include <zmq.h>
#include <re.h>
#include "common/stats.h"
#include "common/bus.h"
#include "common/bus_sock.h"
#include "common/bus_zap.h"
#include "common/bus_link.h"
#include "common/queue.h"

/* A batch on the wire: what QUEUE_BYTES_MAX allows, each byte escaped, and
   the frame around a single text that is longer */
enum { MESSAGE_MAX = 256 * QUEUE_BYTES_MAX, WAITING_MAX = 2 };

struct queue_in {
	struct bus_ctx *ctx;
	struct bus_zap *zap;
	struct bus_sock *sock;
	uint8_t (*keyv)[BUS_RAW_KEY_SIZE];
	size_t keyc;
	char endpoint[256];
	struct bus_keys keys;
	queue_batch_h *h;
	void *arg;
};

struct queue_out {
	struct bus_ctx *ctx;
	struct bus_sock *sock;
	queue_stored_h *h;
	void *arg;
};

static uint64_t refused, malformed;

static const struct stats_row statv[] = {
	{ "queue_refused", &refused, false,
	  "Connections to the queue refused because of an unknown key" },
	{ "queue_malformed", &malformed, false,
	  "Messages on the queue that were not understood" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(statv, ARRAY_SIZE(statv));
}


/* ------------------------------------------------------------ taking side */

static void in_destructor(void *data)
{
	struct queue_in *q = data;

	mem_deref(q->sock);
	mem_deref(q->zap);
	mem_deref(q->ctx);
	mem_deref(q->keyv);
	explicit_bzero(&q->keys, sizeof(q->keys));
}


static bool known_handler(const uint8_t key[BUS_RAW_KEY_SIZE], void *arg)
{
	const struct queue_in *q = arg;
	size_t i;

	for (i = 0; i < q->keyc; i++) {
		if (0 == memcmp(q->keyv[i], key, BUS_RAW_KEY_SIZE))
			return true;
	}

	++refused;

	return false;
}


/* Address, number, events */
static void batch_handler(const struct pl *framev, size_t framec, void *arg)
{
	struct queue_in *q = arg;
	struct queue_from from;

	if (framec != 3 || framev[0].l > sizeof(from.id) ||
	    framev[1].l != sizeof(from.batch)) {
		++malformed;
		return;
	}

	memcpy(from.id, framev[0].p, framev[0].l);
	from.idlen = framev[0].l;
	memcpy(&from.batch, framev[1].p, sizeof(from.batch));
	q->h(&from, &framev[2], q->arg);
}


static int in_bind(struct queue_in *q, const char *address)
{
	int err;

	err = bus_sock_set(q->sock, ZMQ_RCVHWM, WAITING_MAX);
	if (err)
		return err;

	return bus_link_bind(q->sock, address, q->endpoint,
			     sizeof(q->endpoint));
}


int queue_in_open(struct queue_in **qp, const char *bind, queue_batch_h *h,
		  void *arg)
{
	struct queue_in *q;
	int err;

	if (!qp || !bind || !h)
		return EINVAL;

	q = mem_zalloc(sizeof(*q), in_destructor);
	if (!q)
		return ENOMEM;

	q->h   = h;
	q->arg = arg;

	err = bus_ctx_alloc(&q->ctx);
	if (!err)
		err = bus_zap_alloc(&q->zap, q->ctx, known_handler, q);
	if (!err)
		err = bus_link_alloc(&q->sock, q->ctx, ZMQ_ROUTER,
				     MESSAGE_MAX, batch_handler, q);
	if (!err)
		err = bus_link_keys(&q->keys);
	if (!err)
		err = bus_link_prove(q->sock, &q->keys);
	if (!err)
		err = in_bind(q, bind);

	if (err)
		mem_deref(q);
	else
		*qp = q;

	return err;
}


const char *queue_in_endpoint(const struct queue_in *q)
{
	return q ? q->endpoint : NULL;
}


const char *queue_in_pubkey(const struct queue_in *q)
{
	return q ? q->keys.pub : NULL;
}


int queue_in_keys(struct queue_in *q, const struct pl *keyv, size_t keyc)
{
	uint8_t (*rawv)[BUS_RAW_KEY_SIZE];
	char text[BUS_KEY_SIZE + 1];
	size_t i, n = 0;

	if (!q || (!keyv && keyc))
		return EINVAL;

	rawv = mem_zalloc((keyc + 1) * sizeof(*rawv), NULL);
	if (!rawv)
		return ENOMEM;

	for (i = 0; i < keyc; i++) {
		if (keyv[i].l != BUS_KEY_SIZE ||
		    pl_strcpy(&keyv[i], text, sizeof(text)) ||
		    !zmq_z85_decode(rawv[n], text))
			continue;
		++n;
	}

	mem_deref(q->keyv);
	q->keyv = rawv;
	q->keyc = n;

	return 0;
}


void queue_in_pause(struct queue_in *q, bool pause)
{
	if (q)
		bus_sock_pause(q->sock, pause);
}


void queue_in_stored(struct queue_in *q, const struct queue_from *from)
{
	void *zmq;

	if (!q || !from)
		return;

	zmq = bus_sock_zmq(q->sock);
	if (zmq_send(zmq, from->id, from->idlen,
		     ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0)
		(void)zmq_send(zmq, &from->batch, sizeof(from->batch),
			       ZMQ_DONTWAIT);

	bus_sock_kick(q->sock);
}


/* ----------------------------------------------------------- sending side */

static void out_destructor(void *data)
{
	struct queue_out *q = data;

	mem_deref(q->sock);
	mem_deref(q->ctx);
}


static void stored_handler(const struct pl *framev, size_t framec, void *arg)
{
	struct queue_out *q = arg;
	uint64_t batch;

	if (framec != 1 || framev[0].l != sizeof(batch)) {
		++malformed;
		return;
	}

	memcpy(&batch, framev[0].p, sizeof(batch));
	q->h(batch, q->arg);
}


int queue_out_open(struct queue_out **qp, const struct bus *bus,
		   const char *endpoint, const char *pubkey,
		   queue_stored_h *h, void *arg)
{
	uint8_t key[BUS_RAW_KEY_SIZE];
	struct queue_out *q;
	int err;

	if (!qp || !bus || !endpoint || !h ||
	    str_len(pubkey) != BUS_KEY_SIZE || !zmq_z85_decode(key, pubkey))
		return EINVAL;

	q = mem_zalloc(sizeof(*q), out_destructor);
	if (!q)
		return ENOMEM;

	q->h   = h;
	q->arg = arg;

	err = bus_ctx_alloc(&q->ctx);
	if (!err)
		err = bus_link_alloc(&q->sock, q->ctx, ZMQ_DEALER,
				     MESSAGE_MAX, stored_handler, q);
	if (!err)
		err = bus_identify(bus, q->sock);
	if (!err)
		err = bus_link_connect(q->sock, endpoint, key);

	if (err)
		mem_deref(q);
	else
		*qp = q;

	return err;
}


int queue_out_send(struct queue_out *q, uint64_t batch,
		   const struct pl *events)
{
	void *zmq;
	int err = 0;

	if (!q || !events)
		return EINVAL;

	zmq = bus_sock_zmq(q->sock);
	if (zmq_send(zmq, &batch, sizeof(batch),
		     ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0 ||
	    zmq_send(zmq, events->p, events->l, ZMQ_DONTWAIT) < 0)
		err = bus_sock_errno();

	bus_sock_kick(q->sock);

	return err;
}
