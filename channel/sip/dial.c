/**
 * @file channel/sip/dial.c  Connections that we open: to front ends that went
 * away
 */
#include <errno.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <re.h>
#include "common/log.h"
#include "channel/sip/conn_priv.h"
#include "channel/sip/peer.h"
#include "channel/sip/sipstats.h"


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


void conns_hold(struct conns *cs, const struct sa *peer)
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
	conn->deadline = cs->now + CONN_DIAL_MS;
	conn->laddr    = cs->lsnv[tls].laddr;
	list_append(&cs->dialledl, &conn->le_dialled, conn);

	if (connect(fd, &peer->u.sa, peer->len) && errno != EINPROGRESS)
		err = errno;
	else
		err = conn_watch(conn, FD_READ | FD_WRITE);

	if (err) {
		conns_hold(cs, peer);
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
