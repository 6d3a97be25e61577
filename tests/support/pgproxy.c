/**
 * @file tests/support/pgproxy.c  Between a daemon and its store
 *
 * Statements are known by their text, which a Parse message carries; Bind
 * names what was parsed.  An outcome is passed when ReadyForQuery answers the
 * Sync behind it.  To have the server refuse a statement, its Bind is given
 * the name of one that was never prepared.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/embedded.h"
#include "tests/support/pgproxy.h"
#include "tests/support/wait.h"

enum {
	CONNS_MAX = 64,
	STMTS_MAX = 1024,      /* of both sets                               */
	PREP_MAX  = 512,       /* prepared on a connection                   */
	TICK_MS   = 5,
	CODE_SSL = 80877103, CODE_GSS = 80877104, CODE_CANCEL = 80877102,
};

/** What test and process share */
struct shared {
	atomic_int armed;      /* number of a statement + 1; 0: none         */
	atomic_int how;
	atomic_int hit;
	atomic_bool frozen, shut;
	atomic_bool shut_next; /* shut as soon as the statement was hit      */
	atomic_uint seenv[STMTS_MAX];
};

struct pgproxy {
	struct shared *sh;
	pid_t pid;
	uint16_t port;
};

struct prep {
	char name[32];
	int stmt;
};

struct half {
	int fd;
	struct mbuf *in;       /* read, not yet looked at                    */
	struct mbuf *out;      /* to be written                              */
};

struct conn {
	struct half cli, srv;
	bool begun;            /* the start-up message has passed            */
	bool stalled;
	unsigned syncs, readies;
	unsigned cut_at;       /* ends with that ReadyForQuery; 0: not       */
	struct prep prepv[PREP_MAX];
	size_t prepc;
};

static struct conn *connv[CONNS_MAX];


/* ------------------------------------------------------- names of statements */

static int number_of(const char *name)
{
	size_t i;

	for (i = 0; i < sql_store.stmtc; i++) {
		if (!strcmp(sql_store.stmtv[i].name, name))
			return (int)i;
	}
	for (i = 0; i < sql_compliance.stmtc; i++) {
		if (!strcmp(sql_compliance.stmtv[i].name, name))
			return (int)(sql_store.stmtc + i);
	}

	return -1;
}


static int number_of_text(const char *text)
{
	size_t i;

	for (i = 0; i < sql_store.stmtc; i++) {
		if (!strcmp(sql_store.stmtv[i].text, text))
			return (int)i;
	}
	for (i = 0; i < sql_compliance.stmtc; i++) {
		if (!strcmp(sql_compliance.stmtv[i].text, text))
			return (int)(sql_store.stmtc + i);
	}

	return -1;
}


/* ------------------------------------------------------------- the process */

static void half_close(struct half *h)
{
	if (h->fd >= 0)
		(void)close(h->fd);
	h->fd = -1;
	h->in = mem_deref(h->in);
	h->out = mem_deref(h->out);
}


static void conn_close(size_t i)
{
	half_close(&connv[i]->cli);
	half_close(&connv[i]->srv);
	connv[i] = mem_deref(connv[i]);
}


static void half_open(struct half *h, int fd)
{
	const int one = 1;

	h->fd = fd;
	h->in = mbuf_alloc(65536);
	h->out = mbuf_alloc(65536);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}


static int dial(uint16_t port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&sin, sizeof(sin))) {
		(void)close(fd);
		return -1;
	}

	return fd;
}


static void accept_one(const struct shared *sh, int lfd, uint16_t port)
{
	const int fd = accept(lfd, NULL, NULL);
	int up;
	size_t i;

	if (fd < 0)
		return;

	for (i = 0; i < CONNS_MAX && connv[i]; i++)
		;
	if (i == CONNS_MAX || sh->shut || (up = dial(port)) < 0) {
		(void)close(fd);
		return;
	}

	connv[i] = mem_zalloc(sizeof(*connv[i]), NULL);
	half_open(&connv[i]->cli, fd);
	half_open(&connv[i]->srv, up);
}


static void put(struct half *to, const void *p, size_t n)
{
	const size_t pos = to->out->pos;

	mbuf_skip_to_end(to->out);
	(void)mbuf_write_mem(to->out, p, n);
	to->out->pos = pos;
}


static void parsed(struct conn *c, const char *p)
{
	const char *text = p + strlen(p) + 1;
	size_t i;

	for (i = 0; i < c->prepc && strcmp(c->prepv[i].name, p); i++)
		;
	if (i == PREP_MAX)
		return;
	if (i == c->prepc)
		++c->prepc;
	str_ncpy(c->prepv[i].name, p, sizeof(c->prepv[i].name));
	c->prepv[i].stmt = number_of_text(text);
}


static int bound(const struct conn *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->prepc; i++) {
		if (!strcmp(c->prepv[i].name, name))
			return c->prepv[i].stmt;
	}

	return -1;
}


