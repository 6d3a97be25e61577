/**
 * @file compliance/intake.h  From the queue into the compliance store
 *
 * A batch of events is one statement and one commit; then, and only then, its
 * sender is told that it is stored.  Repeats are known by their ids.  While as
 * many batches are being stored as may be, or the store is away, nothing is
 * read from the queue: the senders wait, and their events with them.
 */
#pragma once

struct compliance;
struct intake;
struct pl;
struct queue_from;

int  intake_open(struct intake **inp, struct compliance *svc);
/** A batch came from the queue */
void intake_batch(struct intake *in, const struct queue_from *from,
		  const struct pl *events);
/** The compliance store came up, with the schema that it must have, or was
 * lost */
void intake_staging(struct intake *in, bool up);
