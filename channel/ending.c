/**
 * @file channel/ending.c  What ended here, until the store knows
 *
 * One statement is under way at a time: a later one must not overtake an
 * earlier one that has to be repeated.  All are harmless when they are
 * repeated although they were stored.
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/core.h"
#include "channel/ending.h"
#include "channel/endpoint.h"
#include "channel/room.h"
#include "channel/user.h"

enum {
	RETRY_MS  = 1000,
	BUNCH     = 1000,
	TRIES_MAX = 60,        /* refusals of one entry; then it is given up */
};

enum kind { LEAVE, MASK, SUPERSEDED, BYE, LOST };

struct ended {
	struct le le;
	struct endpoint *ep;   /* reference                                  */
	enum kind kind;
	int64_t room_id;       /* LEAVE, MASK                                */
	uint32_t mask;
	uint64_t since_ms;
	uint32_t refused;      /* times, by a store that is there            */
	bool sent;
};

struct waiter {
	struct le le;
	struct user *user;     /* reference                                  */
	ending_h *h;
	void *arg;
};

static uint64_t n_repeated, n_given_up, n_waiting;

static const struct stats_row rowv[] = {
	{ "endings_repeated", &n_repeated, false,
	  "Times that the store was told again what had ended here" },
	{ "endings_given_up", &n_given_up, false,
	  "Endings that the store refused again and again" },
	{ "endings_waiting", &n_waiting, true,
	  "Endings that the store does not know of yet" },
};

static void send_handler(void *arg);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void ended_destructor(void *data)
{
	struct ended *ended = data;

	list_unlink(&ended->le);
	--ended->ep->user->endings;
	mem_deref(ended->ep);
	--n_waiting;
}


static void waiter_destructor(void *data)
{
	struct waiter *w = data;

	list_unlink(&w->le);
	mem_deref(w->user);
}


/* --------------------------------------------------------------- who waits */

/* Handlers may add entries and waiters: those wait for the next round */
static void tell_waiters(struct service *svc, int err)
{
	struct list waitl = LIST_INIT;
	struct le *le;

	while ((le = list_head(&svc->endwaitl))) {
		list_unlink(le);
		list_append(&waitl, le, le->data);
	}

	while ((le = list_head(&waitl))) {
		struct waiter *w = le->data;

		if (!err && w->user->endings) {
			list_unlink(le);
			list_append(&svc->endwaitl, le, w);
			continue;
		}
		w->h(err, w->arg);
		mem_deref(w);
	}
}


bool ending_wait(struct service *svc, struct user *user, ending_h *h,
		 void *arg)
{
	struct waiter *w;

	if (!user->endings)
		return false;

	w = mem_zalloc(sizeof(*w), waiter_destructor);
	if (!w)
		return false;

	w->user = mem_ref(user);
	w->h   = h;
	w->arg = arg;
	list_append(&svc->endwaitl, &w->le, w);

	return true;
}


/* ------------------------------------------------------------ to the store */

static bool refused(struct ended *ended)
{
	ended->sent = false;
	if (++ended->refused < TRIES_MAX)
		return false;

	++n_given_up;
	log_err("ending.given_up", "endpoint=%lld room=%lld kind=%d",
		(long long)ended->ep->id, (long long)ended->room_id,
		ended->kind);

	return true;
}


static void done_handler(int err, const struct db_res *res, void *arg)
{
	struct service *svc = arg;
	const bool away = err == ECONNRESET || err == ENOTCONN ||
		err == EAGAIN;
	struct le *le = list_head(&svc->endl);

	(void)res;

	if (err == ECANCELED)
		return;

	while (le) {
		struct ended *ended = le->data;

		le = le->next;
		if (!ended->sent)
			break;
		if (err && away)
			ended->sent = false;
		else if (!err || refused(ended))
			mem_deref(ended);
	}

	n_repeated += err != 0;
	tell_waiters(svc, err ? EBUSY : 0);
	if (svc->endl.head)
		tmr_start(&svc->tmr_end, err ? RETRY_MS : 0, send_handler,
			  svc);
}


/* The first entries that can go in one statement.  One that was refused goes
   alone: another one of its bunch may have been at fault */
static size_t take(struct service *svc, struct ended **endedv)
{
	struct le *le = list_head(&svc->endl);
	size_t n = 0;

	for (; le && n < BUNCH; le = le->next) {
		struct ended *ended = le->data;

		if (n && (ended->kind != endedv[0]->kind ||
			  ended->kind == SUPERSEDED || ended->kind == MASK ||
			  endedv[0]->refused))
			break;
		ended->sent = true;
		endedv[n++] = ended;
	}

	return n;
}


