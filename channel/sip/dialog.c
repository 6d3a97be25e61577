/**
 * @file channel/sip/dialog.c  Dialogs: their table, their end, INFO out
 *
 * Sending is two copies into the connection's buffer: the dialog's head, with
 * nine digits patched in two places, and the body that all recipients share.
 */
#include <stdio.h>
#include <string.h>
#include <re.h>
#include "common/log.h"
#include "channel/sip/core.h"
#include "channel/sip/peer.h"

enum {
	SLOTS_MIN  = 64,
	SLOTS_MAX  = 1 << (4 * TAG_SLOT),
	RING_MIN   = 4,
	RING_SPARE = 32,               /* kept when the ring is empty        */
	SIP_PORTS  = 5060,
};


/* ------------------------------------------------------------ the table */

static int table_grow(struct uas *uas)
{
	const uint32_t n = uas->slots ? 2 * uas->slots : SLOTS_MIN;
	void *p;

	if (n > SLOTS_MAX)
		return ENOSPC;

	p = mem_reallocarray(uas->slotv, n, sizeof(*uas->slotv), NULL);
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
	if (!dlg || memcmp(dlg->tag, tag->p, TAG_LEN))
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


/* ------------------------------------------------------------ connections */

void dlg_pin(struct dlg *dlg, struct conn *conn)
{
	if (dlg->conn == conn)
		return;

	list_unlink(&dlg->le_conn);
	dlg->conn = conn;
	if (!conn)
		return;

	list_append(conn_users(conn), &dlg->le_conn, dlg);
	dlg_head_move(dlg);
}


/* Where the topmost Route leads, without asking DNS */
static int route_addr(const struct dlg *dlg, struct sa *sa, bool *tls)
{
	struct pl pl, val;
	struct uri uri;
	int err;

	pl_set_str(&pl, dlg->route);
	err = uri_decode(&uri, &pl);
	if (err)
		return err;

	*tls = !pl_strcasecmp(&uri.scheme, "sips");
	if (!msg_param_decode(&uri.params, "transport", &val))
		*tls = !pl_strcasecmp(&val, "tls");

	err = sa_set(sa, &uri.host, 0);
	if (err)
		err = peers_lookup(conns_peers(dlg->uas->conns), &uri.host,
				   sa);
	if (err)
		return err;

	sa_set_port(sa, uri.port ? uri.port : SIP_PORTS + *tls);
	return 0;
}


static bool connect_again(struct dlg *dlg)
{
	struct conn *conn;
	struct sa sa;
	bool tls;
	int err;

	if (!dlg->route || route_addr(dlg, &sa, &tls))
		return false;

	err = conns_dial(&conn, dlg->uas->conns, tls, &sa);
	if (err)
		return false;

	dlg_pin(dlg, conn);
	return true;
}


/* ---------------------------------------------------------------- INFO out */

static inline void put9(char *p, uint32_t n)
{
	for (int i = 8; i >= 0; i--) {
		p[i] = (char)('0' + n % 10);
		n /= 10;
	}
}


static inline char *head_put(struct dlg *dlg, char *p, uint32_t cseq)
{
	put9(dlg->head + dlg->brancho, cseq);
	memcpy(dlg->head + dlg->cseqo, dlg->head + dlg->brancho, 9);
	memcpy(p, dlg->head, dlg->headl);
	return p + dlg->headl;
}


static bool transmit(struct dlg *dlg, const struct info *info, uint32_t cseq)
{
	char *p = conn_reserve(dlg->conn, dlg->headl + info->len);

	if (!p)
		return false;

	p = head_put(dlg, p, cseq);
	memcpy(p, info->data, info->len);
	conn_commit(dlg->conn, dlg->headl + info->len);

	++sip_stats.infos_sent;
	if (cseq < dlg->top)
		++sip_stats.infos_resent;
	else
		dlg->top = cseq + 1;

	return true;
}


void dlg_pump(struct dlg *dlg)
{
	const struct info *info;

	if (!dlg->conn && !connect_again(dlg))
		return;

	while (dlg->sent < dlg->qlen && dlg->sent < dlg->uas->conf.window) {

		info = dlg->qv[(dlg->qhead + dlg->sent) & (dlg->qcap - 1)];

		/* after a redial some in between may have been answered */
		if (info && !transmit(dlg, info, dlg->base + dlg->sent))
			break;
		++dlg->sent;
	}
}


static int ring_grow(struct dlg *dlg)
{
	const uint32_t cap = dlg->qcap ? 2 * dlg->qcap : RING_MIN;
	struct info **qv = mem_alloc(cap * sizeof(*qv), NULL);

	if (!qv)
		return ENOMEM;

	for (uint32_t i = 0; i < dlg->qlen; i++)
		qv[i] = dlg->qv[(dlg->qhead + i) & (dlg->qcap - 1)];

	mem_deref(dlg->qv);
	dlg->qv    = qv;
	dlg->qcap  = cap;
	dlg->qhead = 0;
	return 0;
}


void dlg_send(struct dlg *dlg, struct info *info)
{
	const struct uas_conf *conf;

	if (!dlg || dlg->over || !info)
		return;

	conf = &dlg->uas->conf;
	if (dlg->qlen >= conf->window + conf->queue_max ||
	    (dlg->qlen == dlg->qcap && ring_grow(dlg))) {
		dlg_end(dlg, DLG_SLOW);
		return;
	}

	dlg->qv[(dlg->qhead + dlg->qlen++) & (dlg->qcap - 1)] = mem_ref(info);

	if (dlg->sent < conf->window)
		dlg_pump(dlg);
}


int info_alloc(struct info **infop, const char *body, size_t len)
{
	static const char fmt[] = "Content-Type: text/plain\r\n"
		"Content-Length: %zu\r\n\r\n";
	struct info *info;
	size_t n;

	if (!infop || (!body && len))
		return EINVAL;

	info = mem_alloc(sizeof(*info) + sizeof(fmt) + 16 + len, NULL);
	if (!info)
		return ENOMEM;

	n = (size_t)snprintf(info->data, sizeof(fmt) + 16, fmt, len);
	if (len)
		memcpy(info->data + n, body, len);
	info->len = n + len;

	*infop = info;
	return 0;
}


/* The head says INFO in two places */
static void bye_send(struct dlg *dlg)
{
	static const char end[] = " BYE\r\nContent-Length: 0\r\n\r\n";
	const size_t skip = sizeof("INFO") - 1;
	char *p, *start;

	if (!dlg->conn && !connect_again(dlg))
		return;

	start = conn_reserve(dlg->conn, dlg->headl + sizeof(end));
	if (!start)
		return;

	put9(dlg->head + dlg->brancho, dlg->top);
	put9(dlg->head + dlg->cseqo, dlg->top);
	p = start;
	memcpy(p, "BYE", 3);
	p += 3;
	memcpy(p, dlg->head + skip, dlg->cseqo + 9 - skip);
	p += dlg->cseqo + 9 - skip;
	memcpy(p, end, sizeof(end) - 1);
	p += sizeof(end) - 1;

	conn_commit(dlg->conn, (size_t)(p - start));
}


void dlg_bye(struct dlg *dlg)
{
	if (!dlg)
		return;

	if (!dlg->over)
		bye_send(dlg);

	dlg_close(dlg);
}


void *dlg_arg(const struct dlg *dlg)
{
	return dlg ? dlg->arg : NULL;
}


const char *dlg_self(const struct dlg *dlg)
{
	return dlg ? dlg->self : NULL;
}


uint32_t dlg_backlog(const struct dlg *dlg)
{
	return dlg ? dlg->qlen : 0;
}
