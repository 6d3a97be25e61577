/**
 * @file common/event.h  Kinds of compliance events
 *
 * What the archive is told: who was in a room, what was said and read there,
 * and what administrators did.  The numbers are in the stores (outbox,
 * staged) and on the queue; they never change.
 */
#pragma once

enum event_kind {
	EVENT_CHAT         = 1,
	EVENT_BACKCHAT     = 2,     /* history was read                      */
	EVENT_FILEDOWNLOAD = 3,
	EVENT_FILEUPLOAD   = 4,
	EVENT_REPLACED     = 10,    /* a message was replaced or removed     */
	EVENT_PURGE        = 11,    /* messages were removed by their age    */
	EVENT_JOIN         = 20,
	EVENT_PART         = 21,
	EVENT_ROOM         = 30,
	EVENT_ROLE         = 31,    /* a room's lists                        */
	EVENT_CATEGORY     = 32,
	EVENT_POLICY       = 33,
	EVENT_PRINCIPAL    = 34,
	EVENT_ADMIN        = 35,    /* an entry of admin_audit               */
};

/** "CHAT"; NULL: no such kind */
const char *event_kind_name(enum event_kind kind);
