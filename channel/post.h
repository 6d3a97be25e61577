/**
 * @file channel/post.h  Posted messages into the store: group commit
 *
 * A post that was checked joins the queue.  There is no timer: whenever the
 * posting connection is free, what waits goes out as one batch, one statement
 * and one commit; the next batch gathers meanwhile.  After the commit, and
 * only then, the poster's request is answered 200 and the message goes to the
 * room and to the bus.  A batch that lost its connection is looked up before
 * anything is said of it.  When the store stays away for too long, its posters
 * are told 504, outcome unknown: the commit may have gone through.  The batch
 * is looked up as soon as the store is back, before any other is sent, and the
 * same request again gets the outcome instead of being stored twice.
 *
 * The statement is the fence (fence.h): messages whose rights have changed
 * since they were checked are checked again and posted again or refused; none
 * is stored when our lease has ended.
 */
#pragma once

struct service;
struct post;
struct st;
struct endpoint;
struct occupant;

/** What somebody posts; texts are copied */
struct post_text {
	struct pl chat;
	struct pl rtf;           /* p == NULL: none                          */
	uint16_t flags;          /* enum message_flag                        */
	uint32_t epid_hash;      /* of the client's epid                     */
	uint64_t envid;          /* of its document; 0: none                 */
};

/** Nothing that this endpoint posted is under way any more */
typedef void (post_settled_h)(struct endpoint *ep);

int  post_alloc(struct post **postp, struct service *svc,
		post_settled_h *settledh);

/**
 * Store and deliver a message
 *
 * @param st   Held transaction of the poster's request: answered when it is
 *             known what became of the message, also on error here
 * @param occ  Who posts, and where.  Until it is known what became of the
 *             message, nothing that came after it in the dialog is done
 */
void post_message(struct post *post, struct st *st,
		  const struct occupant *occ, const struct post_text *text);

/** Our lease was renewed: go on with what came under it; under another one,
 *  what waits is refused with 503 */
void post_renewed(struct post *post);

/** The posting connection came up or was lost */
void post_store_state(struct post *post, bool up);
