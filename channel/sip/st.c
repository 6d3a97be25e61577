/**
 * @file channel/sip/st.c  Server transactions: answers
 *
 * Streams lose nothing, so a transaction is no more than what its answer
 * needs: on the stack while a handler runs, else the answer's fields in one
 * block.
 */
#include <string.h>
#include <re.h>
#include "channel/sip/core.h"

const char uas_allow[] =
	"Allow: INVITE, ACK, CANCEL, BYE, INFO, UPDATE, OPTIONS, SUBSCRIBE, "
	"SERVICE\r\n";

enum { LINES_MAX = 128 };              /* of status line, lengths, names     */


static void destructor(void *data)
{
	struct st *st = data;

	mem_deref(st->conn);
}


static inline char *put(char *p, const char *s, size_t l)
{
	if (s && l)
		memcpy(p, s, l);
	return p + l;
}


#define PUT(p, lit) put((p), (lit), sizeof(lit) - 1)


static inline char *put_field(char *p, const char *name, size_t nl,
			      const struct pl *val)
{
	p = put(p, name, nl);
	p = put(p, val->p, val->l);
	return PUT(p, "\r\n");
}


#define PUTF(p, lit, val) put_field((p), lit, sizeof(lit) - 1, (val))


/* The tag of an answer outside dialogs: the same for the same request */
void st_tag(char buf[16], const struct view *v)
{
	uint32_t h = hash_joaat((const uint8_t *)v->callid.p, v->callid.l);

	if (v->viac)
		h ^= hash_joaat((const uint8_t *)v->viav[0].p, v->viav[0].l);

	(void)re_snprintf(buf, 16, "%08x", h);
}


static char *put_tag(char *p, const struct view *v)
{
	char tag[16];

	st_tag(tag, v);
	p = PUT(p, ";tag=");

	return put(p, tag, strlen(tag));
}


static size_t fields_len(const struct view *v)
{
	return v->from.l + v->to.l + v->callid.l + v->cseq.l + 64 +
		v->vial + 8 * (size_t)v->viac;
}


char *st_put_vias(char *p, const struct view *v)
{
	const char *pos = NULL;
	struct pl val;

	if (v->viac <= VIEW_VIAS) {
		for (uint32_t i = 0; i < v->viac; i++)
			p = PUTF(p, "Via: ", &v->viav[i]);
		return p;
	}

	while (view_next(v, &pos, "Via", 'v', &val))
		p = PUTF(p, "Via: ", &val);

	return p;
}


/* What some take for the end of a line is not handed on as such */
static void blank_out(char *p, const char *end)
{
	for (; p < end; p++) {
		if (!*p || (*p == '\r' && (p + 1 == end || p[1] != '\n')))
			*p = ' ';
	}
}


static char *put_all(char *p, const struct view *v)
{
	p = st_put_vias(p, v);

	if (v->from.l)
		p = PUTF(p, "From: ", &v->from);

	if (v->to.l) {
		p = PUT(p, "To: ");
		p = put(p, v->to.p, v->to.l);
		if (!v->ttag.l && !v->fault)
			p = put_tag(p, v);
		p = PUT(p, "\r\n");
	}

	if (v->callid.l)
		p = PUTF(p, "Call-ID: ", &v->callid);
	if (v->cseq.l)
		p = PUTF(p, "CSeq: ", &v->cseq);

	return p;
}


static char *put_fields(char *p, const struct view *v)
{
	char *start = p;

	p = put_all(p, v);
	if (v->fault)
		blank_out(start, p);

	return p;
}


