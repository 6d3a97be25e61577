/**
 * @file channel/sip/conns.c  All connections: what they share, the turn
 */
#include <re.h>
#include "common/log.h"
#include "channel/sip/conn_priv.h"
#include "channel/sip/peer.h"
#include "channel/sip/sipstats.h"
#include "channel/sip/tls.h"

static void destructor(void *data)
{
	struct conns *cs = data;
	struct le *le;

	if (cs->life)
		cs->life->open = false;
	listener_close(&cs->lsnv[0]);
	listener_close(&cs->lsnv[1]);

	/* the last answers go as far as the kernel takes them: no turn comes */
	while ((le = cs->connl.head)) {
		struct conn *conn = le->data;

		conn_flush(conn);
		conn_finish(conn);
		mem_deref(conn);
	}

	tmr_cancel(&cs->tmr_turn);
	outbuf_drain_pool();
	mem_deref(cs->peers);
	mem_deref(cs->tls);
	mem_deref(cs->rbuf);
	mem_deref(cs->life);
}


int conns_alloc(struct conns **csp, const struct conns_conf *conf,
		const struct conns_h *h, void *arg)
{
	struct conns *cs;

	if (!csp || !conf || !h)
		return EINVAL;

	cs = mem_zalloc(sizeof(*cs), destructor);
	if (!cs)
		return ENOMEM;

	cs->conf = *conf;
	cs->h    = *h;
	cs->arg  = arg;
	cs->now  = tmr_jiffies();
	for (int i = 0; i < 2; i++) {
		cs->lsnv[i].cs  = cs;
		cs->lsnv[i].tls = i;
		cs->lsnv[i].fd  = -1;
		sa_init(&cs->lsnv[i].laddr, AF_INET);
	}

	cs->rbuf = mem_alloc(CONN_RBUF, NULL);
	cs->life = mem_zalloc(sizeof(*cs->life), NULL);
	if (!cs->rbuf || !cs->life) {
		mem_deref(cs);
		return ENOMEM;
	}

	cs->life->open = true;

	*csp = cs;
	return 0;
}


void conns_set_peers(struct conns *cs, struct peers *peers)
{
	mem_ref(peers);
	mem_deref(cs->peers);
	cs->peers = peers;
}


const struct peers *conns_peers(const struct conns *cs)
{
	return cs->peers;
}


int conns_load_tls(struct conns *cs, const char *cert, const char *key,
		   const char *ca)
{
	struct tlsio_ctx *ctx;
	int err = tlsio_ctx_alloc(&ctx, cert, key, ca);

	if (err)
		return err;

	mem_deref(cs->tls);
	cs->tls = ctx;
	return 0;
}


static void retire(struct conns *cs, struct conn *conn)
{
	if (conn->dialled && conn->failed)
		conns_hold(cs, &conn->peer);

	list_unlink(&conn->le);
	cs->h.closed(conn, cs->arg);
	conn_finish(conn);
	mem_deref(conn);
}


static void turn(void *arg)
{
	struct conns *cs = arg;
	struct le *le;

	cs->woken = false;
	cs->h.turn(cs->arg);

	while ((le = cs->dirtyl.head)) {
		struct conn *conn = le->data;

		list_unlink(le);

		if (conn->state == CONN_DEAD) {
			retire(cs, conn);
			continue;
		}

		if (conn->reread) {
			conn->reread = false;
			conn_event(FD_READ, conn);
		}

		if (!(conn->flags & FD_WRITE))
			conn_flush(conn);
	}
}


void conns_wake(struct conns *cs)
{
	if (cs->woken)
		return;

	cs->woken = true;
	tmr_start(&cs->tmr_turn, 0, turn, cs);
}


void conns_tick(struct conns *cs)
{
	struct le *le = cs->freshl.head;

	cs->now = tmr_jiffies();

	while (le) {
		struct conn *conn = le->data;

		le = le->next;
		if (conn->deadline > cs->now || conn->state == CONN_DEAD)
			continue;

		++sip_stats.conns_idle;
		conn_kill(conn, "nothing asked in time");
	}
}


uint64_t conns_now(const struct conns *cs)
{
	return cs->now;
}
