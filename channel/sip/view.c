/**
 * @file channel/sip/view.c  A SIP message as views into the bytes it came in
 *
 * Lines are found by memchr(), names told apart by length first.  A value
 * that is continued on the next line (folding) keeps its line break inside;
 * whoever splits values treats CR and LF as blanks.
 */
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "channel/sip/view.h"


static inline bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}


static inline void trim(struct pl *pl)
{
	while (pl->l && blank(pl->p[0]))
		pl_advance(pl, 1);

	while (pl->l && blank(pl->p[pl->l - 1]))
		--pl->l;
}


/* Most write names as the RFC does: that is seen without a function call */
static inline bool name_is(const struct pl *pl, const char *name)
{
	if ((pl->p[0] ^ name[0]) & ~0x20)
		return false;

	return 0 == memcmp(pl->p, name, pl->l) ||
		0 == strncasecmp(pl->p, name, pl->l);
}


static void keep(struct view *v, struct pl *member, const struct pl *val)
{
	if (member->p)
		v->twice = true;
	else
		*member = *val;
}


static int clen_decode(struct view *v, struct pl val)
{
	uint32_t n = 0;

	trim(&val);
	if (!val.l || val.l > 9)
		return EBADMSG;

	for (size_t i = 0; i < val.l; i++) {
		if (val.p[i] < '0' || val.p[i] > '9')
			return EBADMSG;
		n = n * 10 + (uint32_t)(val.p[i] - '0');
	}

	/* two lengths are two messages: nobody can say where the next begins */
	if (v->has_clen && v->clen != n)
		return EBADMSG;

	v->clen     = n;
	v->has_clen = true;
	return 0;
}


static int via_add(struct view *v, const struct pl *val)
{
	if (v->viac >= VIEW_VIAS)
		return EBADMSG;

	v->viav[v->viac++] = *val;
	return 0;
}


static int field_compact(struct view *v, char c, const struct pl *val)
{
	switch (c | 0x20) {

	case 'v': return via_add(v, val);
	case 'l': return clen_decode(v, *val);
	case 'f': keep(v, &v->from, val);   break;
	case 't': keep(v, &v->to, val);     break;
	case 'i': keep(v, &v->callid, val); break;
	case 'c': keep(v, &v->ctype, val);  break;
	case 'm': if (!v->contact.p) v->contact = *val; break;
	}

	return 0;
}


static int field(struct view *v, const struct pl *name, const struct pl *val)
{
	switch (name->l) {

	case 1:
		return field_compact(v, name->p[0], val);
	case 2:
		if (name_is(name, "To"))
			keep(v, &v->to, val);
		break;
	case 3:
		if (name_is(name, "Via"))
			return via_add(v, val);
		break;
	case 4:
		if (name_is(name, "From"))
			keep(v, &v->from, val);
		else if (name_is(name, "CSeq"))
			keep(v, &v->cseq, val);
		break;
	case 7:
		if (name_is(name, "Call-ID"))
			keep(v, &v->callid, val);
		else if (name_is(name, "Contact") && !v->contact.p)
			v->contact = *val;
		else if (name_is(name, "Require") && !v->require.p)
			v->require = *val;
		break;
	case 12:
		if (name_is(name, "Max-Forwards"))
			keep(v, &v->maxfwd, val);
		else if (name_is(name, "Content-Type"))
			keep(v, &v->ctype, val);
		break;
	case 14:
		if (name_is(name, "Content-Length"))
			return clen_decode(v, *val);
		break;
	}

	return 0;
}


static enum sip_met method(const struct pl *met)
{
	static const struct {
		struct pl name;
		enum sip_met met;
	} metv[] = {
		{ PL("INFO"),      MET_INFO      },
		{ PL("ACK"),       MET_ACK       },
		{ PL("BYE"),       MET_BYE       },
		{ PL("INVITE"),    MET_INVITE    },
		{ PL("CANCEL"),    MET_CANCEL    },
		{ PL("UPDATE"),    MET_UPDATE    },
		{ PL("OPTIONS"),   MET_OPTIONS   },
		{ PL("SUBSCRIBE"), MET_SUBSCRIBE },
		{ PL("MESSAGE"),   MET_OTHER     },
		{ PL("NOTIFY"),    MET_OTHER     },
		{ PL("REFER"),     MET_OTHER     },
		{ PL("REGISTER"),  MET_OTHER     },
		{ PL("PUBLISH"),   MET_OTHER     },
		{ PL("PRACK"),     MET_OTHER     },
		{ PL("SERVICE"),   MET_SERVICE   },
		{ PL("BENOTIFY"),  MET_OTHER     },
	};

	for (size_t i = 0; i < ARRAY_SIZE(metv); i++) {
		if (metv[i].name.l == met->l && name_is(met, metv[i].name.p))
			return metv[i].met;
	}

	return MET_UNKNOWN;
}


static int status_line(struct view *v, const struct pl *line)
{
	const char *p = line->p + 8;

	if (line->l < 11)
		return EBADMSG;

	for (int i = 0; i < 3; i++) {
		if (p[i] < '0' || p[i] > '9')
			return EBADMSG;
		v->scode = (uint16_t)(v->scode * 10 + (p[i] - '0'));
	}

	if (v->scode < 100 || v->scode > 699)
		return EBADMSG;

	v->reason.p = p + 3;
	v->reason.l = line->l - 11;
	trim(&v->reason);
	return 0;
}


