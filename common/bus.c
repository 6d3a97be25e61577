/**
 * @file common/bus.c  The bus between the processes of a pool
 *
 * A process that knocks before its key is known is let in at its next try,
 * when the handshake has timed out (see bus_zap.c).
 */
#include <string.h>
#include <zmq.h>
#include <re.h>
#include "common/stats.h"
#include "common/bus.h"
#include "common/bus_sock.h"
#include "common/bus_zap.h"
#include "common/bus_link.h"

struct bus {
	struct bus_ctx *ctx;
	struct bus_zap *zap;
	struct bus_sock *pub, *sub;
	struct list peerl;
	char endpoint[256];
	struct bus_keys keys;
	bus_h *h;
	void *arg;
};

struct peer {
	struct le le;
	char *endpoint;
	char pubkey[BUS_KEY_SIZE + 1];
	uint8_t key[BUS_RAW_KEY_SIZE];
};

static uint64_t published, received, dropped, refused;

static const struct stats_row statv[] = {
	{ "bus_published", &published, false, "Messages sent to the bus" },
	{ "bus_received", &received, false, "Messages taken off the bus" },
	{ "bus_dropped", &dropped, false,
	  "Messages that a peer missed because its queue was full" },
	{ "bus_refused", &refused, false,
	  "Connections refused because of an unknown key" },
};


static void destructor(void *data)
{
	struct bus *bus = data;

	mem_deref(bus->sub);
	mem_deref(bus->pub);
	mem_deref(bus->zap);
	mem_deref(bus->ctx);
	list_flush(&bus->peerl);
	explicit_bzero(&bus->keys, sizeof(bus->keys));
}


static void peer_destructor(void *data)
{
	struct peer *peer = data;

	list_unlink(&peer->le);
	mem_deref(peer->endpoint);
}


static bool known_handler(const uint8_t key[BUS_RAW_KEY_SIZE], void *arg)
{
	const struct bus *bus = arg;
	struct le *le;

	for (le = bus->peerl.head; le; le = le->next) {
		const struct peer *peer = le->data;

		if (0 == memcmp(peer->key, key, BUS_RAW_KEY_SIZE))
			return true;
	}

	++refused;

	return false;
}


static void message_handler(const struct pl *framev, size_t framec,
			    void *arg)
{
	struct bus *bus = arg;

	if (framec != 2)
		return;

	++received;
	bus->h(&framev[0], &framev[1], bus->arg);
}


static void stats_once(void)
{
	static bool done;

	if (!done)
		stats_register(statv, ARRAY_SIZE(statv));
	done = true;
}


static int open_all(struct bus *bus, const char *bind)
{
	int err;

	err = bus_ctx_alloc(&bus->ctx);
	if (!err)
		err = bus_zap_alloc(&bus->zap, bus->ctx, known_handler, bus);
	if (!err)
		err = bus_link_pub(&bus->pub, bus->ctx);
	if (!err)
		err = bus_link_sub(&bus->sub, bus->ctx, message_handler, bus);
	if (!err)
		err = bus_link_keys(&bus->keys);
	if (!err)
		err = bus_link_prove(bus->pub, &bus->keys);
	if (!err)
		err = bus_link_show(bus->sub, &bus->keys);
	if (!err)
		err = bus_link_bind(bus->pub, bind, bus->endpoint,
				    sizeof(bus->endpoint));

	return err;
}


int bus_open(struct bus **busp, const char *bind, bus_h *h, void *arg)
{
	struct bus *bus;
	int err;

	if (!busp || !bind || !h)
		return EINVAL;

	bus = mem_zalloc(sizeof(*bus), destructor);
	if (!bus)
		return ENOMEM;

	bus->h   = h;
	bus->arg = arg;
	stats_once();

	err = open_all(bus, bind);
	if (err)
		mem_deref(bus);
	else
		*busp = bus;

	return err;
}


const char *bus_endpoint(const struct bus *bus)
{
	return bus ? bus->endpoint : NULL;
}


const char *bus_pubkey(const struct bus *bus)
{
	return bus ? bus->keys.pub : NULL;
}


int bus_identify(const struct bus *bus, struct bus_sock *s)
{
	return bus_link_show(s, &bus->keys);
}


