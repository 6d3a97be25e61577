/**
 * @file channel/deliver.c  Stored messages to our participants, in order
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/xccos/xccos.h"
#include "channel/sip/dialog.h"
#include "channel/after.h"
#include "channel/core.h"
#include "channel/deliver.h"
#include "channel/endpoint.h"
#include "channel/fanout.h"
#include "channel/message.h"
#include "channel/pressure.h"
#include "channel/room.h"

enum {
	GAP_MS     = 20,       /* how late the bus may be                    */
	RETRY_MS   = 500,      /* between tries when the store does not answer */
	REPAIR_MAX = 500,      /* messages read at a time                    */
	BACKLOG    = 200,      /* a dialog has so much: the next read waits  */
	PACE_MS    = 3000,     /* but not longer: who is slow will be cut    */
	LAG        = 1000,     /* messages behind the store                  */
};

struct repair {
	struct room *room;     /* reference */
	int64_t before;
};

static uint64_t n_delivered, n_repairs, n_repaired, n_failed;

static const struct stats_row rowv[] = {
	{ "messages_delivered", &n_delivered, false,
	  "Messages given to the participants of a room here" },
	{ "gap_repairs", &n_repairs, false,
	  "Times that the store was asked for missing messages" },
	{ "gap_messages", &n_repaired, false,
	  "Messages that came from the store" },
	{ "deliveries_failed", &n_failed, false,
	  "Times that a message could not go out, for want of memory, and had to "
	  "be tried again" },
};

static void gap_handler(void *arg);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static int out(const struct message *msg, void *arg)
{
	struct room *room = arg;
	struct service *svc = room->svc;
	const struct xccos_chat chat = {
		.chan_uri = room->uri,
		.id = msg->id,
		.ts_us = msg->ts_us,
		.alert = msg->flags & MESSAGE_ALERT,
		.author = msg->author.p,
		.display = msg->display.p,
		.chat = msg->chat,
		.rtf = msg->rtf,
	};
	struct mbuf *mb;
	int err = 0;

	if (room->locals) {
		mb = mbuf_alloc(512 + 2 * msg->chat.l + msg->rtf.l);
		err = mb ? xccos_grpchat(mb, service_envid(svc), &chat) :
			ENOMEM;
		if (!err)
			err = fanout_send(room, mb, msg->id, NULL);
		mem_deref(mb);
	}

	if (!err) {
		++n_delivered;
	}
	else {
		++n_failed;
		log_err("deliver.failed", "room=%lld msg=%lld error=\"%m\"",
			(long long)room->id, (long long)msg->id, err);
	}

	/* what cannot be written at all must not stop the room */
	return err == ENOMEM ? err : 0;
}


/* The newest message that is known to exist and did not go out */
static int64_t missing(const struct room *room)
{
	const int64_t held = order_held(&room->order);

	if (held)
		return held;

	return room->gap_to > room->order.last ? room->gap_to + 1 : 0;
}


static void update_lag(struct room *room)
{
	const bool lagging = room->gap_to > room->order.last + LAG;

	if (lagging != room->lagging) {
		room->lagging = lagging;
		pressure_lagging(room->svc, lagging);
	}
}


static void watch(struct room *room)
{
	after_check(room);
	update_lag(room);
	if (!missing(room))
		tmr_cancel(&room->tmr_gap);
	else if (!tmr_isrunning(&room->tmr_gap) && !room->repairing)
		tmr_start(&room->tmr_gap, GAP_MS, gap_handler, room);
}


static void repair_destructor(void *data)
{
	struct repair *rep = data;

	mem_deref(rep->room);
}


static void repair_handler(int err, const struct db_res *res, void *arg)
{
	struct repair *rep = arg;
	struct room *room = rep->room;
	const uint32_t n = err ? 0 : db_rows(res);
	uint32_t i;

	room->repairing = false;

	for (i = 0; i < n; i++) {
		struct message row, *msg;

		message_read(&row, res, i);
		/* earlier ones were there and were deleted since */
		order_skip(&room->order, row.id, out, room);
		err = message_dup(&msg, &row);
		if (err)
			break;
		(void)order_push(&room->order, msg, out, room);
		mem_deref(msg);
		if (room->order.last < row.id) {
			err = ENOMEM;      /* it could not go out */
			break;
		}
	}
	n_repaired += i;

	if (!err && n < REPAIR_MAX)
		order_skip(&room->order, rep->before, out, room);
	if (err && missing(room))
		tmr_start(&room->tmr_gap, RETRY_MS, gap_handler, room);
	else
		watch(room);

	mem_deref(rep);
}


static int repair(struct room *room)
{
	struct repair *rep = mem_zalloc(sizeof(*rep), repair_destructor);
	struct db_args args;
	int err;

	if (!rep)
		return ENOMEM;

	rep->room = mem_ref(room);
	rep->before = missing(room);

	db_args_init(&args);
	db_int8(&args, room->id);
	db_int8(&args, room->order.last);
	db_int8(&args, rep->before);
	db_int4(&args, REPAIR_MAX);
	err = db_exec(room->svc->db_main, "message_range", &args, repair_handler,
		      rep);
	if (err) {
		mem_deref(rep);
		return err;
	}

	++n_repairs;
	room->repairing = true;

	return 0;
}


static bool dialogs_full(const struct room *room)
{
	const struct le *le;

	for (le = room->locall.head; le; le = le->next) {
		const struct occupant *occ = le->data;

		if (occ->ep->dlg && dlg_backlog(occ->ep->dlg) > BACKLOG)
			return true;
	}

	return false;
}


/* What is read goes to everybody in one burst: let the last one go out */
static bool paced(struct room *room)
{
	const uint64_t now = tmr_jiffies();

	if (!dialogs_full(room)) {
		room->paced_ms = 0;
		return false;
	}
	if (!room->paced_ms)
		room->paced_ms = now;

	return now - room->paced_ms < PACE_MS;
}


static void gap_handler(void *arg)
{
	struct room *room = arg;

	if (missing(room) && paced(room)) {
		tmr_start(&room->tmr_gap, GAP_MS, gap_handler, room);
		return;
	}

	if (missing(room) && repair(room))
		tmr_start(&room->tmr_gap, RETRY_MS, gap_handler, room);
}


void deliver_message(struct room *room, struct message *msg)
{
	if (order_push(&room->order, msg, out, room) == EOVERFLOW &&
	    msg->id > room->gap_to)
		room->gap_to = msg->id;
	watch(room);
}


void deliver_expect(struct room *room, int64_t last_id)
{
	if (last_id > room->gap_to)
		room->gap_to = last_id;
	watch(room);
}


int64_t deliver_known(const struct room *room)
{
	return max(max(room->order.last, room->gap_to),
		   order_held_last(&room->order));
}
