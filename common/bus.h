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
struct bus_sock;

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

/** Have a client socket of another module (common/queue.h) show our key */
int  bus_identify(const struct bus *bus, struct bus_sock *s);

/**
 * Connect to a peer and let it connect to us; twice is once.  Another key for
 * the same endpoint (a process that was started again) replaces the first.
 * In what order the two sides add each other does not matter.
 *
 * @return 0, EINVAL (not an endpoint, not a key), ENOMEM
 */
int  bus_peer_add(struct bus *bus, const char *endpoint, const char *pubkey);
/** Does not cut what the peer has connected already: nobody can, and only a
 * process that is gone is taken out */
void bus_peer_del(struct bus *bus, const char *endpoint, const char *pubkey);

/** What begins with @p topic; asked for twice, it has to be given up twice */
int  bus_subscribe(struct bus *bus, const void *topic, size_t len);
int  bus_unsubscribe(struct bus *bus, const void *topic, size_t len);

/**
 * Publish a topic frame and a body frame; copies both
 *
 * @return 0, EAGAIN (a peer's queue was full: that one misses it), ENOMEM
 */
int  bus_publish(struct bus *bus, const void *topic, size_t tlen,
		 const void *body, size_t blen);
