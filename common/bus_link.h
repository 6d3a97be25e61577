/**
 * @file common/bus_link.h  The sockets of the bus and their options
 *
 * Private to bus.c.
 */
#pragma once

struct bus_ctx;
struct bus_sock;

int bus_link_pub(struct bus_sock **sp, struct bus_ctx *ctx);
int bus_link_sub(struct bus_sock **sp, struct bus_ctx *ctx, bus_sock_h *h,
		 void *arg);

/**
 * One new keypair for both: the PUB socket is the server that proves it, the
 * SUB socket the client that shows it
 */
int bus_link_keys(struct bus_sock *pub, struct bus_sock *sub,
		  char pubkey[BUS_KEY_SIZE + 1]);
