/**
 * @file channel/after.h  What has to wait for messages of its room
 *
 * A message that is stored goes out when all before it have; some may still be
 * on their way from other instances.  Whatever its author does next in the room
 * waits here until then, so that everybody sees it in that order.
 */
#pragma once

struct room;

/** @p arg is the waiter's reference: released afterwards */
typedef void (after_h)(struct room *room, void *arg);

/**
 * Wait until message @p id of the room has gone out
 *
 * @param h    Called from after_check(), not when the room is freed before; may
 *             be NULL
 * @param arg  Reference, handed over on success
 *
 * @return 0, ENOMEM
 */
int  after_add(struct room *room, int64_t id, after_h *h, void *arg);

/** Messages of the room may have gone out: do what waited for them */
void after_check(struct room *room);
