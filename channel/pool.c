/**
 * @file channel/pool.c  Lease, peers, and the death of others
 *
 * Only a process whose own lease was unbroken judges others: after the store
 * was away, all leases look lapsed, and everybody gets time to renew.
 *
 * A process that stood still for longer than its lease may have been removed by
 * others meanwhile.  It refuses posts, registers anew, under another lease, and
 * takes back those of its endpoints that still wait for their clients; the
 * others are elsewhere by now, and their dialogs here end.
 */
#include <errno.h>
#include <re.h>
#include "common/bus.h"
#include "common/conf.h"
#include "common/daemon.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/core.h"
#include "channel/hello.h"
#include "channel/peer.h"
#include "channel/pool.h"
#include "channel/post.h"
#include "channel/reattach.h"
#include "channel/revive.h"
#include "channel/roster.h"

enum { LEAVE_MS = 1000, POLL_MS = 100 };

enum { PASSIVE = 5 };             /* column of instance_beat */

struct pool {
	struct service *svc;
	struct list peerl;
	struct tmr tmr;
	uint32_t period_ms, lapse_ms, wait_ms;
	uint64_t unbroken_ms;        /* loop clock: our lease holds since    */
	uint64_t asked_ms;           /* likewise: renewing it was asked for  */
	uint64_t renewed_ms;         /* likewise: it was renewed as of       */
	bool registered;
	bool again;                  /* it was before                        */
	bool beating;                /* a statement is under way             */
	bool revive;                 /* our endpoints are to be put back     */
	pool_ready_h *readyh;
	pool_left_h *lefth;
};

static uint64_t n_reaped, n_peers, n_revived;

static const struct stats_row rowv[] = {
	{ "peers", &n_peers, true, "Other instances of the pool" },
	{ "instances_reaped", &n_reaped, false,
	  "Instances found dead and removed by us" },
	{ "instance_revived", &n_revived, false,
	  "Times that others had removed us" },
};

static void beat_timer(void *arg);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct pool *pool = data;

	tmr_cancel(&pool->tmr);
	list_flush(&pool->peerl);
}


int pool_open(struct pool **poolp, struct service *svc, pool_ready_h *h)
{
	struct pool *pool = mem_zalloc(sizeof(*pool), destructor);

	if (!pool)
		return ENOMEM;

	pool->svc = svc;
	pool->readyh = h;
	pool->period_ms = (uint32_t)config_uint(svc->conf, "lease.period_ms");
	pool->lapse_ms = (uint32_t)config_uint(svc->conf, "lease.lapse_ms");
	pool->wait_ms = (uint32_t)config_uint(svc->conf, "bus.wait_ms");
	*poolp = pool;

	return 0;
}


static void gone(struct pool *pool, struct peer *peer)
{
	log_info("pool.gone", "instance=%s", peer->name);
	bus_peer_del(pool->svc->bus, peer->endpoint, peer->key);
	hello_peer(pool->svc->hello, peer->id, false);
	roster_purge(pool->svc, peer->id);
	mem_deref(peer);
	--n_peers;
}


static void reaped_handler(int err, const struct db_res *res, void *arg)
{
	struct pool *pool = arg;
	struct peer *peer;

	if (err || !db_rows(res))
		return;

	++n_reaped;
	peer = peer_find(&pool->peerl, db_get_int(res, 0, 0));
	if (peer) {
		log_warn("pool.reaped", "instance=%s", peer->name);
		gone(pool, peer);
	}
	reattach_all(pool->svc);
}


static void reap(struct pool *pool, const struct peer *peer)
{
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, peer->id);
	(void)db_exec(pool->svc->db_main, "instance_reap", &args,
		      reaped_handler, pool);
}


static void see(struct pool *pool, const struct db_res *res, uint32_t row)
{
	const int64_t id = db_get_int(res, row, 0);
	struct peer *peer = peer_find(&pool->peerl, id);

	if (!peer) {
		peer = peer_add(&pool->peerl, res, row);
		if (!peer)
			return;
		++n_peers;
		log_info("pool.peer", "instance=%s", peer->name);
		(void)bus_peer_add(pool->svc->bus, peer->endpoint, peer->key);
		hello_peer(pool->svc->hello, peer->id, true);
	}

	peer->seen = true;
	if (db_get_bool(res, row, 4) &&
	    tmr_jiffies() - pool->unbroken_ms > pool->lapse_ms)
		reap(pool, peer);
}


/* Who is not in the table any more has left, or was reaped by somebody */
static void forget_unseen(struct pool *pool)
{
	struct le *le = list_head(&pool->peerl);
	bool any = false;

	while (le) {
		struct peer *peer = le->data;

		le = le->next;
		if (peer->seen) {
			peer->seen = false;
			continue;
		}
		gone(pool, peer);
		any = true;
	}

	if (any)
		reattach_all(pool->svc);
}


static void revived_handler(int err, const struct db_res *res, void *arg)
{
	struct pool *pool = arg;

	if (err == ECANCELED)
		return;
	if (!err)
		err = revive_read(pool->svc, res);
	if (!err)
		return;

	log_err("pool.revive", "error=%d", err);
	pool->revive = true;      /* with the next beat */
}


static void renewed(struct pool *pool)
{
	pool->renewed_ms = pool->asked_ms;
	post_renewed(pool->svc->post);
}


/* Another process has our name by now: two would put each other out for ever */
static void replaced(const struct pool *pool)
{
	log_err("pool.replaced", "instance=%s",
		config_str(pool->svc->conf, "instance.name"));
	daemon_fail();
}


