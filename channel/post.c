/**
 * @file channel/post.c  The queue of posts, and who gets which answer
 */
#include <errno.h>
#include <re.h>
#include "common/conf.h"
#include "common/stats.h"
#include "channel/sip/uas.h"
#include "channel/core.h"
#include "channel/message.h"
#include "channel/outbox.h"
#include "channel/post_batch.h"
#include "channel/room.h"
#include "channel/user.h"

enum { WATCH_MS = 250 };

static uint64_t n_stored, n_refused, n_shed, n_closed, n_queued;

static const struct stats_row rowv[] = {
	{ "posts_stored",  &n_stored,  false, "Posts answered 200" },
	{ "posts_refused", &n_refused, false,
	  "Posts that the store did not take (room closed, bad text)" },
	{ "posts_shed",    &n_shed,    false,
	  "Posts answered 503: queue full or store away" },
	{ "posts_closed",  &n_closed,  false,
	  "Posts answered 503: the archive is too far behind" },
	{ "posts_queued",  &n_queued,  true,  "Posts that wait for the store" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void item_destructor(void *data)
{
	struct post_item *item = data;

	list_unlink(&item->le);
	if (item->st)
		st_reply(item->st, 503, "Service Unavailable",
			 diag_line(20000));
	if (item->rate)
		--item->rate->posts;
	mem_deref(item->rate);
	mem_deref(item->msg);
	mem_deref(item->room);
}


void post_answer(struct post_item *item, int err)
{
	struct st *st = item->st;

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

	default:
		++n_refused;
		st_reply(st, 500, "Server Internal Error", diag_line(20007));
		break;
	}
}


static void post_destructor(void *data)
{
	struct post *post = data;

	tmr_cancel(&post->tmr_start);
	tmr_cancel(&post->tmr_watch);
	mem_deref(post->running);
	list_flush(&post->queuel);
}


/* Refuse what waited too long: the store is away or too slow */
static void watch_handler(void *arg)
{
	struct post *post = arg;
	const uint64_t now = tmr_jiffies();
	struct le *le;

	tmr_start(&post->tmr_watch, WATCH_MS, watch_handler, post);

	if (post->running && now - post->running->since_ms > post->wait_ms)
		post_batch_abandon(post->running);

	while ((le = list_head(&post->queuel))) {
		struct post_item *item = le->data;

		if (now - item->since_ms <= post->wait_ms)
			break;
		--post->queued;
		post_answer(item, EAGAIN);
		mem_deref(item);
	}
	n_queued = post->queued;
}


int post_alloc(struct post **postp, struct service *svc)
{
	struct post *post = mem_zalloc(sizeof(*post), post_destructor);

	if (!post)
		return ENOMEM;

	post->svc = svc;
	post->queue_max = (uint32_t)config_uint(svc->conf, "post.queue_max");
	post->wait_ms = config_uint(svc->conf, "post.wait_ms");
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


static int item_alloc(struct post_item **itemp, struct room *room,
		      const struct user *author, const struct post_text *text)
{
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

	item->room = mem_ref(room);
	item->since_ms = tmr_jiffies();
	*itemp = item;

	return 0;
}


void post_message(struct post *post, struct st *st, struct room *room,
		  struct user *author, struct rate_user *rate,
		  const struct post_text *text)
{
	struct post_item *item;

	if (outbox_closed(post->svc->outbox)) {
		++n_closed;
		st_reply(st, 503, "Service Unavailable", POST_CLOSED);
		return;
	}

	if (post->queued >= post->queue_max ||
	    rate->posts >= post->svc->set.posts_max ||
	    item_alloc(&item, room, author, text)) {
		++n_shed;
		st_reply(st, 503, "Service Unavailable", POST_BUSY);
		return;
	}

	item->st = st;
	item->rate = mem_ref(rate);
	++rate->posts;
	list_append(&post->queuel, &item->le, item);
	n_queued = ++post->queued;
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
