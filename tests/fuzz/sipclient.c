/**
 * @file tests/fuzz/sipclient.c  Clients of the SIP core, for fuzz_dialog.c
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <re.h>
#include "channel/sip/core.h"
#include "channel/sip/conn_priv.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sipclient.h"

#define HOST SIPCLIENT_HOST
#define BRANCH "z9hG4bK-fuzz-"

enum { REQUESTS_MAX = 64, BODY_MARK = 0x01 };

struct client {
	int fd;                        /* -1: not connected                  */
	struct mbuf *in;
	bool raw;                      /* had bytes of the input's own       */
};

/** A request that was sent whole */
struct sent {
	struct client *on;             /* NULL: nobody waits for its answer  */
	bool invite;
	unsigned finals, cancels;      /* answers to it, to its CANCEL       */
	bool cancelled;
};

static struct uas *uas;
static struct client clientv[SIPCLIENTS];
static struct sent sentv[REQUESTS_MAX];
static unsigned sentc, cseq, callid;
static unsigned invite, dcall;         /* the dialog's, and its Call-ID      */
static char dtag[64], asked[4096];     /* its tag; what we were asked        */
static size_t cut;
static bool deaf;


/* -------------------------------------------------------- what is heard */

static void field(char *buf, size_t size, const struct view *v,
		  const char *name)
{
	struct pl pl;

	buf[0] = '\0';
	if (view_hdr(v, name, 0, &pl))
		(void)pl_strcpy(&pl, buf, size);
}


static void answer_heard(const struct view *v)
{
	const struct pl *via = &v->viav[0];
	struct pl branch, tag;
	struct sent *s;
	unsigned n;

	if (v->scode < 200 || !v->viac ||
	    !view_via_branch(via, &branch) ||
	    branch.l <= strlen(BRANCH) || strncmp(branch.p, BRANCH, strlen(BRANCH)))
		return;

	n = (unsigned)strtoul(branch.p + strlen(BRANCH), NULL, 10);
	if (n >= sentc)
		return;

	s = &sentv[n];
	if (!pl_strcmp(&v->cseq_met, "CANCEL"))
		++s->cancels;
	else
		++s->finals;
	if (s->invite && v->scode == 200 && n == invite &&
	    view_param(&v->to, "tag", &tag))
		(void)pl_strcpy(&tag, dtag, sizeof(dtag));
}


static void client_write(struct client *c, const char *p, size_t l);


void client_answer(struct client *c, unsigned code)
{
	struct pl pl;
	struct view v;
	char head[3000];
	char via[512], from[512], to[512], seq[512], id[512];

	pl_set_str(&pl, asked);
	if (!pl.l || view_decode(&v, pl.p, pl.l))
		return;

	field(via, sizeof(via), &v, "Via");
	field(from, sizeof(from), &v, "From");
	field(to, sizeof(to), &v, "To");
	field(seq, sizeof(seq), &v, "CSeq");
	field(id, sizeof(id), &v, "Call-ID");
	(void)snprintf(head, sizeof(head), "SIP/2.0 %u Said\r\nVia: %s\r\n"
		       "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n"
		       "Content-Length: 0\r\n\r\n", code, via, from, to, id,
		       seq);
	client_write(c, head, strlen(head));
}


static void heard(struct client *c, const struct view *v, const char *p,
		  size_t l)
{
	if (v->response) {
		answer_heard(v);
		return;
	}

	(void)snprintf(asked, sizeof(asked), "%.*s", (int)l, p);
	if (!deaf)
		client_answer(c, 200);
}


