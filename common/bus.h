/**
 * @file common/bus.h  The bus between the processes of a pool
 *
 * One PUB socket that the others connect to and one SUB socket connected to
 * all of them, both on libre's loop (ZMQ_FD is edge-triggered: drained after
 * every event and every send).  CURVE on all links: a peer's public key comes
 * from the store, and only keys that the store names are let in.
 * Delivery is best effort by design: the store is what makes it reliable.
 * Loop thread only.
 */
#pragma once

struct bus;

enum { BUS_KEY_SIZE = 40 };   /* Z85 text of a CURVE key, no NUL */

/** A message for us: @p topic and @p body are valid during the call */
typedef void (bus_h)(const struct pl *topic, const struct pl *body, void *arg);

/**
 * @param bind  "tcp://ADDRESS:*" or with a port; bus_endpoint() tells which
 * @return 0, EINVAL, ENOMEM, EADDRINUSE, ...
 */
int  bus_open(struct bus **busp, const char *bind, bus_h *h, void *arg);
const char *bus_endpoint(const struct bus *bus);   /* what peers connect to */
const char *bus_pubkey(const struct bus *bus);     /* 40 characters of Z85  */

/** Connect to a peer and let it connect to us; twice is once */
int  bus_peer_add(struct bus *bus, const char *endpoint, const char *pubkey);
void bus_peer_del(struct bus *bus, const char *endpoint, const char *pubkey);

int  bus_subscribe(struct bus *bus, const void *topic, size_t len);
int  bus_unsubscribe(struct bus *bus, const void *topic, size_t len);

/** Publish a topic frame and a body frame; copies both.  EAGAIN: dropped */
int  bus_publish(struct bus *bus, const void *topic, size_t tlen,
		 const void *body, size_t blen);
