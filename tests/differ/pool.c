/**
 * @file tests/differ/pool.c  What the pool's parser takes a message for
 */
#include <string.h>
#include <re.h>
#include "channel/sip/addr.h"
#include "channel/sip/view.h"
#include "tests/differ/differ.h"

const char *const took_namev[TOOK_FIELDS] = {
	"method", "Request-URI", "From URI", "From tag", "To URI", "To tag",
	"Call-ID", "CSeq", "P-Asserted-Identity fields", "Route fields",
	"Record-Route fields", "Proxy-Authorization fields", "body",
};


static void put(struct took *t, size_t i, const struct pl *pl)
{
	(void)re_snprintf(t->fieldv[i], TOOK_FIELD, "%r", pl);
}


static void put_uri(struct took *t, size_t i, const struct pl *val)
{
	struct addr addr;

	if (!addr_decode(&addr, val))
		put(t, i, &addr.uri);
}


static void put_number(struct took *t, size_t i, uint64_t n)
{
	(void)re_snprintf(t->fieldv[i], TOOK_FIELD, "%llu",
			  (unsigned long long)n);
}


static unsigned fields(const struct view *v, const char *name)
{
	const char *pos = NULL;
	struct pl val;
	unsigned n = 0;

	while (view_next(v, &pos, name, 0, &val))
		++n;

	return n;
}


void pool_take(struct took *t, const char *p, size_t l)
{
	struct view v;

	memset(t, 0, sizeof(*t));
	if (view_decode(&v, p, l)) {
		t->refused = true;
		t->why = "incomplete";
		return;
	}

	t->unframed = v.framing != VIEW_FRAMED;
	t->why = view_fault(&v);
	if (!t->why && view_tags(&v))
		t->why = v.fault ? v.fault : "tags";
	t->refused = t->why || t->unframed || v.body.l < v.clen;
	if (t->refused)
		return;

	if (v.response)
		put_number(t, 0, v.scode);
	else
		put(t, 0, &v.met);
	put(t, 1, &v.ruri);
	put_uri(t, 2, &v.from);
	put(t, 3, &v.ftag);
	put_uri(t, 4, &v.to);
	put(t, 5, &v.ttag);
	put(t, 6, &v.callid);
	put_number(t, 7, v.cseq_num);
	put_number(t, 8, v.assertedc);
	put_number(t, 9, fields(&v, "Route"));
	put_number(t, 10, fields(&v, "Record-Route"));
	put_number(t, 11, fields(&v, "Proxy-Authorization"));
	put_number(t, 12, v.body.l);
}
