/**
 * @file channel/sip/view_value.c  Values of fields: parameters, addresses,
 * lists
 */
#include <string.h>
#include <strings.h>
#include <re.h>
#include "channel/sip/addr.h"
#include "channel/sip/view.h"
#include "channel/sip/view_priv.h"


static bool param(struct pl params, const char *name, struct pl *pv)
{
	struct pl key, value;

	while (!addr_param_next(&params, &key, &value, NULL)) {
		if (!pl_strcasecmp(&key, name)) {
			*pv = value;
			return true;
		}
	}

	return false;
}


bool view_param(const struct pl *val, const char *name, struct pl *pv)
{
	struct pl rest = *val;
	struct addr addr;

	return !addr_next(&addr, &rest) && param(addr.params, name, pv);
}


int view_uri(const struct pl *val, struct pl *uri)
{
	struct pl rest = *val;
	struct addr addr;

	if (addr_next(&addr, &rest))
		return EBADMSG;

	*uri = addr.uri;
	return 0;
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


bool view_has(const struct view *v, const char *name, char abbr,
	      const char *token)
{
	const char *pos = NULL;
	struct pl val;

	while (view_next(v, &pos, name, abbr, &val)) {
		if (view_list_has(&val, token))
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


void view_sentby(const struct pl *via, struct pl *by)
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


bool view_via_branch(const struct pl *via, struct pl *branch)
{
	const char *semi = memchr(via->p, ';', via->l);
	struct pl params;

	if (!semi)
		return false;

	params.p = semi;
	params.l = (size_t)(via->p + via->l - semi);
	return param(params, "branch", branch);
}


bool view_via_match(const struct pl *a, const struct pl *b)
{
	struct pl x, y;
	const bool xa = view_via_branch(a, &x);
	const bool yb = view_via_branch(b, &y);

	if (xa != yb)
		return false;

	if (!xa) {
		view_sentby(a, &x);
		view_sentby(b, &y);
	}

	return 0 == pl_casecmp(&x, &y);
}
