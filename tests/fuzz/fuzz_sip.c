/**
 * @file tests/fuzz/fuzz_sip.c  Any bytes as a SIP message
 *
 * Held against the input: every view lies within it, a message that can be
 * read asks for more at every cut of its head, and what names the sender is
 * taken from it without harm.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "channel/sip/identity.h"
#include "channel/sip/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void inside(const struct pl *pl, const char *p, size_t l)
{
	if (!pl->l)
		return;

	if (pl->p < p || pl->p > p + l || pl->l > (size_t)(p + l - pl->p))
		abort();
}


static void values(const struct pl *val, const char *p, size_t l)
{
	static const char *const namev[] = { "tag", "epid", "branch", "lr" };
	struct pl pl;

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++) {
		if (view_param(val, namev[i], &pl))
			inside(&pl, p, l);
	}

	if (!view_uri(val, &pl))
		inside(&pl, p, l);

	(void)view_list_has(val, "timer");
	(void)view_clean(val);
}


static void fields(const struct view *v, const char *p, size_t l)
{
	static const char *const namev[] = { "Record-Route", "Supported",
					     "P-Asserted-Identity", "To" };
	struct pl val;

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++) {
		const char *pos = NULL;

		while (view_next(v, &pos, namev[i], 'k', &val)) {
			inside(&val, p, l);
			values(&val, p, l);
		}
	}
}


static void members(const struct view *v, const char *p, size_t l)
{
	const struct pl *plv[] = {
		&v->head, &v->body, &v->met, &v->ruri, &v->reason, &v->callid,
		&v->from, &v->to, &v->ftag, &v->ttag, &v->cseq, &v->cseq_met,
		&v->contact, &v->maxfwd, &v->require, &v->ctype, &v->cenc,
		&v->cdisp, &v->asserted, &v->package,
	};

	for (size_t i = 0; i < sizeof(plv) / sizeof(plv[0]); i++) {
		inside(plv[i], p, l);
		values(plv[i], p, l);
	}

	if (v->body.l > v->clen)
		abort();

	for (uint32_t i = 0; i < MIN(v->viac, (uint32_t)VIEW_VIAS); i++) {
		inside(&v->viav[i], p, l);
		(void)view_via_match(&v->viav[0], &v->viav[i]);
	}
}


/* In a block of its own, so that the checker sees a step past its end */
static void cut(const char *p, size_t headl)
{
	struct view v;

	for (size_t l = 0; l < headl; l += 1 + headl / 16) {
		char *copy = malloc(l + !l);

		if (!copy)
			abort();

		memcpy(copy, p, l);
		if (view_decode(&v, copy, l) != EAGAIN)
			abort();
		free(copy);
	}
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct identity id;
	struct view v;

	if (view_decode(&v, p, size))
		return 0;

	(void)view_tags(&v);
	members(&v, p, size);
	fields(&v, p, size);
	cut(p, v.head.l);
	(void)view_fault(&v);
	(void)identity_decode(&id, &v, false);
	(void)identity_decode(&id, &v, true);

	return 0;
}
