/**
 * @file common/bus_link.c  Encrypted sockets and their options
 */
#include <string.h>
#include <zmq.h>
#include <re.h>
#include "common/bus.h"
#include "common/bus_sock.h"
#include "common/bus_zap.h"
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

static const struct option clientv[] = {
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


static bool is_server(int type)
{
	return type == ZMQ_PUB || type == ZMQ_ROUTER;
}


int bus_link_alloc(struct bus_sock **sp, struct bus_ctx *ctx, int type,
		   int64_t max, bus_sock_h *h, void *arg)
{
	struct bus_sock *s = NULL;
	int err;

	err = bus_sock_alloc(&s, ctx, type, h, arg);
	if (!err)
		err = options_set(s, commonv, ARRAY_SIZE(commonv));
	if (!err && !is_server(type))
		err = options_set(s, clientv, ARRAY_SIZE(clientv));
	if (!err && is_server(type))
		err = bus_sock_set_bytes(s, ZMQ_ZAP_DOMAIN, "pchat", 5);
	if (!err)
		err = bus_sock_set_bytes(s, ZMQ_MAXMSGSIZE, &max,
					 sizeof(max));

	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}


/* With XPUB_NODROP a full peer shows as EAGAIN instead of a silent loss. */
int bus_link_pub(struct bus_sock **sp, struct bus_ctx *ctx)
{
	struct bus_sock *s = NULL;
	int err;

	err = bus_link_alloc(&s, ctx, ZMQ_PUB, SUBSCRIPTION_MAX, NULL, NULL);
	if (!err)
		err = bus_sock_set(s, ZMQ_XPUB_NODROP, 1);

	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}


int bus_link_sub(struct bus_sock **sp, struct bus_ctx *ctx, bus_sock_h *h,
		 void *arg)
{
	return bus_link_alloc(sp, ctx, ZMQ_SUB, MESSAGE_MAX, h, arg);
}


int bus_link_keys(struct bus_keys *keys)
{
	return zmq_curve_keypair(keys->pub, keys->secret) ? bus_sock_errno()
							  : 0;
}


static int secret_set(struct bus_sock *s, const struct bus_keys *keys)
{
	return bus_sock_set_bytes(s, ZMQ_CURVE_SECRETKEY, keys->secret,
				  sizeof(keys->secret));
}


int bus_link_prove(struct bus_sock *s, const struct bus_keys *keys)
{
	int err;

	err = bus_sock_set(s, ZMQ_CURVE_SERVER, 1);

	return err ? err : secret_set(s, keys);
}


int bus_link_show(struct bus_sock *s, const struct bus_keys *keys)
{
	int err;

	err = secret_set(s, keys);

	return err ? err : bus_sock_set_bytes(s, ZMQ_CURVE_PUBLICKEY,
					      keys->pub, sizeof(keys->pub));
}


int bus_link_bind(struct bus_sock *s, const char *address, char *endpoint,
		  size_t size)
{
	int err;

	/* With it an IPv4 endpoint would read [::ffff:ADDRESS] */
	err = bus_sock_set(s, ZMQ_IPV6, strchr(address, '[') != NULL);
	if (err)
		return err;

	if (zmq_bind(bus_sock_zmq(s), address) ||
	    zmq_getsockopt(bus_sock_zmq(s), ZMQ_LAST_ENDPOINT, endpoint,
			   &size))
		return bus_sock_errno();

	bus_sock_kick(s);

	return 0;
}


/* libzmq keeps the server's key that was set when it was told to connect. */
int bus_link_connect(struct bus_sock *s, const char *endpoint,
		     const uint8_t key[BUS_RAW_KEY_SIZE])
{
	int err;

	err = bus_sock_set_bytes(s, ZMQ_CURVE_SERVERKEY, key,
				 BUS_RAW_KEY_SIZE);
	if (!err && zmq_connect(bus_sock_zmq(s), endpoint))
		err = bus_sock_errno();

	bus_sock_kick(s);

	return err;
}
