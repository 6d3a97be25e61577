/**
 * @file webfiles/limits.h  How much one address and one user may ask for
 *
 * Connections open at a time and anew, and requests, of an address (an IPv6
 * address counts as its /64) and requests of a user.  Addresses of trusted
 * proxies have no limit of connections: all users share them.  Each process
 * counts for itself.  Loop thread only.
 */
#pragma once

struct limits;
struct sa;
struct web;

enum { LIMITS_KEY = 96 };

int  limits_alloc(struct limits **lp, struct web *web);

/** May this address open another connection? */
bool limits_connect(struct limits *lim, const struct sa *peer);
/** A connection is there, or gone */
void limits_count(struct limits *lim, const struct sa *peer, bool opened);

/** Count a request of an address, as text.  @return 0, or the seconds after
 *  which it may come */
uint32_t limits_address(struct limits *lim, const char *address);
/** The same of a user */
uint32_t limits_user(struct limits *lim, int64_t principal_id);
