/**
 * @file channel/roamers.c  Who is told when a user's followed rooms change
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/stats.h"
#include "channel/sip/sub.h"
#include "channel/core.h"
#include "channel/roamers.h"
#include "channel/roaming.h"
#include "channel/user.h"

enum {
	BUCKETS = 4096,
	SUBS_MAX = 32,                 /* per user; beyond it the oldest ends */
};

struct roamers {
	struct service *svc;
	struct hash *ht;               /* by user                            */
};

struct roamer {
	struct le he;
	struct roamers *rs;
	struct sub *sub;               /* reference                          */
	struct user *user;             /* reference                          */
	bool ready;                    /* it has its document                */
	bool missed;                   /* a change came before that          */
};

/** A change being read */
struct news {
	struct roamers *rs;
	int64_t user_id;
};

static uint64_t n_subs, n_told, n_over;

static const struct stats_row rowv[] = {
	{ "presence_subscriptions", &n_subs, true,
	  "Subscriptions to presence documents held here" },
	{ "presence_subscriptions_dropped", &n_over, false,
	  "Those that ended because their user had too many" },
	{ "presence_notices", &n_told, false,
	  "Changes of followed rooms told to clients" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct roamers *rs = data;

	hash_flush(rs->ht);
	mem_deref(rs->ht);
}


static void roamer_destructor(void *data)
{
	struct roamer *r = data;

	hash_unlink(&r->he);
	mem_deref(r->sub);
	mem_deref(r->user);
}


int roamers_alloc(struct roamers **rsp, struct service *svc)
{
	struct roamers *rs = mem_zalloc(sizeof(*rs), destructor);
	int err;

	if (!rs)
		return ENOMEM;

	rs->svc = svc;
	err = hash_alloc(&rs->ht, BUCKETS);
	if (err)
		mem_deref(rs);
	else
		*rsp = rs;

	return err;
}


/* The table has a reference as long as it is in it */
void roamer_drop(struct roamer *r)
{
	if (!r->he.list)
		return;

	hash_unlink(&r->he);
	--n_subs;
	mem_deref(r);
}


static struct list *bucket(const struct roamers *rs, int64_t user_id)
{
	return hash_list(rs->ht, (uint32_t)user_id);
}


/* The one that is refreshed goes, and the user's oldest when he has too many */
static void make_room(struct roamers *rs, const struct sub *sub,
		      const struct user *user)
{
	struct le *le = list_head(bucket(rs, user->id));
	struct roamer *oldest = NULL;
	uint32_t n = 0;

	while (le) {
		struct roamer *r = le->data;

		le = le->next;
		if (r->user != user)
			continue;
		if (!strcmp(sub_id(r->sub), sub_id(sub))) {
			roamer_drop(r);
			continue;
		}
		if (!n++)
			oldest = r;
	}

	if (n >= SUBS_MAX) {
		++n_over;
		roamer_drop(oldest);
	}
}


int roamers_add(struct roamer **rp, struct roamers *rs, struct sub *sub,
		struct user *user)
{
	struct roamer *r;

	*rp = NULL;
	make_room(rs, sub, user);
	if (sub_expired(sub))
		return 0;

	r = mem_zalloc(sizeof(*r), roamer_destructor);
	if (!r)
		return ENOMEM;

	r->rs = rs;
	r->sub = mem_ref(sub);
	r->user = mem_ref(user);
	hash_append(rs->ht, (uint32_t)user->id, &r->he, r);
	++n_subs;
	*rp = mem_ref(r);

	return 0;
}


static void tell(struct roamers *rs, const struct user *user,
		 const struct pl *doc)
{
	struct le *le = list_head(bucket(rs, user->id));

	while (le) {
		struct roamer *r = le->data;

		le = le->next;
		if (r->user != user || !r->ready)
			continue;
		if (sub_notify(r->sub, ROAMING_EVENT, ROAMING_TYPE, doc))
			roamer_drop(r);
		else
			++n_told;
	}
}


static void rooms_handler(int err, const struct db_res *res, void *arg)
{
	static const char *const names[] = { "roomSetting" };
	struct news *news = arg;
	struct user *user = err ? NULL : user_find(news->rs->svc->users,
						   news->user_id);
	struct mbuf *mb = user ? mbuf_alloc(1024) : NULL;
	struct pl doc;

	if (mb && !roaming_write(mb, user->uri, res, names, 1)) {
		doc.p = (const char *)mb->buf;
		doc.l = mb->end;
		mem_ref(user);
		tell(news->rs, user, &doc);
		mem_deref(user);
	}

	mem_deref(mb);
	mem_deref(news);
}


static void look(struct roamers *rs, int64_t user_id)
{
	struct news *news = mem_zalloc(sizeof(*news), NULL);
	struct pl name = PL("roomSetting");
	struct db_args args;

	if (!news)
		return;

	news->rs = rs;
	news->user_id = user_id;
	db_args_init(&args);
	db_int8(&args, user_id);
	db_textv(&args, &name, 1);
	if (db_exec(rs->svc->db_main, "presence_read", &args, rooms_handler,
		    news))
		mem_deref(news);
}


void roamer_ready(struct roamer *r)
{
	r->ready = true;
	if (r->missed)
		look(r->rs, r->user->id);
}


static void changed_handler(const char *channel, const char *payload,
			    void *arg)
{
	struct roamers *rs = arg;
	const int64_t id = payload ? strtoll(payload, NULL, 10) : 0;
	struct le *le = list_head(bucket(rs, id));
	bool any = false;

	(void)channel;

	for (; le; le = le->next) {
		struct roamer *r = le->data;

		if (r->user->id != id)
			continue;
		any |= r->ready;
		r->missed |= !r->ready;
	}

	if (any)
		look(rs, id);
}


int roamers_listen(struct roamers *rs)
{
	return db_listen(rs->svc->db_main, "pchat_presence", changed_handler,
			 rs);
}


static bool sweep_handler(struct le *le, void *arg)
{
	struct roamer *r = le->data;
	struct roamer **overp = arg;

	if (!sub_expired(r->sub))
		return false;

	*overp = r;

	return true;
}


void roamers_sweep(struct roamers *rs)
{
	struct roamer *over = NULL;

	while (hash_apply(rs->ht, sweep_handler, &over))
		roamer_drop(over);
}
