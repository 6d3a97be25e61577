/**
 * @file channel/sip/sub.h  A subscription that is told of news by BENOTIFY
 *
 * BENOTIFY is a request that nobody answers, so all that is kept is how to
 * write one.  A client that refreshes its subscription makes a new one of the
 * same identity; one whose connection to us was lost, or whose client is
 * gone, ends when it is next used, or expires.  Loop thread only.
 */
#pragma once

struct conn;
struct sub;
struct uas;
struct view;

enum { SUB_EXPIRES_S = 3600 };      /* longest that is granted            */

/**
 * Made by the core of each SUBSCRIBE
 *
 * @param subp  Set on success; mem_deref() it
 *
 * @return 0, EBADMSG (no Contact that can be used), ENOMEM
 */
int  sub_alloc(struct sub **subp, struct uas *uas, struct conn *conn,
	       const struct view *v);

/** Header lines of the 200: Record-Route, Contact, Expires, state.  No state
 *  where it asks for one answer (Expires 0) */
const char *sub_fields(const struct sub *sub);
/** Call-ID and tag: the same for a subscription and its refreshes */
const char *sub_id(const struct sub *sub);
/** Also one that asks for one answer, or is the end of another */
bool sub_expired(const struct sub *sub);

/** Tell it.  ENOTCONN: it is over */
int  sub_notify(struct sub *sub, const char *event, const char *ctype,
		const struct pl *body);
