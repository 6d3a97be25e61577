/**
 * @file tests/fuzz/fuzz_dialog.c  The SIP core with live dialogs
 *
 * The input is a script, its steps end with 0xff: requests in and out of a
 * dialog with any header lines, any bytes, the application's doings, the
 * clock.  stepv below names them.  Lower case is the first connection, upper
 * case the second.
 *
 * What must hold: a message that is framed never ends a connection, each
 * request gets exactly one final answer, and all that the core says is framed.
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
#include "common/clock.h"
#include "common/wheel.h"
#include "channel/sip/core.h"
#include "channel/sip/conn_priv.h"
#include "tests/fuzz/fuzz.h"

/* Nobody else listens there, so that no Route leads to a stranger */
#define HOST "127.77.0.1"
#define BRANCH "z9hG4bK-fuzz-"

enum { CONNS = 2, REQUESTS_MAX = 64, HELD_MAX = 64, STEPS_MAX = 96,
       STEP_END = 0xff, BODY_MARK = 0x01, EXTRA_MAX = 16384 };

struct client {
	int fd;
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
static struct client clientv[CONNS];
static struct sent sentv[REQUESTS_MAX];
static unsigned sentc, cseq, callid, invite, dcall;
static struct dlg *dlg;
static struct st *heldv[HELD_MAX];
static unsigned heldc;
static bool holding, busy, deaf;
static char dtag[64], asked[4096];     /* the dialog; what we were asked     */
static uint64_t now;
static unsigned turns, cut;
static struct tmr tmr;


/* ------------------------------------------------------------ the loop */

static void turn_handler(void *arg)
{
	(void)arg;

	if (turns--)
		tmr_start(&tmr, 0, turn_handler, NULL);
	else
		re_cancel();
}


static void run(unsigned n)
{
	turns = n;
	tmr_start(&tmr, 0, turn_handler, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}


static void clock_go(uint64_t ms)
{
	now += ms;
	wheel_time_set(now);
	clock_set((int64_t)(1700000000000 + now) * 1000);
}


/* ----------------------------------------------------- the application */

static void hold(struct st *st)
{
	struct st *held = heldc < HELD_MAX ? st_hold(st) : NULL;

	if (held)
		heldv[heldc++] = held;
	else
		st_reply(st, 500, "Full", NULL);
}


static void held_answer(uint16_t code)
{
	struct st *st = heldv[0];

	memmove(heldv, heldv + 1, --heldc * sizeof(heldv[0]));
	if (code == 200 && st->inv && !dlg)
		(void)dlg_accept(&dlg, st, NULL);
	else
		st_reply(st, code == 200 && st->inv ? 486 : code, "Said",
			 NULL);
}


static void invite_handler(struct st *st, const struct uas_invite *inv,
			   void *arg)
{
	(void)inv;
	(void)arg;

	if (holding)
		hold(st);
	else if (dlg)
		st_reply(st, 486, "Busy Here", NULL);
	else
		(void)dlg_accept(&dlg, st, NULL);
}


static void info_handler(struct dlg *d, struct st *st, const struct pl *body,
			 void *arg)
{
	(void)d;
	(void)arg;

	if (holding)
		hold(st);
	else
		st_reply(st, body->l & 1 ? 403 : 200, "OK", NULL);
}


static void subscribe_handler(struct st *st, const struct uas_subscribe *sub,
			      void *arg)
{
	(void)arg;
	st_reply_body(st, 200, "OK", NULL, "text/plain", &sub->body);
}


static void closed_handler(struct dlg *d, enum dlg_end why, void *arg)
{
	(void)why;
	(void)arg;

	if (dlg == d)
		dlg = NULL;
}


static bool accepting_handler(void *arg)
{
	(void)arg;

	return !busy;
}


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


static void answer_say(struct client *c, unsigned code)
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
		answer_say(c, 200);
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


static void settle(unsigned n)
{
	run(n);
	for (unsigned i = 0; i < CONNS; i++)
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
	settle(2);
}


static void client_close(struct client *c)
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
	run(2);
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


/* METHOD LF lines BODY_MARK body */
static void request(struct client *c, struct fuzz_in *in, bool inside)
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


/* ---------------------------------------------------------------- the steps */

typedef void (step_h)(struct client *c, struct fuzz_in *in);


static void step_outside(struct client *c, struct fuzz_in *in)
{
	request(c, in, false);
}


static void step_inside(struct client *c, struct fuzz_in *in)
{
	request(c, in, true);
}


static void step_raw(struct client *c, struct fuzz_in *in)
{
	c->raw = true;
	client_forget(c);
	client_write(c, (const char *)in->p, in->l);
}


static void step_cut(struct client *c, struct fuzz_in *in)
{
	(void)c;
	cut = fuzz_byte(in) * 4u + fuzz_byte(in);
}


static void step_time(struct client *c, struct fuzz_in *in)
{
	static const uint32_t msv[] = { 1, 250, 500, 1000, 4000, 33000,
					660000, 1300000 };
	const uint32_t ms = msv[fuzz_byte(in) & 7];

	(void)c;
	for (int i = 0; i < 4; i++) {
		clock_go(ms / 4 + 1);
		settle(2);
	}
}


static void step_send(struct client *c, struct fuzz_in *in)
{
	struct info *info;

	(void)c;
	if (!dlg || info_alloc(&info, (const char *)in->p, in->l))
		return;

	dlg_send(dlg, info);
	mem_deref(info);
}


static void step_end(struct client *c, struct fuzz_in *in)
{
	static void (*const endv[])(struct dlg *) = {
		dlg_close, dlg_bye, dlg_bar
	};

	(void)c;
	if (!dlg)
		return;

	endv[fuzz_byte(in) % ARRAY_SIZE(endv)](dlg);
	dlg = NULL;
}


static void step_hold(struct client *c, struct fuzz_in *in)
{
	(void)c;
	(void)in;
	holding = !holding;
}


static void step_answer_held(struct client *c, struct fuzz_in *in)
{
	(void)c;
	if (heldc)
		held_answer(fuzz_byte(in) & 1 ? 403 : 200);
}


static void step_busy(struct client *c, struct fuzz_in *in)
{
	(void)c;
	(void)in;
	busy = !busy;
}


static void step_deaf(struct client *c, struct fuzz_in *in)
{
	(void)c;
	(void)in;
	deaf = !deaf;
}


static void step_reply(struct client *c, struct fuzz_in *in)
{
	answer_say(c, 100 + fuzz_byte(in) * 3u % 600);
}


static void step_close(struct client *c, struct fuzz_in *in)
{
	(void)in;
	client_close(c);
}


static void step_cancel(struct client *c, struct fuzz_in *in)
{
	char msg[1024];

	(void)in;
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


static const struct {
	char name;
	step_h *h;
} stepv[] = {
	{ 'o', step_outside     },     /* a request outside dialogs          */
	{ 'q', step_inside      },     /* a request in the dialog            */
	{ 'x', step_raw         },     /* any bytes                          */
	{ 'c', step_cut         },     /* the next message comes in two      */
	{ 't', step_time        },     /* time passes                        */
	{ 's', step_send        },     /* the application sends an INFO      */
	{ 'e', step_end         },     /* it ends the dialog                 */
	{ 'h', step_hold        },     /* it answers later, or at once again */
	{ 'g', step_answer_held },     /* it answers one                     */
	{ 'n', step_busy        },     /* it takes no new dialogs, or again  */
	{ 'd', step_deaf        },     /* the client does not answer         */
	{ 'r', step_reply       },     /* it answers the latest request      */
	{ 'k', step_close       },     /* it closes its connection           */
	{ 'l', step_cancel      },     /* it cancels the latest INVITE       */
};


static void step(struct fuzz_in *in)
{
	const uint8_t op = fuzz_byte(in);
	struct client *c = &clientv[isupper(op) ? 1 : 0];

	for (size_t i = 0; i < ARRAY_SIZE(stepv); i++) {
		if (stepv[i].name != tolower(op))
			continue;
		if (c->fd < 0)
			client_open(c);
		stepv[i].h(c, in);
		settle(3);
		return;
	}
}


/* ----------------------------------------------------------------- all of it */

static void core_open(void)
{
	static const struct uas_conf conf = {
		.peer_addrs = HOST "/32",
		.window = 2, .queue_max = 8, .body_max = 2048,
	};
	static const struct uas_events ev = {
		.invite = invite_handler, .subscribe = subscribe_handler,
		.info = info_handler, .closed = closed_handler,
		.accepting = accepting_handler,
	};

	fuzz_check(!uas_open(&uas, &conf, &ev, NULL));
}


/* Everything that was asked has been answered, once */
static void judge(void)
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


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	unsigned steps = 0;

	fuzz_init();
	if (!now)
		now = tmr_jiffies();
	clock_go(1);
	core_open();
	dtag[0] = asked[0] = '\0';
	sentc = cseq = callid = invite = dcall = cut = 0;
	holding = busy = deaf = false;
	for (unsigned i = 0; i < CONNS; i++)
		clientv[i] = (struct client){ -1, mbuf_alloc(4096), false };

	while (in.l && steps++ < STEPS_MAX) {
		size_t l;
		char *p = fuzz_text(&in, STEP_END, &l);
		struct fuzz_in one = { (uint8_t *)p, l };

		step(&one);
		free(p);
	}

	while (heldc)
		held_answer(403);
	settle(6);
	judge();

	for (unsigned i = 0; i < CONNS; i++) {
		client_close(&clientv[i]);
		mem_deref(clientv[i].in);
	}
	uas = mem_deref(uas);
	dlg = NULL;

	return 0;
}
