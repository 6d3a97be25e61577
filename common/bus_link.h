/**
 * @file common/bus_link.h  Encrypted sockets and their options
 *
 * Private to the modules that speak ZeroMQ between processes.
 */
#pragma once

struct bus_ctx;
struct bus_sock;

/** A CURVE key pair as Z85 text */
struct bus_keys {
	char pub[BUS_KEY_SIZE + 1];
	char secret[BUS_KEY_SIZE + 1];
};

/**
 * @param type  ZMQ_PUB, ZMQ_ROUTER: a server; ZMQ_SUB, ZMQ_DEALER: a client
 * @param max   Bytes of a message that a peer may send us
 */
int bus_link_alloc(struct bus_sock **sp, struct bus_ctx *ctx, int type,
		   int64_t max, bus_sock_h *h, void *arg);
int bus_link_pub(struct bus_sock **sp, struct bus_ctx *ctx);
int bus_link_sub(struct bus_sock **sp, struct bus_ctx *ctx, bus_sock_h *h,
		 void *arg);

int bus_link_keys(struct bus_keys *keys);
/** A server proves its key, a client shows it */
int bus_link_prove(struct bus_sock *s, const struct bus_keys *keys);
int bus_link_show(struct bus_sock *s, const struct bus_keys *keys);

/** @p endpoint is set to what others connect to */
int bus_link_bind(struct bus_sock *s, const char *address, char *endpoint,
		  size_t size);
/** EINVAL: not an endpoint */
int bus_link_connect(struct bus_sock *s, const char *endpoint,
		     const uint8_t key[BUS_RAW_KEY_SIZE]);
