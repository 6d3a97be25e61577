/**
 * @file channel/deliver.h  Stored messages to our participants, in order
 *
 * Every message of an open room passes here, from our own commits, from the
 * bus or from the store, and goes out once, in the order of its id.  A gap is
 * given the bus's time to close it, then the store is asked.
 * design.md section 3, steps 3 and 4.
 */
#pragma once

struct room;
struct message;

void deliver_message(struct room *room, struct message *msg);

/** The store has messages up to @p last_id: see that they arrive */
void deliver_expect(struct room *room, int64_t last_id);
/** The newest message that is known here, whether it has gone out or not */
int64_t deliver_known(const struct room *room);