static void registered_handler(int err, const struct db_res *res, void *arg)
{
	struct pool *pool = arg;
	struct service *svc = pool->svc;

	pool->beating = false;
	if (err)
		return;
	if (!db_rows(res)) {
		replaced(pool);
		return;
	}

	pool->registered = true;
	pool->unbroken_ms = tmr_jiffies();
	renewed(pool);
	if (pool->again) {
		++n_revived;
		log_warn("pool.revived", "endpoints=%u", svc->endpoints);
		pool->revive = true;
	}
	pool->again = true;
	tmr_start(&pool->tmr, 0, beat_timer, pool);
}


static int enroll(struct pool *pool)
{
	struct service *svc = pool->svc;
	struct db_args args;

	svc->lease = (int64_t)(rand_u64() >> 1);
	pool->asked_ms = tmr_jiffies();
	db_args_init(&args);
	db_int8(&args, svc->instance_id);
	db_text(&args, config_str(svc->conf, "instance.name"));
	db_text(&args, bus_endpoint(svc->bus));
	db_textn(&args, bus_pubkey(svc->bus), BUS_KEY_SIZE);
	db_int4(&args, (int32_t)pool->lapse_ms);
	db_int8(&args, svc->lease);
	db_bool(&args, pool->again);

	return db_exec(svc->db_main, "instance_register", &args,
		       registered_handler, pool);
}


/* Ready is who hears all others and is heard by them: hello.h */
static void check_ready(struct pool *pool)
{
	if (!pool->readyh)
		return;

	if (!hello_complete(pool->svc->hello) &&
	    tmr_jiffies() - pool->unbroken_ms < pool->wait_ms) {
		tmr_start(&pool->tmr, POLL_MS, beat_timer, pool);
		return;
	}

	pool->readyh(pool->svc);
	pool->readyh = NULL;
}


static void beat_handler(int err, const struct db_res *res, void *arg)
{
	struct pool *pool = arg;
	bool own = false;
	uint32_t i;

	pool->beating = false;
	if (err) {
		pool->unbroken_ms = tmr_jiffies();
		return;
	}

	for (i = 0; i < db_rows(res); i++) {
		if (db_get_int(res, i, 0) == pool->svc->instance_id) {
			own = true;
			pool->svc->passive = db_get_bool(res, i, PASSIVE);
		}
		else
			see(pool, res, i);
	}
	forget_unseen(pool);

	if (own) {
		renewed(pool);
		check_ready(pool);
	}
	else if (!pool->lefth) {
		log_err("pool.fenced", "endpoints=%u", pool->svc->endpoints);
		pool->registered = false;
		pool->unbroken_ms = tmr_jiffies();
		tmr_start(&pool->tmr, 0, beat_timer, pool);
	}
}


static int beat(struct pool *pool)
{
	struct service *svc = pool->svc;
	struct db_args args;

	pool->asked_ms = tmr_jiffies();
	db_args_init(&args);
	db_int8(&args, svc->instance_id);
	db_int4(&args, (int32_t)svc->endpoints);
	db_text(&args, svc->draining || svc->passive ? "draining" : "ready");
	db_int4(&args, (int32_t)pool->lapse_ms);
	db_int8(&args, svc->lease);

	return db_exec(svc->db_main, "instance_beat", &args, beat_handler,
		       pool);
}


static void beat_timer(void *arg)
{
	struct pool *pool = arg;
	int err = EALREADY;

	tmr_start(&pool->tmr, pool->period_ms, beat_timer, pool);

	if (pool->revive && pool->registered)
		pool->revive = revive_ask(pool->svc, revived_handler,
					  pool) != 0;
	if (!pool->beating)
		err = pool->registered ? beat(pool) : enroll(pool);

	if (!err)
		pool->beating = true;
	else if (err != EALREADY)
		pool->unbroken_ms = tmr_jiffies();
}


void pool_changed(struct pool *pool)
{
	if (pool->registered && !pool->lefth)
		tmr_start(&pool->tmr, 0, beat_timer, pool);
}


void pool_store_up(struct pool *pool)
{
	pool->unbroken_ms = tmr_jiffies();
	tmr_start(&pool->tmr, 0, beat_timer, pool);
}


bool pool_holds(const struct pool *pool)
{
	return pool->registered && !pool->lefth &&
		tmr_jiffies() - pool->renewed_ms < pool->lapse_ms;
}


void pool_doubt(struct pool *pool)
{
	pool_changed(pool);
}


bool pool_isready(const struct pool *pool)
{
	return pool->registered && !pool->readyh;
}


static void left_timer(void *arg)
{
	struct pool *pool = arg;

	pool->lefth(pool->svc);
}


static void left_handler(int err, const struct db_res *res, void *arg)
{
	struct pool *pool = arg;

	(void)res;

	if (err != ECANCELED)
		tmr_start(&pool->tmr, 0, left_timer, pool);
}


void pool_leave(struct pool *pool, pool_left_h *h)
{
	struct db_args args;

	if (pool->lefth)
		return;

	pool->lefth = h;
	db_args_init(&args);
	db_int8(&args, pool->svc->instance_id);
	if (db_exec(pool->svc->db_main, "instance_leave", &args, left_handler,
		    pool))
		tmr_start(&pool->tmr, 0, left_timer, pool);
	else
		tmr_start(&pool->tmr, LEAVE_MS, left_timer, pool);
}
