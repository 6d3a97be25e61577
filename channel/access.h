/**
 * @file channel/access.h  May this user do that here: pure functions, no I/O
 *
 * Spec: protocol.md 3.5 (bits) and 6.1 (the table), product.md A.2-A.6.
 */
#pragma once

struct room_rec;

/** Rights in a room, the bits of the wire's permission masks */
enum access_bit {
	ACCESS_MANAGE    = 1<<2,
	ACCESS_JOIN      = 1<<7,
	ACCESS_CHAT      = 1<<8,
	ACCESS_HISTORY   = 1<<10,   /* read without having joined        */
	ACCESS_VIEW      = 1<<11,   /* may find it                       */
	ACCESS_PRESENT   = 1<<12,   /* chat in an auditorium             */
};

/** All that the record's user may do in the record's room */
uint32_t access_mask(const struct room_rec *rec);

/**
 * May he enter it?
 *
 * @return 0, EACCES, EROFS (disabled), ENOENT (must not learn that it exists)
 */
int  access_join(const struct room_rec *rec);

/** May he post there, given his mask? */
bool access_post(uint32_t mask, bool auditorium);

/** The mask as known clients expect it on the wire (protocol.md 3.5) */
uint32_t access_aib(uint32_t mask);