static void client_read(struct client *c)
{
	struct view v;
	size_t pos = 0, l;
	ssize_t n;

	if (c->fd < 0)
		return;

	do {
		fuzz_check(!mbuf_resize(c->in, c->in->end + 65536));
		n = recv(c->fd, c->in->buf + c->in->end, 65536, MSG_DONTWAIT);
		if (n > 0)
			c->in->end += (size_t)n;
	} while (n > 0);

	if (n == 0 || errno != EAGAIN) {
		fuzz_check(c->raw);
		(void)close(c->fd);
		c->fd = -1;
	}

	while (pos < c->in->end) {
		const char *p = (const char *)c->in->buf + pos;

		if (*p == '\r' || *p == '\n') {
			++pos;
			continue;
		}
		if (view_decode(&v, p, c->in->end - pos))
			break;
		fuzz_check(v.framing == VIEW_FRAMED && v.has_clen && !v.alien);
		l = v.head.l + v.clen;
		if (l > c->in->end - pos)
			break;
		heard(c, &v, p, l);
		pos += l;
	}

	memmove(c->in->buf, c->in->buf + pos, c->in->end - pos);
	c->in->end -= pos;
}


void clients_settle(unsigned n)
{
	fuzz_turns(n);
	for (unsigned i = 0; i < SIPCLIENTS; i++)
		client_read(&clientv[i]);
}


/* ---------------------------------------------------------- what is said */

static void client_forget(struct client *c)
{
	for (unsigned i = 0; i < sentc; i++) {
		if (sentv[i].on == c)
			sentv[i].on = NULL;
	}
}


/* A pair of sockets, which deliver at once, in place of accept() and connect():
   an input does the same each time.  The answer to OPTIONS makes it one that
   may stay */
static void client_open(struct client *c)
{
	static const char options[] = "OPTIONS sip:x@y SIP/2.0\r\n"
		"Via: SIP/2.0/TCP h\r\nFrom: <sip:m@x>;tag=1\r\n"
		"To: <sip:x@y>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\n"
		"Content-Length: 0\r\n\r\n";
	struct conn *conn;
	struct sa peer;
	int fdv[2];

	fuzz_check(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fdv));
	(void)sa_set_str(&peer, HOST, 9);
	fuzz_check(!conn_alloc(&conn, uas->conns, fdv[1], false, &peer) &&
		   !conn_start(conn));
	(void)sa_set_str(&conn->laddr, HOST, 5060);
	c->fd  = fdv[0];
	c->raw = false;
	c->in->end = 0;
	fuzz_check(send(c->fd, options, sizeof(options) - 1, MSG_NOSIGNAL) > 0);
	clients_settle(2);
}


void client_close(struct client *c)
{
	client_forget(c);
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
}


