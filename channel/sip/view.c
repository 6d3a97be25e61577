/**
 * @file channel/sip/view.c  A SIP message as views into the bytes it came in
 *
 * Lines are found by memchr(), names told apart by length first.  A value
 * that is continued on the next line (folding) keeps its line break inside;
 * whoever splits values treats CR and LF as blanks.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "channel/sip/addr.h"
#include "channel/sip/view.h"
#include "channel/sip/view_priv.h"


static void keep(struct view *v, struct pl *member, const struct pl *val)
{
	if (member->p)
		view_wrong(v, 400, "Repeated header field");
	else
		*member = *val;
}


static void first(struct pl *member, const struct pl *val)
{
	if (!member->p)
		*member = *val;
}


static void clen_decode(struct view *v, const struct pl *val)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < val->l && val->p[i] >= '0' && val->p[i] <= '9'; i++)
		n = MIN(n * 10 + (uint64_t)(val->p[i] - '0'), UINT32_MAX);

	/* two lengths are two messages: nobody can say where the next begins */
	if (!val->l || i < val->l || (v->has_clen && v->clen != n))
		v->framing = VIEW_BAD_LENGTH;
	else if (v->has_clen)
		view_wrong(v, 400, "Repeated header field");

	v->clen     = (uint32_t)n;
	v->has_clen = true;
}


static void via_add(struct view *v, const struct pl *val)
{
	if (!val->l)
		view_wrong(v, 400, "Empty Via");
	if (v->viac < VIEW_VIAS)
		v->viav[v->viac] = *val;

	++v->viac;
	v->vial += val->l;
}


static void field_compact(struct view *v, char c, const struct pl *val)
{
	switch (c | 0x20) {

	case 'v': via_add(v, val);          break;
	case 'l': clen_decode(v, val);      break;
	case 'e': keep(v, &v->cenc, val);   break;
	case 'f': keep(v, &v->from, val);   break;
	case 't': keep(v, &v->to, val);     break;
	case 'i': keep(v, &v->callid, val); break;
	case 'c': keep(v, &v->ctype, val);  break;
	case 'm': first(&v->contact, val);  break;
	}
}


static void field(struct view *v, const struct pl *name, const struct pl *val)
{
	switch (name->l) {

	case 1:
		field_compact(v, name->p[0], val);
		break;
	case 2:
		if (name_is(name, "To"))
			keep(v, &v->to, val);
		break;
	case 3:
		if (name_is(name, "Via"))
			via_add(v, val);
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
		else if (name_is(name, "Contact"))
			first(&v->contact, val);
		else if (name_is(name, "Require"))
			first(&v->require, val);
		break;
	case 12:
		if (name_is(name, "Max-Forwards"))
			keep(v, &v->maxfwd, val);
		else if (name_is(name, "Content-Type"))
			keep(v, &v->ctype, val);
		else if (name_is(name, "Info-Package"))
			keep(v, &v->package, val);
		break;
	case 14:
		if (name_is(name, "Content-Length"))
			clen_decode(v, val);
		break;
	case 16:
		if (name_is(name, "Content-Encoding"))
			keep(v, &v->cenc, val);
		break;
	case 19:
		if (name_is(name, "P-Asserted-Identity")) {
			first(&v->asserted, val);
			++v->assertedc;
		}
		else if (name_is(name, "Content-Disposition"))
			keep(v, &v->cdisp, val);
		break;
	}
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


static bool stray(const struct pl *head)
{
	const char *p = head->p, *end = p + head->l;

	if (memchr(p, '\0', head->l))
		return true;

	while ((p = memchr(p, '\r', (size_t)(end - p)))) {
		if (++p == end || *p != '\n')
			return true;
	}

	return false;
}


static void finish(struct view *v)
{
	trim(&v->from);
	trim(&v->to);
	trim(&v->callid);
	cseq_decode(v);

	if (v->framing == VIEW_FRAMED && !v->has_clen && v->ctype.l)
		v->framing = VIEW_NO_LENGTH;

	/* some take a CR alone, or a NUL, for the end of a line */
	if (stray(&v->head))
		view_wrong(v, 400, "Control character in the head");
}


/* One line and what continues it; the value is trimmed but for folding */
static void line_decode(struct view *v, const char *p, size_t l)
{
	const char *colon = memchr(p, ':', l);
	struct pl name, val;

	if (!colon || colon == p || blank(*p)) {
		view_wrong(v, 400, "Header line without a name");
		return;
	}

	name.p = p;
	name.l = (size_t)(colon - p);
	while (name.l && blank(name.p[name.l - 1]))
		--name.l;

	val.p = colon + 1;
	val.l = l - (size_t)(val.p - p);
	trim(&val);

	field(v, &name, &val);
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
	memset(&v->viac, 0, sizeof(*v) - offsetof(struct view, viac));
	v->method = MET_UNKNOWN;
}


int view_decode(struct view *v, const char *p, size_t l)
{
	const char *end = p + l, *q = p, *next;
	struct pl line;

	view_init(v);

	next = line_end(q, end, false);
	if (!next)
		return EAGAIN;

	line.p = q;
	line.l = (size_t)(next - q);
	trim(&line);
	view_first_line(v, &line);

	for (q = next; ; q = next) {

		if (q == end)
			return EAGAIN;

		if (*q == '\n' || (*q == '\r' && end - q > 1 && q[1] == '\n'))
			break;

		next = line_end(q, end, true);
		if (!next)
			return EAGAIN;

		line_decode(v, q, (size_t)(next - q));
	}

	q += *q == '\r' ? 2 : 1;

	v->head.p = p;
	v->head.l = (size_t)(q - p);
	v->body.p = q;
	v->body.l = MIN((size_t)(end - q), v->clen);
	finish(v);

	return 0;
}


int view_tags(struct view *v)
{
	struct addr addr;
	const char *fault = NULL;

	if (addr_decode(&addr, &v->from))
		fault = "Bad From";
	else if (addr_tag(&addr, &v->ftag))
		fault = "Bad From tag";
	else if (addr_decode(&addr, &v->to))
		fault = "Bad To";
	else if (addr_tag(&addr, &v->ttag))
		fault = "Bad To tag";

	if (!fault)
		return 0;

	view_wrong(v, 400, fault);
	return EBADMSG;
}


const char *view_fault(const struct view *v)
{
	if (v->fault)
		return v->fault;
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
	if (!v->response && (v->cseq_met.l != v->met.l ||
			     strncasecmp(v->cseq_met.p, v->met.p,
					 v->met.l) != 0))
		return "CSeq method differs";

	return NULL;
}


bool view_next(const struct view *v, const char **pos, const char *name,
	       char abbr, struct pl *val)
{
	const char *q = *pos ? *pos : v->head.p, *end = v->head.p + v->head.l;
	const char *next, *colon;
	const size_t nl = strlen(name);

	if (!*pos)
		q = line_end(q, end, false);

	for (; q && q < end; q = next) {
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

		val->p = colon + 1;
		val->l = (size_t)(next - val->p);
		trim(val);
		*pos = next;
		return true;
	}

	*pos = end;
	return false;
}


bool view_hdr(const struct view *v, const char *name, char abbr,
	      struct pl *val)
{
	const char *pos = NULL;

	return view_next(v, &pos, name, abbr, val);
}
