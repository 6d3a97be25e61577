/**
 * @file tests/support/inbox.h  The INFO bodies that a client got, in order
 */
#pragma once

struct inbox;

int  inbox_alloc(struct inbox **ip);
/** Append what is left of mb, unless the watcher keeps it out */
void inbox_put(struct inbox *inbox, const struct mbuf *mb);

/** Is this the body that is waited for? */
typedef bool (inbox_match_h)(const char *body, void *arg);

/**
 * Wait for a body and take it out; what is before it stays
 *
 * @param bodyp  Set on success; mem_deref() it.  May be NULL
 *
 * @return 0, ETIMEDOUT
 */
int  inbox_take(struct inbox *inbox, inbox_match_h *h, void *arg,
		unsigned timeout_ms, char **bodyp);
/** The same for the first body that contains @p part */
int  inbox_expect(struct inbox *inbox, const char *part, unsigned timeout_ms,
		  char **bodyp);
/** Bodies that contain @p part; NULL: all */
size_t inbox_count(const struct inbox *inbox, const char *part);
/** Call h() for every body that comes; true keeps it out of the inbox */
void inbox_watch(struct inbox *inbox, inbox_match_h *h, void *arg);
void inbox_flush(struct inbox *inbox);
