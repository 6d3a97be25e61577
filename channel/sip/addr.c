/**
 * @file channel/sip/addr.c  Addresses in header fields
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "channel/sip/addr.h"

enum {
	TOKEN = 1 << 0,                /* RFC 3261 token                     */
	BLANK = 1 << 1,                /* LWS, folding included              */
	NAME  = 1 << 2,                /* in a display name without quotes:
	                                  token, and bytes of UTF-8          */
	URI   = 1 << 3,                /* between < and >                    */
	BARE  = 1 << 4,                /* in an addr-spec without < and >    */
	VALUE = 1 << 5,                /* in a parameter's value             */
};

static uint8_t classv[256];


static void __attribute__((constructor)) init(void)
{
	for (int c = 0x21; c < 0x100; c++) {
		if (c == 0x7f)
			continue;
		if (!strchr("<>\"", c))
			classv[c] |= URI;
		if (!strchr("<>\",;?", c))
			classv[c] |= BARE;
		if (!strchr("<>\",;", c))
			classv[c] |= VALUE;
		if (c >= 0x80)
			classv[c] |= NAME;
	}

	for (const char *p = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
		     "WXYZ0123456789-.!%*_+`'~"; *p; p++)
		classv[(uint8_t)*p] |= TOKEN | NAME;
	for (const char *p = " \t\r\n"; *p; p++)
		classv[(uint8_t)*p] |= BLANK;
}


static inline bool is(char c, int set)
{
	return classv[(uint8_t)c] & set;
}


static inline const char *skip(const char *p, const char *end, int set)
{
	while (p < end && is(*p, set))
		++p;

	return p;
}


static inline void span(struct pl *pl, const char *p, const char *end)
{
	pl->p = p;
	pl->l = (size_t)(end - p);
}


/* From behind the opening quote; NULL: it is not closed */
static const char *quoted_end(const char *p, const char *end)
{
	for (; p < end; ++p) {
		if (*p == '"')
			return p;
		if (*p == '\\' && (++p == end || *p == '\r' || *p == '\n'))
			return NULL;
	}

	return NULL;
}


/* What stands before '<', if anything; p is then at it.  false: no name-addr */
static bool display_decode(struct addr *a, const char **pp, const char *end)
{
	const char *p = *pp, *q;

	if (p < end && *p == '"') {
		q = quoted_end(p + 1, end);
		if (!q)
			return false;
		span(&a->display, p + 1, q);
		p = skip(q + 1, end, BLANK);
	}
	else {
		q = skip(p, end, NAME | BLANK);
		if (q == end || *q != '<')
			return false;
		span(&a->display, p, q);
		while (a->display.l && is(q[-1], BLANK)) {
			--q;
			--a->display.l;
		}
		p = a->display.p + a->display.l;
		p = skip(p, end, BLANK);
	}

	if (p == end || *p != '<')
		return false;

	*pp = p;
	return true;
}


static int params_end(const char **pp, const char *end)
{
	struct pl rest, name, value;
	int err;

	span(&rest, *pp, end);
	while (!(err = addr_param_next(&rest, &name, &value, NULL)))
		;

	*pp = rest.p;
	return err == ENOENT ? 0 : err;
}


int addr_next(struct addr *a, struct pl *rest)
{
	const char *end, *p, *q;
	int err;

	if (!rest->l)
		return ENOENT;

	end = rest->p + rest->l;
	p = skip(rest->p, end, BLANK);
	if (p == end)
		return ENOENT;

	memset(a, 0, sizeof(*a));
	a->bracketed = display_decode(a, &p, end);
	if (a->bracketed) {
		q = skip(++p, end, URI);
		if (q == end || *q != '>')
			return EBADMSG;
		span(&a->uri, p, q);
		p = q + 1;
	}
	else {
		q = skip(p, end, BARE);
		span(&a->uri, p, q);
		p = q;
	}

	q = p;
	err = a->uri.l ? params_end(&p, end) : EBADMSG;
	if (err)
		return err;

	span(&a->params, q, p);
	p = skip(p, end, BLANK);
	if (p < end && *p != ',')
		return EBADMSG;

	span(rest, p < end ? p + 1 : p, end);
	return 0;
}


int addr_decode(struct addr *a, const struct pl *val)
{
	struct pl rest = *val;
	int err = addr_next(a, &rest);

	if (err)
		return EBADMSG;

	/* nothing behind it, not even a comma */
	return rest.l || (val->l && val->p[val->l - 1] == ',') ? EBADMSG : 0;
}


static int value_decode(struct pl *value, const char **pp, const char *end,
			bool *quoted)
{
	const char *p = skip(*pp, end, BLANK), *q;

	*quoted = p < end && *p == '"';
	if (*quoted) {
		q = quoted_end(p + 1, end);
		if (!q)
			return EBADMSG;
		span(value, p + 1, q);
		*pp = q + 1;
		return 0;
	}

	q = skip(p, end, VALUE);
	span(value, p, q);
	*pp = q;
	return 0;
}


int addr_param_next(struct pl *rest, struct pl *name, struct pl *value,
		    bool *quoted)
{
	bool q_ignored = false, *isq = quoted ? quoted : &q_ignored;
	const char *end, *p, *q;
	int err = 0;

	*value = pl_null;
	*isq   = false;
	if (!rest->l)
		return ENOENT;

	end = rest->p + rest->l;
	p = skip(rest->p, end, BLANK);
	if (p == end || *p != ';')
		return ENOENT;

	p = skip(p + 1, end, BLANK);
	q = skip(p, end, TOKEN);
	if (q == p)
		return EBADMSG;
	span(name, p, q);

	p = skip(q, end, BLANK);
	if (p < end && *p == '=') {
		++p;
		err = value_decode(value, &p, end, isq);
	}
	else {
		p = q;
	}

	span(rest, p, end);
	return err;
}


int addr_tag(const struct addr *a, struct pl *tag)
{
	struct pl rest = a->params, name, value;
	bool quoted, seen = false;

	*tag = pl_null;
	while (!addr_param_next(&rest, &name, &value, &quoted)) {

		if (pl_strcasecmp(&name, "tag"))
			continue;

		if (seen || quoted || !value.l ||
		    skip(value.p, value.p + value.l, TOKEN) !=
		    value.p + value.l)
			return EBADMSG;
		seen = true;
		*tag = value;
	}

	return 0;
}
