/**
 * @file channel/cmd/manage.h  What the commands on rooms and principals share
 */
#pragma once

#include "common/limits.h"

struct cmd;
struct db_args;
struct db_res;
struct mbuf;
struct room_rec;

/** GUID of the first element @p elem's attribute, a room's or category's URI
 *
 * @return 0, EINVAL (missing), ENOENT (no URI of ours)
 */
int  manage_guid(uint8_t guid[16], const struct cmd *cmd, const char *elem,
		 const char *attr, bool category);

/** The full chanib with the caller's own rights and the audit block, from a
 *  row of room_audited */
int  manage_write_room(struct cmd *cmd, const struct db_res *res);
/** Is the caller an administrator?  From a row of room_audited */
bool manage_is_admin(const struct db_res *res);

/** What a LIKE pattern of the qib's criteria is written to, and the criteria
 *  themselves: bytes of LIMIT_FIND characters */
enum {
	MANAGE_CRITERIA = LIMIT_FIND * LIMIT_CHAR_BYTES + 1,
	MANAGE_PATTERN  = LIMIT_FIND * LIMIT_CHAR_BYTES + 8,
};
/** A LIKE pattern that finds the text itself anywhere */
void manage_pattern(char buf[MANAGE_PATTERN], const char *criteria);
/** The limit asked for, or the configured one if that is less; -1, NULL: none
 *  is asked for */
uint32_t manage_limit(const struct cmd *cmd, const char *asked);

/* The next parameter from a word in any case; NULL or empty: null.
 * @return 0, EINVAL */
int  manage_put_privacy(struct db_args *args, const char *text);
int  manage_put_behavior(struct db_args *args, const char *text);
int  manage_put_bool(struct db_args *args, const char *text);

/**
 * Users and groups, from rows of kind, key, display, guid and mask
 *
 * @param index  Number them from 0
 * @param brief  Only what tells them apart
 */
int  manage_write_principals(struct mbuf *mb, const struct db_res *res,
			     bool index, bool brief);
