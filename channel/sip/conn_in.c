/**
 * @file channel/sip/conn_in.c  Input of connections: reading and framing
 *
 * Bytes are read into the buffer all connections share and handed on from
 * there.  What is left of a message is kept by its connection; when its
 * length is known the rest is read straight to its place, so that a large
 * message costs one copy however it is cut up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <re.h>
#include "common/log.h"
#include "channel/sip/view.h"
#include "channel/sip/conn_priv.h"
#include "channel/sip/sipstats.h"
#include "channel/sip/tls.h"


/* 0, EAGAIN (nothing there), ENOTCONN (the end), or worse */
static int read_some(struct conn *conn, char *buf, size_t size, size_t *np)
{
	ssize_t n;
	int err;

	*np = 0;

	if (conn->ssl) {
		err = tlsio_read(conn->ssl, buf, size, np);
		return err == EINPROGRESS ? EAGAIN : err;
	}

	n = recv(conn->fd, buf, size, 0);
	if (n < 0)
		return errno == EINTR || errno == EWOULDBLOCK ? EAGAIN : errno;
	if (!n)
		return ENOTCONN;

	*np = (size_t)n;
	return 0;
}


static void bad(struct conn *conn, const char *why)
{
	++sip_stats.bad_input;
	log_info("sip.bad", "peer=%J why=\"%s\"", &conn->peer, why);
	conn_kill(conn, why);
}


/* The same after the answer has gone out */
static void bad_end(struct conn *conn, const char *why)
{
	++sip_stats.bad_input;
	log_info("sip.bad", "peer=%J why=\"%s\"", &conn->peer, why);
	conn_shut(conn, true);
}


/* CR LF CR LF between messages asks for CR LF (RFC 5626) */
static size_t skip_crlf(struct conn *conn, const char *p, size_t l)
{
	size_t n;

	for (n = 0; n < l && (p[n] == '\r' || p[n] == '\n'); n++) {
		char *pong;

		conn->crlf = p[n] == "\r\n\r\n"[conn->crlf] ?
			conn->crlf + 1 : (p[n] == '\r');
		if (conn->crlf < 4)
			continue;

		conn->crlf = 0;
		pong = conn_reserve(conn, 2);
		if (pong) {
			memcpy(pong, "\r\n", 2);
			conn_commit(conn, 2);
		}
	}

	if (n < l)
		conn->crlf = 0;

	return n;
}


/* A message we do not want: answered, then read past */
static size_t too_large(struct conn *conn, struct view *v, size_t have,
			enum conn_refusal why)
{
	const size_t total = v->head.l + v->clen;

	conn->cs->h.refuse(conn, v, why, conn->cs->arg);
	if (have >= total)
		return total;

	if (total - have > conn->cs->conf.skip_max) {
		++sip_stats.skip_over;
		bad_end(conn, "too much to read past");
		return have;
	}

	conn->skip = total - have;
	return have;
}


/* Nobody can say where the next message begins: answered, then closed */
static size_t unframed(struct conn *conn, struct view *v, size_t have)
{
	conn->cs->h.refuse(conn, v, v->framing == VIEW_NO_LENGTH ?
			   CONN_NO_LENGTH : CONN_BAD_LENGTH, conn->cs->arg);
	bad_end(conn, v->framing == VIEW_NO_LENGTH ? "no Content-Length" :
		"bad Content-Length");
	return have;
}


/*
 * One message from p.  *used is how much of it is done with; EAGAIN: the
 * rest has not come yet
 */
static int message(struct conn *conn, const char *p, size_t l, size_t *used)
{
	const struct conns_conf *conf = &conn->cs->conf;
	struct view v;

	*used = 0;
	if (view_decode(&v, p, l)) {
		if (l <= conf->head_hard_max)
			return EAGAIN;
		++sip_stats.head_endless;
		bad(conn, "head without an end");
		return EMSGSIZE;
	}

	if (v.alien && !v.viac && conn->le_fresh.list && !conn->dialled) {
		bad(conn, "no SIP");
		return EPROTO;
	}

	if (v.framing != VIEW_FRAMED)
		*used = unframed(conn, &v, l);
	else if (v.head.l > conf->head_max)
		*used = too_large(conn, &v, l, CONN_HEAD_TOO_LARGE);
	else if (v.clen > conf->body_max)
		*used = too_large(conn, &v, l, CONN_BODY_TOO_LARGE);
	if (*used)
		return 0;

	if (v.body.l < v.clen) {
		conn->need = v.head.l + v.clen;
		return EAGAIN;
	}

	*used = v.head.l + v.clen;
	conn->cs->h.msg(conn, &v, conn->cs->arg);
	return 0;
}


static bool open_for_input(const struct conn *conn)
{
	return conn->state == CONN_UP && !conn->draining;
}


