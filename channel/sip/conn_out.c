/**
 * @file channel/sip/conn_out.c  Output of connections
 *
 * Buffers come from a pool of a few sizes, most recently used first: in a
 * fan-out to a thousand connections the same memory serves every turn, and a
 * silent connection has none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <re.h>
#include "channel/sip/conn_priv.h"
#include "channel/sip/sipstats.h"
#include "channel/sip/tls.h"

enum {
	CLASSES     = 6,               /* 2 kB, times four, to 2 MB          */
	CLASS_SHIFT = 11,
	POOL_CLASS  = 8 << 20,         /* bytes kept per size                */
};

struct spare {
	struct spare *next;
};

static struct {
	struct spare *head;
	uint32_t n;
} poolv[CLASSES];


static unsigned class_of(size_t size)
{
	unsigned c = 0;

	while (c < CLASSES && ((size_t)1 << (CLASS_SHIFT + 2 * c)) < size)
		++c;

	return c;
}


static char *buf_get(size_t *sizep)
{
	const unsigned c = class_of(*sizep);
	struct spare *spare;

	if (c == CLASSES)
		return malloc(*sizep);

	*sizep = (size_t)1 << (CLASS_SHIFT + 2 * c);
	spare  = poolv[c].head;
	if (!spare)
		return malloc(*sizep);

	poolv[c].head = spare->next;
	--poolv[c].n;
	return (char *)spare;
}


static void buf_put(char *p, size_t size)
{
	const unsigned c = class_of(size);
	struct spare *spare = (struct spare *)(void *)p;

	if (!p)
		return;

	if (c == CLASSES || (size_t)poolv[c].n * size >= POOL_CLASS) {
		free(p);
		return;
	}

	spare->next   = poolv[c].head;
	poolv[c].head = spare;
	++poolv[c].n;
}


void outbuf_drain_pool(void)
{
	for (unsigned c = 0; c < CLASSES; c++) {
		while (poolv[c].head) {
			struct spare *spare = poolv[c].head;

			poolv[c].head = spare->next;
			free(spare);
		}
		poolv[c].n = 0;
	}
}


void outbuf_free(struct outbuf *out)
{
	buf_put(out->p, out->cap);
	memset(out, 0, sizeof(*out));
}


static int outbuf_grow(struct outbuf *out, size_t len)
{
	size_t cap = MAX(out->len + len, 2 * out->len);
	char *p;

	if (out->off && out->len + len <= out->cap) {
		memmove(out->p, out->p + out->off, out->len);
		out->off = 0;
		return 0;
	}

	p = buf_get(&cap);
	if (!p)
		return ENOMEM;

	if (out->len)
		memcpy(p, out->p + out->off, out->len);
	buf_put(out->p, out->cap);

	out->p   = p;
	out->cap = cap;
	out->off = 0;
	return 0;
}


static void cut(struct conn *conn)
{
	++sip_stats.conns_cut;
	conn_kill(conn, "does not take what we send");
}


char *conn_reserve(struct conn *conn, size_t len)
{
	struct outbuf *out = &conn->out;

	if (conn->state == CONN_DEAD || conn->draining)
		return NULL;

	if (out->off + out->len + len > out->cap) {

		if (out->len + len > conn->cs->conf.output_max) {
			cut(conn);
			return NULL;
		}
		if (outbuf_grow(out, len)) {
			cut(conn);
			return NULL;
		}
	}

	return out->p + out->off + out->len;
}


void conn_commit(struct conn *conn, size_t len)
{
	conn->out.len += len;

	/* no early write while the kernel's buffer is full anyway */
	if (conn->out.len >= CONN_EARLY && !(conn->flags & FD_WRITE))
		conn_flush(conn);

	if (!conn->le_dirty.list)
		conn_dirty(conn);
}


static int write_some(struct conn *conn, size_t *np)
{
	const char *p = conn->out.p + conn->out.off;
	ssize_t n;

	++sip_stats.writes;

	if (conn->ssl)
		return tlsio_write(conn->ssl, p, conn->out.len, np);

	n = send(conn->fd, p, conn->out.len, MSG_NOSIGNAL);
	if (n < 0)
		return errno;

	*np = (size_t)n;
	return 0;
}


void conn_flush(struct conn *conn)
{
	int err = 0;

	if (conn->state != CONN_UP)
		return;

	while (conn->out.len) {
		size_t n = 0, had = conn->out.len;

		err = write_some(conn, &n);
		if (err)
			break;

		sip_stats.bytes_out += n;
		conn->out.off += n;
		conn->out.len -= n;

		/* the kernel took less: no use asking it again now */
		if (!conn->ssl && n < had) {
			err = EAGAIN;
			break;
		}
	}

	if (!conn->out.len)
		outbuf_free(&conn->out);

	switch (err) {

	case 0:
		if (conn->draining)
			conn_kill(conn, "answered");
		else if (conn->flags & FD_WRITE)
			err = conn_watch(conn, FD_READ);
		break;
	case EINTR:
	case EAGAIN:
	case EINPROGRESS:
		err = conn_watch(conn, FD_READ | FD_WRITE);
		break;
	default:
		conn_kill(conn, "cannot be written to");
		return;
	}

	if (err)
		conn_kill(conn, "cannot be watched");
}