static char *put_u32(char *p, uint32_t n)
{
	char buf[10];
	int i = sizeof(buf);

	do {
		buf[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n);

	return put(p, buf + i, sizeof(buf) - (size_t)i);
}


static void count(uint16_t code)
{
	++sip_stats.responses_out;
	if (code >= 500 && code < 600)
		++sip_stats.replies_5xx;
	else if (code >= 400)
		++sip_stats.replies_4xx;
}


/* RFC 3261 18.2.2: the connection is gone, so to the address in Via */
static struct conn *conn_for(const struct st *st)
{
	struct conn *conn = st->conn;
	struct pl via;

	if (conn_alive(conn))
		return conn;

	via.p = st->v ? st->v->viav[0].p : st->fieldv + sizeof("Via: ") - 1;
	via.l = st->vial;
	if (!via.l || route_dial_via(&conn, st->uas, &via, conn_tls(conn)))
		return NULL;

	++sip_stats.replies_redialled;
	return conn;
}


static void answer(const struct st *st, uint16_t code, const char *reason,
		   const char *extra, const char *ctype,
		   const struct pl *body)
{
	const size_t reasonl = str_len(reason), extral = str_len(extra);
	const size_t ctypel = str_len(ctype), bodyl = body ? body->l : 0;
	struct conn *conn = conn_for(st);
	char *p, *start;

	if (!conn)
		return;

	start = conn_reserve(conn, LINES_MAX + reasonl + extral +
			     ctypel + bodyl +
			     (st->v ? fields_len(st->v) : st->fieldl));
	if (!start)
		return;

	p = PUT(start, "SIP/2.0 ");
	p = put_u32(p, code);
	p = PUT(p, " ");
	p = put(p, reason, reasonl);
	p = PUT(p, "\r\n");
	p = st->v ? put_fields(p, st->v) : put(p, st->fieldv, st->fieldl);
	p = put(p, extra, extral);
	if (ctypel) {
		p = PUT(p, "Content-Type: ");
		p = put(p, ctype, ctypel);
		p = PUT(p, "\r\n");
	}
	p = PUT(p, "Content-Length: ");
	p = put_u32(p, (uint32_t)bodyl);
	p = PUT(p, "\r\n\r\n");
	p = put(p, body ? body->p : NULL, bodyl);

	conn_commit(conn, (size_t)(p - start));
	count(code);
}


void st_init(struct st *st, struct uas *uas, struct conn *conn,
	     const struct view *v)
{
	memset(st, 0, sizeof(*st));
	st->uas    = uas;
	st->conn   = conn;
	st->v      = v;
	st->method = v->method;
	st->cseq   = v->cseq_num;
	st->vial   = v->viac ? v->viav[0].l : 0;
}


void st_answer(struct uas *uas, struct conn *conn, const struct view *v,
	       uint16_t code, const char *reason, const char *extra)
{
	struct st st;

	if (v->method == MET_ACK)
		return;

	st_init(&st, uas, conn, v);
	answer(&st, code, reason, extra, NULL, NULL);
}


struct st *st_hold(struct st *st)
{
	struct st *held;

	if (!st || st->done)
		return NULL;

	if (st->held)
		return st;

	if (st->inv) {
		st->held = true;
		return mem_ref(st->inv);
	}

	held = mem_alloc(sizeof(*held) + fields_len(st->v), destructor);
	if (!held)
		return NULL;

	*held = *st;
	held->fieldl = (size_t)(put_fields(held->fieldv, st->v) -
				held->fieldv);
	held->v    = NULL;
	held->held = true;
	mem_ref(held->conn);
	st->done   = true;

	return held;
}


void st_reply(struct st *st, uint16_t code, const char *reason,
	      const char *extra)
{
	st_reply_body(st, code, reason, extra, NULL, NULL);
}


void st_reply_body(struct st *st, uint16_t code, const char *reason,
		   const char *extra, const char *ctype, const struct pl *body)
{
	struct invite *inv;
	bool held;

	if (!st)
		return;

	inv  = st->inv;
	held = st->held;

	if (!st->done && conn_owned(st->conn)) {
		answer(st, code, reason, extra, ctype, body);
		if (st->in_dlg)
			dlg_answered(st->uas, st, code);
	}

	st->done = true;
	if (inv)
		invite_done(inv);
	if (held)
		mem_deref(inv ? (void *)inv : (void *)st);
}
