/**
 * @file compliance/lease.c  The one daemon that runs the archives
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "compliance/lease.h"

struct lease {
	struct db *db;
	char *name;
	char *holder;
	uint32_t period_ms, lapse_ms;
	uint64_t asked;            /* when what is under way was sent     */
	bool held, dropped;
	struct tmr tmr_renew;
	struct tmr tmr_lapse;      /* not renewed in time: not ours       */
	lease_h *h;
	void *arg;
};


static void destructor(void *data)
{
	struct lease *l = data;

	tmr_cancel(&l->tmr_renew);
	tmr_cancel(&l->tmr_lapse);
	mem_deref(l->holder);
	mem_deref(l->name);
}


static void set_held(struct lease *l, bool held)
{
	if (l->held == held)
		return;

	l->held = held;
	log_info(held ? "lease.taken" : "lease.lost", "holder=%s",
		 l->holder ? l->holder : "");
	l->h(held, l->arg);
}


static void lapse_handler(void *arg)
{
	set_held(arg, false);
}


static void take_handler(int err, const struct db_res *res, void *arg)
{
	struct lease *l = arg;
	struct pl pl;
	bool ours;

	if (err || !db_rows(res) || l->dropped)
		return;

	ours = db_get_bool(res, 0, 0);
	pl = db_get_text(res, 0, 1);
	l->holder = mem_deref(l->holder);
	(void)pl_strdup(&l->holder, &pl);

	if (!ours) {
		tmr_cancel(&l->tmr_lapse);
	}
	else {
		const uint64_t gone = tmr_jiffies() - l->asked;

		if (gone >= l->lapse_ms)
			return;
		tmr_start(&l->tmr_lapse, l->lapse_ms - gone, lapse_handler, l);
	}

	set_held(l, ours);
}


static void renew(void *arg)
{
	struct lease *l = arg;
	struct db_args args;

	tmr_start(&l->tmr_renew, l->period_ms, renew, l);

	l->asked = tmr_jiffies();
	db_args_init(&args);
	db_text(&args, l->name);
	db_int4(&args, (int32_t)l->lapse_ms);
	(void)db_exec(l->db, "lease_take", &args, take_handler, l);
}


int lease_open(struct lease **lp, struct db *db, const char *name,
	       uint32_t period_ms, uint32_t lapse_ms, lease_h *h, void *arg)
{
	struct lease *l;
	int err;

	if (!lp || !db || !name || !h)
		return EINVAL;

	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;

	l->db        = db;
	l->period_ms = period_ms;
	l->lapse_ms  = lapse_ms;
	l->h         = h;
	l->arg       = arg;

	err = str_dup(&l->name, name);
	if (err) {
		mem_deref(l);
		return err;
	}

	tmr_start(&l->tmr_renew, 0, renew, l);
	*lp = l;

	return 0;
}


bool lease_held(const struct lease *l)
{
	return l && l->held;
}


const char *lease_holder(const struct lease *l)
{
	return l && l->holder ? l->holder : "";
}


void lease_drop(struct lease *l)
{
	struct db_args args;

	if (!l)
		return;

	l->dropped = true;
	tmr_cancel(&l->tmr_renew);
	tmr_cancel(&l->tmr_lapse);
	if (!l->held)
		return;

	set_held(l, false);
	db_args_init(&args);
	db_text(&args, l->name);
	(void)db_exec(l->db, "lease_drop", &args, NULL, NULL);
}