static void bind_nothing(struct conn *c, const char *msg, uint32_t len)
{
	static const char none[] = "pgproxy refuses";
	const char *portal = msg + 5, *name = portal + strlen(portal) + 1;
	const char *rest = name + strlen(name) + 1;
	const size_t left = (size_t)(msg + 1 + len - rest);
	const uint32_t n = htonl((uint32_t)(4 + strlen(portal) + 1 +
					    sizeof(none) + left));

	put(&c->srv, "B", 1);
	put(&c->srv, &n, 4);
	put(&c->srv, portal, strlen(portal) + 1);
	put(&c->srv, none, sizeof(none));
	put(&c->srv, rest, left);
}


/* @return false: the message is dealt with, or the connection is over */
static bool on_bind(struct shared *sh, struct conn *c, const char *msg,
		    uint32_t len, bool *end)
{
	const char *name = msg + 5 + strlen(msg + 5) + 1;
	const int stmt = bound(c, name);
	int armed = stmt + 1;

	if (stmt < 0)
		return true;

	++sh->seenv[stmt];
	if (!atomic_compare_exchange_strong(&sh->armed, &armed, 0))
		return true;

	if (sh->shut_next && sh->how != PGPROXY_CUT_AFTER)
		sh->shut = true;
	++sh->hit;
	switch ((int)sh->how) {

	case PGPROXY_REFUSE:
		bind_nothing(c, msg, len);
		return false;

	case PGPROXY_CUT_BEFORE:
		*end = true;
		return false;

	case PGPROXY_CUT_AFTER:
		c->cut_at = c->syncs + 1;
		return true;

	default:
		c->stalled = true;
		return false;
	}
}


/* The start-up message has no type; encryption is refused */
static bool begin(struct conn *c, const char *msg, uint32_t len)
{
	uint32_t code;

	memcpy(&code, msg + 4, 4);
	code = ntohl(code);
	if (code == CODE_SSL || code == CODE_GSS) {
		put(&c->cli, "N", 1);
		return true;
	}

	c->begun = code != CODE_CANCEL;
	put(&c->srv, msg, len);

	return true;
}


static bool from_client(struct shared *sh, struct conn *c)
{
	struct mbuf *in = c->cli.in;

	while (!c->stalled && mbuf_get_left(in) >= (c->begun ? 5u : 8u)) {
		const char *msg = (const char *)mbuf_buf(in);
		uint32_t len;
		bool end = false;

		memcpy(&len, msg + c->begun, 4);
		len = ntohl(len);
		if (mbuf_get_left(in) < len + c->begun)
			break;

		if (!c->begun) {
			(void)begin(c, msg, len);
			mbuf_advance(in, len);
			continue;
		}

		if (*msg == 'P')
			parsed(c, msg + 5);
		if (*msg != 'B' || on_bind(sh, c, msg, len, &end))
			put(&c->srv, msg, len + 1);
		c->syncs += *msg == 'S' || *msg == 'Q';
		if (end)
			return false;
		mbuf_advance(in, len + 1);
	}

	return true;
}


/* The first ReadyForQuery ends the start-up */
static bool from_server(struct shared *sh, struct conn *c)
{
	struct mbuf *in = c->srv.in;

	while (!c->stalled && mbuf_get_left(in) >= 5) {
		const char *msg = (const char *)mbuf_buf(in);
		uint32_t len;

		memcpy(&len, msg + 1, 4);
		len = ntohl(len);
		if (mbuf_get_left(in) < len + 1)
			break;

		if (*msg == 'Z' && c->readies++ && c->cut_at &&
		    c->readies - 1 >= c->cut_at) {
			if (sh->shut_next)
				sh->shut = true;
			return false;
		}
		put(&c->cli, msg, len + 1);
		mbuf_advance(in, len + 1);
	}

	return true;
}


static void compact(struct mbuf *mb)
{
	const size_t left = mbuf_get_left(mb);

	memmove(mb->buf, mb->buf + mb->pos, left);
	mb->pos = 0;
	mb->end = left;
}


/* @return false: closed by the peer */
static bool fill(struct half *h)
{
	char buf[65536];
	const ssize_t n = read(h->fd, buf, sizeof(buf));
	size_t pos;

	if (n <= 0)
		return n < 0 && errno == EAGAIN;

	pos = h->in->pos;
	mbuf_skip_to_end(h->in);
	(void)mbuf_write_mem(h->in, (const uint8_t *)buf, (size_t)n);
	h->in->pos = pos;

	return true;
}


static bool drain(struct half *h)
{
	ssize_t n;

	if (!mbuf_get_left(h->out))
		return true;

	n = write(h->fd, mbuf_buf(h->out), mbuf_get_left(h->out));
	if (n > 0)
		mbuf_advance(h->out, n);
	compact(h->out);

	return n > 0 || errno == EAGAIN;
}


