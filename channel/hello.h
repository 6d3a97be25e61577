/**
 * @file channel/hello.h  Instances greet each other over the bus
 *
 * Each says regularly, and whenever it changes, whom it hears and whether it
 * is busy.  A process that starts is ready only when everybody hears it and it
 * hears everybody, so that its first messages are not lost on the way; and no
 * process takes posts faster than the slowest can send them out.
 */
#pragma once

struct hello;
struct pl;
struct service;

/** Somebody's word came */
typedef void (hello_h)(struct service *svc);

int  hello_open(struct hello **hp, struct service *svc, uint32_t period_ms,
		hello_h *h);
/** A frame of the topic that hello_is_topic() knows */
void hello_receive(struct hello *hello, const struct pl *body);
bool hello_is_topic(const struct pl *topic);

/** An instance joined the pool, or left it */
void hello_peer(struct hello *hello, int64_t instance_id, bool up);
/** All instances of the pool and we hear each other */
bool hello_complete(const struct hello *hello);
/** Another instance has more to send out than it should */
bool hello_others_busy(const struct hello *hello);
/** We have, or have no more */
void hello_busy(struct hello *hello, bool busy);
