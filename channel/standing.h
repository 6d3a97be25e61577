/**
 * @file channel/standing.h  The columns of room_standing behind a room's
 */
#pragma once

#include "common/db/db.h"
#include "channel/room.h"

enum {
	STANDING_NTH    = 21,    /* place of the pair, from 1                */
	STANDING_RIGHTS = 22,
	STANDING_PEOPLE = 23,
};

static inline void standing_read(struct standing *st, const struct db_res *res,
				 uint32_t row)
{
	st->rights = db_get_int(res, row, STANDING_RIGHTS);
	st->people = db_get_int(res, row, STANDING_PEOPLE);
}