static struct peer *peer_find(const struct bus *bus, const char *endpoint)
{
	struct le *le;

	for (le = bus->peerl.head; le; le = le->next) {
		struct peer *peer = le->data;

		if (0 == strcmp(peer->endpoint, endpoint))
			return peer;
	}

	return NULL;
}


static void peer_drop(struct bus *bus, struct peer *peer)
{
	(void)zmq_disconnect(bus_sock_zmq(bus->sub), peer->endpoint);
	bus_sock_kick(bus->sub);
	mem_deref(peer);
}


static int peer_alloc(struct peer **peerp, const char *endpoint,
		      const char *pubkey)
{
	struct peer *peer;
	int err;

	peer = mem_zalloc(sizeof(*peer), peer_destructor);
	if (!peer)
		return ENOMEM;

	memcpy(peer->pubkey, pubkey, BUS_KEY_SIZE);
	err = zmq_z85_decode(peer->key, peer->pubkey) ? 0 : EINVAL;
	if (!err)
		err = str_dup(&peer->endpoint, endpoint);

	if (err)
		mem_deref(peer);
	else
		*peerp = peer;

	return err;
}


int bus_peer_add(struct bus *bus, const char *endpoint, const char *pubkey)
{
	struct peer *peer;
	int err;

	if (!bus || !endpoint || !pubkey || strlen(pubkey) != BUS_KEY_SIZE)
		return EINVAL;

	peer = peer_find(bus, endpoint);
	if (peer && 0 == strcmp(peer->pubkey, pubkey))
		return 0;
	if (peer)
		peer_drop(bus, peer);

	err = peer_alloc(&peer, endpoint, pubkey);
	if (err)
		return err;

	err = bus_link_connect(bus->sub, peer->endpoint, peer->key);
	if (err)
		mem_deref(peer);
	else
		list_append(&bus->peerl, &peer->le, peer);

	return err;
}


void bus_peer_del(struct bus *bus, const char *endpoint, const char *pubkey)
{
	struct peer *peer;

	if (!bus || !endpoint || !pubkey)
		return;

	peer = peer_find(bus, endpoint);
	if (peer && 0 == strcmp(peer->pubkey, pubkey))
		peer_drop(bus, peer);
}


static int subscription(struct bus *bus, int option, const void *topic,
			size_t len)
{
	int err;

	if (!bus || (!topic && len))
		return EINVAL;

	err = bus_sock_set_bytes(bus->sub, option, topic, len);
	bus_sock_kick(bus->sub);

	return err;
}


int bus_subscribe(struct bus *bus, const void *topic, size_t len)
{
	return subscription(bus, ZMQ_SUBSCRIBE, topic, len);
}


int bus_unsubscribe(struct bus *bus, const void *topic, size_t len)
{
	return subscription(bus, ZMQ_UNSUBSCRIBE, topic, len);
}


static int send_both(void *zmq, const void *topic, size_t tlen,
		     const void *body, size_t blen)
{
	if (zmq_send(zmq, topic, tlen, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0 ||
	    zmq_send(zmq, body, blen, ZMQ_DONTWAIT) < 0)
		return bus_sock_errno();

	return 0;
}


/* One peer whose queue is full shall not keep the others from it. */
static int send_lossy(struct bus *bus, const void *topic, size_t tlen,
		      const void *body, size_t blen)
{
	int err;

	++dropped;

	err = bus_sock_set(bus->pub, ZMQ_XPUB_NODROP, 0);
	if (!err)
		err = send_both(bus_sock_zmq(bus->pub), topic, tlen, body,
				blen);
	(void)bus_sock_set(bus->pub, ZMQ_XPUB_NODROP, 1);

	return err ? err : EAGAIN;
}


int bus_publish(struct bus *bus, const void *topic, size_t tlen,
		const void *body, size_t blen)
{
	int err;

	if (!bus || (!topic && tlen) || (!body && blen))
		return EINVAL;

	++published;

	err = send_both(bus_sock_zmq(bus->pub), topic, tlen, body, blen);
	if (err == EAGAIN)
		err = send_lossy(bus, topic, tlen, body, blen);

	bus_sock_kick(bus->pub);

	return err;
}
