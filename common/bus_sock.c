/**
 * @file common/bus_sock.c  A ZeroMQ socket on libre's loop
 */
#include <zmq.h>
#include <re.h>
#include "common/bus_sock.h"

/* Messages before the rest of the loop has its turn */
enum { TURN_MAX = 64 };

struct bus_ctx {
	void *zmq;
};

struct bus_sock {
	struct bus_ctx *ctx;
	void *zmq;
	int fd;
	struct tmr tmr;          /* drain, in this turn or the next */
	bool paused;
	bus_sock_h *h;
	void *arg;
};

struct message {
	zmq_msg_t msgv[BUS_FRAMES_MAX];
	struct pl framev[BUS_FRAMES_MAX];
	size_t n;
};


int bus_sock_errno(void)
{
	const int err = zmq_errno();

	return err ? err : EIO;
}


static void ctx_destructor(void *data)
{
	struct bus_ctx *ctx = data;

	while (ctx->zmq && zmq_ctx_term(ctx->zmq) && zmq_errno() == EINTR)
		;
}


int bus_ctx_alloc(struct bus_ctx **ctxp)
{
	struct bus_ctx *ctx = mem_zalloc(sizeof(*ctx), ctx_destructor);

	if (!ctx)
		return ENOMEM;

	ctx->zmq = zmq_ctx_new();
	if (!ctx->zmq) {
		mem_deref(ctx);
		return ENOMEM;
	}

	*ctxp = ctx;

	return 0;
}


static void sock_destructor(void *data)
{
	struct bus_sock *s = data;

	tmr_cancel(&s->tmr);
	if (s->fd >= 0)
		fd_close(s->fd);
	if (s->zmq)
		(void)zmq_close(s->zmq);
	mem_deref(s->ctx);
}


static bool readable(const struct bus_sock *s)
{
	int events = 0;
	size_t size = sizeof(events);

	if (zmq_getsockopt(s->zmq, ZMQ_EVENTS, &events, &size))
		return false;

	return s->h && !s->paused && (events & ZMQ_POLLIN);
}


/* A message is there with all its frames or not at all. */
static bool receive(void *zmq, struct message *m)
{
	zmq_msg_t extra;
	bool more = true;

	for (m->n = 0; more && m->n < BUS_FRAMES_MAX; ++m->n) {

		zmq_msg_t *msg = &m->msgv[m->n];

		(void)zmq_msg_init(msg);
		if (zmq_msg_recv(msg, zmq, ZMQ_DONTWAIT) < 0) {
			(void)zmq_msg_close(msg);
			return m->n > 0;
		}

		m->framev[m->n].p = zmq_msg_data(msg);
		m->framev[m->n].l = zmq_msg_size(msg);
		more = zmq_msg_more(msg);
	}

	while (more) {
		(void)zmq_msg_init(&extra);
		more = zmq_msg_recv(&extra, zmq, ZMQ_DONTWAIT) >= 0 &&
			zmq_msg_more(&extra);
		(void)zmq_msg_close(&extra);
	}

	return true;
}


static void message_close(struct message *m)
{
	while (m->n)
		(void)zmq_msg_close(&m->msgv[--m->n]);
}


static void drain_handler(void *arg);


static void drain(struct bus_sock *s)
{
	struct message m;
	unsigned i;

	for (i = 0; mem_nrefs(s) > 1 && readable(s); i++) {

		if (i == TURN_MAX) {
			tmr_start(&s->tmr, 0, drain_handler, s);
			return;
		}

		if (receive(s->zmq, &m))
			s->h(m.framev, m.n, s->arg);
		message_close(&m);
	}
}


static void drain_handler(void *arg)
{
	struct bus_sock *s = arg;

	mem_ref(s);
	drain(s);
	mem_deref(s);
}


static void fd_handler(int flags, void *arg)
{
	(void)flags;
	drain_handler(arg);
}


void bus_sock_kick(struct bus_sock *s)
{
	if (!tmr_isrunning(&s->tmr) && readable(s))
		tmr_start(&s->tmr, 0, drain_handler, s);
}


void bus_sock_pause(struct bus_sock *s, bool pause)
{
	s->paused = pause;
	bus_sock_kick(s);
}


int bus_sock_set(struct bus_sock *s, int option, int value)
{
	if (zmq_setsockopt(s->zmq, option, &value, sizeof(value)))
		return bus_sock_errno();

	return 0;
}


int bus_sock_set_bytes(struct bus_sock *s, int option, const void *p,
		       size_t size)
{
	if (zmq_setsockopt(s->zmq, option, p, size))
		return bus_sock_errno();

	return 0;
}


static int sock_init(struct bus_sock *s, int type)
{
	size_t size = sizeof(s->fd);
	int err;

	s->zmq = zmq_socket(s->ctx->zmq, type);
	if (!s->zmq)
		return bus_sock_errno();

	err = bus_sock_set(s, ZMQ_LINGER, 0);
	if (err)
		return err;

	if (zmq_getsockopt(s->zmq, ZMQ_FD, &s->fd, &size))
		return bus_sock_errno();

	err = fd_listen(s->fd, FD_READ, fd_handler, s);
	if (err)
		return err;

	bus_sock_kick(s);

	return 0;
}


int bus_sock_alloc(struct bus_sock **sp, struct bus_ctx *ctx, int type,
		   bus_sock_h *h, void *arg)
{
	struct bus_sock *s;
	int err;

	if (!sp || !ctx)
		return EINVAL;

	s = mem_zalloc(sizeof(*s), sock_destructor);
	if (!s)
		return ENOMEM;

	s->fd  = -1;
	s->ctx = mem_ref(ctx);
	s->h   = h;
	s->arg = arg;
	tmr_init(&s->tmr);

	err = sock_init(s, type);
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}


void *bus_sock_zmq(const struct bus_sock *s)
{
	return s->zmq;
}
