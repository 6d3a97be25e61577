/**
 * @file channel/sip/conns.c  All connections: listening, dialling, the turn
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <re.h>
#include "common/log.h"
#include "channel/sip/conn_priv.h"
#include "channel/sip/peer.h"
#include "channel/sip/sipstats.h"
#include "channel/sip/tls.h"

enum {
	BACKLOG      = 4096,
	LSN_PAUSE_MS = 100,
};


static void listener_close(struct listener *lsn)
{
	tmr_cancel(&lsn->tmr);
	if (lsn->fd >= 0) {
		fd_close(lsn->fd);
		(void)close(lsn->fd);
	}
	lsn->fd = -1;
}


static void destructor(void *data)
{
	struct conns *cs = data;
	struct le *le;

	tmr_cancel(&cs->tmr_turn);
	listener_close(&cs->lsnv[0]);
	listener_close(&cs->lsnv[1]);

	while ((le = cs->connl.head)) {
		struct conn *conn = le->data;

		conn_finish(conn);
		mem_deref(conn);
	}

	outbuf_drain_pool();
	mem_deref(cs->peers);
	mem_deref(cs->tls);
	mem_deref(cs->rbuf);
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
	if (!cs->rbuf) {
		mem_deref(cs);
		return ENOMEM;
	}

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


static void refused(const struct sa *peer, const char *why)
{
	++sip_stats.conns_refused;
	log_warn("sip.refused", "peer=%J why=\"%s\"", peer, why);
}


static void adopt(struct listener *lsn, int fd, const struct sa *peer)
{
	struct conns *cs = lsn->cs;
	const char *why = NULL;
	struct conn *conn;

	if (cs->count >= cs->conf.conns_max)
		why = "too many connections";
	else if (!lsn->tls && !peers_addr_ok(cs->peers, peer))
		why = "address not trusted";
	else if (conn_alloc(&conn, cs, fd, lsn->tls, peer))
		why = "no memory";

	if (why) {
		refused(peer, why);
		(void)close(fd);
		return;
	}

	++sip_stats.conns_accepted;
	if (conn_start(conn)) {
		refused(peer, "no descriptors");
		conn_kill(conn, "no descriptors");
	}
}


static void lsn_event(int flags, void *arg);


static void resume(void *arg)
{
	struct listener *lsn = arg;

	if (fd_listen(lsn->fd, FD_READ, lsn_event, lsn))
		tmr_start(&lsn->tmr, LSN_PAUSE_MS, resume, lsn);
}


/* Out of descriptors: the event would come again at once, for ever */
static void pause_accepting(struct listener *lsn, int err)
{
	log_warn("sip.accept", "error=\"%m\" pause_ms=%d", err, LSN_PAUSE_MS);
	(void)fd_listen(lsn->fd, 0, lsn_event, lsn);
	tmr_start(&lsn->tmr, LSN_PAUSE_MS, resume, lsn);
}


static void lsn_event(int flags, void *arg)
{
	struct listener *lsn = arg;

	lsn->cs->now = tmr_jiffies();

	for (int i = 0; i < CONN_ACCEPTS; i++) {
		struct sa peer;
		int fd;

		sa_init(&peer, AF_UNSPEC);
		peer.len = sizeof(peer.u);
		fd = accept4(lsn->fd, &peer.u.sa, &peer.len,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			adopt(lsn, fd, &peer);
			continue;
		}

		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			pause_accepting(lsn, errno);
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}


static int bind_listen(int fd, const struct sa *sa)
{
	const int on = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));

	if (bind(fd, &sa->u.sa, sa->len) || listen(fd, BACKLOG))
		return errno;

	return 0;
}