/* All messages in p; returns how much was used up */
static size_t messages(struct conn *conn, const char *p, size_t l)
{
	size_t done = 0, used;

	while (done < l && open_for_input(conn)) {

		if (conn->skip) {
			used = MIN(conn->skip, l - done);
			conn->skip -= used;
			done += used;
			continue;
		}

		done += skip_crlf(conn, p + done, l - done);
		if (done == l)
			break;

		if (message(conn, p + done, l - done, &used))
			break;
		done += used;
	}

	return done;
}


static int in_room(struct conn *conn, size_t cap)
{
	char *in;

	if (cap <= conn->incap)
		return 0;

	in = realloc(conn->in, cap);
	if (!in)
		return ENOMEM;

	conn->in    = in;
	conn->incap = cap;
	return 0;
}


static void in_free(struct conn *conn)
{
	free(conn->in);
	conn->in    = NULL;
	conn->inlen = conn->incap = conn->need = conn->scan = 0;
}


/* Keep what is left of p, of which the first inlen bytes may be ours already */
static void in_keep(struct conn *conn, const char *p, size_t l, bool same)
{
	const size_t have = same ? conn->inlen : 0;

	if (!open_for_input(conn) || !l) {
		in_free(conn);
		return;
	}

	if (in_room(conn, MAX(l, conn->need))) {
		conn_kill(conn, "no memory");
		return;
	}

	memcpy(conn->in + have, p + have, l - have);
	conn->scan  = l < 3 ? 0 : l - 3;
	conn->inlen = l;
}


/* Is the head that is coming complete now?  Only new bytes are looked at */
static bool head_ends(struct conn *conn, const char *p, size_t l)
{
	size_t from = MIN(conn->scan, l);

	return memmem(p + from, l - from, "\n\r\n", 3) ||
		memmem(p + from, l - from, "\n\n", 2) ||
		l > conn->cs->conf.head_hard_max;
}


/* The rest of a message whose length is known, straight to its place */
static int gather(struct conn *conn)
{
	size_t n, used;
	char *in;
	int err;

	err = read_some(conn, conn->in + conn->inlen,
			conn->need - conn->inlen, &n);
	if (err)
		return err;

	sip_stats.bytes_in += n;
	conn->inlen += n;
	if (conn->inlen < conn->need)
		return 0;

	in = conn->in;
	n  = conn->inlen;
	conn->in = NULL;
	in_free(conn);
	(void)message(conn, in, n, &used);
	free(in);

	return 0;
}


/* A long head without its end yet: appended, not copied for each piece */
static int append(struct conn *conn, bool *more)
{
	size_t n, l, done;
	char *in;
	int err;

	if (in_room(conn, conn->incap - conn->inlen < CONN_LONG ?
		    2 * conn->inlen + CONN_LONG : conn->incap))
		return ENOMEM;

	err = read_some(conn, conn->in + conn->inlen,
			conn->incap - conn->inlen, &n);
	if (err)
		return err;

	sip_stats.bytes_in += n;
	conn->inlen += n;
	*more = true;
	if (!head_ends(conn, conn->in, conn->inlen)) {
		conn->scan = conn->inlen - 3;
		return 0;
	}

	in = conn->in;
	l  = conn->inlen;
	conn->in = NULL;
	in_free(conn);
	done = messages(conn, in, l);
	in_keep(conn, in + done, l - done, false);
	free(in);

	return 0;
}


static int take(struct conn *conn, bool *more)
{
	char *rbuf = conn->cs->rbuf;
	const size_t had = conn->inlen;
	size_t n, l, done;
	int err;

	if (had > CONN_LONG)
		return append(conn, more);

	if (had)
		memcpy(rbuf, conn->in, had);

	err = read_some(conn, rbuf + had, CONN_RBUF - had, &n);
	if (err)
		return err;

	sip_stats.bytes_in += n;
	*more = conn->ssl || n == CONN_RBUF - had;
	l     = had + n;

	if (had && !head_ends(conn, rbuf, l)) {
		in_keep(conn, rbuf, l, true);
		return 0;
	}

	conn->need = 0;
	done = messages(conn, rbuf, l);
	if (done)
		conn->inlen = 0;
	in_keep(conn, rbuf + done, l - done, !done);

	return 0;
}


void conn_read(struct conn *conn)
{
	bool more = true;
	int err = 0, turns = conn->ssl ? CONN_READS * 16 : CONN_READS;

	while (more && !err && turns-- > 0 && open_for_input(conn)) {

		if (conn->need)
			err = gather(conn);
		else
			err = take(conn, &more);
	}

	if (conn->state == CONN_DEAD || err == EAGAIN)
		return;

	if (err == ENOTCONN) {
		conn_kill(conn, "closed by the peer");
	}
	else if (err) {
		conn_kill(conn, "cannot be read");
	}
	else if (conn->ssl && more && tlsio_pending(conn->ssl)) {
		conn->reread = true;
		conn_dirty(conn);
	}
}
