/**
 * @file channel/post_batch.h  The batch under way, between post.c and
 *                             post_batch.c
 */
#pragma once

#include "channel/batch.h"
#include "channel/post.h"
#include "channel/room.h"

struct message;

#define POST_BUSY \
	"Retry-After: 5\r\n" \
	"Ms-diagnostics: 20011;source=\"pchat\";" \
	"reason=\"Rejected message (inbound queue full)\";" \
	"component=\"GroupChat\"\r\n"

/* ComplianceFailClosed: nothing is said that the archive may never have */
#define POST_CLOSED \
	"Retry-After: 60\r\n" \
	"Ms-diagnostics: 20011;source=\"pchat\";" \
	"reason=\"Rejected message (compliance archive unavailable)\";" \
	"component=\"GroupChat\"\r\n"

/* Nobody knows for sure that this process still is part of the pool */
#define POST_FENCED \
	"Retry-After: 5\r\n" \
	"Ms-diagnostics: 20011;source=\"pchat\";" \
	"reason=\"Rejected message (instance has lost its lease)\";" \
	"component=\"GroupChat\"\r\n"

/** A message between its request and its commit */
struct post_item {
	struct le le;
	struct st *st;           /* NULL once answered                       */
	struct room *room;       /* reference                                */
	struct endpoint *ep;     /* its author's, a reference                */
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
	bool unknown;            /* sent, and the connection went away       */
	bool abandoned;          /* its posters have their answers           */
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
	uint64_t wait_ms;
	uint32_t batches;
	int64_t lease;           /* what waits came under it                 */
	uint32_t alone;          /* messages to be stored one by one: one of
	                            a refused batch is at fault              */
};

/** 0 stored, EACCES the room takes no posts or none of this author, EAGAIN
 *  later, ESTALE our lease is lost, else refused */
void post_answer(struct post_item *item, int err);
/** Start a batch at the end of this turn when there is none */
void post_kick(struct post *post);

void post_batch_start(struct post *post);
/** All its messages are answered, or queued again: the next may go */
void post_batch_done(struct post_batch *batch);
/** Queue one again, before all others: call it for the last one first */
void post_batch_requeue(struct post_batch *batch, struct post_item *item);
/** Read the rights of messages that were stale (msg->id 0, not answered), post
 *  again what may be, refuse the rest: post_check.c */
void post_batch_recheck(struct post_batch *batch);
/** The connection is back: find out what became of it */
void post_batch_resume(struct post_batch *batch);
/** It takes too long: answer 503.  If it is stored after all, the rooms get
 *  it as they get anything they missed */
void post_batch_abandon(struct post_batch *batch);
