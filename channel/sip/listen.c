/**
 * @file channel/sip/listen.c  Listeners: who is let in
 *
 * A listener of our own, because libre's has a backlog of five and takes one
 * connection per turn: in a storm of sign-ins the rest would time out.
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

enum {
	BACKLOG      = 4096,
	LSN_PAUSE_MS = 100,
};


void listener_close(struct listener *lsn)
{
	tmr_cancel(&lsn->tmr);
	if (lsn->fd >= 0) {
		fd_close(lsn->fd);
		(void)close(lsn->fd);
	}
	lsn->fd = -1;
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
