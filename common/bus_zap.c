/**
 * @file common/bus_zap.c  Who may connect to our ZeroMQ sockets
 *
 * A stranger is refused with status 300: libzmq (4.3.4) lets the handshake
 * time out (ZMQ_HANDSHAKE_IVL) and tries again.  After 400 the client would
 * give the connection up for good.
 */
#include <zmq.h>
#include <re.h>
#include "common/bus_sock.h"
#include "common/bus_zap.h"

/* Frames of a request and of its answer */
enum { REQ_VERSION, REQ_ID, REQ_DOMAIN, REQ_ADDRESS, REQ_IDENTITY,
       REQ_MECHANISM, REQ_KEY, REQ_FRAMES };

struct bus_zap {
	struct bus_sock *sock;
	bus_zap_h *h;
	void *arg;
};


static void destructor(void *data)
{
	struct bus_zap *z = data;

	mem_deref(z->sock);
}


static void answer(const struct bus_zap *z, const struct pl *id,
		   const char *status)
{
	const struct pl framev[] = {
		PL("1.0"), *id, { status, 3 }, PL(""), PL(""), PL(""),
	};
	void *zmq = bus_sock_zmq(z->sock);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(framev); i++) {
		const bool more = i + 1 < ARRAY_SIZE(framev);

		(void)zmq_send(zmq, framev[i].p, framev[i].l,
			       ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
	}

	bus_sock_kick(z->sock);
}


/* ZeroMQ itself is who asks: a request is always answered, or the next would
   wait for ever. */
static void request_handler(const struct pl *framev, size_t framec,
			    void *arg)
{
	static const struct pl none = PL("");
	struct bus_zap *z = arg;
	const bool known = framec == REQ_FRAMES &&
		0 == pl_strcmp(&framev[REQ_MECHANISM], "CURVE") &&
		framev[REQ_KEY].l == BUS_RAW_KEY_SIZE &&
		z->h((const uint8_t *)framev[REQ_KEY].p, z->arg);

	answer(z, framec > REQ_ID ? &framev[REQ_ID] : &none,
	       known ? "200" : "300");
}


int bus_zap_alloc(struct bus_zap **zp, struct bus_ctx *ctx, bus_zap_h *h,
		  void *arg)
{
	struct bus_zap *z;
	int err;

	if (!zp || !ctx || !h)
		return EINVAL;

	z = mem_zalloc(sizeof(*z), destructor);
	if (!z)
		return ENOMEM;

	z->h   = h;
	z->arg = arg;

	err = bus_sock_alloc(&z->sock, ctx, ZMQ_REP, request_handler, z);
	if (!err && zmq_bind(bus_sock_zmq(z->sock),
			     "inproc://zeromq.zap.01"))
		err = bus_sock_errno();

	if (err)
		mem_deref(z);
	else
		*zp = z;

	return err;
}