static void client_write(struct client *c, const char *p, size_t l)
{
	const size_t first = cut && cut < l ? cut : l;

	if (c->fd < 0)
		return;

	(void)send(c->fd, p, first, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (first == l)
		return;

	cut = 0;
	fuzz_turns(2);
	(void)send(c->fd, p + first, l - first, MSG_NOSIGNAL | MSG_DONTWAIT);
}


static bool names_length(const char *p, size_t l)
{
	size_t n = 0;

	while (n < l && p[n] != ':')
		++n;
	while (n && (p[n - 1] == ' ' || p[n - 1] == '\t' || p[n - 1] == '\r'))
		--n;

	return (n == 1 && tolower((unsigned char)*p) == 'l') ||
		(n == 14 && !strncasecmp(p, "Content-Length", 14));
}


/* Lines of a head: none is empty, none says a length, each has an end */
static void lines(struct mbuf *mb, const char *p, size_t l)
{
	while (l) {
		const char *nl = memchr(p, '\n', l);
		const size_t n = nl ? (size_t)(nl - p) : l;
		size_t text = n;

		while (text && p[text - 1] == '\r')
			--text;
		if (text && !names_length(p, text))
			(void)mbuf_printf(mb, "%b\r\n", p, text);
		l -= n + (nl != NULL);
		p += n + (nl != NULL);
	}
}


static unsigned noted(struct client *c, const char *met)
{
	struct sent *s = &sentv[sentc];

	memset(s, 0, sizeof(*s));
	s->invite = !strcmp(met, "INVITE");
	s->on = c->raw || !strcmp(met, "ACK") ? NULL : c;

	return sentc++;
}


void client_request(struct client *c, struct fuzz_in *in, bool inside)
{
	struct mbuf *mb = mbuf_alloc(1024), *more = mbuf_alloc(256);
	size_t ml, xl, bl;
	char *met = fuzz_text(in, '\n', &ml), *extra, *body;
	unsigned n;

	extra = fuzz_text(in, BODY_MARK, &xl);
	body  = fuzz_block(in, in->l, &bl);
	for (n = 0; met[n] >= 'A' && met[n] <= 'Z' && n < 12; n++)
		;
	met[n] = '\0';
	if (n && strcmp(met, "CANCEL") && sentc < REQUESTS_MAX) {
		if (!inside)
			++callid;
		n = noted(c, met);
		if (!inside && sentv[n].invite && !dtag[0]) {
			invite = n;
			dcall  = callid;
		}
		lines(more, extra, xl);
		(void)mbuf_printf(mb, "%s sip:pool@example.net SIP/2.0\r\n"
			"Content-Length: %zu\r\n"
			"Via: SIP/2.0/TCP " HOST ":9;branch=" BRANCH "%u\r\n"
			"From: <sip:ada@example.net>;tag=a;epid=1\r\n"
			"To: <sip:pool@example.net>%s%s\r\n"
			"Call-ID: %u\r\nCSeq: %u %s\r\n"
			"P-Asserted-Identity: <sip:ada@example.net>\r\n"
			"Contact: <sip:ada@" HOST ":9;transport=tcp>\r\n"
			"Max-Forwards: 70\r\n%b\r\n%b",
			met, bl, n, inside ? ";tag=" : "", inside ? dtag : "",
			inside ? dcall : callid, ++cseq, met, more->buf, more->end,
			body, bl);
		client_write(c, (char *)mb->buf, mb->end);
	}

	free(met);
	free(extra);
	free(body);
	mem_deref(mb);
	mem_deref(more);
}


void client_raw(struct client *c, const uint8_t *p, size_t l)
{
	c->raw = true;
	client_forget(c);
	client_write(c, (const char *)p, l);
}


void client_cancel(struct client *c)
{
	char msg[1024];

	if (!sentc || !sentv[invite].invite || sentv[invite].cancelled)
		return;

	/* it must be of the INVITE's Call-ID and CSeq: the latest request */
	if (invite != sentc - 1)
		return;

	sentv[invite].cancelled = true;
	(void)snprintf(msg, sizeof(msg), "CANCEL sip:pool@example.net SIP/2.0"
		"\r\nVia: SIP/2.0/TCP " HOST ":9;branch=" BRANCH "%u\r\n"
		"From: <sip:ada@example.net>;tag=a;epid=1\r\n"
		"To: <sip:pool@example.net>\r\nCall-ID: %u\r\n"
		"CSeq: %u CANCEL\r\nMax-Forwards: 70\r\n"
		"Content-Length: 0\r\n\r\n", invite, callid, cseq);
	client_write(c, msg, strlen(msg));
}


void clients_cut(size_t at)
{
	cut = at;
}


void clients_deaf(void)
{
	deaf = !deaf;
}


struct client *client_get(unsigned i)
{
	struct client *c = &clientv[i];

	if (c->fd < 0)
		client_open(c);

	return c;
}


void clients_open(struct uas *core)
{
	uas = core;
	dtag[0] = asked[0] = '\0';
	sentc = cseq = callid = invite = dcall = 0;
	cut  = 0;
	deaf = false;
	for (unsigned i = 0; i < SIPCLIENTS; i++)
		clientv[i] = (struct client){ -1, mbuf_alloc(4096), false };
}


void clients_close(void)
{
	for (unsigned i = 0; i < SIPCLIENTS; i++) {
		client_close(&clientv[i]);
		clientv[i].in = mem_deref(clientv[i].in);
	}
}


/* Everything that was asked has been answered, once */
void clients_judge(void)
{
	for (unsigned i = 0; i < sentc; i++) {
		const struct sent *s = &sentv[i];

		if (!s->on || s->on->fd < 0)
			continue;
		fuzz_check(s->finals > 0);
		fuzz_check(s->invite || s->finals == 1);
		fuzz_check(!s->cancelled || s->cancels == 1);
	}
}
