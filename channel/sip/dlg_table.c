/**
 * @file channel/sip/dlg_table.c  Dialogs: the table they are found in, their
 * end
 */
#include <string.h>
#include <re.h>
#include "common/log.h"
#include "channel/sip/core.h"

enum {
	SLOTS_MIN  = 64,
	SLOTS_MAX  = 1 << (4 * TAG_SLOT),
};


/* ------------------------------------------------------------ the table */

static int table_grow(struct uas *uas)
{
	const uint32_t n = uas->slots ? 2 * uas->slots : SLOTS_MIN;
	void *p;

	if (n > SLOTS_MAX)
		return ENOSPC;

	p = mem_reallocarray(uas->slotv, n, sizeof(struct dlg *), NULL);
	if (!p)
		return ENOMEM;
	uas->slotv = p;

	p = mem_reallocarray(uas->freev, n, sizeof(*uas->freev), NULL);
	if (!p)
		return ENOMEM;
	uas->freev = p;

	for (uint32_t i = n; i > uas->slots; i--) {
		uas->slotv[i - 1] = NULL;
		uas->freev[uas->freec++] = i - 1;
	}
	uas->slots = n;

	return 0;
}


int dlg_slot_take(struct uas *uas, struct dlg *dlg)
{
	int err;

	if (!uas->freec) {
		err = table_grow(uas);
		if (err)
			return err;
	}

	dlg->slot = uas->freev[--uas->freec];
	uas->slotv[dlg->slot] = dlg;
	(void)re_snprintf(dlg->tag, sizeof(dlg->tag), "%06x%016llx",
			  dlg->slot, rand_u64());

	++sip_stats.dialogs;
	++sip_stats.dialogs_opened;
	return 0;
}


static void slot_leave(struct dlg *dlg)
{
	struct uas *uas = dlg->uas;

	uas->slotv[dlg->slot] = NULL;
	uas->freev[uas->freec++] = dlg->slot;
	--sip_stats.dialogs;
}


static inline int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}


struct dlg *dlg_find(const struct uas *uas, const struct pl *tag)
{
	uint32_t slot = 0;
	struct dlg *dlg;

	if (tag->l != TAG_LEN)
		return NULL;

	for (int i = 0; i < TAG_SLOT; i++) {
		const int x = hex(tag->p[i]);

		if (x < 0)
			return NULL;
		slot = slot << 4 | (uint32_t)x;
	}

	dlg = slot < uas->slots ? uas->slotv[slot] : NULL;
	if (!dlg || memcmp(dlg->tag, tag->p, TAG_LEN) != 0)
		return NULL;

	return dlg;
}


void dlg_table_free(struct uas *uas)
{
	for (uint32_t i = 0; i < uas->slots; i++)
		dlg_close(uas->slotv[i]);

	uas->slotv = mem_deref(uas->slotv);
	uas->freev = mem_deref(uas->freev);
	uas->slots = uas->freec = 0;
}


/* --------------------------------------------------------------- its end */

static void queue_flush(struct dlg *dlg)
{
	for (uint32_t i = 0; i < dlg->qlen; i++)
		mem_deref(dlg->qv[(dlg->qhead + i) & (dlg->qcap - 1)]);

	dlg->qv   = mem_deref(dlg->qv);
	dlg->qlen = dlg->qcap = dlg->qhead = dlg->sent = 0;
}


/* Nothing finds it any more; the struct stays */
static void detach(struct dlg *dlg)
{
	dlg->over = true;
	slot_leave(dlg);
	dlg_pin(dlg, NULL);
	dlg->spare = mem_deref(dlg->spare);
	queue_flush(dlg);
	if (dlg->inv)
		invite_acked(dlg->inv);
}


void dlg_end(struct dlg *dlg, enum dlg_end why)
{
	if (dlg->over)
		return;

	log_debug("sip.dialog.over", "tag=%s why=%d", dlg->tag, why);

	++sip_stats.dialogs_ended[why];
	detach(dlg);
	dlg->why = why;
	list_append(&dlg->uas->overl, &dlg->le_over, dlg);
	conns_wake(dlg->uas->conns);
}


void dlg_bar(struct dlg *dlg)
{
	if (dlg)
		dlg_end(dlg, DLG_BARRED);
}


void dlg_flush_over(struct uas *uas)
{
	struct le *le;

	while ((le = uas->overl.head)) {
		struct dlg *dlg = le->data;

		list_unlink(le);
		uas->ev.closed(dlg, dlg->why, uas->arg);
		mem_deref(dlg);
	}
}


void dlg_close(struct dlg *dlg)
{
	if (!dlg)
		return;

	if (!dlg->over) {
		detach(dlg);
		mem_deref(dlg);
	}
	else if (dlg->le_over.list) {
		list_unlink(&dlg->le_over);
		mem_deref(dlg);
	}
}
