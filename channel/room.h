/**
 * @file channel/room.h  Rooms held open by this process, and who is in them
 *
 * A room is in memory while an endpoint of this process is in it or a command
 * works on it; what outlives that is in the store.  Its roster is pool-wide:
 * an occupant is an endpoint in a room, ours or another instance's; a presence
 * is a user in a room, with however many endpoints.  Loop thread only.
 */
#pragma once

#include "common/guid.h"
#include "channel/order.h"

struct roomtab;
struct service;
struct room_rec;
struct endpoint;
struct user;

struct room {
	struct le he_id, he_guid;    /* in the table                         */
	struct le le;                /* all open rooms, next to sweep first  */
	struct le le_young;          /* those just opened                    */
	struct le le_due;            /* to be looked at again: watch.h       */
	struct roomtab *tab;         /* reference                            */
	struct service *svc;
	int64_t id;
	uint8_t guid[GUID_SIZE];
	char guid_text[GUID_STRSIZE];
	char *uri;                   /* canonical, byte-identical always     */
	char *parent;                /* category URI                         */
	char *name, *description, *topic;
	char *addin_guid, *addin_name, *addin_url;
	int privacy;
	bool auditorium, disabled, invitations, files, history;

	struct list locall;          /* occupants that are ours              */
	uint32_t locals;             /* how many                             */
	struct list remotel;         /* and those of other instances         */
	uint32_t remotes;            /* how many                             */
	struct list presl;           /* users, in order of coming            */
	uint32_t users;              /* how many                             */
	bool modified;               /* not told yet: roster_modified()      */
	bool silent;                 /* too large for roster notices         */

	struct order order;          /* what was delivered here              */
	struct tmr tmr_gap;          /* the bus is late: ask the store       */
	int64_t gap_to;              /* id that is known to exist            */
	struct list afterl;          /* waits for messages: see after.h      */
	bool repairing;              /* the store was asked                  */
	bool lagging;                /* far behind: see pressure.h           */
	uint64_t paced_ms;           /* a repair waits for dialogs since     */
	struct list fanl;            /* fan-outs in slices: see fanout.h     */
	uint32_t load_gen;           /* roster reads so far                  */
	uint32_t loads;              /* roster reads under way               */
	struct list partedl;         /* left meanwhile: see roster_load.c    */
	uint64_t opened_ms;          /* loop clock                           */
};

/** Generations in the store of what decides a mask: sql/schema/0014_fence.sql */
struct standing {
	int64_t rights;              /* of the room                          */
	int64_t people;              /* of all users                         */
};

/** A user in a room */
struct presence {
	struct le he;                /* in the table, by user and room       */
	struct le le;                /* room.presl                           */
	struct room *room;
	struct user *user;           /* reference                            */
	uint32_t endpoints;
	uint32_t mask;
};

/** An endpoint in a room */
struct occupant {
	struct le he;                /* in the table, by endpoint and room   */
	struct le le_room;           /* room.locall or room.remotel          */
	struct le le_ep;             /* endpoint.occl when ours              */
	struct room *room;           /* reference                            */
	struct presence *pres;
	struct endpoint *ep;         /* NULL: another instance's             */
	int64_t endpoint_id;
	int64_t instance_id;         /* 0: ours                              */
	int64_t since;               /* newest message when it came          */
	uint32_t load_gen;           /* last roster read that had it         */
	uint32_t mask;
	struct standing standing;    /* that the mask was read with          */
	bool has_read;           /* the newest messages, once after it entered */
};

/** A room was opened, or is about to be freed */
typedef void (room_open_h)(struct service *svc, const struct room *room,
			   bool open);

int  roomtab_alloc(struct roomtab **tabp, const char *domain,
		   room_open_h *openh, struct service *svc);
struct room *roomtab_by_id(const struct roomtab *tab, int64_t id);
struct room *roomtab_by_guid(const struct roomtab *tab,
			     const uint8_t guid[GUID_SIZE]);
/** All open rooms; may be rotated by whoever walks it in slices */
struct list *roomtab_list(struct roomtab *tab);
uint32_t roomtab_count(const struct roomtab *tab);
/** Rooms just opened; whoever watches them takes them out */
struct list *roomtab_young(struct roomtab *tab);

/** A reference to the open room of this record, opened if need be; what the
 *  record says of it is taken over */
int  room_open(struct room **roomp, struct roomtab *tab,
	       const struct room_rec *rec);

/**
 * Enter an endpoint
 *
 * @param ep      Ours, or NULL with the id of another instance
 * @param newp    Set: the user was not in the room before
 *
 * @return 0, EALREADY (it is in; mask is brought up to date), ENOMEM
 */
int  room_enter(struct room *room, struct endpoint *ep, int64_t endpoint_id,
		int64_t instance_id, struct user *user, uint32_t mask,
		bool *newp);

/**
 * Take an occupant out
 *
 * @param userp  Set to the user (a reference) when that was his last endpoint
 *               in the room, else NULL; may be NULL
 */
void room_leave(struct occupant *occ, struct user **userp);

struct occupant *room_occupant(const struct roomtab *tab, int64_t room_id,
			       int64_t endpoint_id);
/** Above the limit: silent until below 80 % of it (protocol.md 6.4) */
void room_silence(struct room *room, uint32_t limit);
