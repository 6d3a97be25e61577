/**
 * @file channel/sip/body.c  Which bodies are read (RFC 3261 8.2.3, RFC 3204)
 *
 * A body of another type or encoding is refused with 415 and what would be
 * taken, or passed over where its Content-Disposition says that it may be.
 */
#include <string.h>
#include <strings.h>
#include <re.h>
#include "channel/sip/addr.h"
#include "channel/sip/core.h"

struct kind {
	enum sip_met method;
	const char *accept;            /* the field; its types are taken     */
	const char *also;              /* types that are taken, not told     */
};

/* Methods that are not here have bodies that somebody else looks at, or none
   that matters.  The SDP of an INVITE is not read, wherever it is wrapped in */
static const struct kind kindv[] = {
	{ MET_INFO, "Accept: text/plain, text/xml, application/xml\r\n", "" },
	{ MET_INVITE, "Accept: application/sdp\r\n",
	  "multipart/mixed, multipart/alternative, multipart/related" },
	{ MET_UPDATE, "Accept: application/sdp\r\n",
	  "multipart/mixed, multipart/alternative, multipart/related" },
};


static const struct kind *kind_of(enum sip_met method)
{
	for (size_t i = 0; i < ARRAY_SIZE(kindv); i++) {
		if (kindv[i].method == method)
			return &kindv[i];
	}

	return NULL;
}


/* "type/subtype" without blanks and parameters; the parameters' begin */
static struct pl bare(const struct pl *val, struct pl *params)
{
	const char *semi = val->l ? memchr(val->p, ';', val->l) : NULL;
	struct pl pl = *val;

	*params = pl_null;
	if (semi) {
		pl.l = (size_t)(semi - val->p);
		params->p = semi;
		params->l = val->l - pl.l;
	}
	while (pl.l && strchr(" \t\r\n", pl.p[pl.l - 1]))
		--pl.l;

	return pl;
}


static bool param_is(struct pl params, const char *name, const char *a,
		     const char *b, bool missing)
{
	struct pl key, value;

	while (!addr_param_next(&params, &key, &value, NULL)) {
		if (!pl_strcasecmp(&key, name))
			return !pl_strcasecmp(&value, a) ||
				(b && !pl_strcasecmp(&value, b));
	}

	return missing;
}


static bool in_list(const char *list, const struct pl *type)
{
	char buf[64];
	struct pl pl;

	pl_set_str(&pl, list);
	return !pl_strcpy(type, buf, sizeof(buf)) && view_list_has(&pl, buf);
}


static bool type_ok(const struct kind *kind, const struct view *v)
{
	struct pl params, type;

	/* no type given: what we expect (protocol.md 2.6) */
	if (!v->ctype.l)
		return true;

	if (v->ctype.l == 10 && !memcmp(v->ctype.p, "text/plain", 10))
		return kind->method == MET_INFO;

	type = bare(&v->ctype, &params);
	if (!in_list(kind->accept + sizeof("Accept: ") - 1, &type) &&
	    !in_list(kind->also, &type))
		return false;

	return kind->method != MET_INFO ||
		param_is(params, "charset", "utf-8", "us-ascii", true);
}


static bool may_be_passed_over(const struct view *v)
{
	struct pl params;

	(void)bare(&v->cdisp, &params);
	return param_is(params, "handling", "optional", NULL, false);
}


enum body_state body_judge(struct uas *uas, struct conn *conn,
			   const struct view *v)
{
	const struct kind *kind = kind_of(v->method);
	const bool encoded = v->cenc.l && pl_strcasecmp(&v->cenc, "identity");

	if (!v->clen)
		return BODY_NONE;
	if (!encoded && (!kind || type_ok(kind, v)))
		return BODY_READ;
	if (v->cdisp.l && may_be_passed_over(v))
		return BODY_NONE;

	++sip_stats.bodies_refused;
	st_answer(uas, conn, v, 415, "Unsupported Media Type", encoded ?
		  "Accept-Encoding: identity\r\n" : kind->accept);
	return BODY_REFUSED;
}