static int send_ends(struct service *svc, struct ended *const *endedv,
		     size_t n)
{
	const bool bye = endedv[0]->kind == BYE;
	int64_t idv[BUNCH];
	struct db_args args;
	size_t i;

	for (i = 0; i < n; i++)
		idv[i] = endedv[i]->ep->id;

	db_args_init(&args);
	db_int8v(&args, idv, bye ? n : 0);
	db_int8v(&args, idv, bye ? 0 : n);

	return db_exec(svc->db_main, "endpoint_end", &args, done_handler, svc);
}


static int send_leaves(struct service *svc, struct ended *const *endedv,
		       size_t n)
{
	int64_t idv[BUNCH], roomv[BUNCH];
	struct db_args args;
	size_t i;

	for (i = 0; i < n; i++) {
		idv[i] = endedv[i]->ep->id;
		roomv[i] = endedv[i]->room_id;
	}

	db_args_init(&args);
	db_int8v(&args, idv, n);
	db_int8v(&args, roomv, n);

	return db_exec(svc->db_main, "roster_removed", &args, done_handler,
		       svc);
}


static int send_mask(struct service *svc, const struct ended *ended)
{
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, ended->ep->id);
	db_int8(&args, ended->room_id);
	db_int4(&args, (int32_t)ended->mask);

	return db_exec(svc->db_main, "roster_mask", &args, done_handler, svc);
}


/* Not what was lost only after we said so: that waits for its client again */
static int send_superseded(struct service *svc, const struct ended *ended)
{
	const uint64_t age_ms = tmr_jiffies() - ended->since_ms;
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, ended->ep->user->id);
	db_text(&args, ended->ep->epid);
	db_int8(&args, (int64_t)age_ms);

	return db_exec(svc->db_main, "endpoint_superseded", &args,
		       done_handler, svc);
}


static int send_bunch(struct service *svc, struct ended *const *endedv,
		      size_t n)
{
	switch (endedv[0]->kind) {

	case LEAVE:      return send_leaves(svc, endedv, n);
	case MASK:       return send_mask(svc, endedv[0]);
	case SUPERSEDED: return send_superseded(svc, endedv[0]);
	default:         return send_ends(svc, endedv, n);
	}
}


static void send_handler(void *arg)
{
	struct service *svc = arg;
	const struct le *le = list_head(&svc->endl);
	struct ended *endedv[BUNCH];
	size_t n;
	int err;

	if (!le || ((const struct ended *)le->data)->sent)
		return;

	n = take(svc, endedv);
	err = n ? send_bunch(svc, endedv, n) : 0;
	if (err)
		done_handler(ENOTCONN, NULL, svc);
}


/* ------------------------------------------------------------- what ended */

static struct ended *add(struct endpoint *ep, enum kind kind, int64_t room_id)
{
	struct service *svc = ep->svc;
	struct ended *ended = mem_zalloc(sizeof(*ended), ended_destructor);

	if (!ended) {
		log_err("ending.lost", "endpoint=%lld", (long long)ep->id);
		return NULL;
	}

	++n_waiting;
	++ep->user->endings;
	ended->ep = mem_ref(ep);
	ended->kind = kind;
	ended->room_id = room_id;
	ended->since_ms = tmr_jiffies();
	list_append(&svc->endl, &ended->le, ended);
	if (!tmr_isrunning(&svc->tmr_end))
		tmr_start(&svc->tmr_end, 0, send_handler, svc);

	return ended;
}


void ending_add(struct endpoint *ep, bool bye)
{
	(void)add(ep, bye ? BYE : LOST, 0);
}


void ending_leave(struct endpoint *ep, int64_t room_id)
{
	(void)add(ep, LEAVE, room_id);
}


void ending_mask(struct endpoint *ep, int64_t room_id, uint32_t mask)
{
	struct ended *ended = add(ep, MASK, room_id);

	if (ended)
		ended->mask = mask;
}


void ending_superseded(struct endpoint *ep)
{
	(void)add(ep, SUPERSEDED, 0);
}


void ending_store_up(struct service *svc)
{
	if (svc->endl.head)
		tmr_start(&svc->tmr_end, 0, send_handler, svc);
}


void ending_close(struct service *svc)
{
	tmr_cancel(&svc->tmr_end);
	tell_waiters(svc, ECANCELED);
	list_flush(&svc->endl);
}


size_t ending_byes(const struct service *svc, int64_t *idv, size_t max)
{
	const struct le *le;
	size_t n = 0;

	for (le = svc->endl.head; le && n < max; le = le->next) {
		const struct ended *ended = le->data;

		if (ended->kind == BYE)
			idv[n++] = ended->ep->id;
	}

	return n;
}
