/**
 * @file channel/fanout.h  One document to everybody in a room
 *
 * The document is built once.  A room of more than a slice is served in
 * several loop turns, so that one post never holds the loop for long; what
 * comes after waits its turn, and who leaves meanwhile is passed over.
 */
#pragma once

struct room;
struct occupant;
struct endpoint;
struct mbuf;

/**
 * Send a document to our occupants of a room
 *
 * @param msg_id  Of the message it carries: who came after it does not get
 *                it; 0 for anything else
 * @param skip    Left out, or NULL
 */
int  fanout_send(struct room *room, const struct mbuf *mb, int64_t msg_id,
		 const struct endpoint *skip);

/** An occupant goes: slices that would continue at it pass it over */
void fanout_pass(struct room *room, const struct occupant *occ);
