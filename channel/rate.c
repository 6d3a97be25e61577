/**
 * @file channel/rate.c  How much one account may ask for
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/stats.h"
#include "channel/sip/uas.h"
#include "channel/core.h"
#include "channel/rate.h"

enum {
	BUCKETS   = 1<<12,
	SWEEP_MS  = 60000,
	DEBT_S    = 20,               /* a debt is paid after so long        */
	WAIT_MAX_S = 300,

	AT_ONCE   = 5,                /* refusals in a row that do not wait  */
	HOLD_MS   = 200,
	HELD_MAX  = 2000,             /* answers that wait at a time         */
	RATE_EXTRA = 512,
};

struct rates {
	struct service *svc;
	struct hash *ht;
	struct tmr tmr;
	struct tmr tmr_held;
	struct list heldl;            /* struct held, oldest first           */
	uint32_t heldc;
};

/** A refusal on its way */
struct held {
	struct le le;
	struct st *st;
	uint64_t due_ms;
	char extra[RATE_EXTRA];
};

static uint64_t n_users, n_refused[RATE_KINDS];

/* Names of the limits, as the configuration spells them */
static const char *const namev[RATE_KINDS] = {
	"rate.command", "rate.search", "rate.post", "rate.signin",
};

static const struct stats_row rowv[] = {
	{ "rate_accounts", &n_users, true,
	  "Accounts whose use of this process is remembered" },
	{ "rate_refused_command", &n_refused[RATE_COMMAND], false,
	  "Commands answered 503: too many from one account" },
	{ "rate_refused_search", &n_refused[RATE_SEARCH], false,
	  "Searches answered 503: too many from one account" },
	{ "rate_refused_post", &n_refused[RATE_POST], false,
	  "Posts answered 503: too many from one account" },
	{ "rate_refused_signin", &n_refused[RATE_SIGNIN], false,
	  "INVITE, SUBSCRIBE and SERVICE answered 503: too many from one "
	  "account" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void user_destructor(void *data)
{
	struct rate_user *user = data;
	int i;

	hash_unlink(&user->he);
	for (i = 0; i < LANES; i++)
		list_unlink(&user->lanev[i].le);
	mem_deref(user->uri);
}


static void destructor(void *data)
{
	struct rates *rs = data;

	tmr_cancel(&rs->tmr);
	tmr_cancel(&rs->tmr_held);
	list_flush(&rs->heldl);
	hash_flush(rs->ht);
	mem_deref(rs->ht);
}


/* Whole: 0, the endpoint's part of it: its percentage */
static struct bucket_size size_of(const struct rate_limit *lim,
				  uint32_t percent)
{
	const int64_t part = percent ? percent : 100;

	return (struct bucket_size){
		.full    = max(10 * part * lim->burst, 1000),
		.per_min = 10 * part * lim->per_min,
	};
}


static uint32_t missing_s(struct bucket *b, const struct rate_limit *lim,
			  uint32_t percent, int64_t cost)
{
	const struct bucket_size size = size_of(lim, percent);

	bucket_fill(b, &size);

	return (uint32_t)min(bucket_wait_s(b, &size, cost), WAIT_MAX_S);
}


static void spend(struct bucket *b, const struct rate_limit *lim,
		  uint32_t percent, int64_t cost)
{
	const struct bucket_size size = size_of(lim, percent);
	const int64_t least = -size.per_min * DEBT_S / 60;

	bucket_fill(b, &size);
	b->milli = max(b->milli - min(cost, size.full), least);
}


/* How long one kind of a cost has to wait */
static uint32_t wait_for(struct rates *rs, struct rate_user *user,
			 struct rate_buckets *ep, int kind, int64_t milli)
{
	const struct rate_limit *lim = &rs->svc->set.rate[kind];
	const uint32_t part = rs->svc->set.rate_endpoint;
	uint32_t wait;

	wait = missing_s(&user->buckets.v[kind], lim, 0, milli);
	if (ep)
		wait = max(wait, missing_s(&ep->v[kind], lim, part, milli));

	return wait;
}


uint32_t rate_take(struct rates *rs, struct rate_user *user,
		   struct rate_buckets *ep, const uint32_t cost[RATE_KINDS],
		   enum rate_kind *kindp)
{
	uint32_t wait;
	int i;

	for (i = 0; i < RATE_KINDS; i++) {
		if (!cost[i] || !rs->svc->set.rate[i].per_min)
			continue;
		wait = wait_for(rs, user, ep, i, 1000 * (int64_t)cost[i]);
		if (!wait)
			continue;
		++n_refused[i];
		if (ep)
			++ep->refused;
		*kindp = (enum rate_kind)i;
		return wait;
	}

	for (i = 0; i < RATE_KINDS; i++)
		rate_charge(rs, user, ep, (enum rate_kind)i, cost[i]);
	if (ep)
		ep->refused = 0;

	return 0;
}


void rate_charge(struct rates *rs, struct rate_user *user,
		 struct rate_buckets *ep, enum rate_kind kind, uint32_t cost)
{
	const struct rate_limit *lim = &rs->svc->set.rate[kind];
	const uint32_t part = rs->svc->set.rate_endpoint;
	const int64_t milli = 1000 * (int64_t)cost;

	if (!lim->per_min || !cost)
		return;

	spend(&user->buckets.v[kind], lim, 0, milli);
	if (ep)
		spend(&ep->v[kind], lim, part, milli);
}


static void held_destructor(void *data)
{
	struct held *held = data;

	list_unlink(&held->le);
	if (held->st)
		st_reply(held->st, 503, "Service Unavailable", held->extra);
}


/* All are held for the same time: the first is due first */
static void held_handler(void *arg)
{
	struct rates *rs = arg;
	const uint64_t now = tmr_jiffies();
	struct held *held;

	while ((held = list_ledata(list_head(&rs->heldl)))) {
		if (held->due_ms > now) {
			tmr_start(&rs->tmr_held, held->due_ms - now,
				  held_handler, rs);
			return;
		}
		--rs->heldc;
		mem_deref(held);
	}
}


static void hold(struct rates *rs, struct st *st, const char *extra)
{
	struct held *held = rs->heldc < HELD_MAX ?
		mem_zalloc(sizeof(*held), held_destructor) : NULL;

	if (!held || !(held->st = st_hold(st))) {
		mem_deref(held);
		st_reply(st, 503, "Service Unavailable", extra);
		return;
	}

	str_ncpy(held->extra, extra, sizeof(held->extra));
	held->due_ms = tmr_jiffies() + HOLD_MS;
	list_append(&rs->heldl, &held->le, held);
	++rs->heldc;
	if (!tmr_isrunning(&rs->tmr_held))
		tmr_start(&rs->tmr_held, HOLD_MS, held_handler, rs);
}


void rate_refuse(struct rates *rs, struct st *st, struct rate_buckets *ep,
		 enum rate_kind kind, uint32_t wait_s)
{
	char extra[RATE_EXTRA];

	(void)re_snprintf(extra, sizeof(extra), "%s"
			  "Warning: 399 pchat \"%s\"\r\n",
			  diag_again(wait_s, kind == RATE_SIGNIN ? 20008 :
				     20011, NULL), namev[kind]);
	if (ep && ep->refused > AT_ONCE)
		hold(rs, st, extra);
	else
		st_reply(st, 503, "Service Unavailable", extra);
}


/* ------------------------------------------------------------- the accounts */

static bool is_full(struct rates *rs, struct rate_user *user)
{
	int i;

	for (i = 0; i < RATE_KINDS; i++) {
		const struct rate_limit *lim = &rs->svc->set.rate[i];
		const struct bucket_size size = size_of(lim, 0);

		if (lim->per_min &&
		    !bucket_isfull(&user->buckets.v[i], &size))
			return false;
	}

	return true;
}


static bool sweep_handler(struct le *le, void *arg)
{
	struct rate_user *user = le->data;
	struct rates *rs = arg;

	/* nobody but the table knows it */
	if (mem_nrefs(user) == 1 && is_full(rs, user)) {
		--n_users;
		mem_deref(user);
	}

	return false;
}


static void sweep(void *arg)
{
	struct rates *rs = arg;

	tmr_start(&rs->tmr, SWEEP_MS, sweep, rs);
	(void)hash_apply(rs->ht, sweep_handler, rs);
}


int rates_alloc(struct rates **rsp, struct service *svc)
{
	struct rates *rs = mem_zalloc(sizeof(*rs), destructor);
	int err;

	if (!rs)
		return ENOMEM;

	rs->svc = svc;
	err = hash_alloc(&rs->ht, BUCKETS);
	if (err) {
		mem_deref(rs);
		return err;
	}
	tmr_start(&rs->tmr, SWEEP_MS, sweep, rs);
	*rsp = rs;

	return 0;
}


static bool uri_handler(struct le *le, void *arg)
{
	const struct rate_user *user = le->data;

	return !strcmp(user->uri, arg);
}


int rate_user_get(struct rate_user **up, struct rates *rs, const char *uri)
{
	const uint32_t key = hash_joaat_str(uri);
	char *sought = (char *)(uintptr_t)uri;
	struct rate_user *user;
	int err;

	user = list_ledata(hash_lookup(rs->ht, key, uri_handler, sought));
	if (user) {
		*up = mem_ref(user);
		return 0;
	}

	user = mem_zalloc(sizeof(*user), user_destructor);
	if (!user)
		return ENOMEM;
	err = str_dup(&user->uri, uri);
	if (err) {
		mem_deref(user);
		return err;
	}

	hash_append(rs->ht, key, &user->he, user);
	++n_users;
	*up = mem_ref(user);

	return 0;
}
