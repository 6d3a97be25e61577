/**
 * @file channel/post_batch.h  The batch under way, between post.c and
 *                             post_batch.c
 */
#pragma once

#include "channel/sip/uas.h"
#include "channel/batch.h"
#include "channel/post.h"
#include "channel/room.h"

struct db_res;
struct message;

#define POST_BUSY diag_again(5, 20011, NULL)

/* ComplianceFailClosed: nothing is said that the archive may never have */
#define POST_CLOSED \
	diag_again(60, 20011, \
		   "Rejected message (compliance archive unavailable)")

/* Nobody knows for sure that this process still is part of the pool */
#define POST_FENCED \
	diag_again(5, 20011, "Rejected message (instance has lost its lease)")

/* The answer to a post whose outcome the store alone knows.  The same request
   again (same user, epid, envelope, room and text) gets the outcome: it is
   never stored twice */
#define POST_UNKNOWN \
	diag_again(5, 20012, \
		   "Message outcome unknown (repeat with the same envelope)")

/** A message between its request and its commit */
struct post_item {
	struct le le;
	struct le le_doubt;      /* post.doubtl: answered "unknown"          */
	struct post *post;
	uint64_t envid;          /* of the client's document; 0: none        */
	uint32_t epid_hash;
	uint64_t asked_ms;       /* when st came, if it is a repeat          */
	uint64_t settled_ms;     /* since when the outcome is known; 0: not  */
	struct st *st;           /* NULL once answered                       */
	struct room *room;       /* reference                                */
	struct endpoint *ep;     /* reference: its author's, until what comes
	                            after it in the dialog may go on         */
	int64_t session;         /* its author's endpoint                    */
	bool parked;             /* in room.afterl: has not gone out         */
	struct message *msg;
	struct standing standing; /* of the author, when it was checked      */
	int64_t lease;           /* that it came under                       */
	uint64_t since_ms;       /* loop clock                               */
};

struct post_batch {
	struct post *post;
	struct list iteml;
	struct post_item *itemv[BATCH_MAX];
	struct batch group;
	int64_t origin;          /* names this process and this batch        */
	int64_t afterv[BATCH_MAX]; /* per room: an id from before it         */
	uint64_t since_ms;
	int32_t backend;         /* that it was sent to                      */
	uint32_t host;           /* of the store, that this was on           */
	bool unknown;            /* sent, and the connection went away       */
	bool abandoned;          /* its posters were told "unknown"          */
	bool rechecking;         /* rights that have changed are being read  */
};

struct post {
	struct service *svc;
	post_settled_h *settledh; /* NULL while it closes                     */
	struct list queuel;
	uint32_t queued;
	struct post_batch *running;
	struct tmr tmr_start;    /* end of this loop turn                    */
	struct tmr tmr_watch;
	uint32_t queue_max, batch_max;
	uint64_t wait_ms;        /* until a post is refused                  */
	uint64_t doubt_ms;       /* until one that was sent is "unknown"     */
	struct list doubtl;      /* items answered so, oldest first          */
	uint32_t doubts;
	uint32_t batches;
	int64_t lease;           /* what waits came under it                 */
	uint32_t alone;          /* messages to be stored one by one: one of
	                            a refused batch is at fault              */
};

/** 0 stored, EACCES the room takes no posts or none of this author, EAGAIN
 *  later, ESTALE our lease is lost, EINPROGRESS unknown, else refused; nothing
 *  when nobody waits for the answer */
void post_answer(struct post_item *item, int err);
/** The outcome of an item, as for post_answer(), is known for good */
void post_settle(struct post_item *item, int err);
/** It is settled and, if stored, has gone out, or its author was told that its
 *  outcome is unknown: what they did after it may go on */
void post_release(struct post_item *item);
/** Start a batch at the end of this turn when there is none */
void post_kick(struct post *post);

void post_batch_start(struct post *post);
/** Send it to the store.  @return what db_exec() says */
int  post_batch_submit(struct post_batch *batch);
/** The store's answer, rows of the statements post_batch and post_outcome:
 *  room, id before its first message or NULL, time, enum fence; rooms
 *  ascending.  Ends the batch, or has rights read first */
void post_batch_stored(struct post_batch *batch, const struct db_res *res);
/** All its messages have this outcome: post_settle() */
void post_batch_settle(struct post_batch *batch, int err);
/** All its messages are answered, or queued again: the next may go */
void post_batch_done(struct post_batch *batch);
/** Queue one again, before all others: call it for the last one first */
void post_batch_requeue(struct post_batch *batch, struct post_item *item);
/** Read the rights of messages that are not settled (they were stale), post
 *  again what may be, refuse the rest: post_check.c */
void post_batch_recheck(struct post_batch *batch);
/** The connection is back: find out what became of it, post_outcome.c */
void post_batch_resume(struct post_batch *batch);
/** It takes too long: answer 504, outcome unknown.  It stays the batch under
 *  way until the store says what became of it */
void post_batch_abandon(struct post_batch *batch);
