/**
 * @file channel/post.h  Posted messages into the store: group commit
 *
 * A post that was checked joins the queue.  There is no timer: whenever the
 * posting connection is free, what waits goes out as one batch, one statement
 * and one commit; the next batch gathers meanwhile.  After the commit, and
 * only then, the poster's request is answered 200 and the message goes to the
 * room and to the bus.  A batch that lost its connection is looked up before
 * anything is said of it; when the store stays away for longer than a post may
 * wait, its posters are told 503 although the commit may have gone through:
 * only the store knows, and what it has is delivered when it is back.
 * design.md section 3, steps 2 and 3.
 */
#pragma once

struct service;
struct post;
struct st;
struct rate_user;
struct room;
struct user;

/** What somebody posts; texts are copied */
struct post_text {
	struct pl chat;
	struct pl rtf;           /* p == NULL: none                          */
	uint16_t flags;          /* enum message_flag                        */
};

int  post_alloc(struct post **postp, struct service *svc);

/**
 * Store and deliver a message
 *
 * @param st  Held transaction of the poster's request: answered when it is
 *            known what became of the message, also on error here
 */
void post_message(struct post *post, struct st *st, struct room *room,
		  struct user *author, struct rate_user *rate,
		  const struct post_text *text);

/** The posting connection came up or was lost */
void post_store_state(struct post *post, bool up);
