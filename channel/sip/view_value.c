/**
 * @file channel/sip/view_value.c  Values of fields: parameters, addresses,
 * lists
 */
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


/* Past a display name in quotes, if that is how the value begins */
static const char *skip_quoted(const char *p, const char *end)
{
	if (p == end || *p != '"')
		return p;

	for (++p; p < end && *p != '"'; ++p) {
		if (*p == '\\')
			++p;
	}

	return p < end ? p + 1 : end;
}


bool view_param(const struct pl *val, const char *name, struct pl *pv)
{
	const char *end = val->p + val->l, *p, *q;
	const size_t nl = strlen(name);

	if (!val->l)
		return false;

	p = skip_quoted(val->p, end);
	q = memchr(p, '<', (size_t)(end - p));
	if (q) {
		p = memchr(q, '>', (size_t)(end - q));
		if (!p)
			return false;
	}

	while ((p = memchr(p, ';', (size_t)(end - p)))) {

		for (++p; p < end && blank(*p); ++p)
			;
		if ((size_t)(end - p) < nl || (*p ^ *name) & ~0x20 ||
		    strncasecmp(p, name, nl) != 0)
			continue;

		for (q = p + nl; q < end && blank(*q); ++q)
			;
		if (q < end && *q != '=' && *q != ';')
			continue;

		pv->p = q;
		pv->l = 0;
		if (q == end || *q == ';')
			return true;

		for (++q; q < end && blank(*q); ++q)
			;
		pv->p = q;
		while (q < end && *q != ';' && *q != ',' && !blank(*q))
			++q;
		pv->l = (size_t)(q - pv->p);
		return true;
	}

	return false;
}


int view_uri(const struct pl *val, struct pl *uri)
{
	const char *end = val->p + val->l, *p, *q;

	if (!val->l)
		return EBADMSG;

	p = skip_quoted(val->p, end);
	q = memchr(p, '<', (size_t)(end - p));
	if (q) {
		p = q + 1;
		q = memchr(p, '>', (size_t)(end - p));
		if (!q)
			return EBADMSG;
	}
	else {
		for (q = p; q < end && *q != ';' && *q != ',' && !blank(*q);)
			++q;
	}

	uri->p = p;
	uri->l = (size_t)(q - p);
	trim(uri);

	return uri->l ? 0 : EBADMSG;
}


bool view_uri_is_sip(const struct pl *uri)
{
	return (uri->l > 4 && !strncasecmp(uri->p, "sip:", 4)) ||
		(uri->l > 5 && !strncasecmp(uri->p, "sips:", 5));
}


bool view_list_has(const struct pl *list, const char *token)
{
	const size_t tl = strlen(token);
	struct pl rest = *list;

	while (rest.l) {
		const char *comma = memchr(rest.p, ',', rest.l);
		struct pl item = rest;

		if (comma)
			item.l = (size_t)(comma - rest.p);
		pl_advance(&rest, (ssize_t)(item.l + (comma ? 1 : 0)));

		trim(&item);
		if (item.l == tl && !strncasecmp(item.p, token, tl))
			return true;
	}

	return false;
}


bool view_clean(const struct pl *pl)
{
	for (size_t i = 0; i < pl->l; i++) {
		if ((uint8_t)pl->p[i] < 0x20 || pl->p[i] == 0x7f)
			return false;
	}

	return true;
}


/* "SIP/2.0/TCP 192.0.2.1:5060;..." without protocol and parameters */
static void sentby(const struct pl *via, struct pl *by)
{
	const char *end = via->p + via->l, *p = via->p, *q;

	while (p < end && !blank(*p))
		++p;
	while (p < end && blank(*p))
		++p;
	for (q = p; q < end && *q != ';' && *q != ',' && !blank(*q);)
		++q;

	by->p = p;
	by->l = (size_t)(q - p);
}


bool view_via_match(const struct pl *a, const struct pl *b)
{
	struct pl x, y;
	const bool xa = view_param(a, "branch", &x);
	const bool yb = view_param(b, "branch", &y);

	if (xa != yb)
		return false;

	if (!xa) {
		sentby(a, &x);
		sentby(b, &y);
	}

	return 0 == pl_casecmp(&x, &y);
}
