/**
 * @file channel/access.c  The access table of protocol.md 6.1
 *
 * The category's scope is the outer wall: nobody outside it has any right in
 * its rooms, whatever a room's lists say.  Managing does not include entering.
 */
#include <errno.h>
#include <re.h>
#include "common/store/room.h"
#include "channel/access.h"

enum {
	INSIDE = ACCESS_JOIN | ACCESS_CHAT | ACCESS_HISTORY | ACCESS_VIEW,

	/* aib@key values of profile "sipe": SIPE knows an operator by exactly
	   12276, which has all bits of the 2013 manager mask */
	AIB_MEMBER  = 3456,
	AIB_MANAGER = 12276,
};


uint32_t access_mask(const struct room_rec *rec)
{
	const bool enter = rec->member || rec->privacy == ROOM_OPEN;
	uint32_t mask = 0;

	if (!rec->in_scope)
		return 0;

	if (enter)
		mask |= INSIDE;
	if (rec->privacy != ROOM_SECRET)
		mask |= ACCESS_VIEW;
	if (rec->manager)
		mask |= ACCESS_MANAGE | ACCESS_VIEW;
	if (rec->presenter && enter)
		mask |= ACCESS_PRESENT;

	if (rec->disabled)
		mask &= ACCESS_MANAGE | (rec->manager ? ACCESS_VIEW : 0u);

	return mask;
}


int access_join(const struct room_rec *rec)
{
	struct room_rec enabled = *rec;
	uint32_t mask;

	enabled.disabled = false;
	mask = access_mask(&enabled);

	if (rec->privacy == ROOM_SECRET && !(mask & ACCESS_VIEW))
		return ENOENT;
	if (!(mask & ACCESS_JOIN))
		return EACCES;

	return rec->disabled ? EROFS : 0;
}


bool access_post(uint32_t mask, bool auditorium)
{
	return (mask & ACCESS_CHAT) && (!auditorium || (mask & ACCESS_PRESENT));
}


uint32_t access_aib(uint32_t mask)
{
	if (mask & ACCESS_MANAGE)
		return AIB_MANAGER;

	return AIB_MEMBER | (mask & ACCESS_PRESENT);
}
