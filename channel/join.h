/**
 * @file channel/join.h  An endpoint into rooms: the way of join, bjoin and
 *                       re-attachment
 *
 * Rights are read from the store and decided by access.h, the roster rows are
 * written, rosters of rooms new to this process are read, and only then, in
 * one loop turn, the endpoint is in the rooms and the caller can tell it so.
 */
#pragma once

#include "common/guid.h"
#include "channel/room.h"

struct endpoint;
struct join;

enum { JOIN_MAX = 500 };      /* rooms in one command */

/** One room of a join; room is set when err is 0 */
struct join_room {
	uint8_t guid[GUID_SIZE];
	int err;                  /* ENOENT, EACCES, EROFS ...               */
	uint32_t mask;
	struct standing standing; /* that the mask was read with             */
	struct room *room;        /* reference                               */
	int64_t since;            /* its newest message when entered         */
	bool asked;               /* the store was                           */
	bool stored;              /* the entry is                            */
	char domain[256], value[64];   /* as the client wrote them           */
};

struct join {
	struct endpoint *ep;      /* reference                               */
	struct join_room *roomv;
	size_t roomc;
	uint32_t changes;         /* what was known when rights were read    */
	uint32_t tries;           /* times that they changed meanwhile       */
	int64_t people;           /* of the last look: standing.people       */
	bool added;               /* the store may have rows of it           */
	void (*h)(int err, struct join *join, void *arg);
	void *arg;
};

/**
 * @param joinp  Filled by the caller (roomv, err for those that make no
 *               sense) before join_start()
 */
int  join_alloc(struct join **joinp, struct endpoint *ep, size_t roomc);

/**
 * @param h  Called once, later, unless an error is returned; err is a failure
 *           of the whole (EBUSY: the store), each room has its own.  The join
 *           is freed after it
 *
 * @return 0, EBUSY; the caller keeps the join only on error
 */
int  join_start(struct join *join,
		void (*h)(int err, struct join *join, void *arg), void *arg);