static int request_line(struct view *v, const struct pl *line)
{
	static const struct pl ver = PL(" SIP/2.0");
	const char *sp = memchr(line->p, ' ', line->l);

	if (!sp || sp == line->p || line->l < ver.l + 3)
		return EBADMSG;

	v->met.p = line->p;
	v->met.l = (size_t)(sp - line->p);
	if (v->met.l > 32)
		return EBADMSG;

	v->ruri.p = sp + 1;
	if (line->l < v->met.l + 1 + ver.l + 1)
		return EBADMSG;
	v->ruri.l = line->l - v->met.l - 1 - ver.l;

	if (strncasecmp(v->ruri.p + v->ruri.l, ver.p, ver.l) != 0 ||
	    memchr(v->ruri.p, ' ', v->ruri.l))
		return EBADMSG;

	v->method = method(&v->met);
	return 0;
}


static int first_line(struct view *v, const struct pl *line)
{
	if (line->l >= 8 && !strncasecmp(line->p, "SIP/2.0 ", 8))
		return status_line(v, line);

	return request_line(v, line);
}


/* CSeq: number, blank, method */
static void cseq_decode(struct view *v)
{
	struct pl pl = v->cseq;
	uint64_t n = 0;

	trim(&pl);
	v->cseq = pl;

	while (pl.l && pl.p[0] >= '0' && pl.p[0] <= '9' && n <= UINT32_MAX) {
		n = n * 10 + (uint64_t)(pl.p[0] - '0');
		pl_advance(&pl, 1);
	}

	if (pl.p == v->cseq.p || n > UINT32_MAX || !pl.l || !blank(pl.p[0]))
		return;

	trim(&pl);
	v->cseq_num = (uint32_t)n;
	v->cseq_met = pl;
}


static void finish(struct view *v)
{
	trim(&v->from);
	trim(&v->to);
	trim(&v->callid);
	cseq_decode(v);
	view_param(&v->from, "tag", &v->ftag);
	view_param(&v->to, "tag", &v->ttag);
}


/* One line and what continues it; the value is trimmed but for folding */
static int line_decode(struct view *v, const char *p, size_t l)
{
	const char *colon = memchr(p, ':', l);
	struct pl name, val;

	if (!colon)
		return EBADMSG;

	name.p = p;
	name.l = (size_t)(colon - p);
	while (name.l && blank(name.p[name.l - 1]))
		--name.l;

	val.p = colon + 1;
	val.l = l - (size_t)(val.p - p);
	trim(&val);

	return field(v, &name, &val);
}


/* End of the line at p, past its LF and past lines that continue it */
static const char *line_end(const char *p, const char *end, bool fold)
{
	do {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			return NULL;
		++p;
		if (p == end)
			return fold ? NULL : p;
	} while (fold && (*p == ' ' || *p == '\t'));

	return p;
}


static void view_init(struct view *v)
{
	memset(v, 0, offsetof(struct view, viav));
	v->viac     = 0;
	v->cseq_num = 0;
	v->clen     = 0;
	v->scode    = 0;
	v->method   = MET_UNKNOWN;
	v->has_clen = false;
	v->twice    = false;
}


static int incomplete(size_t l)
{
	return l > VIEW_HEAD_MAX ? EOVERFLOW : EAGAIN;
}


int view_decode(struct view *v, const char *p, size_t l)
{
	const char *end = p + l, *q = p, *next;
	struct pl line;
	int err;

	view_init(v);

	next = line_end(q, end, false);
	if (!next)
		return incomplete(l);

	line.p = q;
	line.l = (size_t)(next - q);
	trim(&line);
	err = first_line(v, &line);
	if (err)
		return err;

	for (q = next; ; q = next) {

		if (q == end)
			return incomplete(l);

		if (*q == '\n' || (*q == '\r' && end - q > 1 && q[1] == '\n'))
			break;

		next = line_end(q, end, true);
		if (!next)
			return incomplete(l);

		err = line_decode(v, q, (size_t)(next - q));
		if (err)
			return err;
	}

	q += *q == '\r' ? 2 : 1;

	v->head.p = p;
	v->head.l = (size_t)(q - p);
	if (v->head.l > VIEW_HEAD_MAX)
		return EOVERFLOW;

	v->body.p = q;
	v->body.l = MIN((size_t)(end - q), v->clen);
	finish(v);

	return 0;
}


const char *view_fault(const struct view *v)
{
	if (!v->viac)
		return "Missing Via";
	if (!v->from.l)
		return "Missing From";
	if (!v->to.l)
		return "Missing To";
	if (!v->callid.l)
		return "Missing Call-ID";
	if (!v->cseq_met.l)
		return "Missing or bad CSeq";
	if (!v->scode && (v->cseq_met.l != v->met.l ||
			  strncasecmp(v->cseq_met.p, v->met.p,
				      v->met.l) != 0))
		return "CSeq method differs";
	if (v->twice)
		return "Repeated header field";

	return NULL;
}


bool view_hdr(const struct view *v, const char *name, char abbr, unsigned nth,
	      struct pl *val)
{
	const char *q = v->head.p, *end = q + v->head.l, *next, *colon;
	const size_t nl = strlen(name);

	for (q = line_end(q, end, false); q && q < end; q = next) {
		size_t l;

		next = line_end(q, end, true);
		if (!next)
			next = end;

		colon = memchr(q, ':', (size_t)(next - q));
		if (!colon)
			continue;

		l = (size_t)(colon - q);
		while (l && blank(q[l - 1]))
			--l;

		if (!(l == nl && !strncasecmp(q, name, nl)) &&
		    !(abbr && l == 1 && (*q | 0x20) == abbr))
			continue;

		if (nth--)
			continue;

		val->p = colon + 1;
		val->l = (size_t)(next - val->p);
		trim(val);
		return true;
	}

	return false;
}
