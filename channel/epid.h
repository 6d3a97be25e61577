/**
 * @file channel/epid.h  What tells the clients of one user apart
 */
#pragma once

struct uas_invite;

enum { EPID_MAX = 64 };

/**
 * The name of a client: its epid, else its SIP instance (RFC 5626), else one
 * made for this dialog alone, which no later one has
 *
 * @param epidp  Set on success, printable ASCII of at most EPID_MAX bytes: a
 *               longer or other one is replaced by its digest; mem_deref() it
 */
int  epid_of(char **epidp, const struct uas_invite *inv);
