/**
 * @file channel/sip/conn.c  A connection: its states, its events, its end
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <re.h>
#include "common/log.h"
#include "channel/sip/conn_priv.h"
#include "channel/sip/peer.h"
#include "channel/sip/sipstats.h"
#include "channel/sip/tls.h"


static void destructor(void *data)
{
	struct conn *conn = data;

	conn_finish(conn);
	mem_deref(conn->life);
}


/* What an accepted or dialled socket needs */
static void socket_options(int fd, const struct conns_conf *conf)
{
	const int on = 1, idle = (int)conf->keepalive_s, cnt = 4;
	const int intvl = MAX(idle / 4, 1);
	const unsigned unacked_ms = conf->user_timeout_ms;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &intvl,
			 sizeof(intvl));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &cnt, sizeof(cnt));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked_ms,
			 sizeof(unacked_ms));
}


int conn_alloc(struct conn **connp, struct conns *cs, int fd, bool tls,
	       const struct sa *peer)
{
	struct conn *conn = mem_zalloc(sizeof(*conn), destructor);

	if (!conn)
		return ENOMEM;

	conn->cs   = cs;
	conn->life = mem_ref(cs->life);
	conn->fd   = fd;
	conn->tls  = tls;
	conn->peer = *peer;
	socket_options(fd, &cs->conf);

	++cs->count;
	++sip_stats.conns;
	list_append(&cs->connl, &conn->le, conn);
	list_append(&cs->freshl, &conn->le_fresh, conn);
	conn->deadline = cs->now + CONN_FIRST_REQUEST_MS;

	*connp = conn;
	return 0;
}


int conn_watch(struct conn *conn, int flags)
{
	int err;

	if (conn->flags == flags)
		return 0;

	err = fd_listen(conn->fd, flags, conn_event, conn);
	if (!err)
		conn->flags = flags;

	return err;
}


void conn_dirty(struct conn *conn)
{
	if (conn->le_dirty.list || !conn->cs)
		return;

	list_append(&conn->cs->dirtyl, &conn->le_dirty, conn);
	conns_wake(conn->cs);
}


void conn_kill(struct conn *conn, const char *why)
{
	if (conn->state == CONN_DEAD)
		return;

	log_debug("sip.conn.closed", "peer=%J why=\"%s\"", &conn->peer, why);

	conn->failed = conn->state != CONN_UP;
	conn->state  = CONN_DEAD;
	conn_dirty(conn);
}


/* Everything it has goes; the struct stays while somebody refers to it */
void conn_finish(struct conn *conn)
{
	struct conns *cs = conn->cs;

	if (!cs)
		return;

	if (conn->flags)
		fd_close(conn->fd);
	tlsio_close(conn->ssl, !conn->failed);
	(void)close(conn->fd);

	conn->state = CONN_DEAD;
	conn->flags = 0;
	conn->ssl   = NULL;
	conn->fd    = -1;
	conn->cs    = NULL;

	list_unlink(&conn->le);
	list_unlink(&conn->le_fresh);
	list_unlink(&conn->le_dialled);
	list_unlink(&conn->le_dirty);

	outbuf_free(&conn->out);
	free(conn->in);
	conn->in = NULL;

	--cs->count;
	--sip_stats.conns;
}


static bool name_handler(const char *name, void *arg)
{
	struct conn *conn = arg;

	if (!peers_name_ok(conn->cs->peers, name))
		return false;

	peers_seen(conn->cs->peers, name, &conn->peer);
	return true;
}


static void tls_refused(struct conn *conn, const char *why)
{
	++sip_stats.tls_failed;
	log_warn("sip.tls.refused", "peer=%J why=\"%s\"", &conn->peer, why);
	conn_kill(conn, why);
}


static void up(struct conn *conn)
{
	conn->state = CONN_UP;

	/* ours: the peer owes us no request */
	if (conn->dialled)
		list_unlink(&conn->le_fresh);

	if (conn_watch(conn, FD_READ)) {
		conn_kill(conn, "cannot be watched");
		return;
	}

	conn_flush(conn);
}


