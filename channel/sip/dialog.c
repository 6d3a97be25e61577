/**
 * @file channel/sip/dialog.c  Dialogs: where they send, INFO out
 *
 * Sending is two copies into the connection's buffer: the dialog's head, with
 * nine digits patched in two places, and the body that all recipients share.
 */
#include <stdio.h>
#include <string.h>
#include <re.h>
#include "channel/sip/core.h"

enum { RING_MIN = 4 };


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


/*
 * The client was heard on a connection: send there, unless answers are still
 * due on another.  They may come; when that one dies first, its closing sends
 * all of it again
 */
void dlg_follow(struct dlg *dlg, struct conn *conn)
{
	if (dlg->conn == conn)
		return;

	if (dlg->sent && conn_alive(dlg->conn)) {
		mem_ref(conn);
		mem_deref(dlg->spare);
		dlg->spare = conn;
		return;
	}

	dlg_pin(dlg, conn);
}


static bool connect_again(struct dlg *dlg)
{
	struct conn *conn;
	struct pl route;

	if (!dlg->route)
		return false;

	pl_set_str(&route, dlg->route);
	if (route_dial(&conn, dlg->uas, &route))
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


/* The next number is one more: as a rule one digit changes */
static inline void count_up(char *p)
{
	char *d = p + 8;

	while (*d == '9' && d > p)
		*d-- = '0';
	++*d;
}


static inline char *head_put(struct dlg *dlg, char *p, uint32_t cseq)
{
	if (cseq == dlg->inhead + 1)
		count_up(dlg->head + dlg->brancho);
	else
		put9(dlg->head + dlg->brancho, cseq);
	dlg->inhead = cseq;

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
	struct info **qv = mem_alloc(cap * sizeof(struct info *), NULL);

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
	dlg->inhead = dlg->top;
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
