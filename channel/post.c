/**
 * @file channel/post.c  The queue of posts, and who gets which answer
 */
#include <errno.h>
#include <re.h>
#include "common/conf.h"
#include "common/db/db.h"
#include "common/stats.h"
#include "channel/sip/uas.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/message.h"
#include "channel/outbox.h"
#include "channel/pool.h"
#include "channel/post_batch.h"
#include "channel/room.h"
#include "channel/user.h"

enum {
	WATCH_MS    = 250,
	DOUBTS_MAX  = 20000,       /* posts with an unknown outcome kept     */
	DOUBT_MS    = 600000,      /* how long, once the outcome is known    */
};

static uint64_t n_stored, n_refused, n_shed, n_closed, n_fenced, n_queued,
	n_doubts, n_repeats;

static const struct stats_row rowv[] = {
	{ "posts_stored",  &n_stored,  false, "Posts answered 200" },
	{ "posts_refused", &n_refused, false,
	  "Posts that the store did not take (room closed, bad text)" },
	{ "posts_shed",    &n_shed,    false,
	  "Posts answered 503: queue full or store away" },
	{ "posts_closed",  &n_closed,  false,
	  "Posts answered 503: the archive is too far behind" },
	{ "posts_fenced",  &n_fenced,  false,
	  "Posts answered 503: this instance's lease in the pool had ended" },
	{ "posts_unknown", &n_doubts,  false,
	  "Posts answered 504: only the store knows what became of them" },
	{ "posts_repeated", &n_repeats, false,
	  "Such posts that came again and got their first outcome" },
	{ "posts_queued",  &n_queued,  true,  "Posts that wait for the store" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


void post_release(struct post_item *item)
{
	struct endpoint *ep = item->ep;

	if (!ep || item->parked)
		return;

	item->ep = NULL;
	--ep->rate->posts;
	if (!--ep->posts && ep->svc->post->settledh)
		ep->svc->post->settledh(ep);
	mem_deref(ep);
}


static void item_destructor(void *data)
{
	struct post_item *item = data;

	list_unlink(&item->le);
	list_unlink(&item->le_doubt);
	if (item->st)
		st_reply(item->st, 503, "Service Unavailable",
			 diag_line(20000));
	item->parked = false;
	post_release(item);
	mem_deref(item->msg);
	mem_deref(item->room);
}


static void forget(struct post_item *item)
{
	list_unlink(&item->le_doubt);
	--item->post->doubts;
	mem_deref(item);
}


/* Its client may ask again */
static void doubt(struct post_item *item)
{
	struct post *post = item->post;

	if (!item->envid || item->le_doubt.list)
		return;

	if (post->doubts >= DOUBTS_MAX)
		forget(list_head(&post->doubtl)->data);

	list_append(&post->doubtl, &item->le_doubt, mem_ref(item));
	++post->doubts;
}


void post_answer(struct post_item *item, int err)
{
	struct st *st = item->st;

	if (!st)
		return;

	item->st = NULL;

	switch (err) {

	case 0:
		++n_stored;
		st_reply(st, 200, "OK", NULL);
		break;

	case EACCES:
		++n_refused;
		st_reply(st, 403, "Forbidden", NULL);
		break;

	case EAGAIN:
		++n_shed;
		st_reply(st, 503, "Service Unavailable", POST_BUSY);
		break;

	case ESTALE:
		++n_fenced;
		st_reply(st, 503, "Service Unavailable", POST_FENCED);
		break;

	case EINPROGRESS:
		++n_doubts;
		st_reply(st, 504, "Server Time-out", POST_UNKNOWN);
		doubt(item);
		break;

	default:
		++n_refused;
		st_reply(st, 500, "Server Internal Error", diag_line(20007));
		break;
	}
}


void post_settle(struct post_item *item, int err)
{
	item->settled_ms = tmr_jiffies();
	post_answer(item, err);

	/* what was not stored may be posted again as if for the first time */
	if (err && item->le_doubt.list)
		forget(item);
}


/* Messages that have not gone out yet hold their rooms */
static void release_rooms(const struct post *post)
{
	struct le *le = list_head(roomtab_list(post->svc->rooms));

	while (le) {
		struct room *room = mem_ref(le->data);

		list_flush(&room->afterl);
		le = le->next;
		mem_deref(room);
	}
}


static void post_destructor(void *data)
{
	struct post *post = data;

	post->settledh = NULL;
	release_rooms(post);
	tmr_cancel(&post->tmr_start);
	tmr_cancel(&post->tmr_watch);
	mem_deref(post->running);
	list_flush(&post->queuel);
	list_flush(&post->doubtl);
}


static void watch_doubts(struct post *post, uint64_t now)
{
	struct le *le = list_head(&post->doubtl);

	while (le) {
		struct post_item *item = le->data;

		le = le->next;
		if (item->settled_ms && now - item->settled_ms > DOUBT_MS)
			forget(item);
		else if (item->st && now - item->asked_ms > post->doubt_ms)
			post_answer(item, EINPROGRESS);
	}
}


static void watch_running(struct post *post, uint64_t now)
{
	struct post_batch *batch = post->running;

	if (!batch)
		return;

	if (now - batch->itemv[0]->since_ms > post->doubt_ms)
		post_batch_abandon(batch);
	if (batch->unknown && db_isup(post->svc->db_post))
		post_batch_resume(batch);
}


/* Refuse what waited too long: the store is away or too slow */
static void watch_handler(void *arg)
{
	struct post *post = arg;
	const uint64_t now = tmr_jiffies();
	struct le *le;

	tmr_start(&post->tmr_watch, WATCH_MS, watch_handler, post);

	watch_running(post, now);
	watch_doubts(post, now);

	while ((le = list_head(&post->queuel))) {
		struct post_item *item = le->data;

		if (now - item->since_ms <= post->wait_ms)
			break;
		--post->queued;
		post_settle(item, EAGAIN);
		mem_deref(item);
	}
	n_queued = post->queued;
}


int post_alloc(struct post **postp, struct service *svc,
	       post_settled_h *settledh)
{
	struct post *post = mem_zalloc(sizeof(*post), post_destructor);

	if (!post)
		return ENOMEM;

	post->svc = svc;
	post->settledh = settledh;
	post->queue_max = (uint32_t)config_uint(svc->conf, "post.queue_max");
	post->wait_ms = config_uint(svc->conf, "post.wait_ms");
	post->doubt_ms = config_uint(svc->conf, "post.unknown_ms");
	post->batch_max = (uint32_t)config_uint(svc->conf, "post.batch_max");
	tmr_start(&post->tmr_watch, WATCH_MS, watch_handler, post);

	*postp = post;

	return 0;
}


static void start_handler(void *arg)
{
	post_batch_start(arg);
}


void post_kick(struct post *post)
{
	if (!post->running && post->queuel.head &&
	    !tmr_isrunning(&post->tmr_start))
		tmr_start(&post->tmr_start, 0, start_handler, post);
}


static int item_alloc(struct post_item **itemp, struct post *post,
		      const struct occupant *occ,
		      const struct post_text *text)
{
	const struct user *author = occ->ep->user;
	struct message msg = {
		.author_id = author->id, .flags = text->flags,
		.chat = text->chat, .rtf = text->rtf,
	};
	struct post_item *item = mem_zalloc(sizeof(*item), item_destructor);
	int err;

	if (!item)
		return ENOMEM;

	pl_set_str(&msg.author, author->uri);
	pl_set_str(&msg.display, author->display);
	err = message_dup(&item->msg, &msg);
	if (err) {
		mem_deref(item);
		return err;
	}

	item->post = post;
	item->room = mem_ref(occ->room);
	item->standing = occ->standing;
	item->lease = post->svc->lease;
	item->session = occ->ep->id;
	item->ep = mem_ref(occ->ep);
	++item->ep->posts;
	++item->ep->rate->posts;
	item->since_ms = tmr_jiffies();
	item->envid = text->envid;
	item->epid_hash = text->epid_hash;
	*itemp = item;

	return 0;
}


static bool is_repeat(const struct post_item *item,
		      const struct occupant *occ,
		      const struct post_text *text)
{
	return item->envid == text->envid &&
		item->epid_hash == text->epid_hash &&
		item->room == occ->room &&
		item->msg->author_id == occ->ep->user->id &&
		!pl_cmp(&item->msg->chat, &text->chat);
}


/* A post whose outcome was unknown comes again: it gets that outcome, now or
   when it is known.  @return whether it was one */
static bool repeated(struct post *post, struct st *st,
		     const struct occupant *occ, const struct post_text *text)
{
	struct le *le;

	for (le = post->doubtl.head; le && text->envid; le = le->next) {
		struct post_item *item = le->data;

		if (!is_repeat(item, occ, text))
			continue;

		++n_repeats;
		post_answer(item, EINPROGRESS);   /* of an earlier repeat */
		item->st = st;
		item->asked_ms = tmr_jiffies();
		if (item->settled_ms)
			post_answer(item, 0);

		return true;
	}

	return false;
}


void post_message(struct post *post, struct st *st,
		  const struct occupant *occ, const struct post_text *text)
{
	struct post_item *item;

	if (post->doubtl.head && repeated(post, st, occ, text))
		return;

	if (!pool_holds(post->svc->pool)) {
		++n_fenced;
		st_reply(st, 503, "Service Unavailable", POST_FENCED);
		return;
	}

	if (outbox_closed(post->svc->outbox)) {
		++n_closed;
		st_reply(st, 503, "Service Unavailable", POST_CLOSED);
		return;
	}

	if (post->queued >= post->queue_max ||
	    occ->ep->rate->posts >= post->svc->set.posts_max ||
	    item_alloc(&item, post, occ, text)) {
		++n_shed;
		st_reply(st, 503, "Service Unavailable", POST_BUSY);
		return;
	}

	item->st = st;
	list_append(&post->queuel, &item->le, item);
	n_queued = ++post->queued;
	post_kick(post);
}


void post_renewed(struct post *post)
{
	post_kick(post);
}


void post_store_state(struct post *post, bool up)
{
	if (!up)
		return;

	if (!post->running)
		post_kick(post);
	else if (post->running->unknown)
		post_batch_resume(post->running);
}
