/**
 * @file channel/chanib.h  What is told of a room: its block in documents
 *
 * From a stored record or from the open room.  Spec: protocol.md 3.7.
 */
#pragma once

struct mbuf;
struct room;
struct room_rec;
struct xccos_chanib;

/**
 * A block from a stored record, whole
 *
 * @param own  Elements of the caller's, before the infos; or NULL
 */
int  chanib_record(struct mbuf *mb, const char *domain,
		   const struct room_rec *rec, const struct mbuf *own);

/** The attributes and infos of an open room; texts are the room's */
void chanib_of_room(struct xccos_chanib *chan, const struct room *room);
/** Its block, whole */
int  chanib_room(struct mbuf *mb, const struct room *room);
