/**
 * @file channel/pressure.h  When to store no more for a while
 *
 * Posts are stored faster than they can be sent out.  While more is waiting
 * to go out, here or on another instance, than goes out in a few dozen
 * milliseconds, posts stay in their queue, where a limit and a time hold for
 * them, and the poster who waits too long is told 503.
 */
#pragma once

struct service;

/** More is waiting than should, or no longer */
typedef void (pressure_h)(struct service *svc, bool busy);

/** Member of struct service */
struct pressure {
	pressure_h *h;
	int64_t waiting;         /* recipients of documents in slices        */
	uint32_t lagging;        /* rooms that are far behind the store      */
	bool busy;
};

void pressure_waiting(struct service *svc, int64_t change);
void pressure_lagging(struct service *svc, bool more);
