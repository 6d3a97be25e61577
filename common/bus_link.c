/**
 * @file common/bus_link.c  The sockets of the bus and their options
 */
#include <string.h>
#include <zmq.h>
#include <re.h>
#include "common/bus.h"
#include "common/bus_sock.h"
#include "common/bus_link.h"

enum {
	RECONNECT_MS      = 100,
	RECONNECT_MAX_MS  = 1000,
	HANDSHAKE_MS      = 1000,           /* also: a stranger's retry */
	HEARTBEAT_MS      = 2000,
	SILENCE_MS        = 8000,
	QUEUE_MAX         = 8192,           /* messages, per peer     */
	SUBSCRIPTION_MAX  = 64 * 1024,      /* what a peer may send us */
	MESSAGE_MAX       = 64 * 1024 * 1024,
};

struct option {
	int id, value;
};

static const struct option commonv[] = {
	{ ZMQ_SNDHWM, QUEUE_MAX },
	{ ZMQ_RCVHWM, QUEUE_MAX },
	{ ZMQ_TCP_KEEPALIVE, 1 },
	{ ZMQ_TCP_KEEPALIVE_IDLE, 10 },
	{ ZMQ_TCP_KEEPALIVE_INTVL, 5 },
	{ ZMQ_TCP_KEEPALIVE_CNT, 3 },
	{ ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS },
	{ ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS },
	{ ZMQ_HEARTBEAT_TIMEOUT, SILENCE_MS },
	{ ZMQ_HEARTBEAT_TTL, SILENCE_MS },
};

/* With XPUB_NODROP a full peer shows as EAGAIN instead of a silent loss. */
static const struct option pubv[] = {
	{ ZMQ_CURVE_SERVER, 1 },
	{ ZMQ_XPUB_NODROP, 1 },
};

static const struct option subv[] = {
	{ ZMQ_IPV6, 1 },
	{ ZMQ_RECONNECT_IVL, RECONNECT_MS },
	{ ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS },
};


static int options_set(struct bus_sock *s, const struct option *v, size_t n)
{
	int err = 0;

	while (n-- && !err) {
		err = bus_sock_set(s, v->id, v->value);
		++v;
	}

	return err;
}


static int message_max_set(struct bus_sock *s, int64_t size)
{
	return bus_sock_set_bytes(s, ZMQ_MAXMSGSIZE, &size, sizeof(size));
}


int bus_link_pub(struct bus_sock **sp, struct bus_ctx *ctx)
{
	struct bus_sock *s = NULL;
	int err;

	err = bus_sock_alloc(&s, ctx, ZMQ_PUB, NULL, NULL);
	if (!err)
		err = options_set(s, commonv, ARRAY_SIZE(commonv));
	if (!err)
		err = options_set(s, pubv, ARRAY_SIZE(pubv));
	if (!err)
		err = message_max_set(s, SUBSCRIPTION_MAX);
	if (!err)
		err = bus_sock_set_bytes(s, ZMQ_ZAP_DOMAIN, "pchat", 5);

	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}


int bus_link_sub(struct bus_sock **sp, struct bus_ctx *ctx, bus_sock_h *h,
		 void *arg)
{
	struct bus_sock *s = NULL;
	int err;

	err = bus_sock_alloc(&s, ctx, ZMQ_SUB, h, arg);
	if (!err)
		err = options_set(s, commonv, ARRAY_SIZE(commonv));
	if (!err)
		err = options_set(s, subv, ARRAY_SIZE(subv));
	if (!err)
		err = message_max_set(s, MESSAGE_MAX);

	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}


int bus_link_keys(struct bus_sock *pub, struct bus_sock *sub,
		  char pubkey[BUS_KEY_SIZE + 1])
{
	char secret[BUS_KEY_SIZE + 1];
	int err;

	if (zmq_curve_keypair(pubkey, secret))
		return bus_sock_errno();

	err = bus_sock_set_bytes(pub, ZMQ_CURVE_SECRETKEY, secret,
			sizeof(secret));
	if (!err)
		err = bus_sock_set_bytes(sub, ZMQ_CURVE_SECRETKEY, secret,
				sizeof(secret));
	if (!err)
		err = bus_sock_set_bytes(sub, ZMQ_CURVE_PUBLICKEY, pubkey,
				BUS_KEY_SIZE + 1);

	explicit_bzero(secret, sizeof(secret));

	return err;
}
