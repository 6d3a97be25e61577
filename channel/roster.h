/**
 * @file channel/roster.h  Coming and going, told to the room and to the pool
 *
 * Rosters are pool-wide: what happens here goes to the other instances over
 * the bus, what happens there comes from it; the store's roster rows are the
 * truth that a room starts from and is compared with.
 * Spec: protocol.md 4.4-4.6, 5.3, 6.4.
 */
#pragma once

struct service;
struct room;
struct endpoint;
struct occupant;
struct standing;
struct user;
struct db_res;

/**
 * One of our endpoints has entered (its row is stored): notify the room and the
 * pool
 *
 * @param since  Newest message of the room when the row was stored; older ones
 *               are not delivered to it
 */
int  roster_enter(struct service *svc, struct room *room, struct endpoint *ep,
		  uint32_t mask, const struct standing *standing,
		  int64_t since);
/** Ours leaves.  May free the room */
void roster_leave(struct service *svc, struct occupant *occ);

/** Ours may not be there any more: leaves, and is told so himself.  The store
 *  is the caller's business */
void roster_remove(struct service *svc, struct occupant *occ);
/** The rights of one of ours changed.  The store is the caller's business */
void roster_mask(struct service *svc, struct occupant *occ, uint32_t mask);
/** Ours are told of what is new of the room itself, once */
void roster_modified(struct service *svc, struct room *room);

/** Somebody entered or left on another instance; both may be repeats */
void roster_remote_enter(struct service *svc, struct room *room,
			 int64_t instance_id, int64_t endpoint_id,
			 struct user *user, uint32_t mask);
void roster_remote_leave(struct service *svc, struct room *room,
			 int64_t endpoint_id);

/** An instance is gone, and with it all who were in rooms through it */
void roster_purge(struct service *svc, int64_t instance_id);

/** Called when the rosters of the rooms are read, or could not be */
typedef void (roster_load_h)(int err, void *arg);

/**
 * Read who is in rooms through other instances
 *
 * @param roomv  Rooms; references are taken
 * @param h      May be NULL
 */
int  roster_load(struct service *svc, struct room *const *roomv, size_t roomc,
		 roster_load_h *h, void *arg);

/* News that come while a roster is read: what is read may be older */
void roster_load_entered(struct room *room, int64_t endpoint_id);
void roster_load_left(struct room *room, int64_t endpoint_id);