static void handshake(struct conn *conn)
{
	const int err = tlsio_handshake(conn->ssl);
	int flags = FD_READ;
	char why[160];

	switch (err) {

	case 0:
		if (tlsio_peer_names(conn->ssl, name_handler, conn))
			up(conn);
		else
			tls_refused(conn, "name not listed");
		return;
	case EINPROGRESS:
		flags |= FD_WRITE;
		/* fallthrough */
	case EAGAIN:
		if (conn_watch(conn, flags))
			conn_kill(conn, "cannot be watched");
		return;
	default:
		tls_refused(conn, tlsio_error(why, sizeof(why)));
		return;
	}
}


/* Our address as the peer sees it, with the port we listen on */
static void local_address(struct conn *conn)
{
	struct sa *laddr = &conn->laddr;

	sa_init(laddr, AF_UNSPEC);
	laddr->len = sizeof(laddr->u);
	if (getsockname(conn->fd, &laddr->u.sa, &laddr->len))
		*laddr = conn->cs->lsnv[conn->tls].laddr;

	if (sa_port(&conn->cs->lsnv[conn->tls].laddr))
		sa_set_port(laddr, sa_port(&conn->cs->lsnv[conn->tls].laddr));
}


/* The socket is connected */
int conn_start(struct conn *conn)
{
	int err;

	local_address(conn);

	if (!conn->tls) {
		up(conn);
		return conn->state == CONN_UP ? 0 : EMFILE;
	}

	err = tlsio_open(&conn->ssl, conn->cs->tls, conn->fd, !conn->dialled);
	if (err)
		return err;

	conn->state = CONN_HANDSHAKE;
	if (conn->dialled) {
		handshake(conn);
		return 0;
	}

	/* the client speaks first */
	return conn_watch(conn, FD_READ);
}


static void dialled(struct conn *conn)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	if (!err)
		err = conn_start(conn);
	if (!err)
		return;

	log_warn("sip.dial.failed", "peer=%J error=\"%m\"", &conn->peer, err);
	conn_kill(conn, "cannot be reached");
}


/* An event may be stale, of another socket that had this number (T11) */
void conn_event(int flags, void *arg)
{
	struct conn *conn = arg;

	if (conn->state == CONN_DEAD)
		return;

	conn->cs->now = tmr_jiffies();

	switch (conn->state) {

	case CONN_DIALLING:
		if (flags & (FD_WRITE | FD_EXCEPT))
			dialled(conn);
		break;
	case CONN_HANDSHAKE:
		handshake(conn);
		break;
	case CONN_UP:
		if (flags & FD_WRITE)
			conn_flush(conn);
		if (flags & (FD_READ | FD_EXCEPT))
			conn_read(conn);
		break;
	case CONN_DEAD:
		break;
	}
}


void conn_welcome(struct conn *conn)
{
	if (conn->le_fresh.list && !conn->draining)
		list_unlink(&conn->le_fresh);
}


void conn_shut(struct conn *conn, bool drain)
{
	if (conn->state == CONN_DEAD || conn->draining)
		return;

	if (!drain) {
		conn_kill(conn, "shut");
		return;
	}

	/* the fresh ones are those with a deadline */
	conn->draining = true;
	conn->deadline = conn->cs->now + CONN_DIAL_MS;
	if (!conn->le_fresh.list)
		list_append(&conn->cs->freshl, &conn->le_fresh, conn);
	conn_dirty(conn);
}


bool conn_alive(const struct conn *conn)
{
	return conn && conn->state != CONN_DEAD && !conn->draining;
}


bool conn_up(const struct conn *conn)
{
	return conn_alive(conn) && conn->state == CONN_UP;
}


bool conn_tls(const struct conn *conn)
{
	return conn->tls;
}


const struct sa *conn_laddr(const struct conn *conn)
{
	return &conn->laddr;
}


const struct sa *conn_peer(const struct conn *conn)
{
	return &conn->peer;
}


struct list *conn_users(struct conn *conn)
{
	return &conn->userl;
}


bool conn_owned(const struct conn *conn)
{
	return conn->life->open;
}