int conns_listen(struct conns *cs, bool tls, const char *addr)
{
	struct listener *lsn = &cs->lsnv[tls];
	struct sa sa;
	int err;

	if (sa_decode(&sa, addr, str_len(addr)) || lsn->fd >= 0)
		return EINVAL;

	lsn->fd = socket(sa_af(&sa), SOCK_STREAM | SOCK_NONBLOCK |
			 SOCK_CLOEXEC, 0);
	if (lsn->fd < 0)
		return errno;

	err = bind_listen(lsn->fd, &sa);
	if (err)
		goto out;

	lsn->laddr.len = sizeof(lsn->laddr.u);
	if (getsockname(lsn->fd, &lsn->laddr.u.sa, &lsn->laddr.len)) {
		err = errno;
		goto out;
	}

	err = fd_listen(lsn->fd, FD_READ, lsn_event, lsn);
	if (!err)
		log_info("sip.listen", "transport=%s address=%J",
			 tls ? "tls" : "tcp", &lsn->laddr);

 out:
	if (err)
		listener_close(lsn);

	return err;
}


const struct sa *conns_laddr(const struct conns *cs, bool tls)
{
	return &cs->lsnv[tls].laddr;
}


static struct conn *dialled_find(const struct conns *cs, bool tls,
				 const struct sa *peer)
{
	struct le *le;

	LIST_FOREACH(&cs->dialledl, le) {
		struct conn *conn = le->data;

		if (conn_alive(conn) && conn->tls == tls &&
		    sa_cmp(&conn->peer, peer, SA_ALL))
			return conn;
	}

	return NULL;
}


static bool on_hold(const struct conns *cs, const struct sa *peer)
{
	for (size_t i = 0; i < ARRAY_SIZE(cs->failv); i++) {
		if (cs->failv[i].until > cs->now &&
		    sa_cmp(&cs->failv[i].peer, peer, SA_ALL))
			return true;
	}

	return false;
}


static void hold(struct conns *cs, const struct sa *peer)
{
	struct dialfail *fail;

	fail = &cs->failv[cs->failn++ % ARRAY_SIZE(cs->failv)];
	fail->peer  = *peer;
	fail->until = cs->now + CONN_DIAL_HOLD_MS;
}


static int dial(struct conn **connp, struct conns *cs, bool tls,
		const struct sa *peer)
{
	struct conn *conn;
	int err, fd;

	fd = socket(sa_af(peer), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0)
		return errno;

	err = conn_alloc(&conn, cs, fd, tls, peer);
	if (err) {
		(void)close(fd);
		return err;
	}

	conn->dialled  = true;
	conn->state    = CONN_DIALLING;
	conn->deadline = cs->now + 1000 * CONN_DIAL_S;
	conn->laddr    = cs->lsnv[tls].laddr;
	list_append(&cs->dialledl, &conn->le_dialled, conn);

	if (connect(fd, &peer->u.sa, peer->len) && errno != EINPROGRESS)
		err = errno;
	else
		err = conn_watch(conn, FD_READ | FD_WRITE);

	if (err) {
		hold(cs, peer);
		mem_deref(conn);
		return err;
	}

	*connp = conn;
	return 0;
}


int conns_dial(struct conn **connp, struct conns *cs, bool tls,
	       const struct sa *peer)
{
	struct conn *conn;
	int err;

	if (!peers_addr_ok(cs->peers, peer) &&
	    !(tls && peers_was_seen(cs->peers, peer)))
		return EACCES;
	if (tls && !cs->tls)
		return EACCES;

	conn = dialled_find(cs, tls, peer);
	if (conn) {
		*connp = conn;
		return 0;
	}

	if (on_hold(cs, peer))
		return EAGAIN;
	if (cs->count >= cs->conf.conns_max)
		return EMFILE;

	err = dial(connp, cs, tls, peer);
	if (err) {
		log_warn("sip.dial.failed", "peer=%J error=\"%m\"", peer, err);
		return err;
	}

	++sip_stats.conns_dialled;
	log_info("sip.dial", "peer=%J transport=%s", peer,
		 tls ? "tls" : "tcp");
	return 0;
}


static void retire(struct conns *cs, struct conn *conn)
{
	if (conn->dialled && conn->failed)
		hold(cs, &conn->peer);

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