static bool serve(struct shared *sh, struct conn *c, short cli, short srv)
{
	if (cli && !fill(&c->cli))
		return false;
	if (srv && !fill(&c->srv)) {
		/* what it said last still goes through */
		(void)from_server(sh, c);
		(void)drain(&c->cli);
		return false;
	}

	if (!from_client(sh, c) || !from_server(sh, c))
		return false;
	compact(c->cli.in);
	compact(c->srv.in);

	return drain(&c->cli) && drain(&c->srv);
}


static void turn(struct shared *sh, int lfd, uint16_t port)
{
	struct pollfd pfdv[1 + 2 * CONNS_MAX];
	size_t i;

	pfdv[0] = (struct pollfd){ .fd = lfd, .events = POLLIN };
	for (i = 0; i < CONNS_MAX; i++) {
		const struct conn *c = connv[i];
		const bool on = c && !c->stalled && !sh->frozen;

		pfdv[1 + 2 * i] = (struct pollfd){
			.fd = on ? c->cli.fd : -1, .events = POLLIN };
		pfdv[2 + 2 * i] = (struct pollfd){
			.fd = on ? c->srv.fd : -1, .events = POLLIN };
	}

	(void)poll(pfdv, ARRAY_SIZE(pfdv), TICK_MS);
	if (pfdv[0].revents && !sh->frozen)
		accept_one(sh, lfd, port);

	for (i = 0; i < CONNS_MAX; i++) {
		if (!connv[i])
			continue;
		if (sh->shut ||
		    (pfdv[1 + 2 * i].fd >= 0 &&
		     !serve(sh, connv[i], pfdv[1 + 2 * i].revents,
			    pfdv[2 + 2 * i].revents)))
			conn_close(i);
	}
}


static void run(struct shared *sh, int lfd, uint16_t port, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTERM, SIG_DFL);
	if (getppid() != parent)
		_exit(0);

	for (;;)
		turn(sh, lfd, port);
}


/* ---------------------------------------------------------------- the test */

static void destructor(void *data)
{
	struct pgproxy *px = data;

	if (px->pid > 0) {
		(void)kill(px->pid, SIGKILL);
		(void)waitpid(px->pid, NULL, 0);
	}
	if (px->sh)
		(void)munmap(px->sh, sizeof(*px->sh));
}


static int listen_on(uint16_t *portp)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(sin);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    listen(fd, 64) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len))
		return -1;

	*portp = ntohs(sin.sin_port);

	return fd;
}


int pgproxy_open(struct pgproxy **pxp, uint16_t port)
{
	struct pgproxy *px = mem_zalloc(sizeof(*px), destructor);
	const pid_t parent = getpid();
	void *sh;
	int lfd;

	if (!px)
		return ENOMEM;

	sh = mmap(NULL, sizeof(*px->sh), PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	lfd = listen_on(&px->port);
	if (sh == MAP_FAILED || lfd < 0) {
		mem_deref(px);
		return errno;
	}
	px->sh = sh;

	px->pid = fork();
	if (px->pid == 0)
		run(px->sh, lfd, port, parent);
	(void)close(lfd);

	*pxp = px;

	return 0;
}


uint16_t pgproxy_port(const struct pgproxy *px)
{
	return px->port;
}


void pgproxy_arm(struct pgproxy *px, const char *stmt, enum pgproxy_how how)
{
	px->sh->armed = 0;
	px->sh->shut_next = false;
	px->sh->hit = 0;
	px->sh->how = (int)how;
	px->sh->armed = number_of(stmt) + 1;
}


void pgproxy_arm_and_shut(struct pgproxy *px, const char *stmt,
			  enum pgproxy_how how)
{
	pgproxy_arm(px, "", how);
	px->sh->shut_next = true;
	px->sh->armed = number_of(stmt) + 1;
}


void pgproxy_disarm(struct pgproxy *px)
{
	px->sh->armed = 0;
}


bool pgproxy_was_hit(const struct pgproxy *px)
{
	return px->sh->hit > 0;
}


static bool never(void *arg)
{
	(void)arg;

	return false;
}


bool pgproxy_hit(struct pgproxy *px, unsigned timeout_ms)
{
	const uint64_t end = tmr_jiffies() + timeout_ms;

	while (!pgproxy_was_hit(px) && tmr_jiffies() < end)
		(void)wait_for(never, NULL, TICK_MS);

	return pgproxy_was_hit(px);
}


unsigned pgproxy_seen(const struct pgproxy *px, const char *stmt)
{
	const int n = number_of(stmt);

	return n < 0 ? 0 : px->sh->seenv[n];
}


void pgproxy_freeze(struct pgproxy *px, bool frozen)
{
	px->sh->frozen = frozen;
}


void pgproxy_shut(struct pgproxy *px, bool shut)
{
	px->sh->shut = shut;
}
