/**
 * @file channel/feed.h  Watches: words in rooms that somebody follows, and who
 *                       is told of them
 *
 * What is said in rooms that somebody with a watch follows is looked through
 * behind the posts, by whichever process of the pool gets to it, and what was
 * found is kept in the store: a process that dies takes nothing with it, and
 * a user finds what came while he was away.  Each process tells it to those
 * of its endpoints that asked for it (deploy/xccos-extensions.md).
 */
#pragma once

struct cmd;
struct db_res;
struct endpoint;
struct feed;
struct mbuf;
struct service;

/** Looks through what is said */
extern const struct step_job feed_job;

int  feed_alloc(struct feed **feedp, struct service *svc);
/** Ask the store for what it tells; once its connection is open */
int  feed_open(struct feed *feed);
/** Something may have been found that we were not told of */
void feed_look(struct feed *feed);

/**
 * From now on this endpoint is told
 *
 * @param after  What it knows: everything found up to there
 */
void feed_listen(struct feed *feed, struct endpoint *ep, int64_t after);

/** item: what a watch found, from a row of feed_read */
int  feed_write_item(struct mbuf *mb, const struct service *svc,
		     const struct db_res *res, uint32_t row);
int64_t feed_row_id(const struct db_res *res, uint32_t row);

/** kind of a watch as on the wire, and back; NULL, 0: there is no such kind */
const char *feed_kind_name(int64_t kind);
int  feed_kind(const char *name);
