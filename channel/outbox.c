/**
 * @file channel/outbox.c  Events on their way to compliance
 */
#include <errno.h>
#include <re.h>
#include "common/conf.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "common/storeconf.h"
#include "channel/core.h"
#include "channel/outbox.h"
#include "channel/push.h"

enum {
	STATE_MS   = 1000,     /* is it on, who takes events, what waits     */
	ADOPT_MS   = 3000,
	ADOPT_ROWS = 5000,
	COUNT_MAX  = 100000,
	TIMEOUT_MS = 15000,    /* of a statement                             */
};

struct outbox {
	struct service *svc;
	struct db *db;               /* while there is something to do       */
	struct push *push;           /* as long as db                        */
	uint64_t adopted_ms;
	bool asking;                 /* for the state                        */
	bool told;                   /* of a change since we asked           */
	bool on, closed;
	struct tmr tmr;
};

static uint64_t n_adopted, n_backlog, n_age_ms;

static const struct stats_row rowv[] = {
	{ "events_adopted", &n_adopted, false,
	  "Events taken over from processes that are gone" },
	{ "events_waiting", &n_backlog, true,
	  "Events of ours that compliance does not have (counted up to "
	  "100000)" },
	{ "events_oldest_ms", &n_age_ms, true, "Age of the oldest of them" },
};

static void adopt(struct outbox *ob);
static void state_timer(void *arg);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void adopted_handler(int err, const struct db_res *res, void *arg)
{
	struct outbox *ob = arg;
	int64_t n;

	if (err || !db_rows(res) || !(n = db_get_int(res, 0, 0)))
		return;

	log_info("outbox.adopted", "events=%lld", (long long)n);
	n_adopted += (uint64_t)n;
	push_again(ob->push);
	if (n == ADOPT_ROWS)
		adopt(ob);
}


static void adopt(struct outbox *ob)
{
	struct db_args args;

	ob->adopted_ms = tmr_jiffies();
	db_args_init(&args);
	db_int8(&args, ob->svc->instance_id);
	db_int4(&args, ADOPT_ROWS);
	(void)db_exec(ob->db, "outbox_adopt", &args, adopted_handler, ob);
}


static void daemons_handler(int err, const struct db_res *res, void *arg)
{
	struct outbox *ob = arg;

	if (!err)
		push_daemons(ob->push, res);
}


static void look_around(struct outbox *ob)
{
	(void)db_exec(ob->db, "compliance_daemons", NULL, daemons_handler,
		      ob);

	if (tmr_jiffies() - ob->adopted_ms >= ADOPT_MS)
		adopt(ob);
}


/* ----------------------------------------------------------- on and off */

static void db_state(bool up, void *arg)
{
	struct outbox *ob = arg;

	if (!up)
		return;

	look_around(ob);
	push_again(ob->push);
}


/* What is under way on the connection refers to push */
static void stop(struct outbox *ob)
{
	ob->db = mem_deref(ob->db);
	ob->push = mem_deref(ob->push);
}


static void start(struct outbox *ob)
{
	struct db_conf dc = {
		.name = "pchat-outbox",
		.conninfo = config_str(ob->svc->conf, "store.conninfo"),
		.instance = ob->svc->instance_id,
		.timeout_ms = TIMEOUT_MS,
		.one_plan = true,
	};
	int err;

	if (ob->db)
		return;

	storeconf_limits(&dc, ob->svc->conf);
	err = db_open(&ob->db, &dc, db_state, ob);
	if (!err)
		err = push_alloc(&ob->push, ob->svc, ob->db);
	if (err) {
		log_warn("outbox.start", "error=\"%m\"", err);
		stop(ob);
	}
}


static void state_handler(int err, const struct db_res *res, void *arg)
{
	struct outbox *ob = arg;
	bool closed;

	if (err == ECANCELED)
		return;

	ob->asking = false;
	tmr_start(&ob->tmr, STATE_MS, state_timer, ob);
	if (err || !db_rows(res))
		return;

	closed = db_get_bool(res, 0, 1);
	if (closed != ob->closed)
		log_warn("outbox.closed", "posts=%s",
			 closed ? "refused" : "taken");
	ob->closed = closed;
	n_backlog = (uint64_t)db_get_int(res, 0, 2);
	n_age_ms = (uint64_t)db_get_int(res, 0, 3);
	ob->on = db_get_bool(res, 0, 0);

	if (ob->on) {
		start(ob);
		look_around(ob);
	}
	else {
		stop(ob);
		tmr_cancel(&ob->tmr);
	}
	if (ob->told)
		tmr_start(&ob->tmr, 0, state_timer, ob);
}


static void state_timer(void *arg)
{
	struct outbox *ob = arg;
	struct db_args args;

	tmr_start(&ob->tmr, STATE_MS, state_timer, ob);
	if (ob->asking)
		return;

	ob->told = false;
	db_args_init(&args);
	db_int8(&args, ob->svc->instance_id);
	db_int4(&args, COUNT_MAX);
	ob->asking = !db_exec(ob->svc->db_main, "outbox_state", &args,
			       state_handler, ob);
}


static void told_handler(const char *channel, const char *payload, void *arg)
{
	struct outbox *ob = arg;

	(void)channel;
	(void)payload;

	ob->told = true;
	tmr_start(&ob->tmr, 0, state_timer, ob);
}


void outbox_store_up(struct outbox *ob)
{
	tmr_start(&ob->tmr, 0, state_timer, ob);
}


void outbox_follow(struct outbox *ob, const struct db *leader)
{
	if (ob)
		db_follow(ob->db, leader);
}


bool outbox_closed(const struct outbox *ob)
{
	return ob && ob->closed;
}


void outbox_stop(struct outbox *ob)
{
	if (!ob)
		return;

	tmr_cancel(&ob->tmr);
	stop(ob);
}


static void destructor(void *data)
{
	outbox_stop(data);
}


int outbox_open(struct outbox **obp, struct service *svc)
{
	struct outbox *ob = mem_zalloc(sizeof(*ob), destructor);
	int err;

	if (!ob)
		return ENOMEM;

	ob->svc = svc;
	err = db_listen(svc->db_main, "pchat_compliance", told_handler, ob);
	if (err)
		mem_deref(ob);
	else
		*obp = ob;

	return err;
}
