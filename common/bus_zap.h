/**
 * @file common/bus_zap.h  Who may connect to our ZeroMQ sockets
 *
 * ZeroMQ asks on inproc://zeromq.zap.01 of its context (RFC 27/ZAP) about
 * every CURVE client that wants in.  Private to the modules that speak
 * ZeroMQ.
 */
#pragma once

struct bus_ctx;
struct bus_zap;

enum { BUS_RAW_KEY_SIZE = 32 };

/** Whether a public key is one of ours */
typedef bool (bus_zap_h)(const uint8_t key[BUS_RAW_KEY_SIZE], void *arg);

/** Before the first socket of the context is bound */
int bus_zap_alloc(struct bus_zap **zp, struct bus_ctx *ctx, bus_zap_h *h,
		  void *arg);
