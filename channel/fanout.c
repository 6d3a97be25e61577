/**
 * @file channel/fanout.c  One document to everybody in a room
 */
#include <errno.h>
#include <re.h>
#include "common/stats.h"
#include "channel/sip/dialog.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/fanout.h"
#include "channel/pressure.h"
#include "channel/room.h"

enum { SLICE = 500 };    /* recipients served in one go */

struct fan {
	struct le le;                  /* room.fanl                          */
	struct room *room;             /* which frees us when it goes        */
	struct info *info;
	struct le *next;               /* in room.locall                     */
	const struct endpoint *skip;   /* compared only                      */
	int64_t msg_id;
	uint64_t left;                 /* recipients, about                  */
	struct tmr tmr;
};

static uint64_t n_deliveries;

static const struct stats_row rowv[] = {
	{ "deliveries", &n_deliveries, false,
	  "Documents handed to the dialogs of participants" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct fan *fan = data;

	if (fan->left)
		pressure_waiting(fan->room->svc, -(int64_t)fan->left);
	tmr_cancel(&fan->tmr);
	list_unlink(&fan->le);
	mem_deref(fan->info);
}


static bool serve(struct fan *fan)
{
	uint64_t n = 0, seen = 0;

	for (; fan->next && n < SLICE; ++seen) {
		const struct occupant *occ = fan->next->data;

		fan->next = fan->next->next;
		if (occ->ep == fan->skip || !occ->ep->dlg ||
		    (fan->msg_id && fan->msg_id <= occ->since))
			continue;

		dlg_send(occ->ep->dlg, fan->info);
		++n;
	}
	n_deliveries += n;

	seen = min(seen, fan->left);
	fan->left -= seen;
	if (seen)
		pressure_waiting(fan->room->svc, -(int64_t)seen);

	return fan->next == NULL;
}


static void slice_handler(void *arg)
{
	struct fan *fan = arg;
	struct room *room = fan->room;
	struct fan *next;

	if (!serve(fan)) {
		tmr_start(&fan->tmr, 0, slice_handler, fan);
		return;
	}

	mem_deref(fan);
	next = list_ledata(list_head(&room->fanl));
	if (next) {
		next->next = list_head(&room->locall);
		tmr_start(&next->tmr, 0, slice_handler, next);
	}
}


int fanout_send(struct room *room, const struct mbuf *mb, int64_t msg_id,
		const struct endpoint *skip)
{
	struct fan now = { .room = room, .msg_id = msg_id, .skip = skip };
	struct fan *fan;
	int err;

	if (!room->locals)
		return 0;

	err = info_alloc(&now.info, (const char *)mb->buf, mb->end);
	if (err)
		return err;

	now.next = list_head(&room->locall);
	if (!room->fanl.head && room->locals <= SLICE) {
		(void)serve(&now);
		mem_deref(now.info);
		return 0;
	}

	/* before anybody is served: a failure is everybody's */
	fan = mem_zalloc(sizeof(*fan), destructor);
	if (!fan) {
		mem_deref(now.info);
		return ENOMEM;
	}

	*fan = now;
	fan->left = room->locals;
	pressure_waiting(room->svc, fan->left);
	list_append(&room->fanl, &fan->le, fan);
	if (list_head(&room->fanl) == &fan->le)
		slice_handler(fan);

	return 0;
}


void fanout_pass(struct room *room, const struct occupant *occ)
{
	struct le *le = list_head(&room->fanl);

	for (; le; le = le->next) {
		struct fan *fan = le->data;

		if (fan->next == &occ->le_room)
			fan->next = occ->le_room.next;
	}
}
