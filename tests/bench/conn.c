/**
 * @file tests/bench/conn.c  Sockets: framing in, one write per turn out
 */
#include <errno.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/bench/load.h"
#include "tests/support/poolfile.h"


struct buf {
	char *p;
	size_t len, size;
};

struct conn {
	int fd;
	unsigned port;                 /* ours                             */
	struct user *user;             /* NULL: shared                     */
	struct buf in, out;
	bool dirty, blocked;
	struct conn *next_dirty;
};

static struct conn *dirty;


static void room_for(struct buf *buf, size_t more)
{
	if (buf->len + more <= buf->size)
		return;

	buf->size = (buf->len + more) * 2;
	buf->p = realloc(buf->p, buf->size);
	if (!buf->p)
		die("no memory for a buffer of %zu bytes", buf->size);
}


static void mark(struct conn *conn)
{
	if (conn->dirty)
		return;

	conn->dirty = true;
	conn->next_dirty = dirty;
	dirty = conn;
}


void conn_write(struct conn *conn, const void *p, size_t len)
{
	room_for(&conn->out, len);
	memcpy(conn->out.p + conn->out.len, p, len);
	conn->out.len += len;
	mark(conn);
}


int conn_printf(struct conn *conn, const char *fmt, ...)
{
	char text[8192];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	if (n < 0 || (size_t)n >= sizeof(text))
		die("a message of %d bytes is too long", n);
	conn_write(conn, text, (size_t)n);

	return n;
}


struct user *conn_user(const struct conn *conn)
{
	return conn->user;
}


unsigned conn_port(const struct conn *conn)
{
	return conn->port;
}


/* --------------------------------------------------------------- opening */

static struct sockaddr_in address(const char *hostport)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	const char *colon = hostport ? strrchr(hostport, ':') : NULL;
	char host[64];

	if (!colon || (size_t)(colon - hostport) >= sizeof(host))
		die("no address: %s", hostport ? hostport : "(no sip_tcp)");

	memcpy(host, hostport, (size_t)(colon - hostport));
	host[colon - hostport] = '\0';
	sin.sin_port = htons((uint16_t)atoi(colon + 1));
	if (inet_pton(AF_INET, host, &sin.sin_addr) != 1)
		die("no address: %s", hostport);

	return sin;
}


static struct conn *conn_open(struct load *load, const char *hostport)
{
	struct sockaddr_in sin = address(hostport);
	socklen_t len = sizeof(sin);
	struct conn *conn = calloc(1, sizeof(*conn));
	struct epoll_event ev = { .events = EPOLLIN };
	const int on = 1;

	if (!conn)
		die("no memory");

	conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (conn->fd < 0 ||
	    connect(conn->fd, (struct sockaddr *)&sin, sizeof(sin)))
		die("connect to %s: %s", hostport, strerror(errno));

	(void)setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)getsockname(conn->fd, (struct sockaddr *)&sin, &len);
	conn->port = ntohs(sin.sin_port);

	ev.data.ptr = conn;
	if (epoll_ctl(load->epfd, EPOLL_CTL_ADD, conn->fd, &ev))
		die("epoll: %s", strerror(errno));

	return conn;
}


void conns_open(struct load *load)
{
	const size_t instc = load->pf->instc;
	unsigned i;

	load->epfd = epoll_create1(EPOLL_CLOEXEC);
	load->connc = load->opt.shared ? load->opt.shared : load->userc;
	load->connv = calloc(load->connc, sizeof(*load->connv));
	if (load->epfd < 0 || !load->connv || !instc)
		die("no instances, or no memory");

	for (i = 0; i < load->connc; i++)
		load->connv[i] = conn_open(load,
					   load->pf->instv[i % instc].sip_tcp);

	for (i = 0; i < load->userc; i++) {
		load->userv[i].conn = load->connv[i % load->connc];
		if (!load->opt.shared)
			load->connv[i]->user = &load->userv[i];
	}
}


/* --------------------------------------------------------------- reading */

/* Value of Content-Length in a head of so many bytes */
static size_t content_length(const char *p, size_t head)
{
	const char *end = p + head, *line = p;

	while ((line = memchr(line, '\n', (size_t)(end - line)))) {

		++line;
		if (end - line > 15 && (line[0] | 32) == 'c' &&
		    line[7] == '-' && (line[8] | 32) == 'l')
			return strtoul(line + 15, NULL, 10);
	}

	return 0;
}


static void messages(struct load *load, struct conn *conn)
{
	char *p = conn->in.p, *end = p + conn->in.len;

	while (p < end) {

		const char *blank;
		size_t head, len;

		while (p < end && (*p == '\r' || *p == '\n'))
			++p;

		blank = memmem(p, (size_t)(end - p), "\r\n\r\n", 4);
		if (!blank)
			break;

		head = (size_t)(blank + 4 - p);
		len = head + content_length(p, head);
		if ((size_t)(end - p) < len)
			break;

		sip_message(load, conn, p, head, len);
		p += len;
	}

	conn->in.len = (size_t)(end - p);
	memmove(conn->in.p, p, conn->in.len);
}


static void readable(struct load *load, struct conn *conn)
{
	ssize_t n;

	room_for(&conn->in, load->opt.shared ? 262144 : 8192);
	n = recv(conn->fd, conn->in.p + conn->in.len,
		 conn->in.size - conn->in.len - 1, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		die("the server closed a connection: %s",
		    n ? strerror(errno) : "end of stream");

	conn->in.len += (size_t)n;
	conn->in.p[conn->in.len] = '\0';   /* values are read as text */
	messages(load, conn);
}


/* --------------------------------------------------------------- writing */

static void want_write(struct load *load, struct conn *conn, bool want)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = conn };

	if (want == conn->blocked)
		return;

	conn->blocked = want;
	if (want)
		ev.events |= EPOLLOUT;
	(void)epoll_ctl(load->epfd, EPOLL_CTL_MOD, conn->fd, &ev);
}


static void flush(struct load *load, struct conn *conn)
{
	ssize_t n = send(conn->fd, conn->out.p, conn->out.len,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN)
		die("send: %s", strerror(errno));
	if (n < 0)
		n = 0;

	conn->out.len -= (size_t)n;
	memmove(conn->out.p, conn->out.p + n, conn->out.len);
	want_write(load, conn, conn->out.len > 0);
}


static void flush_dirty(struct load *load)
{
	struct conn *conn;

	while ((conn = dirty)) {
		dirty = conn->next_dirty;
		conn->dirty = false;
		if (!conn->blocked)
			flush(load, conn);
	}
}


void conns_turn(struct load *load, uint64_t timeout_ns)
{
	struct epoll_event evv[256];
	const struct timespec ts = {
		.tv_sec  = (time_t)(timeout_ns / 1000000000),
		.tv_nsec = (long)(timeout_ns % 1000000000)
	};
	int i, n;

	flush_dirty(load);
	n = epoll_pwait2(load->epfd, evv, 256, &ts, NULL);

	for (i = 0; i < n; i++) {

		struct conn *conn = evv[i].data.ptr;

		if (evv[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			readable(load, conn);
		if (evv[i].events & EPOLLOUT)
			flush(load, conn);
	}

	flush_dirty(load);
}
