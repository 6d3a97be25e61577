/**
 * @file common/bus_sock.h  A ZeroMQ socket on libre's loop
 *
 * Private to the modules that speak ZeroMQ.  The descriptor that ZeroMQ gives
 * out says only that something may have changed, and says so once: the socket
 * is drained after every event, and bus_sock_kick() has to be called after
 * everything that one does to it (send, connect, subscribe), because that may
 * swallow the sign of a message that came meanwhile.
 */
#pragma once

struct bus_ctx;
struct bus_sock;

enum { BUS_FRAMES_MAX = 16 };

/**
 * A message, frame by frame, valid during the call; frames beyond
 * BUS_FRAMES_MAX are left out.  The handler may mem_deref() the socket
 */
typedef void (bus_sock_h)(const struct pl *framev, size_t framec, void *arg);

/** A ZeroMQ context; it ends with its last socket */
int   bus_ctx_alloc(struct bus_ctx **ctxp);

/**
 * @param type  ZMQ_PUB, ZMQ_SUB, ...; ZMQ_LINGER is 0
 * @param h     Called from the loop; NULL for a socket that only sends
 */
int   bus_sock_alloc(struct bus_sock **sp, struct bus_ctx *ctx, int type,
		     bus_sock_h *h, void *arg);
/** What the functions of libzmq take */
void *bus_sock_zmq(const struct bus_sock *s);
void  bus_sock_kick(struct bus_sock *s);
/** Leave in ZeroMQ's queue what comes, until told to go on */
void  bus_sock_pause(struct bus_sock *s, bool pause);

/** Integer option; an errno */
int   bus_sock_set(struct bus_sock *s, int option, int value);
int   bus_sock_set_bytes(struct bus_sock *s, int option, const void *p,
			 size_t size);
/** errno of the last failed call of libzmq, never 0 */
int   bus_sock_errno(void);
