/**
 * @file compliance/announce.c  Our place in the pool
 */
#include <errno.h>
#include <re.h>
#include "common/bus.h"
#include "common/conf.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/queue.h"
#include "compliance/announce.h"
#include "compliance/core.h"

enum { LEAVE_MS = 1000 };

struct announce {
	struct compliance *svc;
	struct tmr tmr;
	uint32_t period_ms, lapse_ms;
	bool registered;
	bool asking;                 /* a statement is under way             */
	announce_ready_h *readyh;
	announce_left_h *lefth;
};

static void beat_timer(void *arg);


static void destructor(void *data)
{
	struct announce *a = data;

	tmr_cancel(&a->tmr);
}


/* A channel process may have come a moment ago, and knocks already */
static void pool_handler(const char *channel, const char *payload, void *arg)
{
	struct announce *a = arg;

	(void)channel;
	(void)payload;

	if (a->registered && !a->lefth)
		tmr_start(&a->tmr, 0, beat_timer, a);
}


int announce_open(struct announce **ap, struct compliance *svc,
		  announce_ready_h *h)
{
	struct announce *a = mem_zalloc(sizeof(*a), destructor);
	int err;

	if (!a)
		return ENOMEM;

	a->svc = svc;
	a->readyh = h;
	a->period_ms = (uint32_t)config_uint(svc->conf, "lease.period_ms");
	a->lapse_ms = (uint32_t)config_uint(svc->conf, "lease.lapse_ms");

	err = db_listen(svc->db_store, "pchat_pool", pool_handler, a);
	if (err)
		mem_deref(a);
	else
		*ap = a;

	return err;
}


static void registered_handler(int err, const struct db_res *res, void *arg)
{
	struct announce *a = arg;

	(void)res;

	a->asking = false;
	if (err)
		return;

	a->registered = true;
	tmr_start(&a->tmr, 0, beat_timer, a);
}


static int enroll(struct announce *a)
{
	struct compliance *svc = a->svc;
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, svc->daemon_id);
	db_text(&args, config_str(svc->conf, "instance.name"));
	db_text(&args, queue_in_endpoint(svc->queue));
	db_text(&args, queue_in_pubkey(svc->queue));
	db_int4(&args, (int32_t)a->lapse_ms);

	return db_exec(svc->db_store, "compliance_register", &args,
		       registered_handler, a);
}


static void keys_take(struct announce *a, const struct db_res *res)
{
	const uint32_t n = db_rows(res);
	struct pl *keyv = mem_zalloc((n + 1) * sizeof(*keyv), NULL);
	uint32_t i;
	int err = keyv ? 0 : ENOMEM;

	for (i = 0; keyv && i < n; i++)
		keyv[i] = db_get_text(res, i, 1);

	if (!err)
		err = queue_in_keys(a->svc->queue, keyv, n);
	if (err)
		log_warn("announce.keys", "error=\"%m\"", err);
	mem_deref(keyv);
}


static void beat_handler(int err, const struct db_res *res, void *arg)
{
	struct announce *a = arg;

	a->asking = false;
	if (err || a->lefth)
		return;

	keys_take(a, res);
	if (!db_rows(res) || db_isnull(res, 0, 0)) {
		log_warn("announce.lost", "name=%s",
			 config_str(a->svc->conf, "instance.name"));
		a->registered = false;
		tmr_start(&a->tmr, 0, beat_timer, a);
	}
	else if (a->readyh) {
		a->readyh(a->svc);
		a->readyh = NULL;
	}
}


static int beat(struct announce *a)
{
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, a->svc->daemon_id);
	db_int4(&args, (int32_t)a->lapse_ms);

	return db_exec(a->svc->db_store, "compliance_beat", &args,
		       beat_handler, a);
}


static void beat_timer(void *arg)
{
	struct announce *a = arg;

	tmr_start(&a->tmr, a->period_ms, beat_timer, a);

	/* Who cannot store events lets his lease lapse */
	if (!a->asking && a->svc->staging_known)
		a->asking = !(a->registered ? beat(a) : enroll(a));
}


void announce_store_up(struct announce *a)
{
	if (!a->lefth)
		tmr_start(&a->tmr, 0, beat_timer, a);
}


bool announce_isready(const struct announce *a)
{
	return a && a->registered && !a->readyh;
}


static void left_timer(void *arg)
{
	struct announce *a = arg;

	a->lefth(a->svc);
}


static void left_handler(int err, const struct db_res *res, void *arg)
{
	struct announce *a = arg;

	(void)res;

	if (err != ECANCELED)
		tmr_start(&a->tmr, 0, left_timer, a);
}


void announce_leave(struct announce *a, announce_left_h *h)
{
	struct db_args args;

	if (a->lefth)
		return;

	a->lefth = h;
	db_args_init(&args);
	db_int8(&args, a->svc->daemon_id);
	if (db_exec(a->svc->db_store, "compliance_leave", &args, left_handler,
		    a))
		tmr_start(&a->tmr, 0, left_timer, a);
	else
		tmr_start(&a->tmr, LEAVE_MS, left_timer, a);
}
